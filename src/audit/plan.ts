import { inputError, missingInput } from '../errors.ts'
import { SPANS } from '../limits.ts'
import type { Depth, RuleSettings } from '../settings.ts'
import { earlier, type Instant, type InstantRange, parseInstant, plus } from '../units/instant.ts'
import { latestEnd, WINDOW_DAYS_MAX, type Window } from '../units/window.ts'
import { parseDate, type Zone } from '../units/zone.ts'

/** What one audit is asked to look at, as a person gave it. */
export interface AuditRequest {
  /** YYYY-MM-DD in the audit's zone, or an ISO 8601 instant with offset. */
  readonly start?: string | undefined
  /** YYYY-MM-DD, that day included, or an ISO 8601 instant, itself excluded. */
  readonly end?: string | undefined
  /** Accounts; empty: the newest ones. */
  readonly ids: readonly number[]
  /** Users; empty: all. */
  readonly userIds: readonly number[]
  readonly depth: Depth
}

/** One audit, settled: a window, the moment of reading, and the ranges that must be read to judge the window. */
export interface AuditPlan {
  readonly window: Window
  readonly asOf: Instant
  /** The window's end, or the moment of reading where that comes first: later nothing can be known. */
  readonly knownEnd: Instant
  readonly ids: ReadonlySet<number>
  readonly userIds: ReadonlySet<number>
  readonly depth: Depth
  readonly settings: RuleSettings
  readonly accountLimit: number
  readonly ranges: {
    /** The window as far as it is known: what a bill is asked for. */
    readonly bill: InstantRange
    /** Billing events: the window and what may have crossed its edges, as far as it exists yet. */
    readonly events: InstantRange
    /** Tasks: the history that A6 needs, the window, and what may cross its edges. */
    readonly tasks: InstantRange
    /** Tasks from here on may have been billed within the window. */
    readonly crossingSince: Instant
    /** Ledger rows: the window and what may follow late. */
    readonly ledger: InstantRange
  }
}

/** Settles a request against the zone and the clock. Throws an input error that names the field. */
export function planAudit(
  request: AuditRequest,
  zone: Zone,
  asOf: Instant,
  settings: RuleSettings,
  accountLimit: number,
): AuditPlan {
  return planWindow(windowOf(request, zone, asOf), request, asOf, settings, accountLimit)
}

/** The plan for a window that is settled already, wherever it lies. */
export function planWindow(
  window: Window,
  request: Pick<AuditRequest, 'ids' | 'userIds' | 'depth'>,
  asOf: Instant,
  settings: RuleSettings,
  accountLimit: number,
): AuditPlan {
  const { zone } = window
  const historyStart = zone.startOfDate(zone.addDays(zone.dateOf(window.start), -SPANS.historyDays))
  const knownEnd = earlier(window.end, asOf)
  return {
    window,
    asOf,
    knownEnd,
    ids: new Set(request.ids),
    userIds: new Set(request.userIds),
    depth: request.depth,
    settings,
    accountLimit,
    ranges: {
      bill: { start: window.start, end: knownEnd },
      events: { start: plus(window.start, -SPANS.skew), end: earlier(plus(window.end, SPANS.crossing), asOf) },
      tasks: { start: historyStart, end: plus(window.end, SPANS.skew) },
      crossingSince: plus(window.start, -SPANS.crossing),
      ledger: { start: plus(window.start, -SPANS.skew), end: plus(window.end, SPANS.crossing) },
    },
  }
}

/** The same plan, without the tasks before the window that only A6 needs. */
export const withoutHistory = (plan: AuditPlan): AuditPlan => ({
  ...plan,
  ranges: { ...plan.ranges, tasks: { ...plan.ranges.tasks, start: plan.ranges.crossingSince } },
})

/** The window a person means: whole days of the zone, both included, or instants; today where nothing is given. */
export function windowOf(request: Pick<AuditRequest, 'start' | 'end'>, zone: Zone, asOf: Instant): Window {
  const today = zone.dateOf(asOf)
  if (request.start === undefined && request.end !== undefined) {
    throw missingInput('start', 'a start together with end: YYYY-MM-DD or an ISO 8601 instant')
  }
  const start = boundOf('start', request.start ?? today, zone, 0, asOf)
  const end = boundOf('end', request.end ?? today, zone, 1, asOf)
  if (start > asOf) {
    throw inputError('start', request.start, `a time that has come; now is ${zone.format(asOf)}`)
  }
  if (end <= start) throw inputError('end', request.end, `a time after start, which is ${zone.format(start)}`)
  if (end > latestEnd(start, WINDOW_DAYS_MAX, zone)) {
    throw inputError('end', request.end, `a window of at most ${WINDOW_DAYS_MAX} days from ${zone.format(start)}`)
  }
  return { start, end, zone }
}

/** For who means a day by its distance from today, and may not know what day that is. */
export const daysFrom = (asOf: Instant, zone: Zone): string => `Now is ${zone.format(asOf)}: count the days from there.`

/** One end of a window; throws an input error where it is neither a day nor an instant. `asOf`: now, where that is known. */
export function boundOf(field: 'start' | 'end', text: string, zone: Zone, daysAfter: 0 | 1, asOf?: Instant): Instant {
  const date = parseDate(text)
  if (date !== undefined) return zone.startOfDate(zone.addDays(date, daysAfter))
  const at = parseInstant(text)
  if (at === undefined) {
    const isNoDay = /^\d{4}-\d{2}-\d{2}$/.test(text)
    const accepted = 'YYYY-MM-DD or an ISO 8601 instant with offset'
    const next = asOf === undefined ? undefined : daysFrom(asOf, zone)
    throw inputError(field, text, isNoDay ? `a day that the calendar has: ${accepted}` : accepted, next)
  }
  return at
}
