import { AuditError } from '../errors.ts'
import { DAY, HOUR, type Instant, type InstantRange, instant, plus, SECOND } from '../units/instant.ts'
import type { Zone } from '../units/zone.ts'
import type { NaiveBounds } from './queries.ts'
import type { OtherForms, VagueStretch } from './time-forms.ts'

/**
 * How the database compares stored times with a bound: by the time that they tell; as texts, where 2026-02-06T12:00 comes
 * behind all of 2026-02-06 23:59; or one by its form and the next by another, where a column holds anything.
 */
export type TimeOrder = 'times' | OtherForms

export const otherFormsOf = (order: TimeOrder): OtherForms | undefined => (order === 'times' ? undefined : order)

// Texts may tell the time of any place: none is further from UTC.
const WESTMOST = -12 * HOUR
const EASTMOST = 14 * HOUR

// No zone sets its clock by more; wall-clock bounds widened by it hold every instant of the range.
const CLOCK_CHANGE_MAX = 3 * HOUR

const slackOf = (zone: Zone) => (zone.fixed ? 0 : CLOCK_CHANGE_MAX)

/** The bounds in SQL: never narrower than the range, whose instants decide in the end. */
export function boundsOf({ start, end }: InstantRange, zone: Zone, order: TimeOrder): NaiveBounds {
  if (!(start <= end)) throw new AuditError('internal', 'a range of time that ends before it starts')
  if (order === 'times') {
    const until = plus(instant(Math.ceil(end / SECOND) * SECOND), slackOf(zone))
    const from = zone.toNaive(plus(start, -slackOf(zone)))
    return { from, until: zone.toNaive(until), vague: vagueBelow(from, order) }
  }
  // Whole days of every place, since within its day a text may lie anywhere: one that tells its offset cannot be read, but counts.
  const from = dateText(plus(start, WESTMOST))
  return {
    from,
    vague: vagueBelow(from, order),
    until: dateText(plus(end, EASTMOST + DAY - 1)),
    otherForms: order,
  }
}

/**
 * Where the year and the month of a bound begin: MySQL keeps 2026-00-06 and 2026-02-00, which may be any month of that year and any
 * day of that month, and sorts them before its first: 2026-01-00, too, is told with its year. Those of later months lie above the
 * bound. Each stretch is told by real times, since servers refuse to compare a DATETIME with what is none.
 */
function vagueBelow(from: string, order: TimeOrder): readonly VagueStretch[] {
  const [year, month] = [from.slice(0, 4), from.slice(5, 7)]
  const firsts = month === '01' ? [`${year}-01-01`] : [`${year}-01-01`, `${year}-${month}-01`]
  return firsts.map((first) => ({ after: order === 'times' ? lastBefore(first) : textBefore(first), until: first }))
}

/** The last moment that a DATETIME of the day before a date can tell. */
const lastBefore = (date: string): string => `${dateText(plus(instant(Date.parse(date)), -DAY))} 23:59:59.999999`

/** A text between those of all real times before a first and those of its month, or its year, with a 0. */
const textBefore = (first: string): string => (first.endsWith('-01-01') ? first.slice(0, -4) : first.slice(0, -1))

const dateText = (wall: Instant): string => new Date(wall).toISOString().slice(0, 10)

/** Bounds in SQL that are never wider than the range: what lies within them lies within it, but for texts of another form. */
export function boundsWithin({ start, end }: InstantRange, zone: Zone): NaiveBounds {
  const wholeStart = instant(Math.ceil(start / SECOND) * SECOND)
  return {
    from: zone.toNaive(plus(wholeStart, slackOf(zone))),
    until: zone.toNaive(plus(floorToSecond(end), -slackOf(zone))),
  }
}

/**
 * What leaves no doubt before an instant: rows that the database places before `certain` are. Of those from `open` on, up to
 * the instant itself, each is to be looked at.
 */
export function beforeInstant(
  before: Instant,
  zone: Zone,
  order: TimeOrder,
): { readonly certain: Instant; readonly open: Instant } {
  const second = plus(floorToSecond(before), -slackOf(zone))
  const certain = order === 'times' ? second : zone.startOfDate(zone.addDays(zone.dateOf(second), -1))
  return { certain, open: plus(certain, -slackOf(zone)) }
}

const floorToSecond = (at: Instant): Instant => instant(Math.floor(at / SECOND) * SECOND)
