import { isLikeUuidAt, UUID_CHARS } from '../units/request-id.ts'
import { type Span, spanOfText } from './record-list.ts'

const [DASH, SLASH, HASH_SIGN] = [0x2d, 0x2f, 0x23] as const

/** What stands in an id by its code: what only another form has, and what no UUID has and may stand before one. */
const OTHER = 1
const BEFORE_UUID = 2
const MARKS = new Uint8Array(256).fill(BEFORE_UUID)
MARKS[DASH] = 0
for (const letter of '0123456789abcdefghijklmnopqrstuvwxyz') MARKS[letter.charCodeAt(0)] = 0
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') MARKS[letter.charCodeAt(0)] = OTHER
MARKS[SLASH] = OTHER
MARKS[HASH_SIGN] = OTHER

/** Whether an order id may be a request id in another form than the bare one: what `bareId` makes something else of. */
export function spanMayBeOtherForm({ bytes, view, from, length }: Span): boolean {
  let found = 0
  for (let at = from; at < from + length; at++) found |= MARKS[bytes[at] as number] as number
  if (found !== BEFORE_UUID || length <= UUID_CHARS) return (found & OTHER) !== 0
  const uuid = from + length - UUID_CHARS
  return MARKS[bytes[uuid - 1] as number] === BEFORE_UUID && isLikeUuidAt(bytes, view, uuid)
}

/** The same of a text. */
export const mayBeOtherForm = (orderId: string): boolean => spanMayBeOtherForm(spanOfText(orderId))
