import { describe, expect, it } from 'vitest'
import { Slab } from '../../src/rows/slab.ts'

const MIB = 1024 * 1024

describe('places of a slab', () => {
  it('have the length that was asked for, begin where four bytes can be read at once, and never overlap', () => {
    const slab = new Slab()
    const places = [1, 3, 7 * MIB + 5, 16 * MIB, 9 * MIB, 8 * MIB, 0, 2].map((length) => slab.cut(length))
    for (const [index, place] of places.entries()) place.fill(index + 1)
    expect(places.map(({ length }) => length)).toEqual([1, 3, 7 * MIB + 5, 16 * MIB, 9 * MIB, 8 * MIB, 0, 2])
    for (const [index, place] of places.entries()) {
      expect(place.byteOffset % 4).toBe(0)
      expect(place.equals(Buffer.alloc(place.length, index + 1))).toBe(true)
    }
  })

  it('are of one slab while they fit, of a new one after that, and of none where they are larger than any', () => {
    const slab = new Slab()
    const [first, second, third] = [slab.cut(16 * MIB), slab.cut(17 * MIB), slab.cut(8)]
    expect(second.buffer === first.buffer).toBe(true)
    expect(third.buffer === first.buffer).toBe(false)
    const large = slab.cut(34 * MIB)
    expect([large.length, large.buffer.byteLength]).toEqual([34 * MIB, 34 * MIB])
    expect(slab.cut(8).buffer === third.buffer).toBe(true)
  })

  it('are cut from a new one once what is left was let go', () => {
    const slab = new Slab()
    const before = slab.cut(8)
    slab.clear()
    expect(slab.cut(8).buffer === before.buffer).toBe(false)
  })
})
