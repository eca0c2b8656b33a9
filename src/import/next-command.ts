import { parseDate, UTC, type Zone } from '../units/zone.ts'

interface NextStep {
  /** Of the database, absolute. */
  readonly path: string
  readonly zone: Zone | undefined
  readonly auditZone: Zone | undefined
  readonly taskTimes: { readonly first: string; readonly last: string } | null
}

/** Stands for a zone that nobody has told. */
const ZONE_PLACEHOLDER = 'ZONE'
/** The command asks for at most so many of the last days. */
const DAYS = 31

/**
 * The command that audits what was imported. A database file has no zone of its own, so the command tells that of the
 * stored times, and that of the days.
 */
export function nextCommand({ path, zone, auditZone, taskTimes }: NextStep): string {
  const dates = datesOf(taskTimes)
  return [
    `DATABASE_URL=${forShell(`file:${path}`)}`,
    `DB_TIMEZONE=${zone?.id ?? ZONE_PLACEHOLDER}`,
    `fal-consumption-audit audit --timezone ${auditZone?.id ?? ZONE_PLACEHOLDER}`,
    ...(dates === undefined ? [] : [`--start ${dates.start} --end ${dates.end}`]),
  ].join(' ')
}

function datesOf(times: NextStep['taskTimes']): { readonly start: string; readonly end: string } | undefined {
  const first = parseDate(times?.first.slice(0, 10) ?? '')
  const last = parseDate(times?.last.slice(0, 10) ?? '')
  if (first === undefined || last === undefined) return undefined
  const earliest = UTC.addDays(last, 1 - DAYS)
  return { start: first > earliest ? first : earliest, end: last }
}

/** A word that a shell takes as it stands. */
export const forShell = (text: string): string =>
  /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
