import type { RecordKind, RecordList } from '../rows/record-list.ts'
import type { SpoolFile } from './spool-file.ts'
import { Stretches } from './stretches.ts'

/** Parts into which rows are divided: one of them is all that is in memory at once. */
export const PARTS = 512
/** Room that a part keeps in memory, in numbers of four bytes: it is written out when the next row does not fit. */
const CHUNK_FOURS = 2048
const CHUNK_FOURS_AT_FIRST = 128
const NO_ROOM = new Int32Array(0)

/** The rows of one part: what is still in memory, and where the rest stands in the file. */
interface Part {
  rows: number
  fours: Int32Array
  used: number
  readonly filed: Stretches
}

/** Rows divided into parts by a key, kept as bytes, most of them in a file once they are many. Order is kept in a part. */
export class Spool<Words, Records extends RecordList<Words>> {
  readonly #kind: RecordKind<Words, Records>
  readonly #file: SpoolFile
  /** Each made at its first row: most questions fill few of them. */
  readonly #parts: (Part | undefined)[] = new Array(PARTS).fill(undefined)
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
    return this.#parts[part]?.rows ?? 0
  }

  /** Adds one of some records. All records that are added share their words. */
  add(part: number, records: Records, index: number): void {
    if (records.words !== this.#words) this.#takeWords(records.words)
    const into = this.#parts[part] ?? this.#begin(part)
    const { fours } = records
    const from = records.at(index) >> 2
    const length = records.sizeOf(index) >> 2
    if (into.used + length > into.fours.length) this.#makeRoom(into, length)
    const place = into.used
    const to = into.fours
    if (length > to.length) this.#append(into, fours.subarray(from, from + length))
    else {
      for (let at = 0; at < length; at++) to[place + at] = fours[from + at] as number
      into.used = place + length
    }
    into.rows += 1
    this.#rows += 1
  }

  /** The rows of some parts, part by part in the order in which they were added. */
  read(parts: readonly number[]): Records {
    let total = 0
    let rows = 0
    for (const index of parts) {
      const part = this.#parts[index]
      if (part === undefined) continue
      // Nothing is added any more, as a rule: a part that is in the file needs no room beside it.
      if (part.filed.bytes > 0) this.#writeOut(part)
      rows += part.rows
      total += part.filed.bytes + 4 * part.used
    }
    const bytes = Buffer.allocUnsafeSlow(total)
    let offset = 0
    for (const index of parts) {
      const part = this.#parts[index]
      if (part === undefined) continue
      part.filed.each((at, length) => {
        this.#file.read(bytes, offset, length, at)
        offset += length
      })
      bytes.set(bytesOf(part.fours, part.used), offset)
      offset += 4 * part.used
    }
    return this.#kind.list(bytes, rows, this.#words ?? this.#kind.words())
  }

  #takeWords(words: Words): void {
    if (this.#words !== undefined) throw new Error('rows of other words cannot be put together')
    this.#words = words
  }

  /** Room for a row; one that is larger than a chunk finds the part's room empty. */
  #makeRoom(part: Part, length: number): void {
    if (part.used + length <= CHUNK_FOURS) {
      const larger = new Int32Array(Math.min(CHUNK_FOURS, Math.max(2 * part.fours.length, part.used + length)))
      larger.set(part.fours.subarray(0, part.used))
      part.fours = larger
      return
    }
    if (part.fours.length < CHUNK_FOURS) {
      const larger = new Int32Array(CHUNK_FOURS)
      larger.set(part.fours.subarray(0, part.used))
      part.fours = larger
    }
    if (part.used > 0) this.#append(part, part.fours.subarray(0, part.used))
    part.used = 0
  }

  #writeOut(part: Part): void {
    if (part.used > 0) this.#append(part, part.fours.subarray(0, part.used))
    part.used = 0
    part.fours = NO_ROOM
  }

  #append(part: Part, fours: Int32Array): void {
    const bytes = bytesOf(fours, fours.length)
    part.filed.add(this.#file.append(bytes), bytes.length)
  }

  #begin(index: number): Part {
    if (!(index >= 0 && index < PARTS)) throw new RangeError(`there is no part ${index}`)
    const part: Part = { rows: 0, fours: new Int32Array(CHUNK_FOURS_AT_FIRST), used: 0, filed: new Stretches() }
    this.#parts[index] = part
    return part
  }
}

const bytesOf = (fours: Int32Array, count: number): Uint8Array =>
  new Uint8Array(fours.buffer, fours.byteOffset, 4 * count)

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
