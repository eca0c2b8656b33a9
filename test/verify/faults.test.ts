import process from 'node:process'
import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../schemas/report.ts'
import { RULES } from '../../src/audit/rules/table.ts'
import { INJECTORS } from '../kit/generator/table.ts'
import { tallySeeds, targetsMissed } from '../kit/generator/tally.ts'
import { inMemory } from '../kit/generator/trial.ts'

// The small run of `npm run verify`: a failure names the seed to run alone. FAULT_SEEDS makes it smaller for
// `npm run mutation`, which runs it once for every change it tries.
const SEEDS = Array.from({ length: Number(process.env.FAULT_SEEDS ?? 15) }, (_, index) => index + 1)
const ACTIVE = new Set<RuleId>(RULES.map(({ id }) => id))
const SUMMARY_RULES = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8'] as const

describe('every rule', () => {
  it('has a fault that is planted for it, and a benign twin', () => {
    expect(INJECTORS.map(({ rule }) => rule)).toEqual(RULES.map(({ id }) => id))
    expect(INJECTORS.filter(({ twins }) => twins.length === 0)).toEqual([])
  })
})

describe('a fault in a world made from a seed', () => {
  it.each(INJECTORS.map(({ rule }) => rule))(
    'is found by %s, also beside a row elsewhere that tells less, and its twin raises nothing',
    async (rule) => {
      const plan = { rules: [rule], twins: true, clean: false, pairs: [], beside: true }
      const tally = await tallySeeds(inMemory('requests', ACTIVE), SEEDS, plan)
      expect(tally.failures).toEqual([])
      expect(targetsMissed(tally)).toEqual([])
      expect(tally.beside.planted).toBeGreaterThan(0)
    },
  )

  it.each(SUMMARY_RULES)('is found by %s from usage rows alone', async (rule) => {
    const plan = { rules: [rule], twins: false, clean: false, pairs: [] }
    const tally = await tallySeeds(inMemory('summary', new Set(SUMMARY_RULES)), SEEDS.slice(0, 6), plan)
    expect(tally.failures).toEqual([])
  })
})
