import { Temporal } from 'temporal-polyfill'
import { DAY, HOUR, type Instant, instant, MINUTE, type Millis } from './instant.ts'
import { parseWall, type WallMillis } from './wall.ts'

/** A calendar date, YYYY-MM-DD, in some zone. */
declare const dateBrand: unique symbol
export type CalendarDate = string & { readonly [dateBrand]: true }

/**
 * Turns instants into wall-clock time of one zone and back. The id is an IANA name or a fixed offset like +08:00.
 * Wall-clock times that occur twice mean the earlier instant, those that a clock change skips the later one.
 */
export interface Zone {
  readonly id: string
  /** Whether the offset never changes, so that wall-clock order is the order of instants. */
  readonly fixed: boolean
  dateOf(at: Instant): CalendarDate
  startOfDate(date: CalendarDate): Instant
  addDays(date: CalendarDate, days: number): CalendarDate
  /** 2026-02-01T00:00:00+08:00 */
  format(at: Instant): string
  /** A naive DATETIME, 2026-02-01 00:00:00, as a database stores it. */
  toNaive(at: Instant): string
  /** Reads a naive DATETIME with an optional fraction. Undefined where it is no real time (0000-00-00 among others). */
  fromNaive(naive: string): Instant | undefined
  /** The same of a wall-clock time that was counted already; undefined for NaN. */
  fromWall(wall: WallMillis): Instant | undefined
  /** Whether clocks showed the time of an instant twice, before and after they were put back. */
  occursTwice(at: Instant): boolean
}

/** A time through which the zone keeps one offset: from is in, until is not. */
interface Stretch {
  readonly from: number
  readonly until: number
  readonly offset: number
}

const FIXED_OFFSET = /^([+-])(\d{2}):?(\d{2})$/
// Two a year where clocks change: more than an audit ever asks about.
const STRETCHES_MAX = 500

const pad = (value: number): string => String(value).padStart(2, '0')

function offsetText(offset: number): string {
  const magnitude = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(magnitude / HOUR))}:${pad(Math.floor((magnitude % HOUR) / MINUTE))}`
}

function fixedOffset(id: string): number | undefined {
  if (id === 'UTC' || id === 'Z') return 0
  const match = FIXED_OFFSET.exec(id)
  if (match === null) return undefined
  const hours = Number(match[2])
  const minutes = Number(match[3])
  if (hours > 14 || minutes > 59) return undefined
  return (match[1] === '-' ? -1 : 1) * (hours * HOUR + minutes * MINUTE)
}

function fixedZone(id: string, offset: Millis): Zone {
  const always: Stretch = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, offset }
  return zoneOf(id, true, () => always)
}

/** Coordinated universal time. */
export const UTC: Zone = fixedZone('UTC', 0)

/** Opens a zone by IANA name or fixed offset. Undefined where no such zone is known. */
export function openZone(id: string): Zone | undefined {
  const offset = fixedOffset(id)
  if (offset === undefined && FIXED_OFFSET.test(id)) return undefined
  if (offset !== undefined) return fixedZone(id === 'Z' ? 'UTC' : id, offset)
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(id)
  } catch {
    return undefined
  }
  return zoneOf(id, false, stretchReader(id))
}

/**
 * The stretch that an instant lies in. Reading one costs milliseconds, so those seen are kept; rows come nearly in order of
 * time, so the last one is looked at first.
 */
function stretchReader(id: string): (at: number) => Stretch {
  let known: Stretch[] = []
  let last: Stretch = { from: 0, until: 0, offset: 0 }
  return (at) => {
    if (at >= last.from && at < last.until) return last
    const before = known.find(({ from, until }) => at >= from && at < until)
    if (before === undefined) {
      if (known.length >= STRETCHES_MAX) known = []
      known.push(readStretch(id, at))
    }
    last = before ?? known.at(-1) ?? last
    return last
  }
}

function readStretch(id: string, at: number): Stretch {
  const zoned = (millis: number) => Temporal.Instant.fromEpochMilliseconds(millis).toZonedDateTimeISO(id)
  const here = zoned(Math.floor(at))
  // The change before an instant is not the one at it, so that is asked for from just behind.
  const from = zoned(Math.floor(at) + 1).getTimeZoneTransition('previous')
  const until = here.getTimeZoneTransition('next')
  return {
    from: from?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
    until: until?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offset: here.offsetNanoseconds / 1e6,
  }
}

function zoneOf(id: string, fixed: boolean, stretchAt: (at: number) => Stretch): Zone {
  const offsetAt = (at: number): number => stretchAt(at).offset
  const wall = (at: Instant): string => new Date(at + offsetAt(at)).toISOString()
  let lastDay = Number.NaN
  let lastDate = '' as CalendarDate
  const dateOf = (at: Instant): CalendarDate => {
    const day = Math.floor((at + offsetAt(at)) / DAY)
    if (day !== lastDay) {
      lastDate = new Date(day * DAY).toISOString().slice(0, 10) as CalendarDate
      lastDay = day
    }
    return lastDate
  }
  const fromWall = (wallMillis: number): Instant => {
    // The offsets a day before and after cover both sides of any change near this wall-clock time.
    const early = stretchAt(wallMillis - DAY)
    if (wallMillis + DAY < early.until) return instant(wallMillis - early.offset)
    const before = early.offset
    const after = offsetAt(wallMillis + DAY)
    const first = wallMillis - Math.max(before, after)
    const second = wallMillis - Math.min(before, after)
    if (first + offsetAt(first) === wallMillis) return instant(first)
    if (second + offsetAt(second) === wallMillis) return instant(second)
    return instant(wallMillis - before)
  }
  const realInstant = (wallMillis: WallMillis): Instant | undefined =>
    Number.isNaN(wallMillis) ? undefined : fromWall(wallMillis)
  const occursTwice = (at: Instant): boolean => {
    const { from, until, offset } = stretchAt(at)
    const back = until === Number.POSITIVE_INFINITY ? 0 : offset - offsetAt(until)
    const before = from === Number.NEGATIVE_INFINITY ? 0 : offsetAt(from - 1) - offset
    return at >= until - back || at < from + before
  }
  const startOfDate = (date: CalendarDate): Instant => fromWall(Date.parse(`${date}T00:00:00Z`))
  return {
    id,
    fixed,
    startOfDate,
    dateOf,
    addDays: (date, days) =>
      new Date(Date.parse(`${date}T00:00:00Z`) + days * 24 * HOUR).toISOString().slice(0, 10) as CalendarDate,
    format: (at) => {
      const text = wall(at)
      return `${text.slice(0, 19)}${at % 1000 === 0 ? '' : text.slice(19, 23)}${offsetText(offsetAt(at))}`
    },
    toNaive: (at) => wall(at).slice(0, 19).replace('T', ' '),
    fromNaive: (naive) => realInstant(parseWall(naive)),
    fromWall: realInstant,
    occursTwice,
  }
}

/** Reads a date given by a person. Undefined where it is not a real YYYY-MM-DD. */
export function parseDate(text: string): CalendarDate | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(parseWall(text)) ? (text as CalendarDate) : undefined
}
