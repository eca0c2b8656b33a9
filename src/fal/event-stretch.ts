import type { Bytes } from '../rows/bytes.ts'
import { FIELD, type Field, isThere, type KnownValue } from './event-columns.ts'
import type { Key } from './event-keys.ts'
import { addField, type Halves, newHalves } from './row-hash.ts'
import { Pattern } from './wire-pattern.ts'

/** Fields that stand behind a model in row after row, such as its unit and its price, and that are known all at once. */
export interface Stretch {
  /** The key of the model: what follows it may not have come before it. */
  readonly begin: Key
  /** The last of the keys. */
  readonly key: Key
  /** From the comma behind the model to the end of the last value. */
  readonly written: Pattern
  readonly values: readonly { readonly field: Field; readonly value: KnownValue }[]
  /** What they add to the hash of the row. */
  readonly hash: Halves
}

const BYTES_MAX = 1000
/** A stretch is given up for another one after so many rows that had another: to note it costs as much as to read a row. */
const MISSES_MAX = 16

/** Notes stretches, and knows them again. */
export class StretchRecorder {
  #model: KnownValue | undefined
  #begin: Key | undefined
  #key: Key | undefined
  #from = 0
  #end = 0
  #values: { readonly field: Field; readonly value: KnownValue }[] = []

  /** Whether the fields that follow are being noted. */
  get isOpen(): boolean {
    return this.#model !== undefined
  }

  /** The stretch that stands behind a model, whose value ends there. Where another one does, that may be noted. */
  behind(model: KnownValue, key: Key, body: Bytes, at: number): Stretch | undefined {
    const noted = model.stretch
    if (noted !== undefined && noted.begin === key && isThere(noted.written, body, at)) return noted
    if (model.misses++ % MISSES_MAX > 0) return undefined
    this.#model = model
    this.#begin = key
    this.#key = key
    this.#from = at
    this.#end = at
    this.#values = []
    return undefined
  }

  /** Adds a field that was read, if it is one that was met before: a quantity hardly ever follows from the model. */
  add(body: Bytes, key: Key, value: KnownValue | undefined, end: number): void {
    const field = key.column?.field
    if (value === undefined || field === undefined || field === FIELD.quantity || field === FIELD.output_units) {
      this.close(body)
      return
    }
    this.#values.push({ field, value })
    this.#key = key
    this.#end = end
  }

  close(body: Bytes): void {
    const [model, begin, key, values] = [this.#model, this.#begin, this.#key, this.#values]
    const length = this.#end - this.#from
    this.clear()
    if (model === undefined || begin === undefined || key === undefined || values.length === 0 || length > BYTES_MAX)
      return
    const hash = newHalves()
    for (const { value } of values) addField(hash, value.hash)
    model.stretch = { begin, key, written: new Pattern(body, this.#from, length), values, hash }
  }

  clear(): void {
    this.#model = undefined
  }
}
