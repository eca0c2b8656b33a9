import { HOUR, MINUTE, SECOND } from '../units/instant.ts'
import { type WallMillis, wallMillis } from '../units/wall.ts'
import type { Cell, CellType } from './cells.ts'
import { type TextReader, textReader, type WireBytes } from './mysql-texts.ts'

/** What mysql2 knows of a column, in as far as rows are read by it. */
export interface WireColumn {
  readonly columnType?: number | undefined
  readonly characterSet?: number | undefined
  readonly encoding?: string | undefined
  readonly flags?: unknown
  readonly extendedFormat?: string | undefined
}

/** A row as mysql2 hands it to its parser: one packet of the binary protocol. */
export interface WirePacket {
  readonly buffer: Buffer
  /** Where the row begins, behind the packet's own head. */
  readonly offset: number
}

/** Reads the rows of one result; each comes in the same array. */
export interface RowReader {
  readonly types: readonly CellType[]
  next(packet: WirePacket): readonly Cell[]
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

/** How a column is read. */
interface ColumnReader {
  readonly type: CellType
  /** A type of the protocol; all times are TIME, all texts TEXT. */
  readonly code: number
  readonly unsigned: boolean
  readonly text: (bytes: WireBytes, from: number, until: number) => string | Buffer
}

const TIME = -1
const TEXT = -2

/** Lengths from here on are told by the bytes that follow: two, three or eight. */
const LONG_LENGTH = 0xfc
const BYTES_OF_LENGTH: Readonly<Record<number, number>> = { 252: 2, 253: 3, 254: 8 }

/**
 * Makes the reader of a result out of its columns; undefined where the driver is to read it, because it holds a type that
 * is not known here. `times` are the positions wanted as times.
 *
 * The driver makes a text of each DATETIME, part by part, and new texts of the same few models and keys: of the time to read
 * a million tasks that was more than half. Rows are otherwise read as the driver reads them (binary_parser.js of mysql2).
 */
export function rowReader(columns: readonly WireColumn[], times: readonly number[]): RowReader | undefined {
  const readers: ColumnReader[] = []
  for (const [at, column] of columns.entries()) {
    const reader = columnReader(column, times.includes(at))
    if (reader === undefined) return undefined
    readers.push(reader)
  }
  const timeOf = timeReader()
  let bytes: WireBytes = { buffer: Buffer.alloc(0), view: new DataView(new ArrayBuffer(0)) }
  const cells: Cell[] = new Array(readers.length).fill(null)
  // The first two bits of the bitmap belong to nobody.
  const bitmapBytes = (readers.length + 2 + 7) >> 3
  return {
    types: readers.map(({ type }) => type),
    next({ buffer, offset }) {
      // Many packets lie in one buffer.
      if (buffer !== bytes.buffer) {
        bytes = { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength) }
      }
      const { view } = bytes
      const bitmap = offset + 1
      let at = bitmap + bitmapBytes
      for (let index = 0; index < readers.length; index++) {
        const reader = readers[index] as ColumnReader
        const bit = index + 2
        if (((buffer[bitmap + (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0) {
          cells[index] = null
          continue
        }
        switch (reader.code) {
          // A MEDIUMINT is sent in four bytes too.
          case INT24:
          case LONG:
            cells[index] = reader.unsigned ? view.getUint32(at, true) : view.getInt32(at, true)
            at += 4
            break
          case TEXT: {
            let length = buffer[at++] ?? 0
            if (length >= LONG_LENGTH) {
              const more = BYTES_OF_LENGTH[length] ?? 0
              length = longLength(buffer, at, more)
              at += more
            }
            cells[index] = reader.text(bytes, at, at + length)
            at += length
            break
          }
          case TIME: {
            const length = buffer[at] ?? 0
            cells[index] = timeOf(view, at + 1, length)
            at += 1 + length
            break
          }
          case FLOAT:
            cells[index] = view.getFloat32(at, true)
            at += 4
            break
          case DOUBLE:
            cells[index] = view.getFloat64(at, true)
            at += 8
            break
          case LONGLONG:
            cells[index] = wholeAt(view, at, reader.unsigned)
            at += 8
            break
          case SHORT:
            cells[index] = reader.unsigned ? view.getUint16(at, true) : view.getInt16(at, true)
            at += 2
            break
          default:
            cells[index] = reader.unsigned ? view.getUint8(at) : view.getInt8(at)
            at += 1
        }
      }
      return cells
    },
  }
}

const digits: TextReader = ({ buffer }, from, until) => buffer.toString('latin1', from, until)

const bytesAsTheyAre = ({ buffer }: WireBytes, from: number, until: number): Buffer => buffer.subarray(from, until)

function columnReader(column: WireColumn, isTime: boolean): ColumnReader | undefined {
  const { columnType = -1, characterSet, encoding, flags, extendedFormat } = column
  const unsigned = typeof flags === 'number' && (flags & UNSIGNED) !== 0
  const numbers = [TINY, SHORT, LONG, FLOAT, DOUBLE, LONGLONG, INT24].includes(columnType)
  if (numbers) {
    return { type: columnType === FLOAT ? 'float32' : 'other', code: columnType, unsigned, text: digits }
  }
  if (isTime && TIMES.includes(columnType)) return { type: 'wall', code: TIME, unsigned, text: digits }
  // Digits, a sign and a point.
  if (DECIMALS.includes(columnType)) return { type: 'other', code: TEXT, unsigned, text: digits }
  // MariaDB marks a JSON column so, and the driver parses it.
  if (extendedFormat !== undefined) return undefined
  const texts = TEXTS.includes(columnType)
  if (columnType === BIT || (texts && characterSet === BINARY_CHARACTERS)) {
    return { type: 'other', code: TEXT, unsigned, text: bytesAsTheyAre }
  }
  return texts && encoding === 'utf8' ? { type: 'other', code: TEXT, unsigned, text: textReader() } : undefined
}

function longLength(buffer: Buffer, at: number, bytes: number): number {
  return bytes === 8 ? Number(buffer.readBigUInt64LE(at)) : buffer.readUIntLE(at, bytes)
}

/**
 * A reader of DATE, DATETIME and TIMESTAMP: no bytes for 0000-00-00, and none for parts that are nought at the end. Rows
 * follow the days, so the beginning of the last day is remembered.
 */
function timeReader(): (view: DataView, at: number, length: number) => WallMillis {
  let lastDay = -1
  let dayStart = Number.NaN
  return (view, at, length) => {
    if (length < 4) return Number.NaN
    const day = view.getInt32(at, true)
    if (day !== lastDay) {
      dayStart = wallMillis(view.getUint16(at, true), view.getUint8(at + 2), view.getUint8(at + 3), 0, 0, 0, 0)
      lastDay = day
    }
    if (length < 7) return dayStart
    const hour = view.getUint8(at + 4)
    const minute = view.getUint8(at + 5)
    const second = view.getUint8(at + 6)
    if (hour > 23 || minute > 59 || second > 59) return Number.NaN
    // Cut to the millisecond, as everywhere.
    const millis = length < 11 ? 0 : Math.trunc(view.getUint32(at + 7, true) / 1000)
    return dayStart + hour * HOUR + minute * MINUTE + second * SECOND + millis
  }
}

/** A BIGINT: a number where one holds it whole. */
function wholeAt(view: DataView, at: number, unsigned: boolean): number | bigint {
  const low = view.getUint32(at, true)
  const high = unsigned ? view.getUint32(at + 4, true) : view.getInt32(at + 4, true)
  const whole = high * 0x1_0000_0000 + low
  if (Number.isSafeInteger(whole)) return whole
  return unsigned ? view.getBigUint64(at, true) : view.getBigInt64(at, true)
}
