import { AuditError, shortened } from '../errors.ts'
import { type Instant, instant } from '../units/instant.ts'
import { type NanoUsd, nanoUsd, parseUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { type Points, points, ZERO_POINTS } from '../units/points.ts'
import type { Zone } from '../units/zone.ts'

/**
 * What a column's cells are, where that decides how they are read: the numbers of a 4-byte FLOAT; times counted already,
 * as WallMillis, NaN where it is no real time; or anything else.
 */
export type CellType = 'float32' | 'wall' | 'other'

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

// Values of a FLOAT repeat: prices are few. Each has one place by its bits, so that no Map grows.
const FLOATS_BITS = 16
const FLOATS_REMEMBERED = 2 ** FLOATS_BITS
// Charges and balances repeat too, and a new bigint is two allocations; a power of two.
const WHOLES_REMEMBERED = 4096

const utf8 = new TextDecoder()

/** The text of a cell, trimmed; '' for NULL. */
export function textOf(cell: Cell | undefined): string {
  if (typeof cell === 'string') return cell.trim()
  if (cell === null || cell === undefined) return ''
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
  if (typeof cell === 'number' && Number.isSafeInteger(cell)) return wholePoints(cell)
  if (typeof cell === 'bigint') return points(cell)
  const whole = WHOLE.exec(textOf(cell))?.[1]
  if (whole === undefined) throw unreadable(cell, place, 'a whole number of points')
  return points(BigInt(whole))
}

export const pointsOf = (cell: Cell | undefined, place: Place): Points => pointsOrNull(cell, place) ?? ZERO_POINTS

const wholes: (Points | undefined)[] = new Array(WHOLES_REMEMBERED).fill(undefined)
const wholeKeys = new Float64Array(WHOLES_REMEMBERED)

function wholePoints(count: number): Points {
  const place = count & (WHOLES_REMEMBERED - 1)
  const known = wholes[place]
  if (known !== undefined && wholeKeys[place] === count) return known
  const read = points(BigInt(count))
  wholes[place] = read
  wholeKeys[place] = count
  return read
}

/** A reader of naive DATETIMEs of a zone; null for NULL and for what is no real time. */
export function instantReader(zone: Zone, type: CellType): (cell: Cell | undefined) => Instant | null {
  if (type === 'wall') return (cell) => (typeof cell === 'number' ? (zone.fromWall(cell) ?? null) : null)
  return (cell) => (cell === null || cell === undefined ? null : (zone.fromNaive(textOf(cell)) ?? null))
}

/**
 * A reader of USD for a column of the announced type. A FLOAT holds about 7 digits: the shortest decimal that names the
 * same 4-byte number is the one that was written (operator-tables.md). A DOUBLE is read by its own shortest decimal, a
 * DECIMAL, an integer or a text as it stands. NULL is null.
 */
export function usdReader(type: CellType, place: Place): (cell: Cell | undefined) => NanoUsd | null {
  const float32 = type === 'float32'
  return (cell) => {
    if (cell === null || cell === undefined) return null
    return float32 && typeof cell === 'number' ? float32Of(cell, place) : usdOf(textOf(cell), cell, place)
  }
}

/** What FLOATs are, for all columns: a look-up of a few rows is not to make a table of its own. */
const floats: (NanoUsd | undefined)[] = new Array(FLOATS_REMEMBERED).fill(undefined)
const floatKeys = new Int32Array(FLOATS_REMEMBERED)
const float = new Float32Array(1)
const floatBits = new Int32Array(float.buffer)

/** Remembers values seen; of two that share a place the later one stays. */
function float32Of(value: number, place: Place): NanoUsd {
  float[0] = value
  const key = floatBits[0] ?? 0
  // Prices share their exponent and often their last bits: multiplied, what differs spreads over the upper half.
  const slot = Math.imul(key, 0x9e3779b1) >>> (32 - FLOATS_BITS)
  const known = floats[slot]
  if (known !== undefined && floatKeys[slot] === key && float[0] === value) return known
  const read = usdOf(shortestFloat32(value), value, place)
  floats[slot] = read
  floatKeys[slot] = key
  return read
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
