/** Where a row's bytes begin; most rows fit, and it grows for those that do not. */
const ROOM_AT_FIRST = 512

/** Rows as bytes, one behind another, written field by field. Grows as needed. */
export class RowWriter {
  #bytes: Buffer = Buffer.allocUnsafe(ROOM_AT_FIRST)
  #view = viewOf(this.#bytes)
  #at = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#at
  }

  /** The bytes so far. Valid until more is written. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  /** Begins anew in the same place, or in one no larger than `roomMax`. */
  clear(roomMax: number): void {
    this.#at = 0
    if (this.#bytes.length > roomMax) this.#place(Buffer.allocUnsafeSlow(roomMax))
  }

  byte(value: number): this {
    this.#room(1)
    this.#view.setUint8(this.#at, value)
    this.#at += 1
    return this
  }

  /** A whole number from 0 to 2^32 − 1. */
  count(value: number): this {
    this.#room(4)
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
    return this
  }

  number(value: number): this {
    this.#room(8)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
    return this
  }

  /** An integer of any size: most fit a double exactly, and take eight bytes. */
  integer(value: bigint): this {
    const small = Number(value)
    if (Number.isSafeInteger(small)) return this.byte(0).number(small)
    return this.byte(1).text(value.toString())
  }

  text(value: string): this {
    // Three bytes a code unit at the most.
    this.#room(5 + value.length * 3)
    const start = this.#at + 5
    const length = this.#characters(value, start)
    // Where every character took one byte it is ASCII, which is read back much faster.
    this.#view.setUint8(this.#at, length === value.length ? 1 : 0)
    this.#view.setUint32(this.#at + 1, length, true)
    this.#at = start + length
    return this
  }

  /** Writes the characters of a text, and gives their bytes. */
  #characters(value: string, start: number): number {
    if (value.length > LOOPED_MAX) return this.#bytes.write(value, start, 'utf8')
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return this.#bytes.write(value, start, 'utf8')
      this.#view.setUint8(start + index, code)
    }
    return value.length
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    this.#place(Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + bytes)))
  }

  #place(bytes: Buffer): void {
    this.#bytes.copy(bytes, 0, 0, this.#at)
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

/** Texts up to which a loop is faster than a call. */
const LOOPED_MAX = 64

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Reads what a RowWriter wrote, field by field in the same order. */
export class RowReader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }

  /** Goes to where a row begins. */
  to(at: number): this {
    this.#at = at
    return this
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#view.getUint8(this.#at++)
  }

  count(): number {
    const value = this.#view.getUint32(this.#at, true)
    this.#at += 4
    return value
  }

  number(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  integer(): bigint {
    return this.byte() === 0 ? BigInt(this.number()) : BigInt(this.text())
  }

  text(): string {
    const isAscii = this.byte() === 1
    const length = this.count()
    const start = this.#at
    this.#at = start + length
    return this.#bytes.toString(isAscii ? 'latin1' : 'utf8', start, this.#at)
  }
}

/** Texts that many rows repeat, each written as a number. */
export class Lexicon {
  readonly #codes = new Map<string, number>()
  readonly #texts: string[] = []

  /** 0 stands for null. */
  codeOf(text: string | null): number {
    if (text === null) return 0
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    this.#texts.push(text)
    this.#codes.set(text, this.#texts.length)
    return this.#texts.length
  }

  textOf(code: number): string | null {
    return this.#texts[code - 1] ?? null
  }
}
