import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { World } from '../../src/demo/stored-world.ts'
import type { BillingEvent, FalReader } from '../../src/fal/reader.ts'
import { type AuditInput, runAudit } from '../../src/operation.ts'
import { instant } from '../../src/units/instant.ts'
import { parseRatio } from '../../src/units/ratio.ts'
import { auditInput, memoryDependencies, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { bytesOf, runs, seeds } from '../kit/generator/any-world.ts'
import { createPrng, seedOf } from '../kit/generator/prng.ts'
import { eachOf } from '../kit/memory-ports.ts'
import { tangledWorld } from '../kit/tangled-world.ts'

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
        // One user there is: of none at all an audit says that nobody has these ids.
        const userIds = [world.tables.tasks[0]?.userId ?? 101, 104, 107]
        const filters: Partial<AuditInput> = random.pick([{}, {}, { userIds }, { ids: [5] }])
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
