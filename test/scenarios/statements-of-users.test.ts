import { describe, expect, it, onTestFinished } from 'vitest'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { billingUsageTool } from '../../tools/billing-usage.ts'
import type { WorldAudit } from '../kit/audit-world.ts'
import { memoryBilling } from '../kit/billing.ts'
import { openWorld, STORES, type StoreKind } from '../kit/real-audit.ts'
import { call } from '../tools/call.ts'
import { at } from '../tools/statement-world.ts'

// What rows of one user leave open of the month keeps no statement of another back, but where it may change it.
const MARCH = at('2026-03-03T04:00:00Z')
const MODEL = 'fal-ai/flux/schnell'
const OTHER = 'fal-ai/kling/v2'
const UNBILLED = { billed: false } as const
const SOON = "completed_at = 'soon'"
const UNPLACED = "created_at = 'soon'"

/** Three tasks of user 102, and as fourth one of user 101; all billed and paid as they ought to be. */
const withTask = (task: MiniTask = {}, own: MiniTask = {}): MiniWorld =>
  new MiniWorld()
    .account(5)
    .task({ at: '2026-02-10 10:00:00', user: 102 })
    .task({ at: '2026-02-11 10:00:00', user: 102 })
    .task({ at: '2026-02-12 10:00:00', user: 102, ...own })
    .task({ at: '2026-02-10 12:00:00', user: 101, ...task })

async function opened(store: StoreKind, world: MiniWorld, change: string) {
  const built = world.build()
  const real = await openWorld(built, { store })
  onTestFinished(real.close)
  if (store === 'mariadb') {
    await real.exec(
      'ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(40), MODIFY completed_at VARCHAR(40), MODIFY user_id INT NULL',
    )
  }
  if (change !== '') await real.exec(`UPDATE ts_fal_tasks SET ${change} WHERE id = 4`)
  const billing = memoryBilling()
  const deps = (options: WorldAudit = {}) => real.dependencies({ now: MARCH, billing, ...options })
  const of = async (suffix: string, options: WorldAudit = {}) => {
    const { statement } = await call(billingStatementsTool, { invoice_id: `inv_202602${suffix}` }, deps(options), built)
    return statement!
  }
  const standing = async (suffix: string) => {
    const { status, status_reason } = await of(suffix)
    return status_reason ?? status
  }
  return { real, built, deps, of, standing }
}

describe.each(STORES)('an end of a task of another user that is not told, on %s', (store) => {
  it('keeps back the statements of the operator and of its own user alone', async () => {
    const { of, standing } = await opened(store, withTask(UNBILLED), SOON)
    expect([await standing(''), await standing('_u101'), await standing('_u102')]).toEqual([
      'incomplete',
      'incomplete',
      'settled',
    ])
    const { coverage } = await of('_u101')
    expect(coverage.sources.find(({ source }) => source === 'tasks')).toMatchObject({
      status: 'partial',
      reason: expect.stringMatching(/^tasks whose end .* 1 of the period \("task-4"\)/),
    })
    expect((await of('_u102')).coverage.complete).toBe(true)
  })

  it('changes nothing of what was settled, whatever it was and however it is mended', async () => {
    const late = { billed: { timestamp: '2026-02-27T00:00:00Z', cost: '3' } } as const
    const { real, of } = await opened(store, withTask(UNBILLED), SOON)
    const settled = await of('_u102')
    expect(settled.status).toBe('settled')
    await real.exec("UPDATE ts_fal_tasks SET completed_at = '2026-02-26 00:00:00' WHERE id = 4")
    expect(await of('_u102')).toMatchObject({ content_hash: settled.content_hash, restatement: null })
    const billed = await opened(store, withTask(late), "completed_at = '2026-02-26 00:00:00'")
    expect((await billed.of('_u102')).content_hash).toBe(settled.content_hash)
  })

  it('keeps back what its bill would be the first to name', async () => {
    const failed = { model: OTHER, status: 'failed', cost: '0', points: 0 } as const
    const of = async (task: MiniTask, own: MiniTask) =>
      (await opened(store, withTask({ ...UNBILLED, ...task }, own), SOON)).standing('_u102')
    expect(await of({ model: OTHER }, failed)).toBe('pending')
    expect(await of({}, failed)).toBe('settled')
    expect(await of({ model: OTHER }, { model: OTHER })).toBe('settled')
    // A task that names no model goes by its own bill.
    expect(await of({ model: '' }, { ...failed, model: '' })).toBe('settled')
  })
})

