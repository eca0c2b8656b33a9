import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addDecimals,
  divideDecimals,
  formatDecimal,
  multiplyDecimals,
  parseDecimal,
  ZERO_DECIMAL,
} from '../../src/units/decimal.ts'
import { abs, jsonInteger, percentText, sum } from '../../src/units/exact.ts'
import { addNanoUsd, formatUsd, isFinerThanNano, nanoUsd, parseUsd, subNanoUsd } from '../../src/units/nano-usd.ts'
import { addPoints, points, subPoints } from '../../src/units/points.ts'
import {
  exceeds,
  formatRatio,
  parseRatio,
  percentBeside,
  ratio,
  ratioPercent,
  scaleDown,
  shareBeside,
} from '../../src/units/ratio.ts'

describe('nano-USD', () => {
  it.each([
    ['0', 0n],
    ['12.3', 12_300_000_000n],
    ['0.000000001', 1n],
    ['-0.05', -50_000_000n],
    ['1e-9', 1n],
    ['2.5E+2', 250_000_000_000n],
    ['.5', undefined],
    ['1.', 1_000_000_000n],
    ['+3', 3_000_000_000n],
    [' 7 ', 7_000_000_000n],
    ['0.0000000004', 0n],
    ['0.0000000005', 1n],
    ['-0.0000000005', -1n],
    ['123456789012.123456789', 123_456_789_012_123_456_789n],
    ['', undefined],
    ['1,5', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['0x10', undefined],
    ['1e9999', undefined],
    ['1e12', 10n ** 21n],
    ['12e-10', 1n],
    ['15e-10', 2n],
    ['x1', undefined],
    ['1x', undefined],
    ['--1', undefined],
    ['1e', undefined],
    ['1e-', undefined],
  ])('reads %j as %s', (text, count) => {
    expect(parseUsd(text)).toBe(count)
  })

  it('reads a number by its shortest text', () => {
    expect(parseUsd(0.1 + 0.2)).toBe(300_000_000n)
    expect(parseUsd(1e-7)).toBe(100n)
  })

  it.each([
    ['0.0500000001', true],
    ['0.050000001', false],
    ['0.0500000010', false],
    ['5e-10', true],
    ['10e-10', false],
    ['0e-30', false],
    ['0.00000000049e1', true],
    ['0.00000000050e1', false],
    ['-0.0000000004', true],
    ['3', false],
    ['x', false],
    [0.1 + 0.2, true],
  ])('tells of %j whether it is finer than a nano-dollar: %s', (text, isFiner) => {
    expect(isFinerThanNano(text)).toBe(isFiner)
  })

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (count) => {
        expect(parseUsd(formatUsd(nanoUsd(count)))).toBe(count)
        expect(formatUsd(nanoUsd(count))).toMatch(/^-?\d+(\.\d*[1-9])?$/)
      }),
    )
  })

  it('adds without losing anything', () => {
    const tenth = parseUsd('0.1') ?? nanoUsd(0n)
    expect(formatUsd(addNanoUsd(tenth, parseUsd('0.2') ?? tenth))).toBe('0.3')
    expect(formatUsd(subNanoUsd(tenth, parseUsd('0.2') ?? tenth))).toBe('-0.1')
  })
})

describe('points', () => {
  it('are added and taken away', () => {
    expect([addPoints(points(3n), points(4n)), subPoints(points(3n), points(4n))]).toEqual([7n, -1n])
  })
})

