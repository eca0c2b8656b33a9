/**
 * Bytes with a view of them: one load of a view reads four of them, wherever they lie. Ids are compared, hashed and copied on
 * bytes: a string of each of millions costs more than all the rest.
 */
export interface Bytes {
  readonly bytes: Buffer
  readonly view: DataView
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const bytesWithView = (bytes: Buffer): Bytes => ({ bytes, view: viewOf(bytes) })

export function sameBytes(a: DataView, fromA: number, b: DataView, fromB: number, length: number): boolean {
  let at = 0
  for (; at + 4 <= length; at += 4) if (a.getInt32(fromA + at) !== b.getInt32(fromB + at)) return false
  for (; at < length; at++) if (a.getUint8(fromA + at) !== b.getUint8(fromB + at)) return false
  return true
}

/** A number of 32 bits that bytes always have, and that says nothing of their place among others. */
export function hashOfBytes(view: DataView, from: number, length: number): number {
  let hash = length ^ 0x2545f491
  let at = 0
  for (; at + 4 <= length; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(from + at, true), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < length; at++) hash = Math.imul(hash ^ view.getUint8(from + at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** The hash of a text's bytes in UTF-8. */
export function hashOfText(text: string): number {
  const bytes = Buffer.from(text)
  return hashOfBytes(viewOf(bytes), 0, bytes.length)
}

/** Whether bytes are ASCII: then each is a character. */
export function isAscii(view: DataView, from: number, length: number): boolean {
  let found = 0
  let at = 0
  for (; at + 4 <= length; at += 4) found |= view.getInt32(from + at)
  for (; at < length; at++) found |= view.getUint8(from + at)
  return (found & 0x80808080) === 0
}

/** Copies bytes that do not overlap: a call into the system costs more than the copying of an id. */
export function copyBytes(from: DataView, fromAt: number, to: DataView, toAt: number, length: number): void {
  let at = 0
  for (; at + 4 <= length; at += 4) to.setInt32(toAt + at, from.getInt32(fromAt + at))
  for (; at < length; at++) to.setUint8(toAt + at, from.getUint8(fromAt + at))
}
