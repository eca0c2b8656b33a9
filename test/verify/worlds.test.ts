import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../schemas/report.ts'
import { RULES } from '../../src/audit/rules/table.ts'
import type { Plant } from '../kit/generator/faults.ts'
import { generate } from '../kit/generator/generate.ts'
import { EDGE_TIMING, judgeReport } from '../kit/generator/judge.ts'
import { createPrng } from '../kit/generator/prng.ts'
import { render } from '../kit/generator/render.ts'
import { injectorOf } from '../kit/generator/table.ts'
import { tallySeeds } from '../kit/generator/tally.ts'
import { inMemory, tryFault } from '../kit/generator/trial.ts'

const ACTIVE = new Set<RuleId>(RULES.map(({ id }) => id))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

describe('a clean world', () => {
  it.each(['requests', 'summary'] as const)('has no findings and is read whole, at depth %s', async (depth) => {
    const tally = await tallySeeds(inMemory(depth, ACTIVE), upTo(60), {
      rules: [],
      twins: false,
      clean: true,
      pairs: [],
    })
    expect(tally.failures).toEqual([])
    expect(tally.clean).toEqual({ worlds: 60, withFindings: 0, incomplete: 0 })
  })

  it('is the same whenever it is made from the same seed', () => {
    const text = (seed: number): string =>
      JSON.stringify(render(generate(seed)).world, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
    expect(text(7)).toBe(text(7))
    expect(text(7)).not.toBe(text(8))
  })

  it('holds what every reseller has: refunds, split payments, midnight crossings, late bills, discounts', () => {
    const worlds = upTo(40).map((seed) => generate(seed))
    const share = (has: (draft: (typeof worlds)[number]) => boolean): number =>
      worlds.filter(has).length / worlds.length
    expect(share(({ tasks }) => tasks.some(({ refunded }) => refunded))).toBeGreaterThan(0.5)
    expect(
      share(({ entries }) => entries.some(({ book, kind }) => book === 'cash' && kind === 'consume')),
    ).toBeGreaterThan(0.5)
    expect(share(({ entries }) => entries.some(({ kind }) => kind === 'recharge' || kind === 'gift'))).toBeGreaterThan(
      0.5,
    )
    expect(share(({ events }) => events.some(({ percentDiscount }) => percentDiscount > 0))).toBeGreaterThan(0.3)
    expect(share(({ events }) => events.some(({ login }) => login !== undefined))).toBeGreaterThan(0.2)
    expect(share(({ storedNames }) => storedNames.size > 0)).toBeGreaterThan(0.3)
    expect(share(({ tasks, now }) => tasks.some((task) => task.createdAt > now))).toBe(0)
    expect(share(({ entries, now }) => entries.some(({ at }) => at > now))).toBe(0)
  })
})

describe('two faults in one world', () => {
  it('are both found, and nothing else', async () => {
    const plan = { rules: [], twins: false, clean: false, pairs: upTo(60) }
    const tally = await tallySeeds(inMemory('requests', ACTIVE), [], plan)
    expect(tally.failures).toEqual([])
    expect(tally.pairs.planted).toBeGreaterThan(50)
  })
})

describe('the judge', () => {
  const faulty = async () => {
    const outcome = await tryFault(inMemory('requests', ACTIVE), 3, injectorOf('B7'))
    if (outcome === undefined) throw new Error('seed 3 has no place for a fault')
    return outcome
  }
  const plantOf = async (): Promise<Plant> => {
    const { draft } = await faulty()
    const again = generate(draft.seed, { ...injectorOf('B7').needs, depth: 'requests' })
    const plant = injectorOf('B7').plant(again, createPrng(1))
    if (plant === undefined) throw new Error('no place')
    return plant
  }

  it('misses what is not in the report', async () => {
    const { draft, report } = await faulty()
    const verdict = judgeReport({ ...report, findings: [] }, await plantOf(), render(draft), ACTIVE, EDGE_TIMING)
    expect(verdict.missed).toHaveLength(1)
  })

  it('takes what nothing explains for a false alarm', async () => {
    const { draft, report } = await faulty()
    const nothing = { expected: [], allowed: [] }
    expect(judgeReport(report, nothing, render(draft), ACTIVE, EDGE_TIMING).falseAlarms).toHaveLength(1)
  })
})
