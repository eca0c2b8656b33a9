import type { Instant } from '../units/instant.ts'
import type { CalendarDate, Zone } from '../units/zone.ts'

/** Days beyond which the ones known are forgotten. */
const DAYS_MAX = 1000
const HOUR_MILLIS = 3_600_000

/** Dates of many instants of a few days, in any order: the days that were seen are remembered. */
export class DateReader {
  readonly #zone: Zone
  /** By hours since the epoch: dates of the hours that one day holds as a whole. */
  readonly #byHour = new Map<number, CalendarDate>()
  #start = 0
  #end = 0
  #date = '' as CalendarDate

  constructor(zone: Zone) {
    this.#zone = zone
  }

  dateOf(at: Instant): CalendarDate {
    if (at >= this.#start && at < this.#end) return this.#date
    const hour = Math.floor(at / HOUR_MILLIS)
    const known = this.#byHour.get(hour)
    if (known !== undefined) return known
    this.#date = this.#zone.dateOf(at)
    this.#start = this.#zone.startOfDate(this.#date)
    this.#end = this.#zone.startOfDate(this.#zone.addDays(this.#date, 1))
    if (this.#byHour.size > DAYS_MAX * 24) this.#byHour.clear()
    const isWhole = hour * HOUR_MILLIS >= this.#start && (hour + 1) * HOUR_MILLIS <= this.#end
    if (isWhole) this.#byHour.set(hour, this.#date)
    return this.#date
  }
}
