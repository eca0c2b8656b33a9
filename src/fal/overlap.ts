import { HashSet } from './hash-set.ts'
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

/** Remembers 8 bytes a row, and about as much again for room: whole rows would be hundreds of megabytes for a million events. */
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
  const names = new HashSet()
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
