import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Cell,
  flagOf,
  idOf,
  instantOf,
  integerOf,
  nanoUsdReader,
  shortestFloat32,
  textOf,
  usdReader,
  wholeOrNull,
} from '../../src/ledger/cells.ts'
import { wholeOf } from '../../src/units/exact-sums.ts'
import { formatUsd, parseUsd } from '../../src/units/nano-usd.ts'
import { isNought } from '../../src/units/nought.ts'
import { openZone } from '../../src/units/zone.ts'

const PLACE = { table: 't', column: 'c' }

describe('reading USD from a float column', () => {
  test('any decimal of seven digits from a nano-dollar to ten thousand dollars comes back to the nano', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 3, max: 9 }), (digits, places) => {
        const written = wholeOf(parseUsd(`${digits}e-${places}`)!)
        const stored = Math.fround(Number(`${digits}e-${places}`))
        expect(usdReader('float32', PLACE)(stored)).toBe(written)
      }),
      { numRuns: 3000 },
    )
  })

  test('the shortest decimal names the same float, always', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        // === and not toBe: the sign of -0 means nothing in money.
        expect(Math.fround(Number(shortestFloat32(value))) === value).toBe(true)
      }),
    )
  })

  test('remembers only so many values, and reads them alike afterwards', () => {
    const read = usdReader('float32', PLACE)
    for (let index = 0; index < 70_000; index++) {
      expect(read(Math.fround(index / 1000))).toBe(wholeOf(parseUsd(`${index}e-3`)!))
    }
  })

  test('what is no amount is an error that names its place', () => {
    expect(() => usdReader('other', PLACE)('abc')).toThrow(/t\.c holds "abc"/)
    expect(() => usdReader('float32', PLACE)(Number.POSITIVE_INFINITY)).toThrow(/t\.c/)
    for (const cell of [null, '', ' ', Buffer.from('')]) {
      expect(usdReader('other', PLACE)(cell)).toBeNull()
      expect(nanoUsdReader('other', PLACE)(cell)).toBeNull()
    }
    expect(usdReader('other', PLACE)('0')).toBe(0)
    expect(usdReader('other', PLACE)(3n)).toBe(3_000_000_000)
    expect(usdReader('other', PLACE)(1e-7)).toBe(100)
  })

  test('is the same in whatever order and however often values come, 0 and those of other signs among them', () => {
    const values = fc.array(
      fc.oneof(
        fc.constantFrom(0, -0, 0.1, -0.1, 1e-45, 3e38, -3e38),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: -99_999, max: 99_999 }).map((n) => Math.fround(n / 1000)),
      ),
      { maxLength: 60, size: 'max' },
    )
    fc.assert(
      fc.property(values, (given) => {
        const [read, asMoney] = [usdReader('float32', PLACE), nanoUsdReader('float32', PLACE)]
        for (const value of [...given, ...given.map((each) => -each), ...given]) {
          const written = parseUsd(shortestFloat32(Math.fround(value)))!
          expect(read(Math.fround(value))).toBe(wholeOf(written))
          expect(asMoney(Math.fround(value))).toBe(written)
        }
      }),
      { numRuns: 300 },
    )
    // Far more values than there are places, twice and in another order: each shares its place with others.
    const read = usdReader('float32', PLACE)
    const all = Array.from({ length: 150_000 }, (_, index) => Math.fround((index * 7919) / 1e5))
    const once = all.map(read)
    for (const [index, value] of [...all.entries()].reverse()) {
      if (read(value) !== once[index]) expect.unreachable(String(value))
    }
    expect(formatUsd(nanoUsdReader('float32', PLACE)(all[1] ?? 0)!)).toBe('0.07919')
  })
})

