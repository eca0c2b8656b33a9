import { DAY, earlier, type Instant, type InstantRange, plus } from '../units/instant.ts'
import type { CalendarDate, Zone } from '../units/zone.ts'

/** A stretch of time that is asked for as one, and the one date its usage belongs to, where buckets of fal cannot tell. */
export interface Slice {
  readonly range: InstantRange
  readonly date?: CalendarDate
}

/** Slices of one question; more than the days of the longest window an audit has. */
const SLICES_MAX = 400
const FIXED_OFFSET = /^([+-])(\d{2}):?(\d{2})$/

/**
 * The name under which fal is asked for a zone. A fixed offset of whole hours has one in the zone database, with its sign turned
 * (+08:00 is Etc/GMT-8); whether fal takes offsets is not known. Undefined: no name means this offset.
 */
export function zoneNameFor(zone: Zone): string | undefined {
  const match = FIXED_OFFSET.exec(zone.id)
  if (match === null) return zone.id
  const east = match[1] === '+'
  const hours = Number(match[2])
  if (match[3] !== '00' || hours > (east ? 14 : 12)) return undefined
  return hours === 0 ? 'UTC' : `Etc/GMT${east ? '-' : '+'}${hours}`
}

/** Cuts a range at the zone's midnights or firsts of the month. Undefined where that would take too many slices. */
export function calendarSlices(range: InstantRange, zone: Zone, timeframe: 'day' | 'month'): Slice[] | undefined {
  const slices: Slice[] = []
  let { start } = range
  for (let count = 0; count < SLICES_MAX && start < range.end; count++) {
    const day = zone.dateOf(start)
    const date = timeframe === 'day' ? day : firstOfMonth(day)
    const end = earlier(range.end, zone.startOfDate(dateAfter(date, zone, timeframe)))
    slices.push({ range: { start, end }, date })
    start = end
  }
  return start < range.end ? undefined : slices
}

/**
 * Where a bucket ends at the latest. One that begins at no border of the zone was cut by a clock of its own, and may be as long
 * as any.
 */
export function bucketEnd(start: Instant, zone: Zone, timeframe: 'day' | 'month'): Instant {
  const day = zone.dateOf(start)
  const date = timeframe === 'day' ? day : firstOfMonth(day)
  if (zone.startOfDate(date) !== start) return plus(start, (timeframe === 'day' ? 1 : 31) * DAY)
  return zone.startOfDate(dateAfter(date, zone, timeframe))
}

/** The date on which the next day, or month, begins. */
const dateAfter = (date: CalendarDate, zone: Zone, timeframe: 'day' | 'month'): CalendarDate =>
  timeframe === 'day' ? zone.addDays(date, 1) : firstOfMonth(zone.addDays(date, 31))

const firstOfMonth = (date: CalendarDate): CalendarDate => `${date.slice(0, 7)}-01` as CalendarDate
