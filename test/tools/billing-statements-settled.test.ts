import { describe, expect, it } from 'vitest'
import { contentHash } from '../../src/billing/statement.ts'
import type { BillingStore } from '../../src/billing/store.ts'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import type { LedgerSnapshot, LedgerStore, TaskRow } from '../../src/ledger/reader.ts'
import { TaskWords } from '../../src/rows/task-records.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { memoryBilling } from '../kit/billing.ts'
import { call } from './call.ts'
import { at, february, listOf, MARCH, statementOf } from './statement-world.ts'

describe('a settled statement', () => {
  it('stays settled since it was first seen so', async () => {
    const billing = memoryBilling()
    const world = february().build()
    await statementOf(world, 'inv_202602', { billing })
    const later = await statementOf(world, 'inv_202602', { billing, now: at('2026-05-01T00:00:00Z') })
    expect(later).toMatchObject({ status: 'settled', settled_at: '2026-03-03T04:00:00Z', restatement: null })
  })

  it('whose data changed shows the figures of now, and what changed line by line; the record stays', async () => {
    const billing = memoryBilling()
    const settled = await statementOf(february().build(), 'inv_202602', { billing })
    const changed = february().build()
    const tasks = changed.tables.tasks.map((task) =>
      task.appName === 'fal-ai/kling' ? { ...task, money: 700, isRefund: 1 as const } : task,
    )
    const world = { ...changed, tables: { ...changed.tables, tasks } }
    const now = await statementOf(world, 'inv_202602', { billing, now: at('2026-03-04T04:00:00Z') })
    expect(now).toMatchObject({ status: 'settled', settled_at: '2026-03-03T04:00:00Z', charged_points: 2180 })
    expect(now.content_hash).not.toBe(settled.content_hash)
    const moved = (line: string, field: string, was: string, is: string) => ({ line, field, settled: was, now: is })
    expect(now.restatement).toEqual({
      settled_at: '2026-03-03T04:00:00Z',
      settled_hash: settled.content_hash,
      lines: [
        moved('total', 'charged_points', '2080', '2180'),
        moved('total', 'net_points', '1680', '1080'),
        moved('total', 'refunded_points', '400', '1100'),
        moved('total', 'total_cost', '16.80', '10.80'),
        moved('fal-ai/kling', 'charged_points', '600', '700'),
        moved('fal-ai/kling', 'net_points', '600', '0'),
        moved('fal-ai/kling', 'refunded_points', '0', '700'),
        moved('fal-ai/kling', 'total_cost', '6.00', '0.00'),
      ],
    })
    const [record] = await billing.settled(['inv_202602'])
    expect(record?.hash).toBe(settled.content_hash)
    expect(contentHash(record?.content ?? '')).toBe(settled.content_hash)
    expect((await listOf(world, {}, { billing })).find(({ period }) => period === '2026-02')).toMatchObject({
      status: 'settled',
      restated: true,
      charged_points: 2180,
      total_cost: '10.80',
    })
  })

  it('is restated in the list too where it is told in another currency now', async () => {
    const billing = memoryBilling()
    const world = february().build()
    await statementOf(world, 'inv_202602', { billing })
    const settings = { billing: { currency: 'points', defaultMembershipLevel: 'basic' } } as const
    const february26 = (await listOf(world, {}, { billing, settings })).find(({ period }) => period === '2026-02')
    expect(february26).toMatchObject({ currency: 'points', total_cost: '1680', status: 'settled', restated: true })
  })

  it('is not restated because fal does not answer now', async () => {
    const billing = memoryBilling()
    const world = february().build()
    await statementOf(world, 'inv_202602', { billing })
    const silent = await statementOf({ ...world, workspaces: [] }, 'inv_202602', { billing })
    expect(silent).toMatchObject({ status: 'settled', fal_cost_usd: null, restatement: null })
    expect(silent.coverage.complete).toBe(false)
  })

  it('tells what fal billed since though another source than the bills fails now, or a charge is not told', async () => {
    const billing = memoryBilling()
    await statementOf(february().build(), 'inv_202602', { billing })
    const late = { requestId: requestIdOf(2), cost: '5', timestamp: '2026-02-02T00:00:00Z' }
    const more = february().event(late).build()
    const failed = { status: 'failed', failure: 'unauthorized', reason: 'fal answered 403' } as const
    const dearer = { line: 'total', field: 'fal_cost_usd', settled: '2.8', now: '7.8' }
    for (const [world, moved] of [
      [more, [dearer, { ...dearer, line: 'fal-ai/flux/schnell', settled: '1.3', now: '6.3' }]],
      [february().build(), undefined],
    ] as const) {
      const deps = memoryDependencies(world, { now: MARCH, billing })
      const fal = { ...deps.fal, billing: async () => failed }
      const { statement } = await call(billingStatementsTool, { invoice_id: 'inv_202602' }, { ...deps, fal }, world)
      expect(statement?.coverage.complete).toBe(false)
      expect(statement?.restatement?.lines).toEqual(moved)
    }
    const tasks = more.tables.tasks.map((task) => (task.id === 5 ? { ...task, money: null as never } : task))
    const untold = await statementOf({ ...more, tables: { ...more.tables, tasks } }, 'inv_202602', { billing })
    expect(untold.restatement?.lines).toContainEqual(dearer)
    expect(untold.restatement?.lines).toContainEqual({
      line: 'fal-ai/kling',
      field: 'charged_points',
      settled: '600',
      now: null,
    })
  })

  it('of a user whose name is not known now is not renamed', async () => {
    const billing = memoryBilling()
    const settled = await statementOf(february().build(), 'inv_202602_u102', { billing })
    expect(settled.user_name).toBe('user-102')
    const now = await statementOf(new MiniWorld().account(5).build(), 'inv_202602_u102', { billing })
    expect(now.restatement?.lines.map(({ field }) => field)).not.toContain('user_name')
  })

  it('whose tasks are gone is still there, and tells it', async () => {
    const billing = memoryBilling()
    await statementOf(february().build(), 'inv_202602', { billing })
    const gone = new MiniWorld().account(5).build()
    const now = await statementOf(gone, 'inv_202602', { billing })
    expect(now).toMatchObject({ status: 'settled', request_count: 0, total_cost: '0.00', breakdown: [] })
    expect(now.restatement?.lines).toContainEqual({
      line: 'total',
      field: 'charged_points',
      settled: '2080',
      now: '0',
    })
    expect(await listOf(gone, {}, { billing })).toMatchObject([
      { period: '2026-02', status: 'settled', restated: true },
    ])
  })
})

