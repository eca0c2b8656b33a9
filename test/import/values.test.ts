import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { storedUsd } from '../../src/import/usd-text.ts'
import { Refusal, valueReader } from '../../src/import/values.ts'
import { nanoUsdReader } from '../../src/ledger/cells.ts'
import { formatUsd } from '../../src/units/nano-usd.ts'

const whole = 9_007_199_254_740_991

const ACCEPTED = [
  ['row-id', '0', 0],
  ['row-id', '5', 5],
  ['row-id', '007', 7],
  ['row-id', '5.0', 5],
  ['row-id', `${whole}`, whole],
  ['natural', null, null],
  ['natural', '', null],
  ['natural', 'NULL', null],
  ['natural', '\\N', null],
  ['natural', '0', 0],
  ['natural', '101', 101],
  ['integer', '-40', -40],
  ['integer', '+40', 40],
  ['integer', '-0', 0],
  ['integer', '40.', 40],
  ['integer', `-${whole}`, -whole],
  ['integer', null, null],
  ['flag', '0', 0],
  ['flag', '1', 1],
  ['flag', '2', 2],
  ['flag', '-1', -1],
  ['flag', 'true', 1],
  ['flag', 'FALSE', 0],
  ['flag', '\u0001', 1],
  ['flag', '\u0000', 0],
  ['flag', "b'1'", 1],
  ['flag', "b'0'", 0],
  ['flag', null, null],
  ['flag', '', null],
  ['usd', '12.3', '12.3'],
  ['usd', '-0.5', '-0.5'],
  ['usd', '0', '0'],
  ['usd', '1e-05', '0.00001'],
  ['usd', '.5', undefined],
  ['usd', null, null],
  ['usd', '', null],
  ['usd', 'null', null],
  ['time', '2026-02-01 00:00:00', '2026-02-01 00:00:00'],
  ['time', '2026-02-01T23:59:59', '2026-02-01 23:59:59'],
  ['time', '2026-02-01 00:00:00.0', '2026-02-01 00:00:00'],
  ['time', '2026-02-01 00:00:00.000000', '2026-02-01 00:00:00'],
  ['time', '2026-02-01T00:00:00.123456', '2026-02-01 00:00:00.123456'],
  ['time', '2024-02-29 12:00:00', '2024-02-29 12:00:00'],
  ['time', '2000-02-29 12:00:00', '2000-02-29 12:00:00'],
  ['time', '0000-00-00 00:00:00', '0000-00-00 00:00:00'],
  ['time', '2026-02-00 00:00:00', '2026-02-00 00:00:00'],
  ['time', null, null],
  ['time', '', null],
  ['text', ' a\n', 'a'],
  ['text', '', ''],
  ['text', 'NULL', 'NULL'],
  ['text', '张三', '张三'],
  ['text', null, null],
  ['secret', ' id:secret ', 'id:secret'],
] as const

const REFUSED = [
  ['row-id', null],
  ['row-id', ''],
  ['row-id', 'NULL'],
  ['row-id', '-1'],
  ['row-id', '1.5'],
  ['row-id', '1e3'],
  ['row-id', 'a'],
  ['row-id', ' 1'],
  ['row-id', `${whole + 1}`],
  ['row-id', '99999999999999999999'],
  ['row-id', '0x10'],
  ['natural', '-1'],
  ['natural', '1,000'],
  ['natural', '2147483648000000000'],
  ['integer', '40.5'],
  ['integer', '4e1'],
  ['integer', '--4'],
  ['integer', `-${whole + 1}`],
  ['flag', 'yes'],
  ['flag', '0.5'],
  ['usd', 'abc'],
  ['usd', '$1'],
  ['usd', '1,5'],
  ['usd', 'nan'],
  ['usd', 'inf'],
  ['usd', '1e39'],
  ['usd', '1e999'],
  ['time', '2026-02-01'],
  ['time', '2026-02-01 00:00'],
  ['time', '2026/2/1 0:00:00'],
  ['time', '2026-02-01 00:00:00Z'],
  ['time', '2026-02-01T00:00:00+08:00'],
  ['time', '2026-02-01 00:00:00.1234567'],
  ['time', '2026-02-30 00:00:00'],
  ['time', '2025-02-29 00:00:00'],
  ['time', '2024-02-30 00:00:00'],
  ['time', '1900-02-29 00:00:00'],
  ['time', '2026-13-01 00:00:00'],
  ['time', '2026-04-31 00:00:00'],
  ['time', '2026-02-01 24:00:00'],
  ['time', '2026-02-01 00:60:00'],
  ['time', '2026-02-01 00:00:60'],
  ['time', '1770000000'],
  ['text', 'a\u0000b'],
] as const

