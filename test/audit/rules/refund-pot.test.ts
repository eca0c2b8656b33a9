import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LooseAmount } from '../../../src/audit/rules/books.ts'
import { type Debt, mayBeGivenBack } from '../../../src/audit/rules/refund-pot.ts'
import { sum } from '../../../src/units/exact.ts'
import { instant } from '../../../src/units/instant.ts'
import { points } from '../../kit/books.ts'

/** A charge and when its task was made, in minutes; amounts likewise, without a time where that is not known. */
type Timed = readonly [amount: number, at?: number]

interface Given {
  readonly refunds?: readonly Timed[]
  readonly cash?: readonly Timed[]
  /** What was taken back again. */
  readonly back?: number
  readonly likely?: readonly Timed[]
  readonly possible?: readonly Timed[]
  readonly others?: readonly Timed[]
}

const amountOf = ([amount, at]: Timed): LooseAmount => ({
  points: points(amount),
  at: at === undefined ? null : instant(at),
})

/** The charges that may have been given back, by their place: likely ones from 0 on, possible from 10, others from 20. */
function covered({ refunds = [], cash = [], back = 0, likely = [], possible = [], others = [] }: Given): number[] {
  const debts = (timed: readonly Timed[], first: number): Debt[] =>
    timed.map(([amount, at = 0], index) => ({
      ...{ chargedPoints: BigInt(amount), createdAt: instant(at), rowId: first + index },
    }))
  const all = refunds.reduce((total, [amount]) => total + amount, -back)
  const rows = {
    ...{ refunds: refunds.map(amountOf), cashIn: cash.map(amountOf) },
    refundedPoints: points(Math.max(0, all)),
  }
  const found = mayBeGivenBack(rows, {
    likely: debts(likely, 0),
    possible: debts(possible, 10),
    others: debts(others, 20),
  })
  return found.map(({ rowId }) => rowId).sort((a, b) => a - b)
}

const five = [1, 2, 3, 4, 5].map((at): Timed => [100, at])

describe('refunds that name no task', () => {
  it.each<[string, Given, number[]]>([
    ['one is that of one task, the latest before it', { refunds: [[100, 9]], possible: five }, [14]],
    ['of none that was made later', { refunds: [[100, 3]], possible: five }, [12]],
    ['but of one that was made at once', { refunds: [[100, 1]], possible: five }, [10]],
    ['and of none where all were', { refunds: [[100, 0]], possible: five }, []],
    ['of any where it is not known when', { refunds: [[100]], possible: five }, [14]],
    ['a point less is none', { refunds: [[99, 9]], possible: five }, []],
    ['a point more is one', { refunds: [[101, 9]], possible: five }, [14]],
    ['a point less than two charges is one', { refunds: [[199, 9]], possible: five }, [14]],
    ['as much as two charges is two', { refunds: [[200, 9]], possible: five }, [13, 14]],
    [
      'together they are one',
      {
        refunds: [
          [60, 8],
          [40, 9],
        ],
        possible: five,
      },
      [14],
    ],
    [
      'two are two',
      {
        refunds: [
          [100, 3],
          [100, 9],
        ],
        possible: five,
      },
      [12, 14],
    ],
    [
      'what is as much to the point comes first',
      {
        refunds: [[100, 9]],
        possible: [
          [60, 1],
          [100, 1],
          [50, 2],
        ],
      },
      [11],
    ],
    [
      'but where it may as well be that of more',
      {
        refunds: [[100, 9]],
        possible: [
          [50, 1],
          [100, 1],
          [50, 2],
        ],
      },
      [10, 12],
    ],
    [
      'also where these are not marked',
      {
        refunds: [[100, 9]],
        likely: [[100, 1]],
        possible: [
          [50, 1],
          [50, 2],
        ],
      },
      [10, 11],
    ],
    [
      'and beside cash',
      {
        refunds: [[70, 9]],
        cash: [[100, 9]],
        possible: [
          [70, 1],
          [100, 1],
          [30, 1],
          [40, 1],
        ],
      },
      [11, 12, 13],
    ],
    [
      'otherwise as many as go',
      {
        refunds: [[110, 9]],
        possible: [
          [100, 1],
          [50, 1],
          [60, 2],
          [70, 3],
        ],
      },
      [11, 12],
    ],
    [
      'what comes to all may be the refunds of all',
      {
        refunds: [
          [100, 9],
          [60, 2],
          [40, 2],
        ],
        possible: [
          [100, 1],
          [70, 8],
          [30, 8],
        ],
      },
      [10, 11, 12],
    ],
    ['marked tasks come first', { refunds: [[100, 9]], likely: [[100, 1]], possible: five }, [0]],
    ['also where another is as much to the point', { refunds: [[100, 9]], likely: [[90, 1]], possible: five }, [0]],
    ['the rest is for others', { refunds: [[150, 9]], likely: [[50, 1]], possible: five }, [0, 14]],
    ['of which nothing is said comes last', { refunds: [[100, 9]], possible: five, others: [[100, 8]] }, [14]],
    [
      'and is given what is left',
      {
        refunds: [
          [100, 9],
          [100, 9],
        ],
        possible: [[100, 1]],
        others: [[100, 8]],
      },
      [10, 20],
    ],
    [
      'what was taken back is gone',
      {
        refunds: [
          [100, 9],
          [100, 9],
        ],
        back: 100,
        possible: five,
      },
      [14],
    ],
    [
      'to the point',
      {
        refunds: [
          [100, 9],
          [100, 9],
        ],
        back: 101,
        possible: five,
      },
      [],
    ],
    [
      'two of a time before a late task are none of it',
      {
        refunds: [
          [60, 3],
          [60, 4],
          [30, 9],
        ],
        possible: [[100, 5]],
      },
      [],
    ],
  ])('%s', (_, given, expected) => {
    expect(covered(given)).toEqual(expected)
  })
})

