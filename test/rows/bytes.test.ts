import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesWithView, copyBytes, hashOfBytes, hashOfText, isAscii, sameBytes, viewOf } from '../../src/rows/bytes.ts'

/** Some bytes somewhere within others: where they begin, and how many they are, matters to whoever reads four at once. */
const stretches = fc
  .record({
    before: fc.nat(9),
    own: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40, max: 127 })),
    after: fc.nat(5),
  })
  .map(({ before, own, after }) => {
    const bytes = Buffer.concat([Buffer.alloc(before, 0xa5), own, Buffer.alloc(after, 0x5a)])
    return { ...bytesWithView(bytes), from: before, own }
  })

describe('bytes', () => {
  it('are the same where each of them is, wherever they lie', () => {
    fc.assert(
      fc.property(stretches, stretches, fc.nat(40), fc.nat(7), (a, b, at, bit) => {
        const length = Math.min(a.own.length, b.own.length)
        const plain = a.own.slice(0, length).every((byte, index) => byte === b.own[index])
        expect(sameBytes(a.view, a.from, b.view, b.from, length)).toBe(plain)
        expect(sameBytes(a.view, a.from, a.view, a.from, a.own.length)).toBe(true)
        // A single bit anywhere within makes them others, and none behind their end does.
        const other = Buffer.from(a.bytes)
        other[a.from + at] = (other[a.from + at] ?? 0) ^ (1 << bit)
        if (a.from + at < other.length) {
          expect(sameBytes(a.view, a.from, viewOf(other), a.from, a.own.length)).toBe(at >= a.own.length)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('are ASCII where each is below 128', () => {
    fc.assert(
      fc.property(stretches, ({ view, from, own }) => {
        expect(isAscii(view, from, own.length)).toBe(own.every((byte) => byte < 128))
      }),
      { numRuns: 1000 },
    )
    for (let length = 1; length < 12; length++) {
      for (let at = 0; at < length; at++) {
        const bytes = Buffer.alloc(length + 2, 0x7f)
        bytes[at + 1] = 0x80
        bytes[0] = 0xff
        bytes[length + 1] = 0xff
        expect([length, at, isAscii(viewOf(bytes), 1, length)]).toEqual([length, at, false])
        bytes[at + 1] = 0
        expect(isAscii(viewOf(bytes), 1, length)).toBe(true)
      }
    }
  })

  it('are copied whole, and nothing beside them is written', () => {
    fc.assert(
      fc.property(stretches, fc.nat(9), ({ view, from, own }, to) => {
        const into = Buffer.alloc(to + own.length + 6, 0x11)
        copyBytes(view, from, viewOf(into), to, own.length)
        expect(into).toEqual(Buffer.concat([Buffer.alloc(to, 0x11), own, Buffer.alloc(6, 0x11)]))
      }),
      { numRuns: 500 },
    )
  })

  it('have one hash, wherever they lie, that is a number of 32 bits', () => {
    fc.assert(
      fc.property(stretches, ({ view, from, own }) => {
        const hash = hashOfBytes(view, from, own.length)
        expect(hash).toBe(hashOfBytes(viewOf(own), 0, own.length))
        expect(hash).toBe(hash >>> 0)
      }),
      { numRuns: 500 },
    )
  })

  it('that differ in a bit or in their length most often have other hashes', () => {
    const hashes = new Set<number>()
    let count = 0
    for (let length = 0; length < 40; length++) {
      for (let bit = -1; bit < 8 * length; bit++) {
        const bytes = Buffer.alloc(length)
        if (bit >= 0) bytes[bit >> 3] = 1 << (bit & 7)
        hashes.add(hashOfBytes(viewOf(bytes), 0, length))
        count += 1
      }
    }
    // Of about six thousand in 2³² one pair at the most falls together.
    expect(hashes.size).toBeGreaterThanOrEqual(count - 1)
  })

  it('of a text are those of UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const bytes = Buffer.from(text)
        expect(hashOfText(text)).toBe(hashOfBytes(viewOf(bytes), 0, bytes.length))
      }),
    )
  })

  it('are viewed where they begin, in a buffer of their own or of many', () => {
    const whole = Buffer.from([9, 9, 9, 1, 2, 3, 4])
    expect(viewOf(whole.subarray(3)).getUint32(0)).toBe(0x01020304)
    expect(viewOf(whole.subarray(3)).byteLength).toBe(4)
  })
})
