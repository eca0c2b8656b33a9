import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeptPieces } from '../../../src/audit/ledgers/kept-piece.ts'
import type { UserLedger } from '../../../src/audit/ledgers/ledger-book.ts'
import type { LedgerSource } from '../../../src/audit/ledgers/ledger-source.ts'
import { ClosedUser } from '../../../src/audit/ledgers/user-figures.ts'
import type { LedgerEntry, TaskRow } from '../../../src/ledger/reader.ts'
import { partOfNumber } from '../../../src/spool/spool.ts'
import { DAY, MINUTE } from '../../../src/units/instant.ts'
import { at, later, points } from '../../kit/books.ts'
import { type GivenLedgers, linking, settledLedgers, tallyOf, toldOf, toldOfUser } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

/** Keeps nothing of any piece: what is said of one is read out of the spools again. */
class Forgetful extends KeptPieces {
  override keep(): void {}
}

const [start, end] = [at('2026-02-06 00:00:00'), at('2026-02-07 00:00:00')]
const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', '')
const users = fc.integer({ min: 101, max: 106 })
const times = fc.constantFrom(
  ...[at('2026-02-06 12:00:00'), at('2026-02-06 12:00:00'), start, later(end, -MINUTE), later(end, MINUTE)],
  ...[later(start, -MINUTE), later(start, -60 * DAY)],
)

const tasks = fc
  .array(
    fc.record({
      ...{ userId: users, taskId: ids, requestId: ids, createdAt: times, refunded: fc.boolean() },
      status: fc.constantFrom('success' as const, 'success' as const, 'failed' as const, 'unfinished' as const),
      charged: fc.constantFrom(0, 100, 100, 100, 250),
    }),
    { maxLength: 14, size: 'max' },
  )
  .map((all) =>
    all.map(
      ({ charged, ...task }, index): TaskRow => taskRow({ ...task, rowId: index + 1, chargedPoints: points(charged) }),
    ),
  )

const entries = fc
  .array(
    fc.record({
      ...{ userId: users, orderId: fc.oneof(ids, fc.constantFrom('elsewhere', 'old', 'x#a', 'A')), at: times },
      kind: fc.constantFrom('consume' as const, 'consume' as const, 'refund' as const, 'recharge' as const),
      book: fc.constantFrom('points' as const, 'points' as const, 'cash' as const),
      amount: fc.constantFrom(-100, -100, -250, 100, 0),
    }),
    { maxLength: 20, size: 'max' },
  )
  .map((all) => all.map(({ amount, ...row }, index): LedgerEntry => entryRow(index + 1, amount, row)))

const given = fc
  .record({
    ...{ tasks, entries, pieceRows: fc.integer({ min: 1, max: 6 }) },
    link: fc.constantFrom('auto' as const, 'auto' as const, 'order' as const, 'total' as const),
    depth: fc.constantFrom('requests' as const, 'requests' as const, 'summary' as const),
    userIds: fc.constantFrom<number[]>([], [], [101, 103, 999]),
    some: fc.boolean(),
    failing: fc.constantFrom([], [], [], ['cashByOrderIds'], ['tasksByEitherId']),
    failed: fc.constantFrom([], [], [], ['points']),
  })
  .map(
    ({ link, depth, userIds, some, failing, failed, ...rows }): GivenLedgers => ({
      ...rows,
      plan: linking(link, planOf({ depth, userIds })),
      selected: ({ userId, rowId }) => (userIds.length === 0 || userIds.includes(userId)) && (!some || rowId % 3 > 0),
      otherTasks: [taskRow({ taskId: 'old', requestId: 'of-old', userId: 101, createdAt: later(start, -90 * DAY) })],
      failing: failing as never,
      failed: failed as never,
    }),
  )

const viewed = ({ users: all }: { users: ReadonlyMap<number, UserLedger> }) =>
  [...all].map(([userId, user]) => [userId, toldOfUser(user)])

/** All that a source says, piece by piece and in all. */
const saidBy = (source: LedgerSource) => ({
  pieces: Array.from(source.pieces(), (piece) => ({
    users: viewed(piece),
    settledTasks: piece.settledTasks,
    open: piece.openEntries(),
    all: piece.taskEntries(),
  })),
  whole: toldOf(source),
})

