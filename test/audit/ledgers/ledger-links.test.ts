import { describe, expect, it } from 'vitest'
import type { LedgerTally } from '../../../src/audit/ledgers/ledger-tally.ts'
import { TaskNames } from '../../../src/audit/tasks/task-names.ts'
import type { LedgerEntry, TaskRow } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { MINUTE } from '../../../src/units/instant.ts'
import { at, later, points } from '../../kit/books.ts'
import { type ClosableTally, closable, closeTally, tallyOf, toldOfUser } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')

/** A task charged 100 points, named by its number. */
const task = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({ rowId, taskId: `task-${rowId}`, requestId: `request-${rowId}`, chargedPoints: points(100), ...overrides })
const entry = (amount: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry => entryRow(1, amount, overrides)
const cashIn = { book: 'cash', kind: 'recharge' } as const

const userOf = (tally: LedgerTally | ClosableTally, mode: 'order' | 'total' = 'order') => {
  const closed = 'close' in tally ? tally : closable(tally)
  const user = closed.close(mode).users.get(101)
  return user && toldOfUser(user)
}

describe('a row that names an order nobody has seen', () => {
  const elsewhere = entry(-5, { orderId: 'elsewhere' })
  const limit = { code: 'lookup-limit', params: { limit: LIMITS.lookupIdsTotal } }

  it('leaves the payment of a task without a row open, as long as it was not looked up', () => {
    const tally = closable(tallyOf([task(1)], [elsewhere]))
    expect(userOf(tally)?.payment).toEqual({ known: false, reason: limit })
    tally.resolveOrders(new Set(['other']), new Set())
    expect(userOf(tally)?.payment).toEqual({ known: false, reason: limit })
    tally.resolveOrders(new Set(['elsewhere']), new Set())
    expect(userOf(tally)?.payment).toMatchObject({ known: true, value: { unlinkedPaidPoints: 5n } })
  })

  it('leaves nothing open where every task has its row, or where it is money that came in', () => {
    const paid = entry(-100, { orderId: 'task-1' })
    expect(userOf(tallyOf([task(1)], [elsewhere, paid]))?.payment.known).toBe(true)
    expect(userOf(tallyOf([task(1)], [entry(5, { orderId: 'elsewhere', ...cashIn })]))?.payment.known).toBe(true)
  })

  it('is that of a task of another time, in whatever form it names it', () => {
    const id = 'aaaaaaaa-0000-4000-8000-000000000001'
    const orders = ['other', `https://queue.fal.run/fal-ai/veo3/requests/${id}`, 'none']
    const rows = orders.map((orderId, index) => entry(-(10 ** index), { orderId }))
    const tally = closable(tallyOf([task(1)], rows))
    tally.resolveOrders(new Set(orders), new TaskNames([{ taskId: 'other', requestId: id }]))
    expect(userOf(tally)?.payment).toMatchObject({ known: true, value: { unlinkedPaidPoints: 100n } })
  })

  it('keeps cash that came in out of both sums, and no other sum', () => {
    const open = userOf(tallyOf([task(1)], [entry(5, { orderId: 'x', ...cashIn }), entry(3, cashIn)]), 'total')
    expect(open).toMatchObject({ cashRecharged: null, cashRefunded: null, pointsRecharged: 0n, pointsRefunded: 0n })
    const spent = userOf(tallyOf([task(1)], [entry(-5, { orderId: 'x', book: 'cash' }), entry(3, cashIn)]), 'total')
    expect(spent).toMatchObject({ cashRecharged: 3n, cashRefunded: 0n })
  })

  it('is looked up for cash that came in alone where links do not count', () => {
    const rows = [elsewhere, entry(5, { orderId: 'came in', ...cashIn })]
    expect(tallyOf([task(1)], rows).unresolvedOrderIds('total')).toEqual(['came in'])
    expect(tallyOf([task(1)], rows).unresolvedOrderIds('order')).toEqual(['elsewhere', 'came in'])
    const plan = planOf()
    const never = { ...plan, settings: { ...plan.settings, ledgerLink: 'total' as const } }
    expect(tallyOf([task(1)], rows, { plan: never }).unresolvedOrderIds('order')).toEqual(['came in'])
  })

  it('is looked up for tasks that the filters leave', () => {
    const only = (rowId: number) => ({ selected: (each: TaskRow) => each.rowId === rowId })
    const tasks = [task(1), task(2, { chargedPoints: points(0) })]
    expect(tallyOf(tasks, [elsewhere], only(1)).unresolvedOrderIds('order')).toEqual(['elsewhere'])
    expect(tallyOf(tasks, [elsewhere], only(2)).unresolvedOrderIds('order')).toEqual([])
  })
})

describe('a row that names a task of another time', () => {
  const before = task(8, { createdAt: later(start, -60 * MINUTE) })

  it('pays that, and none of the window', () => {
    const tally = tallyOf([before, task(1)], [entry(-100, { orderId: 'task-8' })])
    expect(userOf(tally)?.payment).toMatchObject({ known: true, value: { unlinkedPaidPoints: 0n } })
    expect(tally.unresolvedOrderIds('order')).toEqual([])
    expect(tally.openOrderIds('window')).toEqual(['task-1', 'request-1'])
  })

  it('is a refund where cash came in for it, and points that came in are a recharge', () => {
    const rows = [entry(9, { orderId: 'task-8', ...cashIn }), entry(7, { orderId: 'task-8', kind: 'recharge' })]
    expect(userOf(tallyOf([before, task(1)], rows), 'total')).toMatchObject({
      ...{ cashRefunded: 9n, cashRecharged: 0n, pointsRecharged: 7n, pointsRefunded: 0n },
    })
  })
})

describe('a row that names a task', () => {
  it.each(['JOB-7', 'team/7', '7#A'])('finds it by an id of the operator’s like %s', (taskId) => {
    expect(tallyOf([task(1, { taskId })], [entry(-100, { orderId: taskId })]).linkCount().linked).toBe(1)
  })

  it('is looked up even where it is paid, while there are few: a refund may lie at any time', () => {
    const tally = tallyOf([task(1)], [entry(-100, { orderId: 'task-1' })])
    expect(tally.openOrderIds('selected')).toEqual(['task-1', 'request-1'])
  })

  it('as a refund is not one that names none', () => {
    const refunds = (orderId: string) => {
      const unlinked = userOf(tallyOf([task(1)], [entry(9, { orderId, kind: 'refund' })]))?.unlinked
      return unlinked?.known === true && unlinked.value.refundedPoints
    }
    expect([refunds('task-1'), refunds('elsewhere'), refunds('')]).toEqual([0n, 0n, 9n])
  })
})

describe('a row that names a request id which several tasks bear', () => {
  it('pays one of them: it counts, as a row without a task', () => {
    const twins = [task(1, { requestId: 'same' }), task(2, { requestId: 'same' })]
    const tally = tallyOf(twins, [entry(-100, { orderId: 'same' })])
    expect(userOf(tally)?.payment).toMatchObject({ known: true, value: { unlinkedPaidPoints: 100n } })
  })
})

describe('what a ledger says of a user', () => {
  it('is told of those whose tasks the filters leave', () => {
    const tasks = [task(1), task(2, { userId: 102 })]
    const { users } = closeTally(tallyOf(tasks, [], { selected: ({ userId }) => userId === 101 }), 'order')
    expect([...users.keys()]).toEqual([101])
  })

  it('names the tasks whose rows do not add up, where links count', () => {
    const tasks = [task(1), task(2), task(3), task(4, { chargedPoints: points(0) })]
    const rows = [
      entry(-60, { orderId: 'task-1' }),
      entry(-40, { orderId: 'task-1', book: 'cash' }),
      entry(-101, { orderId: 'task-2' }),
    ]
    const tally = tallyOf(tasks, rows)
    expect(userOf(tally, 'order')?.unpaid).toEqual({ total: 2, ids: ['task-2', 'task-3'] })
    expect(userOf(tally, 'total')?.unpaid).toEqual({ total: 0, ids: [] })
    expect(userOf(tallyOf(tasks, rows, { selected: ({ rowId }) => rowId === 2 }))?.unpaid.ids).toEqual(['task-2'])
  })

  it('does not doubt whom a row pays for the sake of a free task that the filter left out', () => {
    const left = (others: Partial<TaskRow>) =>
      userOf(tallyOf([task(1), task(2, others)], [entry(-100)], { selected: ({ rowId }) => rowId === 1 }))?.payment
    expect(left({})).toEqual({ known: false, reason: { code: 'links-unlinked' } })
    expect(left({ chargedPoints: points(0) })?.known).toBe(true)
    expect(left({ userId: 102 })?.known).toBe(true)
  })

  it('is not the whole of it where one ledger was not read', () => {
    const tally = tallyOf([task(1)], [entry(-100, { orderId: 'task-1' })])
    const unread = {
      payment: { known: false, reason: { code: 'ledger-unread', params: { book: 'cash' } } },
      ...{ cashRefunded: null, pointsRecharged: 0n, cashRecharged: null },
    }
    const user = (mode: 'order' | 'total') => userOf(closable(tally, { failed: ['cash'] }), mode)
    // No row of another time was looked up, which may name a task as well.
    expect(user('order')).toMatchObject({ ...unread, pointsRefunded: null })
    expect(user('total')).toMatchObject({ ...unread, pointsRefunded: 0n })
  })

  it('holds cash that came in as a gift for nothing of a task', () => {
    const gift = entry(9, { orderId: 'task-1', book: 'cash', kind: 'gift' })
    const tally = tallyOf([task(1)], [gift])
    expect(closeTally(tally, 'order').taskEntries()).toMatchObject([{ entries: [] }])
    expect(userOf(tally)).toMatchObject({ cashRefunded: 0n, cashRecharged: 0n })
  })

  it('may be explained by a row from the very end of the window on', () => {
    const last = task(9, { createdAt: later(end, -MINUTE) })
    const explained = (time: typeof end) => {
      const payment = userOf(tallyOf([last], [entry(-100, { at: time })]), 'total')?.payment
      return payment?.known === true && payment.value.explainedByEdge
    }
    expect([explained(end), explained(later(end, 10 * MINUTE))]).toEqual([true, false])
  })

  it('is not explained by tasks from after the window', () => {
    const first = entry(-100, { at: later(start, MINUTE) })
    const explained = (createdAt: typeof start) => {
      const payment = userOf(tallyOf([task(8, { createdAt }), task(1)], [first, entry(-100)]), 'total')?.payment
      return payment?.known === true && payment.value.explainedByEdge
    }
    expect([explained(later(start, -MINUTE)), explained(end)]).toEqual([true, false])
  })
})
