import { describe, expect, it } from 'vitest'
import { chargeText, chargeTexts, marginTexts } from '../../src/billing/charge-money.ts'
import { AuditError } from '../../src/errors.ts'
import { nanoUsd, parseUsd } from '../../src/units/nano-usd.ts'
import { ratio } from '../../src/units/ratio.ts'
import { points, usd } from '../kit/books.ts'

const CNY = { currency: 'CNY', pointsPerUsd: undefined } as const
const USD = (rate: string) => ({ currency: 'USD', pointsPerUsd: ratio(rate) }) as const

describe('a charge', () => {
  it.each([
    [13440, '134.40'],
    [538, '5.38'],
    [7, '0.07'],
    [0, '0.00'],
    [-7, '-0.07'],
    [-12345, '-123.45'],
  ])('of %i points is %s CNY', (amount, text) => {
    expect(chargeText(points(amount), CNY)).toBe(text)
  })

  it('of points is their number', () => {
    expect(chargeText(points(-13440), { currency: 'points', pointsPerUsd: undefined })).toBe('-13440')
  })

  it.each([
    [13440, '33.60'],
    [1, '0.0025'],
    [401, '1.0025'],
    [-400, '-1.00'],
  ])('of %i points at 400 is %s USD', (amount, text) => {
    expect(chargeText(points(amount), USD('400'))).toBe(text)
  })

  it.each([
    [825, '412.5', '2.00'],
    [1, '0.25', '4.00'],
    [-33, '412.5', '-0.08'],
  ])('of %i points at %s is %s USD: a rate may be no whole number', (amount, rate, text) => {
    expect(chargeText(points(amount), USD(rate))).toBe(text)
  })

  it('without a rate is not told in USD, and the setting is named', () => {
    const told = () => chargeText(points(1), { currency: 'USD', pointsPerUsd: undefined })
    expect(told).toThrow(AuditError)
    expect(told).toThrow('AUDIT_POINTS_PER_USD')
  })

  it('of parts adds up to that of the whole at a rate that does not come out even', () => {
    const parts = [1, 1, 1, 5, -2, 8].map(points)
    const texts = chargeTexts(parts, USD('3'))
    expect(texts.slice(0, 3)).toEqual(['0.333333333', '0.333333334', '0.333333333'])
    const sum = texts.reduce((total, text) => total + (parseUsd(text) ?? 0n), 0n)
    expect(nanoUsd(sum)).toBe(parseUsd(chargeText(points(14), USD('3'))))
    expect(chargeText(points(14), USD('3'))).toBe('4.666666667')
  })
})

describe('a margin', () => {
  const part = (net: number, cost: string | null) => ({
    netPoints: points(net),
    falCostNanoUsd: cost === null ? null : usd(cost),
  })

  it('is the net charge at the rate less the cost, signs kept', () => {
    expect(marginTexts([part(1050, '1.25'), part(400, '1.5'), part(0, '0')], USD('400'))).toEqual([
      '1.375',
      '-0.5',
      '0',
    ])
  })

  it('is null without a rate or without the cost', () => {
    expect(marginTexts([part(1050, '1.25')], CNY)).toEqual([null])
    expect(marginTexts([part(1050, null)], USD('400'))).toEqual([null])
  })
})
