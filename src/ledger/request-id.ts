import { bareId, isBareUuid } from '../units/request-id.ts'
import { DEFAULT_MAPPING } from './mapping.ts'

/** The form in which placeholder words are compared. */
export const placeholderSet = (words: readonly string[]): ReadonlySet<string> =>
  new Set(words.map((word) => word.trim().toLowerCase()))

/**
 * fal's request id out of what an installation stored: the bare id, an URL of fal's queue, or `endpoint#id`.
 * A UUID is given in lower case. '' for NULL, nothing, and placeholder words like `null` or `-`.
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

const DEFAULT_PLACEHOLDERS = placeholderSet(DEFAULT_MAPPING.placeholderRequestIds)

/** `uuids`: those of the placeholders that are bare UUIDs, if not more. */
function idOf(stored: string, placeholders: ReadonlySet<string>, uuids: ReadonlySet<string>): string {
  const text = stored.trim()
  // Nearly all of millions are these, and compared without case a bare UUID is itself.
  if (isBareUuid(text)) return uuids.size > 0 && uuids.has(text) ? '' : text
  if (text === '' || placeholders.has(text.toLowerCase())) return ''
  const id = bareId(text)
  return placeholders.has(id.toLowerCase()) ? '' : id
}
