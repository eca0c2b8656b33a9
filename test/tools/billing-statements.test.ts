import { afterEach, describe, expect, it } from 'vitest'
import type { Statement } from '../../schemas/billing-statements.ts'
import { canonicalJson, contentHash } from '../../src/billing/statement.ts'
import type { BillingStore } from '../../src/billing/store.ts'
import { apiKeyOf, type MiniTask, MiniWorld, SHANGHAI } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { memoryBilling } from '../kit/billing.ts'
import { openWorld, type RealWorld, STORES } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'
import { at, february, MARCH, RATE, statementOf } from './statement-world.ts'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

const LINES = [
  {
    model_id: 'fal-ai/flux/schnell',
    model_name: 'fal-ai/flux/schnell',
    input_tokens: null,
    output_tokens: null,
    total_tokens: null,
    total_cost: '10.80',
    charged_points: 1080,
    refunded_points: 0,
    request_count: 2,
    net_points: 1080,
    fal_cost_usd: '1.3',
    margin_usd: '1.4',
  },
  {
    model_id: 'fal-ai/kling',
    model_name: 'fal-ai/kling',
    input_tokens: null,
    output_tokens: null,
    total_tokens: null,
    total_cost: '6.00',
    charged_points: 600,
    refunded_points: 0,
    request_count: 1,
    net_points: 600,
    fal_cost_usd: '1',
    margin_usd: '0.5',
  },
  {
    model_id: 'sora',
    model_name: 'sora',
    input_tokens: null,
    output_tokens: null,
    total_tokens: null,
    total_cost: '0.00',
    charged_points: 400,
    refunded_points: 400,
    request_count: 1,
    net_points: 0,
    fal_cost_usd: '0.5',
    margin_usd: '-0.5',
  },
]

describe('a statement', () => {
  it.each(STORES)('of the operator tells the month by model, to the point, on %s', async (store) => {
    const world = february().build()
    const real = await openWorld(world, { store })
    open.push(real)
    const deps = real.dependencies({ now: MARCH, settings: RATE })
    const { statement } = await call(billingStatementsTool, { invoice_id: 'inv_202602' }, deps, world)
    const { content_hash: hash, coverage, findings: _findings, ...rest } = statement!
    expect(rest).toEqual({
      invoice_id: 'inv_202602',
      kind: 'operator',
      user_id: null,
      user_name: null,
      period: '2026-02',
      timezone: 'Asia/Shanghai',
      currency: 'CNY',
      input_tokens: null,
      output_tokens: null,
      total_tokens: null,
      // 1080 + 600 + 400 − 400
      total_cost: '16.80',
      charged_points: 2080,
      refunded_points: 400,
      net_points: 1680,
      request_count: 4,
      fal_cost_usd: '2.8',
      // 1680 / 400 = 4.2
      margin_usd: '1.4',
      status: 'settled',
      status_reason: null,
      settled_at: '2026-03-03T04:00:00Z',
      breakdown: LINES,
      restatement: null,
    })
    expect(coverage.complete).toBe(true)
    const { status: _status, status_reason: _reason, settled_at: _at, restatement: _restatement, ...content } = rest
    expect(hash).toBe(contentHash(canonicalJson(content)))
    // The same data on either database, by the hash of the content that is written above.
    expect(hash).toBe((await statementOf(world, 'inv_202602', { settings: RATE })).content_hash)
  })

  it('of users adds up to that of the operator, line by line', async () => {
    const world = february().user(101, 'zhang').build()
    const whole = await statementOf(world, 'inv_202602', { settings: RATE })
    const parts = await Promise.all([101, 102].map((id) => statementOf(world, `inv_202602_u${id}`, { settings: RATE })))
    expect(parts.map(({ kind, user_id, user_name }) => [kind, user_id, user_name])).toEqual([
      ['user', 101, 'zhang'],
      ['user', 102, 'user-102'],
    ])
    for (const field of ['charged_points', 'refunded_points', 'net_points', 'request_count'] as const) {
      expect(
        parts.reduce((sum, part) => sum + (part[field] ?? Number.NaN), 0),
        field,
      ).toBe(whole[field])
      for (const line of whole.breakdown) {
        const own = parts.flatMap(({ breakdown }) => breakdown.filter(({ model_id }) => model_id === line.model_id))
        expect(
          own.reduce((sum, part) => sum + (part[field] ?? Number.NaN), 0),
          `${line.model_id} ${field}`,
        ).toBe(line[field])
      }
    }
    expect(parts.map(({ fal_cost_usd }) => fal_cost_usd)).toEqual(['2.25', '0.55'])
  })

  it('counts the breaks of its month by severity', async () => {
    const clean = () => new MiniWorld().account(5).task({ at: '2026-02-11 12:00:00', points: 100, cost: '5' })
    const findingsOf = async (world: MiniWorld) => (await statementOf(world.build(), 'inv_202602')).findings
    expect(await findingsOf(clean())).toEqual({ high: 0, medium: 0, low: 0 })
    // B2: a settled task of which fal billed nothing.
    const unbilled = clean().task({ at: '2026-02-11 12:00:00', points: 100, cost: '0.1', billed: false })
    expect(await findingsOf(unbilled)).toEqual({ high: 0, medium: 1, low: 0 })
  })

  it('counts in that of a user what names the user, and not what the bill of all users shows', async () => {
    const world = new MiniWorld().account(5)
    world.task({ at: '2026-02-11 12:00:00', points: 100, cost: '5', user: 101 })
    // A4 and B10 of 102, and of the bill A1, A3, B1 and B15.
    world.task({ at: '2026-02-12 12:00:00', points: 100, cost: '5', user: 102, paid: { points: 90 } })
    world.event({ endpointId: 'fal-ai/veo3', cost: '9', timestamp: world.iso('2026-02-13 12:00:00') })
    const findingsOf = async (id: string) => (await statementOf(world.build(), id)).findings
    expect(await findingsOf('inv_202602')).toEqual({ high: 4, medium: 2, low: 0 })
    expect(await findingsOf('inv_202602_u101')).toEqual({ high: 0, medium: 0, low: 0 })
    expect(await findingsOf('inv_202602_u102')).toEqual({ high: 0, medium: 2, low: 0 })
  })
})

