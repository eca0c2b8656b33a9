import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BalanceTrailTally } from '../../../src/audit/ledgers/balance-trail.ts'
import type { LedgerEntry } from '../../../src/ledger/reader.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import { at, points } from '../../kit/books.ts'
import { entryRow } from '../../kit/rows.ts'

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
  const records = entryRecordsOf(rows)
  for (let index = 0; index < records.count; index++) tally.add(records, index)
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
    // Row 3 goes on from row 2, but for one between them that was not read.
    tally.settle(tally.openDoubts(), [row(2, 5, -10, null)])
    expect(tally.close()).toMatchObject({ ...NOTHING, users: 1 })
  })

  it.each([
    ['all', row(2, 90, -10, 80), row(1, null, 0, 90, before), []],
    ['no balance', row(2, null, -10, null), row(1, 100, -10, 90, before), ['arithmetic', 'continuity', 'negative']],
    ['its end alone', row(2, null, -10, 80), row(1, 100, -10, 90, before), ['arithmetic', 'continuity']],
    ['its start alone', row(2, 90, -10, null), row(1, 100, -10, 90, before), ['arithmetic', 'negative']],
    ['all, after a row without an end', row(2, 90, -10, 80), row(1, 100, -10, null, before), ['continuity']],
  ])('that tells %s is compared as far as that goes', (_, own, previous, untold) => {
    const told = tallyOf(previous, own).close()
    const named = (userId: number) =>
      Object.entries(told.untold).flatMap(([name, users]) => (users.includes(userId) ? [name] : []))
    expect([told.users, named(101)]).toEqual([1, untold])
    // One row that can be compared is enough.
    expect(tallyOf(previous, own, row(3, 80, -1, 79), row(4, 79, -1, 78)).close().untold).toEqual({
      arithmetic: [],
      continuity: [],
      negative: [],
    })
  })

  it('without an amount adds up to nothing, and is told of as that', () => {
    const noAmount = (rowId: number, more: Partial<LedgerEntry> = {}) =>
      row(rowId, 100, 0, 90, { amountUntold: true, ...more })
    const told = tallyOf(row(0, null, 100, 100, before), noAmount(1), row(2, 90, -10, 79)).close()
    expect(told).toMatchObject({ amountUntold: [101], arithmetic: [{ rowId: 2, count: 1 }], continuity: [] })
    // Its balances go on, and are told.
    const alone = tallyOf(noAmount(1, { userId: 103 }), noAmount(2, { userId: 102 }), row(3, null, 0, null)).close()
    expect(alone).toMatchObject({
      amountUntold: [102, 103],
      arithmetic: [],
      untold: { arithmetic: [101], negative: [101] },
    })
    expect(tallyOf(row(1, 100, 0, 90)).close()).toMatchObject({ amountUntold: [], arithmetic: [{ rowId: 1 }] })
  })

  it('is compared with what was looked up before it, and with nothing where its ledger begins', () => {
    const untoldAfter = (rowsBefore: readonly LedgerEntry[]) => {
      const tally = tallyOf(row(5, 50, -1, 49))
      expect(tally.close().untold.continuity).toEqual([])
      tally.settle(tally.openDoubts(), rowsBefore)
      return tally.close().untold.continuity
    }
    expect(untoldAfter([])).toEqual([])
    expect(untoldAfter([row(4, 51, -1, 50)])).toEqual([])
    expect(untoldAfter([row(4, 60, -1, 59)])).toEqual([])
    expect(untoldAfter([row(4, 51, -1, null)])).toEqual([101])
    const started = tallyOf(row(5, 50, -1, 49))
    started.takeStarts([row(4, 51, -1, 50)])
    expect(started.close().untold.continuity).toEqual([])
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
    const rows = entryRecordsOf(Array.from({ length: 2001 }, (_, n) => row(2001 - n, 5, -1, 4, { userId: 2001 - n })))
    for (let index = 0; index < rows.count; index++) many.add(rows, index)
    const asked = many.openDoubts()
    expect([asked.length, asked[0]?.userId, asked.at(-1)?.userId]).toEqual([2000, 1, 2000])
    many.settle(asked, [])
    expect(many.close()).toMatchObject({ users: 2001, unsettled: [2001], unsettledWhole: 1 })
    const two = tallyOf(row(1, 5, -1, 4, { userId: 30 }), row(2, 5, -1, 4, { userId: 4 }))
    expect(two.close().unsettled).toEqual([4, 30])
  })
})

