import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asGiven, type Cost, costOf, costTexts, decimalText, pointsOfCost, type Used } from '../../src/billing/price.ts'
import type { RuleTerms } from '../../src/billing/rule.ts'
import { ratio } from '../../src/units/ratio.ts'
import { decimal, ruleDraft } from '../kit/billing.ts'

const tokens = (input: number, output: number): Used => ({
  kind: 'tokens',
  inputTokens: BigInt(input),
  outputTokens: BigInt(output),
})
const units = (text: string): Used => ({ kind: 'units', units: decimal(text) })
const unitTerms = (unit: RuleTerms['unit'], price: string): RuleTerms =>
  ruleDraft({ unit, inputPrice: decimal('0'), outputPrice: decimal(price) })

const texts = (cost: Cost): string[] => Object.values(costTexts(cost))

describe('the cost of tokens', () => {
  it("is the seed's: 1000 and 500 tokens at 0.028 and 0.084 are 0.028 + 0.042 = 0.070", () => {
    expect(texts(costOf(ruleDraft(), tokens(1000, 500)))).toEqual(['0.028', '0.042', '0.070'])
  })

  it.each([
    ['per_1k_tokens', 1, 0, ['0.000028', '0.00', '0.000028']],
    ['per_1k_tokens', 0, 0, ['0.00', '0.00', '0.00']],
    ['per_1m_tokens', 1000, 500, ['0.000028', '0.000042', '0.000070']],
    ['per_1k_tokens', 9_007_199_254_740_991, 1, ['252201579132.747748', '0.000084', '252201579132.747832']],
  ] as const)('%s, %i in and %i out', (unit, input, output, expected) => {
    expect(texts(costOf(ruleDraft({ unit }), tokens(input, output)))).toEqual(expected)
  })
})

describe('the cost of units', () => {
  it.each([
    ['per_image', '0.30', '3', '0.90'],
    ['per_second', '0.035', '8', '0.28'],
    ['per_second', '0.035', '8.5', '0.2975'],
    ['per_minute', '2', '1.5', '3.00'],
    ['per_megapixel', '0.025', '1.05', '0.02625'],
    ['per_video', '2.80', '1', '2.80'],
    ['per_1k_characters', '0.1', '2500', '0.25'],
    ['per_request', '1', '1', '1.00'],
  ] as const)('%s at %s, %s of them', (unit, price, count, expected) => {
    expect(texts(costOf(unitTerms(unit, price), units(count)))).toEqual(['0.00', expected, expected])
  })
})

describe('texts', () => {
  it.each([
    ['0.028', 2, '0.028'],
    ['0.0280', 2, '0.028'],
    ['5', 2, '5.00'],
    ['5.1', 2, '5.10'],
    ['0.00', 0, '0'],
    ['12.50', 0, '12.5'],
  ])('%s with at least %i decimals is %s', (text, places, expected) => {
    expect(decimalText(decimal(text), places)).toBe(expected)
  })

  it.each(['0.028', '0.0280', '0', '0.00', '12', '100.10'])('of a price %s are as it was given', (text) => {
    expect(asGiven(decimal(text))).toBe(text)
  })

  it('add up as they are printed, whatever the prices', () => {
    const price = fc.tuple(fc.bigInt(0n, 10n ** 12n), fc.integer({ min: 0, max: 12 }))
    const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(price, price, count, count, (inPrice, outPrice, input, output) => {
        const [inputPrice, outputPrice] = [inPrice, outPrice].map(([digits, scale]) => ({ digits, scale }))
        const terms = ruleDraft({ inputPrice: inputPrice!, outputPrice: outputPrice! })
        const [a = '', b = '', total = ''] = texts(costOf(terms, tokens(input, output)))
        const places = (text: string): number => text.length - 1 - text.indexOf('.')
        const digitsOf = (text: string): bigint =>
          BigInt(text.replace('.', '').padEnd(text.length - 1 + 40 - places(text), '0'))
        expect(digitsOf(a) + digitsOf(b)).toBe(digitsOf(total))
        expect(places(total)).toBe(Math.max(places(a), places(b)))
      }),
    )
  })
})

describe('a cost in points', () => {
  it.each([
    ['0.070', 'CNY', undefined, 7000n, 1000n],
    ['0.070', 'points', undefined, 70n, 1000n],
    ['0.5', 'USD', '400', 2000n, 10n],
    ['0.5', 'USD', '400.5', 20025n, 100n],
  ] as const)('of %s %s at %s points per USD', (cost, currency, rate, numerator, denominator) => {
    const pointsPerUsd = rate === undefined ? undefined : ratio(rate)
    expect(pointsOfCost(decimal(cost), currency, pointsPerUsd)).toEqual({ numerator, denominator })
  })

  it('is not known of USD where nobody says what one is worth', () => {
    expect(pointsOfCost(decimal('1'), 'USD', undefined)).toBeUndefined()
  })
})
