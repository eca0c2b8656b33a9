import { HOUR, type Instant, instant, MINUTE, SECOND } from '../units/instant.ts'
import { wallMillis } from '../units/wall.ts'
import { isDigit, ODD, QUOTE } from './wire-scan.ts'

const [ZERO, DASH, COLON, POINT, PLUS, LETTER_T, LETTER_Z] = [0x30, 0x2d, 0x3a, 0x2e, 0x2b, 0x54, 0x5a] as const
/** Places of the parts of YYYY-MM-DDTHH:MM:SS. */
const AT = { month: 5, day: 8, time: 10, hour: 11, minute: 14, second: 17, fraction: 19 } as const
/** Bytes of +00:00. */
const OFFSET_BYTES = 6

/**
 * Reads instants out of bytes where they are in the forms that are usual for UTC: YYYY-MM-DDTHH:MM:SS, with a fraction or
 * without, and Z or +00:00. Whatever is odd about one, the text of it must be read.
 */
export class TimeReader {
  value: Instant = instant(Number.NaN)
  // Rows come nearly in order of time: most are of the date of the one before.
  #date = new Int32Array(3)
  #dateMillis = Number.NaN

  /** Where the text of an instant ends; `from` is behind its first quote, the end before its last one. */
  read(bytes: Uint8Array, view: DataView, from: number): number {
    if (from + AT.fraction + 2 > bytes.length || bytes[from + AT.time] !== LETTER_T) return ODD
    if (bytes[from + AT.minute - 1] !== COLON || bytes[from + AT.second - 1] !== COLON) return ODD
    const date = this.#readDate(bytes, view, from)
    const hour = twoDigits(bytes, from + AT.hour)
    const minute = twoDigits(bytes, from + AT.minute)
    const second = twoDigits(bytes, from + AT.second)
    if (!(hour < 24 && minute < 60 && second < 60)) return ODD
    let at = from + AT.fraction
    let millis = 0
    if (bytes[at] === POINT) {
      const first = ++at
      for (let code = bytes[at] as number; isDigit(code); code = bytes[++at] as number) {
        // Cut, not rounded, as everywhere.
        if (at < first + 3) millis = millis * 10 + code - ZERO
      }
      if (at === first) return ODD
      for (let place = at; place < first + 3; place++) millis *= 10
    }
    if (bytes[at] === LETTER_Z) at++
    else if (isNoOffset(bytes, at)) at += OFFSET_BYTES
    else return ODD
    if (bytes[at] !== QUOTE) return ODD
    const value = date + hour * HOUR + minute * MINUTE + second * SECOND + millis
    if (Number.isNaN(value)) return ODD
    this.value = instant(value)
    return at
  }

  /** NaN where it is none. */
  #readDate(bytes: Uint8Array, view: DataView, from: number): number {
    const known = this.#date
    const [first, second, third] = [view.getInt32(from), view.getInt32(from + 4), view.getInt16(from + 8)]
    if (known[0] === first && known[1] === second && known[2] === third) return this.#dateMillis
    const [century, year] = [twoDigits(bytes, from), twoDigits(bytes, from + 2)]
    const isShaped =
      bytes[from + AT.month - 1] === DASH && bytes[from + AT.day - 1] === DASH && century < 100 && year < 100
    const [month, day] = [twoDigits(bytes, from + AT.month), twoDigits(bytes, from + AT.day)]
    this.#dateMillis = isShaped ? wallMillis(century * 100 + year, month, day, 0, 0, 0, 0) : Number.NaN
    known[0] = first
    known[1] = second
    known[2] = third
    return this.#dateMillis
  }
}

/** More than any part of a time may be. */
const NO_DIGITS = 10_000

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO
  const ones = (bytes[at + 1] as number) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NO_DIGITS
}

function isNoOffset(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== PLUS || bytes[at + 3] !== COLON) return false
  return twoDigits(bytes, at + 1) === 0 && twoDigits(bytes, at + 4) === 0
}
