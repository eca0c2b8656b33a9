import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Stretches } from '../../src/spool/stretches.ts'

/** As they are told, those that follow each other put together again. */
function toldOf(stretches: Stretches): [number, number][] {
  const told: [number, number][] = []
  stretches.each((at, bytes) => {
    const last = told.at(-1)
    if (last !== undefined && last[0] + last[1] === at) last[1] += bytes
    else told.push([at, bytes])
  })
  return told
}

describe('stretches of a file', () => {
  it('are told as they were added, at any place and of any length', () => {
    const at = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 41 - 2 ** 20 }))
    const fours = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(4094, 4095, 4096, 8190, 8191, 100_000))
    fc.assert(
      fc.property(fc.array(fc.tuple(at, fours), { maxLength: 40 }), (given) => {
        const stretches = new Stretches()
        for (const [from, length] of given) stretches.add(from, 4 * length)
        const joined: [number, number][] = []
        for (const [from, length] of given) {
          const last = joined.at(-1)
          if (last !== undefined && last[0] + last[1] === from) last[1] += 4 * length
          else joined.push([from, 4 * length])
        }
        expect(toldOf(stretches)).toEqual(joined)
        expect(stretches.bytes).toBe(given.reduce((sum, [, length]) => sum + 4 * length, 0))
      }),
    )
  })

  it('are none where none was added, or one of no bytes', () => {
    const stretches = new Stretches()
    stretches.add(7, 0)
    expect([toldOf(stretches), stretches.bytes]).toEqual([[], 0])
  })
})
