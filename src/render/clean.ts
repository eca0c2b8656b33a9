import { LIMITS } from '../limits.ts'
import { graphemesOf } from './width.ts'

const ESC = '\u001b'
const BEL = '\u0007'
const STRING_TERMINATOR = '\u009c'

// ECMA-48: strings (title, hyperlink, device control) with their hidden content, then CSI, then the short forms.
// A string that never ends is not matched whole: it would swallow text that a person should see.
const ANSI = new RegExp(
  [
    `${ESC}[\\]PX^_][^${ESC}${BEL}${STRING_TERMINATOR}]*(?:${BEL}|${ESC}\\\\|${STRING_TERMINATOR})`,
    `(?:${ESC}\\[|\u009b)[0-?]*[ -/]*[@-~]`,
    `${ESC}[ -/]*[0-~]`,
  ].join('|'),
  'g',
)
// U+2800 is a blank that is not classed as a space.
const BREAKS_AND_BLANKS = /[\p{Cc}\p{Z}\u2800]+/gu
// Zero-width characters, bidi controls, tag characters, variation selectors, fillers, lone surrogates, noncharacters.
const HIDDEN = /[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]+/gu
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
    .replace(ANSI, '')
    .replace(BREAKS_AND_BLANKS, ' ')
    .replace(HIDDEN, '')
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
/** Shorter secrets would blank out ordinary words and numbers. */
const SECRET_CHARS_MIN = 6
/** From so many characters before its ':' on, a key has an id. */
const KEY_ID_CHARS_MIN = 8
const FAL_KEY = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?::|%3a)[0-9a-f]{32}\b/gi
const CUT_FAL_KEY = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?::|%3a)[0-9a-f]{4,31}(?=…)/gi
/** The mark that whoever cuts a text leaves at its end. */
const CUT_MARK = '…'
/** Without a mark, only so much of a secret at the end of a text is taken for a cut one: less may be an ordinary word. */
const UNMARKED_CHARS_MIN = 12
/** Characters of a key after its id that make a cut key; the id alone may be shown. */
const BEYOND_ID_MIN = 4
// Greedy up to the last @ before a blank or quote: passwords in hand-written URLs hold @ and / unescaped.
const DATABASE_URL = /\b((?:mysql2?|mariadb):\/\/)[^\s'"`<>]*@/gi
const URL_WITH_PASSWORD = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:'"]+:[^\s/@'"]+@/gi

/**
 * Returns a function that blanks out every given secret in a text: whole, its part after the first ':', the password of
 * a URL, and all of these URL-encoded, JSON-escaped or in base64 at any alignment. Anything shaped like a fal key or a URL
 * with a password goes too, known or not. Secrets shorter than 6 characters are ignored. As a net below whoever cuts texts,
 * the start of a secret goes too where the text was cut in it; the id of a key may be shown and stays.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const parts = [...new Set(secrets.flatMap(secretParts))]
  const longestFirst = [...new Set(parts.flatMap(writtenForms))]
    .filter((form) => form.length >= SECRET_CHARS_MIN)
    .sort((a, b) => b.length - a.length)
    .map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const known = longestFirst.length === 0 ? undefined : new RegExp(longestFirst.join('|'), 'g')
  const withoutCut = cutRedactor(parts)
  return (text) =>
    withoutCut(known === undefined ? text : text.replace(known, REDACTED))
      .replace(FAL_KEY, REDACTED)
      .replace(CUT_FAL_KEY, REDACTED)
      .replace(DATABASE_URL, `$1${REDACTED}@`)
      .replace(URL_WITH_PASSWORD, `$1${REDACTED}@`)
}

interface Opening {
  readonly form: string
  /** Characters of the form that no longer may be shown. */
  readonly charsMin: number
}

/** Blanks out the start of a secret before a mark of cutting, or at the end of a text. */
function cutRedactor(parts: readonly string[]): (text: string) => string {
  // By their first characters, so that a text is compared with hardly any of a thousand keys.
  const openings = new Map<string, Opening[]>()
  let charsMax = 0
  for (const opening of parts.flatMap(openingsOf)) {
    const start = opening.form.slice(0, SECRET_CHARS_MIN)
    openings.set(start, [...(openings.get(start) ?? []), opening])
    charsMax = Math.max(charsMax, opening.form.length)
  }
  /** Where the start of a secret begins that ends at a place of the text; the place itself where none does. */
  const startOfCut = (text: string, end: number, charsMin: number): number => {
    for (let at = Math.max(0, end - charsMax); at <= end - charsMin; at++) {
      const candidates = openings.get(text.slice(at, at + SECRET_CHARS_MIN))
      if (candidates === undefined) continue
      const held = text.slice(at, end)
      if (candidates.some(({ form, charsMin: own }) => held.length >= own && form.startsWith(held))) return at
    }
    return end
  }
  return (text) => {
    if (openings.size === 0 || text.length < SECRET_CHARS_MIN) return text
    let clean = text
    const blank = (end: number, charsMin: number): void => {
      const at = startOfCut(clean, end, charsMin)
      if (at < end) clean = `${clean.slice(0, at)}${REDACTED}${clean.slice(end)}`
    }
    blank(clean.length, UNMARKED_CHARS_MIN)
    for (let end = clean.lastIndexOf(CUT_MARK); end > 0; end = clean.lastIndexOf(CUT_MARK, end - 1)) {
      blank(end, SECRET_CHARS_MIN)
    }
    return clean
  }
}

function openingsOf(part: string): Opening[] {
  // What stands before the password or the secret of a key is no secret: a scheme, a user name, the id of the key.
  const address = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^:/@]*:?/i.exec(part)?.[0].length
  const colon = part.indexOf(':')
  const open = address ?? (colon >= KEY_ID_CHARS_MIN ? colon + 1 : 0)
  const charsMin = open === 0 ? SECRET_CHARS_MIN : open + BEYOND_ID_MIN
  const forms = new Set([part, JSON.stringify(part).slice(1, -1), ...(open === 0 ? encodedForms(part) : [])])
  return [...forms].map((form) => ({ form, charsMin }))
}

function secretParts(secret: string): string[] {
  const colon = secret.indexOf(':')
  const parts = [secret, secret.trim(), colon < 0 ? '' : secret.slice(colon + 1), passwordOf(secret)]
  return parts.filter((part) => part.length >= SECRET_CHARS_MIN)
}

function passwordOf(secret: string): string {
  if (!secret.includes('://')) return ''
  try {
    return decodeURIComponent(new URL(secret).password)
  } catch {
    // No URL after all, or one with a broken escape: its whole text and its part after ':' are still redacted.
    return ''
  }
}

const writtenForms = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  ...encodedForms(secret),
  ...base64Forms(secret),
]

function encodedForms(secret: string): string[] {
  // Through UTF-8 and back, because encodeURIComponent throws on a lone surrogate.
  const encoded = encodeURIComponent(Buffer.from(secret).toString())
  return [encoded, encoded.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())]
}

/** Base64 of a text depends on how many bytes stand before it, modulo 3: only the characters it alone decides are kept. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((before) => {
    const base64 = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const first = Math.ceil((before * 8) / 6)
    const last = Math.floor(((before + bytes.length) * 8) / 6)
    const certain = base64.slice(first, last)
    return [certain, certain.replaceAll('+', '-').replaceAll('/', '_')]
  })
}
