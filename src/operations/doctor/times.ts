import type { Line } from '../../../schemas/doctor.ts'
import { shortened } from '../../errors.ts'
import { SPANS } from '../../limits.ts'
import { HOUR, type Instant, MINUTE, type Millis, SECOND } from '../../units/instant.ts'
import type { Zone } from '../../units/zone.ts'
import { counted, failure, ok, unverified, warning } from './lines.ts'
import { type Sampled, usable } from './sample.ts'

/** Newest rows that decide whether the table runs ahead, so that one row with a wrong date does not. */
const NEWEST = 9
const STEP: Millis = 30 * MINUTE
const NEAR: Millis = 2 * MINUTE
/** Zones are at most so far apart from UTC that two may differ by a day and more; beyond half a day it is mere age. */
const SHIFT_MAX: Millis = 14 * HOUR
/** A silence is suspicious where it is longer than this many times the longest one before. */
const SILENCE_FACTOR = 3
const ROWS_MIN = 20
const CHARS_SHOWN = 40

export interface TimeParts {
  readonly tasks: Sampled
  readonly zone: Zone | undefined
  readonly now: Instant
}

/** Holds the newest tasks' times against the clock: a wrong zone puts them into the future, or as far behind. */
export function timeZoneLine({ tasks, zone, now }: TimeParts): Line {
  const sample = usable(tasks, ['createdAt'])
  if ('unread' in sample) return unverified('time-zone', { seen: sample.unread })
  if (zone === undefined) return unverified('time-zone', { seen: 'the zone of the stored times is not known' })
  const cells = sample.rows.map((row) => row.get('createdAt') ?? null)
  const times = cells.flatMap((cell) => (cell === null ? [] : (zone.fromNaive(cell) ?? [])))
  const looked = `of the newest ${counted(cells.length, 'task')}`
  if (times.length === 0) {
    return failure('time-zone', {
      seen: `${looked} none has a time that can be read; the newest holds "${cells[0] ?? 'NULL'}"`,
      todo: 'name a DATETIME column in AUDIT_CONFIG (columns.tasks.createdAt)',
    })
  }
  const reading = `read as ${zone.id}`
  const ahead = times.filter((at) => at > now + SPANS.skew)
  const inFront = times.slice(0, NEWEST).filter((at) => at > now + SPANS.skew)
  if (inFront.length > Math.min(NEWEST, times.length) / 2) {
    const shift = Math.max(...inFront) - now
    return failure('time-zone', {
      seen: `${looked}, ${counted(ahead.length, 'row')} dated in the future, the newest by ${spanText(shift)}, ${reading}`,
      todo: `set DB_TIMEZONE to the zone of the stored times${looksLike(zone, now, shift)}, or set the clock of the machine that writes them`,
    })
  }
  if (ahead.length > 0) {
    return warning('time-zone', {
      seen: `${looked}, ${counted(ahead.length, 'row')} dated in the future, ${reading}; the others do not`,
      todo: 'look at the created_at of those rows',
    })
  }
  const sorted = [...times].sort((a, b) => b - a)
  const lag = now - (sorted[0] ?? now)
  const silence = Math.max(0, ...sorted.slice(1).map((at, index) => (sorted[index] ?? at) - at))
  const offBy = Math.abs(lag - Math.round(lag / STEP) * STEP)
  const shifted = lag >= STEP - NEAR && lag <= SHIFT_MAX && offBy <= NEAR
  if (shifted && times.length >= ROWS_MIN && lag > silence * SILENCE_FACTOR) {
    return warning('time-zone', {
      seen: `the newest task is ${spanText(lag)} old, ${reading}; the longest pause ${looked} was ${spanText(silence)}: a shifted zone looks like that`,
      todo: `if tasks were made since, set DB_TIMEZONE to the zone of the stored times${looksLike(zone, now, -lag)}`,
    })
  }
  const seen = `the newest task is ${spanText(lag)} old, ${reading}`
  const unread = cells.filter((cell) => cell !== null && !isUndated(cell) && zone.fromNaive(cell) === undefined)
  if (unread.length > 0) {
    return warning('time-zone', {
      seen: `${seen}; ${looked}, ${counted(unread.length, 'row')} with a created_at that is no time, such as "${shortened(unread[0] ?? '', CHARS_SHOWN)}": reports name them as not read, those whose year or month alone is told in each report of that year or month`,
      todo: 'correct those rows, or name a DATETIME column in AUDIT_CONFIG (columns.tasks.createdAt)',
    })
  }
  const undated = cells.filter(isUndated).length
  if (undated === 0) return ok('time-zone', { seen })
  return warning('time-zone', {
    seen: `${seen}; ${looked}, ${undated.toLocaleString('en-US')} without created_at: of no period, and in no sum`,
    todo: 'let the system store created_at with each task (NOT NULL DEFAULT CURRENT_TIMESTAMP)',
  })
}

