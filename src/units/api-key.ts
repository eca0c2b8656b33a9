import { createHash } from 'node:crypto'

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
