import { LIMITS } from '../limits.ts'
import { ANSI, HIDDEN } from './invisible.ts'
import { knownSecrets } from './known-secrets.ts'
import { graphemesOf } from './width.ts'

// U+2800 is a blank that is not classed as a space.
const BREAKS_AND_BLANKS = /[\p{Cc}\p{Z}\u2800]+/gu
const STEERING = new RegExp(ANSI, 'g')
const INVISIBLE = new RegExp(`${HIDDEN}+`, 'gu')
// Real scripts stack at most a few marks on one letter; more of them paint over neighbouring lines.
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu
const PLAIN = /^[!-~]+(?: [!-~]+)*$/

// Characters read for each one kept, so that a huge text costs no more than a long one.
const READ_PER_KEPT = 8

/**
 * Makes a text from the database or from fal fit to be shown to a person or a model: one line, nothing invisible,
 * nothing that steers a terminal or reorders text, at most `maxChars` UTF-16 units. A cut text ends in '…'.
 */
export function cleanText(untrusted: string, maxChars: number = LIMITS.untrustedTextChars): string {
  if (untrusted.length <= maxChars && PLAIN.test(untrusted)) return untrusted
  const readMax = maxChars * READ_PER_KEPT
  const visible = untrusted
    .slice(0, readMax)
    .replace(STEERING, '')
    .replace(BREAKS_AND_BLANKS, ' ')
    .replace(INVISIBLE, '')
    .replace(/ {2,}/g, ' ')
    .replace(STACKED_MARKS, '$1')
    .trim()
  return cut(visible, maxChars, untrusted.length > readMax)
}

function cut(text: string, maxChars: number, alreadyCut: boolean): string {
  if (text.length <= maxChars && !alreadyCut) return text
  let kept = ''
  for (const grapheme of graphemesOf(text)) {
    if (kept.length + grapheme.length > maxChars - 1) break
    kept += grapheme
  }
  return `${kept.trimEnd()}…`
}

const REDACTED = '[redacted]'
// Four digits behind an id are part of a secret already, and fewer where a mark says that it was cut there: a key is known
// though it was cut, by anyone and anywhere. What it runs into goes with it, which may be a second key, and what follows
// behind what is not seen.
const FAL_KEY = new RegExp(
  `[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?::|%3a)(?:[0-9a-f]{4}(?:(?:${HIDDEN})*[:-]?[0-9a-z])*|[0-9a-f]{1,3}(?=…))`,
  'giu',
)
// Up to the blank or quote where such an URL ends, so that no text is gone through again for each scheme in it.
// Taken for a path such an URL keeps one / alone.
const DATABASE_URL = /\b((?:mysql2?|mariadb)(?:\+\w{1,20})?:\/{1,2})([^\s'"`<>]*)/gi
// Up to the last @, or to where it was cut before one, which whoever cuts a text marks.
const URL_WITH_PASSWORD = /\b([a-z][a-z0-9+.-]{1,20}:\/{1,2})[^\s/@:'"]+:[^\s/'"]+(@|…)/gi

/**
 * Returns a function that blanks out every given secret in a text: whole, its part after the first ':', the password of
 * a URL, and all of these in capitals or small letters, URL-encoded, JSON- or HTML-escaped, in hexadecimal, or in base64 at
 * any alignment. Anything shaped like a fal key, whole or cut, or like a URL with a password goes too, known or not. Secrets
 * shorter than 6 characters are ignored. As a net below whoever cuts texts, the start of a secret goes too; the id of a key
 * may be shown and stays.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const withoutKnown = knownSecrets(secrets, REDACTED)
  return (text) =>
    withoutKnown(text)
      .replace(FAL_KEY, REDACTED)
      .replace(DATABASE_URL, withoutLogin)
      .replace(URL_WITH_PASSWORD, `$1${REDACTED}$2`)
}

/** Up to the last @, or to where it was cut before one: passwords in hand-written URLs hold @ and / unescaped. */
function withoutLogin(url: string, scheme: string, rest: string): string {
  const end = Math.max(rest.lastIndexOf('@'), CUT_LOGIN.test(rest) ? rest.length - 1 : -1)
  return end < 0 ? url : `${scheme}${REDACTED}${rest.slice(end)}`
}

// Of one that was cut nothing tells whether its last @ stands in the password.
const CUT_LOGIN = /^[^@:]+:.+…$/
