import { DAY, HOUR, type Instant, instant, MINUTE, parseInstant, plus } from '../units/instant.ts'
import { type CalendarDate, openZone, parseDate, type Zone } from '../units/zone.ts'

/** A question that fal does not accept, as its error body tells it. */
export class Refusal extends Error {
  readonly status: number
  readonly type: string

  constructor(status: number, type: string, message: string) {
    super(message)
    this.status = status
    this.type = type
  }
}

const invalid = (message: string): Refusal => new Refusal(422, 'validation_error', message)

export type Timeframe = 'minute' | 'hour' | 'day' | 'week' | 'month'
const TIMEFRAMES: readonly Timeframe[] = ['minute', 'hour', 'day', 'week', 'month']

/** fal's own limit of a query for billing events. */
const EVENT_SPAN_MAX = 90 * DAY
const FILTER_VALUES_MAX = 50

/** The values of a parameter, repeated or comma-separated; a filter takes 1 to 50. Undefined where it is not given. */
export function listOf(query: URLSearchParams, name: string): string[] | undefined {
  if (!query.has(name)) return undefined
  const values = query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '')
  if (values.length < 1 || values.length > FILTER_VALUES_MAX) throw invalid(`${name} takes 1 to 50 values`)
  return values
}

/** What to expand: time_series unless told; usage needs one of the first two. */
export function expansionOf(query: URLSearchParams, needsForm: boolean): Set<string> {
  const asked = listOf(query, 'expand') ?? ['time_series']
  const known = ['time_series', 'summary', 'auth_method', 'auth_method_structured']
  const strange = asked.find((name) => !known.includes(name))
  if (strange !== undefined) throw invalid('expand names something unknown')
  if (needsForm && !asked.includes('time_series') && !asked.includes('summary')) {
    throw invalid('expand needs time_series or summary')
  }
  return new Set(asked)
}

export function zoneOfQuery(query: URLSearchParams): Zone {
  const id = query.get('timezone') ?? 'UTC'
  // Whether fal takes bare offsets is not known, so the stricter answer is given.
  const zone = /^[+-]/.test(id) ? undefined : openZone(id)
  if (zone === undefined) throw invalid('timezone is no IANA zone')
  return zone
}

/** The window of a question: 24 h before now until now unless told, the end exclusive. */
export function rangeOf(query: URLSearchParams, zone: Zone, now: Instant): { start: Instant; end: Instant } {
  const end = timeOf(query, 'end', zone) ?? now
  const start = timeOf(query, 'start', zone) ?? plus(now, -DAY)
  if (start >= end) throw invalid('start must be before end')
  return { start, end }
}

export function eventRangeOf(query: URLSearchParams, zone: Zone, now: Instant): { start: Instant; end: Instant } {
  const range = rangeOf(query, zone, now)
  if (range.end - range.start > EVENT_SPAN_MAX) throw invalid('start and end may be at most 90 days apart')
  return range
}

function timeOf(query: URLSearchParams, name: string, zone: Zone): Instant | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const date = parseDate(text)
  const at = date === undefined ? parseInstant(text) : zone.startOfDate(date)
  if (at === undefined) throw invalid(`${name} is no ISO 8601 instant`)
  return at
}

export function timeframeOf(query: URLSearchParams, range: { start: Instant; end: Instant }): Timeframe {
  const asked = query.get('timeframe')
  const known = TIMEFRAMES.find((timeframe) => timeframe === asked)
  if (known !== undefined) return known
  if (asked !== null) throw invalid('timeframe is unknown')
  const span = range.end - range.start
  if (span <= 2 * HOUR) return 'minute'
  return span <= 2 * DAY ? 'hour' : 'day'
}

/** The window widened to the edges of its buckets: fal's default. */
export function boundTo(range: { start: Instant; end: Instant }, timeframe: Timeframe, zone: Zone) {
  const edge = bucketStart(range.end, timeframe, zone)
  const end = edge === range.end ? edge : nextBucket(edge, timeframe, zone)
  return { start: bucketStart(range.start, timeframe, zone), end }
}

export function bucketStart(at: Instant, timeframe: Timeframe, zone: Zone): Instant {
  const date = zone.dateOf(at)
  switch (timeframe) {
    case 'minute':
      return instant(Math.floor(at / MINUTE) * MINUTE)
    case 'hour':
      return zone.fromNaive(`${zone.toNaive(at).slice(0, 13)}:00:00`) ?? at
    case 'day':
      return zone.startOfDate(date)
    case 'week': {
      const sinceMonday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7
      return zone.startOfDate(zone.addDays(date, -sinceMonday))
    }
    case 'month':
      return zone.startOfDate(firstOfMonth(date))
  }
}

function nextBucket(start: Instant, timeframe: Timeframe, zone: Zone): Instant {
  if (timeframe === 'minute') return plus(start, MINUTE)
  if (timeframe === 'hour') return plus(start, HOUR)
  const days = { day: 1, week: 7, month: 31 }[timeframe]
  const date = zone.addDays(zone.dateOf(start), days)
  return zone.startOfDate(timeframe === 'month' ? firstOfMonth(date) : date)
}

const firstOfMonth = (date: CalendarDate): CalendarDate => `${date.slice(0, 7)}-01` as CalendarDate

/** Where a page begins: rows before it, and its number from 1. */
export interface Place {
  readonly offset: number
  readonly page: number
}

export function placeOf(query: URLSearchParams): Place {
  const cursor = query.get('cursor')
  if (cursor === null) return { offset: 0, page: 1 }
  const match = /^(\d+)\/(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))
  if (match === null) throw invalid('cursor is unknown')
  return { offset: Number(match[1]), page: Number(match[2]) }
}

/** A cursor tells its reader nothing. */
export const cursorOf = (place: Place): string =>
  Buffer.from(`${place.offset}/${place.page}`, 'utf8').toString('base64url')

/** Rows of a page where nothing is asked for. */
const ROWS_USUAL = 100

export function limitOf(query: URLSearchParams, largest: number): number {
  const text = query.get('limit')
  if (text === null) return ROWS_USUAL
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > largest) throw invalid(`limit must be between 1 and ${largest}`)
  return limit
}
