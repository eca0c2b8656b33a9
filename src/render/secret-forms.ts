import { couldBeKey } from '../units/api-key.ts'

/** Shorter secrets would blank out ordinary words and numbers. */
export const SECRET_CHARS_MIN = 6
/** From so many characters before its ':' on, a key has an id. */
const KEY_ID_CHARS_MIN = 8
/** Characters of a key after its id that make a cut key; the id alone may be shown. */
const BEYOND_ID_MIN = 4

/** What of a secret is secret by itself: the whole, what stands behind its first ':', the password of a URL. */
export function secretParts(secret: string): string[] {
  const colon = secret.indexOf(':')
  const behind = colon < 0 ? '' : secret.slice(colon + 1)
  // What stands behind the ':' of key-5:complete is a word of every report, and no secret without what stands before it.
  const parts = [secret, secret.trim(), couldBeKey(behind) ? behind : '', ...passwordsOf(secret)]
  return parts.filter((part) => part.length >= SECRET_CHARS_MIN)
}

/** The password of an URL, as it is written there and decoded. */
function passwordsOf(secret: string): string[] {
  if (!secret.includes('://') || !URL.canParse(secret)) return []
  const written = /^[^:]*:\/\/[^:@]*:([^@]*)@/.exec(secret)?.[1] ?? ''
  try {
    return [written, decodeURIComponent(new URL(secret).password)]
  } catch {
    // One with a broken escape: its whole text and its part after ':' are still redacted.
    return [written]
  }
}

/**
 * Keys, passwords and tokens are shorter. What is longer came in place of one, from whoever sent it, and its further forms
 * would take a thousand times its size in memory.
 */
const FURTHER_FORMS_CHARS_MAX = 4096

/**
 * How a text may be written elsewhere: as it is, in other case, JSON-escaped and URL-encoded by whatever program, as HTML, in hexadecimal, in base64
 * at any alignment, and quoted as the sentences of this program quote.
 */
export const writtenForms = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  ...encodedForms(secret),
  ...base64Forms(secret),
  ...(secret.length > FURTHER_FORMS_CHARS_MAX ? [] : furtherForms(secret)),
]

const furtherForms = (secret: string): string[] => [
  ...caseForms(secret),
  ...jsonForms(secret),
  secret.replace(/["“”]/g, "'"),
  ...furtherEncodedForms(secret),
  ...htmlForms(secret),
  ...hexForms(secret),
]

/** In other case a secret of letters alone, or of letters that a name joins, may be a word of every report. */
const WORDLIKE = /^[\p{L}\-_./ ]*$/u

const caseForms = (secret: string): string[] =>
  WORDLIKE.test(secret) ? [] : [secret.toUpperCase(), secret.toLowerCase()]

// Through UTF-8 and back, because encodeURIComponent throws on a lone surrogate.
const urlEncoded = (secret: string): string => encodeURIComponent(Buffer.from(secret).toString())

const inSmallLetters = (encoded: string): string => encoded.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())

function encodedForms(secret: string): string[] {
  const encoded = urlEncoded(secret)
  return [encoded, inSmallLetters(encoded)]
}

/**
 * As JSON is written by those who escape more than they have to: slashes as PHP does, what HTML reads as Go does, and whatever is
 * not ASCII as Python does.
 */
function jsonForms(secret: string): string[] {
  const extras = [/\//g, /[&<>]/g, /'/g, /[^\0-\x7f]/g].filter((extra) => secret.search(extra) >= 0)
  let forms = [JSON.stringify(secret).slice(1, -1)]
  for (const extra of extras) forms = [...forms, ...forms.map((form) => form.replace(extra, inJson))]
  return extras.length === 0 ? [] : [...forms, ...forms.map(inCapitals)]
}

const inJson = (character: string): string =>
  character === '/' ? '\\/' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const inCapitals = (escaped: string): string =>
  escaped.replace(/\\u[0-9a-f]{4}/g, (unit) => `\\u${unit.slice(2).toUpperCase()}`)

/** As strict writers encode what may stay as it is, as forms do, as Python leaves slashes, and what is encoded already. */
function furtherEncodedForms(secret: string): string[] {
  if (!/[^\w.-]/.test(secret)) return []
  const encoded = urlEncoded(secret)
  const strict = encoded.replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
  // Browsers and Java encode ! and ~ in forms, and leave *.
  const ofBrowsers = new URLSearchParams({ secret }).toString().slice('secret='.length)
  const ofForms = [strict.replaceAll('%20', '+'), ofBrowsers]
  const forms = [strict, ...ofForms, ...[encoded, strict].map((each) => each.replaceAll('%2F', '/'))]
  return [...forms, ...forms.map(inSmallLetters), encodeURIComponent(encoded)]
}

function htmlForms(secret: string): string[] {
  if (!/[&<>"']/.test(secret)) return []
  const text = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const doubles = ['"', '&quot;', '&#34;'].map((quote) => text.replaceAll('"', quote))
  return doubles.flatMap((each) =>
    ["'", '&#39;', '&#x27;', '&#039;', '&apos;'].map((quote) => each.replaceAll("'", quote)),
  )
}

function hexForms(secret: string): string[] {
  const hex = Buffer.from(secret).toString('hex')
  return [hex, hex.toUpperCase()]
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

/** A form that a text may hold the start of. */
export interface Opening {
  readonly text: string
  /** Characters of its start that may be shown: what stands before the secret itself. */
  readonly open: number
  /** Characters of its start that no longer may. */
  readonly charsMin: number
}

export function openingsOf(part: string): Opening[] {
  // What stands before the password or the secret of a key is no secret: a scheme, a user name, the id of the key.
  const address = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^:/@]*:?/i.exec(part)?.[0].length
  const colon = part.indexOf(':')
  const open = address ?? (colon >= KEY_ID_CHARS_MIN ? colon + 1 : 0)
  const charsMin = open === 0 ? SECRET_CHARS_MIN : open + BEYOND_ID_MIN
  const forms = new Set([part, JSON.stringify(part).slice(1, -1), ...(open === 0 ? encodedForms(part) : [])])
  return [...forms].map((text) => ({ text, open, charsMin }))
}
