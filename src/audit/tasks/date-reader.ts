import type { Instant } from '../../units/instant.ts'
import type { CalendarDate, Zone } from '../../units/zone.ts'

/** Hours that are remembered, of half a year: one that lies so far from another takes its place. A power of two. */
const HOURS = 4096
/** Before every instant there is. */
const NO_HOUR = -(2 ** 31)
const HOUR_MILLIS = 3_600_000

/** What belongs to the days of many instants, in any order: the days that were seen are remembered. */
export class DayReader<Day> {
  readonly #zone: Zone
  readonly #dayOf: (date: CalendarDate) => Day
  /** Hours that one day holds as a whole, counted since the epoch, and their days. */
  readonly #hours = new Int32Array(HOURS).fill(NO_HOUR)
  readonly #days: (Day | undefined)[] = new Array<Day | undefined>(HOURS).fill(undefined)
  #start = 0
  #end = 0
  #day: Day | undefined

  /** `dayOf` may be asked for the same day again. */
  constructor(zone: Zone, dayOf: (date: CalendarDate) => Day) {
    this.#zone = zone
    this.#dayOf = dayOf
  }

  at(at: Instant): Day {
    if (this.#day !== undefined && at >= this.#start && at < this.#end) return this.#day
    const hour = Math.floor(at / HOUR_MILLIS)
    const place = hour & (HOURS - 1)
    if (this.#hours[place] === hour) return this.#days[place] as Day
    const date = this.#zone.dateOf(at)
    const day = this.#dayOf(date)
    this.#day = day
    this.#start = this.#zone.startOfDate(date)
    this.#end = this.#zone.startOfDate(this.#zone.addDays(date, 1))
    const isWhole = hour * HOUR_MILLIS >= this.#start && (hour + 1) * HOUR_MILLIS <= this.#end
    if (isWhole) {
      this.#days[place] = day
      this.#hours[place] = hour
    }
    return day
  }
}

/** Dates of many instants of a few days, in any order, each with a number, from 0 on. */
export class DateReader {
  readonly #days: DayReader<number>
  readonly #numbers = new Map<CalendarDate, number>()
  readonly #dates: CalendarDate[] = []

  constructor(zone: Zone) {
    this.#days = new DayReader(zone, (date) => this.#numberOf(date))
  }

  dateOf(at: Instant): CalendarDate {
    return this.#dates[this.#days.at(at)] as CalendarDate
  }

  /** The number of the date of an instant: each date has its own. */
  numberAt(at: Instant): number {
    return this.#days.at(at)
  }

  #numberOf(date: CalendarDate): number {
    const known = this.#numbers.get(date)
    if (known !== undefined) return known
    const number = this.#dates.push(date) - 1
    this.#numbers.set(date, number)
    return number
  }
}
