import { type Bytes, viewOf } from '../rows/bytes.ts'
import { type Span, spanOfText } from '../rows/record-list.ts'
import type { Whole } from '../units/exact-sums.ts'
import { HOUR, MINUTE, SECOND } from '../units/instant.ts'
import { parseWall, type WallMillis, wallMillis } from '../units/wall.ts'
import {
  type Cell,
  flagOf,
  float32Usd,
  idOf,
  integerOf,
  isPaddedText,
  type Place,
  textOf,
  usdReader,
  wholeOrNull,
  wordOf,
} from './cells.ts'
import { type CodeOf, isComparableTime, type RowCells } from './row-cells.ts'
import { wordReader } from './wire-words.ts'

/** What mysql2 knows of a column, in as far as rows are read by it. */
export interface WireColumn {
  readonly columnType?: number | undefined
  readonly characterSet?: number | undefined
  readonly encoding?: string | undefined
  readonly flags?: unknown
  readonly extendedFormat?: string | undefined
}

// Types of the protocol (MYSQL_TYPE_…): https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
const TINY = 1
const SHORT = 2
const LONG = 3
const FLOAT = 4
const DOUBLE = 5
const LONGLONG = 8
const INT24 = 9
const TIMES: readonly number[] = [7, 10, 12]
const DECIMALS: readonly number[] = [0, 246]
const TEXTS: readonly number[] = [15, 249, 250, 251, 252, 253, 254]
const BIT = 16
const UNSIGNED = 32
const BINARY_CHARACTERS = 63

/** How a column is read: a type of the protocol that is a number, or one of these. */
const TIME = -1
const TEXT = -2
/** Bytes that are no text. */
const BINARY = -3

/** Bytes of a number, by its type. */
const SIZES = new Int8Array(16)
SIZES[TINY] = 1
SIZES[SHORT] = 2
SIZES[LONG] = 4
// A MEDIUMINT is sent in four bytes too.
SIZES[INT24] = 4
SIZES[FLOAT] = 4
SIZES[DOUBLE] = 8
SIZES[LONGLONG] = 8

/** Lengths from here on are told by the bytes that follow: two, three or eight. */
const LONG_LENGTH = 0xfc
const BYTES_OF_LENGTH: Readonly<Record<number, number>> = { 252: 2, 253: 3, 254: 8 }
/** Characters between these are no blanks: nearly every text begins and ends with such. */
const [FIRST_VISIBLE, LAST_VISIBLE] = [0x21, 0x7e] as const

/** A span that is another one with the next row. */
type ReusedSpan = { -readonly [Key in keyof Span]: Span[Key] }

/** How a column is read; undefined where the driver must read it. */
function codeOfColumn({ columnType = -1, characterSet, encoding, extendedFormat }: WireColumn): number | undefined {
  if (columnType > 0 && columnType < SIZES.length && SIZES[columnType] !== 0) return columnType
  if (TIMES.includes(columnType)) return TIME
  // Digits, a sign and a point.
  if (DECIMALS.includes(columnType)) return TEXT
  // MariaDB marks a JSON column so, and the driver parses it.
  if (extendedFormat !== undefined) return undefined
  if (columnType === BIT) return BINARY
  if (!TEXTS.includes(columnType)) return undefined
  if (characterSet === BINARY_CHARACTERS) return BINARY
  return encoding === 'utf8' ? TEXT : undefined
}

/** Reads the rows of a result by its columns; undefined where the driver is to read them: it holds a type not known here. */
export function wireRow(columns: readonly WireColumn[]): WireRow | undefined {
  const codes = columns.map(codeOfColumn)
  if (codes.some((code) => code === undefined)) return undefined
  const unsigned = columns.map(({ flags }) => typeof flags === 'number' && (flags & UNSIGNED) !== 0)
  return new WireRow(codes as number[], unsigned)
}

/**
 * One row of the binary protocol, read where it lies. The driver makes a value of each column, and a text of each id and time:
 * of the time to read a million tasks that was most.
 */
