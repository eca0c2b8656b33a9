import { inputError } from '../errors.ts'
import { type Instant, type InstantRange, instant } from '../units/instant.ts'
import { parseDate, type Zone } from '../units/zone.ts'

/** A calendar month, counted from year 0. */
export type MonthNumber = number

const MONTHS_DEFAULT = 3
const MONTHS_MAX = 24
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/

/** Reads YYYY-MM. Undefined where it is no month. */
export function parseMonth(text: string): MonthNumber | undefined {
  const match = MONTH.exec(text)
  // Of the years that dates have: where no day could be, no month is.
  if (match === null || parseDate(`${text}-01`) === undefined) return undefined
  return Number(match[1]) * 12 + Number(match[2]) - 1
}

export const formatMonth = (month: MonthNumber): string =>
  `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`

/** The months from one to another, both included. */
export const monthsOf = ({ from, to }: MonthRange): MonthNumber[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

export interface MonthRange {
  readonly from: MonthNumber
  readonly to: MonthNumber
}

/** The months a person asks for; the current and the two before it where nothing is given. Throws an input error. */
export function monthRangeOf(
  given: { readonly from?: string | undefined; readonly to?: string | undefined },
  zone: Zone,
  asOf: Instant,
): MonthRange & { readonly current: MonthNumber } {
  const current = parseMonth(zone.dateOf(asOf).slice(0, 7)) ?? 0
  const to = monthOf('to', given.to) ?? current
  if (to > current) throw inputError('to', given.to, `a month that has begun, ${formatMonth(current)} at the latest`)
  const from = monthOf('from', given.from) ?? to - (MONTHS_DEFAULT - 1)
  if (from > to || from <= to - MONTHS_MAX) {
    const earliest = formatMonth(to - (MONTHS_MAX - 1))
    throw inputError('from', given.from, `a month from ${earliest} to ${formatMonth(to)}, at most ${MONTHS_MAX} months`)
  }
  return { from, to, current }
}

function monthOf(field: 'from' | 'to', text: string | undefined): MonthNumber | undefined {
  if (text === undefined) return undefined
  const month = parseMonth(text)
  if (month === undefined) throw inputError(field, text, 'a month as YYYY-MM')
  return month
}

/** From the start of the first month to the start of the one after the last, in the zone. */
export function instantsOf({ from, to }: MonthRange, zone: Zone): InstantRange {
  return { start: startOf(from, zone), end: startOf(to + 1, zone) }
}

function startOf(month: MonthNumber, zone: Zone): Instant {
  const date = parseDate(`${formatMonth(month)}-01`)
  return date === undefined ? instant(Number.NaN) : zone.startOfDate(date)
}