describe('the list', () => {
  it('is newest first, from the table alone for what is charged, with how each month stands', async () => {
    const items = await listOf(february().build())
    expect(items).toEqual([
      {
        invoice_id: 'inv_202603',
        period: '2026-03',
        total_tokens: null,
        total_cost: '99.99',
        charged_points: 9999,
        refunded_points: 0,
        request_count: 1,
        currency: 'CNY',
        status: 'draft',
        status_reason: 'running',
        settled_at: null,
        restated: false,
      },
      expect.objectContaining({
        invoice_id: 'inv_202602',
        total_cost: '16.80',
        charged_points: 2080,
        refunded_points: 400,
        request_count: 4,
        status: 'settled',
        settled_at: '2026-03-03T04:00:00Z',
      }),
      expect.objectContaining({ invoice_id: 'inv_202601', charged_points: 9999, request_count: 1, status: 'settled' }),
    ])
  })

  it('of one user has the ids of that user', async () => {
    const items = await listOf(february().build(), { user_id: 102 })
    expect(items.map(({ invoice_id, charged_points, status }) => [invoice_id, charged_points, status])).toEqual([
      ['inv_202602_u102', 430, 'settled'],
    ])
    expect(await listOf(february().build(), { user_id: 999 })).toEqual([])
  })

  it('reconciles three months a call, newest first, and goes on with the next one', async () => {
    const world = new MiniWorld().account(5)
    for (const month of ['2025-08', '2025-09', '2025-11', '2025-12', '2026-01', '2026-03']) {
      world.task({ at: `${month}-01 00:00:00` })
    }
    const billing = memoryBilling()
    const standings = async (given: object = {}) =>
      (await listOf(world.build(), given, { billing })).map(({ period, status_reason }) => `${period} ${status_reason}`)
    const after = ['2025-09 not-reconciled', '2025-08 not-reconciled']
    expect(await standings()).toEqual(['2026-03 running', '2026-01 null', '2025-12 null', '2025-11 null', ...after])
    expect(await standings()).toEqual([
      ...['2026-03 running', '2026-01 null', '2025-12 null', '2025-11 null', '2025-09 null', '2025-08 null'],
    ])
    expect(await standings({ limit: 3 })).toEqual(['2026-03 running', '2026-01 null'])
  })

  it('tells tokens only where those of all tasks are told', async () => {
    const world = tokenMonths()
    expect(await tokensListed(world, () => BOTH)).toEqual([640, 320])
    // Without a column the bill tells February; that of March is not asked for, and may hold some too.
    expect(await tokensListed(world, ({ rowId }) => (rowId === 2 ? BOTH : {}))).toEqual([null, 1500])
    expect(await tokensListed(world, ({ rowId }) => (rowId === 1 ? { inputTokens: 1 } : BOTH))).toEqual([640, 1500])
  })

  it('tells tokens of a settled month by the columns of now, and what only bills told as it was settled', async () => {
    const world = tokenMonths()
    const [byColumns, byBills] = [memoryBilling(), memoryBilling()]
    await tokensListed(world, () => BOTH, byColumns)
    expect(await tokensListed(world, () => ({ ...BOTH, inputTokens: 1300 }), byColumns)).toEqual([2640, 1320])
    expect(await tokensListed(world, () => ({ outputTokens: 20 }), byColumns)).toEqual([null, null])
    await tokensListed(world, () => ({}), byBills)
    expect(await tokensListed(world, () => ({}), byBills)).toEqual([null, 1500])
    expect(await tokensListed(world, () => BOTH, byBills)).toEqual([640, 320])
  })

  it('asks fal nothing about months that are settled', async () => {
    const world = february().build()
    const billing = memoryBilling()
    await listOf(world, {}, { billing })
    const deps = memoryDependencies(world, { now: MARCH, billing })
    let asked = 0
    const fal = {
      ...deps.fal,
      events: () => {
        asked += 1
        throw new Error('asked')
      },
    }
    const { items = [] } = await call(billingStatementsTool, {}, { ...deps, fal }, world)
    expect(items.map(({ status }) => status)).toEqual(['draft', 'settled', 'settled'])
    expect(asked).toBe(0)
  })

  it('says where the store of settlements cannot be read', async () => {
    const billing: BillingStore = {
      ...memoryBilling(),
      settled: async () => {
        throw new AuditError('configuration', 'no place')
      },
    }
    const items = await listOf(february().build(), {}, { billing })
    expect(items.map(({ status_reason }) => status_reason)).toEqual(['running', 'unrecorded', 'unrecorded'])
  })
})

