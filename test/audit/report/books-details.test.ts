import { describe, expect, it } from 'vitest'
import { framedBooks } from '../../../src/audit/report/books.ts'
import type { BalanceTrail } from '../../../src/audit/rules/facts.ts'
import { at, chargesOf, consume, later, NO_BALANCES, points, usd } from '../../kit/books.ts'
import {
  accountRow,
  booksOf,
  eventOf,
  evidenceOf,
  failed,
  type GivenEvidence,
  taskOf,
  usageOf,
  whole,
} from '../../kit/evidence.ts'
import { planOf, taskRow } from '../../kit/rows.ts'

const summary = planOf({ depth: 'summary' })

describe('an account', () => {
  it('has the bill that was read, and the live balance before the stored one', () => {
    const live = (cents: string | null) => whole({ username: 'x', balanceNanoUsd: cents === null ? null : usd(cents) })
    const spaces = [
      { members: [5], usage: whole([usageOf(5, '3'), usageOf(5, '4')]), billing: live('0') },
      { members: [6], usage: failed(), billing: live(null) },
      { members: [7] },
      { members: [8] },
    ]
    const accounts = [
      accountRow(5, { balanceNanoUsd: usd('9') }),
      accountRow(6, { balanceNanoUsd: usd('9'), disabled: true }),
      accountRow(7, { balanceNanoUsd: usd('8') }),
      accountRow(8),
    ]
    expect(booksOf({ spaces, accounts, audited: [5, 6, 7, 8] }).accounts).toEqual([
      { accountId: 5, disabled: false, billNanoUsd: usd('7'), balance: { nanoUsd: 0n, source: 'live' } },
      { accountId: 6, disabled: true, billNanoUsd: null, balance: { nanoUsd: usd('9'), source: 'table' } },
      { accountId: 7, disabled: false, billNanoUsd: 0n, balance: { nanoUsd: usd('8'), source: 'table' } },
      { accountId: 8, disabled: false, billNanoUsd: 0n, balance: null },
    ])
  })
})

describe('what nobody in the account table spent', () => {
  const stranger = (digit: number) => ({ keyId: `beef000${digit}-0000-4000-8000-000000000000` })

  it('is told by workspace, with ids of keys shortened and people not named', () => {
    const rows = [
      usageOf(5, '1'),
      usageOf(5, '2', stranger(1)),
      usageOf(5, '4', stranger(1)),
      usageOf(5, '8', stranger(2)),
      usageOf(null, '16', { login: 'alice' }),
      usageOf(null, '32', { login: 'bob' }),
    ]
    const spaces = [
      { members: [5], usage: whole(rows) },
      { members: [6], usage: whole([usageOf(6, '1')]) },
    ]
    expect(booksOf({ spaces }).unattributed).toEqual({
      known: true,
      value: [
        {
          workspace: 'team-5',
          costNanoUsd: usd('62'),
          keyIds: { total: 4, ids: ['login', 'beef0001…', 'beef0002…'] },
        },
        { workspace: 'team-6', costNanoUsd: 0n, keyIds: { total: 0, ids: [] } },
      ],
    })
  })

  it('counts whom fal billed: each key, also those that look alike when shortened, and each person, but nobody for nothing', () => {
    const alike = (last: number) => ({ keyId: `beef0000-0000-4000-8000-00000000000${last}` })
    const rows = [
      usageOf(5, '1'),
      usageOf(5, '2', alike(1)),
      usageOf(5, '4', alike(2)),
      usageOf(5, '0', alike(3)),
      usageOf(5, '0.5', alike(4)),
      usageOf(5, '-0.5', alike(4)),
      usageOf(null, '8', { login: 'alice' }),
      usageOf(null, '8', { login: alike(1).keyId }),
    ]
    const { unattributed } = booksOf({ spaces: [{ members: [5], usage: whole(rows) }] })
    const keyIds = { total: 4, ids: ['login', 'beef0000…'] }
    expect(unattributed).toMatchObject({ value: [{ costNanoUsd: usd('22'), keyIds }] })
  })

  it('is not known where no bill was read at all, and nothing where there are no accounts', () => {
    const spaces = [{ members: [5], usage: failed(), events: failed() }]
    expect(booksOf({ spaces }).unattributed).toEqual({ known: false, reason: { code: 'bill-unread' } })
    expect(booksOf({}).unattributed).toEqual({ known: true, value: [] })
    expect(booksOf({ spaces: [...spaces, { members: [6] }] }).unattributed).toMatchObject({ known: true })
  })
})

