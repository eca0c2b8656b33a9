import { describe, expect, it } from 'vitest'
import type { LedgerEntry, TaskRow } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { DAY, MINUTE } from '../../../src/units/instant.ts'
import { inAnyPieces } from '../../kit/any-pieces.ts'
import { at, later, points } from '../../kit/books.ts'
import { closable, linking, numbers, paidTask, pays, settledLedgers, tallyOf, toldOf } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')

/** A task charged 100 points that failed. */
const task = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({
    ...{ rowId, taskId: `task-${rowId}`, requestId: `request-${rowId}`, status: 'failed' },
    ...{ chargedPoints: points(100), ...overrides },
  })
const paid = entryRow(1, -100, { orderId: 'task-1' })
/** A refund row with a number of its own. */
const refund = (amount: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry =>
  entryRow(2, amount, { orderId: 'RF-1', kind: 'refund', ...overrides })

const asked = (tasks: readonly TaskRow[], rows: readonly LedgerEntry[], link: 'auto' | 'total' = 'auto') =>
  tallyOf(tasks, rows, { plan: linking(link) }).unresolvedRefundIds()

describe('a refund row whose order no task that was read bears', () => {
  it.each<[string, Partial<TaskRow>, readonly string[]]>([
    ['failed', {}, ['RF-1']],
    ['is marked as refunded', { status: 'success', refunded: true }, ['RF-1']],
    ['is a success', { status: 'success' }, []],
    ['is not finished', { status: 'unfinished' }, []],
    ['was charged nothing', { chargedPoints: points(0) }, []],
    ['was charged a point more than rows took', { chargedPoints: points(101) }, ['RF-1']],
    ['is of another time', { createdAt: later(start, -MINUTE) }, []],
    ['is somebody else’s', { userId: 102 }, []],
  ])('is looked up where a task %s', (_, overrides, expected) => {
    expect(asked([task(1, overrides), task(2, { status: 'success' })], [paid, refund(100)])).toEqual(expected)
  })

  it.each<[string, number, number, readonly string[]]>([
    ['nothing, and all comes back', 0, 100, ['RF-1']],
    ['nothing, and a point less comes back', 0, 99, []],
    ['less, and as much comes back', 60, 60, ['RF-1']],
    ['less, and a point less than that comes back', 60, 59, []],
    ['more, and the charge comes back', 150, 100, ['RF-1']],
  ])('is looked up by what has to come back, where rows took %s', (_, took, back, expected) => {
    const rows = took === 0 ? [] : [entryRow(1, -took, { orderId: 'task-1' })]
    expect(asked([task(1)], [...rows, refund(back)])).toEqual(expected)
  })

  it.each([
    [100, 40],
    [40, 100],
  ])('is looked up where it comes to the least of what tasks were charged: %i, %i', (...charges) => {
    const tasks = charges.map((charge, index) => task(index + 1, { chargedPoints: points(charge) }))
    const rows = charges.map((charge, index) => entryRow(index + 3, -charge, { orderId: `task-${index + 1}` }))
    expect(asked(tasks, [...rows, refund(40)])).toEqual(['RF-1'])
    expect(asked(tasks, [...rows, refund(39)])).toEqual([])
  })

  it.each<[string, readonly LedgerEntry[], readonly string[]]>([
    ['comes to the charge', [refund(100)], ['RF-1']],
    ['comes to less', [refund(99)], []],
    ['comes to the charge with another', [refund(60), refund(40, { orderId: 'RF-2' })], ['RF-1', 'RF-2']],
    ['comes to it with one without an order', [refund(60), refund(40, { orderId: '' })], ['RF-1']],
    ['and that to a point less', [refund(60), refund(39, { orderId: '' })], []],
    ['comes to it with cash that came in', [refund(60), refund(40, { orderId: '', book: 'cash' })], ['RF-1']],
    ['and another takes something back', [refund(100), refund(-1, { orderId: 'RF-2' })], ['RF-1', 'RF-2']],
    ['is of right before the window', [refund(100, { at: later(start, -1) })], []],
    ['is of right after its start', [refund(100, { at: start })], ['RF-1']],
    ['is of the day after it', [refund(100, { at: later(end, DAY - 1) })], ['RF-1']],
    ['and the task got its own refund', [refund(100), refund(1, { orderId: 'task-1' })], []],
    [
      'and the task’s own was taken back',
      [refund(100), ...[1, -1].map((n) => refund(n, { orderId: 'task-1' }))],
      ['RF-1'],
    ],
  ])('is looked up where it %s', (_, rows, expected) => {
    expect(asked([task(1)], [paid, ...rows])).toEqual(expected)
  })

  it('is not looked up for tasks that a filter left out, nor where links do not count', () => {
    const tally = tallyOf([task(1), task(2)], [refund(100)], { selected: ({ rowId }) => rowId === 3 })
    expect(tally.unresolvedRefundIds()).toEqual([])
    expect(asked([task(1)], [refund(100)], 'total')).toEqual([])
    expect(tallyOf([task(1)], [refund(100)]).unresolvedOrderIds('order')).toEqual([])
    expect(tallyOf([task(1)], [refund(100)]).unresolvedOrderIds('total')).toEqual([])
  })

  it('is open before it is looked up, a refund without a task if it is none, and nothing of these tasks otherwise', () => {
    const unlinkedOf = (orders: readonly string[] | null, tasks: readonly string[] = []) => {
      const tally = closable(tallyOf([task(1)], [paid, refund(100), refund(-30, { orderId: 'RF-2' })]))
      if (orders !== null) tally.resolveOrders(new Set(orders), new Set(tasks))
      const user = tally.close('order').users.get(101)
      expect([user?.pointsRefunded, user?.pointsRecharged]).toEqual([0n, 0n])
      const unlinked = user?.unlinked
      return unlinked?.known === true && [unlinked.value.refundedPoints, unlinked.value.refundsOpenPoints]
    }
    const both = ['RF-1', 'RF-2']
    expect(unlinkedOf(null)).toEqual([0n, 100n])
    expect(unlinkedOf(['other'])).toEqual([0n, 100n])
    expect(unlinkedOf(['RF-2'])).toEqual([0n, 100n])
    expect(unlinkedOf(['RF-1'])).toEqual([100n, 0n])
    expect(unlinkedOf(both)).toEqual([70n, 0n])
    expect(unlinkedOf(both, ['RF-1'])).toEqual([0n, 0n])
    expect(unlinkedOf(both, ['RF-2'])).toEqual([100n, 0n])
  })
})

describe('refund rows with numbers of their own, in pieces', () => {
  const tasks = numbers(20).map((id) => paidTask(id, { ...(id > 16 && { status: 'failed' }) }))
  const entries = numbers(20).map((id) => pays(id))
  const numbered = (id: number, orderId: string, overrides: Partial<LedgerEntry> = {}) =>
    entryRow(50 + id, 100, { userId: 100 + id, orderId, kind: 'refund', ...overrides })

  it('are looked up after all other orders, and settled early or late alike', async () => {
    const rows = [
      ...[numbered(17, 'RF-17'), numbered(18, 'old'), numbered(19, 'task-1'), numbered(1, 'RF-1')],
      ...[numbered(20, 'pay-20', { kind: 'recharge', book: 'cash' }), numbered(20, 'RF-20')],
    ]
    const otherTasks = [paidTask(90, { taskId: 'old', createdAt: later(start, -90 * DAY) })]
    const { users, askedOf } = await inAnyPieces({ tasks, entries: [...entries, ...rows], otherTasks })
    const [first, ...others] = askedOf('tasksByEitherId').flat()
    expect([first, others.sort()]).toEqual(['pay-20', ['RF-17', 'RF-20', 'old', 'task-1']])
    const refunded = [117, 118, 119, 120].map((userId) => {
      const unlinked = new Map(users).get(userId)?.unlinked
      return unlinked?.known === true && [unlinked.value.refundedPoints, unlinked.value.refundsOpenPoints]
    })
    expect(refunded).toEqual([
      ...[
        [100n, 0n],
        [0n, 0n],
      ],
      ...[
        [0n, 0n],
        [100n, 0n],
      ],
    ])
  })

  it('are not asked about in mode total', async () => {
    const rows = [numbered(17, 'RF-17')]
    const { mode, askedOf } = await inAnyPieces({ tasks, entries: rows })
    expect([mode, askedOf('tasksByEitherId')]).toEqual(['total', []])
  })

  it('past 100,000 are left open, and push out no order of a payment', async () => {
    const shop = numbers(10).map((id) => entryRow(id, -1, { userId: 102, orderId: `shop-${id}` }))
    const many = numbers(LIMITS.lookupIdsTotal).map((id) =>
      numbered(1, `RF-${id}`, { rowId: 1000 + id, amountPoints: points(1) }),
    )
    const given = {
      tasks: [paidTask(1, { status: 'failed' }), paidTask(2)],
      entries: [...many, ...shop, pays(1, { at: later(start, -60 * DAY) })],
      plan: linking('order', planOf()),
    }
    for (const pieceRows of [1, 1_000_000]) {
      const { source, askedOf } = await settledLedgers({ ...given, pieceRows })
      const ids = askedOf('tasksByEitherId')[0] ?? []
      expect([ids.length, ids.slice(0, 10)]).toEqual([LIMITS.lookupIdsTotal, shop.map(({ orderId }) => orderId)])
      const user = new Map(toldOf(source).users).get(101)
      expect(user?.unlinked).toMatchObject({ value: { refundedPoints: 99_990n, refundsOpenPoints: 10n } })
    }
  })
})
