import { AuditError, retold, shortened } from '../errors.ts'
import { couldBeKey } from '../units/api-key.ts'
import { type Whole, wholeOf } from '../units/exact-sums.ts'
import type { Instant } from '../units/instant.ts'
import { type NanoUsd, nanoUsd, parseUsd } from '../units/nano-usd.ts'
import { ACCEPTED_IDS, rowIdOf } from '../units/row-id.ts'
import type { Zone } from '../units/zone.ts'

/** What a column's cells are, where that decides how they are read: the numbers of a 4-byte FLOAT, or anything else. */
export type CellType = 'float32' | 'other'

/** One value of a row, as either driver gives it. */
export type Cell = string | number | bigint | Uint8Array | null

/** Where a value stands, for the error that names it. */
export interface Place {
  readonly table: string
  readonly column: string
  /**
   * It is read together with keys of which some are not known, so that they cannot be blanked out: what could be one is not told.
   * Those of accounts are not known yet, those of tasks may be of no account.
   */
  readonly besideKeys?: true
}

// Values of a FLOAT repeat: prices are few. Each has one place by its bits, so that no Map grows.
const FLOATS_BITS = 16
const FLOATS_REMEMBERED = 2 ** FLOATS_BITS

/** Characters of a value that an error repeats. Of what stands for an id no more than an id has: it may be another column. */
const CHARS_SHOWN = 40
const ID_CHARS_SHOWN = 24
const MEND_IDS =
  'name a column of whole numbers in AUDIT_CONFIG (columns), such as one of a view that numbers the rows in the order in which they were made'
const MEND_FLAG = 'name a column of 0 and 1 in AUDIT_CONFIG (columns), such as one of a view that works it out'
const MEND_ROW = 'correct the row, or name the right column in AUDIT_CONFIG'

const utf8 = new TextDecoder()

/** The text of a cell, trimmed; '' for NULL. */
export function textOf(cell: Cell | undefined): string {
  if (typeof cell === 'string') return cell.trim()
  if (cell === null || cell === undefined) return ''
  return cell instanceof Uint8Array ? utf8.decode(cell).trim() : String(cell)
}

/** Whether blanks stand around the text of a cell. */
export function isPaddedText(cell: Cell | undefined): boolean {
  const text = cell instanceof Uint8Array ? utf8.decode(cell) : cell
  return typeof text === 'string' && text !== text.trim()
}

/** A code; 0 for NULL. */
export function integerOf(cell: Cell | undefined): number {
  if (typeof cell === 'number') return cell
  const read = Number(wordOf(cell))
  return Number.isNaN(read) ? 0 : read
}

/**
 * The id of a row, a user or an account; 0 for NULL and for a text that is empty. Throws where it is no whole number that a
 * number holds: rounded, or read as 0, it would be the id of somebody else.
 */
export function idOf(cell: Cell | undefined, place: Place): number {
  if (typeof cell === 'number' && Number.isSafeInteger(cell)) return cell
  const text = textOf(cell)
  if (text === '') return 0
  const id = rowIdOf(text)
  if (id === undefined) {
    throw unreadable(text, ID_CHARS_SHOWN, place, ACCEPTED_IDS, MEND_IDS)
  }
  return id
}

/** The same of the row itself, or of an account. Throws where it has none: as 0 it would be another row, or one that is not there. */
export function ownIdOf(cell: Cell | undefined, place: Place): number {
  const id = idOf(cell, place)
  if (id === 0 && textOf(cell) === '') throw withoutId(place)
  return id
}

/** The error about a row that has no id. */
export const withoutId = (place: Place): AuditError => unreadable('NULL', ID_CHARS_SHOWN, place, ACCEPTED_IDS, MEND_IDS)

/** The code of a blank: those below it are no characters. */
const FIRST_OF_TEXT = 0x20
const FLAG_WORDS: ReadonlyMap<string, boolean> = new Map([
  ['', false],
  ['true', true],
  ['false', false],
])

/** The number of a BIT that is below what a text begins with; of other bytes the text. */
function textOfBits(bytes: Uint8Array): string {
  const low = bytes.at(-1) ?? 0
  return low < FIRST_OF_TEXT && bytes.subarray(0, -1).every((byte) => byte === 0) ? String(low) : textOf(bytes)
}

/** The text of a cell that may be a BIT, which tells its number; '' for NULL. */
export const wordOf = (cell: Cell | undefined): string =>
  cell instanceof Uint8Array && cell.length > 0 ? textOfBits(cell) : textOf(cell)

/**
 * Whether a flag is set: 1, true, or a BIT of 1; not for any other number, which the rules call no refund, for NULL and for a text
 * that is empty. Throws where it is another word: yes, read as 0, would be a no.
 */
export function flagOf(cell: Cell | undefined, place: Place): boolean {
  const text = cell instanceof Uint8Array ? textOfBits(cell) : textOf(cell)
  const word = FLAG_WORDS.get(text.toLowerCase())
  if (word !== undefined) return word
  const read = Number(text)
  if (Number.isNaN(read)) throw unreadable(text, CHARS_SHOWN, place, '0 or 1', MEND_FLAG)
  return read === 1
}

