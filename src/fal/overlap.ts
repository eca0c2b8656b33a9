import { createRowHasher, type RowHash } from './row-hash.ts'

/** Rows as the program knows them, each with the row of the wire that it was made of. */
export interface Delivered<Row> {
  readonly rows: readonly Row[]
  readonly wires: readonly unknown[]
}

/** Tells rows of one question that an earlier page delivered already. */
export interface Overlap {
  /**
   * The rows of a page that no earlier page delivered. A row that comes several times within one page stays so: its number
   * over all pages is the largest of any page, not the sum.
   */
  drop<Row>(page: Delivered<Row>, onRepeat: (row: Row) => void): Delivered<Row>
  /** Whether a row was delivered. */
  has(wire: unknown): boolean
  /** The rows of another answer that it tells more often than they were delivered. */
  beyond<Row>(answer: Delivered<Row>): Row[]
}

/** Remembers 8 bytes a row, and as much again for room: whole rows would be hundreds of megabytes for a million events. */
export function createOverlap(): Overlap {
  const hashOf = createRowHasher()
  const before = new HashSet()
  // The few rows that one page told of several times.
  const counts = new Map<string, number>()
  const delivered = (hash: RowHash): number => (before.has(hash) ? (counts.get(nameOf(hash)) ?? 1) : 0)
  return {
    drop({ rows, wires }, onRepeat) {
      const isRepeat = new Set<number>()
      const here = new HashSet(rows.length)
      const hereCounts = new Map<string, number>()
      rows.forEach((row, at) => {
        const hash = hashOf(wires[at])
        const count = here.add(hash) ? 1 : (hereCounts.get(nameOf(hash)) ?? 1) + 1
        if (count > 1) hereCounts.set(nameOf(hash), count)
        if (count > delivered(hash)) return
        isRepeat.add(at)
        onRepeat(row)
      })
      here.each((hash) => void before.add(hash))
      for (const [name, count] of hereCounts) counts.set(name, Math.max(count, counts.get(name) ?? 1))
      if (isRepeat.size === 0) return { rows, wires }
      const isFresh = (_: unknown, at: number): boolean => !isRepeat.has(at)
      return { rows: rows.filter(isFresh), wires: wires.filter(isFresh) }
    },
    has: (wire) => before.has(hashOf(wire)),
    beyond({ rows, wires }) {
      const here = new Map<string, number>()
      return rows.filter((_, at) => {
        const hash = hashOf(wires[at])
        const count = (here.get(nameOf(hash)) ?? 0) + 1
        here.set(nameOf(hash), count)
        return count > delivered(hash)
      })
    },
  }
}

const nameOf = ({ high, low }: RowHash): string => `${high} ${low}`

const ROOM_LEAST = 1024

/** A set of 64-bit hashes in one array, at most half full. */
class HashSet {
  #halves: Int32Array
  #mask: number
  #size = 0

  constructor(expected = 0) {
    let room = ROOM_LEAST
    while (room < expected * 2) room *= 2
    this.#halves = new Int32Array(room * 2)
    this.#mask = room - 1
  }

  has(hash: RowHash): boolean {
    const { high, low } = marked(hash)
    const at = this.#placeOf(high, low)
    return this.#halves[at + 1] !== 0
  }

  /** Whether it is new. */
  add(hash: RowHash): boolean {
    if ((this.#size + 1) * 2 > this.#mask + 1) this.#grow()
    const { high, low } = marked(hash)
    const at = this.#placeOf(high, low)
    if (this.#halves[at + 1] !== 0) return false
    this.#halves[at] = high
    this.#halves[at + 1] = low
    this.#size++
    return true
  }

  each(visit: (hash: RowHash) => void): void {
    for (let at = 0; at < this.#halves.length; at += 2) {
      const low = this.#halves[at + 1] ?? 0
      if (low !== 0) visit({ high: this.#halves[at] ?? 0, low })
    }
  }

  /** Where the hash is, or would be. */
  #placeOf(high: number, low: number): number {
    let place = high & this.#mask
    for (;;) {
      const at = place * 2
      const there = this.#halves[at + 1]
      if (there === 0 || (there === low && this.#halves[at] === high)) return at
      place = (place + 1) & this.#mask
    }
  }

  #grow(): void {
    const halves = this.#halves
    this.#halves = new Int32Array(halves.length * 2)
    this.#mask = this.#halves.length / 2 - 1
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
const marked = ({ high, low }: RowHash): RowHash => (low === 0 ? { high, low: 1 } : { high, low })
