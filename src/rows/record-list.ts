import { type Bytes, copyBytes, viewOf } from './bytes.ts'

/**
 * Rows as bytes, from the wire to the file that they wait in and to where they are joined. Each begins with its size in
 * bytes, as four of them, and that is a multiple of four. Indices begin at 0.
 */
export class RecordList<Words = null> implements Bytes {
  readonly count: number
  /** What the codes in the records stand for. Records that are put together share it. */
  readonly words: Words
  readonly bytes: Buffer
  readonly view: DataView
  /** The same bytes, four at once. */
  readonly fours: Int32Array
  readonly #offsets: Uint32Array

  /** `bytes` begin where four at once can be read. `offsets`: where the records begin, where that is known already. */
  constructor(bytes: Buffer, count: number, words: Words, offsets?: Uint32Array) {
    this.words = words
    this.bytes = bytes
    this.view = viewOf(bytes)
    this.fours = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
    this.count = count
    this.#offsets = offsets ?? offsetsOf(this.view, count)
  }

  /** Where a record begins. */
  at(index: number): number {
    return this.#offsets[index] as number
  }

  /** Bytes of a record. */
  sizeOf(index: number): number {
    return this.view.getUint32(this.at(index), true)
  }
}

function offsetsOf(view: DataView, count: number): Uint32Array {
  const offsets = new Uint32Array(count)
  let at = 0
  for (let index = 0; index < count; index++) {
    offsets[index] = at
    at += view.getUint32(at, true)
  }
  return offsets
}

/** What records of one kind are read as. */
export interface RecordKind<Words, Records extends RecordList<Words>> {
  /** Words of no record yet. */
  words(): Words
  list(bytes: Buffer, count: number, words: Words): Records
}

const ROOM_AT_FIRST = 16 * 1024
const ROWS_AT_FIRST = 64

/** Writes records one behind another. Grows as needed, and begins anew in the same place. */
export class RecordWriter {
  #bytes = Buffer.allocUnsafeSlow(ROOM_AT_FIRST)
  #view = viewOf(this.#bytes)
  #offsets = new Uint32Array(ROWS_AT_FIRST)
  #length = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  /** A view of the place that is written to; another one after each `begin`. */
  get view(): DataView {
    return this.#view
  }

  /** Begins a record of at most so many bytes, and tells where. Nothing of it counts until it is ended. */
  begin(bytesMax: number): number {
    if (this.#length + bytesMax + 4 > this.#bytes.length) this.#grow(this.#length + bytesMax + 4)
    return this.#length
  }

  /** Ends the record that was begun last: it has so many bytes, rounded up here to a multiple of four. */
  end(bytes: number): void {
    const size = (bytes + 3) & ~3
    this.#view.setUint32(this.#length, size, true)
    if (this.#count === this.#offsets.length) {
      const offsets = new Uint32Array(2 * this.#count)
      offsets.set(this.#offsets)
      this.#offsets = offsets
    }
    this.#offsets[this.#count++] = this.#length
    this.#length += size
  }

  /** The records so far, good until `clear`. */
  written(): { readonly bytes: Buffer; readonly count: number; readonly offsets: Uint32Array } {
    return { bytes: this.#bytes.subarray(0, this.#length), count: this.#count, offsets: this.#offsets }
  }

  clear(): void {
    this.#length = 0
    this.#count = 0
  }

  #grow(least: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, least))
    this.#bytes.copy(bytes, 0, 0, this.#length)
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

/** A stretch of bytes of some buffer, such as an id among those of the wire. */
export interface Span extends Bytes {
  readonly from: number
  readonly length: number
}

export function spanOfText(text: string): Span {
  const bytes = Buffer.from(text)
  return { bytes, view: viewOf(bytes), from: 0, length: bytes.length }
}

/** Writes the bytes of a span, and tells where they end. */
export function putSpan(to: DataView, at: number, { view, from, length }: Span): number {
  copyBytes(view, from, to, at, length)
  return at + length
}

/** Writes a text behind its length, for what is rare. */
export function putText(to: DataView, at: number, text: string): number {
  const span = spanOfText(text)
  to.setUint32(at, span.length, true)
  return putSpan(to, at + 4, span)
}

export const sizeOfText = (text: string): number => 4 + Buffer.byteLength(text)

/** The text that putText wrote. */
export function textAt({ bytes, view }: Bytes, at: number): string {
  return bytes.toString('utf8', at + 4, at + 4 + view.getUint32(at, true))
}

/** Where a text ends that putText wrote. */
export const endOfText = ({ view }: Bytes, at: number): number => at + 4 + view.getUint32(at, true)
