import { falError } from '../../schemas/fal.ts'
import { UNKNOWN_AUTHORITY_CODES } from '../errors.ts'
import { keyIdOf, shortKeyId } from '../units/api-key.ts'
import { type Instant, instant, isoInstant, type Millis, SECOND } from '../units/instant.ts'
import { type Failed, failed } from './answer.ts'
import type { Redact } from './redacting.ts'

/** Characters kept of a message of fal. */
const FAL_MESSAGE_CHARS = 120
const KEY_PAGE = 'https://fal.ai/dashboard/keys'
// Control, format (bidi, zero-width) and line-breaking characters could forge the look of a report or split a secret.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

export const KEY_MALFORMED = failed(
  'unauthorized',
  `the key is empty or holds characters that no key has, so fal was not asked: store a key made at ${KEY_PAGE}`,
)

/**
 * Makes a text of fal fit to print: one line, at most 120 characters, no secret, and nothing of the API key but its short id.
 * Secrets are taken out before the cut, so that no half of one survives it.
 */
export function cleanText(text: string, apiKey: string, redact: Redact): string {
  const key = apiKey.trim()
  const keyId = keyIdOf(key)
  const secret = key.slice(key.indexOf(':') + 1).trim()
  // First of all cut keys, of which nothing but the id in front of it tells.
  let clean = without(without(redact(text), key, '[redacted]'), secret, '[redacted]')
  if (keyId !== null) clean = without(clean, keyId, shortKeyId(key))
  // Before and after: what breaks a secret up hides it, and so does what becomes a blank in it.
  clean = redact(redact(clean).replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim())
  const characters = [...clean]
  return characters.length > FAL_MESSAGE_CHARS ? `${characters.slice(0, FAL_MESSAGE_CHARS - 1).join('')}…` : clean
}

/** Takes a part out wherever it stands, in any case, also where blanks or unprintable characters break it up. */
function without(text: string, part: string, by: string): string {
  if (part === '') return text
  // Each letter as its code point: no key can make the pattern invalid, whose error would quote the key.
  const letters = [...part].map((letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`)
  return text.replace(new RegExp(letters.join('[\\s\\p{C}]*'), 'giu'), () => by)
}

export const looksLikeHtml = (text: string): boolean => /^\s*<(?:!doctype|html|head|body|\?xml|!--)/i.test(text)

/** Why an answer with another status than 200 could not be used, and what to do about it. */
export function failureOfStatus(status: number, body: string, apiKey: string, redact: Redact): Failed {
  const said = looksLikeHtml(body)
    ? ' (as an HTML page: it may come from a proxy in between)'
    : quoted(body, apiKey, redact)
  if (status === 401) {
    return failed(
      'unauthorized',
      `fal answered 401: the key is wrong or revoked, or is a plain key that may not read billing. Give it an admin key, made at ${KEY_PAGE}${said}`,
    )
  }
  if (status === 403) {
    return failed(
      'forbidden',
      `fal answered 403: the key may not read billing: give it an admin key or a key with billing read permission, made at ${KEY_PAGE}${said}`,
    )
  }
  if (status === 404) {
    return failed('not-found', `fal answered 404: nothing is there. Check FAL_API_BASE_URL${said}`)
  }
  if (status === 429) {
    return failed('rate-limited', `fal answered 429: too many requests for this key. Try again later${said}`)
  }
  if (status >= 500) {
    return failed('server-error', `fal answered ${status}: it failed on its side. Try again later${said}`)
  }
  if (status >= 400) return failed('invalid', `fal answered ${status}: it did not accept the question${said}`)
  return failed(
    'bad-answer',
    `fal answered ${status} instead of data (200); redirects are not followed. Check FAL_API_BASE_URL`,
  )
}

/** Why an answer of status 200 that tells of an error could not be used: with what fal says of it. */
export const failureOfError = (why: Failed, body: string, apiKey: string, redact: Redact): Failed =>
  failed(why.failure, why.reason + quoted(body, apiKey, redact))

function quoted(body: string, apiKey: string, redact: Redact): string {
  const message = errorMessage(body)
  if (message === undefined) return ''
  const clean = cleanText(message, apiKey, redact)
  return clean === '' ? '' : `; fal says: "${clean}"`
}

function errorMessage(body: string): string | undefined {
  try {
    const parsed = falError.safeParse(JSON.parse(body))
    return parsed.success ? parsed.data.error.message : undefined
  } catch {
    return undefined
  }
}

const CERTIFICATES: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate there is that of another host',
  CERT_HAS_EXPIRED: 'the certificate of its host is not valid today',
  CERT_NOT_YET_VALID: 'the certificate of its host is not valid today',
}
const CONNECTION: Readonly<Record<string, string>> = {
  ...CERTIFICATES,
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name could not be looked up',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
}

/** Why no answer came. Only a code is taken from the error: its text may quote what was sent. */
export function failureOfConnection(cause: unknown): Failed {
  const code = codeOf(cause)
  if (UNKNOWN_AUTHORITY_CODES.includes(code)) {
    return failed(
      'untrusted',
      `fal could not be reached: the certificate of its host is of an authority that this machine does not know, or signed by itself (${code}). If a proxy in between is meant to read along, name the file of its authority's certificate (PEM) in the environment variable NODE_EXTRA_CA_CERTS`,
    )
  }
  return failed(
    kindOfBreak(code),
    `fal could not be reached: ${whatBroke(code)}. Check the network and FAL_API_BASE_URL`,
  )
}

