import { describe, expect, it } from 'vitest'
import { lookForLateRefunds } from '../../../src/audit/ledgers/late-refunds.ts'
import type { LedgerLookUps } from '../../../src/audit/ledgers/ledger-look-ups.ts'
import { OwnerlessTally } from '../../../src/audit/ledgers/ownerless-rows.ts'
import { known } from '../../../src/audit/rules/books.ts'
import { TaskNames } from '../../../src/audit/tasks/task-names.ts'
import type { LedgerEntry, LedgerSnapshot } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import { HOUR, MINUTE, plus } from '../../../src/units/instant.ts'
import { consume, evaluate, linked, points, unlinkedRows, user } from '../../kit/books.ts'
import { settledLedgers, toldOfUser } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

const plan = planOf()
const at = plus(plan.ranges.ledger.end, HOUR)
const now = { ...plan, asOf: plus(at, HOUR) }
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('refunds that come after the rows that were read', () => {
  const asked: number[] = []
  const ranges: unknown[] = []
  const found = (
    entries: readonly LedgerEntry[],
    userIds: readonly number[] = [101],
    when = now,
    taskIds: readonly string[] = [],
  ) => {
    asked.length = 0
    ranges.length = 0
    const snapshot = {
      points: async function* (range: unknown, { userIds: ids = [] }: { userIds?: readonly number[] } = {}) {
        asked.push(ids.length)
        ranges.push(range)
        yield entryRecordsOf(entries)
      },
      cash: async function* () {},
    } as unknown as LedgerSnapshot
    const { signal } = new AbortController()
    const lookUps = { rows: async () => [], tasksAmong: async () => new TaskNames(), reading: undefined }
    const scans = { unrefundedUsers: () => [...userIds], idsOfTasks: () => [...taskIds] }
    return lookForLateRefunds(scans, [], {
      plan: when,
      snapshot,
      lookUps: lookUps as unknown as LedgerLookUps,
      signal,
    })
  }
  const refunds = (count: number) =>
    numbers(count).map((rowId) => entryRow(rowId, 1, { userId: 101, kind: 'refund', orderId: '', at }))

  it('are taken up to a limit, and beyond it nobody is said to lack one', async () => {
    const { lookupIdsTotal } = LIMITS
    expect(await found(refunds(lookupIdsTotal))).toMatchObject({ isOpen: false })
    expect(await found(refunds(lookupIdsTotal + 1))).toEqual({ ofUsers: [], named: [], ownerless: [], isOpen: true })
    // Rows of others do not count.
    expect((await found(refunds(lookupIdsTotal + 1), [102])).isOpen).toBe(false)
    expect((await found([], numbers(lookupIdsTotal))).isOpen).toBe(false)
    expect((await found([], numbers(lookupIdsTotal + 1))).isOpen).toBe(true)
  })

  it('are not held up by what users paid in for orders of their own, however often', async () => {
    const paidIn = { userId: 101, book: 'cash', kind: 'recharge', at } as const
    const topUps = numbers(LIMITS.lookupIdsTotal + 1).map((rowId) =>
      entryRow(rowId, 1, { ...paidIn, orderId: 'PAY-1' }),
    )
    const refund = entryRow(0, 1, { ...paidIn, orderId: 'task-1' })
    const late = await found([...topUps, refund], [101], now, ['task-1'])
    expect(late).toEqual({ ofUsers: [], named: [expect.objectContaining({ rowId: 0 })], ownerless: [], isOpen: false })
  })

  it('are not asked for where nobody lacks one, or none can have come yet', async () => {
    await found(refunds(1), [])
    expect(asked).toEqual([])
    await found(refunds(1), [101], { ...plan, asOf: plan.window.end })
    expect(asked).toEqual([])
    await found(refunds(1))
    expect(asked).toEqual([1])
  })

  it('are asked for from the end of what was read, without a gap, to as far as a clock may be ahead of now', async () => {
    await found(refunds(1))
    expect(ranges).toEqual([{ start: plan.ranges.ledger.end, end: plus(now.asOf, 10 * MINUTE) }])
    await found(refunds(1), [101], { ...plan, asOf: plus(plan.ranges.ledger.end, 1 - 10 * MINUTE) })
    expect(asked).toEqual([1])
    await found(refunds(1), [101], { ...plan, asOf: plus(plan.ranges.ledger.end, -10 * MINUTE) })
    expect(asked).toEqual([])
  })

  it('leave users open where they cannot be looked for, in whatever pieces', async () => {
    const tasks = [1, 2].map((rowId) =>
      taskRow({ rowId, userId: 100 + rowId, taskId: `task-${rowId}`, chargedPoints: points(100), status: 'failed' }),
    )
    const entries = [
      ...tasks.map(({ rowId, userId, taskId }) => entryRow(rowId, -100, { userId, orderId: taskId })),
      ...numbers(LIMITS.lookupIdsTotal + 1).map((row) =>
        entryRow(10 + row, 1, { userId: 101, kind: 'refund', orderId: '', at }),
      ),
    ]
    for (const pieceRows of [1, 1_000_000]) {
      const { source } = await settledLedgers({ plan: now, tasks, entries, pieceRows })
      const users = [...source.pieces()].flatMap((piece) => [...piece.users.values()])
      expect(users.map((each) => toldOfUser(each).unlinked)).toMatchObject([
        { known: true, value: { lateOpen: true } },
        { known: true, value: { lateOpen: true } },
      ])
    }
  })
})

describe('a task that lacks a refund', () => {
  const of = (rule: 'B7' | 'B8' | 'B10', lateOpen: boolean) => {
    const fact = { status: 'failed', refunded: rule === 'B8' } as const
    const one101 = { ...user(101, { charged: 0, paid: 0 }), unlinked: known(unlinkedRows({ lateOpen })) }
    const books = { taskLedgers: known([linked(fact, [consume(1, 1000)])]), users: [one101] }
    const { findings, notEvaluated } = evaluate(rule, books)
    return [findings.length, notEvaluated.map(({ reason }) => reason.code).join()]
  }

  it('is in no doubt but where refunds of later could not be looked for', () => {
    for (const rule of ['B7', 'B8'] as const) {
      expect(of(rule, false)).toEqual([1, ''])
      expect(of(rule, true)).toEqual([0, 'refunds-late'])
    }
    expect(of('B10', true)).toEqual([0, ''])
  })
})

describe('rows without a user', () => {
  it('are kept up to a limit, and beyond it the ledger counts as unread', () => {
    const rows = entryRecordsOf([
      entryRow(1, -1, { userId: 0, userUntold: true }),
      entryRow(2, 1, { userId: 0, userUntold: true, kind: 'gift' }),
    ])
    const tally = new OwnerlessTally(plan)
    for (let row = 0; row < LIMITS.lookupIdsTotal; row++) tally.add(rows, 0)
    // What pays nothing and gives nothing back is counted alone.
    tally.add(rows, 1)
    expect(tally.counts).toEqual({ points: { rows: LIMITS.lookupIdsTotal + 1, firstRowId: 1 } })
    expect(() => tally.add(rows, 0)).toThrow('more than 100000 rows of the ledgers name no user')
  })
})
