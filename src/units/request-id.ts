const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
// What fal's queue URLs put after the id: https://queue.fal.run/{endpoint}/requests/{id}/status?logs=1
const AFTER_ID = '(?:/(?:status|response|cancel|stream|logs))*/*'
const ENDS_IN_UUID = new RegExp(`(?:^|[^0-9a-z-])(${UUID})${AFTER_ID}$`, 'i')
const TAIL = new RegExp(`${AFTER_ID}$`, 'i')
const UUID_CHARS = 36
const DASH = 0x2d
const DASHES_AT = [8, 13, 18, 23] as const

/** By code: nothing for what the id is written in, one for a dash, and more than all dashes of a UUID for anything else. */
const FOREIGN = new Uint8Array(256).fill(8)
for (const digit of '0123456789abcdef') FOREIGN[digit.charCodeAt(0)] = 0
FOREIGN[DASH] = 1

/**
 * Whether a text is a UUID in lower case and nothing else. A regular expression takes more than twice as long, and a loop that
 * asks of each character whether it is a digit or a letter three times: which of the two it is cannot be foreseen.
 */
export function isBareUuid(text: string): boolean {
  if (text.length !== UUID_CHARS) return false
  for (const at of DASHES_AT) if (text.charCodeAt(at) !== DASH) return false
  let foreign = 0
  for (let at = 0; at < UUID_CHARS; at++) {
    const code = text.charCodeAt(at)
    foreign += (FOREIGN[code & 0xff] as number) + (code & 0xff00)
  }
  return foreign === DASHES_AT.length
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
