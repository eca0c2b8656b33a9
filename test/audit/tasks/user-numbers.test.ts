import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_NUMBER, UserNumbers } from '../../../src/audit/tasks/user-numbers.ts'

const EDGES = [0, -1, 1, 1023, 1024, 1025, 2 ** 22 - 1, 2 ** 22, 2 ** 32, -0.5, 1.5, Number.MAX_SAFE_INTEGER]

describe('users', () => {
  it('have one number each, in the order in which they came, whatever their id', () => {
    const id = fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: 0, max: 5000 }))
    fc.assert(
      fc.property(fc.array(id, { maxLength: 40 }), (ids) => {
        const numbers = new UserNumbers()
        const seen = new Map<number, number>()
        for (const userId of ids) {
          expect(numbers.has(userId)).toBe(seen.has(userId))
          if (!seen.has(userId)) seen.set(userId, seen.size)
          expect(numbers.numberOf(userId)).toBe(seen.get(userId))
        }
        for (const userId of [...EDGES, ...ids]) expect(numbers.has(userId)).toBe(seen.has(userId))
        expect(numbers.ids).toEqual([...seen.keys()])
        for (const userId of EDGES) expect(numbers.find(userId)).toBe(seen.get(userId) ?? NO_NUMBER)
        numbers.clear()
        for (const userId of [...EDGES, ...ids]) expect(numbers.find(userId)).toBe(NO_NUMBER)
        expect([numbers.ids.length, numbers.numberOf(7), numbers.numberOf(2 ** 40)]).toEqual([0, 0, 1])
      }),
    )
  })
})
