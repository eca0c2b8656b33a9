const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
// What fal's queue URLs put after the id: https://queue.fal.run/{endpoint}/requests/{id}/status?logs=1
const WORDS_AFTER_ID: ReadonlySet<string> = new Set(['status', 'response', 'cancel', 'stream', 'logs'])
const ENDS_IN_UUID = new RegExp(`(?:^|[^0-9a-z-])(${UUID})(?:/(?:${[...WORDS_AFTER_ID].join('|')}))*/*$`, 'i')
export const UUID_CHARS = 36
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

/** Where four digits of a UUID stand. */
const DIGITS_AT = [0, 4, 9, 14, 19, 24, 28, 32] as const

/**
 * Whether UUID_CHARS bytes are an id that is its own bare id, and each of them a letter, by four bytes at once: it has the dashes
 * of a UUID, and else digits, small letters and the few marks beside them (0x30 to 0x3f, 0x60 to 0x7f). None of these are white
 * space, capitals, slashes or #, of which alone a bare id is rid; nor are quotes, backslashes or control characters among them.
 */
export function isLikeUuidAt(bytes: Uint8Array, view: DataView, from: number): boolean {
  for (const at of DASHES_AT) if (bytes[from + at] !== DASH) return false
  let every = -1
  let some = 0
  for (let each = 0; each < DIGITS_AT.length; each++) {
    const four = view.getInt32(from + (DIGITS_AT[each] as number), true)
    // Bit 0x40 beside bit 0x10: one of them must be there.
    every &= (four & 0x20202020) | ((four | (four >>> 2)) & 0x10101010)
    some |= four
  }
  return (every & 0x30303030) === 0x30303030 && (some & 0x80808080) === 0
}

/** fal's request id out of a bare id, an URL of fal's queue, or `endpoint#id`. A UUID is given in lower case. */
export function bareId(stored: string): string {
  const text = stored.trim()
  // Most are bare UUIDs in lower case, and there may be millions: these are told first, and copied nowhere.
  if (isBareUuid(text)) return text
  const path = /[/#]/.test(text) ? text.replace(/\?.*$/s, '') : text
  const uuid = ENDS_IN_UUID.exec(path)?.[1]
  if (uuid !== undefined) return uuid.toLowerCase()
  const head = withoutTail(path)
  return head.slice(Math.max(head.lastIndexOf('#'), head.lastIndexOf('/')) + 1).trim()
}

/** Without what may stand after an id. By hand, as a regular expression goes through a run of slashes again from each of them. */
function withoutTail(path: string): string {
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  for (;;) {
    const slash = path.lastIndexOf('/', end - 1)
    if (slash < 0 || end === 0 || !WORDS_AFTER_ID.has(path.slice(slash + 1, end).toLowerCase()))
      return path.slice(0, end)
    end = slash
  }
}
