import { describe, expect, it } from 'vitest'
import { BalanceGaps } from '../../../src/audit/ledgers/balance-gaps.ts'
import { BalanceTrailTally } from '../../../src/audit/ledgers/balance-trail.ts'
import type { LedgerEntry } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import { at, points } from '../../kit/books.ts'
import { entryRow } from '../../kit/rows.ts'

const window = { start: at('2026-02-06 00:00:00'), end: at('2026-02-07 00:00:00') }

type Balance = number | null
const row = (rowId: number, from: Balance, amount: number, to: Balance, userId = 101): LedgerEntry =>
  entryRow(rowId, amount, {
    userId,
    balanceBefore: from === null ? null : points(from),
    balanceAfter: to === null ? null : points(to),
  })

const tallyOf = (...rows: readonly LedgerEntry[]) => tallyOfAll(rows)

function tallyOfAll(rows: readonly LedgerEntry[]): BalanceTrailTally {
  const tally = new BalanceTrailTally(window, () => true)
  const records = entryRecordsOf(rows)
  for (let index = 0; index < records.count; index++) tally.add(records, index)
  return tally
}

/** Settles what is in doubt by all rows there are, some of which were not read, and tells what was found and left open. */
function told(read: readonly LedgerEntry[], unread: readonly LedgerEntry[] = [], rounds = 20) {
  const tally = tallyOf(...read)
  for (let round = 0; round < rounds; round++) {
    const doubts = tally.openDoubts()
    const before = doubts.flatMap(({ userId, rowId }) => {
      const own = [...read, ...unread].filter((each) => each.userId === userId && each.rowId < rowId)
      return own.sort((a, b) => b.rowId - a.rowId).slice(0, 1)
    })
    tally.settle(doubts, before)
  }
  const { continuity, unsettled, untold } = tally.close()
  return { gaps: continuity.map(({ rowId, count }) => [rowId, count]), unsettled, untold: untold.continuity }
}

const FINE = { gaps: [], unsettled: [], untold: [] }

describe('a row that follows one without a balance', () => {
  const read = [row(1, 100, -10, 90), row(2, 90, -10, null), row(5, 70, -10, 60)]

  it('goes on from a row between the two that was not read, or does not', () => {
    expect(told(read, [row(3, 80, -5, 75)])).toEqual({ ...FINE, gaps: [[5, 1]] })
    expect(told(read, [row(3, 80, -10, 70)])).toEqual(FINE)
    expect(told(read, [row(3, 80, -5, null)])).toEqual(FINE)
    expect(told(read, [row(3, 80, -5, 75, 102)])).toEqual(FINE)
    expect(told(read)).toEqual(FINE)
  })

  it('is in doubt until that was looked up', () => {
    expect(told(read, [], 0)).toEqual({ ...FINE, unsettled: [101] })
    expect(told(read, [row(3, 80, -5, 75)], 0)).toEqual({ ...FINE, unsettled: [101] })
  })

  it('of a user of whom nothing else tells a balance leaves the user open, and is not looked up', () => {
    const alone = [row(1, null, -10, null), row(5, 70, -10, null), row(6, 70, -10, null)]
    expect(tallyOf(...alone).openDoubts()).toEqual([])
    expect(told(alone, [row(3, 80, -5, 75)])).toEqual({ ...FINE, untold: [101] })
  })

  it('is looked up after all that certainly does not go on, and is told of in order of id', () => {
    const both = [...read, row(8, 55, -5, 50), row(9, 50, 0, 50)]
    const tally = tallyOf(...both)
    tally.settle(tally.openDoubts(), [])
    expect(tally.openDoubts()).toMatchObject([{ rowId: 8 }])
    tally.settle(tally.openDoubts(), [])
    expect(tally.openDoubts()).toMatchObject([{ rowId: 5 }])
    expect(told(both, [row(3, 80, -5, 75)])).toEqual({ ...FINE, gaps: [[5, 2]] })
    // Another user's comes first, though that one's id is higher.
    const two = tallyOf(...read, row(6, 9, 0, 9, 102), row(7, 8, 0, 8, 102))
    two.settle(two.openDoubts(), [])
    expect(two.openDoubts().map(({ userId }) => userId)).toEqual([102, 101])
  })

  it('is kept of a user as often as it is looked up: more leave the user open', () => {
    const many = (count: number) => {
      const rows = [row(1, 100, 0, 100), row(2, 100, 0, 100)]
      for (let each = 0; each < count; each++) rows.push(row(10 + 2 * each, 5, 0, null), row(11 + 2 * each, 5, 0, null))
      return rows
    }
    expect(told(many(10), [], 21).unsettled).toEqual([])
    expect(told(many(11), [], 21).unsettled).toEqual([101])
    expect(told(many(11), [], 0).unsettled).toEqual([101])
  })

  it('is kept of so many users as may be looked up in all', () => {
    const rows: LedgerEntry[] = []
    for (let user = 0; user <= LIMITS.lookupIdsTotal; user++) {
      const first = 4 * user
      rows.push(row(first, 5, 0, 5, user), row(first + 1, 5, 0, null, user), row(first + 2, 5, 0, 5, user))
    }
    const { unsettled } = tallyOfAll(rows).close()
    expect([unsettled.length, unsettled.at(-1)]).toEqual([LIMITS.lookupIdsTotal + 1, LIMITS.lookupIdsTotal])
  })
})

describe('gaps and rows that tell no user', () => {
  /** A gap of a user between rows 10 and 20, which ends at 90 and goes on from 70. */
  const gap = (userId: number, rowId = 20) => ({
    ...{ userId, rowId, afterRowId: rowId - 10 },
    ...{ after: points(90), before: points(70) },
  })
  const ownerless = (rowId: number) => row(rowId, 90, -20, 70)

  it('are some once there is one', () => {
    const gaps = new BalanceGaps()
    expect(gaps.isAny).toBe(false)
    gaps.add(gap(101))
    expect(gaps.isAny).toBe(true)
  })

  it('are told with the users of those that such rows may bridge, each once, by id', () => {
    const gaps = new BalanceGaps()
    for (const each of [gap(103, 40), gap(101, 20), gap(103, 60), gap(102, 80)]) gaps.add(each)
    for (const rowId of [15, 35, 55]) expect(gaps.takeOwnerless(ownerless(rowId))).toBe(true)
    expect(gaps.close()).toEqual({ open: [gap(102, 80)], bridged: [101, 103] })
  })

  it('all stay open of more rows than are kept, and of no more not for that', () => {
    const filled = (count: number) => {
      const gaps = new BalanceGaps()
      gaps.add(gap(101))
      let isTaken = true
      for (let each = 0; each < count; each++) isTaken = gaps.takeOwnerless(ownerless(100 + each))
      const { open, bridged } = gaps.close()
      return [isTaken, open.length, bridged]
    }
    expect(filled(LIMITS.lookupIdsTotal)).toEqual([true, 1, []])
    expect(filled(LIMITS.lookupIdsTotal + 1)).toEqual([false, 0, [101]])
  })
})