describe('other cells', () => {
  test('are whole amounts, numbers where these hold them, or errors that name their place', () => {
    const cases: [Cell | undefined, number | bigint | null][] = [
      ...[[null, null] as [null, null], [undefined, null] as [undefined, null]],
      ...([
        [5, 5],
        ['-5', -5],
        [' 7.000 ', 7],
        ['+3.', 3],
      ] as [Cell, number][]),
      ...[[9n, 9] as [bigint, number], [Buffer.from('12'), 12] as [Buffer, number]],
      [2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
      [2n ** 53n, 2n ** 53n],
      ['9007199254740993', 9_007_199_254_740_993n],
      ['-170141183460469231731687303715884105728', -(2n ** 127n)],
    ]
    for (const [cell, whole] of cases) expect([cell, wholeOrNull(cell, PLACE)]).toEqual([cell, whole])
    for (const cell of [1.5, '1.5', '', 'x', '1e3', Number.NaN, 2 ** 53]) {
      if (cell !== 2 ** 53)
        expect(() => wholeOrNull(cell, PLACE)).toThrow(/t\.c holds ".*", which is not a whole number/)
      // A number of which nobody knows whether it is that one; its text is.
      else expect(wholeOrNull(cell, PLACE)).toBe(2n ** 53n)
    }
  })

  test('are instants of a zone, or none', () => {
    const zone = openZone('+08:00')!
    expect(instantOf(zone, '2026-02-03 08:00:00')).toBe(Date.parse('2026-02-03T00:00:00Z'))
    expect([null, undefined, '', '0000-00-00 00:00:00'].map((cell) => instantOf(zone, cell))).toEqual(
      Array(4).fill(null),
    )
  })

  test('say 0 as numbers, as their texts, as false and as a BIT; other words and NULL do not', () => {
    for (const cell of [0, 0n, '0', ' 0 ', '0.00', Buffer.from([0]), Buffer.from('0'), '\u0000', 'false', ' FALSE ']) {
      expect([cell, isNought(textOf(cell))]).toEqual([cell, true])
    }
    for (const cell of [
      1,
      -1,
      '1',
      'true',
      'active',
      'disabled',
      '',
      ' ',
      null,
      undefined,
      Buffer.from([1]),
      Buffer.from(''),
    ]) {
      expect([cell, isNought(textOf(cell))]).toEqual([cell, false])
    }
  })

  test('are ids, or an error where no number holds them', () => {
    const last = Number.MAX_SAFE_INTEGER
    const read = [7, -7, '7', ' 7 ', '007', '7.0', 7n, last, String(last), BigInt(last), null, undefined, '', ' ']
    expect(read.map((cell) => idOf(cell, PLACE))).toEqual([7, -7, 7, 7, 7, 7, 7, last, last, last, 0, 0, 0, 0])
    for (const cell of [last + 1, String(last + 1), 2n ** 53n, 1.5, '1.5', 'x', '1e3', '0x7', Number.NaN, 'u-101']) {
      expect(() => idOf(cell, PLACE)).toThrow(
        /^t\.c holds ".+", which is not a whole number of at most 9007199254740991$/,
      )
    }
    // What stands there may be no id at all, but a key.
    expect(() => idOf('0f0f0f0f-0000-4000-8000-000000000000:very-secret', PLACE)).toThrow(/"0f0f0f0f-0000-4000-8000…"/)
  })

  test('are texts, codes and flags in whatever form a driver gives them', () => {
    expect([' a ', null, undefined, 5, 5n, Buffer.from(' é ')].map(textOf)).toEqual(['a', '', '', '5', '5', 'é'])
    expect([7, '7', ' 7 ', 7n, null, 'x', undefined].map(integerOf)).toEqual([7, 7, 7, 7, 0, 0, 0])
    const flags = [1, 0, '1', '0', 1n, ' 1.0 ', 'True', 'false', '', null]
    expect(flags.map((cell) => flagOf(cell, PLACE))).toEqual([
      ...[true, false, true, false, true, true],
      ...[true, false, false, false],
    ])
    const bytes = [[0, 1], [0], [], [0x30], [0x31], [...Buffer.from('true')]].map((each) => Buffer.from(each))
    expect(bytes.map((cell) => flagOf(cell, PLACE))).toEqual([true, false, false, false, true, true])
  })

  test('are no flags where they are other words: a yes that is read as a no would be a refund that never was', () => {
    for (const cell of ['yes', 'no', 'Y', 'n', '是', 'b1']) {
      expect(() => flagOf(cell, PLACE)).toThrow(`t.c holds "${cell}", which is not 0 or 1`)
    }
  })

  test('are no flags that are set where they are other numbers: a 2 that is read as a 1 would be a refund that was only asked for', () => {
    for (const cell of [2, -1, '2', ' -1 ', 2n, 0.5, '0.5', Buffer.from([0, 2])])
      expect(flagOf(cell, PLACE)).toBe(false)
  })
})