/** Whether another try may get through: not where a certificate is not believed. */
export const kindOfBreak = (code: string): 'untrusted' | 'unreachable' =>
  Object.hasOwn(CERTIFICATES, code) ? 'untrusted' : 'unreachable'

/** What a code of a failed connection means. */
export const whatBroke = (code: string): string =>
  CONNECTION[code] ??
  (/^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? `the connection failed (${code})` : 'the connection failed')

export function codeOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}

export const failureOfTimeout = (limit: Millis): Failed =>
  failed('unreachable', `fal did not answer within ${seconds(limit)} s. Check the network, or try again later`)

/** The failures before it used up most of the time, so that a try was not given the whole of its own. */
export const failureOfBudget = (budget: Millis): Failed =>
  failed(
    'unreachable',
    `fal did not answer; gave up after ${seconds(budget)} s of failures. Check the network, or try again later`,
  )

export interface KeyRest {
  readonly budget: Millis
  readonly failedAt: Instant
  readonly askedAt: Instant
  readonly wait: Millis
}

/** No try was made: the key had failed a short while ago for as long as one may. What to do next comes first, in case of a cut. */
export const failureOfRest = (why: Failed, { budget, failedAt, askedAt, wait }: KeyRest): Failed =>
  failed(
    why.failure,
    `fal was not asked now, and is asked again in ${Math.ceil(wait / SECOND)} s (from ${clockTime(askedAt)} on): it had failed for ${seconds(budget)} s, last at ${clockTime(failedAt)}: ${why.reason}`,
  )

const clockTime = (at: Instant): string => isoInstant(instant(Math.ceil(at / SECOND) * SECOND))

/** An answer whose end would be the same if it were cut. */
export const END_UNTOLD = failed(
  'bad-answer',
  "fal's answer does not say where it ends (no Content-Length, and not chunked), so it may have been cut on its way; a proxy in between may have changed it",
)

export const failureOfSize = (bytesMax: number): Failed =>
  failed('too-large', `fal's answer is larger than ${bytesMax} bytes. Ask for a shorter window`)

/** The same failure, with word of how hard it was tried, and of the wait that fal asked for where it was too long. */
export function afterTries(why: Failed, tries: number, askedWait?: Millis): Failed {
  const notes = [
    ...(tries > 1 ? [`tried ${tries} times`] : []),
    ...(askedWait === undefined ? [] : [`fal asks to wait ${seconds(askedWait)} s`]),
  ]
  return notes.length === 0 ? why : failed(why.failure, `${why.reason} (${notes.join('; ')})`)
}

/** Tenths of a second, and short spans to the millisecond: no limit may read as 0 s. */
const seconds = (span: Millis): string => String(span < SECOND ? span / SECOND : Math.round(span / 100) / 10)