describe('the same data', () => {
  it('give the same content and hash, whenever and by whichever clock they are read', async () => {
    const world = february().build()
    const first = await statementOf(world, 'inv_202602')
    const later = await statementOf(world, 'inv_202602', { now: at('2026-07-19T11:12:13Z') })
    expect(later.content_hash).toBe(first.content_hash)
    expect(canonicalJson(later.breakdown)).toBe(canonicalJson(first.breakdown))
    expect(later.settled_at).toBe('2026-07-19T11:12:13Z')
  })

  it('in another order of rows too; another figure has another hash', async () => {
    const world = february().build()
    const turned = { ...world, tables: { ...world.tables, tasks: [...world.tables.tasks].reverse() } }
    const hashOf = async (each: World) => (await statementOf(each, 'inv_202602')).content_hash
    expect(await hashOf(turned)).toBe(await hashOf(world))
    expect(await hashOf(february().task({ points: 1, at: '2026-02-02 00:00:00' }).build())).not.toBe(
      await hashOf(world),
    )
  })
})

describe('a statement is a draft', () => {
  const standing = ({ status, status_reason, settled_at }: Statement) => [status, status_reason, settled_at]

  it('while its month runs, to its last second in the zone', async () => {
    const world = february().build()
    const draft = await statementOf(world, 'inv_202602', { now: at('2026-02-28T15:59:59Z') })
    expect(standing(draft)).toEqual(['draft', 'running', null])
  })

  it('while a request of the month may still be billed', async () => {
    const world = february().task({ at: '2026-02-28 23:00:00', points: 5, billed: false }).build()
    const soon = at('2026-03-01T03:00:00Z')
    expect(standing(await statementOf(world, 'inv_202602', { now: soon }))).toEqual(['draft', 'pending', null])
    expect((await statementOf(world, 'inv_202602')).status).toBe('settled')
  })

  it('while a failure of the month may still be billed, as long as a success may', async () => {
    const failure = { at: '2026-02-28 23:58:00', status: 'failed', cost: '0', completed: null } as const
    const reading = (now: string, more: MiniTask = { billed: false }) => {
      const world = new MiniWorld()
        .account(5)
        .task({ at: '2026-02-20 12:00:00' })
        .task({ ...failure, ...more })
      return statementOf(world.build(), 'inv_202602', { now: at(now) })
    }
    for (const open of ['2026-02-28T16:00:01Z', '2026-03-01T15:58:00Z']) {
      expect(standing(await reading(open))).toEqual(['draft', 'pending', null])
    }
    expect((await reading('2026-03-01T15:58:01Z')).status).toBe('settled')
    // Once it is billed there is nothing to wait for.
    expect(await reading('2026-02-28T16:10:00Z', { cost: '0.05' })).toMatchObject({
      status: 'settled',
      fal_cost_usd: '0.1',
    })
  })

  it('where an account cannot be read, or tasks bear a key of no account: and the cost is null, not 0', async () => {
    const world = february().build()
    const refused = { ...world, workspaces: world.workspaces.filter(({ apiKeys }) => !apiKeys.includes(apiKeyOf(12))) }
    const draft = await statementOf(refused, 'inv_202602', { settings: RATE })
    expect(standing(draft)).toEqual(['draft', 'incomplete', null])
    expect(draft).toMatchObject({ total_cost: '16.80', fal_cost_usd: null, margin_usd: null })
    expect(draft.breakdown.map(({ model_id, fal_cost_usd }) => [model_id, fal_cost_usd])).toEqual([
      ['fal-ai/flux/schnell', '1.3'],
      ['fal-ai/kling', '1'],
      ['sora', null],
    ])
    expect(draft.coverage.sources).toContainEqual(
      expect.objectContaining({ source: 'fal-events', accountId: 12, status: 'failed' }),
    )
    const unknown = february()
      .task({ at: '2026-02-11 00:00:00', apiKey: `${'9'.repeat(8)}:x`, billed: false })
      .build()
    expect(standing(await statementOf(unknown, 'inv_202602'))).toEqual(['draft', 'incomplete', null])
  })

  it('where the settlement cannot be recorded, and is told all the same', async () => {
    const down = async () => {
      throw new AuditError('source', 'the store is locked')
    }
    for (const broken of [{ recordSettled: down }, { settled: down, recordSettled: down }]) {
      const billing: BillingStore = { ...memoryBilling(), ...broken }
      const draft = await statementOf(february().build(), 'inv_202602', { billing })
      expect(standing(draft)).toEqual(['draft', 'unrecorded', null])
      expect(draft.charged_points).toBe(2080)
    }
  })
})

