import { DAY, HOUR, MINUTE, SECOND } from './instant.ts'

/**
 * Wall-clock time of some zone as one number: milliseconds since 1970, counted as if the zone were UTC. NaN where the
 * parts name no real time (0000-00-00, 30 February, a year before 100).
 */
export type WallMillis = number

/** Years that two digits could mean are no times: nobody stores one on purpose. */
const YEAR_MIN = 100
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const
const NAIVE = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?$/
/** Characters of YYYY-MM-DD HH:MM:SS. */
const FULL_CHARS = 19
/** Characters of YYYY-MM-DD. */
const DATE_CHARS = 10
const [ZERO, NINE, DASH, COLON, BLANK, LETTER_T] = [0x30, 0x39, 0x2d, 0x3a, 0x20, 0x54] as const

/** Counts whole parts by arithmetic: a Date for each of a million rows costs ten times as much. */
export function wallMillis(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millis: number,
): WallMillis {
  const real =
    year >= YEAR_MIN &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= (DAYS_OF_MONTH[month - 1] ?? 0) &&
    (month !== 2 || day < 29 || isLeap(year)) &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!real) return Number.NaN
  return daysSince1970(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND + millis
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/** Days of the proleptic Gregorian calendar; years begin in March, so that the leap day is the last of its year. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const sinceMarch = month > 2 ? month - 3 : month + 9
  const dayOfYear = (((153 * sinceMarch + 2) / 5) | 0) + day - 1
  return y * 365 + ((y / 4) | 0) - ((y / 100) | 0) + ((y / 400) | 0) + dayOfYear - 719_468
}

/** Reads a naive DATETIME with an optional fraction, cut to the millisecond. NaN where it is no real time. */
export function parseWall(naive: string): WallMillis {
  return naive.length === FULL_CHARS ? parseWallHead(naive) : parseAny(naive)
}

/** Whether texts of this form come in the order of the times that they tell: YYYY-MM-DD HH:MM:SS, with a fraction or without. */
export const isInTextOrder = (naive: string): boolean =>
  naive.length >= FULL_CHARS && naive.charCodeAt(DATE_CHARS) === BLANK

/** Reads the YYYY-MM-DD HH:MM:SS, or with a T in between, that a text begins with. NaN where it does not, or is no real time. */
export function parseWallHead(text: string): WallMillis {
  const separator = text.charCodeAt(DATE_CHARS)
  const shaped =
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    (separator === BLANK || separator === LETTER_T) &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON
  if (!shaped) return Number.NaN
  // A part that is no number is NaN, and no comparison of a NaN holds.
  return wallMillis(
    twoDigits(text, 0) * 100 + twoDigits(text, 2),
    twoDigits(text, 5),
    twoDigits(text, 8),
    twoDigits(text, 11),
    twoDigits(text, 14),
    twoDigits(text, 17),
    0,
  )
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at)
  const ones = text.charCodeAt(at + 1)
  const digits = tens >= ZERO && tens <= NINE && ones >= ZERO && ones <= NINE
  return digits ? (tens - ZERO) * 10 + ones - ZERO : Number.NaN
}

function parseAny(naive: string): WallMillis {
  const match = NAIVE.exec(naive)
  if (match === null) return Number.NaN
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = ''] = match
  const millis = Number(fraction.slice(0, 3).padEnd(3, '0'))
  return wallMillis(+year, +month, +day, +hour, +minute, +second, millis)
}
