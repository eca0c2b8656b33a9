import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { BillingEvent, FalReader } from '../../src/fal/reader.ts'
import { type AuditInput, runAudit } from '../../src/operation.ts'
import { instant } from '../../src/units/instant.ts'
import { parseRatio } from '../../src/units/ratio.ts'
import { auditInput, memoryDependencies, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { bytesOf, runs, seeds } from '../kit/generator/any-world.ts'
import { createPrng, type Prng, seedOf } from '../kit/generator/prng.ts'
import { eachOf } from '../kit/memory-ports.ts'

/** Ids that stand in several tasks, rows and events at once, some of them another task's own. */
const IDS = ['X1', 'X2', 'X3', 'task-1', 'task-2', 'task-3', 'nobody'] as const
const TIMES = [
  ...['2026-01-20 00:00:00', '2026-02-05 20:00:00', '2026-02-05 23:59:59', '2026-02-06 00:00:00'],
  ...['2026-02-06 09:00:00', '2026-02-06 12:00:00', '2026-02-06 23:59:50'],
  ...['2026-02-07 00:00:00', '2026-02-07 00:05:00', '2026-02-08 23:00:00'],
] as const

/** Books in which hardly anything has an id of its own: users, accounts and times mixed at random. */
function tangledWorld(random: Prng): World {
  const world = new MiniWorld()
  world.account(5, { workspace: 'a' }).account(6, { workspace: random.pick(['a', 'b']) })
  world.account(9)
  const orderId = () => random.pick([null, `task-${random.int(1, 12)}`, ...IDS])
  const billed = () => ({ unitPrice: random.pick(['1', '1.0', '2']), timestamp: world.iso(random.pick(TIMES)) })
  const paid = () => random.pick([false as const, { cash: 50 }, { orderId: orderId() }, { at: random.pick(TIMES) }])
  for (let count = random.int(2, 14); count > 0; count--) {
    world.task({
      ...{ user: random.int(101, 106), account: random.pick([5, 5, 6, 9, 9999]), model: random.pick(['m1', 'm2']) },
      ...{ points: random.pick([0, 100, 100, 200]), cost: random.pick(['0.05', '0.05', '0.1', '0', null]) },
      ...{ at: random.pick(TIMES), status: random.pick(['completed', 'completed', 'failed', 'running']) },
      refunded: random.chance(0.2),
      ...(random.chance(0.3) && { requestId: random.pick([null, '', ...IDS]) }),
      ...(random.chance(0.4) && { billed: random.chance(0.5) ? false : billed() }),
      ...(random.chance(0.3) && { paid: paid() }),
    })
  }
  const row = () => ({ orderId: orderId(), at: random.pick(TIMES) })
  for (let count = random.int(0, 4); count > 0; count--) {
    const timestamp = world.iso(random.pick(TIMES))
    world.event({ requestId: random.pick(IDS), cost: random.pick(['0.05', '2']), timestamp })
    const sourceType = random.pick(['consume', 'refund', 'recharge', 'gift'])
    world.points(random.int(101, 107), random.pick([-100, 50, 100]), { ...row(), sourceType })
    world.cash(random.int(101, 107), random.pick([-100, 50]), { ...row(), transactionType: random.int(0, 3) })
  }
  return world.build()
}

/** fal whose pages repeat or lack events, or which does not answer questions by id. */
function unreliable(fal: FalReader, fault: 'none' | 'silent' | 'repeats' | 'lacks'): FalReader {
  const events: FalReader['events'] = async (apiKey, query, signal) => {
    if (query.requestIds !== undefined && fault === 'silent') {
      return { status: 'failed', failure: 'forbidden', reason: 'no' }
    }
    const fetched = await fal.events(apiKey, query, signal)
    if (fetched.status === 'failed' || query.requestIds !== undefined) return fetched
    const { value } = fetched
    const told: BillingEvent[] = fault === 'repeats' ? [...value, ...value.slice(0, 2)] : value
    return { ...fetched, value: fault === 'lacks' ? told.slice(2) : told }
  }
  return { ...fal, events, eachEvents: eachOf(events) }
}

async function reportOf(world: World, audit: WorldAudit, fault: Parameters<typeof unreliable>[1]): Promise<string> {
  const dependencies = memoryDependencies(world, audit)
  const fal = unreliable(dependencies.fal, fault)
  return bytesOf(await runAudit(auditInput(audit), { ...dependencies, fal }, quietContext()))
}

describe('where ids are shared by tasks of several users and times', () => {
  it('a report does not depend on how many rows are joined at once, nor on the order of tasks', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.integer({ min: 1, max: 8 }), async (seed, pieceRows) => {
        const random = createPrng(seedOf(seed, 'tangled'))
        const world = tangledWorld(random)
        const filters: Partial<AuditInput> = random.pick([{}, {}, { userIds: [101, 104, 107] }, { ids: [5] }])
        const ledgerLink = random.pick(['auto', 'order', 'total'] as const)
        const audit: WorldAudit = {
          ...{ ...filters, depth: random.pick(['requests', 'requests', 'summary'] as const) },
          settings: { ledgerLink, pointsPerUsd: parseRatio('1000') },
          // Half an hour after the window, where little is settled, or days after it.
          ...(random.chance(0.3) && { now: instant(Date.parse('2026-02-06T16:30:00Z')) }),
        }
        const fault = random.pick(['none', 'none', 'silent', 'repeats', 'lacks'] as const)
        const whole = await reportOf(world, audit, fault)
        expect(await reportOf(world, { ...audit, pieceRows }, fault)).toBe(whole)
        const tasks = random.shuffled(world.tables.tasks)
        expect(await reportOf({ ...world, tables: { ...world.tables, tasks } }, audit, fault)).toBe(whole)
      }),
      runs(150),
    )
  })
})
