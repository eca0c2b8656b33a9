import type { Instant } from '../units/instant.ts'
import type { CalendarDate, Zone } from '../units/zone.ts'

/** Days beyond which the ones known are forgotten. */
const DAYS_MAX = 1000
const HOUR_MILLIS = 3_600_000

/** What belongs to the days of many instants, in any order: the days that were seen are remembered. */
export class DayReader<Day> {
  readonly #zone: Zone
  readonly #dayOf: (date: CalendarDate) => Day
  /** By hours since the epoch: days of the hours that one day holds as a whole. */
  readonly #byHour = new Map<number, Day>()
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
    const known = this.#byHour.get(hour)
    if (known !== undefined) return known
    const date = this.#zone.dateOf(at)
    const day = this.#dayOf(date)
    this.#day = day
    this.#start = this.#zone.startOfDate(date)
    this.#end = this.#zone.startOfDate(this.#zone.addDays(date, 1))
    if (this.#byHour.size > DAYS_MAX * 24) this.#byHour.clear()
    const isWhole = hour * HOUR_MILLIS >= this.#start && (hour + 1) * HOUR_MILLIS <= this.#end
    if (isWhole) this.#byHour.set(hour, day)
    return day
  }
}

/** Dates of many instants of a few days, in any order. */
export class DateReader {
  readonly #days: DayReader<CalendarDate>

  constructor(zone: Zone) {
    this.#days = new DayReader(zone, (date) => date)
  }

  dateOf(at: Instant): CalendarDate {
    return this.#days.at(at)
  }
}
