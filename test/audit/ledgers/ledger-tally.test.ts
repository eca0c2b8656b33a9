import { describe, expect, it } from 'vitest'
import type { LedgerTally } from '../../../src/audit/ledgers/ledger-tally.ts'
import { looksUpEveryOrder } from '../../../src/audit/ledgers/looked-up.ts'
import type { Payment, UnlinkedRows } from '../../../src/audit/rules/books.ts'
import type { LedgerEntry, TaskRow } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { HOUR, MINUTE } from '../../../src/units/instant.ts'
import { at, later, points } from '../../kit/books.ts'
import { type ClosableTally, closable, closeTally, tallyOf, toldOfUser } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')
const noon = at('2026-02-06 12:00:00')

/** A task charged 100 points, named by its number. */
const task = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({ rowId, taskId: `task-${rowId}`, requestId: `request-${rowId}`, chargedPoints: points(100), ...overrides })
const entry = (amount: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry => entryRow(1, amount, overrides)
const refund = { kind: 'refund' } as const
const cashIn = { book: 'cash', kind: 'recharge' } as const

const userOf = (tally: LedgerTally | ClosableTally, mode: 'order' | 'total' = 'order', userId = 101) => {
  const closed = 'close' in tally ? tally : closable(tally)
  const user = closed.close(mode).users.get(userId)
  if (user === undefined) throw new RangeError('no such user')
  return toldOfUser(user)
}
const paymentOf = (tally: LedgerTally | ClosableTally, mode: 'order' | 'total' = 'order'): Payment => {
  const { payment } = userOf(tally, mode)
  if (!payment.known) throw new RangeError(payment.reason.code)
  return payment.value
}
const unlinkedOf = (tally: LedgerTally | ClosableTally): UnlinkedRows => {
  const { unlinked } = userOf(tally)
  if (!unlinked.known) throw new RangeError(unlinked.reason.code)
  return unlinked.value
}

describe('a row links to the task it names', () => {
  const ID = 'aaaaaaaa-0000-4000-8000-000000000001'
  const linked = (overrides: Partial<LedgerEntry>, ...more: readonly TaskRow[]) =>
    tallyOf([task(1, { requestId: ID }), ...more], [entry(-100, overrides)]).linkCount().linked

  it.each([
    ['by the operator’s id', { orderId: 'task-1' }, 1],
    ['by the bare request id', { orderId: ID }, 1],
    ['by the request id in capitals', { orderId: ID.toUpperCase() }, 1],
    ['by endpoint#id', { orderId: `fal-ai/veo3#${ID}` }, 1],
    ['and not without an order', { orderId: '' }, 0],
    ['and not by another id', { orderId: ID.replace('1', '2') }, 0],
    ['and not for somebody else', { orderId: 'task-1', userId: 102 }, 0],
    ['and not as a refund', { orderId: 'task-1', ...refund }, 0],
  ])('%s', (_, overrides, count) => {
    expect(linked(overrides)).toBe(count)
  })

  it('but not to one of several that bear the request id, though it shows that rows name tasks', () => {
    const twin = task(2, { requestId: ID })
    const shared = tallyOf([task(1, { requestId: ID }), twin], [entry(-100, { orderId: ID })])
    expect([shared.linkCount().linked, paymentOf(shared).unlinkedChargedPoints]).toEqual([2, 200n])
    expect(linked({ orderId: 'task-1' }, twin)).toBe(1)
    const same = tallyOf([task(1, { requestId: 'task-1' })], [entry(-100, { orderId: 'task-1' })])
    expect(same.linkCount()).toEqual({ charged: 1, linked: 1 })
    const nameless = tallyOf([task(1, { taskId: '', requestId: '' })], [entry(-100)])
    expect([nameless.linkCount().linked, nameless.openOrderIds('window')]).toEqual([0, []])
  })

  it('and what it means to it', () => {
    const rows = [
      entry(-70, { rowId: 1 }),
      entry(-20, { rowId: 2, book: 'cash' }),
      entry(5, { rowId: 3, ...refund }),
      entry(7, { rowId: 4, ...refund, book: 'cash' }),
      entry(9, { rowId: 5, ...cashIn }),
      entry(1000, { rowId: 6, kind: 'recharge' }),
      entry(3, { rowId: 7, kind: 'gift' }),
    ].map((row) => ({ ...row, orderId: 'task-1' }))
    const tally = tallyOf([task(1)], rows)
    const taskEntries = closeTally(tally, 'order').taskEntries()
    expect(
      taskEntries[0]?.entries.map(({ book, rowId, kind, amountPoints }) => [book, rowId, kind, amountPoints]),
    ).toEqual([
      ['points', 1, 'consume', -70n],
      ['cash', 2, 'consume', -20n],
      ['points', 3, 'refund', 5n],
      ['cash', 4, 'refund', 7n],
      ['cash', 5, 'refund', 9n],
    ])
    expect(paymentOf(tally)).toMatchObject({
      mode: 'order',
      comparedChargedPoints: 100n,
      comparedPaidPoints: 90n,
      pointsConsumed: 70n,
      cashConsumed: 20n,
    })
    expect(userOf(tally)).toMatchObject({
      unpaid: { total: 1, ids: ['task-1'] },
      pointsRefunded: 5n,
      cashRefunded: 16n,
    })
    const plan = planOf({ depth: 'summary' })
    expect(closeTally(tallyOf([task(1)], rows, { plan }), 'order', { plan }).taskEntries()).toEqual([])
    expect(closeTally(tallyOf([task(1)], rows, { selected: () => false }), 'order').taskEntries()).toEqual([])
  })

  it('also where it was looked up, but once', () => {
    const tally = tallyOf([task(1)])
    tally.addLookedUp(entry(-100, { orderId: 'task-1', at: noon }))
    expect(tally.linkCount().linked).toBe(0)
    tally.addLookedUp(entry(-100, { orderId: 'task-1', at: later(end, 48 * HOUR) }))
    expect(tally.linkCount().linked).toBe(1)
  })
})

describe('the link mode', () => {
  it('goes by charged tasks, free ones not counted', () => {
    const tasks = Array.from({ length: 10 }, (_, index) => task(index + 1))
    const free = task(99, { chargedPoints: points(0) })
    const rows = (count: number) => tasks.slice(0, count).map(({ taskId }) => entry(-100, { orderId: taskId }))
    expect(tallyOf([...tasks, free], rows(9)).linkCount()).toEqual({ charged: 10, linked: 9 })
    expect(tallyOf([free]).linkCount()).toEqual({ charged: 0, linked: 0 })
    expect(tallyOf([...tasks, free], rows(8)).linkCount()).toEqual({ charged: 10, linked: 8 })
  })

  it('is none where a ledger was not read, and nothing is concluded from it', () => {
    const tally = tallyOf([task(1)], [entry(-100, { orderId: 'task-1' })])
    expect(userOf(tally)).toMatchObject({ payment: { known: true }, ...{ pointsRefunded: 0n, cashRecharged: 0n } })
    expect(userOf(closable(tally, { failed: ['points', 'cash'] }))).toMatchObject({
      payment: { known: false, reason: { code: 'ledger-unread', params: { book: 'cash, points' } } },
      ...{ pointsRefunded: null, cashRefunded: null, pointsRecharged: null, cashRecharged: null },
    })
  })

  it('total tells nothing, and order of what is linked alone, where rows could not be placed in time', () => {
    const linked = tallyOf([task(1)], [entry(-100, { orderId: 'task-1' })])
    const without = tallyOf([task(1)], [entry(-100)])
    for (const table of ['tasks', 'points', 'cash'] as const) {
      const closing = { unreadTimes: { [table]: { rows: 1, firstRowId: 5, userIds: [101] } } }
      const left = { known: false, reason: { code: 'times-unread', params: { table, rows: 1, firstRowId: 5 } } }
      // Tasks may be any, as long as it is not told which.
      const isLinked = table === 'tasks' ? left : { known: true }
      expect(userOf(closable(linked, closing), 'order').payment).toMatchObject(isLinked)
      expect(userOf(closable(without, closing), 'order').payment).toEqual(left)
      expect(userOf(closable(linked, closing), 'total').payment).toEqual(left)
    }
    expect(userOf(closable(without), 'order').payment).toMatchObject({ known: true })
    expect(userOf(closable(linked), 'total').payment).toMatchObject({ known: true })
  })

  it('total cannot be filtered by account', () => {
    const plan = planOf({ ids: [5] })
    const filtered = userOf(closable(tallyOf([task(1)], [], { plan }), { plan }), 'total')
    expect(filtered.payment).toMatchObject({ known: false, reason: { code: 'ids-filter-total-link' } })
  })
})

describe('a charge that no number holds', () => {
  const huge = points(2 ** 53)
  const others = [
    task(7, { userId: 102, chargedPoints: huge }),
    task(8, { userId: 102, chargedPoints: huge, createdAt: later(start, -MINUTE) }),
  ]
  const mine = (tasks: readonly TaskRow[]) =>
    tallyOf(tasks, [entry(-100, { orderId: 'task-1' })], { selected: ({ userId }) => userId === 101 })

  it('of somebody who is not asked about is no matter', () => {
    const tally = mine([task(1), ...others])
    expect(tally.linkCount()).toEqual({ charged: 2, linked: 1 })
    expect(tally.openOrderIds('window').sort()).toEqual(['request-1', 'request-7', 'task-1', 'task-7'])
    expect(paymentOf(tally)).toMatchObject({ comparedChargedPoints: 100n, comparedPaidPoints: 100n })
  })

  it('of who is asked about is an error that names the task', () => {
    expect(() => closable(mine([task(1), task(2, { chargedPoints: huge })]))).toThrow('task "task-2" is charged')
  })
})

describe('which orders are looked up', () => {
  it('those whose rows may lie at another time', () => {
    const tasks = [task(1), task(2, { requestId: '' }), task(3, { requestId: 'task-3' }), task(4)]
    const tally = tallyOf(tasks, [], { selected: ({ rowId }) => rowId !== 4 })
    expect(tally.openOrderIds('selected')).toEqual(['task-1', 'request-1', 'task-2', 'task-3'])
    expect(tally.openOrderIds('window')).toEqual(['task-1', 'request-1', 'task-2', 'task-3', 'task-4', 'request-4'])
  })

  it('of very many tasks only those that leave something open', () => {
    const many = Array.from({ length: LIMITS.lookupIdsTotal / 2 }, (_, index) =>
      task(index + 10, { chargedPoints: points(0) }),
    )
    const open = (one: Partial<TaskRow>, rows: readonly LedgerEntry[], depth: 'requests' | 'summary' = 'requests') => {
      const tally = tallyOf([task(1, { ...one, requestId: '' }), ...many], rows, { plan: planOf({ depth }) })
      return tally.openOrderIds('window')
    }
    const paid = entry(-100, { orderId: 'task-1' })
    expect(open({}, [])).toEqual(['task-1'])
    expect(open({}, [paid])).toEqual([])
    expect(open({}, [entry(-60, { orderId: 'task-1' }), entry(-40, { orderId: 'task-1', book: 'cash' })])).toEqual([])
    expect(open({ refunded: true }, [paid])).toEqual(['task-1'])
    expect(open({ status: 'failed' }, [paid])).toEqual(['task-1'])
    expect(open({}, [paid, entry(1, { orderId: 'task-1', ...refund })])).toEqual(['task-1'])
    expect(open({}, [paid, entry(1, { orderId: 'task-1', ...cashIn })])).toEqual(['task-1'])
    expect(open({ refunded: true }, [paid], 'summary')).toEqual(['task-1'])
    expect([many.length, many.length + 1].map(looksUpEveryOrder)).toEqual([true, false])
  })

  it('of rows, where it matters whether they name a task of another time', () => {
    const rows = [
      entry(-5, { orderId: 'other-1' }),
      entry(9, { orderId: 'other-2', ...cashIn }),
      entry(-5, { orderId: '' }),
      entry(-5, { orderId: 'other-3', at: end }),
      entry(-5, { orderId: 'other-6', at: later(end, 20 * MINUTE) }),
      entry(-5, { orderId: 'other-4', userId: 102 }),
      entry(9, { orderId: 'other-5', userId: 102, ...cashIn }),
    ]
    const tasks = [task(1), task(2, { userId: 102, chargedPoints: points(0) })]
    const asked = (all: readonly LedgerEntry[]) => tallyOf(tasks, all).unresolvedOrderIds('order').sort()
    expect(asked(rows)).toEqual(['other-1', 'other-2', 'other-3', 'other-5'])
    expect(asked([...rows, entry(-100, { orderId: 'task-1' })])).toEqual(['other-2', 'other-5'])
  })

  it('and what they turn out to be', () => {
    const rows = [
      entry(-5, { orderId: 'a' }),
      entry(-7, { orderId: 'b', book: 'cash' }),
      entry(11, { orderId: 'c', ...cashIn }),
      entry(13, { orderId: 'd', ...cashIn }),
      entry(17, cashIn),
      entry(19, { kind: 'recharge' }),
    ]
    const tally = closable(tallyOf([task(1)], rows))
    expect(userOf(tally, 'total')).toMatchObject({
      cashRecharged: null,
      cashRefunded: null,
      pointsRecharged: 19n,
      pointsRefunded: 0n,
    })
    tally.resolveOrders(new Set(['a', 'b', 'c', 'd']), new Set(['a', 'd']))
    expect(userOf(tally, 'total')).toMatchObject({ cashRecharged: 28n, cashRefunded: 13n, pointsRecharged: 19n })
    expect(paymentOf(tally)).toMatchObject({ unlinkedPaidPoints: 7n, cashConsumed: 7n, pointsConsumed: 0n })
    tally.resolveOrders(new Set(['a', 'b', 'c', 'd']), new Set())
    expect(paymentOf(tally).unlinkedPaidPoints).toBe(7n)
  })
})

describe('the sums of a user', () => {
  it('hold rows of the window alone', () => {
    const times = [later(start, -1), start, later(end, -1), end]
    const each = (amount: number, overrides: Partial<LedgerEntry>) =>
      times.map((time) => entry(amount, { ...overrides, at: time }))
    const rows = [
      ...each(-1, {}),
      ...each(10, refund),
      ...each(100, { kind: 'recharge' }),
      ...each(1000, { kind: 'gift' }),
    ]
    const tally = tallyOf([task(1)], rows)
    expect(userOf(tally, 'total')).toMatchObject({ pointsRefunded: 20n, pointsRecharged: 200n, cashRefunded: 0n })
    expect(paymentOf(tally, 'total')).toMatchObject({
      mode: 'total',
      comparedChargedPoints: 100n,
      comparedPaidPoints: 2n,
    })
    // A refund that names no order may come later; of before it cannot be one of this window's.
    expect(paymentOf(tally)).toMatchObject({ unlinkedPaidPoints: 2n })
    expect(unlinkedOf(tally)).toMatchObject({ paidPoints: 2n, refundedPoints: 30n })
  })

  it('are told of who was asked for by id, and of nobody else without tasks', () => {
    const plan = planOf({ userIds: [101] })
    const { users } = closeTally(tallyOf([], [entry(-5), entry(-5, { userId: 102 })], { plan }), 'order', { plan })
    expect([...users.keys()]).toEqual([101])
    expect(users.get(101)?.payment).toMatchObject({ known: true, value: { mode: 'total', comparedPaidPoints: 5n } })
  })

  it('without any linked row count no refunds of others', () => {
    const rows = [entry(8, { ...refund, orderId: 'elsewhere' })]
    expect(userOf(tallyOf([task(1)], rows))).toMatchObject({ pointsRefunded: 0n })
    expect(userOf(tallyOf([task(1)], rows), 'total')).toMatchObject({ pointsRefunded: 8n })
  })

  it('do not tell whom a row pays while the filter left a task out that it may pay as well', () => {
    const tasks = [task(1), task(2)]
    const unclear = (rows: readonly LedgerEntry[]) =>
      userOf(tallyOf(tasks, rows, { selected: ({ rowId }) => rowId === 1 })).payment.known
    expect(unclear([entry(-100)])).toBe(false)
    expect(unclear([])).toBe(true)
    expect(unclear([entry(-100), entry(-100, { orderId: 'task-1' })])).toBe(true)
    expect(unclear([entry(-100), entry(-100, { orderId: 'task-2' })])).toBe(true)
  })
})

describe('rows at the edges of the window', () => {
  const early = task(8, { createdAt: later(start, -10 * MINUTE) })
  const last = task(9, { createdAt: later(end, -10 * MINUTE) })
  const explained = (tasks: readonly TaskRow[], rows: readonly LedgerEntry[], mode: 'order' | 'total' = 'total') =>
    paymentOf(tallyOf(tasks, rows), mode).explainedByEdge
  const first = entry(-100, { at: later(start, 10 * MINUTE - 1) })
  const after = entry(-100, { at: later(end, 10 * MINUTE - 1) })
  const paid = entry(-100, { at: noon })

  it.each([
    ['the first rows pay tasks from right before', [early, task(1)], [first, paid], true],
    [
      'no task is from right before',
      [task(8, { createdAt: later(start, -10 * MINUTE - 1) }), task(1)],
      [first, paid],
      false,
    ],
    ['the task before was free', [{ ...early, chargedPoints: points(0) }, task(1)], [first, paid], false],
    ['the rows are not the first', [early, task(1)], [entry(-100, { at: later(start, 10 * MINUTE) }), paid], false],
    ['the amount is another', [early, task(1)], [entry(-99, { at: start }), entry(-101)], false],
    ['rows after the end pay the last tasks', [last], [after], true],
    ['the last task is older', [task(9, { createdAt: later(end, -10 * MINUTE - 1) })], [after], false],
    ['the last task is free', [{ ...last, chargedPoints: points(0) }, task(1)], [after], false],
    ['the row comes too late', [last], [entry(-100, { at: later(end, 10 * MINUTE) })], false],
    ['both edges', [early, last], [first, entry(-100, { at: end })], false],
    ['nothing differs', [task(1)], [paid], false],
    [
      'only whole rows in order of time',
      [last],
      [entry(-60, { at: later(end, 2) }), entry(-40, { at: later(end, 1) })],
      true,
    ],
    [
      'a later row cannot be taken first',
      [last],
      [entry(-100, { at: later(end, 2) }), entry(-40, { at: later(end, 1) })],
      false,
    ],
  ])('in mode total: %s', (_, tasks, rows, expected) => {
    expect(explained(tasks, rows)).toBe(expected)
  })

  it.each([
    ['rows after the end pay the last tasks', [last], [after], true],
    ['the last task is older', [task(9, { createdAt: later(end, -10 * MINUTE - 1) })], [after], false],
    ['the row names another task', [last, task(1)], [{ ...after, orderId: 'task-1' }], false],
    ['the row names none that is known', [last], [{ ...after, orderId: 'else' }], true],
    ['the linked sums differ', [last, task(1)], [after, entry(-90, { orderId: 'task-1' })], false],
    ['the linked sums agree', [last, task(1)], [after, entry(-100, { orderId: 'task-1' })], true],
    ['nothing is short', [last], [after, entry(-100)], false],
  ])('in mode order: %s', (_, tasks, rows, expected) => {
    expect(explained(tasks, rows, 'order')).toBe(expected)
    const { nearbyPoints } = unlinkedOf(tallyOf(tasks, rows))
    expect(nearbyPoints).toBe(rows.some(({ at, orderId }) => at === after.at && orderId !== 'task-1') ? 100n : 0n)
  })
})
