import { bytesWithView, sameBytes } from '../rows/bytes.ts'
import type { Span } from '../rows/record-list.ts'
import type { CodeOf } from './row-cells.ts'

/** Sets of two places; a power of two. Models, keys and status words of one installation fit many times over. */
const SETS_BITS = 9
const SETS = 2 ** SETS_BITS
const BYTES_REMEMBERED_MAX = 200

interface Remembered {
  readonly view: DataView
  readonly code: number
}

/**
 * A reader of one column whose texts many rows repeat, that gives the code of one it has met before by its bytes alone: to make
 * a string and to look it up costs ten times as much.
 */
export function wordReader(codeOf: CodeOf): (span: Span) => number {
  const places: (Remembered | undefined)[] = new Array(2 * SETS).fill(undefined)
  return ({ bytes, view, from, length }) => {
    if (length < 4 || length > BYTES_REMEMBERED_MAX) return codeOf(bytes.toString('utf8', from, from + length).trim())
    // The end and the middle tell most texts of a column apart; that they are the same is then seen byte by byte.
    const sample =
      view.getInt32(from + length - 4, true) ^ Math.imul(view.getInt32(from + ((length - 4) >> 1), true), 31) ^ length
    const place = (Math.imul(sample, 0x9e3779b1) >>> (32 - SETS_BITS)) * 2
    const first = places[place]
    if (first !== undefined && isSame(first.view, view, from, length)) return first.code
    const second = places[place + 1]
    if (second !== undefined && isSame(second.view, view, from, length)) return second.code
    const code = codeOf(bytes.toString('utf8', from, from + length).trim())
    // The newcomer takes the first place, who was there the second.
    places[place + 1] = first
    places[place] = { view: bytesWithView(Buffer.from(bytes.subarray(from, from + length))).view, code }
    return code
  }
}

const isSame = (known: DataView, view: DataView, from: number, length: number): boolean =>
  known.byteLength === length && sameBytes(known, 0, view, from, length)
