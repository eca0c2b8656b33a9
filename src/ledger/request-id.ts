import { type Span, spanOfText } from '../rows/record-list.ts'
import { isFalKey } from '../units/api-key.ts'
import { bareId, isBareUuid, isLikeUuidAt, UUID_CHARS } from '../units/request-id.ts'
import { DEFAULT_MAPPING } from './mapping.ts'

/** The form in which placeholder words are compared. */
export const placeholderSet = (words: readonly string[]): ReadonlySet<string> =>
  new Set(words.map((word) => word.trim().toLowerCase()))

/**
 * fal's request id out of what an installation stored: the bare id, an URL of fal's queue, or `endpoint#id`.
 * A UUID is given in lower case. '' for NULL, nothing, placeholder words like `null` or `-`, and a key of fal.
 */
export const bareRequestId = (
  stored: string | null | undefined,
  placeholders: ReadonlySet<string> = DEFAULT_PLACEHOLDERS,
): string => idOf(stored ?? '', placeholders, placeholders)

/** The same for millions: looking each id up costs as much as reading it, and hardly ever is a placeholder a UUID. */
export function requestIdReader(placeholders: ReadonlySet<string>): (stored: string) => string {
  const uuids = new Set([...placeholders].filter(isBareUuid))
  return (stored) => idOf(stored, placeholders, uuids)
}

/** The same on bytes, for millions: of nearly all of them no string is made. */
export function requestSpanReader(placeholders: ReadonlySet<string>): (stored: Span) => Span {
  const textOf = requestIdReader(placeholders)
  // As long as a UUID: hardly ever is one, and then every id is looked at as a text.
  const isLong = [...placeholders].some(({ length }) => length === UUID_CHARS)
  return (stored) => {
    const { bytes, view, from, length } = stored
    if (length === 0 || (length === UUID_CHARS && !isLong && isLikeUuidAt(bytes, view, from))) return stored
    return spanOfText(textOf(bytes.toString('utf8', from, from + length)))
  }
}

/** Bytes of a character in UTF-8, at most: of a unit of a string. */
const BYTES_MAX = 3

/**
 * The order id of a ledger row, on bytes: as it is stored, and none where it is a placeholder word. Of millions that are longer, or
 * begin otherwise, no string is made.
 */
export function orderSpanReader(placeholders: ReadonlySet<string>): (stored: Span) => Span {
  const lengthMax = BYTES_MAX * Math.max(0, ...[...placeholders].map(({ length }) => length))
  const begins = new Uint8Array(256).fill(1, 0x80)
  for (const word of placeholders) {
    for (const first of [word, word.toUpperCase()]) begins[first.charCodeAt(0)] = 1
  }
  return (stored) => {
    const { bytes, from, length } = stored
    if (length > lengthMax || length === 0 || begins[bytes[from] as number] === 0) return stored
    return placeholders.has(bytes.toString('utf8', from, from + length).toLowerCase()) ? NO_ORDER : stored
  }
}

const NO_ORDER = spanOfText('')

const DEFAULT_PLACEHOLDERS = placeholderSet(DEFAULT_MAPPING.placeholderRequestIds)

/** `uuids`: those of the placeholders that are bare UUIDs, if not more. */
function idOf(stored: string, placeholders: ReadonlySet<string>, uuids: ReadonlySet<string>): string {
  const text = stored.trim()
  // Nearly all of millions are these, and compared without case a bare UUID is itself.
  if (isBareUuid(text)) return uuids.size > 0 && uuids.has(text) ? '' : text
  if (text === '' || placeholders.has(text.toLowerCase())) return ''
  const id = bareId(text)
  // Where the keys of accounts are read for request ids, fal would be asked about them, by those of other accounts.
  return placeholders.has(id.toLowerCase()) || isFalKey(id) ? '' : id
}