export class WireRow implements RowCells, Bytes {
  readonly #codes: Int8Array
  readonly #unsigned: readonly boolean[]
  /** Where each value begins, behind its length; -1 for NULL. */
  readonly #starts: Int32Array
  readonly #lengths: Int32Array
  readonly #spans: ReusedSpan[]
  readonly #words: (((span: Span) => number) | undefined)[]
  readonly #cells: Cell[]
  /** Rows follow the days, so the beginning of the last day is remembered. */
  #lastDay = -1
  #dayStart = Number.NaN
  bytes: Buffer = Buffer.alloc(0)
  view: DataView = viewOf(this.bytes)

  constructor(codes: readonly number[], unsigned: readonly boolean[]) {
    this.#codes = Int8Array.from(codes)
    this.#unsigned = unsigned
    this.#starts = new Int32Array(codes.length)
    this.#lengths = new Int32Array(codes.length)
    this.#spans = codes.map(() => ({ bytes: this.bytes, view: this.view, from: 0, length: 0 }))
    this.#words = codes.map(() => undefined)
    this.#cells = codes.map(() => null)
  }

  /** Goes to where a row begins, its first byte being the 0 of a row. */
  at(bytes: Buffer, offset: number): this {
    // Many rows lie in one buffer.
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = viewOf(bytes)
    }
    const codes = this.#codes
    const columns = codes.length
    const bitmap = offset + 1
    // The first two bits of the bitmap belong to nobody.
    let at = bitmap + ((columns + 9) >> 3)
    for (let column = 0; column < columns; column++) {
      const bit = column + 2
      if (((bytes[bitmap + (bit >> 3)] as number) & (1 << (bit & 7))) !== 0) {
        this.#starts[column] = -1
        continue
      }
      const code = codes[column] as number
      let length = 0
      if (code > 0) length = SIZES[code] as number
      else {
        length = bytes[at++] as number
        if (length >= LONG_LENGTH) {
          const more = BYTES_OF_LENGTH[length] ?? 0
          length = more === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, more)
          at += more
        }
      }
      this.#starts[column] = at
      this.#lengths[column] = length
      at += length
    }
    return this
  }

  cells(): readonly Cell[] {
    for (let column = 0; column < this.#cells.length; column++) this.#cells[column] = this.#cell(column)
    return this.#cells
  }

  id(column: number, place: Place): number {
    const at = this.#starts[column] as number
    if (at < 0) return 0
    return this.#codes[column] === LONG && !this.#unsigned[column]
      ? this.view.getInt32(at, true)
      : idOf(this.#cell(column), place)
  }

  integer(column: number): number {
    const at = this.#starts[column] as number
    if (at < 0) return 0
    return this.#codes[column] === LONG && !this.#unsigned[column]
      ? this.view.getInt32(at, true)
      : integerOf(this.#cell(column))
  }

  flag(column: number, place: Place): boolean {
    const at = this.#starts[column] as number
    if (at < 0) return false
    return this.#codes[column] === LONG ? this.view.getInt32(at, true) === 1 : flagOf(this.#cell(column), place)
  }

  isNull(column: number): boolean {
    return (this.#starts[column] as number) < 0
  }

  whole(column: number, place: Place): Whole | null {
    const at = this.#starts[column] as number
    if (at < 0) return null
    return this.#codes[column] === LONG && !this.#unsigned[column]
      ? this.view.getInt32(at, true)
      : wholeOrNull(this.#cell(column), place)
  }

  usd(column: number, place: Place): Whole | null {
    const at = this.#starts[column] as number
    if (at < 0) return null
    if (this.#codes[column] === FLOAT) return float32Usd(this.view.getFloat32(at, true), place)
    return usdReader('other', place)(this.#cell(column))
  }

  wall(column: number): WallMillis {
    const at = this.#starts[column] as number
    if (at < 0) return Number.NaN
    return this.#codes[column] === TIME
      ? this.#timeAt(at, this.#lengths[column] as number)
      : parseWall(textOf(this.#cell(column)))
  }

  isComparable(column: number): boolean {
    return this.#codes[column] === TIME || isComparableTime(this.#cell(column))
  }

  text(column: number): string {
    return textOf(this.#cell(column))
  }

  code(column: number): string {
    return wordOf(this.#cell(column))
  }

  isPadded(column: number): boolean {
    return !this.#standsBare(column) && isPaddedText(this.#cell(column))
  }

  word(column: number, codeOf: CodeOf): number {
    if (this.#codes[column] !== TEXT || (this.#starts[column] as number) < 0) return codeOf(this.text(column))
    let words = this.#words[column]
    if (words === undefined) {
      words = wordReader(codeOf)
      this.#words[column] = words
    }
    return words(this.#spanOf(column))
  }

  span(column: number): Span {
    return this.#standsBare(column) ? this.#spanOf(column) : spanOfText(this.text(column))
  }

  /** Whether a text is one as it stands, without a look at all of it: it begins and ends with what is seen to be no blank. */
  #standsBare(column: number): boolean {
    const start = this.#starts[column] as number
    const length = this.#lengths[column] as number
    if (start < 0 || this.#codes[column] !== TEXT) return false
    return length === 0 || (isVisible(this.bytes[start]) && isVisible(this.bytes[start + length - 1]))
  }

  /** The bytes of a text as they stand. */
  #spanOf(column: number): Span {
    const span = this.#spans[column] as ReusedSpan
    span.bytes = this.bytes
    span.view = this.view
    span.from = this.#starts[column] as number
    span.length = this.#lengths[column] as number
    return span
  }

  /** A value as the driver would give it, but for times: those are texts. */
  #cell(column: number): Cell {
    const at = this.#starts[column] ?? -1
    // NULL, or a column that was not asked for.
    if (at < 0) return null
    const { view } = this
    const unsigned = this.#unsigned[column] === true
    const until = at + (this.#lengths[column] as number)
    switch (this.#codes[column]) {
      case INT24:
      case LONG:
        return unsigned ? view.getUint32(at, true) : view.getInt32(at, true)
      case TEXT:
        return this.bytes.toString('utf8', at, until)
      case TIME:
        return naiveText(view, at, until - at)
      case BINARY:
        return this.bytes.subarray(at, until)
      case FLOAT:
        return view.getFloat32(at, true)
      case DOUBLE:
        return view.getFloat64(at, true)
      case LONGLONG:
        return wholeAt(view, at, unsigned)
      case SHORT:
        return unsigned ? view.getUint16(at, true) : view.getInt16(at, true)
      default:
        return unsigned ? view.getUint8(at) : view.getInt8(at)
    }
  }

  /** A DATE, DATETIME or TIMESTAMP: no bytes for 0000-00-00, and none for parts that are nought at the end. */
  #timeAt(at: number, length: number): WallMillis {
    const { view } = this
    if (length < 4) return Number.NaN
    const day = view.getInt32(at, true)
    if (day !== this.#lastDay) {
      this.#dayStart = wallMillis(view.getUint16(at, true), view.getUint8(at + 2), view.getUint8(at + 3), 0, 0, 0, 0)
      this.#lastDay = day
    }
    if (length < 7) return this.#dayStart
    const hour = view.getUint8(at + 4)
    const minute = view.getUint8(at + 5)
    const second = view.getUint8(at + 6)
    if (hour > 23 || minute > 59 || second > 59) return Number.NaN
    // Cut to the millisecond, as everywhere.
    const millis = length < 11 ? 0 : Math.trunc(view.getUint32(at + 7, true) / 1000)
    return this.#dayStart + hour * HOUR + minute * MINUTE + second * SECOND + millis
  }
}

const isVisible = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= FIRST_VISIBLE && byte <= LAST_VISIBLE

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** A time as the driver writes it. */
function naiveText(view: DataView, at: number, length: number): string {
  const part = (place: number): string => pad(length > place ? view.getUint8(at + place) : 0)
  const date = length < 4 ? '0000-00-00' : `${pad(view.getUint16(at, true), 4)}-${part(2)}-${part(3)}`
  const time = `${part(4)}:${part(5)}:${part(6)}`
  return `${date} ${time}${length < 11 ? '' : `.${pad(view.getUint32(at + 7, true), 6)}`}`
}

/** A BIGINT: a number where one holds it whole. */
function wholeAt(view: DataView, at: number, unsigned: boolean): number | bigint {
  const low = view.getUint32(at, true)
  const high = unsigned ? view.getUint32(at + 4, true) : view.getInt32(at + 4, true)
  const whole = high * 0x1_0000_0000 + low
  if (Number.isSafeInteger(whole)) return whole
  return unsigned ? view.getBigUint64(at, true) : view.getBigInt64(at, true)
}
