import { AuditError, shortened } from '../errors.ts'
import { type Instant, instant, plus, SECOND } from '../units/instant.ts'
import { type NanoUsd, nanoUsd, parseUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { type Points, points, ZERO_POINTS } from '../units/points.ts'
import type { Zone } from '../units/zone.ts'

/** How the database announces a column's type: only a 4-byte FLOAT must be read in a way of its own. */
export type CellType = 'float32' | 'other'

/** One value of a row, as either driver gives it. */
export type Cell = string | number | bigint | Uint8Array | null

/** Where a value stands, for the error that names it. */
export interface Place {
  readonly table: string
  readonly column: string
}

/**
 * The time of a row whose DATETIME is no real time (0000-00-00, or garbage): the epoch, which lies outside every window.
 * Such a row belongs to no period, but a look-up by id still finds it: its id is recorded all the same.
 */
export const NO_REAL_TIME: Instant = instant(0)

// Values of a FLOAT repeat: prices are few. 64 Ki of them are about 5 MB.
const FLOATS_REMEMBERED_MAX = 65_536

// A month of minutes, and room for the completion times beside it.
const MINUTES_REMEMBERED_MAX = 65_536
// YYYY-MM-DD HH:MM:SS, without a fraction. Of its parts only the second is not looked at again.
const DATE_AND_TIME = /^.{16}:[0-5]\d$/

const utf8 = new TextDecoder()

/** The text of a cell, trimmed; '' for NULL. */
export function textOf(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'string') return cell.trim()
  return cell instanceof Uint8Array ? utf8.decode(cell).trim() : String(cell)
}

/** An id or a code; 0 for NULL. */
export function integerOf(cell: Cell | undefined): number {
  if (typeof cell === 'number') return cell
  const read = Number(textOf(cell))
  return Number.isNaN(read) ? 0 : read
}

/** Whether a flag is set: a number, or a BIT. */
export function flagOf(cell: Cell | undefined): boolean {
  return cell instanceof Uint8Array ? cell.some((byte) => byte !== 0) : integerOf(cell) !== 0
}

const WHOLE = /^([+-]?\d+)(?:\.0*)?$/

/** An amount of points or cents; null for NULL. Throws where the value is no whole number, rather than round it. */
export function pointsOrNull(cell: Cell | undefined, place: Place): Points | null {
  if (cell === null || cell === undefined) return null
  if (typeof cell === 'bigint') return points(cell)
  if (typeof cell === 'number' && Number.isSafeInteger(cell)) return points(BigInt(cell))
  const whole = WHOLE.exec(textOf(cell))?.[1]
  if (whole === undefined) throw unreadable(cell, place, 'a whole number of points')
  return points(BigInt(whole))
}

export const pointsOf = (cell: Cell | undefined, place: Place): Points => pointsOrNull(cell, place) ?? ZERO_POINTS

/**
 * A reader of naive DATETIMEs of a zone; null for NULL and for what is no real time. Rows come nearly in order of time,
 * so the instant of a minute is worked out once: a million rows in 0.2 s instead of 1.2. Clocks change on whole minutes.
 */
export function instantReader(zone: Zone): (cell: Cell | undefined) => Instant | null {
  const minutes = new Map<string, Instant | null>()
  const whole = (text: string): Instant | null => zone.fromNaive(text) ?? null
  return (cell) => {
    if (cell === null || cell === undefined) return null
    const text = textOf(cell)
    if (!DATE_AND_TIME.test(text)) return whole(text)
    const minute = text.slice(0, 16)
    let start = minutes.get(minute)
    if (start === undefined) {
      start = whole(minute)
      if (minutes.size >= MINUTES_REMEMBERED_MAX) minutes.clear()
      minutes.set(minute, start)
    }
    return start === null ? null : plus(start, Number(text.slice(17)) * SECOND)
  }
}

/**
 * A reader of USD for a column of the announced type. A FLOAT holds about 7 digits: the shortest decimal that names the
 * same 4-byte number is the one that was written (operator-tables.md). A DOUBLE is read by its own shortest decimal, a
 * DECIMAL, an integer or a text as it stands. NULL is null.
 */
export function usdReader(type: CellType, place: Place): (cell: Cell | undefined) => NanoUsd | null {
  const remembered = new Map<number, NanoUsd>()
  return (cell) => {
    if (cell === null || cell === undefined) return null
    if (type !== 'float32' || typeof cell !== 'number') return usdOf(textOf(cell), cell, place)
    const known = remembered.get(cell)
    if (known !== undefined) return known
    const read = usdOf(shortestFloat32(cell), cell, place)
    if (remembered.size >= FLOATS_REMEMBERED_MAX) remembered.clear()
    remembered.set(cell, read)
    return read
  }
}

/**
 * The shortest decimal that names the same float32. It starts with 7 digits, which is right for almost every value and
 * holds the shorter ones with zeros behind; where 6 digits would do and 7 differ, they differ below a nano-dollar.
 */
export function shortestFloat32(value: number): string {
  for (const digits of [7, 8]) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return text
  }
  return value.toPrecision(9)
}

function usdOf(text: string, cell: Cell, place: Place): NanoUsd {
  if (text === '') return ZERO_NANO_USD
  const read = parseUsd(text)
  if (read === undefined) throw unreadable(cell, place, 'an amount of USD')
  return nanoUsd(read)
}

function unreadable(cell: Cell, { table, column }: Place, wanted: string): AuditError {
  return new AuditError('source', `${table}.${column} holds "${shortened(textOf(cell), 40)}", which is not ${wanted}`, {
    field: `${table}.${column}`,
    accepted: wanted,
    next: 'correct the row, or name the right column in AUDIT_CONFIG',
  })
}
