import { describe, expect, it } from 'vitest'
import { type LedgerPiece, ledgerInOnePiece, wholeLedger } from '../../../src/audit/ledgers/ledger-source.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { partOfNumber } from '../../../src/spool/spool.ts'
import { DAY, HOUR } from '../../../src/units/instant.ts'
import { inAnyPieces } from '../../kit/any-pieces.ts'
import { at, later, points } from '../../kit/books.ts'
import {
  type GivenLedgers,
  linking,
  numbers,
  paymentOf,
  pays,
  readingsOf,
  settledLedgers,
  paidTask as task,
  toldOf as told,
} from '../../kit/ledger-spools.ts'
import { entryRow, planOf } from '../../kit/rows.ts'

const noon = at('2026-02-06 12:00:00')
const longAgo = later(noon, -60 * DAY)

/** Whose the tasks of a piece are that it tells of. */
const usersOfTasks = ({ taskEntries }: LedgerPiece): number[] => taskEntries().map(({ task }) => task.userId)

describe('ledgers that are joined in pieces', () => {
  it('say what they say in one: who paid, what was given back, and which rows are whose', async () => {
    const tasks = [...numbers(40).map((id) => task(id)), task(41, { userId: 101 }), task(42, { refunded: true })]
    const rows = numbers(40).flatMap((id) => (id % 10 === 0 ? [] : [pays(id)]))
    rows.push(pays(41, { userId: 101, amountPoints: points(-30) }), pays(42))
    rows.push(entryRow(43, 100, { userId: 142, orderId: 'task-42', kind: 'refund' }))
    rows.push(entryRow(44, 60, { userId: 103, orderId: 'request-3', kind: 'recharge', book: 'cash' }))
    const { mode, chargedTasks, linkedTasks, everyOrder, users, entries } = await inAnyPieces({ tasks, entries: rows })
    expect([mode, chargedTasks, linkedTasks, everyOrder]).toEqual(['order', 42, 38, true])
    expect(paymentOf(users, 101)).toMatchObject({ value: { comparedChargedPoints: 200n, comparedPaidPoints: 130n } })
    expect(paymentOf(users, 110)).toMatchObject({ value: { unlinkedChargedPoints: 100n, unlinkedPaidPoints: 0n } })
    expect(users.find(([id]) => id === 142)?.[1]).toMatchObject({ pointsRefunded: 100n, cashRefunded: 0n })
    expect(users.find(([id]) => id === 103)?.[1]).toMatchObject({ pointsRefunded: 0n, cashRefunded: 60n })
    expect(entries.filter(([id]) => [3, 10, 41, 42].includes(id))).toEqual([
      ...[
        [3, [3, 44]],
        [10, []],
        [41, [41]],
      ],
      [42, [42, 43]],
    ])
  })

  it('hold all that is a user’s in one piece, the same at every call', async () => {
    const tasks = numbers(30).map((id) => task(id))
    const { source } = await settledLedgers({ tasks, entries: numbers(30).map((id) => pays(id)), pieceRows: 1 })
    const usersOf = () => [...source.pieces()].map((piece) => [[...piece.users.keys()], usersOfTasks(piece)])
    const seen = usersOf().flatMap(([users]) => users)
    expect([seen?.length, new Set(seen).size]).toEqual([30, 30])
    for (const [users, ofTasks] of usersOf()) expect(ofTasks).toEqual(users)
    expect(usersOf()).toEqual(usersOf())
  })

  it('are read once, however often they are gone through, but for the rows of settled tasks', async () => {
    const given = { tasks: [1, 2, 3].map((id) => task(id)), entries: [pays(1), pays(2), pays(3)] }
    for (const pieceRows of [1_000_000, 1]) {
      const { spools, source, reads } = await settledLedgers({ ...given, pieceRows })
      const pieces = spools.pieces()
      expect(spools.pieces()).toEqual(pieces)
      expect(pieces.length > 1).toBe(pieceRows === 1)
      // Looking rows of other times up found none: nothing is looked at twice.
      expect(reads).toEqual(pieces)
      const entries = () => [...source.pieces()].map(({ openEntries }) => openEntries())
      expect(entries()).toEqual(pieces.map(() => []))
      expect([...source.pieces()].flatMap(({ users }) => [...users.keys()]).sort()).toEqual([101, 102, 103])
      expect(reads).toEqual(pieces)
      expect([...source.pieces()].flatMap(usersOfTasks).sort()).toEqual([101, 102, 103])
      const settled = pieces.filter((parts) => [101, 102, 103].some((userId) => parts.includes(partOfNumber(userId))))
      expect(reads).toEqual([...pieces, ...settled])
    }
  })

  it('are read again where a row that was looked up belongs to one of their users, and there alone', async () => {
    const tasks = numbers(30).map((id) => task(id))
    const entries = numbers(30).map((id) => pays(id, id === 7 ? { at: longAgo } : {}))
    const { spools, source, reads } = await settledLedgers({ tasks, entries, pieceRows: 1 })
    const pieces = spools.pieces()
    expect(reads).toEqual([...pieces, ...pieces.filter((parts) => parts.includes(partOfNumber(107)))])
    expect([...source.pieces()].flatMap(({ openEntries }) => openEntries())).toEqual([])
  })

  it('are read as they were spooled: the tasks and rows of whoever a piece holds', async () => {
    const given = { tasks: [1, 2, 3].map((id) => task(id)), entries: [pays(1)] }
    const { spools } = await settledLedgers({ ...given, pieceRows: 1 })
    const users = [101, 102, 103]
    for (const reading of readingsOf(spools)) {
      const own = users.filter((userId) => reading.holds(userId))
      expect(reading.tasks.rows().map(({ userId }) => userId)).toEqual(own)
    }
  })

  it('count the tasks of the window, whether or not the filters leave them', async () => {
    const tasks = [
      task(1),
      task(2),
      task(3, { createdAt: later(noon, -DAY) }),
      task(4, { createdAt: later(noon, DAY) }),
    ]
    const { spools, source } = await settledLedgers({ tasks, selected: ({ rowId }) => rowId === 1, pieceRows: 1 })
    expect(spools.windowTasks).toBe(2)
    const closed = ledgerInOnePiece(wholeLedger(source))
    expect([told(closed), [...closed.pieces()].map(usersOfTasks)]).toEqual([told(source), [[101]]])
    const spooled = readingsOf(spools).flatMap((reading) => reading.tasks.rows())
    expect(spooled.map(({ userId }) => userId).sort()).toEqual(tasks.map(({ userId }) => userId))
  })

  it('give a row to the task of its own user, where two users’ tasks bear one id', async () => {
    const tasks = [...numbers(12).map((id) => task(id, { requestId: 'same', taskId: id < 3 ? 'twin' : `task-${id}` }))]
    const rows = [pays(1, { orderId: 'twin' }), pays(2, { orderId: 'twin' })]
    rows.push(...numbers(12).flatMap((id) => (id < 3 ? [] : [pays(id, { orderId: 'same' })])))
    const { linkedTasks, users, entries } = await inAnyPieces({ tasks, entries: rows })
    expect(linkedTasks).toBe(12)
    expect(entries).toEqual(numbers(12).map((id) => [id, [id]]))
    for (const [, user] of users) expect(user).toMatchObject({ unpaid: { total: 0 } })
  })

  it('give a row that names somebody else’s task to nobody', async () => {
    const tasks = numbers(20).map((id) => task(id))
    const rows = numbers(20).map((id) => pays(id, id > 18 ? { orderId: 'task-1' } : {}))
    const { users, entries, askedOf } = await inAnyPieces({ tasks, entries: rows })
    // Whose it is only the table of tasks tells, for the users whose own tasks lack a row.
    expect(askedOf('tasksByEitherId')).toEqual([['task-1']])
    expect(entries.filter(([, ids]) => ids.length !== 1)).toEqual([
      [19, []],
      [20, []],
    ])
    for (const id of [119, 120]) {
      expect(paymentOf(users, id)).toMatchObject({ value: { unlinkedChargedPoints: 100n, unlinkedPaidPoints: 0n } })
    }
  })

  it('tell of users who were asked for, with tasks or without, and of no others without tasks', async () => {
    const plan = planOf({ userIds: [101, 777] })
    const rows = [pays(1), entryRow(2, -5, { userId: 777 }), entryRow(3, -9, { userId: 888 })]
    const selected = ({ userId }: TaskRow) => userId === 101
    const { users, spools } = await inAnyPieces({ plan, tasks: [task(1), task(2)], entries: rows, selected })
    expect(users.map(([id]) => id)).toEqual([101, 777])
    expect(paymentOf(users, 777)).toMatchObject({ value: { mode: 'total', pointsConsumed: 5n } })
    const kept = readingsOf(spools).flatMap(({ entries }) => numbers(entries.count).map((n) => entries.rowId(n - 1)))
    expect(kept.sort()).toEqual([1, 2])
  })
})

