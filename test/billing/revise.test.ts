import { describe, expect, it } from 'vitest'
import { planChange } from '../../src/billing/revise.ts'
import type { RuleChange, RuleVersion } from '../../src/billing/rule.ts'
import { AuditError } from '../../src/errors.ts'
import { at, decimal, ruleVersion } from '../kit/billing.ts'

const JANUARY = at('2026-01-01T00:00:00Z')
const MARCH = at('2026-03-01T00:00:00Z')
const NOW = at('2026-02-10T12:00:00Z')

const first = ruleVersion({ effectiveAt: JANUARY })
const upcoming = ruleVersion({ revision: 2, effectiveAt: MARCH, outputPrice: decimal('0.1') })

const refusal = (versions: readonly RuleVersion[], change: RuleChange): AuditError => {
  try {
    planChange(versions, change, NOW)
  } catch (error) {
    if (error instanceof AuditError) return error
  }
  throw new Error('it was accepted')
}

describe('when a change takes effect', () => {
  const price = { outputPrice: decimal('0.09') }

  it('now, where nothing else is said', () => {
    const { draft, revision, supersedes } = planChange([first], price, NOW)
    expect([draft.effectiveAt, revision, supersedes]).toEqual([NOW, 2, undefined])
    expect(draft).toMatchObject({ outputPrice: price.outputPrice, inputPrice: first.inputPrice, unit: first.unit })
  })

  it('where the newest version is yet to come, at its instant: that one is corrected', () => {
    const { draft, revision, supersedes } = planChange([first, upcoming], price, NOW)
    expect([draft.effectiveAt, revision, supersedes]).toEqual([MARCH, 3, 2])
  })

  it('at the instant that is named, and then starts from the version in force there', () => {
    const before = planChange([first, upcoming], { ...price, effectiveAt: at('2026-02-01T00:00:00Z') }, NOW)
    expect([before.draft.inputPrice, before.revision, before.supersedes]).toEqual([first.inputPrice, 3, undefined])
    const after = planChange([first, upcoming], { modelName: 'New', effectiveAt: at('2026-04-01T00:00:00Z') }, NOW)
    expect(after.draft).toMatchObject({ modelName: 'New', outputPrice: upcoming.outputPrice })
  })

  it('wherever it stands among the versions, which come as they were recorded', () => {
    const between = ruleVersion({ revision: 3, effectiveAt: at('2026-02-01T00:00:00Z'), outputPrice: decimal('0.2') })
    const versions = [first, upcoming, between]
    const named = (instant: string) =>
      planChange(versions, { modelName: 'New', effectiveAt: at(instant) }, NOW).draft.outputPrice
    expect([named('2026-01-15T00:00:00Z'), named('2026-02-05T00:00:00Z'), named('2026-04-01T00:00:00Z')]).toEqual([
      first.outputPrice,
      between.outputPrice,
      upcoming.outputPrice,
    ])
    expect(planChange(versions, price, NOW)).toMatchObject({ draft: { effectiveAt: MARCH }, supersedes: 2 })
  })

  it('now, where the newest version begins this instant: it is in effect already', () => {
    const newest = { ...upcoming, effectiveAt: NOW }
    expect(refusal([first, newest], price)).toMatchObject({ kind: 'conflict', field: 'effective_at' })
    expect(planChange([first, newest], { ...price, revision: 2 }, NOW)).toMatchObject({ supersedes: 2 })
  })

  it('before the first version, starting from that', () => {
    const { draft } = planChange([first], { modelName: 'Early', effectiveAt: at('2025-06-01T00:00:00Z') }, NOW)
    expect(draft).toMatchObject({ modelName: 'Early', outputPrice: first.outputPrice, membershipLevel: 'basic' })
  })

  it('where another begins, only for who names its revision', () => {
    const there = { ...price, effectiveAt: MARCH }
    expect(refusal([first, upcoming], there)).toMatchObject({ kind: 'conflict', field: 'effective_at' })
    expect(refusal([first, upcoming], { ...there, revision: 1 })).toMatchObject({
      kind: 'conflict',
      field: 'revision',
      accepted: '2',
    })
    expect(planChange([first, upcoming], { ...there, revision: 2 }, NOW)).toMatchObject({ revision: 3, supersedes: 2 })
  })

  it.each([
    [{ revision: 1 }, undefined],
    [{ revision: 2 }, 'revision'],
  ])('with %j: starts from the version that is named, or not at all', (named, field) => {
    if (field === undefined) expect(planChange([first], { ...price, ...named }, NOW).revision).toBe(2)
    else expect(refusal([first], { ...price, ...named })).toMatchObject({ kind: 'conflict', field })
  })

  it('counts revisions on over superseded ones', () => {
    const corrected = [first, { ...upcoming, supersededBy: 3 }, ruleVersion({ revision: 3, effectiveAt: MARCH })]
    const planned = planChange(corrected, price, NOW)
    expect(planned).toMatchObject({ revision: 4, supersedes: 3 })
  })

  it('never starts from a superseded version, though by the clock it was recorded last', () => {
    const superseded = { ...upcoming, supersededBy: 3, recordedAt: at('2026-02-02T00:00:00Z') }
    const correction = ruleVersion({ revision: 3, effectiveAt: MARCH, recordedAt: at('2026-02-01T00:00:00Z') })
    expect(planChange([first, superseded, correction], price, NOW)).toMatchObject({ revision: 4, supersedes: 3 })
  })
})

describe('terms that change', () => {
  const image = ruleVersion({ unit: 'per_image', inputPrice: decimal('0'), outputPrice: decimal('0.3') })

  it('to a unit with one price lose the price of input', () => {
    const { draft } = planChange([first], { unit: 'per_image', outputPrice: decimal('0.3') }, NOW)
    expect(draft).toMatchObject({ unit: 'per_image', inputPrice: decimal('0') })
  })

  it('to tokens need the price of input', () => {
    expect(refusal([image], { unit: 'per_1k_tokens' })).toMatchObject({ kind: 'input', field: 'input_price' })
    const { draft } = planChange([image], { unit: 'per_1k_tokens', inputPrice: decimal('0.1') }, NOW)
    expect(draft).toMatchObject({ unit: 'per_1k_tokens', inputPrice: decimal('0.1'), outputPrice: decimal('0.3') })
  })

  it('take no second price where the unit has one', () => {
    expect(refusal([image], { inputPrice: decimal('0.1') })).toMatchObject({ kind: 'input', field: 'input_price' })
    expect(planChange([image], { inputPrice: decimal('0.00') }, NOW).draft.unit).toBe('per_image')
  })
})
