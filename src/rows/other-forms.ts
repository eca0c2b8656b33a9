import { isLikeUuidAt, UUID_CHARS } from '../units/request-id.ts'
import { type Span, spanOfText } from './record-list.ts'

const [DASH, SLASH, HASH_SIGN] = [0x2d, 0x2f, 0x23] as const

/** What stands in an id by its code: what only another form has, what a UUID has there alone, and what may stand before one. */
const SEPARATOR = 1
const CAPITAL = 2
const BEFORE_UUID = 4
const MARKS = new Uint8Array(256).fill(BEFORE_UUID)
MARKS[DASH] = 0
for (const letter of '0123456789abcdefghijklmnopqrstuvwxyz') MARKS[letter.charCodeAt(0)] = 0
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') MARKS[letter.charCodeAt(0)] = CAPITAL
MARKS[SLASH] = SEPARATOR
MARKS[HASH_SIGN] = SEPARATOR

/** Whether an order id may be a request id in another form than the bare one: what `bareId` makes something else of. */
export function spanMayBeOtherForm({ bytes, view, from, length }: Span): boolean {
  let found = 0
  for (let at = from; at < from + length; at++) found |= MARKS[bytes[at] as number] as number
  if ((found & SEPARATOR) !== 0) return true
  if (found === 0 || length < UUID_CHARS) return false
  const uuid = from + length - UUID_CHARS
  if (length > UUID_CHARS && MARKS[bytes[uuid - 1] as number] !== BEFORE_UUID) return false
  return (found & CAPITAL) !== 0 || isLikeUuidAt(bytes, view, uuid)
}

/** The same of a text. */
export const mayBeOtherForm = (orderId: string): boolean => spanMayBeOtherForm(spanOfText(orderId))
