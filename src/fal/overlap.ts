import type { RowHashes } from './row-hash.ts'

/** Tells rows of one question that an earlier page delivered already. */
export interface Overlap {
  /**
   * Takes a page, and tells the places of the rows that an earlier page delivered. A row that comes several times within one
   * page stays so: its number over all pages is the largest of any page, not the sum.
   */
  repeatsOf(page: RowHashes): readonly number[]
  /** Whether a row of an answer was delivered. */
  has(hashes: RowHashes, at: number): boolean
  /** The places, by page, of the rows of another answer that it tells more often than they were delivered. */
  beyond(pages: readonly RowHashes[]): number[][]
}

const NONE: readonly number[] = []

/** Remembers 8 bytes a row, and as much again for room: whole rows would be hundreds of megabytes for a million events. */
export function createOverlap(): Overlap {
  const before = new HashSet()
  // The few rows that one page told of several times.
  const counts = new Map<string, number>()
  return {
    repeatsOf(page) {
      const known: number[] = []
      for (let at = 0; at < page.length; at++) if (!before.add(page.high(at), page.low(at))) known.push(at)
      return known.length === 0 ? NONE : repeatsAmong(page, known, counts)
    },
    has: (hashes, at) => before.has(hashes.high(at), hashes.low(at)),
    beyond(pages) {
      const here = new Map<string, number>()
      return pages.map((hashes) => {
        const places: number[] = []
        for (let at = 0; at < hashes.length; at++) {
          const name = nameOf(hashes, at)
          const count = (here.get(name) ?? 0) + 1
          here.set(name, count)
          const delivered = before.has(hashes.high(at), hashes.low(at)) ? (counts.get(name) ?? 1) : 0
          if (count > delivered) places.push(at)
        }
        return places
      })
    },
  }
}

/** Of the rows of a page that were known: which come from an earlier page, and not from this one. Nearly always there are none. */
function repeatsAmong(page: RowHashes, known: readonly number[], counts: Map<string, number>): number[] {
  const isKnown = new Uint8Array(page.length)
  const names = new HashSet(known.length)
  for (const at of known) {
    isKnown[at] = 1
    names.add(page.high(at), page.low(at))
  }
  const repeats: number[] = []
  const here = new Map<string, number>()
  const begunHere = new Set<string>()
  for (let at = 0; at < page.length; at++) {
    if (!names.has(page.high(at), page.low(at))) continue
    const name = nameOf(page, at)
    const count = (here.get(name) ?? 0) + 1
    here.set(name, count)
    if (isKnown[at] === 0) begunHere.add(name)
    const delivered = begunHere.has(name) ? 0 : (counts.get(name) ?? 1)
    if (count <= delivered) repeats.push(at)
  }
  for (const [name, count] of here) if (count > 1) counts.set(name, Math.max(count, counts.get(name) ?? 1))
  return repeats
}

const nameOf = (hashes: RowHashes, at: number): string => `${hashes.high(at)} ${hashes.low(at)}`

const ROOM_LEAST = 1024
/** How full a set may be, and by how much it grows then: less where it is large, since there may be millions. */
const FULL_MOST = 0.8
const ROOM_LARGE = 2 ** 16
const [GROWTH, GROWTH_LARGE] = [2, 1.25]

/** A set of 64-bit hashes in one array, at most four fifths full. */
class HashSet {
  /** Two halves a place. */
  #halves: Int32Array
  #room: number
  /** Hashes up to which it does not grow. */
  #sizeMax: number
  #size = 0

  constructor(expected = 0) {
    this.#room = Math.max(ROOM_LEAST, Math.ceil((expected + 1) / FULL_MOST))
    this.#halves = new Int32Array(2 * this.#room)
    this.#sizeMax = Math.floor(this.#room * FULL_MOST)
  }

  has(high: number, low: number): boolean {
    return this.#halves[this.#placeOf(high, marked(low)) + 1] !== 0
  }

  /** Whether it is new. */
  add(high: number, low: number): boolean {
    if (this.#size >= this.#sizeMax) this.#grow()
    const at = this.#placeOf(high, marked(low))
    if (this.#halves[at + 1] !== 0) return false
    this.#halves[at] = high
    this.#halves[at + 1] = marked(low)
    this.#size++
    return true
  }

  /** Where the hash is, or would be. */
  #placeOf(high: number, low: number): number {
    const room = this.#room
    const halves = this.#halves
    // The hash as a share of the room: any room will do.
    let place = Math.floor(((high >>> 0) / 2 ** 32) * room)
    for (;;) {
      const at = place * 2
      const there = halves[at + 1]
      if (there === 0 || (there === low && halves[at] === high)) return at
      place = place + 1 === room ? 0 : place + 1
    }
  }

  #grow(): void {
    const halves = this.#halves
    this.#room = Math.ceil(this.#room * (this.#room < ROOM_LARGE ? GROWTH : GROWTH_LARGE))
    this.#sizeMax = Math.floor(this.#room * FULL_MOST)
    this.#halves = new Int32Array(2 * this.#room)
    for (let at = 0; at < halves.length; at += 2) {
      const [high = 0, low = 0] = [halves[at], halves[at + 1]]
      if (low === 0) continue
      const place = this.#placeOf(high, low)
      this.#halves[place] = high
      this.#halves[place + 1] = low
    }
  }
}

/** A free place is one whose lower half is nought, so no hash has that. */
const marked = (low: number): number => (low === 0 ? 1 : low)
