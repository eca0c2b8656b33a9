/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
declare const instantBrand: unique symbol
export type Instant = number & { readonly [instantBrand]: true }

/** A span of time in milliseconds. */
export type Millis = number

export const SECOND: Millis = 1000
export const MINUTE: Millis = 60 * SECOND
export const HOUR: Millis = 60 * MINUTE
export const DAY: Millis = 24 * HOUR

/** Brands milliseconds since the epoch. */
export const instant = (epochMillis: number): Instant => epochMillis as Instant

export const plus = (at: Instant, span: Millis): Instant => (at + span) as Instant

export const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b)

export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b)

/** The clock is read through this, once, at the edge of the program. */
export type Clock = () => Instant

/**
 * The time of a row whose DATETIME is no real time (0000-00-00, or garbage): the epoch, which lies outside every window.
 * Such a row belongs to no period, but a look-up by id still finds it: its id is recorded all the same.
 */
export const NO_REAL_TIME: Instant = instant(0)

const ISO_INSTANT = /^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/i

/** Instants can be written as ISO 8601 with a year of four digits, and dates begin with the year 100. */
const FIRST = Date.parse('0100-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** Reads an ISO 8601 instant that names its offset. Digits beyond a millisecond are cut. Undefined where it is none. */
export function parseInstant(text: string): Instant | undefined {
  const date = ISO_INSTANT.exec(text)?.[1]
  if (date === undefined || !isDate(date)) return undefined
  const epochMillis = Date.parse(text.replace(' ', 'T'))
  return epochMillis >= FIRST && epochMillis <= LAST ? instant(epochMillis) : undefined
}

/** Whether the month has that day: the parser of the language takes February 30 for March 2. */
function isDate(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).getUTCDate() === Number(date.slice(-2))
}

/** In UTC, without a fraction where there is none: 2026-02-01T00:00:00Z */
export const isoInstant = (at: Instant): string => new Date(at).toISOString().replace('.000Z', 'Z')

/** A half-open range of instants: start is in, end is not. */
export interface InstantRange {
  readonly start: Instant
  readonly end: Instant
}

export const within = (at: Instant, range: InstantRange): boolean => at >= range.start && at < range.end