/** The chain as it is defined, on bigints and rows, with the whole ledger of each user in mind. */
function plainTrail(rows: readonly LedgerEntry[]) {
  const users = new Set<number>()
  const arithmetic = new Map<number, unknown>()
  const negative = new Map<number, unknown>()
  const doubts: { userId: number; rowId: number; before: bigint; isStart: boolean }[] = []
  const vague: typeof doubts = []
  const last = new Map<number, LedgerEntry>()
  const told = { arithmetic: new Set<number>(), continuity: new Set<number>(), negative: new Set<number>() }
  const note = (
    breaks: Map<number, unknown>,
    { userId, rowId }: LedgerEntry,
    expectedPoints: bigint,
    actualPoints: bigint,
  ) => {
    const known = breaks.get(userId) as { count: number } | undefined
    breaks.set(
      userId,
      known ? { ...known, count: known.count + 1 } : { userId, rowId, count: 1, expectedPoints, actualPoints },
    )
  }
  for (const row of rows) {
    const { userId, rowId, amountPoints, balanceBefore: from, balanceAfter: to } = row
    if (userId >= 900) continue
    const previous = last.get(userId)
    last.set(userId, row)
    if (row.at < window.start || row.at >= window.end) continue
    users.add(userId)
    if (from !== null && to !== null) told.arithmetic.add(userId)
    if (to !== null) told.negative.add(userId)
    if (from !== null && previous?.balanceAfter === from) told.continuity.add(userId)
    if (from !== null && to !== null && from + amountPoints !== to) note(arithmetic, row, from + amountPoints, to)
    if (to !== null && to < 0n) note(negative, row, 0n, to)
    if (from === null) continue
    if (previous === undefined) doubts.push({ userId, rowId, before: from, isStart: true })
    else if (previous.balanceAfter !== from) {
      ;(previous.balanceAfter === null ? vague : doubts).push({ userId, rowId, before: from, isStart: false })
    }
  }
  const inDoubt = new Set(doubts.map(({ userId }) => userId))
  const vaguely = vague.filter(({ userId }) => told.continuity.has(userId)).map(({ userId }) => userId)
  const without = (compared: Set<number>) => [...users].filter((userId) => !compared.has(userId)).sort((a, b) => a - b)
  return {
    untold: {
      arithmetic: without(told.arithmetic),
      continuity: without(told.continuity).filter((userId) => !inDoubt.has(userId)),
      negative: without(told.negative),
    },
    ...{ users: users.size, arithmetic: [...arithmetic.values()], negative: [...negative.values()], doubts },
    unsettled: [...new Set([...inDoubt, ...vaguely])].sort((a, b) => a - b),
    vague: vague.filter(({ userId }) => inDoubt.has(userId) || told.continuity.has(userId)),
  }
}

