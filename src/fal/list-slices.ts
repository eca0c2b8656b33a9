import { parseJson } from './json.ts'

/** Characters of a slice; a list of less than two is not sliced. */
const SLICE_CHARS = 64 * 1024
/** Characters of what stands before the list, and of what stands behind it. */
const REST_CHARS_MAX = 16 * 1024

/** A long list in a JSON object, read slice by slice. */
export interface SlicedList {
  /** The object, its list empty: only a guess until the slices have come to an end unbroken. */
  readonly rest: Readonly<Record<string, unknown>>
  /** The items, in order; ends early where the text is no JSON, or cannot be cut: then it must be read as a whole. */
  slices(): Generator<readonly unknown[]>
  /** Whether the slices ended early. */
  isBroken(): boolean
}

/**
 * Finds the list under `key` of an object whose text is JSON, without reading the whole of it. Undefined where it is short, or
 * stands in a text in any other way than usual.
 *
 * Nothing is taken for granted of where the text is cut. The text is JSON, and has the very items of the slices, if these are:
 * what stands before the list, closed at once (so it ends within that list, on the first level); what stands around it, with
 * nothing in between (so the list ends there); and each slice, in brackets of its own (so it is some items between commas).
 */
export function slicedList(text: string, key: string, sliceChars = SLICE_CHARS): SlicedList | undefined {
  const opening = `${JSON.stringify(key)}:[`
  const start = text.slice(0, REST_CHARS_MAX).indexOf(opening) + opening.length
  const end = text.lastIndexOf(']')
  if (start < opening.length || end - start < 2 * sliceChars || text.length - end > REST_CHARS_MAX) return undefined
  const [before, after] = [text.slice(0, start), text.slice(end)]
  // A key that comes again would count instead of the first, and may be written with an escape.
  if (after.includes('\\') || after.includes(key) || parseJson(`${before}]}`) === undefined) return undefined
  const rest = parseJson(before + after)?.value
  if (typeof rest !== 'object' || rest === null || Array.isArray(rest)) return undefined
  let isBroken = false
  return {
    rest: rest as SlicedList['rest'],
    *slices() {
      for (let from = start; from < end; ) {
        const to = cutAfter(text, from, end, sliceChars)
        const items = parseJson(`[${text.slice(from, to)}]`)?.value
        if (!Array.isArray(items)) {
          isBroken = true
          return
        }
        yield items
        from = to + 1
      }
    },
    isBroken: () => isBroken,
  }
}

/** Where a slice ends: at the comma between two items, if that is one, or with the list. */
function cutAfter(text: string, from: number, end: number, sliceChars: number): number {
  if (end - from < 2 * sliceChars) return end
  const at = text.indexOf('},{', from + sliceChars)
  return at < 0 || at >= end ? end : at + 1
}