describe('ratios', () => {
  it('compare exactly', () => {
    const tenth = ratio('0.1')
    expect(exceeds(1n, 10n, tenth)).toBe(false)
    expect(exceeds(100_000_000_000_000_000_001n, 10n ** 21n, tenth)).toBe(true)
    expect(scaleDown(19n, tenth)).toBe(1n)
  })

  it.each(['0', '5', '0.1', '0.005', '100', '10.05'])('%s is written as it is read', (text) => {
    expect(formatRatio(ratio(text))).toBe(text)
  })

  it.each([
    ['10.50', '10.5'],
    ['100.0', '100'],
    ['0.0', '0'],
    [' 2.5 ', '2.5'],
    ['123456789012.123456789012', '123456789012.123456789012'],
  ])('%j is written as %s', (text, written) => {
    expect(formatRatio(ratio(text))).toBe(written)
  })

  it.each(['-1', '1e3', '', 'a', '1/2', '0.1.2', '1.', '.1', '1234567890123', '0.1234567890123', 'x1', '1x'])(
    '%j is none',
    (text) => {
      expect(parseRatio(text)).toBeUndefined()
      expect(() => ratio(text)).toThrow(new RangeError(`not a decimal ratio: ${text}`))
    },
  )

  it('speak in percent', () => {
    expect([ratioPercent(ratio('0.1')), ratioPercent(ratio('0.005')), ratioPercent(ratio('2'))]).toEqual([
      '10',
      '0.5',
      '200',
    ])
    // The two deviations of the skill's example among them, as its users work them out.
    expect([percentText(2n, 3n), percentText(6632n, 9992n), percentText(770n, 850n)]).toEqual(['66.7', '66.4', '90.6'])
    expect([percentText(1n, 1n), percentText(9999n, 10_000n), percentText(10_001n, 10_000n)]).toEqual([
      '100.0',
      '99.9',
      '100.0',
    ])
  })

  it.each([
    // A share at its limit, and below it, never reads as if it were above.
    [30n, 100n, '0.3', '30.0'],
    [2994n, 10_000n, '0.3', '29.9'],
    [2999n, 10_000n, '0.3', '30.0'],
    [29_955n, 100_000n, '0.2996', '29.96'],
    // One above it never reads as if it were not.
    [31n, 100n, '0.3', '31.0'],
    [3001n, 10_000n, '0.3', '30.01'],
    [300_001n, 1_000_000n, '0.3', '30.0001'],
    [1006n, 10_000n, '0.1005', '10.1'],
    [1004n, 10_000n, '0.1003', '10.04'],
    [5n * 10n ** 15n + 1n, 10n ** 17n, '0.05', '5.000000000000001'],
    // Something never reads as nothing.
    [0n, 100n, '0.05', '0.0'],
    [4n, 1_000_000n, '0.05', '0.0004'],
    [1n, 2000n, '0.05', '0.1'],
  ])('are told from a limit: %s of %s beside %s', (part, whole, limit, shown) => {
    expect(percentBeside(part, whole, ratio(limit))).toBe(shown)
  })

  it.each([
    [36n, 40n, '0.9', '0.900'],
    [1n, 3n, '0.9', '0.333'],
    [0n, 3n, '0.9', '0.000'],
    [3n, 3n, '0.9', '1.000'],
    [9999n, 10_000n, '0.9', '0.999'],
    [1n, 1n, '1', '1.000'],
    // What does not reach it never reads as if it did, nor the other way round.
    [1620n, 1801n, '0.9', '0.8995'],
    [89_999n, 100_000n, '0.9', '0.89999'],
    [2n, 3n, '0.6668', '0.6667'],
    [66_664n, 100_000n, '0.66662', '0.667'],
  ])('are told as a factor that may reach a limit: %s of %s beside %s', (part, whole, limit, shown) => {
    expect(shareBeside(part, whole, ratio(limit))).toBe(shown)
  })
})

describe('decimals', () => {
  it.each([
    ['1.50', '2.5', '4'],
    ['0.1', '0.02', '0.12'],
    ['-1', '0.5', '-0.5'],
    ['999999999999999999999.9', '0.1', '1000000000000000000000'],
  ])('%s + %s = %s', (a, b, total) => {
    const [left, right] = [parseDecimal(a), parseDecimal(b)]
    expect(left && right && formatDecimal(addDecimals(left, right))).toBe(total)
  })

  it.each([
    ['0.025', '100', '2.5'],
    ['0.000000123', '123456789.000001', '15.185185047000123'],
    ['-1.5', '0.2', '-0.3'],
  ])('%s × %s = %s', (a, b, product) => {
    expect(formatDecimal(multiplyDecimals(parseDecimal(a)!, parseDecimal(b)!))).toBe(product)
  })

  it.each([
    ['0.07', '3', 9, '0.023333333', false],
    ['2', '3', 3, '0.667', false],
    ['-2', '3', 3, '-0.667', false],
    ['1', '-8', 2, '-0.13', false],
    ['1', '8', 3, '0.125', true],
    ['0.5', '0.25', 0, '2', true],
    ['0', '7', 2, '0', true],
    ['-1', '-8', 2, '0.13', false],
    ['0.01', '-0.02', 1, '-0.5', true],
  ])('%s / %s to %i places is %s, exact: %s', (a, b, places, quotient, exact) => {
    const divided = divideDecimals(parseDecimal(a)!, parseDecimal(b)!, places)
    expect(divided && [formatDecimal(divided.quotient), divided.exact]).toEqual([quotient, exact])
  })

  it('cannot be divided by zero', () => {
    expect(divideDecimals(parseDecimal('1')!, ZERO_DECIMAL, 9)).toBeUndefined()
  })

  it.each([
    [' 7 ', '7'],
    ['+7.250', '7.25'],
    ['1.', '1'],
    ['-0.05', '-0.05'],
    ['100', '100'],
    ['0.0', '0'],
  ])('%j is written as %s', (text, written) => {
    expect(formatDecimal(parseDecimal(text)!)).toBe(written)
  })

  it.each(['', '1e3', 'x', '--1', 'x1', '1x', '.5'])('%j is none', (text) => {
    expect(parseDecimal(text)).toBeUndefined()
  })
})

describe('exact integers', () => {
  it('sum and size', () => {
    expect(sum([1n, -3n, 10n], (value) => value)).toBe(8n)
    expect([abs(-2n), abs(2n), abs(0n)]).toEqual([2n, 2n, 0n])
  })

  it('are integers of JSON as far as these are exact, and none beyond', () => {
    const most = BigInt(Number.MAX_SAFE_INTEGER)
    expect([jsonInteger(-7n), jsonInteger(most), jsonInteger(-most)]).toEqual([-7, Number(most), -Number(most)])
    for (const beyond of [most + 1n, -most - 1n]) {
      expect(() => jsonInteger(beyond)).toThrow(new RangeError(`too large for an integer of JSON: ${beyond}`))
    }
  })
})