describe('the link mode', () => {
  /** Of so many tasks, each of a user of its own, so many have their row. */
  const world = (charged: number, linked: number): GivenLedgers => ({
    tasks: [...numbers(charged).map((id) => task(id)), task(5000, { chargedPoints: points(0) })],
    entries: numbers(linked).map((id) => pays(id)),
  })

  it.each([
    [1000, 900, 'order'],
    [1000, 899, 'total'],
    [10, 9, 'order'],
    [10, 8, 'total'],
    [10, 0, 'total'],
    [0, 0, 'order'],
  ] as const)('of %d charged tasks in many pieces, %d with a row, is %s', async (charged, linked, expected) => {
    const { mode, chargedTasks, linkedTasks } = await inAnyPieces(
      charged === 0 ? { tasks: [1, 2, 3].map((id) => task(id, { chargedPoints: points(0) })) } : world(charged, linked),
    )
    expect([mode, chargedTasks, linkedTasks]).toEqual([expected, charged, linked])
  })

  it('counts the tasks that the filters leave out as well', async () => {
    const { mode, users } = await inAnyPieces({ ...world(10, 9), selected: ({ rowId }) => rowId === 10 })
    expect([mode, users.map(([id]) => id)]).toEqual(['order', [110]])
  })

  it.each([
    ['order', 0],
    ['total', 10],
  ] as const)('is %s where that is set, however many are linked', async (set, linked) => {
    const { mode } = await inAnyPieces({ ...world(10, linked), plan: linking(set) })
    expect(mode).toBe(set)
  })

  it('is not known where a ledger was not read, and nothing is looked up then', async () => {
    const { mode, users, asked, chargedTasks } = await inAnyPieces({ ...world(10, 10), failed: ['cash'] })
    expect([mode, asked, chargedTasks]).toEqual([null, [], 10])
    for (const [, user] of users) {
      expect(user).toMatchObject({
        payment: { known: false, reason: { params: { book: 'cash' } } },
        pointsRefunded: null,
      })
    }
  })
})

