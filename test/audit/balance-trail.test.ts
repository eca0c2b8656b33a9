import { describe, expect, it } from 'vitest'
import { BalanceTrailTally } from '../../src/audit/balance-trail.ts'
import type { LedgerEntry } from '../../src/ledger/reader.ts'
import { at, points } from '../kit/books.ts'
import { entryRow } from '../kit/rows.ts'

const window = { start: at('2026-02-06 00:00:00'), end: at('2026-02-07 00:00:00') }

/** A row of a user by its balances; of the window unless it says otherwise. */
const row = (
  rowId: number,
  before: number | null,
  amount: number,
  after: number | null,
  more: Partial<LedgerEntry> = {},
): LedgerEntry =>
  entryRow(rowId, amount, {
    balanceBefore: before === null ? null : points(before),
    balanceAfter: after === null ? null : points(after),
    ...more,
  })

function tallyOf(...rows: readonly LedgerEntry[]): BalanceTrailTally {
  const tally = new BalanceTrailTally(window, (userId) => userId < 900)
  for (const each of rows) tally.add(each)
  return tally
}

const before = { at: at('2026-02-05 23:59:59') }
const NOTHING = { users: 0, arithmetic: [], continuity: [], negative: [], unsettled: [] }

describe('a row', () => {
  it('must add up, and stay above zero: the first that does not is shown, all are counted', () => {
    const rows = [row(1, 100, -10, 90), row(2, 90, -10, 70), row(3, 70, -70, 0), row(4, 0, -5, -5), row(5, -5, -1, -4)]
    expect(tallyOf(row(0, null, 100, 100, before), ...rows).close()).toMatchObject({
      ...NOTHING,
      users: 1,
      arithmetic: [{ userId: 101, rowId: 2, count: 2, expectedPoints: 80n, actualPoints: 70n }],
      negative: [{ userId: 101, rowId: 4, count: 2, expectedPoints: 0n, actualPoints: -5n }],
    })
  })

  it('without balances says nothing', () => {
    const tally = tallyOf(row(1, null, -10, 5), row(2, 5, -10, null), row(3, 77, -7, 70), row(4, null, 0, null))
    expect(tally.close()).toMatchObject({ ...NOTHING, users: 1 })
  })

  it('outside the window is followed and not judged, and that of others is not even followed', () => {
    expect(tallyOf(row(1, 50, -10, 70, before), row(2, 70, 1, 71)).close()).toMatchObject({ ...NOTHING, users: 1 })
    expect(tallyOf(row(1, 50, -10, -70, { userId: 900 })).close()).toMatchObject(NOTHING)
  })
})

describe('the chain', () => {
  it('is in doubt where a row does not start where the one before ended, until the row before it was looked up', () => {
    const tally = tallyOf(row(1, 9, -1, 8, before), row(5, 50, -1, 49), row(7, 48, -1, 47))
    expect(tally.usersWithoutStart()).toEqual([])
    expect(tally.close().unsettled).toEqual([101])
    const first = [{ userId: 101, rowId: 5, before: 50n, isStart: false }]
    expect(tally.openDoubts()).toEqual(first)
    tally.settle(
      first.map((each) => ({ ...each, before: points(50) })),
      [row(4, 60, -1, 59)],
    )
    const second = tally.openDoubts()
    expect(second).toEqual([{ userId: 101, rowId: 7, before: 48n, isStart: false }])
    tally.settle(second, [row(6, 60, -1, 59)])
    expect(tally.openDoubts()).toEqual([])
    expect(tally.close()).toMatchObject({
      ...NOTHING,
      users: 1,
      continuity: [{ userId: 101, rowId: 5, count: 2, expectedPoints: 59n, actualPoints: 50n }],
    })
  })

  it.each([
    ['ends where it starts', [row(4, 51, -1, 50)]],
    ['has no balance', [row(4, 51, -1, null)]],
    ['is not there', []],
  ])('is whole where the row before it %s', (_, rowsBefore) => {
    const tally = tallyOf(row(1, 9, -1, 8, before), row(5, 50, -1, 49))
    tally.settle(tally.openDoubts(), rowsBefore)
    expect(tally.close()).toMatchObject({ ...NOTHING, users: 1 })
  })

  it('begins with the last row before the streamed ones, where that is older and fits', () => {
    const start = () =>
      tallyOf(row(5, 50, -1, 49), row(6, 48, -1, 47, { userId: 102 }), row(7, 47, -1, 46, { userId: 102 }))
    expect(start().usersWithoutStart()).toEqual([101, 102])
    const open = (...earlier: readonly LedgerEntry[]) => {
      const tally = start()
      tally.takeStarts(earlier)
      return tally.usersWithoutStart()
    }
    expect(open(row(4, 51, -1, 50))).toEqual([102])
    expect(open(row(4, 51, -1, 50), row(5, 49, -1, 48, { userId: 102 }))).toEqual([])
    expect(open(row(4, 51, -2, 49))).toEqual([101, 102])
    expect(open(row(5, 51, -1, 50))).toEqual([101, 102])
    expect(open(row(4, 51, -1, 50, { userId: 103 }))).toEqual([101, 102])
    const inDoubt = tallyOf(row(1, 9, -1, 8, before), row(5, 50, -1, 49))
    inDoubt.takeStarts([row(4, 51, -1, 50)])
    expect(inDoubt.close().unsettled).toEqual([101])
  })

  it('is looked up for the first 2000 users by id, and the others stay in doubt', () => {
    const many = new BalanceTrailTally(window, () => true)
    for (let userId = 2001; userId >= 1; userId--) many.add(row(userId, 5, -1, 4, { userId }))
    const asked = many.openDoubts()
    expect([asked.length, asked[0]?.userId, asked.at(-1)?.userId]).toEqual([2000, 1, 2000])
    many.settle(asked, [])
    expect(many.close()).toMatchObject({ users: 2001, unsettled: [2001] })
    const two = tallyOf(row(1, 5, -1, 4, { userId: 30 }), row(2, 5, -1, 4, { userId: 4 }))
    expect(two.close().unsettled).toEqual([4, 30])
  })
})