describe('a value', () => {
  it.each(ACCEPTED)('%s %j is stored as %j', (kind, text, stored) => {
    const read = valueReader(kind, 'unknown')(text)
    if (stored === undefined) expect(read).toBeInstanceOf(Refusal)
    else expect(read).toEqual(stored)
    expect(Object.is(read, -0)).toBe(false)
  })

  it.each(REFUSED)('%s %j is refused, and says what is accepted', (kind, text) => {
    const read = valueReader(kind, 'unknown')(text)
    expect(read).toBeInstanceOf(Refusal)
    expect((read as Refusal).accepted).not.toBe('')
  })
})

it('a time may be of each day of a year, and of no other', () => {
  const read = valueReader('time', 'unknown')
  for (const [index, days] of [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].entries()) {
    const time = (day: number) => `2026-${String(index + 1).padStart(2, '0')}-${String(day).padStart(2, '0')} 00:00:00`
    expect(read(time(days))).toBe(time(days))
    expect(read(time(days + 1))).toBeInstanceOf(Refusal)
  }
  expect(read('2026-00-31 00:00:00')).toBe('2026-00-31 00:00:00')
  expect(read('2026-00-32 00:00:00')).toBeInstanceOf(Refusal)
})

/** What the audit reads where a FLOAT of MySQL holds this 4-byte number. */
const asFloat = (float: number): string =>
  formatUsd(nanoUsdReader('float32', { table: 't', column: 'c' })(float) ?? (undefined as never))

describe('an amount of USD', () => {
  it.each([
    ['0.1', '0.1'],
    ['0.100000001', '0.1'],
    ['0.10000000149011612', '0.1'],
    ['0.1000000015', '0.1'],
    ['1e-05', '0.00001'],
    ['9.99999974737875e-06', '0.00001'],
    ['12.300000190734863', '12.3'],
    ['16777216', '16777216'],
    ['1234.567', '1234.567'],
    ['0.1000000000', '0.1'],
    [' 0.100000001 ', '0.1'],
  ])('%s, whatever it came from, is %s', (text, usd) => {
    expect(storedUsd(text, 'unknown')).toBe(usd)
  })

  it('that no FLOAT prints is that of a DECIMAL or a DOUBLE, and stays as it is', () => {
    for (const text of ['1234.567891', '0.123456789', '98765.4321', '123456789.12']) {
      expect(storedUsd(text, 'unknown')).toBe(text)
      expect(storedUsd(text, 'other')).toBe(text)
      expect(storedUsd(text, 'float')).toBe(asFloat(Math.fround(Number(text))))
    }
  })

  it.each([
    [`1.1${'0'.repeat(98)}1`, '1.1'],
    [`0.${'0'.repeat(60)}${'1'.repeat(50)}`, '0'],
  ])('of more digits than any program prints is taken as it stands: %s', (text, usd) => {
    expect(storedUsd(text, 'unknown')).toBe(usd)
  })

  it('of a column that is known to be no FLOAT is never taken for one', () => {
    expect(storedUsd('0.100000001', 'other')).toBe('0.100000001')
    expect(storedUsd('0.100000001', 'float')).toBe('0.1')
  })

  it('is what MySQL would hold in a FLOAT, in whatever form that is exported', () => {
    const written = fc.tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: -9, max: 3 }))
    fc.assert(
      fc.property(written, ([digits, exponent]) => {
        const float = Math.fround(Number(`${digits}e${exponent}`))
        const forms = [String(float), float.toPrecision(6), float.toPrecision(9), float.toPrecision(17)]
          // Six digits are not enough for every FLOAT: MySQL prints them all the same.
          .filter((text) => Math.fround(Number(text)) === float)
        const decimals = [float.toFixed(12), float.toFixed(20)].filter((text) => Math.fround(Number(text)) === float)
        for (const text of [...forms, ...decimals]) {
          expect(storedUsd(text, 'unknown'), text).toBe(asFloat(float))
          expect(storedUsd(text, 'float'), text).toBe(asFloat(float))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is read back from the database as it was stored', () => {
    const read = nanoUsdReader('other', { table: 't', column: 'c' })
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (float) => {
        const stored = storedUsd(String(float), 'unknown')
        expect(stored).toBeDefined()
        expect(formatUsd(read(stored ?? '') ?? (undefined as never))).toBe(stored)
      }),
    )
  })
})
