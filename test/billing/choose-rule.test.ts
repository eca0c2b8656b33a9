import { describe, expect, it } from 'vitest'
import { type ChooserOptions, ruleChooser } from '../../src/billing/choose-rule.ts'
import type { RuleVersion } from '../../src/billing/rule.ts'
import { at, decimal, ruleVersion } from '../kit/billing.ts'

const options: ChooserOptions = { defaultLevel: 'basic', aliases: new Map([['flux', 'fal-ai/flux/dev']]) }
const JANUARY = at('2026-01-01T00:00:00Z')
const MIDDLE = at('2026-01-16T00:00:00Z')

const priced = (revision: number, effectiveAt: number, price: string, more: Partial<RuleVersion> = {}): RuleVersion =>
  ruleVersion({
    modelId: 'fal-ai/flux/dev',
    unit: 'per_image',
    revision,
    effectiveAt: effectiveAt as RuleVersion['effectiveAt'],
    outputPrice: decimal(price),
    ...more,
  })

const chosen = (versions: readonly RuleVersion[], when: string, level = 'basic', model = 'fal-ai/flux/dev') =>
  ruleChooser(versions, options).choose({ model, membershipLevel: level, at: at(when) })

describe('the version in force', () => {
  const versions = [priced(2, MIDDLE, '0.2'), priced(1, JANUARY, '0.1')]

  it.each([
    ['2025-12-31T23:59:59.999Z', undefined],
    ['2026-01-01T00:00:00Z', 1],
    ['2026-01-15T23:59:59.999Z', 1],
    ['2026-01-16T00:00:00Z', 2],
    ['2030-01-01T00:00:00Z', 2],
  ])('at %s is revision %s', (when, revision) => {
    expect(chosen(versions, when)?.revision).toBe(revision)
  })

  it('is never a superseded one', () => {
    const corrected = [...versions, priced(3, MIDDLE, '0.25')].map((each) =>
      each.revision === 2 ? { ...each, supersededBy: 3 } : each,
    )
    expect(chosen(corrected, '2026-01-20T00:00:00Z')?.revision).toBe(3)
    // Though by a clock that was set back it was recorded last.
    const late = corrected.map((each) =>
      each.revision === 2 ? { ...each, recordedAt: at('2026-06-01T00:00:00Z') } : each,
    )
    expect(chosen(late, '2026-01-20T00:00:00Z')?.revision).toBe(3)
  })

  it('is found among several rules of one model and level', () => {
    const both = [priced(1, JANUARY, '0.1'), priced(1, MIDDLE, '0.2', { ruleId: 'br_002' })]
    expect(chosen(both, '2026-01-15T00:00:00Z')?.ruleId).toBe('br_001')
    expect(chosen(both, '2026-01-17T00:00:00Z')?.ruleId).toBe('br_002')
  })

  it.each(['fal-ai/flux/dev', 'flux/dev', 'Flux/Dev', 'flux'])('covers the model as %s', (model) => {
    expect(chosen(versions, '2026-01-20T00:00:00Z', 'basic', model)?.revision).toBe(2)
  })

  it('covers no other model', () => {
    expect(chosen(versions, '2026-01-20T00:00:00Z', 'basic', 'fal-ai/flux/pro')).toBeUndefined()
  })

  it('is the later recorded one where an alias has made two models one', () => {
    const two = [
      priced(1, JANUARY, '0.2', { ruleId: 'br_002', modelId: 'flux', recordedAt: at('2026-01-03T00:00:00Z') }),
      priced(1, JANUARY, '0.1', { recordedAt: at('2026-01-02T00:00:00Z') }),
    ]
    expect(chosen(two, '2026-01-20T00:00:00Z')?.ruleId).toBe('br_002')
    expect(chosen(two.reverse(), '2026-01-20T00:00:00Z')?.ruleId).toBe('br_002')
  })
})

describe('the level', () => {
  const versions = [
    priced(1, JANUARY, '0.2'),
    priced(1, MIDDLE, '0.1', { ruleId: 'br_002', membershipLevel: 'VIP' }),
    priced(1, JANUARY, '9', { ruleId: 'br_003', membershipLevel: 'gold', modelId: 'other' }),
  ]

  it.each([
    ['vip', '2026-01-20T00:00:00Z', 'br_002'],
    [' Vip ', '2026-01-20T00:00:00Z', 'br_002'],
    ['vip', '2026-01-10T00:00:00Z', 'br_001'],
    ['gold', '2026-01-20T00:00:00Z', 'br_001'],
    ['', '2026-01-20T00:00:00Z', 'br_001'],
    ['basic', '2026-01-20T00:00:00Z', 'br_001'],
  ])('"%s" at %s is priced by %s', (level, when, ruleId) => {
    expect(chosen(versions, when, level)?.ruleId).toBe(ruleId)
  })

  it('has no stand-in where the default level has no rule either', () => {
    expect(chosen(versions, '2026-01-20T00:00:00Z', 'vip', 'other')).toBeUndefined()
    const chooser = ruleChooser(versions, options)
    expect(chooser.inForce({ model: 'fal-ai/flux/dev', membershipLevel: 'gold', at: MIDDLE })).toBeUndefined()
  })
})
