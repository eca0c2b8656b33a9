import { describe, expect, it } from 'vitest'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { auditWorld, memoryDependencies } from '../kit/audit-world.ts'
import { call } from './call.ts'
import { MARCH, statementOf } from './statement-world.ts'
import { usageOf } from './usage-world.ts'

const LAST_DAY = { period: 'custom', start_date: '2026-01-31', end_date: '2026-01-31' }
/** Two days after the month: later than any page for January is asked for. */
const LATE = '2026-02-03T00:00:00Z'

const KINDS = {
  'a free success': { points: 0, cost: '0' },
  'a success whose cost is NULL': { points: 0, cost: null },
  'a charged success': { points: 10, cost: '0' },
  'a free failure': { points: 0, cost: '0', status: 'failed' },
} as const

/** One task of each kind on the last day of January; of those named, fal bills 1 USD on 3 February. */
function january(billed: readonly (keyof typeof KINDS)[]): World {
  const world = new MiniWorld().account(5)
  for (const [index, [kind, values]] of Object.entries(KINDS).entries()) {
    world.task({ at: '2026-01-31 22:00:00', ...values, billed: false })
    if (!billed.includes(kind as keyof typeof KINDS)) continue
    world.event({ requestId: requestIdOf(index + 1), cost: '1', timestamp: LATE })
  }
  return world.build()
}
const ALL = Object.keys(KINDS) as (keyof typeof KINDS)[]

describe('what fal billed later than the pages reach', () => {
  it.each([
    ['nothing', [], '0'],
    ...ALL.map((kind) => [kind, [kind], '1'] as const),
    ['all of them', ALL, '4'],
  ] as const)('counts, whatever the task: %s', async (_, billed, cost) => {
    const world = january(billed)
    const { totals, coverage } = await usageOf(world, LAST_DAY, { now: MARCH })
    expect(totals).toMatchObject({
      fal_cost_usd: cost,
      matched_request_count: billed.length,
      unmatched_request_count: 4 - billed.length,
      unread_request_count: 0,
    })
    expect(coverage.complete).toBe(true)
    expect(await statementOf(world, 'inv_202601', { now: MARCH })).toMatchObject({
      fal_cost_usd: cost,
      status: 'settled',
    })
  })

  it('is no other question for the audit itself: it asks about what its rules need', async () => {
    const day = { start: '2026-01-31', end: '2026-01-31', depth: 'requests', now: MARCH } as const
    const { requests } = await auditWorld(january(ALL), day)
    // Of the one that tells no cost nobody knows whether fal owes a bill.
    expect(requests?.verdicts).toEqual({ amount: 1, 'not-evaluated': 1, 'nothing-due': 2 })
  })

  it('is not told where fal does not answer by id: then the statement stays a draft', async () => {
    const world = january(['a charged success'])
    const deps = memoryDependencies(world, { now: MARCH })
    const events: FalReader['events'] = async (key, query, signal) =>
      query.requestIds === undefined
        ? deps.fal.events(key, query, signal)
        : { status: 'failed', failure: 'server-error', reason: 'fal answered 500' }
    const silent = { ...deps, fal: { ...deps.fal, events } }
    const { statement } = await call(billingStatementsTool, { invoice_id: 'inv_202601' }, silent, world)
    expect(statement).toMatchObject({ fal_cost_usd: null, status: 'draft', status_reason: 'incomplete' })
    expect(statement?.coverage.sources).toContainEqual({
      source: 'fal-events',
      accountId: 5,
      status: 'partial',
      reason: '4 requests asked for by id were not answered: fal answered 500',
    })
  })

  it('is found of more tasks than the rules ask about', async () => {
    const world = new MiniWorld().account(5)
    for (let task = 1; task <= 5100; task++) {
      world.task({ at: '2026-01-31 22:00:00', points: 10, cost: '0', billed: false })
      world.event({ requestId: requestIdOf(task), cost: '1', timestamp: LATE })
    }
    const { totals } = await usageOf(world.build(), LAST_DAY, { now: MARCH })
    expect(totals).toMatchObject({ fal_cost_usd: '5100', matched_request_count: 5100, unread_request_count: 0 })
  })

  it('is not told past 50,000 tasks: the sum is null, and the statement a draft that says why', async () => {
    const world = new MiniWorld().account(5)
    for (let task = 1; task <= 50_001; task++)
      world.task({ at: '2026-01-31 22:00:00', points: 0, cost: '0', billed: false })
    const statement = await statementOf(world.build(), 'inv_202601', { now: MARCH })
    expect(statement).toMatchObject({ fal_cost_usd: null, status: 'draft', status_reason: 'incomplete' })
    expect(statement.coverage.sources).toContainEqual({
      source: 'fal-events',
      accountId: 5,
      status: 'partial',
      reason: '1 requests asked for by id were not answered: only 50000 requests of a bill are asked for by id',
    })
  })
})
