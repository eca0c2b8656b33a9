/** What UTF-8 writes in two bytes, as gbk writes nearly all that it has: what is one may look like the other. */
const [TWO_BYTES_FROM, TWO_BYTES_UNTIL] = [0x80, 0x800] as const
/** Beside U+0080 to U+00FF, what the latin1 of MySQL has of these (cp1252). */
const LATIN1_MORE = 'ŒœŠšŸŽžƒˆ˜'

/**
 * Whether a text, read as UTF-8, holds what a column of this character set cannot: then it was written as it is stored. Undefined
 * of character sets of which that is not known here.
 */
export function strangerTo(charset: string | undefined): ((text: string) => boolean) | undefined {
  if (charset === 'latin1') return strangerIn((code) => code <= 0xff || LATIN1_MORE.includes(String.fromCharCode(code)))
  if (charset !== 'gbk' && charset !== 'gb2312') return undefined
  const known = gbkCharacters()
  return strangerIn((code) => known.has(code))
}

const strangerIn =
  (has: (code: number) => boolean) =>
  (text: string): boolean => {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code >= TWO_BYTES_FROM && code < TWO_BYTES_UNTIL && !has(code)) return true
    }
    return false
  }

function gbkCharacters(): ReadonlySet<number> {
  const decoder = new TextDecoder('gbk')
  const known = new Set<number>()
  for (let first = 0x81; first <= 0xfe; first++) {
    for (let second = 0x40; second <= 0xfe; second++) {
      known.add(decoder.decode(Uint8Array.of(first, second)).charCodeAt(0))
    }
  }
  return known
}
