/** What stands where bytes were none of UTF-8 and were read all the same. */
const UNREADABLE = '\uFFFD'

/** The text of bytes; undefined where they are in another encoding: its texts would be taken for others. */
export function textOfUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Whether a text that another one has read already was in UTF-8, as far as that can still be told. */
export const wasUtf8 = (text: string): boolean => !text.includes(UNREADABLE)
