import { hashOfText } from '../spool/spool.ts'

/** What a RowWriter writes before the characters of a text: whether they are ASCII, and how many bytes they are. */
const TEXT_HEAD = 5

/** An id among many bytes, with the hash of its text: to be compared without making a string of it. */
export interface BytesOfId {
  hash: number
  from: number
  length: number
}

export const newBytesOfId = (): BytesOfId => ({ hash: 0, from: 0, length: 0 })

/** The id that a text of a record is. */
export function idAt(view: DataView, hash: number, at: number, into: BytesOfId): BytesOfId {
  into.hash = hash
  into.from = at + TEXT_HEAD
  into.length = view.getUint32(at + 1, true)
  return into
}

/** Bytes that a text of a record takes, its head included. */
export const sizeOfText = (view: DataView, at: number): number => TEXT_HEAD + view.getUint32(at + 1, true)

/** The text that a record's text is. */
export const textAt = (bytes: Buffer, at: number): string =>
  bytes.toString(bytes[at] === 1 ? 'latin1' : 'utf8', at + TEXT_HEAD, at + TEXT_HEAD + bytes.readUInt32LE(at + 1))

/** An id that is a string, as bytes of its own. */
export function idOfText(text: string): { readonly bytes: Buffer; readonly id: BytesOfId } {
  const bytes = Buffer.from(text)
  return { bytes, id: { hash: hashOfText(text), from: 0, length: bytes.length } }
}

export function sameBytes(a: Buffer, fromA: number, b: Buffer, fromB: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (a[fromA + at] !== b[fromB + at]) return false
  return true
}
