import { hashOfBytes, hashOfText } from '../rows/bytes.ts'
import type { Span } from '../rows/record-list.ts'

/** Ids that are looked for among millions: of nearly every one that is not wanted no string is made. */
export class IdSet {
  readonly #ids: ReadonlySet<string>
  readonly #hashes: ReadonlySet<number>

  constructor(ids: ReadonlySet<string>) {
    this.#ids = ids
    this.#hashes = new Set([...ids].map(hashOfText))
  }

  has({ bytes, view, from, length }: Span): boolean {
    if (!this.#hashes.has(hashOfBytes(view, from, length))) return false
    return this.#ids.has(bytes.toString('utf8', from, from + length))
  }
}
