import { viewOf } from '../rows/bytes.ts'

/**
 * A hash of a JSON value, that is of all of a row's fields, known or not: 64 bits in two halves that know nothing of each
 * other. It depends on the value alone. White space, the order of keys, escapes in a text and the way in which a number is
 * written make no difference, so that a row is known again whichever way it was read: out of bytes, or by JSON.parse.
 *
 * Two rows are taken for one where all of it is equal. Of two that differ, be it in a single field, the halves agree by
 * chance alone, with 1 in 2^64: for any two of a million rows 3 in a hundred million. For that
 * - texts are told from numbers, lists from objects, null from what is absent, by a mark of each kind;
 * - lengths come first, so that no two lists of parts are one row of numbers;
 * - each key is part of its field's hash, and fields, which have no order, are added up only once they are well mixed: what
 *   one field has more another cannot have less, and no key stands twice in an object.
 */
export interface Halves {
  high: number
  low: number
}

export const newHalves = (): Halves => ({ high: 0, low: 0 })

const [TEXT, NUMBER, TRUE, FALSE, NULL, LIST, RECORD, BROKEN_TEXT] = [1, 2, 3, 4, 5, 6, 7, 8] as const
const HIGH_START = 0x2545f491
const LOW_START = 0x4f6cdd1d
const FIELD = 0x3c6ef372

