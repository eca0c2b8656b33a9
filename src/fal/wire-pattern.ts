import { type Bytes, copyBytes } from '../rows/bytes.ts'

/**
 * Bytes of JSON that are looked for among others again and again, eight at once as a float. Two floats that are equal are the
 * same bytes, but for 0 and -0, which are no JSON: they hold bytes of nought. One that is not a number is equal to none: a
 * pattern with such bytes, of which there is none in ASCII but DEL, is never found, and what stands there is read anew.
 */
export class Pattern {
  readonly length: number
  /** The last eight overlap those before. */
  readonly #eights: Float64Array
  /** The bytes of a short one. */
  readonly #short: Uint8Array

  constructor({ view }: Bytes, from: number, length: number) {
    const own = new DataView(new ArrayBuffer(length))
    copyBytes(view, from, own, 0, length)
    this.length = length
    const eights = length < 8 ? 0 : Math.ceil(length / 8)
    this.#eights = Float64Array.from({ length: eights }, (_, each) =>
      own.getFloat64(Math.min(8 * each, length - 8), true),
    )
    this.#short = eights === 0 ? new Uint8Array(own.buffer) : new Uint8Array(0)
  }

  isAt({ bytes, view }: Bytes, from: number): boolean {
    const { length } = this
    if (from + length > bytes.length) return false
    if (length < 8) return this.#isShortAt(bytes, from)
    const eights = this.#eights
    const last = eights.length - 1
    // Many values begin alike, and end each in its own way.
    if (eights[last] !== view.getFloat64(from + length - 8, true)) return false
    for (let each = 0; each < last; each++) if (eights[each] !== view.getFloat64(from + 8 * each, true)) return false
    return true
  }

  #isShortAt(bytes: Uint8Array, from: number): boolean {
    const short = this.#short
    for (let each = short.length - 1; each >= 0; each--) if (short[each] !== bytes[from + each]) return false
    return true
  }
}
