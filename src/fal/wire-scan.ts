/** What stands for a place where there is none: the bytes are not in the usual form. */
export const ODD = -1

const [TAB, LINE_FEED, RETURN, BLANK] = [0x09, 0x0a, 0x0d, 0x20] as const
const [ZERO, NINE, MINUS, PLUS, POINT, LETTER_E, LETTER_E_LOW] = [0x30, 0x39, 0x2d, 0x2b, 0x2e, 0x45, 0x65] as const
export const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a] as const
export const [BEGIN_LIST, END_LIST, BEGIN_OBJECT, END_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d] as const

/** By code: 1 for what may stand behind a number or a word of JSON. */
const ENDS_WORD = new Uint8Array(256)
for (const code of [TAB, LINE_FEED, RETURN, BLANK, COMMA, END_LIST, END_OBJECT]) ENDS_WORD[code] = 1

/** Whether a number or a word that stands up to there ends there. Behind the last byte everything ends. */
export const endsWord = (bytes: Uint8Array, at: number): boolean =>
  at >= bytes.length || ENDS_WORD[bytes[at] as number] === 1

/** The first place from there on that is no white space. */
export function blanksEnd(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    const code = bytes[at] as number
    if (code > BLANK || (code !== BLANK && code !== LINE_FEED && code !== RETURN && code !== TAB)) return at
    at++
  }
}

/** Where a string ends in which each byte stands for itself; `from` is behind its first quote, the end before its last one. */
export function plainTextEnd(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    const code = bytes[at] as number
    if (code === QUOTE) return at
    // Also where the bytes end: no comparison with nothing holds.
    if (!(code >= BLANK) || code === BACKSLASH) return ODD
    at++
  }
}

/**
 * Where a value ends that begins there, if it is JSON, which is for JSON.parse to say of the bytes in between.
 * Nothing but the end is looked for.
 */
export function valueEnd(bytes: Uint8Array, from: number): number {
  const first = bytes[from]
  if (first === QUOTE) return textEnd(bytes, from + 1)
  if (first === BEGIN_OBJECT || first === BEGIN_LIST) return nestedEnd(bytes, from)
  let at = from
  while (!endsWord(bytes, at)) at++
  return at === from ? ODD : at
}

/** Behind the last quote of a string. */
function textEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at]
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  return ODD
}

/** Far more than there is in a row. Of what is deeper the page is judged as a whole. */
const NESTED_MAX = 50

function nestedEnd(bytes: Uint8Array, from: number): number {
  let depth = 0
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at]
    if (code === QUOTE) {
      at = textEnd(bytes, at + 1) - 1
      if (at < from) return ODD
    } else if (code === BEGIN_OBJECT || code === BEGIN_LIST) {
      if (++depth > NESTED_MAX) return ODD
    } else if ((code === END_OBJECT || code === END_LIST) && --depth === 0) return at + 1
  }
  return ODD
}

/** A number of so few digits is exact as a whole, and so is the power of ten that it is divided by: the quotient is the nearest. */
const DIGITS_MAX = 15
const POWERS = Array.from({ length: DIGITS_MAX + 1 }, (_, exponent) => 10 ** exponent)
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

export const isDigit = (code: number): boolean => code >= ZERO && code <= NINE

/** Reads numbers out of bytes, each as JSON.parse reads it; but -0 is 0. */
export class NumberReader {
  value = 0

  /** Whether a value that begins so is a number, if it is anything. */
  static isBegin(code: number): boolean {
    return isDigit(code) || code === MINUS
  }

  /** The end of a number that begins there. */
  read(bytes: Buffer, from: number): number {
    let at = from
    let code = bytes[at] as number
    const isNegative = code === MINUS
    if (isNegative) code = bytes[++at] as number
    const first = at
    let digits = 0
    while (code >= ZERO && code <= NINE) {
      digits = digits * 10 + code - ZERO
      code = bytes[++at] as number
    }
    const wholes = at - first
    if (wholes === 0 || (wholes > 1 && bytes[first] === ZERO)) return ODD
    let places = 0
    if (code === POINT) {
      const point = at
      code = bytes[++at] as number
      while (code >= ZERO && code <= NINE) {
        digits = digits * 10 + code - ZERO
        code = bytes[++at] as number
      }
      places = at - point - 1
      if (places === 0) return ODD
    }
    if (wholes + places > DIGITS_MAX || code === LETTER_E || code === LETTER_E_LOW) return this.#readText(bytes, from)
    const magnitude = places === 0 ? digits : digits / (POWERS[places] as number)
    this.value = isNegative && magnitude !== 0 ? -magnitude : magnitude
    return at
  }

  #readText(bytes: Buffer, from: number): number {
    let at = from
    for (let code = bytes[at] as number; isOfNumber(code); code = bytes[at] as number) at++
    const text = bytes.toString('latin1', from, at)
    if (!NUMBER.test(text)) return ODD
    const value = Number(text)
    this.value = value === 0 ? 0 : value
    return at
  }
}

const isOfNumber = (code: number): boolean =>
  isDigit(code) || code === MINUS || code === PLUS || code === POINT || code === LETTER_E || code === LETTER_E_LOW