/**
 * A line where tasks hold an end that cannot be read, and one where it lies in the future of a task that does not: whether they are
 * settled is not known.
 */
export function endsLines({ tasks, zone, now }: TimeParts): readonly Line[] {
  const sample = usable(tasks, ['createdAt', 'completedAt'])
  if ('unread' in sample || zone === undefined) return []
  const ends = sample.rows.map((row) => row.get('completedAt')?.trim() ?? '')
  const isAhead = (cell: string): boolean => (zone.fromNaive(cell) ?? now) > now + SPANS.skew
  const unread = ends.filter((cell) => !isUndated(cell) && zone.fromNaive(cell) === undefined)
  const ahead = ends.filter((cell, index) => isAhead(cell) && !isAhead(sample.rows[index]?.get('createdAt') ?? ''))
  const line = (cells: readonly string[], what: string, todo: string): readonly Line[] => {
    const [first] = cells
    if (first === undefined) return []
    const seen = `of the newest ${counted(ends.length, 'task')}, ${counted(cells.length, 'row')} with a completed_at that ${what.replace('%', shortened(first, CHARS_SHOWN))}`
    return [warning('time-zone', { seen, todo: `correct those rows, or ${todo} (columns.tasks.completedAt)` })]
  }
  const column = 'name a DATETIME column in AUDIT_CONFIG'
  return [
    ...line(unread, 'is no time, such as "%": they count as PENDING until fal bills them', column),
    ...line(ahead, AHEAD, 'name the column in which the end is stored, in the zone of created_at, in AUDIT_CONFIG'),
  ]
}

const AHEAD = `lies in the future, such as "%": within ${SPANS.zonesApart / HOUR} h it is left open whether they ended long enough ago, beyond it created_at counts`

/** Without a zone in the settings that of the database counts, of which the offset of today is all that is known. */
export function changesLines(offsetsSeconds: readonly number[]): readonly Line[] {
  if (new Set(offsetsSeconds).size < 2) return []
  const offsets = offsetsSeconds.map((seconds) => offsetText(seconds * SECOND))
  return [
    warning('time-zone', {
      seen: `the clock of the database changes between ${offsets.join(' and ')}, and its offset of today is taken for all times: those of the other half of the year are read wrong by as much`,
      todo: 'set AUDIT_TIMEZONE, and DB_TIMEZONE where stored times have another, to the name of the zone, such as America/New_York',
    }),
  ]
}

const isUndated = (cell: string | null): boolean => cell === null || cell === '' || cell.startsWith('0000-00-00')

/** The offset that would put the newest task where the clock is; nothing where no zone has it. */
function looksLike(zone: Zone, now: Instant, shift: Millis): string {
  const offset = /([+-])(\d{2}):(\d{2})$/.exec(zone.format(now))
  const [, sign = '+', hours = '0', minutes = '0'] = offset ?? []
  const here = (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE)
  const there = here + Math.round(shift / STEP) * STEP
  return Math.abs(there) > SHIFT_MAX ? '' : ` (they look like ${offsetText(there)})`
}

/** +08:00 */
function offsetText(offset: Millis): string {
  const pad = (value: number): string => String(value).padStart(2, '0')
  const size = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / HOUR))}:${pad(Math.floor((size % HOUR) / MINUTE))}`
}

const DAYS_TOLD_FROM: Millis = 48 * HOUR

/** 8 h 05 min, 12 min, 3 days. */
function spanText(span: Millis): string {
  const minutes = Math.floor(Math.abs(span) / MINUTE)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return `${minutes} min`
  if (Math.abs(span) >= DAYS_TOLD_FROM) return counted(Math.floor(minutes / 60 / 24), 'day')
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** A clock may be off by so much before it is told; beyond SPANS.skew windows no longer meet. */
const CLOCK_TOLD_FROM: Millis = 2 * MINUTE

/** The clock of this machine against another one. */
export function clockLine(subject: string, ahead: Millis): Line {
  const off = Math.abs(ahead)
  const seen =
    off < MINUTE
      ? 'agrees with the clock of this machine'
      : `is ${spanText(off)} ${ahead > 0 ? 'ahead of' : 'behind'} the clock of this machine`
  const todo = 'set both clocks by a time server (NTP)'
  if (off > SPANS.skew) return failure('clock', { subject, seen, todo })
  return off > CLOCK_TOLD_FROM ? warning('clock', { subject, seen, todo }) : ok('clock', { subject, seen })
}
