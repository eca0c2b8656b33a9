import type { USAGE_PERIODS } from '../../schemas/billing-usage.ts'
import { daysFrom, windowOf } from '../audit/plan.ts'
import { AuditError, inputError, retold } from '../errors.ts'
import type { Instant } from '../units/instant.ts'
import type { Window } from '../units/window.ts'
import { type CalendarDate, parseDate, type Zone } from '../units/zone.ts'

export type UsagePeriod = (typeof USAGE_PERIODS)[number]

export interface PeriodInput {
  readonly period: UsagePeriod
  readonly start_date?: string | undefined
  readonly end_date?: string | undefined
}

const DATES = ['start_date', 'end_date'] as const

/**
 * The whole days of the zone that a period means, today the last of them; with custom, those from start_date to end_date,
 * both included. Throws an input error that names the field.
 */
export function periodWindow(given: PeriodInput, zone: Zone, asOf: Instant): Window {
  const today = zone.dateOf(asOf)
  if (given.period === 'custom') return customWindow(given, zone, asOf)
  for (const field of DATES) {
    if (given[field] !== undefined) throw inputError(field, given[field], 'it together with period custom alone')
  }
  const start = zone.startOfDate(firstDate(given.period, today, zone))
  return { start, end: zone.startOfDate(zone.addDays(today, 1)), zone }
}

function firstDate(period: Exclude<UsagePeriod, 'custom'>, today: CalendarDate, zone: Zone): CalendarDate {
  if (period === 'today') return today
  if (period === 'month') return zone.addDays(today, 1 - Number(today.slice(8)))
  // Days since Monday: getUTCDay counts from Sunday.
  return zone.addDays(today, -((new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7))
}

function customWindow(given: PeriodInput, zone: Zone, asOf: Instant): Window {
  const accepted = 'YYYY-MM-DD'
  for (const field of DATES) {
    const text = given[field]
    if (text === undefined) {
      throw new AuditError('input', `${field}: is missing; period custom needs it`, { field, accepted })
    }
    if (parseDate(text) === undefined) throw inputError(field, text, accepted, daysFrom(asOf, zone))
  }
  try {
    return windowOf({ start: given.start_date, end: given.end_date }, zone, asOf)
  } catch (error) {
    throw renamed(error)
  }
}

/** The bounds under the names that these inputs have. */
function renamed(error: unknown): unknown {
  if (!(error instanceof AuditError) || error.kind !== 'input' || error.field === undefined) return error
  const field = `${error.field}_date`
  return retold(error, error.message.replace(error.field, field), { field })
}
