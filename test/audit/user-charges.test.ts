import { describe, expect, it } from 'vitest'
import { DayNumbers, UserCharges } from '../../src/audit/user-charges.ts'
import { date, points } from '../kit/books.ts'

const days = Array.from({ length: 40 }, (_, index) => date(`2026-01-${String(index + 1).padStart(2, '0')}`))

describe('points charged by day', () => {
  it('are added up by user, whatever days the others have', () => {
    const numbers = new DayNumbers()
    const [one, other] = [new UserCharges(numbers), new UserCharges(numbers)]
    for (const day of days) one.add(day, points(5))
    other.add(date('2026-01-30'), points(7))
    other.add(date('2026-01-02'), points(1))
    other.add(date('2026-01-30'), points(-3))
    expect([...other]).toEqual([
      ['2026-01-02', 1n],
      ['2026-01-30', 4n],
    ])
    expect([...one]).toEqual(days.map((day) => [day, 5n]))
    expect([...new UserCharges(numbers)]).toEqual([])
  })

  it('are not told of days on which nothing is left, and none of them is lost as the days grow', () => {
    const numbers = new DayNumbers()
    const user = new UserCharges(numbers)
    for (const [index, day] of days.entries()) user.add(day, points(index))
    user.add(date('2026-01-10'), points(-9))
    expect(new Map(user).has(date('2026-01-10'))).toBe(false)
    expect([...user].reduce((sum, [, charged]) => sum + charged, 0n)).toBe(BigInt((39 * 40) / 2 - 9))
    expect([...user].length).toBe(38)
  })

  it('have numbers for their days, in the order in which the days were seen', () => {
    const numbers = new DayNumbers()
    expect([days[3], days[1], days[3]].map((day) => numbers.numberOf(day ?? date('')))).toEqual([0, 1, 0])
    expect([0, 1, 2].map((number) => numbers.dateOf(number))).toEqual([days[3], days[1], undefined])
  })
})
