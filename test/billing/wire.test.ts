import { describe, expect, it } from 'vitest'
import { ruleChooser } from '../../src/billing/choose-rule.ts'
import { oneOfEach, ruleDetailOnWire, ruleOnWire } from '../../src/billing/wire.ts'
import { at, decimal, ruleVersion } from '../kit/billing.ts'

const NOW = at('2026-02-10T12:00:00Z')
const first = ruleVersion({ effectiveAt: at('2026-01-01T00:00:00Z') })
const upcoming = ruleVersion({ revision: 2, effectiveAt: at('2026-03-01T00:00:00Z'), outputPrice: decimal('0.1') })
const between = ruleVersion({ revision: 3, effectiveAt: at('2026-02-01T00:00:00Z'), outputPrice: decimal('0.2') })
// A version that was recorded last may be in effect between two others.
const versions = [first, upcoming, between]
const chooser = ruleChooser(versions, { defaultLevel: 'basic', aliases: new Map() })

describe('a rule among all', () => {
  const shown = (...given: readonly (typeof first)[]) => oneOfEach(given, NOW).map(({ revision }) => revision)

  it('is its version in effect, in whatever order they were recorded', () => {
    expect(shown(...versions)).toEqual([3])
    expect(shown(between, upcoming, first)).toEqual([3])
  })

  it('is the first of those to come where none is in effect yet', () => {
    const april = { ...upcoming, revision: 4, effectiveAt: at('2026-04-01T00:00:00Z') }
    expect(shown(april, upcoming)).toEqual([2])
  })

  it('is never a superseded one, though by the clock it was recorded last', () => {
    const superseded = { ...between, supersededBy: 4, recordedAt: NOW }
    expect(shown(first, superseded, { ...between, revision: 4 })).toEqual([4])
  })
})

describe('a version as it is told', () => {
  it('is in force where it is the one that prices its model and level then, and no other of its rule', () => {
    const inForce = versions.map((version) => ruleOnWire(version, chooser, NOW).in_force)
    expect(inForce).toEqual([false, false, true])
  })

  it('comes with all versions by instant, superseded ones marked', () => {
    const all = [...versions, { ...upcoming, revision: 4 }].map((each) =>
      each.revision === 2 ? { ...each, supersededBy: 4 } : each,
    )
    const { history } = ruleDetailOnWire(between, all, chooser, NOW)
    expect(history.map(({ revision, superseded }) => [revision, superseded])).toEqual([
      [1, false],
      [3, false],
      [2, true],
      [4, false],
    ])
  })
})
