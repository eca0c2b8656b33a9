import type { Bind } from '../ledger/embedded-handle.ts'
import { UTC, type Zone } from '../units/zone.ts'
import type { ColumnKind } from './columns.ts'
import { storedUsd, type UsdType } from './usd-text.ts'

/** Why a value is not accepted. */
export class Refusal {
  readonly accepted: string
  constructor(accepted: string) {
    this.accepted = accepted
  }
}

/** Turns the text of a field, null for NULL, into what is stored. */
export type ValueReader = (text: string | null) => Bind | Refusal

const ID_MAX = Number.MAX_SAFE_INTEGER
/** A table has few prices and many rows. */
const AMOUNTS_REMEMBERED_MAX = 65_536

/** Exports write a whole number with a fraction of zeros where a column was nullable; the audit takes it too. */
const WHOLE = /^([+-]?\d{1,19})(?:\.0*)?$/
const NO_VALUE = /^(?:|null|\\n)$/i

const ROW_ID = new Refusal(`a whole number from 0 to ${ID_MAX}`)
const NATURAL = new Refusal(`a whole number from 0 to ${ID_MAX}, or NULL`)
const INTEGER = new Refusal(`a whole number from -${ID_MAX} to ${ID_MAX}, or NULL`)
const FLAG = new Refusal('0 or 1 (or another whole number, true, false, a BIT), or NULL')
const USD = new Refusal('an amount of USD such as 0.1 or 1e-05, or NULL')
const TIME = new Refusal('a time such as 2026-02-01 00:00:00, with up to 6 decimals and without a zone, or NULL')
const TEXT = new Refusal('a text without NUL bytes')

const NUMBER_LIKE = /^[+-]?\d[\d.,]{0,19}(?:e[+-]?\d{1,3})?$/i
const DATE_LIKE =
  /^\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?$/

/** Whether a text looks like a number or a date, right or wrong: no key does. */
export const isNumberOrDate = (text: string): boolean => NUMBER_LIKE.test(text) || DATE_LIKE.test(text)

/** `utcTo`: of times that are in UTC, the zone in which they are stored. */
export function valueReader(kind: ColumnKind, usdType: UsdType, utcTo?: Zone): ValueReader {
  switch (kind) {
    case 'row-id':
      return wholeReader(0, ROW_ID, ROW_ID)
    case 'natural':
      return wholeReader(0, NATURAL, null)
    case 'integer':
      return wholeReader(-ID_MAX, INTEGER, null)
    case 'flag':
      return flagOf
    case 'usd':
      return usdReader(usdType)
    case 'time':
      return utcTo === undefined ? timeOf : timeIn(utcTo)
    case 'text':
    case 'secret':
      return textOf
  }
}

function wholeReader(min: number, refusal: Refusal, none: Bind | Refusal): ValueReader {
  return (text) => {
    if (text === null || NO_VALUE.test(text)) return none
    const read = Number(WHOLE.exec(text)?.[1] ?? Number.NaN)
    // Zero may come with a sign.
    return Number.isSafeInteger(read) && read >= min ? read + 0 : refusal
  }
}

const wholeOrNull = wholeReader(-ID_MAX, FLAG, null)

const FLAG_WORDS: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['false', 0],
  ["b'1'", 1],
  ["b'0'", 0],
  // A BIT comes out of a database as its byte.
  ['\u0001', 1],
  ['\u0000', 0],
])

function flagOf(text: string | null): Bind | Refusal {
  return text === null ? null : (FLAG_WORDS.get(text.toLowerCase()) ?? wholeOrNull(text))
}

function usdReader(type: UsdType): ValueReader {
  const remembered = new Map<string, string | Refusal>()
  return (text) => {
    if (text === null) return null
    const before = remembered.get(text)
    if (before !== undefined) return before
    if (NO_VALUE.test(text)) return null
    const read = storedUsd(text, type) ?? USD
    if (remembered.size >= AMOUNTS_REMEMBERED_MAX) remembered.clear()
    remembered.set(text, read)
    return read
  }
}

const DATETIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?$/
const DAYS_IN_MONTH = [31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * A naive DATETIME, kept as it is written but for a T and a fraction of zeros. What MySQL keeps though it is no real time,
 * 0000-00-00 and dates with a month or day of 0, is kept too: audits of either database name it as not read, or as without a time.
 */
function timeOf(text: string | null): Bind | Refusal {
  if (text === null || NO_VALUE.test(text)) return null
  const match = DATETIME.exec(text)
  if (match === null) return TIME
  const [, date = '', time = '', fraction = ''] = match
  if (!isDate(date) || !isTime(time)) return TIME
  return /^0*$/.test(fraction) ? `${date} ${time}` : `${date} ${time}.${fraction}`
}

/** Characters of YYYY-MM-DD HH:MM:SS; a fraction is that of any zone. */
const SECONDS_CHARS = 19

/** What the database itself would show in that zone of a TIMESTAMP which comes in UTC. */
const timeIn =
  (zone: Zone): ValueReader =>
  (text) => {
    const read = timeOf(text)
    if (typeof read !== 'string') return read
    const at = UTC.fromNaive(read.slice(0, SECONDS_CHARS))
    return at === undefined ? read : zone.toNaive(at) + read.slice(SECONDS_CHARS)
  }

function isDate(date: string): boolean {
  const year = Number(date.slice(0, 4))
  const month = Number(date.slice(5, 7))
  const day = Number(date.slice(8))
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (DAYS_IN_MONTH[month] ?? -1) && (month !== 2 || day < 29 || leap)
}

const isTime = (time: string): boolean =>
  Number(time.slice(0, 2)) < 24 && Number(time.slice(3, 5)) < 60 && Number(time.slice(6)) < 60

/** Trimmed, as every text is when it is read: MySQL finds an id with blanks behind it, the embedded database would not. */
function textOf(text: string | null): Bind | Refusal {
  if (text === null) return null
  // The driver ends a text at its first NUL.
  return text.includes('\u0000') ? TEXT : text.trim()
}