describe('rows right beyond the edges', () => {
  it('are told apart by user in whatever piece', async () => {
    const end = at('2026-02-07 00:00:00')
    const tasks = numbers(10).map((id) => task(id, { createdAt: later(end, -1000) }))
    const entries = numbers(10).map((id) =>
      entryRow(id, -100, { userId: 100 + id, at: later(end, id === 3 ? HOUR : 1000) }),
    )
    const { users, mode } = await inAnyPieces({ tasks, entries })
    expect(mode).toBe('total')
    const explained = users.map(([, { payment }]) => payment.known && payment.value.explainedByEdge)
    expect(explained).toEqual(numbers(10).map((id) => id !== 3))
  })
})

describe('a sum that no number holds', () => {
  it('ends nothing where it belongs to a mode that only one piece seemed to have', async () => {
    const end = at('2026-02-07 00:00:00')
    // Alone, this user's piece looks like mode total, where all rows after the end may pay the last task.
    const last = task(50, { createdAt: later(end, -1000) })
    const rows = [60, 61].map((id) =>
      entryRow(id, -Number.MAX_SAFE_INTEGER, { userId: last.userId, at: later(end, 1000), orderId: `shop-${id}` }),
    )
    const tasks = [...numbers(20).map((id) => task(id)), last]
    const { mode, users } = await inAnyPieces({ tasks, entries: [...numbers(20).map((id) => pays(id)), ...rows] })
    expect(mode).toBe('order')
    expect(paymentOf(users, last.userId)).toMatchObject({
      value: { unlinkedChargedPoints: 100n, unlinkedPaidPoints: 0n },
    })
  })
})