function mixHigh(high: number, part: number): number {
  const mixed = Math.imul(high ^ part, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function mixLow(low: number, part: number): number {
  const mixed = Math.imul(low ^ part, 0x5f356495)
  return mixed ^ (mixed >>> 13)
}

// What the hash of each kind of value begins with.
const [TEXT_HIGH, TEXT_LOW] = [mixHigh(HIGH_START, TEXT), mixLow(LOW_START, TEXT)] as const
const [NUMBER_HIGH, NUMBER_LOW] = [mixHigh(HIGH_START, NUMBER), mixLow(LOW_START, NUMBER)] as const
const [RECORD_HIGH, RECORD_LOW] = [mixHigh(HIGH_START, RECORD), mixLow(LOW_START, RECORD)] as const

/** After these every bit of a half depends on every other. */
function wellMixedHigh(high: number): number {
  let mixed = Math.imul(high ^ (high >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function wellMixedLow(low: number): number {
  let mixed = Math.imul(low ^ (low >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}

/** Hashes a text by its bytes, which are UTF-8. */
export function hashBytes(view: DataView, from: number, length: number, into: Halves): void {
  let high = mixHigh(TEXT_HIGH, length)
  let low = mixLow(TEXT_LOW, length)
  let at = from
  const until = from + length
  for (; at + 4 <= until; at += 4) {
    const part = view.getInt32(at, true)
    high = mixHigh(high, part)
    low = mixLow(low, part)
  }
  for (; at < until; at++) {
    const part = view.getUint8(at)
    high = mixHigh(high, part)
    low = mixLow(low, part)
  }
  into.high = high
  into.low = low
}

const float = new Float64Array(1)
const bits = new Int32Array(float.buffer)

export function hashNumber(value: number, into: Halves): void {
  // -0 is written 0.
  float[0] = value === 0 ? 0 : value
  const [first, second] = [bits[0] as number, bits[1] as number]
  into.high = mixHigh(mixHigh(NUMBER_HIGH, first), second)
  into.low = mixLow(mixLow(NUMBER_LOW, first), second)
}

/** Readies the hash of a key for the values that stand under it. */
export function seedOfKey(key: string): Halves {
  const seed = newHalves()
  hashText(key, seed)
  seed.high = mixHigh(mixHigh(HIGH_START, FIELD), seed.high)
  seed.low = mixLow(mixLow(LOW_START, FIELD), seed.low)
  return seed
}

/** The hash of a field: of its value, under a key. */
export function hashField(seed: Halves, value: Halves, into: Halves): void {
  into.high = wellMixedHigh(mixHigh(seed.high, value.high))
  into.low = wellMixedLow(mixLow(seed.low, value.low))
}

/** Adds the hash of a field to those of the others. */
export function addField(sum: Halves, field: Halves): void {
  sum.high = (sum.high + field.high) | 0
  sum.low = (sum.low + field.low) | 0
}

/** Makes the hash of an object out of the sum of its fields. */
export function hashRecord(sum: Halves, fields: number, into: Halves): void {
  into.high = mixHigh(mixHigh(RECORD_HIGH, fields), sum.high)
  into.low = mixLow(mixLow(RECORD_LOW, fields), sum.low)
}

/** Hashes any value that JSON.parse gives. */
export function hashJson(value: unknown, into: Halves): void {
  if (typeof value === 'string') hashText(value, into)
  else if (typeof value === 'number') hashNumber(value, into)
  else if (Array.isArray(value)) hashList(value, into)
  else if (typeof value === 'object' && value !== null) hashObject(value as Readonly<Record<string, unknown>>, into)
  else {
    const mark = value === true ? TRUE : value === false ? FALSE : NULL
    into.high = mixHigh(HIGH_START, mark)
    into.low = mixLow(LOW_START, mark)
  }
}

function hashList(items: readonly unknown[], into: Halves): void {
  let high = mixHigh(mixHigh(HIGH_START, LIST), items.length)
  let low = mixLow(mixLow(LOW_START, LIST), items.length)
  for (const item of items) {
    hashJson(item, into)
    high = mixHigh(high, into.high)
    low = mixLow(low, into.low)
  }
  into.high = high
  into.low = low
}

/** The seeds of keys that came before: rows have few, and always the same. */
const seeds = new Map<string, Halves>()
const SEEDS_MAX = 200

function hashObject(object: Readonly<Record<string, unknown>>, into: Halves): void {
  const keys = Object.keys(object)
  const sum = newHalves()
  for (const key of keys) {
    let seed = seeds.get(key)
    if (seed === undefined) {
      seed = seedOfKey(key)
      if (seeds.size < SEEDS_MAX) seeds.set(key, seed)
    }
    hashJson(object[key], into)
    hashField(seed, into, into)
    addField(sum, into)
  }
  hashRecord(sum, keys.length, into)
}

const LONE_SURROGATE = /\p{Surrogate}/u

/** As the bytes of the text are hashed; most are plain letters, and then no bytes are made. */
function hashText(text: string, into: Halves): void {
  const { length } = text
  let high = mixHigh(TEXT_HIGH, length)
  let low = mixLow(TEXT_LOW, length)
  let seen = 0
  let at = 0
  for (; at + 4 <= length; at += 4) {
    const [a, b, c, d] = [
      text.charCodeAt(at),
      text.charCodeAt(at + 1),
      text.charCodeAt(at + 2),
      text.charCodeAt(at + 3),
    ]
    seen |= a | b | c | d
    const part = a | (b << 8) | (c << 16) | (d << 24)
    high = mixHigh(high, part)
    low = mixLow(low, part)
  }
  for (; at < length; at++) {
    const part = text.charCodeAt(at)
    seen |= part
    high = mixHigh(high, part)
    low = mixLow(low, part)
  }
  into.high = high
  into.low = low
  if (seen < 0x80) return
  const isBroken = LONE_SURROGATE.test(text)
  // In UTF-8 half a letter is the same as any other half.
  const bytes = Buffer.from(text, isBroken ? 'utf16le' : 'utf8')
  hashBytes(viewOf(bytes), 0, bytes.length, into)
  if (!isBroken) return
  into.high = mixHigh(into.high, BROKEN_TEXT)
  into.low = mixLow(into.low, BROKEN_TEXT)
}

/** The hashes of rows, in their order. */
export class RowHashes {
  #halves = new Int32Array(64)
  #length = 0

  get length(): number {
    return this.#length
  }

  push({ high, low }: Halves): void {
    const at = this.#length * 2
    if (at === this.#halves.length) {
      const halves = new Int32Array(at * 2)
      halves.set(this.#halves)
      this.#halves = halves
    }
    this.#halves[at] = high
    this.#halves[at + 1] = low
    this.#length += 1
  }

  high(at: number): number {
    return this.#halves[at * 2] ?? 0
  }

  low(at: number): number {
    return this.#halves[at * 2 + 1] ?? 0
  }

  only(places: readonly number[]): RowHashes {
    const hashes = new RowHashes()
    for (const place of places) hashes.push({ high: this.high(place), low: this.low(place) })
    return hashes
  }

  clear(): void {
    this.#length = 0
  }
}
