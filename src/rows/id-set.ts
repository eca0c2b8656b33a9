import { type Bytes, hashOfBytes, hashOfText } from './bytes.ts'
import type { BytesOfId } from './id-bytes.ts'
import type { Span } from './record-list.ts'

/** Bits for each id: of ids that are not wanted, one in so many is looked up. */
const BITS_AN_ID = 32
/** A quarter of a megabyte at the most, which a processor has at hand. */
const BITS_LOG_MAX = 21

/** Ids that are looked for among millions: of nearly every one that is not wanted no string is made. */
export class IdSet {
  readonly #ids: ReadonlySet<string>
  readonly #hashes: ReadonlySet<number>
  /** A bit that is set for each hash, told by its upper bits. */
  readonly #bits: Int32Array
  readonly #shift: number

  constructor(ids: ReadonlySet<string>) {
    this.#ids = ids
    this.#hashes = new Set([...ids].map(hashOfText))
    const log = Math.min(BITS_LOG_MAX, Math.max(5, Math.ceil(Math.log2(BITS_AN_ID * Math.max(1, ids.size)))))
    this.#shift = 32 - log
    this.#bits = new Int32Array(2 ** (log - 5))
    for (const hash of this.#hashes) {
      const bit = hash >>> this.#shift
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] as number) | (1 << (bit & 31))
    }
  }

  has({ bytes, view, from, length }: Span): boolean {
    return this.#mayHave(hashOfBytes(view, from, length)) && this.#ids.has(bytes.toString('utf8', from, from + length))
  }

  /** The same for an id whose hash is known. */
  hasId({ bytes }: Bytes, { hash, from, length }: BytesOfId): boolean {
    return this.#mayHave(hash) && this.#ids.has(bytes.toString('utf8', from, from + length))
  }

  #mayHave(hash: number): boolean {
    const bit = hash >>> this.#shift
    return ((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) !== 0 && this.#hashes.has(hash)
  }
}
