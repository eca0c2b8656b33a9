import type { RecordKind, RecordList } from '../rows/record-list.ts'
import { FirstRows } from './first-rows.ts'
import type { ReadingRoom } from './reading-room.ts'
import type { SpoolFile } from './spool-file.ts'
import { Stretches } from './stretches.ts'

/** Parts into which rows are divided: one of them is all that is in memory at once. */
export const PARTS = 512
/** Room that a part has in memory, in numbers of four bytes: it is written out when the next row does not fit. */
const ROOM_FOURS = 2048
const NOTHING = new Int32Array(0)

/** Rows divided into parts by a key, kept as bytes, most of them in a file once they are many. Order is kept in a part. */
export class Spool<Words, Records extends RecordList<Words>> {
  readonly #kind: RecordKind<Words, Records>
  readonly #file: SpoolFile
  /** As long as rows are few. */
  #first: FirstRows | null = new FirstRows(PARTS)
  /** Rooms of all parts, one behind the other: whatever part the next row is of, it is found without looking anything up. */
  #rooms = NOTHING
  readonly #used = new Int32Array(PARTS)
  readonly #rowsIn = new Float64Array(PARTS)
  /** Where the rest of each part stands in the file; most questions fill few parts. */
  readonly #filed: (Stretches | undefined)[] = new Array(PARTS).fill(undefined)
  #words: Words | undefined
  #rows = 0

  constructor(kind: RecordKind<Words, Records>, file: SpoolFile) {
    this.#kind = kind
    this.#file = file
  }

  get rows(): number {
    return this.#rows
  }

  rowsIn(part: number): number {
    return this.#rowsIn[part] ?? 0
  }

  /** Adds one of some records. All records that are added share their words. */
  add(part: number, records: Records, index: number): void {
    if (!(part >= 0 && part < PARTS)) throw new RangeError(`there is no part ${part}`)
    if (records.words !== this.#words) this.#takeWords(records.words)
    const from = records.at(index) >> 2
    const length = records.sizeOf(index) >> 2
    if (this.#first?.add(part, records.fours, from, length) !== true) this.#put(part, records.fours, from, length)
    this.#rowsIn[part] = (this.#rowsIn[part] as number) + 1
    this.#rows += 1
  }

  #put(part: number, fours: Int32Array, from: number, length: number): void {
    if (this.#rooms.length === 0) this.#makeRooms()
    if ((this.#used[part] as number) + length > ROOM_FOURS) this.#empty(part)
    if (length > ROOM_FOURS) {
      this.#append(part, fours.subarray(from, from + length))
      return
    }
    const used = this.#used[part] as number
    const rooms = this.#rooms
    const to = part * ROOM_FOURS + used
    for (let at = 0; at < length; at++) rooms[to + at] = fours[from + at] as number
    this.#used[part] = used + length
  }

  #makeRooms(): void {
    this.#rooms = new Int32Array(PARTS * ROOM_FOURS)
    const first = this.#first
    if (first === null) return
    this.#first = null
    for (let part = 0; part < PARTS; part++) {
      first.each(part, (from, length) => this.#put(part, first.fours, from, length))
    }
  }

  /** Nothing is added any more: what is in the file needs no room beside it. */
  end(): void {
    if (this.#rooms.length === 0) return
    for (let part = 0; part < PARTS; part++) this.#empty(part)
    this.#rooms = NOTHING
  }

  /** The rows of some parts, part by part in the order in which they were added; in a room good until it is read into again. */
  read(parts: readonly number[], room?: ReadingRoom): Records {
    this.end()
    let total = 0
    let rows = 0
    // Most questions are about few users, whose rows lie in few parts.
    const filled = parts.filter((part) => this.rowsIn(part) > 0)
    for (const part of filled) {
      rows += this.rowsIn(part)
      total += (this.#filed[part]?.bytes ?? 0) + 4 * (this.#first?.foursIn(part) ?? 0)
    }
    const bytes = room?.take(total) ?? Buffer.allocUnsafeSlow(total)
    const fours = new Int32Array(bytes.buffer, bytes.byteOffset, total >> 2)
    let offset = 0
    for (const part of filled) {
      this.#filed[part]?.each((at, length) => {
        this.#file.read(bytes, offset, length, at)
        offset += length
      })
      if (this.#first !== null) offset = 4 * this.#first.copyTo(fours, offset >> 2, part)
    }
    return this.#kind.list(bytes, rows, this.#words ?? this.#kind.words())
  }

  #takeWords(words: Words): void {
    if (this.#words !== undefined) throw new Error('rows of other words cannot be put together')
    this.#words = words
  }

  #empty(part: number): void {
    const used = this.#used[part] as number
    if (used > 0) this.#append(part, this.#rooms.subarray(part * ROOM_FOURS, part * ROOM_FOURS + used))
    this.#used[part] = 0
  }

  #append(part: number, fours: Int32Array): void {
    const bytes = bytesOf(fours)
    let filed = this.#filed[part]
    if (filed === undefined) {
      filed = new Stretches()
      this.#filed[part] = filed
    }
    filed.add(this.#file.append(bytes), bytes.length)
  }
}

const bytesOf = (fours: Int32Array): Uint8Array => new Uint8Array(fours.buffer, fours.byteOffset, fours.byteLength)

/** The part of a hash, such as that of an id's bytes. */
export const partOfHash = (hash: number): number => hash & (PARTS - 1)

/** The part of a number, such as a user's id. */
export const partOfNumber = (key: number): number => (Math.imul(key, 0x9e3779b1) >>> 16) & (PARTS - 1)

/** Neighbouring parts, taken together up to so many rows: few rows make one piece, many make up to PARTS of them. */
export function pieceParts(rowsIn: (part: number) => number, rowsMax: number): number[][] {
  const pieces: number[][] = []
  let piece: number[] = []
  let rows = 0
  for (let part = 0; part < PARTS; part++) {
    const own = rowsIn(part)
    if (piece.length > 0 && rows + own > rowsMax) {
      pieces.push(piece)
      piece = []
      rows = 0
    }
    piece.push(part)
    rows += own
  }
  pieces.push(piece)
  return pieces
}
