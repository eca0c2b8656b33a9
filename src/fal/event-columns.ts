import type { Bytes } from '../rows/bytes.ts'
import type { Stretch } from './event-stretch.ts'
import { parseJson } from './json.ts'
import { type Halves, hashField, hashJson, newHalves, seedOfKey } from './row-hash.ts'
import { Pattern } from './wire-pattern.ts'
import { endsWord, ODD, valueEnd } from './wire-scan.ts'

/** The fields that an event is made of, each as a number: it is told apart in no time. Whatever else a row has is in its hash. */
export const FIELD = {
  request_id: 0,
  endpoint_id: 1,
  timestamp: 2,
  output_units: 3,
  quantity: 4,
  unit: 5,
  unit_price: 6,
  percent_discount: 7,
  cost_total: 8,
  cost_estimate_nano_usd: 9,
  currency: 10,
  auth_method_structured: 11,
  /** One that is not known. */
  other: 12,
} as const
export type Field = (typeof FIELD)[keyof typeof FIELD]

const FIELDS: ReadonlyMap<string, Field> = new Map(Object.entries(FIELD).filter(([name]) => name !== 'other'))

/** What a value means for an event: by the field, codes of the words or a text. */
export interface Meaning {
  readonly code: number
  readonly otherCode: number
  readonly text: string | null
}

/** A value by the bytes that it is written in, with its part of the hash of a row. */
export interface KnownValue extends Meaning {
  readonly written: Pattern
  readonly hash: Halves
  /** Of a model: what stood behind it, and how often something else did. */
  stretch: Stretch | undefined
  misses: number
}

/** Undefined: not what the field may hold. */
export type MeaningOf = (field: Field, value: unknown) => Meaning | undefined

/** Sets of two places; a power of two. Models, prices, keys and counts of one bill fit many times over. */
const SETS_BITS = 10
const BYTES_REMEMBERED_MAX = 400

/** What is known of the values of one field. Most come again and again: to interpret one costs a hundred times as much. */
export class Column {
  readonly field: Field
  readonly seed: Halves
  readonly #meaningOf: MeaningOf
  #last: KnownValue | undefined
  #places: (KnownValue | undefined)[] | undefined

  constructor(key: string, meaningOf: MeaningOf) {
    this.field = FIELDS.get(key) ?? FIELD.other
    this.seed = seedOfKey(key)
    this.#meaningOf = meaningOf
  }

  /** The value that begins there; undefined where it is no JSON, or not what the field may hold. */
  valueAt(body: Bytes, at: number): KnownValue | undefined {
    const last = this.#last
    if (last !== undefined && isThere(last.written, body, at)) return last
    const end = valueEnd(body.bytes, at)
    if (end === ODD) return undefined
    this.#places ??= new Array(2 ** (SETS_BITS + 1)).fill(undefined)
    const places = this.#places
    const place = placeOf(body, at, end - at)
    const first = places[place]
    if (first !== undefined && isThere(first.written, body, at)) {
      this.#last = first
      return first
    }
    const second = places[place + 1]
    if (second !== undefined && isThere(second.written, body, at)) {
      this.#last = second
      return second
    }
    const value = this.#interpret(body, at, end)
    if (value === undefined || end - at > BYTES_REMEMBERED_MAX) return value
    // The newcomer takes the first place, who was there the second.
    places[place + 1] = first
    places[place] = value
    this.#last = value
    return value
  }

  #interpret(body: Bytes, at: number, end: number): KnownValue | undefined {
    const json = parseJson(body.bytes.toString('utf8', at, end))
    const meaning = json && this.#meaningOf(this.field, json.value)
    if (json === undefined || meaning === undefined) return undefined
    const hash = newHalves()
    hashJson(json.value, hash)
    hashField(this.seed, hash, hash)
    const { code, otherCode, text } = meaning
    return { code, otherCode, text, written: new Pattern(body, at, end - at), hash, stretch: undefined, misses: 0 }
  }
}

/** The end and the middle tell most values of a column apart; that they are the same is then seen byte by byte. */
function placeOf({ view }: Bytes, at: number, length: number): number {
  let sample = length
  if (length < 4) for (let each = 0; each < length; each++) sample = (sample << 8) ^ view.getUint8(at + each)
  else {
    const middle = view.getInt32(at + ((length - 4) >> 1), true)
    sample ^= view.getInt32(at + length - 4, true) ^ Math.imul(middle, 31)
  }
  return (Math.imul(sample, 0x9e3779b1) >>> (32 - SETS_BITS)) * 2
}

/** Whether that very value stands there: behind a number its digits could go on. */
export const isThere = (written: Pattern, body: Bytes, at: number): boolean =>
  written.isAt(body, at) && endsWord(body.bytes, at + written.length)
