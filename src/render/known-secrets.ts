import { ANSI, HIDDEN } from './invisible.ts'
import { type Opening, openingsOf, SECRET_CHARS_MIN, secretParts, writtenForms } from './secret-forms.ts'

/** The mark that whoever cuts a text leaves at its end. */
const CUT_MARK = '…'
/**
 * Without a mark behind it, only so much of a secret is taken for a cut one. Of hexadecimal digits these are 48 bits, which
 * no request id of millions shares with one of thousands of keys; fewer would blank out ids.
 */
const UNMARKED_CHARS_MIN = 12
/** In the middle of a text a start that may be a word has to be longer than words are. */
const WORDLIKE_CHARS_MIN = 20
/** Behind a blank or a line break so much more of a secret, or all the rest of it, is taken for it; one letter may be chance. */
const CHARS_BEHIND_BLANK_MIN = 8
/** What may break a secret up: nothing that is seen, or blanks. */
const BREAK = new RegExp(`(?:${ANSI}|${HIDDEN}|[\\p{Cc}\\p{Z}\u2800])+`, 'uy')
const UNSEEN = new RegExp(`${ANSI}|${HIDDEN}`, 'gu')
/** Of what is random, hardly any twelve characters are without one of these; a word has neither. */
const NO_WORD = /\d|[a-z][A-Z]/

const TABLE_BITS_MAX = 18
const SLOTS_PER_START = 16

/**
 * Texts by their first six characters. A place of another text is compared with them only where a table of bytes, looked up
 * by these characters, says that some begin so: thousands of secrets cost a text hardly more than one does.
 */
class Starts<Form extends { readonly text: string }> {
  readonly #forms = new Map<string, Form[]>()
  readonly #table: Uint8Array
  readonly #mask: number

  constructor(forms: readonly Form[]) {
    const bits = Math.min(TABLE_BITS_MAX, Math.ceil(Math.log2((forms.length + 1) * SLOTS_PER_START)))
    this.#table = new Uint8Array(1 << bits)
    this.#mask = this.#table.length - 1
    for (const form of forms) {
      const start = form.text.slice(0, SECRET_CHARS_MIN)
      const others = this.#forms.get(start)
      if (others !== undefined) others.push(form)
      else {
        this.#forms.set(start, [form])
        let rolling = 0
        for (let at = 0; at < SECRET_CHARS_MIN; at++) rolling = rolled(rolling, start.charCodeAt(at))
        this.#table[this.#slotOf(rolling)] = 1
      }
    }
  }

  /** Replaces what `lengthOf` says there is to replace at a place, from left to right. */
  replace(text: string, by: string, lengthOf: (text: string, at: number, forms: readonly Form[]) => number): string {
    let clean = ''
    let done = 0
    let rolling = 0
    for (let next = 0; next < text.length; next++) {
      rolling = rolled(rolling, text.charCodeAt(next))
      const at = next - SECRET_CHARS_MIN + 1
      if (at < done || this.#table[this.#slotOf(rolling)] === 0) continue
      const forms = this.#forms.get(text.slice(at, next + 1))
      const length = forms === undefined ? 0 : lengthOf(text, at, forms)
      if (length === 0) continue
      clean += text.slice(done, at) + by
      done = at + length
    }
    return done === 0 ? text : clean + text.slice(done)
  }

  #slotOf(rolling: number): number {
    return (rolling ^ (rolling >>> 9)) & this.#mask
  }
}

/** A number of the last six characters: each is shifted out by the sixth behind it. */
const rolled = (rolling: number, code: number): number => ((rolling << 4) ^ code) & 0xff_ff_ff

/**
 * Returns a function that puts `by` in the place of each of the secrets: whole and in all its forms, its secret parts, and
 * the start of one where a text was cut in it, wherever in the text that is, with what follows behind blanks or what is not seen.
 */
export function knownSecrets(secrets: readonly string[], by: string): (text: string) => string {
  const parts = [...new Set(secrets.flatMap(secretParts))]
  const forms = [...new Set(parts.flatMap(writtenForms))]
    .filter((form) => form.length >= SECRET_CHARS_MIN)
    .sort((a, b) => b.length - a.length)
    .map((text) => ({ text }))
  const whole = new Starts(forms)
  const started = new Starts(parts.flatMap(openingsOf))
  return (text) => {
    if (text.length < SECRET_CHARS_MIN || forms.length === 0) return text
    return started.replace(whole.replace(text, by, lengthOfWhole), by, lengthOfStart)
  }
}

/** The forms are in order of length, the longest first. */
const lengthOfWhole = (text: string, at: number, forms: readonly { readonly text: string }[]): number =>
  forms.find((form) => text.startsWith(form.text, at))?.text.length ?? 0

function lengthOfStart(text: string, at: number, openings: readonly Opening[]): number {
  let longest = 0
  for (const opening of openings) {
    const shared = sharedStart(text, at, opening.text)
    const length = shared.end - at
    if (length > longest && isCutSecret(text, at, shared, opening)) longest = length
  }
  return longest
}

/** As much of the start of a secret as stands at a place of a text. */
interface SharedStart {
  /** Characters of the secret. */
  readonly length: number
  /** Where they end in the text. */
  readonly end: number
}

/** Also where it is broken up: what is left out of it is not seen, or blank. */
function sharedStart(text: string, at: number, form: string): SharedStart {
  let length = sharedLength(text, at, form, 0)
  let end = at + length
  while (length < form.length && end < text.length) {
    BREAK.lastIndex = end
    const broken = BREAK.exec(text)?.[0]
    if (broken === undefined) break
    const more = sharedLength(text, end + broken.length, form, length)
    const least = broken.replace(UNSEEN, '') === '' ? 1 : Math.min(CHARS_BEHIND_BLANK_MIN, form.length - length)
    if (more < least) break
    end += broken.length + more
    length += more
  }
  return { length, end }
}

/** Characters that are the same from two places on. */
function sharedLength(text: string, at: number, form: string, from: number): number {
  const max = Math.min(form.length - from, text.length - at)
  let length = 0
  while (length < max && text.charCodeAt(at + length) === form.charCodeAt(from + length)) length++
  return length
}

/** Whether so much of the start of a secret gives part of it away, and is no word of an ordinary text. */
function isCutSecret(text: string, at: number, { length, end }: SharedStart, { open, charsMin }: Opening): boolean {
  if (length < charsMin) return false
  if (text.startsWith(CUT_MARK, end)) return true
  if (end === text.length) return length >= UNMARKED_CHARS_MIN
  if (open > 0) return true
  return length >= (NO_WORD.test(text.slice(at, end)) ? UNMARKED_CHARS_MIN : WORDLIKE_CHARS_MIN)
}
