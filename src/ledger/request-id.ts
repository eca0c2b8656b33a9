import { DEFAULT_MAPPING } from './mapping.ts'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
// What fal's queue URLs put after the id: https://queue.fal.run/{endpoint}/requests/{id}/status?logs=1
const AFTER_ID = '(?:/(?:status|response|cancel|stream|logs))*/*'
const ENDS_IN_UUID = new RegExp(`(?:^|[^0-9a-z-])(${UUID})${AFTER_ID}$`, 'i')
const TAIL = new RegExp(`${AFTER_ID}$`, 'i')
const UUID_CHARS = 36
const IS_LOWER_UUID = new RegExp(`^${UUID}$`)

/** The form in which placeholder words are compared. */
export const placeholderSet = (words: readonly string[]): ReadonlySet<string> =>
  new Set(words.map((word) => word.trim().toLowerCase()))

const DEFAULT_PLACEHOLDERS = placeholderSet(DEFAULT_MAPPING.placeholderRequestIds)

/**
 * fal's request id out of what an installation stored: the bare id, an URL of fal's queue, or `endpoint#id`.
 * A UUID is given in lower case. '' for NULL, nothing, and placeholder words like `null` or `-`.
 */
export function bareRequestId(
  stored: string | null | undefined,
  placeholders: ReadonlySet<string> = DEFAULT_PLACEHOLDERS,
): string {
  const text = (stored ?? '').trim()
  // Most are bare UUIDs in lower case, and there may be millions: these are told first, and copied nowhere.
  if (text.length === UUID_CHARS && IS_LOWER_UUID.test(text) && !placeholders.has(text)) return text
  if (text === '' || placeholders.has(text.toLowerCase())) return ''
  const path = /[/#]/.test(text) ? text.replace(/\?.*$/s, '') : text
  const uuid = ENDS_IN_UUID.exec(path)?.[1]
  if (uuid !== undefined) return uuid.toLowerCase()
  const head = path.replace(TAIL, '')
  const last = head.slice(Math.max(head.lastIndexOf('#'), head.lastIndexOf('/')) + 1).trim()
  return placeholders.has(last.toLowerCase()) ? '' : last
}
