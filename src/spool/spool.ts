import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { RowWriter } from './bytes.ts'

/** Parts into which rows are divided: one of them is all that is in memory at once. */
export const PARTS = 512
const CHUNK_BYTES = 8 * 1024 - 512
/** Room that a part keeps: a chunk is written out once it is full, with the row that filled it. */
const ROOM_MAX = 8 * 1024
/** Bytes kept in memory before there is a file: making and closing one takes as long as a small question does in all. */
const EARLY_BYTES_MAX = 1024 * 1024
const IS_WINDOWS = platform() === 'win32'

/** How one kind of row is written, and what many of them are read as. */
export interface RowCodec<Row, Rows = Row[]> {
  write(row: Row, to: RowWriter): void
  /** As many rows as were written, one behind another. */
  read(bytes: Buffer, count: number): Rows
}

/**
 * A temporary file, readable by this user alone, that holds what does not fit into memory. It is made when it is first
 * needed, beyond a first megabyte; it has no name any more from then on where the system allows that, and is gone when closed
 * or when the process ends.
 */
export class SpoolFile {
  #file: { readonly descriptor: number; readonly folder: string } | undefined
  #early = Buffer.alloc(0)
  #earlyLength = 0
  #length = 0
  #closed = false

  /** Throws where it was closed: a file made then would never be removed. */
  append(bytes: Buffer): number {
    if (this.#closed) throw new Error('the temporary file was closed')
    const at = this.#length
    this.#length += bytes.length
    if (this.#file === undefined && this.#length <= EARLY_BYTES_MAX) {
      this.#keepEarly(bytes)
      return at
    }
    const { descriptor } = this.#open()
    const place = at - this.#earlyLength
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(descriptor, bytes, written, bytes.length - written, place + written)
    }
    return at
  }

  /** Reads what one call appended. */
  read(into: Buffer, offset: number, length: number, at: number): void {
    if (this.#closed) throw new Error('the temporary file was closed')
    if (at < this.#earlyLength) {
      this.#early.copy(into, offset, at, at + length)
      return
    }
    const { descriptor } = this.#open()
    const place = at - this.#earlyLength
    for (let read = 0; read < length; ) {
      const got = readSync(descriptor, into, offset + read, length - read, place + read)
      if (got === 0) throw new Error('the temporary file is shorter than what was written to it')
      read += got
    }
  }

  close(): void {
    this.#closed = true
    this.#early = Buffer.alloc(0)
    this.#earlyLength = 0
    this.#length = 0
    if (this.#file === undefined) return
    closeSync(this.#file.descriptor)
    rmSync(this.#file.folder, { recursive: true, force: true })
    this.#file = undefined
  }

  #keepEarly(bytes: Buffer): void {
    if (this.#length > this.#early.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(EARLY_BYTES_MAX, Math.max(this.#early.length * 2, this.#length + CHUNK_BYTES)),
      )
      this.#early.copy(larger, 0, 0, this.#earlyLength)
      this.#early = larger
    }
    bytes.copy(this.#early, this.#earlyLength)
    this.#earlyLength = this.#length
  }

  #open(): { readonly descriptor: number; readonly folder: string } {
    if (this.#file !== undefined) return this.#file
    const folder = mkdtempSync(join(tmpdir(), 'fal-consumption-audit-'))
    const path = join(folder, 'spool')
    const descriptor = openSync(path, 'wx+', 0o600)
    this.#file = { descriptor, folder }
    // An open file lives on without its name; where the system forbids that, closing removes it.
    if (!IS_WINDOWS) rmSync(folder, { recursive: true, force: true })
    return this.#file
  }
}

interface Chunk {
  readonly at: number
  readonly length: number
}

/** The rows of one part: what is still in memory, and where the rest stands in the file. */
interface Part {
  rows: number
  readonly writer: RowWriter
  readonly chunks: Chunk[]
}

/** Rows divided into parts by a key, kept as bytes, most of them in a file once they are many. Order is kept in a part. */
export class Spool<Row, Rows = Row[]> {
  readonly #codec: RowCodec<Row, Rows>
  readonly #file: SpoolFile
  /** Each made at its first row: most questions fill few of them. */
  readonly #parts: (Part | undefined)[] = new Array(PARTS)
  #rows = 0

  constructor(codec: RowCodec<Row, Rows>, file: SpoolFile) {
    this.#codec = codec
    this.#file = file
  }

  get rows(): number {
    return this.#rows
  }

  rowsIn(part: number): number {
    return this.#parts[part]?.rows ?? 0
  }

  add(part: number, row: Row): void {
    const into = this.#parts[part] ?? this.#begin(part)
    const { writer } = into
    this.#codec.write(row, writer)
    if (writer.length >= CHUNK_BYTES) {
      into.chunks.push({ at: this.#file.append(writer.view()), length: writer.length })
      writer.clear(ROOM_MAX)
    }
    into.rows += 1
    this.#rows += 1
  }

  /** The rows of some parts, part by part in the order in which they were added. */
  read(parts: readonly number[]): Rows {
    let total = 0
    let rows = 0
    for (const index of parts) {
      const part = this.#parts[index]
      if (part === undefined) continue
      rows += part.rows
      total += part.chunks.reduce((sum, { length }) => sum + length, part.writer.length)
    }
    const bytes = Buffer.allocUnsafe(total)
    let offset = 0
    for (const index of parts) {
      const part = this.#parts[index]
      if (part === undefined) continue
      for (const { at, length } of part.chunks) {
        this.#file.read(bytes, offset, length, at)
        offset += length
      }
      offset += part.writer.view().copy(bytes, offset)
    }
    return this.#codec.read(bytes, rows)
  }

  #begin(index: number): Part {
    if (!(index >= 0 && index < PARTS)) throw new RangeError(`there is no part ${index}`)
    const part: Part = { rows: 0, writer: new RowWriter(), chunks: [] }
    this.#parts[index] = part
    return part
  }
}

/** A number of 32 bits that a text always has, and that says nothing of its place among others. */
export function hashOfText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** The part of a text key. The same text is always in the same part. */
export const partOfText = (key: string): number => hashOfText(key) & (PARTS - 1)

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
