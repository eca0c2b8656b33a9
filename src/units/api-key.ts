import { createHash } from 'node:crypto'

/** Of so many characters any text may be a key; one of fal has 69. */
const ANY_KEY_CHARS_MIN = 20
/** With a sign of being no word, which hardly any key is without. */
const KEY_CHARS_MIN = 8
const NO_WORD = /\p{N}|\p{Ll}\p{Lu}/u
const NUMBER_OR_TIME = /^[\d\s.,:;/+-]*$/
/** Such as fal-ai/sora-2/image-to-video. */
const MODEL_PATH = /^[a-z][a-z0-9-]*(?:\/[a-z][a-z0-9.-]*)+$/

/**
 * Whether a text in the place of a key could be one. What operators write there instead, such as deleted, disabled or none,
 * is no secret, and taken for one it would be blanked out of everything that is told; so would a number, a date or a model.
 */
export function couldBeKey(text: string): boolean {
  const trimmed = text.trim()
  if (NUMBER_OR_TIME.test(trimmed) || MODEL_PATH.test(trimmed)) return false
  return trimmed.length >= ANY_KEY_CHARS_MIN || (trimmed.length >= KEY_CHARS_MIN && NO_WORD.test(trimmed))
}

/** Of the form `<key_id>:<secret>` that fal gives its keys (seen by integrators). */
const FAL_KEY = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}:[\da-f]{32}$/i

/** Whether a text is a key of fal, and nothing else. */
export const isFalKey = (text: string): boolean => FAL_KEY.test(text)

/** The id part of a fal API key, `<key_id>:<secret>`; null where the key has another form (seen by integrators). */
export function keyIdOf(apiKey: string): string | null {
  const colon = apiKey.indexOf(':')
  return colon >= 8 ? apiKey.slice(0, colon).trim().toLowerCase() : null
}

/** The only form in which a key is ever shown: the first 8 characters of its id, or a digest where it has no id. */
export function shortKeyId(apiKey: string): string {
  const keyId = keyIdOf(apiKey)
  if (keyId !== null) return shortenKeyId(keyId)
  return `sha256:${keyDigest(apiKey).slice(0, 8)}`
}

/** Tells keys apart without giving one away. */
export const keyDigest = (apiKey: string): string => createHash('sha256').update(apiKey).digest('hex')

export const shortenKeyId = (keyId: string): string => (keyId.length <= 8 ? keyId : `${keyId.slice(0, 8)}…`)
