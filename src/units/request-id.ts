const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
// What fal's queue URLs put after the id: https://queue.fal.run/{endpoint}/requests/{id}/status?logs=1
const AFTER_ID = '(?:/(?:status|response|cancel|stream|logs))*/*'
const ENDS_IN_UUID = new RegExp(`(?:^|[^0-9a-z-])(${UUID})${AFTER_ID}$`, 'i')
const TAIL = new RegExp(`${AFTER_ID}$`, 'i')
const UUID_CHARS = 36

/** Whether a text is a UUID in lower case and nothing else. A loop, since a regular expression takes five times as long. */
export function isBareUuid(text: string): boolean {
  if (text.length !== UUID_CHARS) return false
  for (let at = 0; at < UUID_CHARS; at++) {
    const code = text.charCodeAt(at)
    const isDigit = code >= 0x30 && code <= 0x39
    const isLetter = code >= 0x61 && code <= 0x66
    const isDash = code === 0x2d
    if (at === 8 || at === 13 || at === 18 || at === 23 ? !isDash : !(isDigit || isLetter)) return false
  }
  return true
}

/** fal's request id out of a bare id, an URL of fal's queue, or `endpoint#id`. A UUID is given in lower case. */
export function bareId(stored: string): string {
  const text = stored.trim()
  // Most are bare UUIDs in lower case, and there may be millions: these are told first, and copied nowhere.
  if (isBareUuid(text)) return text
  const path = /[/#]/.test(text) ? text.replace(/\?.*$/s, '') : text
  const uuid = ENDS_IN_UUID.exec(path)?.[1]
  if (uuid !== undefined) return uuid.toLowerCase()
  const head = path.replace(TAIL, '')
  return head.slice(Math.max(head.lastIndexOf('#'), head.lastIndexOf('/')) + 1).trim()
}