describe('tasks and their ledger rows', () => {
  const spaces = [
    { members: [5], events: whole([eventOf(5, 'request-1', { costNanoUsd: usd('3') })]) },
    { members: [6] },
  ]
  const failure = { status: 'failed' } as const
  const failures = [taskOf(5, 1, failure), taskOf(5, 2, failure), taskOf(6, 3, failure), taskOf(9, 4, failure)]
  const tasks = [...failures, taskOf(5, 5)]
  const entries = [consume(1, 5)]
  const taskEntries = tasks.map((task) => ({ task, entries }))
  const given = { spaces, tasks, unanswered: ['request-3'], ledger: { taskEntries } }

  it('are told with what was billed of a failure, where that is known', () => {
    const { taskLedgers } = booksOf(given)
    expect(taskLedgers.known && taskLedgers.value).toEqual([
      { task: tasks[0], accountId: 5, billedNanoUsd: usd('3'), entries },
      { task: tasks[1], accountId: 5, billedNanoUsd: 0n, entries },
      { task: tasks[2], accountId: 6, billedNanoUsd: null, entries },
      { task: tasks[3], accountId: null, billedNanoUsd: null, entries },
      { task: tasks[4], accountId: 5, billedNanoUsd: null, entries },
    ])
  })

  it('are not known without links, without a ledger, or at depth summary', () => {
    const reason = (more: GivenEvidence) => booksOf({ ...given, ...more }).taskLedgers
    expect(reason({ ledger: { taskEntries, mode: 'total' } })).toEqual({
      known: false,
      reason: { code: 'links-total' },
    })
    expect(reason({ ledger: { taskEntries, mode: null } })).toEqual({ known: false, reason: { code: 'ledger-unread' } })
    expect(reason({ plan: summary })).toEqual({ known: false, reason: { code: 'depth-summary' } })
  })

  it('as are the balances', () => {
    const trail: BalanceTrail = { ...NO_BALANCES, users: 1 }
    const balances = (more: GivenEvidence) => booksOf({ ...given, ...more }).balances
    expect(balances({ ledger: { balances: trail } })).toEqual({ known: true, value: trail })
    expect(balances({ ledger: { balances: trail }, plan: summary })).toEqual({
      known: false,
      reason: { code: 'depth-summary' },
    })
    expect(balances({})).toEqual({ known: false, reason: { code: 'ledger-unread', params: { book: 'points' } } })
  })

  it('and whether all of them were looked up', () => {
    const everyOrder = (ledger: GivenEvidence['ledger']) => booksOf({ ...given, ledger }).lookedUp.everyOrder
    expect(everyOrder({ everyOrder: true })).toBe(true)
    expect(everyOrder({ everyOrder: false })).toBe(false)
    // Without a ledger nothing was to be looked up, which is said elsewhere.
    expect(everyOrder({ everyOrder: false, mode: null })).toBe(true)
    expect(booksOf({ ...given, plan: summary }).lookedUp.everyRequest).toBe(true)
    const evidence = evidenceOf(given)
    const requests = evidence.requests === null ? null : { ...evidence.requests, sharedSearched: false }
    expect(framedBooks({ ...evidence, requests }).lookedUp.everyRequest).toBe(false)
  })
})

describe('the clocks', () => {
  /** Tasks that are billed so many seconds after their end. */
  const offsetOf = (seconds: readonly number[]) => {
    const tasks = seconds.map((_, index) => taskOf(5, index + 1))
    const events = seconds.map((delay, index) =>
      eventOf(5, `request-${index + 1}`, { at: later(at('2026-02-06 12:00:30'), delay * 1000) }),
    )
    return booksOf({ spaces: [{ members: [5], events: whole(events) }], tasks }).clockOffset
  }
  const rising = (count: number) => Array.from({ length: count }, (_, index) => count - index)

  it('are compared by the median of at least 20 matches', () => {
    expect(offsetOf(rising(19))).toBeNull()
    expect(offsetOf(rising(20))).toEqual({ medianMillis: 10_500, matched: 20 })
    expect(offsetOf(rising(21))).toEqual({ medianMillis: 11_000, matched: 21 })
    expect(offsetOf([...rising(20), 9999])).toEqual({ medianMillis: 11_000, matched: 21 })
    expect(booksOf({ spaces: [{ members: [5] }], plan: summary }).clockOffset).toBeNull()
  })
})

describe('users, days and keys', () => {
  it('are told as the task table adds them up', () => {
    const tasks = [
      taskOf(5, 1, { chargedPoints: points(10), refunded: true }),
      taskOf(5, 2, { chargedPoints: points(0), costNanoUsd: usd('2') }),
      taskRow({ rowId: 3, taskId: 'task-3', apiKey: 'plain', chargedPoints: points(30), costNanoUsd: usd('4') }),
    ]
    const { users, days, unknownKeys, requests } = booksOf({ tasks, plan: summary })
    expect(requests).toEqual({ known: false, reason: { code: 'depth-summary' } })
    const told = users.map(({ userId, taskCount, chargedPoints, payment, unpaid, free, chargedByDate }) => ({
      ...{ userId, taskCount, chargedPoints, payment, unpaid, free },
      chargedByDate: chargesOf(chargedByDate),
    }))
    expect(told).toEqual([
      {
        userId: 101,
        taskCount: 3,
        chargedPoints: 40n,
        payment: { known: false, reason: { code: 'ledger-unread' } },
        unpaid: { total: 0, ids: [] },
        free: { count: 1, costNanoUsd: usd('2'), evidence: { total: 1, ids: ['task-2'] } },
        chargedByDate: new Map([['2026-02-06', 40]]),
      },
    ])
    expect(days).toEqual([
      {
        ...{
          date: '2026-02-06',
          chargedPoints: 40n,
          refundedPoints: 10n,
          refundedCount: 1,
          untoldKept: 0,
          untoldRefunded: 0,
        },
        evidence: { total: 1, ids: ['task-1'] },
      },
    ])
    expect(unknownKeys).toMatchObject([
      { taskCount: 1, costNanoUsd: usd('4'), evidence: { total: 1, ids: ['task-3'] } },
    ])
    expect(unknownKeys[0]?.keyId).toMatch(/^sha256:[0-9a-f]{8}$/)
    expect(unknownKeys[0]?.identity).toMatch(/^[0-9a-f]{64}$/)
  })
})
