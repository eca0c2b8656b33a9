import type { Whole } from '../units/exact-sums.ts'
import { type Points, points } from '../units/points.ts'
import type { CalendarDate } from '../units/zone.ts'

/** Users of one page: a power of two. Only pages with a charge are there. */
const PAGE_BITS = 10
const PAGE_USERS = 2 ** PAGE_BITS

/** Points charged on one day by the number of the user: rows follow the days, so that what is added to lies together. */
export class ChargedDay {
  readonly date: CalendarDate
  readonly #pages: (Int32Array | undefined)[] = []
  /** What four bytes do not hold, by user; nearly always empty. */
  readonly #high = new Map<number, bigint>()

  constructor(date: CalendarDate) {
    this.date = date
  }

  add(user: number, charged: Whole): void {
    const page = this.#pages[user >>> PAGE_BITS] ?? this.#newPage(user >>> PAGE_BITS)
    const at = user & (PAGE_USERS - 1)
    if (typeof charged === 'number') {
      const sum = (page[at] as number) + charged
      // A sum that is not exact is far beyond four bytes.
      if (sum === (sum | 0)) {
        page[at] = sum
        return
      }
    }
    this.#high.set(user, this.of(user) + BigInt(charged))
    page[at] = 0
  }

  of(user: number): Points {
    const low = this.#pages[user >>> PAGE_BITS]?.[user & (PAGE_USERS - 1)] ?? 0
    return points((this.#high.get(user) ?? 0n) + BigInt(low))
  }

  #newPage(number: number): Int32Array {
    const page = new Int32Array(PAGE_USERS)
    // Without holes: an array of holes is looked up like a dictionary.
    while (this.#pages.length <= number) this.#pages.push(undefined)
    this.#pages[number] = page
    return page
  }
}

/** Points charged to one user by day. */
export class UserCharges implements Iterable<readonly [CalendarDate, Points]> {
  readonly #days: readonly ChargedDay[]
  readonly #user: number

  constructor(days: readonly ChargedDay[], user: number) {
    this.#days = days
    this.#user = user
  }

  /** The days with charges other than 0. */
  *[Symbol.iterator](): Generator<readonly [CalendarDate, Points]> {
    for (const day of this.#days) {
      const charged = day.of(this.#user)
      if (charged !== 0n) yield [day.date, charged]
    }
  }
}
