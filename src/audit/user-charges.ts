import { type Points, points } from '../units/points.ts'
import type { CalendarDate } from '../units/zone.ts'

/** Days that any user was charged on, each with a number. */
export class DayNumbers {
  readonly #numbers = new Map<CalendarDate, number>()
  readonly #dates: CalendarDate[] = []

  numberOf(date: CalendarDate): number {
    const known = this.#numbers.get(date)
    if (known !== undefined) return known
    this.#dates.push(date)
    this.#numbers.set(date, this.#dates.length - 1)
    return this.#dates.length - 1
  }

  dateOf(number: number): CalendarDate | undefined {
    return this.#dates[number]
  }
}

/** Points charged to one user by day, eight bytes a day: there may be many users, and two months of days of each. */
export class UserCharges implements Iterable<readonly [CalendarDate, Points]> {
  readonly #days: DayNumbers
  #points = new BigInt64Array(0)

  constructor(days: DayNumbers) {
    this.#days = days
  }

  add(date: CalendarDate, charged: Points): void {
    const number = this.#days.numberOf(date)
    if (number >= this.#points.length) {
      const larger = new BigInt64Array(number + 8)
      larger.set(this.#points)
      this.#points = larger
    }
    this.#points[number] = (this.#points[number] ?? 0n) + charged
  }

  /** The days with charges other than 0. */
  *[Symbol.iterator](): Generator<readonly [CalendarDate, Points]> {
    for (let number = 0; number < this.#points.length; number++) {
      const charged = this.#points[number] ?? 0n
      const date = this.#days.dateOf(number)
      if (charged !== 0n && date !== undefined) yield [date, points(charged)]
    }
  }
}
