import { describe, expect, it } from 'vitest'
import { ruleChooser } from '../../src/billing/choose-rule.ts'
import { asGiven, costOf, pointsOfCost } from '../../src/billing/price.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import { openSample } from '../../src/demo/run.ts'
import { writeSampleRules } from '../../src/demo/sample-rules.ts'
import { sampleWorld } from '../../src/demo/sample-world.ts'
import { at, decimal, memoryBilling } from '../kit/billing.ts'

describe('the rules of the sample', () => {
  it('begin with that of the seed, and price what the ordinary tasks of the sample are charged', async () => {
    const store = memoryBilling()
    await writeSampleRules(store, at('2026-02-08T01:30:00Z'))
    const versions = await store.rules()
    expect(versions[0]).toMatchObject({ ruleId: 'br_001', modelId: 'gpt-4o', unit: 'per_1k_tokens' })
    const chooser = ruleChooser(versions, { defaultLevel: 'basic', aliases: new Map() })
    const { tasks } = sampleWorld().tables
    const priced = tasks.flatMap(({ appName, money, createdAt }) => {
      const rule = chooser.choose({ model: appName, membershipLevel: 'basic', at: SHANGHAI.fromNaive(createdAt)! })
      if (rule === undefined) return []
      const cost = costOf(rule, { kind: 'units', units: decimal('1') }).total
      const expected = pointsOfCost(cost, rule.currency, undefined)!
      return [{ money, expected: Number(expected.numerator) / Number(expected.denominator) }]
    })
    expect(priced.length).toBeGreaterThan(tasks.length - 10)
    expect(priced.filter(({ money, expected }) => money !== 0 && money !== expected)).toEqual([])
    // Those that A7 finds were given away.
    expect(priced.filter(({ money }) => money === 0)).toHaveLength(3)
  })

  it('change a price when February begins, and differ by level', async () => {
    const sample = await openSample()
    try {
      const chooser = ruleChooser(await sample.dependencies.billing.rules(), {
        defaultLevel: 'basic',
        aliases: new Map(),
      })
      const priceOf = (level: string, when: string): string =>
        asGiven(chooser.choose({ model: 'fal-ai/flux/dev', membershipLevel: level, at: at(when) })!.outputPrice)
      expect(priceOf('basic', '2026-01-31T23:59:59.999+08:00')).toBe('0.18')
      expect(priceOf('basic', '2026-02-01T00:00:00+08:00')).toBe('0.20')
      expect(priceOf('vip', '2026-02-01T00:00:00+08:00')).toBe('0.16')
    } finally {
      await sample.close()
    }
  })
})