describe('an id', () => {
  const world = february().build()
  const deps = () => memoryDependencies(world, { now: MARCH })

  it.each([
    ['inv_202604', 'has not begun'],
    ['inv_202512', 'no task of 2025-12'],
    ['inv_202602_u999', 'by that user'],
    ['inv_202613', 'ids have the form'],
    ['statement', 'ids have the form'],
    ["inv_202602' OR 1=1", 'ids have the form'],
  ])('%s names nothing: %s', async (id, reason) => {
    const refused = await refusal(billingStatementsTool, { invoice_id: id }, deps())
    expect(refused).toMatchObject({ kind: 'not-found', field: 'invoice_id' })
    expect(refused.message).toContain(reason)
  })

  it('goes without a user', async () => {
    const refused = await refusal(billingStatementsTool, { invoice_id: 'inv_202602', user_id: 101 }, deps())
    expect(refused).toMatchObject({ kind: 'input', field: 'user_id' })
    expect(await refusal(billingStatementsTool, { limit: 0 }, deps())).toMatchObject({ kind: 'input', field: 'limit' })
  })

  it('names its month in the zone of the audit', async () => {
    const utc = await statementOf(world, 'inv_202602', { zone: SHANGHAI, settings: { auditZone: undefined } })
    // Without a setting the zone is the database's own offset, here UTC: February there begins eight hours later.
    expect(utc).toMatchObject({ timezone: '+00:00', request_count: 4, charged_points: 600 + 400 + 30 + 9999 })
  })
})
