import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LargestCells, type RankedCell } from '../../../src/audit/tasks/largest-cells.ts'
import { wholeOf } from '../../../src/units/exact-sums.ts'

const cellOf = (cost: bigint, userId: number, accountId: number | null = 5, model = 'm'): RankedCell => ({
  ...{ accountId, userId, model, cost: wholeOf(cost) },
})

/** By the definition: all are sorted, the first ones are kept. */
function expectedOf(cells: readonly RankedCell[], max: number) {
  const compare = <T extends bigint | number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
  const inOrder = (a: RankedCell, b: RankedCell): number =>
    compare(a.accountId ?? Number.POSITIVE_INFINITY, b.accountId ?? Number.POSITIVE_INFINITY) ||
    compare(a.userId ?? Number.POSITIVE_INFINITY, b.userId ?? Number.POSITIVE_INFINITY) ||
    compare(a.model, b.model)
  const ranked = [...cells].sort((a, b) => compare(b.cost, a.cost) || inOrder(a, b))
  return { cells: ranked.slice(0, max).sort(inOrder), omitted: Math.max(0, cells.length - max) }
}

function keptOf(cells: readonly RankedCell[], max: number) {
  const largest = new LargestCells<RankedCell>(max)
  for (const cell of cells) {
    if (largest.isBelow(Number(cell.cost))) largest.omit()
    else largest.add(cell)
  }
  return largest.close()
}

describe('the largest cells', () => {
  it('are those of the definition, however many cost the same as the last one kept', () => {
    // Few costs, so that most cuts go through equal ones; some differ by less than a number tells apart.
    const cost = fc.constantFrom(-1n, 0n, 1n, 2n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 70n, 2n ** 70n + 1n)
    const account = fc.constantFrom(5, 6, null)
    const cells = fc
      .array(fc.record({ cost, account, model: fc.constantFrom('m', 'n') }), { maxLength: 60, size: 'max' })
      .chain((given) =>
        fc.shuffledSubarray(given.map((each, userId) => cellOf(each.cost, userId, each.account, each.model))),
      )
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 12 }), (given, max) => {
        expect(keptOf(given, max)).toEqual(expectedOf(given, max))
      }),
      { numRuns: 1000 },
    )
  })

  it('let a cell go by its cost alone only once as many cost more, and never one of the same cost', () => {
    const largest = new LargestCells<RankedCell>(2)
    for (const userId of [9, 8, 7, 6]) largest.add(cellOf(4n, userId))
    expect([3, 4].map((cost) => largest.isBelow(cost))).toEqual([false, false])
    largest.add(cellOf(4n, 5))
    expect([3, 4, 5].map((cost) => largest.isBelow(cost))).toEqual([true, false, false])
    for (const userId of [10, 4]) largest.add(cellOf(4n, userId))
    const { cells, omitted } = largest.close()
    expect([cells.map(({ userId }) => userId), omitted]).toEqual([[4, 5], 5])
  })

  it('are all of them where there is no limit', () => {
    const cells = Array.from({ length: 100 }, (_, userId) => cellOf(BigInt(userId % 3), userId))
    expect(keptOf([...cells].reverse(), Number.POSITIVE_INFINITY)).toEqual({ cells, omitted: 0 })
  })
})
