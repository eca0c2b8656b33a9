import { DAY, type Instant, type InstantRange, later, plus } from './instant.ts'
import type { CalendarDate, Zone } from './zone.ts'

/** The time an audit covers, half-open, in the audit's zone. */
export interface Window extends InstantRange {
  readonly zone: Zone
}

/** Most days a window may span: a year and a day, so that a leap year fits. */
export const WINDOW_DAYS_MAX = 367

/** Where so many days from an instant on end at the latest: one of the calendar may have 25 hours. */
export const latestEnd = (start: Instant, days: number, zone: Zone): Instant =>
  later(plus(start, days * DAY), zone.startOfDate(zone.addDays(zone.dateOf(start), days)))

/** The dates of the zone that the window touches, in order: two more than WINDOW_DAYS_MAX at most, where clocks left an hour out. */
export function datesOf(window: Window): CalendarDate[] {
  const dates: CalendarDate[] = []
  let date = window.zone.dateOf(window.start)
  for (let count = 0; count < WINDOW_DAYS_MAX + 2 && window.zone.startOfDate(date) < window.end; count++) {
    dates.push(date)
    date = window.zone.addDays(date, 1)
  }
  return dates
}
