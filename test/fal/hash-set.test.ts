import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HashSet } from '../../src/fal/hash-set.ts'

/** What a segment holds at most. */
const SEGMENT = 3276

/** Numbers that look like hashes, always the same. */
function* hashes(count: number, highOf: (random: number, index: number) => number): Generator<[number, number]> {
  let state = 12345
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) | 0
  }
  for (let index = 0; index < count; index++) yield [highOf(next(), index), next()]
}

const nameOf = (high: number, low: number): string => `${high} ${low === 0 ? 1 : low}`

/** How many there were; what the set said otherwise than a set of texts is in `wrong`. */
function holdsAgainst(pairs: readonly (readonly [number, number])[]): { size: number; wrong: string[] } {
  const set = new HashSet()
  const wanted = new Set<string>()
  const wrong: string[] = []
  for (const [high, low] of pairs) {
    const name = nameOf(high, low)
    const isKnown = wanted.has(name)
    if (set.has(high, low) !== isKnown || set.add(high, low) === isKnown) wrong.push(name)
    wanted.add(name)
  }
  for (const [high, low] of pairs) if (!set.has(high, low)) wrong.push(nameOf(high, low))
  return { size: wanted.size, wrong }
}

describe('a set of hashes', () => {
  it('knows what was added, of few with much in common', () => {
    const half = fc.constantFrom(0, 1, -1, 2, 4096, 8192, -0x80000000, 0x7fffffff)
    fc.assert(
      fc.property(fc.array(fc.tuple(half, half), { maxLength: 60 }), (pairs) => {
        expect(holdsAgainst(pairs).wrong).toEqual([])
      }),
    )
  })

  it('knows what was added, of more than many segments hold', () => {
    const pairs = [...hashes(120_000, (random) => random)]
    const { size, wrong } = holdsAgainst([...pairs, ...pairs.slice(0, 1000)])
    expect(wrong).toEqual([])
    expect(size).toBeGreaterThan(119_000)
  })

  it('knows what was added, where hashes lie close together', () => {
    // All in the last of hundreds of segments.
    const pairs = [...hashes(3 * SEGMENT, (random) => 0x7ff00000 | (random & 0xfffff))]
    const { size, wrong } = holdsAgainst(pairs)
    expect(wrong).toEqual([])
    expect(size).toBeGreaterThan(2.9 * SEGMENT)
  })

  it('tells halves from each other: neither alone makes a hash known', () => {
    const set = new HashSet()
    set.add(1, 2)
    expect([set.has(1, 2), set.has(2, 1), set.has(1, 3), set.has(2, 2)]).toEqual([true, false, false, false])
  })

  it('holds as many of one upper half as a segment does, and throws beyond that', () => {
    const set = new HashSet()
    for (let low = 1; low <= SEGMENT; low++) set.add(7, low)
    expect(set.has(7, SEGMENT)).toBe(true)
    expect(() => set.add(7, SEGMENT + 1)).toThrow(RangeError)
  })
})