describe.each(STORES)('a task of another user whose time cannot be read, on %s', (store) => {
  it('keeps back the statement of the operator alone, also in the list and in usage', async () => {
    const { standing, deps, built } = await opened(store, withTask(), UNPLACED)
    expect([await standing(''), await standing('_u102')]).toEqual(['incomplete', 'settled'])
    const list = async (given: Record<string, unknown>) =>
      (await call(billingStatementsTool, given, deps(), built)).sources
    expect(await list({})).toMatchObject([{ source: 'tasks', status: 'partial' }])
    expect(await list({ user_id: 102 })).toMatchObject([{ source: 'tasks', status: 'complete' }])
    const february = { period: 'custom', start_date: '2026-02-01', end_date: '2026-02-28' } as const
    const usage = async (given: Record<string, unknown>) =>
      (await call(billingUsageTool, { ...february, ...given }, deps(), built)).coverage.complete
    expect([await usage({}), await usage({ user_id: 102 }), await usage({ user_id: 101 })]).toEqual([
      false,
      true,
      false,
    ])
  })

  it('keeps back all where it may be anybody’s, and those of its own user', async () => {
    const nobodys = await opened(store, withTask(), `${UNPLACED}, user_id = NULL`)
    expect(await nobodys.standing('_u102')).toBe('incomplete')
    const own = await opened(store, withTask({ user: 102 }), UNPLACED)
    expect(await own.standing('_u102')).toBe('incomplete')
    const { deps, built } = own
    expect((await call(billingStatementsTool, { user_id: 102 }, deps(), built)).sources).toMatchObject([
      { source: 'tasks', status: 'partial' },
    ])
  })

  it('keeps back what it may be billed for in the place of, and what its bill would be the first to name', async () => {
    const shared = await opened(store, withTask({ requestId: requestIdOf(1), billed: false }), UNPLACED)
    expect(await shared.standing('_u102')).toBe('incomplete')
    const failed = { model: OTHER, status: 'failed', cost: '0', points: 0 } as const
    const named = await opened(store, withTask({ model: OTHER }, failed), UNPLACED)
    expect(await named.standing('_u102')).toBe('incomplete')
    const other = await opened(store, withTask({ model: MODEL }, failed), UNPLACED)
    expect(await other.standing('_u102')).toBe('settled')
    const nameless = await opened(store, withTask({ model: '' }, { ...failed, model: '' }), UNPLACED)
    expect(await nameless.standing('_u102')).toBe('settled')
  })
})

describe('other rows of another user', () => {
  it('of the ledger without a readable time keep back the statements of their own user', async () => {
    const { real, standing } = await opened('embedded', withTask(), '')
    await real.exec("UPDATE ts_points_detail SET created_at = 'soon' WHERE user_id = 101")
    expect([await standing(''), await standing('_u101'), await standing('_u102')]).toEqual([
      'incomplete',
      'incomplete',
      'settled',
    ])
  })

  it('that are pending keep back what their bill would be the first to name', async () => {
    const young = { at: '2026-02-28 10:00:00', completed: '2026-03-02 20:00:00', model: OTHER } as const
    const failed = { model: OTHER, status: 'failed', cost: '0', points: 0 } as const
    const of = async (own: MiniTask) =>
      (await opened('embedded', withTask({ ...young, ...UNBILLED }, own), '')).standing('_u102')
    expect([await of(failed), await of({ ...failed, model: MODEL })]).toEqual(['pending', 'settled'])
    const world = withTask({ ...young, ...UNBILLED, model: 'kling' }, { ...failed, model: 'kling' })
    const waiting = await opened('embedded', world, '')
    expect(await waiting.of('_u102')).toMatchObject({ status: 'draft' })
    // Billed by another name, which its user's statement has from the beginning.
    const timestamp = '2026-03-02T13:00:00Z'
    const event = { requestId: requestIdOf(4), endpointId: OTHER, cost: '1', timestamp }
    const billed = await opened('embedded', world.event(event, apiKeyOf(5)), '')
    const { status, breakdown } = await billed.of('_u102')
    expect([status, breakdown.map(({ model_id }) => model_id)]).toEqual(['settled', [MODEL, OTHER]])
  })
})