describe('cash that came in without an order', () => {
  it.each<[string, Given, number[]]>([
    ['is that of one task, the latest before it', { cash: [[100, 9]], possible: five }, [14]],
    ['of none that was made later', { cash: [[100, 3]], possible: five }, [12]],
    ['of none where all were', { cash: [[100, 0]], possible: five }, []],
    ['of any where it is not known when', { cash: [[100], [100]], possible: five }, [13, 14]],
    [
      'a point off is none',
      {
        cash: [
          [99, 9],
          [101, 9],
          [200, 9],
        ],
        possible: five,
      },
      [],
    ],
    [
      'all together are one to the point',
      {
        cash: [
          [60, 9],
          [40, 9],
        ],
        possible: five,
      },
      [14],
    ],
    ['once', { cash: [[60, 9], [40]], possible: five }, [14]],
    ['one amount is all of them to the point', { cash: [[500, 9]], possible: five }, [10, 11, 12, 13, 14]],
    ['all but one of them is not', { cash: [[400, 9]], possible: five }, []],
    ['all of them before the last was made is not', { cash: [[500, 4]], possible: five }, []],
    [
      'and none with one that was used',
      {
        cash: [
          [100, 9],
          [60, 9],
          [40, 9],
        ],
        possible: five,
      },
      [13, 14],
    ],
    ['with what is left of refunds', { cash: [[60, 9]], refunds: [[40, 9]], possible: five }, [14]],
    ['a point less', { cash: [[60, 9]], refunds: [[39, 9]], possible: five }, []],
    ['of what came later', { cash: [[60, 9]], refunds: [[40, 4]], possible: five }, [13]],
    ['beside refunds that are one', { cash: [[100, 9]], refunds: [[100, 9]], possible: five }, [13, 14]],
  ])('%s', (_, given, expected) => {
    expect(covered(given)).toEqual(expected)
  })
})

describe('any refunds', () => {
  const timed = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 5 })), { maxLength: 6 })
  /** Whether rows after each task come to its charge and that of all later ones. */
  const isPossible = (refunds: readonly Timed[], debts: readonly Timed[]): boolean =>
    [0, 1, 2, 3, 4, 5].every(
      (since) =>
        sum(
          debts.filter(([, at = 0]) => at >= since),
          ([amount]) => BigInt(amount),
        ) <=
        sum(
          refunds.filter(([, at = 0]) => at >= since),
          ([amount]) => BigInt(amount),
        ),
    )

  it('give back no more than they are, and everything where they may have', () => {
    fc.assert(
      fc.property(timed, timed, timed, (refunds, likely, possible) => {
        const all = [...likely, ...possible]
        const found = covered({ refunds, likely, possible })
        const given = found.map((place) => (place < 10 ? likely[place] : possible[place - 10]) as Timed)
        expect(isPossible(refunds, given)).toBe(true)
        if (isPossible(refunds, all)) expect(found).toHaveLength(all.length)
      }),
      { numRuns: 2000 },
    )
  })

  it('leave no more charges than certainly were not given back', () => {
    const few = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 5 })), { maxLength: 4 })
    fc.assert(
      fc.property(timed, few, few, (refunds, likely, possible) => {
        const all = [...likely, ...possible]
        let most = 0
        for (let choice = 0; choice < 2 ** all.length; choice++) {
          const some = all.filter((_, place) => ((choice >> place) & 1) === 1)
          if (some.length > most && isPossible(refunds, some)) most = some.length
        }
        expect(covered({ refunds, likely, possible })).toHaveLength(most)
      }),
      { numRuns: 1000 },
    )
  })
})
