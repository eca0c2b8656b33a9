/**
 * Chance without state: any property of any task is worked out from its number alone, so that every pass over the world,
 * and the double that is asked about one request, sees the same task. The finisher of MurmurHash3, which is one to one.
 */
export function drawn(seed: number, index: number, salt: number): number {
  let bits = (index + Math.imul(salt, SALT_STEP)) ^ seed
  bits = Math.imul(bits ^ (bits >>> 16), FIRST)
  bits = Math.imul(bits ^ (bits >>> 13), SECOND)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** The index that was drawn to this. */
function indexOfDrawn(seed: number, value: number, salt: number): number {
  let bits = Math.imul(value ^ (value >>> 16), SECOND_INVERSE)
  bits = Math.imul(bits ^ (bits >>> 13) ^ (bits >>> 26), FIRST_INVERSE)
  return ((bits ^ (bits >>> 16) ^ seed) - Math.imul(salt, SALT_STEP)) >>> 0
}

const SALT_STEP = 0x9e3779b1
const FIRST = 0x85ebca6b
const SECOND = 0xc2b2ae35
// Their inverses modulo 2^32.
const FIRST_INVERSE = 0xa5cb9243
const SECOND_INVERSE = 0x7ed1b41d

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const hex2 = (bits: number): string => `${BYTES[(bits >>> 8) & 255]}${BYTES[bits & 255]}`
const hex4 = (bits: number): string => hex2(bits >>> 16) + hex2(bits)

/** A UUID whose first 8 digits tell which index it was drawn for. */
export function uuidOf(seed: number, index: number): string {
  const b = drawn(seed, index, 102)
  const c = drawn(seed, index, 103)
  const tail = hex2(c >>> 16) + hex4(drawn(seed, index, 104))
  return `${hex4(drawn(seed, index, 101))}-${hex2(b >>> 16)}-4${hex2(b).slice(1)}-a${hex2(c).slice(1)}-${tail}`
}

/** The index that a UUID of this seed was drawn for. */
export const indexOfUuid = (seed: number, uuid: string): number =>
  indexOfDrawn(seed, Number.parseInt(uuid.slice(0, 8), 16), 101)
