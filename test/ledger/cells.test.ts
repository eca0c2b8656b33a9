import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shortestFloat32, usdReader } from '../../src/ledger/cells.ts'
import { parseUsd } from '../../src/units/nano-usd.ts'

const PLACE = { table: 't', column: 'c' }

describe('reading USD from a float column', () => {
  test('any decimal of seven digits from a nano-dollar to ten thousand dollars comes back to the nano', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 3, max: 9 }), (digits, places) => {
        const written = parseUsd(`${digits}e-${places}`)!
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
      expect(read(Math.fround(index / 1000))).toBe(parseUsd(`${index}e-3`))
    }
  })

  test('what is no amount is an error that names its place', () => {
    expect(() => usdReader('other', PLACE)('abc')).toThrow(/t\.c holds "abc"/)
    expect(() => usdReader('float32', PLACE)(Number.POSITIVE_INFINITY)).toThrow(/t\.c/)
    expect(usdReader('other', PLACE)(null)).toBeNull()
    expect(usdReader('other', PLACE)(3n)).toBe(3_000_000_000n)
    expect(usdReader('other', PLACE)(1e-7)).toBe(100n)
  })
})
