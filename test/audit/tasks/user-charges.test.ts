import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChargedDay, ChargedDays, DAYS_TOGETHER, UserCharges } from '../../../src/audit/tasks/user-charges.ts'
import { wholeOf } from '../../../src/units/exact-sums.ts'
import { chargesOf, date } from '../../kit/books.ts'

const days = (count: number) =>
  Array.from({ length: count }, (_, index) => new ChargedDay(date(`2026-01-${String(index + 1).padStart(2, '0')}`)))

describe('points charged by day', () => {
  it('are told by user, of the days on which something is left', () => {
    const [first, second, third] = days(3) as [ChargedDay, ChargedDay, ChargedDay]
    const all = [first, second, third]
    second.add(0, 5)
    second.add(1, 7)
    third.add(1, 2)
    third.add(1, -2)
    first.add(1, -3)
    const of = (user: number) => [...chargesOf(new UserCharges(all, user))]
    expect(of(0)).toEqual([['2026-01-02', 5]])
    expect(of(1)).toEqual([
      ['2026-01-01', -3],
      ['2026-01-02', 7],
    ])
    expect(of(2)).toEqual([])
    expect(of(1_000_000)).toEqual([])
  })

  it('are those of bigints, of however many users, and beyond what four and eight bytes hold', () => {
    const amounts = fc.oneof(
      fc.bigInt({ min: -9n, max: 9n }),
      fc
        .record({ bits: fc.constantFrom(31n, 32n, 53n, 63n, 64n), off: fc.bigInt({ min: -2n, max: 2n }) })
        .chain(({ bits, off }) => fc.constantFrom(2n ** bits + off, -(2n ** bits) + off)),
    )
    const steps = fc.array(fc.record({ user: fc.constantFrom(0, 1, 1023, 1024, 5000), amount: amounts }), {
      maxLength: 30,
      size: 'max',
    })
    fc.assert(
      fc.property(steps, (given) => {
        const day = new ChargedDay(date('2026-01-01'))
        const expected = new Map<number, bigint>()
        for (const { user, amount } of given) {
          day.add(user, wholeOf(amount))
          expected.set(user, (expected.get(user) ?? 0n) + amount)
        }
        for (const [user, charged] of expected) expect(day.of(user)).toBe(charged)
        expect(day.of(2)).toBe(0n)
      }),
      { numRuns: 500 },
    )
  })

  it('are each day’s own where days stand side by side, of users of whatever pages', () => {
    const steps = fc.array(
      fc.record({
        user: fc.constantFrom(0, 1, 255, 256, 257, 70_000),
        place: fc.nat(DAYS_TOGETHER - 1),
        amount: fc.constantFrom(1n, -1n, 7n, 2n ** 31n - 1n, -(2n ** 31n), 2n ** 53n, -(2n ** 64n)),
      }),
      { maxLength: 60, size: 'max' },
    )
    fc.assert(
      fc.property(steps, (given) => {
        const together = new ChargedDays()
        const side = days(DAYS_TOGETHER).map(({ date: each }, place) => new ChargedDay(each, together, place))
        const expected = new Map<string, bigint>()
        for (const { user, place, amount } of given) {
          side[place]?.add(user, wholeOf(amount))
          expected.set(`${user} ${place}`, (expected.get(`${user} ${place}`) ?? 0n) + amount)
        }
        for (const user of [0, 1, 255, 256, 257, 70_000, 512]) {
          const charged = side.flatMap(({ date: each }, place): [string, number | bigint][] => {
            const amount = expected.get(`${user} ${place}`) ?? 0n
            return amount === 0n ? [] : [[each, wholeOf(amount)]]
          })
          expect([...chargesOf(new UserCharges(side, user))]).toEqual(charged)
        }
      }),
    )
  })

  it('neither wrap nor round at the bounds of 32, 53 and 64 bits', () => {
    for (const most of [2n ** 31n - 1n, -(2n ** 31n), 2n ** 53n - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const day = new ChargedDay(date('2026-01-01'))
      const step = most < 0n ? -1 : 1
      day.add(3, wholeOf(most))
      day.add(3, step)
      day.add(3, step)
      expect(day.of(3)).toBe(most + 2n * BigInt(step))
      day.add(3, -2 * step)
      day.add(3, wholeOf(-most))
      expect(day.of(3)).toBe(0n)
      expect([...chargesOf(new UserCharges([day], 3))]).toEqual([])
    }
  })
})
