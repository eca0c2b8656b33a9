import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CellNumbers } from '../../../src/audit/tasks/cell-numbers.ts'

describe('pairs of a user and a column', () => {
  // Ids that differ beyond four bytes alone, and columns that meet the ids of others.
  const users = fc.constantFrom(0, 1, 2, 7, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33 + 1, 2 ** 40 + 7, 2 ** 53 - 1)
  const steps = fc.array(fc.oneof(fc.tuple(users, fc.nat(40)), fc.tuple(users, fc.nat(40)), fc.constant('clear')), {
    maxLength: 200,
    size: 'max',
  })

  it('have one number each, counted from 0, until all are let go', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const cells = new CellNumbers()
        const known = new Map<string, number>()
        for (const step of given) {
          if (typeof step === 'string') {
            cells.clear()
            known.clear()
          } else {
            const name = step.join()
            const number = known.get(name) ?? known.size
            known.set(name, number)
            expect(cells.numberOf(...step)).toBe(number)
            expect([cells.userOf(number), cells.columnOf(number)]).toEqual(step)
          }
          expect(cells.count).toBe(known.size)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are kept apart among very many, of one user and of many', () => {
    const cells = new CellNumbers()
    const pairs: (readonly [number, number])[] = []
    for (let user = 0; user < 200; user++) for (let column = 0; column < 50; column++) pairs.push([user, column])
    for (let column = 50; column < 5000; column++) pairs.push([3, column])
    for (let user = 200; user < 5000; user++) pairs.push([user, 3])
    for (let round = 0; round < 2; round++) {
      for (const [index, pair] of pairs.entries())
        if (cells.numberOf(...pair) !== index) expect.unreachable(pair.join())
    }
    expect(cells.count).toBe(pairs.length)
    cells.clear()
    for (const [index, pair] of [...pairs].reverse().entries()) {
      if (cells.numberOf(...pair) !== index) expect.unreachable(pair.join())
    }
    expect(cells.count).toBe(pairs.length)
  })
})