describe('what is kept of a piece', () => {
  it('is what it says when it is read again, however often it is asked', async () => {
    const seen = { kept: 0, again: 0, order: 0, total: 0, open: 0 }
    await fc.assert(
      fc.asyncProperty(given, async (world) => {
        const keeping = await settledLedgers(world)
        const forgetting = await settledLedgers({ ...world, kept: new Forgetful() })
        expect(keeping.asked).toEqual(forgetting.asked)
        expect(keeping.failures).toEqual(forgetting.failures)
        const looked = keeping.reads.length
        expect(forgetting.reads.length).toBe(looked)
        for (const _ of keeping.source.pieces());
        const kept = keeping.spools.pieces().length - (keeping.reads.length - looked)
        seen.kept += kept
        seen.again += keeping.reads.length - looked
        for (const _ of forgetting.source.pieces());
        expect(forgetting.reads.length).toBe(looked + forgetting.spools.pieces().length)
        const wanted = saidBy(forgetting.source)
        const sparing = await settledLedgers({ ...world, kept: new KeptPieces({ rowsWaiting: 1, tasksAside: 2 }) })
        for (const { source } of [keeping, keeping, sparing, sparing]) expect(saidBy(source)).toEqual(wanted)
        for (const { open } of wanted.pieces) seen.open += open.length
        if (keeping.source.mode !== null) seen[keeping.source.mode] += 1
      }),
      { numRuns: 1200 },
    )
    // Of either there was enough for the comparison to say something.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
  })

  it('is read again where the mode turned out to be another than the pieces so far told', async () => {
    const tasks = Array.from({ length: 40 }, (_, index) =>
      taskRow({
        ...{ rowId: index + 1, userId: 200 + index, taskId: `task-${index}`, requestId: `request-${index}` },
        chargedPoints: points(100),
      }),
    )
    const inOrder = [...(await settledLedgers({ tasks, pieceRows: 1 })).source.pieces()].flatMap(({ users: own }) => [
      ...own.keys(),
    ])
    // Those that come first have their rows: as far as these told, rows link by order.
    const first = inOrder.slice(0, 3)
    const entries = first.map((userId, index) => entryRow(index + 1, -100, { userId, orderId: `task-${userId - 200}` }))
    const world = { tasks, entries, pieceRows: 1 }
    const keeping = await settledLedgers(world)
    const looked = keeping.reads.length
    const forgetting = await settledLedgers({ ...world, kept: new Forgetful() })
    expect([keeping.source.mode, inOrder.length]).toEqual(['total', 40])
    for (const piece of keeping.source.pieces()) expect(piece.users.size).toBeLessThan(2)
    const withTasks = new Set(inOrder.map(partOfNumber))
    const again = keeping.reads.slice(looked).map((parts) => parts.filter((part) => withTasks.has(part)))
    expect(again.filter(({ length }) => length > 0)).toEqual(first.map((userId) => [partOfNumber(userId)]))
    expect(saidBy(keeping.source)).toEqual(saidBy(forgetting.source))
    const payments = [...keeping.source.pieces()].flatMap(({ users: own }) =>
      [...own.values()].map(({ payment }) => payment),
    )
    for (const payment of payments) expect(payment).toMatchObject({ known: true, value: { mode: 'total' } })
  })

  it('counts a piece once, however often it is looked at, and no more once it is let go; what is too much is put aside', () => {
    const kept = new KeptPieces({ rowsWaiting: 1, tasksAside: 1 })
    const cash = entryRow(1, 100, { userId: 101, orderId: 'elsewhere', kind: 'recharge', book: 'cash' })
    const task = taskRow({ userId: 101, taskId: 'a', chargedPoints: points(100) })
    const plan = planOf({ depth: 'requests' })
    const aside: [piece: number, value: unknown][] = []
    const keep = (piece: number): void => {
      const tally = tallyOf([task], [cash], { plan })
      kept.keep(piece, {
        figures: tally.figures(),
        told: tally.taskEntries(),
        terms: { plan, mode: 'order', failed: new Set() },
        putAside: (value) => {
          aside.push([piece, value])
          return () => value
        },
        again: () => [],
      })
    }
    const countsOf = (piece: number) => [kept.at(piece)?.rowsWaiting, kept.at(piece)?.tasksAside]
    const waitingOf = (piece: number) =>
      kept
        .at(piece)
        ?.users()
        .map((user) => (user instanceof ClosedUser ? user.waiting : user.unresolved))
    for (const piece of [0, 0, 1, 0]) keep(piece)
    expect([countsOf(0), countsOf(1)]).toEqual([
      [1, 1],
      [0, 0],
    ])
    const row = { book: 'cash', kind: 'recharge', amountPoints: 100, orderId: 'elsewhere', at: cash.at }
    // Tasks of the one, rows of the other.
    expect(aside.filter(([piece]) => piece === 1)).toEqual([[1, [[row]]]])
    expect(aside.filter(([piece]) => piece === 0)).toHaveLength(3)
    expect([waitingOf(0), waitingOf(1), waitingOf(1)]).toEqual([[[row]], [[row]], [[row]]])
    kept.letGo(0)
    keep(1)
    expect([kept.at(0), countsOf(1)]).toEqual([null, [1, 1]])
    kept.clear()
    keep(0)
    expect([countsOf(0), kept.at(1)]).toEqual([[1, 1], null])
  })
})