const BOTH = { inputTokens: 300, outputTokens: 20 }

/** One task of February, billed by tokens, and two of March. */
const tokenMonths = (): World =>
  new MiniWorld()
    .account(5)
    .task({ at: '2026-02-05 00:00:00', billed: { unit: 'tokens', quantity: '1500' } })
    .task({ at: '2026-03-01 00:00:00' })
    .task({ at: '2026-03-01 00:00:00' })
    .build()

/** Tokens of the months listed, where the columns tell of each task what is given. */
async function tokensListed(
  world: World,
  stored: (row: TaskRow) => Partial<TaskRow>,
  billing: BillingStore = memoryBilling(),
): Promise<(number | null)[]> {
  const deps = memoryDependencies(world, { now: MARCH, billing })
  const snapshot: LedgerStore['snapshot'] = async (...how) => {
    const opened = await deps.ledger?.snapshot(...how)
    if (opened === undefined) throw new Error('no database')
    const tasks: LedgerSnapshot['tasks'] = async function* (range) {
      const words = new TaskWords()
      for await (const batch of opened.tasks(range)) {
        yield taskRecordsOf(
          batch.rows().map((row) => ({ ...row, ...stored(row) })),
          words,
        )
      }
    }
    return { ...opened, tasks }
  }
  const { items = [] } = await call(billingStatementsTool, {}, { ...deps, ledger: { snapshot } }, world)
  return items.map(({ total_tokens }) => total_tokens)
}
