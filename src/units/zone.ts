import { Temporal } from 'temporal-polyfill'
import { HOUR, type Instant, instant, MINUTE } from './instant.ts'

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
}

const FIXED_OFFSET = /^([+-])(\d{2}):?(\d{2})$/
// Offsets of real zones change only on quarters of an hour, so an offset read once holds for its quarter.
const OFFSET_BUCKET = 15 * MINUTE
const OFFSET_CACHE_MAX = 200_000

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

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

/** Opens a zone by IANA name or fixed offset. Undefined where no such zone is known. */
export function openZone(id: string): Zone | undefined {
  const offset = fixedOffset(id)
  if (offset === undefined && FIXED_OFFSET.test(id)) return undefined
  if (offset !== undefined) return zoneOf(id === 'Z' ? 'UTC' : id, true, () => offset)
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(id)
  } catch {
    return undefined
  }
  const cache = new Map<number, number>()
  return zoneOf(id, false, (at) => {
    const bucket = Math.floor(at / OFFSET_BUCKET)
    const known = cache.get(bucket)
    if (known !== undefined) return known
    const read =
      Temporal.Instant.fromEpochMilliseconds(bucket * OFFSET_BUCKET).toZonedDateTimeISO(id).offsetNanoseconds / 1e6
    if (cache.size >= OFFSET_CACHE_MAX) cache.clear()
    cache.set(bucket, read)
    return read
  })
}

function zoneOf(id: string, fixed: boolean, offsetAt: (at: number) => number): Zone {
  const wall = (at: Instant): string => new Date(at + offsetAt(at)).toISOString()
  const fromWall = (wallMillis: number): Instant => {
    // The offsets a day before and after cover both sides of any change near this wall-clock time.
    const before = offsetAt(wallMillis - 24 * HOUR)
    const after = offsetAt(wallMillis + 24 * HOUR)
    const first = wallMillis - Math.max(before, after)
    const second = wallMillis - Math.min(before, after)
    if (first + offsetAt(first) === wallMillis) return instant(first)
    if (second + offsetAt(second) === wallMillis) return instant(second)
    return instant(wallMillis - before)
  }
  const startOfDate = (date: CalendarDate): Instant => fromWall(Date.parse(`${date}T00:00:00Z`))
  return {
    id,
    fixed,
    startOfDate,
    dateOf: (at) => wall(at).slice(0, 10) as CalendarDate,
    addDays: (date, days) =>
      new Date(Date.parse(`${date}T00:00:00Z`) + days * 24 * HOUR).toISOString().slice(0, 10) as CalendarDate,
    format: (at) => {
      const text = wall(at)
      return `${text.slice(0, 19)}${at % 1000 === 0 ? '' : text.slice(19, 23)}${offsetText(offsetAt(at))}`
    },
    toNaive: (at) => wall(at).slice(0, 19).replace('T', ' '),
    fromNaive: (naive) => {
      const wallMillis = parseNaive(naive)
      return wallMillis === undefined ? undefined : fromWall(wallMillis)
    },
  }
}

const NAIVE = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?$/

/** Reads a wall-clock time as if it were UTC, in milliseconds. Undefined where it is no real time. */
function parseNaive(naive: string): number | undefined {
  const match = NAIVE.exec(naive)
  if (match === null) return undefined
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = ''] = match
  const millis = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const read = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second, millis)
  const back = new Date(read)
  return back.getUTCFullYear() === +year &&
    back.getUTCMonth() + 1 === +month &&
    back.getUTCDate() === +day &&
    back.getUTCHours() === +hour &&
    +minute < 60 &&
    +second < 60
    ? read
    : undefined
}

/** Reads a date given by a person. Undefined where it is not a real YYYY-MM-DD. */
export function parseDate(text: string): CalendarDate | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && parseNaive(text) !== undefined ? (text as CalendarDate) : undefined
}