describe('balances of any size', () => {
  const SAFE = 2n ** 53n - 1n
  // Near each other where no number tells them apart, so that only bigints do.
  const balances = fc.oneof(
    fc.constantFrom(0n, 1n, 5n, -5n),
    fc.constantFrom(SAFE - 1n, SAFE, SAFE + 1n, SAFE + 2n, SAFE + 3n, -SAFE, -SAFE - 1n, -SAFE - 2n),
    fc.constantFrom(2n ** 64n, 2n ** 64n + 1n, 2n ** 64n - 1n, -(2n ** 70n)),
  )
  const steps = fc.array(
    fc.record({
      userId: fc.constantFrom(1, 2, 3, 1_000_000, 2 ** 40, 900),
      time: fc.constantFrom(window.start - 1, window.start, window.end - 1, window.end),
      // Most rows go on where the one before ended, and add up.
      goesOn: fc.boolean(),
      addsUp: fc.boolean(),
      from: fc.option(balances, { freq: 6 }),
      amount: fc.constantFrom(0n, 1n, -1n, 2n, 2n ** 53n, -(2n ** 64n)),
      to: fc.option(balances, { freq: 4 }),
    }),
    { maxLength: 40, size: 'max' },
  )

  it('and NULLs are followed as bigints follow them', () => {
    let [doubts, vagueDoubts] = [0, 0]
    fc.assert(
      fc.property(steps, (given) => {
        const ends = new Map<number, bigint | null>()
        const rows = given.map(({ userId, time, goesOn, addsUp, from, amount, to }, index): LedgerEntry => {
          const known = ends.get(userId)
          const before = goesOn && known !== undefined ? known : from
          const after = addsUp && before !== null ? before + amount : to
          ends.set(userId, after)
          return entryRow(index + 1, 0, {
            ...{ userId, at: time as LedgerEntry['at'], amountPoints: amount as LedgerEntry['amountPoints'] },
            ...{
              balanceBefore: before as LedgerEntry['balanceBefore'],
              balanceAfter: after as LedgerEntry['balanceAfter'],
            },
          })
        })
        const tally = tallyOf(...rows)
        const { doubts: all, vague, ...plain } = plainTrail(rows)
        doubts += all.length
        vagueDoubts += vague.length
        expect(tally.close()).toMatchObject({ ...plain, continuity: [] })
        expect(tally.usersWithoutStart()).toEqual(
          [...new Set(all.map(({ userId }) => userId))].filter(
            (userId) => all.find((doubt) => doubt.userId === userId)?.isStart,
          ),
        )
        // One by one until none is left, each with the balance that the row begins with.
        const seen: typeof all = []
        for (let open = tally.openDoubts(); open.length > 0; open = tally.openDoubts()) {
          seen.push(...open)
          tally.settle(open, [])
        }
        const inOrder = (list: typeof all) => [...list].sort((a, b) => a.rowId - b.rowId)
        expect(inOrder(seen)).toEqual(inOrder([...all, ...vague]))
      }),
      { numRuns: 1500 },
    )
    expect([doubts > 1000, vagueDoubts > 100]).toEqual([true, true])
  })

  it('are held against what comes right before them to the last digit', () => {
    const huge = (rowId: number, from: bigint, amount: bigint, to: bigint, more: Partial<LedgerEntry> = {}) =>
      entryRow(rowId, 0, {
        ...{ amountPoints: amount as LedgerEntry['amountPoints'], balanceBefore: from as LedgerEntry['balanceBefore'] },
        ...{ balanceAfter: to as LedgerEntry['balanceAfter'], ...more },
      })
    // 2⁵³ and 2⁵³ + 1 are one number.
    const near = tallyOf(huge(1, 0n, SAFE + 1n, SAFE + 1n, before), huge(2, SAFE + 2n, -1n, SAFE + 1n))
    expect(near.openDoubts()).toEqual([{ userId: 101, rowId: 2, before: SAFE + 2n, isStart: false }])
    near.settle(near.openDoubts(), [huge(1, 0n, SAFE + 1n, SAFE + 1n)])
    expect(near.close().continuity).toEqual([
      { userId: 101, rowId: 2, count: 1, expectedPoints: SAFE + 1n, actualPoints: SAFE + 2n },
    ])
    const goesOn = tallyOf(
      huge(1, 0n, SAFE + 2n, SAFE + 2n, before),
      huge(2, SAFE + 2n, -SAFE, 2n),
      huge(3, 2n, 0n, 2n),
    )
    expect(goesOn.close()).toMatchObject({ ...NOTHING, users: 1 })
  })
})

describe('a gap between two rows of a user', () => {
  /** The user's rows 1 and 5, from 90 to 80, and rows that tell no user, which come in any order. */
  function gapWith(...ownerless: readonly LedgerEntry[]) {
    const rows = [row(1, 100, -10, 90, before), row(5, 80, -10, 70)]
    const tally = tallyOf(...rows)
    tally.settle(tally.openDoubts(), rows.slice(0, 1))
    for (const each of ownerless) tally.takeOwnerless(each)
    return tally
  }
  const told = (tally: BalanceTrailTally) => {
    const { continuity, ownerless } = tally.close()
    return [continuity.map(({ rowId }) => rowId), ownerless?.users ?? []]
  }
  const open = [[], [101]]
  const broken = [[5], []]

  it.each([
    ['none', [], broken],
    ['one from end to end', [row(3, 90, -10, 80)], open],
    ['one that only begins there', [row(3, 90, -9, 81)], broken],
    ['one that only ends there', [row(3, 91, -11, 80)], broken],
    ['two, the last first', [row(4, 85, -5, 80), row(2, 90, -5, 85)], open],
    ['one without balances', [row(3, null, -10, null)], open],
    ['one of the id of the row before it', [row(1, 90, -10, 80)], broken],
    ['one right behind that', [row(2, 90, -10, 80)], open],
    ['one right before the row behind it', [row(4, 90, -10, 80)], open],
    ['one of the id of the row behind it', [row(5, 90, -10, 80)], broken],
    ['one among many others', [row(9, 1, 1, 2), row(3, 90, -10, 80), row(0, 1, 1, 2)], open],
  ])('is bridged by rows that tell no user, or not: %s', (_, ownerless, expected) => {
    expect(told(gapWith(...ownerless))).toEqual(expected)
  })

  it('may be bridged by rows that could not be looked for', () => {
    const tally = gapWith()
    tally.leaveGapsOpen()
    expect(told(tally)).toEqual(open)
  })
})
