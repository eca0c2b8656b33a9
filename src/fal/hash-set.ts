import { Slab } from '../rows/slab.ts'

/** Places of one segment, and how many of them may be taken. */
const PLACES = 4096
const SIZE_MAX = 3276
/** Segments before slabs are cut: most questions have a page or two. */
const SEGMENTS_APART = 16
/** Enough for a hundred million hashes that are spread as hashes are. */
const DEPTH_MAX = 16

interface Segment {
  /** Two halves a place; a free one has 0 as its lower half. */
  readonly halves: Int32Array
  size: number
  /** Upper bits that all its hashes have in common. */
  depth: number
}

/** What a segment holds while it is divided. */
const divided = new Int32Array(2 * PLACES)

/**
 * A set of 64-bit hashes, in segments by their upper bits. A full one is divided in two, so that the set grows without a copy of
 * all of it: of a million hashes the old one and the new one would be tens of megabytes at once.
 * Throws where thousands of hashes have their upper bits in common.
 */
export class HashSet {
  /** By so many upper bits as the longest depth has. */
  #segments: Segment[]
  #depth = 1
  #count = 0
  readonly #slab = new Slab()

  constructor() {
    const first = this.#newSegment(0)
    this.#segments = [first, first]
  }

  has(high: number, low: number): boolean {
    const { halves } = this.#segmentOf(high)
    return halves[placeOf(halves, high, marked(low)) + 1] !== 0
  }

  /** Whether it is new. */
  add(high: number, low: number): boolean {
    let segment = this.#segmentOf(high)
    while (segment.size >= SIZE_MAX) {
      this.#divide(segment)
      segment = this.#segmentOf(high)
    }
    return put(segment, high, marked(low))
  }

  #segmentOf(high: number): Segment {
    return this.#segments[high >>> (32 - this.#depth)] as Segment
  }

  #newSegment(depth: number): Segment {
    this.#count += 1
    const bytes = PLACES * 2 * Int32Array.BYTES_PER_ELEMENT
    if (this.#count <= SEGMENTS_APART) return { halves: new Int32Array(2 * PLACES), size: 0, depth }
    const place = this.#slab.cut(bytes)
    return { halves: new Int32Array(place.buffer, place.byteOffset, 2 * PLACES).fill(0), size: 0, depth }
  }

  #divide(segment: Segment): void {
    if (segment.depth === DEPTH_MAX) throw new RangeError('thousands of rows have one hash, or nearly so')
    if (segment.depth === this.#depth) {
      this.#segments = this.#segments.flatMap((each) => [each, each])
      this.#depth += 1
    }
    divided.set(segment.halves)
    segment.halves.fill(0)
    segment.size = 0
    segment.depth += 1
    const upper = this.#newSegment(segment.depth)
    const bit = 1 << (this.#depth - segment.depth)
    this.#segments = this.#segments.map((each, at) => (each === segment && (at & bit) !== 0 ? upper : each))
    for (let at = 0; at < divided.length; at += 2) {
      const [high, low] = [divided[at] as number, divided[at + 1] as number]
      if (low !== 0) put(this.#segmentOf(high), high, low)
    }
  }
}

/** Whether it was not there. */
function put(segment: Segment, high: number, low: number): boolean {
  const { halves } = segment
  const at = placeOf(halves, high, low)
  if (halves[at + 1] !== 0) return false
  halves[at] = high
  halves[at + 1] = low
  segment.size += 1
  return true
}

/** Where the hash is, or would be. */
function placeOf(halves: Int32Array, high: number, low: number): number {
  for (let place = low; ; place++) {
    const at = 2 * (place & (PLACES - 1))
    const there = halves[at + 1]
    if (there === 0 || (there === low && halves[at] === high)) return at
  }
}

/** A free place is one whose lower half is nought, so no hash has that. */
const marked = (low: number): number => (low === 0 ? 1 : low)
