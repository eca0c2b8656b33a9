/** Up to which rows lie one behind the other, in numbers of four bytes. */
const FOURS_MAX = 2 ** 18
const FOURS_AT_FIRST = 8192
const ROWS_AT_FIRST = 512
const NO_ROW = 0

/** The first rows of a spool, of whatever part, as they came: most questions are about few, which need no room for each part. */
export class FirstRows {
  #fours = new Int32Array(FOURS_AT_FIRST)
  #used = 0
  /** Where each row begins, and behind the last one where the next one would. */
  #begins = new Int32Array(ROWS_AT_FIRST)
  /** The next row of the same part, one more than its number. */
  #next = new Int32Array(ROWS_AT_FIRST)
  #count = 0
  /** The first and the last row of each part; likewise. */
  readonly #firstOf: Int32Array
  readonly #lastOf: Int32Array

  constructor(parts: number) {
    this.#firstOf = new Int32Array(parts)
    this.#lastOf = new Int32Array(parts)
  }

  get fours(): Int32Array {
    return this.#fours
  }

  /** Fours of all rows of a part. */
  foursIn(part: number): number {
    let fours = 0
    this.each(part, (_, length) => {
      fours += length
    })
    return fours
  }

  /** Copies the rows of a part in order, and tells where they end. */
  copyTo(into: Int32Array, offset: number, part: number): number {
    const own = this.#fours
    let end = offset
    this.each(part, (from, length) => {
      for (let at = 0; at < length; at++) into[end + at] = own[from + at] as number
      end += length
    })
    return end
  }

  /** False where they would be too many: then it is not added. */
  add(part: number, fours: Int32Array, from: number, length: number): boolean {
    const used = this.#used
    if (used + length > FOURS_MAX) return false
    if (used + length > this.#fours.length) this.#fours = grown(this.#fours, used + length)
    for (let at = 0; at < length; at++) this.#fours[used + at] = fours[from + at] as number
    const row = this.#count
    if (row + 1 >= this.#begins.length) {
      this.#begins = grown(this.#begins, row + 2)
      this.#next = grown(this.#next, row + 2)
    }
    this.#used = used + length
    this.#begins[row + 1] = this.#used
    const last = this.#lastOf[part] as number
    if (last === NO_ROW) this.#firstOf[part] = row + 1
    else this.#next[last - 1] = row + 1
    this.#lastOf[part] = row + 1
    this.#count += 1
    return true
  }

  /** Hands out the rows of a part in order. */
  each(part: number, take: (from: number, length: number) => void): void {
    for (let row = this.#firstOf[part] ?? NO_ROW; row !== NO_ROW; row = this.#next[row - 1] as number) {
      const from = this.#begins[row - 1] as number
      take(from, (this.#begins[row] as number) - from)
    }
  }
}

function grown(numbers: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(2 * numbers.length, least))
  larger.set(numbers)
  return larger
}
