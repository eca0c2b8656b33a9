/** Bytes of the wire, with a view of the same bytes: one load of a view reads four of them, wherever they lie. */
export interface WireBytes {
  readonly buffer: Buffer
  readonly view: DataView
}

/** Reads a stretch of UTF-8 bytes as text. */
export type TextReader = (bytes: WireBytes, from: number, until: number) => string

/** Sets of two places; a power of two. Models, keys and status words of one installation fit many times over. */
const SETS = 512
const SETS_BITS = 9
const BYTES_REMEMBERED_MAX = 200
// Looked up so often before a column is judged, and given up where more than an eighth was new: a miss costs two copies.
const JUDGED_AFTER = 4096
const MISSES_MAX = JUDGED_AFTER / 8

interface Remembered {
  readonly view: DataView
  readonly text: string
}

/**
 * A reader of one column that gives a text it has met before as the same string: less memory, and comparing or looking it
 * up costs nothing. Ids never repeat, so a column whose texts do not is soon read plainly.
 */
export function textReader(): TextReader {
  const places: (Remembered | undefined)[] = new Array(2 * SETS).fill(undefined)
  let asked = 0
  let missed = 0
  let worthwhile = true
  return ({ buffer, view }, from, until) => {
    const length = until - from
    if (length < 4 || length > BYTES_REMEMBERED_MAX || !worthwhile) return buffer.toString('utf8', from, until)
    if (++asked === JUDGED_AFTER) {
      worthwhile = missed <= MISSES_MAX
      asked = 0
      missed = 0
    }
    // The end and the middle tell most texts of a column apart; that they are the same is then seen byte by byte.
    const sample =
      view.getInt32(until - 4, true) ^ Math.imul(view.getInt32(from + ((length - 4) >> 1), true), 31) ^ length
    const place = (Math.imul(sample, 0x9e3779b1) >>> (32 - SETS_BITS)) * 2
    const first = places[place]
    if (first !== undefined && isSame(first.view, view, from, length)) return first.text
    const second = places[place + 1]
    if (second !== undefined && isSame(second.view, view, from, length)) return second.text
    missed++
    const text = buffer.toString('utf8', from, until)
    // The newcomer takes the first place, who was there the second.
    places[place + 1] = first
    places[place] = { view: copyOf(buffer, from, until), text }
    return text
  }
}

function copyOf(buffer: Buffer, from: number, until: number): DataView {
  const copy = new Uint8Array(until - from)
  copy.set(buffer.subarray(from, until))
  return new DataView(copy.buffer)
}

/** Both have at least four bytes. */
function isSame(written: DataView, view: DataView, from: number, length: number): boolean {
  if (written.byteLength !== length) return false
  const last = length - 4
  // The last four first: texts of one column often begin alike. They overlap what the loop leaves over.
  if (written.getInt32(last) !== view.getInt32(from + last)) return false
  for (let at = 0; at < last; at += 4) if (written.getInt32(at) !== view.getInt32(from + at)) return false
  return true
}
