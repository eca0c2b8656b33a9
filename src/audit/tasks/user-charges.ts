import { type Whole, wholeOf } from '../../units/exact-sums.ts'
import { type Points, points } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import type { ChargedByDate } from '../rules/day-book.ts'

/** Users of one page: a power of two. Only pages with a charge are there. */
const PAGE_BITS = 8
const PAGE_USERS = 2 ** PAGE_BITS
/** Days that stand side by side: those of one user are looked at together, and fill one line of the processor's cache. */
const DAYS_BITS = 4
export const DAYS_TOGETHER = 2 ** DAYS_BITS

/** Points charged by user, on some days: by the number of the user and the place of the day. */
export class ChargedDays {
  readonly #pages: (Int32Array | undefined)[] = []

  get(user: number, place: number): number {
    return this.#pages[user >>> PAGE_BITS]?.[((user & (PAGE_USERS - 1)) << DAYS_BITS) + place] ?? 0
  }

  set(user: number, place: number, charged: number): void {
    const page = this.#pages[user >>> PAGE_BITS] ?? this.#newPage(user >>> PAGE_BITS)
    page[((user & (PAGE_USERS - 1)) << DAYS_BITS) + place] = charged
  }

  #newPage(number: number): Int32Array {
    const page = new Int32Array(PAGE_USERS << DAYS_BITS)
    // Without holes: an array of holes is looked up like a dictionary.
    while (this.#pages.length <= number) this.#pages.push(undefined)
    this.#pages[number] = page
    return page
  }
}

/** Points charged on one day by the number of the user. */
export class ChargedDay {
  readonly date: CalendarDate
  readonly #days: ChargedDays
  readonly #place: number
  /** What four bytes do not hold, by user; nearly always empty. */
  readonly #high = new Map<number, bigint>()

  /** `place`: that of the day among those it stands beside. */
  constructor(date: CalendarDate, days = new ChargedDays(), place = 0) {
    this.date = date
    this.#days = days
    this.#place = place
  }

  add(user: number, charged: Whole): void {
    if (typeof charged === 'number') {
      const sum = this.#days.get(user, this.#place) + charged
      // A sum that is not exact is far beyond four bytes.
      if (sum === (sum | 0)) {
        this.#days.set(user, this.#place, sum)
        return
      }
    }
    this.#high.set(user, this.of(user) + BigInt(charged))
    this.#days.set(user, this.#place, 0)
  }

  of(user: number): Points {
    return points(BigInt(this.amount(user)))
  }

  /** The same, as a number where one holds it. */
  amount(user: number): Whole {
    const low = this.#days.get(user, this.#place)
    return this.#high.size === 0 ? low : wholeOf((this.#high.get(user) ?? 0n) + BigInt(low))
  }
}

/** Points charged to one user by day: of very many users nothing is made for each of their days. */
export class UserCharges implements ChargedByDate {
  readonly #days: readonly ChargedDay[]
  readonly #user: number

  constructor(days: readonly ChargedDay[], user: number) {
    this.#days = days
    this.#user = user
  }

  forEach(take: (charged: Whole, date: CalendarDate) => void): void {
    for (const day of this.#days) {
      const charged = day.amount(this.#user)
      if (charged !== 0) take(charged, day.date)
    }
  }
}