const WHOLE = /^([+-]?\d+)(?:\.0*)?$/

/** An amount of points or cents; null for NULL. Throws where the value is no whole number, rather than round it. */
export function wholeOrNull(cell: Cell | undefined, place: Place): Whole | null {
  if (cell === null || cell === undefined) return null
  if (typeof cell === 'number' && Number.isSafeInteger(cell)) return cell
  if (typeof cell === 'bigint') return wholeOf(cell)
  const whole = WHOLE.exec(textOf(cell))?.[1]
  if (whole === undefined) throw wrongInRow(textOf(cell), place, 'a whole number of points')
  return wholeOf(BigInt(whole))
}

/** 0000-00-00 is how MySQL stores that there is no time. */
const ZERO_DATE = '0000-00-00'

/** Whether the text of a time says that there is none: '', as of NULL, or 0000-00-00. */
export const isNoTime = (text: string): boolean => text === '' || text.startsWith(ZERO_DATE)

/** The instant of a naive DATETIME of a zone; null for NULL and for what is no real time. */
export const instantOf = (zone: Zone, cell: Cell | undefined): Instant | null =>
  cell === null || cell === undefined ? null : (zone.fromNaive(textOf(cell)) ?? null)

/**
 * A reader of USD for a column of the announced type. A FLOAT holds about 7 digits: the shortest decimal that names the
 * same 4-byte number is the one that was written (operator-tables.md). A DOUBLE is read by its own shortest decimal, a
 * DECIMAL, an integer or a text as it stands. NULL is null, and so is a text that is empty: it tells no amount, not one of 0.
 */
export function usdReader(type: CellType, place: Place): (cell: Cell | undefined) => Whole | null {
  const float32 = type === 'float32'
  return (cell) => {
    if (cell === null || cell === undefined) return null
    if (float32 && typeof cell === 'number') return float32Usd(cell, place)
    const text = textOf(cell)
    return text === '' ? null : usdOf(text, cell, place)
  }
}

/** The same as money. */
export function nanoUsdReader(type: CellType, place: Place): (cell: Cell | undefined) => NanoUsd | null {
  const read = usdReader(type, place)
  return (cell) => {
    const usd = read(cell)
    return usd === null ? null : nanoUsd(BigInt(usd))
  }
}

/** What FLOATs are, for all columns: a look-up of a few rows is not to make a table of its own. Those that a number holds. */
const floats = new Float64Array(FLOATS_REMEMBERED)
const floatKeys = new Int32Array(FLOATS_REMEMBERED)
const float = new Float32Array(1)
const floatBits = new Int32Array(float.buffer)

/** The nano-USD of a FLOAT. Remembers values seen; of two that share a place the later one stays. */
export function float32Usd(value: number, place: Place): Whole {
  float[0] = value
  const key = floatBits[0] as number
  // Prices share their exponent and often their last bits: multiplied, what differs spreads over the upper half.
  const slot = Math.imul(key, 0x9e3779b1) >>> (32 - FLOATS_BITS)
  // The bits of nought stand for a place where nothing is yet, and nought is 0 there already.
  if (floatKeys[slot] === key && float[0] === value) return floats[slot] as number
  const read = usdOf(shortestFloat32(value), value, place)
  if (typeof read === 'number' && float[0] === value) {
    floats[slot] = read
    floatKeys[slot] = key
  }
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

function usdOf(text: string, cell: Cell, place: Place): Whole {
  const read = parseUsd(text)
  if (read === undefined) throw wrongInRow(textOf(cell), place, 'an amount of USD')
  return wholeOf(read)
}

function unreadable(text: string, chars: number, place: Place, wanted: string, next: string): AuditError {
  const { table, column, besideKeys } = place
  const held = besideKeys === true && couldBeKey(text) ? 'what could be a key' : `"${shortened(text, chars)}"`
  return new AuditError('source', `${table}.${column} holds ${held}, which is not ${wanted}`, {
    field: `${table}.${column}`,
    accepted: wanted,
    next,
    failure: 'bad-value',
  })
}

/** The error about a value that is wrong in one row, or in a column that is the wrong one. */
export const wrongInRow = (text: string, place: Place, wanted: string): AuditError =>
  unreadable(text, CHARS_SHOWN, place, wanted, MEND_ROW)

/** An error about a cell, with the row that it stands in: whoever is to correct it has to find it. Other errors as they are. */
export function inRow(error: unknown, rowId: number): unknown {
  // Where it is an id that cannot be read, the error says all of it.
  if (!(error instanceof AuditError) || error.kind !== 'source' || error.accepted === ACCEPTED_IDS) return error
  return retold(error, `${error.message} (row with id ${rowId})`, {
    next: `correct the row with id ${rowId}, or name the right column in AUDIT_CONFIG`,
    failure: 'bad-value',
  })
}
