import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactSums, wholeOf } from '../../src/units/exact-sums.ts'

const SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const NARROW = 2n ** 31n

/** Near every bound at which something is held otherwise, and far beyond each. */
const bounds = [0n, NARROW, 2n ** 32n, SAFE, 2n ** 63n, 2n ** 64n, 2n ** 100n]
const amounts = fc.oneof(
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc
    .record({ bound: fc.constantFrom(...bounds), off: fc.bigInt({ min: -3n, max: 3n }), negative: fc.boolean() })
    .map(({ bound, off, negative }) => (negative ? -(bound + off) : bound + off)),
)

describe('a whole number that is to be added', () => {
  it.each([0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n, -(2n ** 32n) - 1n, SAFE, -SAFE])(
    'is a number: %s',
    (amount) => {
      expect(wholeOf(amount)).toBe(Number(amount))
    },
  )

  it.each([SAFE + 1n, -SAFE - 1n, 2n ** 64n, 2n ** 64n + 1n, -(2n ** 64n)])('stays a bigint: %s', (amount) => {
    expect(wholeOf(amount)).toBe(amount)
  })

  it('is the same number, whatever it is', () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(BigInt(wholeOf(amount))).toBe(amount)
        expect(wholeOf(amount)).not.toBe(0n)
      }),
    )
  })
})

describe('sums', () => {
  it('are those of bigints, in any order of growing', () => {
    const steps = fc.array(fc.record({ place: fc.nat(5), amount: amounts }), { maxLength: 40, size: 'max' })
    fc.assert(
      fc.property(steps, (given) => {
        const sums = new ExactSums(1)
        const expected = [0n, 0n, 0n, 0n, 0n, 0n]
        for (const { place, amount } of given) {
          sums.grow(place + 1)
          sums.add(place, wholeOf(amount))
          expected[place] = (expected[place] ?? 0n) + amount
        }
        sums.grow(6)
        expect(expected.map((_, place) => sums.sum(place))).toEqual(expected)
        expect(expected.map((_, place) => sums.nearest(place))).toEqual(expected.map(Number))
      }),
      { numRuns: 500 },
    )
  })

  it.each([NARROW - 1n, SAFE])('go on past %s, and come back', (most) => {
    for (const sign of [1n, -1n]) {
      const sums = new ExactSums(2)
      sums.add(0, wholeOf(sign * most))
      const seen = [1n, 1n, -1n, -1n, -1n].map((step) => {
        sums.add(0, Number(sign * step))
        return sums.sum(0) - sign * most
      })
      expect(seen).toEqual([sign, 2n * sign, sign, 0n, -sign])
      expect([sums.sum(1), sums.nearest(1)]).toEqual([0n, 0])
    }
  })

  it('are 0 again when they were cleared', () => {
    const sums = new ExactSums(2)
    sums.add(0, 2n ** 70n)
    sums.add(1, 5)
    sums.clear()
    expect([sums.sum(0), sums.sum(1), sums.nearest(0)]).toEqual([0n, 0n, 0])
  })
})
