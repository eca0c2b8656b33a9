/** Bytes of one row, written field by field. Grows as needed, and is used again for the next row. */
export class RowWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #at = 0

  /** The row so far. Valid until the next row begins. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  begin(): this {
    this.#at = 0
    return this
  }

  byte(value: number): this {
    this.#room(1)
    this.#bytes[this.#at++] = value
    return this
  }

  /** A whole number from 0 to 2^32 − 1. */
  count(value: number): this {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32LE(value, this.#at)
    return this
  }

  number(value: number): this {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
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
    const length = this.#bytes.write(value, start, 'utf8')
    // Where every character took one byte it is ASCII, which is read back much faster.
    this.#bytes[this.#at] = length === value.length ? 1 : 0
    this.#bytes.writeUInt32LE(length, this.#at + 1)
    this.#at = start + length
    return this
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

/** Reads what a RowWriter wrote, field by field in the same order. */
export class RowReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++)
  }

  count(): number {
    const value = this.#bytes.readUInt32LE(this.#at)
    this.#at += 4
    return value
  }

  number(): number {
    const value = this.#bytes.readDoubleLE(this.#at)
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
