import { RowHashes } from './row-hash.ts'

/** Rows as the program knows them, with the hashes of those of the wire that they were made of. */
export interface Delivered<Row> {
  readonly rows: readonly Row[]
  readonly hashes: RowHashes
}

/** Tells rows of one question that an earlier page delivered already. */
export interface Overlap {
  /**
   * The rows of a page that no earlier page delivered. A row that comes several times within one page stays so: its number
   * over all pages is the largest of any page, not the sum.
   */
  drop<Row>(page: Delivered<Row>, onRepeat: (row: Row) => void): Delivered<Row>
  /** Whether a row of an answer was delivered. */
  has(hashes: RowHashes, at: number): boolean
  /** The rows of another answer, in pages, that it tells more often than they were delivered. */
  beyond<Row>(pages: readonly Delivered<Row>[]): Row[]
}

/** Remembers 8 bytes a row, and as much again for room: whole rows would be hundreds of megabytes for a million events. */
export function createOverlap(): Overlap {
  const before = new HashSet()
  // The few rows that one page told of several times.
  const counts = new Map<string, number>()
  const delivered = (high: number, low: number): number => {
    if (!before.has(high, low)) return 0
    return counts.size === 0 ? 1 : (counts.get(nameOf(high, low)) ?? 1)
  }
  return {
    drop({ rows, hashes }, onRepeat) {
      const isRepeat = new Set<number>()
      const here = new HashSet(rows.length)
      const hereCounts = new Map<string, number>()
      rows.forEach((row, at) => {
        const high = hashes.high(at)
        const low = hashes.low(at)
        const count = here.add(high, low) ? 1 : (hereCounts.get(nameOf(high, low)) ?? 1) + 1
        if (count > 1) hereCounts.set(nameOf(high, low), count)
        if (count > delivered(high, low)) return
        isRepeat.add(at)
        onRepeat(row)
      })
      for (let at = 0; at < rows.length; at++) before.add(hashes.high(at), hashes.low(at))
      for (const [name, count] of hereCounts) counts.set(name, Math.max(count, counts.get(name) ?? 1))
      if (isRepeat.size === 0) return { rows, hashes }
      const fresh = new RowHashes()
      for (let at = 0; at < rows.length; at++) if (!isRepeat.has(at)) fresh.push(hashes.of(at))
      return { rows: rows.filter((_, at) => !isRepeat.has(at)), hashes: fresh }
    },
    has: (hashes, at) => before.has(hashes.high(at), hashes.low(at)),
    beyond(pages) {
      const here = new Map<string, number>()
      return pages.flatMap(({ rows, hashes }) =>
        rows.filter((_, at) => {
          const [high, low] = [hashes.high(at), hashes.low(at)]
          const name = nameOf(high, low)
          const count = (here.get(name) ?? 0) + 1
          here.set(name, count)
          return count > delivered(high, low)
        }),
      )
    },
  }
}

const nameOf = (high: number, low: number): string => `${high} ${low}`

const ROOM_LEAST = 1024
/** How full a set may be, and by how much it grows then: there may be millions. */
const FULL_MOST = 0.8
const GROWTH = 1.25

/** A set of 64-bit hashes in one array, at most four fifths full. */
class HashSet {
  /** Two halves a place. */
  #halves: Int32Array
  #size = 0

  constructor(expected = 0) {
    this.#halves = new Int32Array(2 * Math.max(ROOM_LEAST, Math.ceil((expected + 1) / FULL_MOST)))
  }

  has(high: number, low: number): boolean {
    return this.#halves[this.#placeOf(high, marked(low)) + 1] !== 0
  }

  /** Whether it is new. */
  add(high: number, low: number): boolean {
    if (2 * (this.#size + 1) > FULL_MOST * this.#halves.length) this.#grow()
    const at = this.#placeOf(high, marked(low))
    if (this.#halves[at + 1] !== 0) return false
    this.#halves[at] = high
    this.#halves[at + 1] = marked(low)
    this.#size++
    return true
  }

  /** Where the hash is, or would be. */
  #placeOf(high: number, low: number): number {
    const room = this.#halves.length / 2
    // The hash as a share of the room: any room will do.
    let place = Math.floor(((high >>> 0) / 2 ** 32) * room)
    for (;;) {
      const at = place * 2
      const there = this.#halves[at + 1]
      if (there === 0 || (there === low && this.#halves[at] === high)) return at
      place = place + 1 === room ? 0 : place + 1
    }
  }

  #grow(): void {
    const halves = this.#halves
    this.#halves = new Int32Array(2 * Math.ceil((halves.length / 2) * GROWTH))
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
