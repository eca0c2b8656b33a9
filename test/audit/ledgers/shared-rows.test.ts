import { describe, expect, it } from 'vitest'
import type { LedgerEntry, TaskRow } from '../../../src/ledger/reader.ts'
import { DAY, MINUTE } from '../../../src/units/instant.ts'
import { inAnyPieces } from '../../kit/any-pieces.ts'
import { at, later, points } from '../../kit/books.ts'
import { closable, linking, tallyOf, toldOfUser } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')
const ID = 'aaaaaaaa-0000-4000-8000-000000000001'

/** A task charged 100 points that bears the same request id as others. */
const task = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({ rowId, taskId: `task-${rowId}`, requestId: ID, chargedPoints: points(100), ...overrides })
const own = (rowId: number, overrides: Partial<TaskRow> = {}) => task(rowId, { requestId: '', ...overrides })
const twins = [task(1), task(2)]
const entry = (amount: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry =>
  entryRow(1, amount, { orderId: ID, ...overrides })
const refund = { kind: 'refund' } as const

interface Given {
  readonly tasks?: readonly TaskRow[]
  readonly rows: readonly LedgerEntry[]
  /** Rows that are looked up by their order. */
  readonly lookedUp?: readonly LedgerEntry[]
  readonly selected?: (task: TaskRow) => boolean
  readonly mode?: 'order' | 'total'
}

function toldOf({ tasks = twins, rows, lookedUp = [], mode = 'order', ...given }: Given) {
  const tally = tallyOf(tasks, rows, given)
  for (const each of lookedUp) tally.addLookedUp(each)
  const piece = closable(tally).close(mode)
  const user = piece.users.get(101)
  if (user === undefined) throw new RangeError('no such user')
  const { payment, unlinked, ...sums } = toldOfUser(user)
  const shared = new Map(piece.taskEntries().map((each) => [each.task.rowId, each.shared]))
  return { payment: payment.known ? payment.value : payment.reason.code, unlinked, ...sums, shared, piece }
}

describe('a row that names an id which several tasks of a user bear', () => {
  it.each([
    ['of the window', start],
    ['of right before it', later(start, -MINUTE)],
    ['of right after it', later(end, MINUTE)],
    ['of a day after it', later(end, DAY - MINUTE)],
  ])('counts once, whatever its time: %s', (_, time) => {
    const { payment, unlinked, shared } = toldOf({ rows: [entry(-100, { at: time }), entry(-100, { at: time })] })
    expect(payment).toMatchObject({
      ...{ comparedChargedPoints: 0n, comparedPaidPoints: 0n, unlinkedChargedPoints: 200n, unlinkedPaidPoints: 200n },
      ...{ pointsConsumed: 200n, cashConsumed: 0n },
    })
    expect(unlinked).toMatchObject({ value: { paidPoints: 0n, nearbyPoints: 0n } })
    const sums = { paidPoints: 200n, refundedPoints: 0n }
    const group = { ...sums, firstRowId: 1, taskCount: 2, refundRows: { total: 0, ids: [] } }
    expect([...shared]).toEqual([1, 2].map((id) => [id, { ...sums, addsUp: true, group }]))
  })

  it('counts where it was looked up, in whatever form it names the id', () => {
    const longAgo = later(start, -60 * DAY)
    const forms = [ID, `fal-ai/veo3#${ID}`, ID.toUpperCase()].map((orderId) => entry(-50, { orderId, at: longAgo }))
    const cash = entry(-50, { at: longAgo, book: 'cash' })
    const { payment, shared } = toldOf({ rows: [], lookedUp: [...forms, cash] })
    expect(payment).toMatchObject({ unlinkedPaidPoints: 200n, pointsConsumed: 150n, cashConsumed: 50n })
    expect(shared.get(1)).toMatchObject({ paidPoints: 200n, addsUp: true })
    const streamed = toldOf({ rows: forms.map((row) => ({ ...row, at: start })), lookedUp: [entry(-9, { at: start })] })
    expect(streamed.shared.get(2)).toMatchObject({ paidPoints: 150n, addsUp: false })
  })

  it('pays what the tasks’ own rows left, and shows what was taken beyond', () => {
    const part = entry(-60, { orderId: 'task-1' })
    const compared = (...rows: readonly LedgerEntry[]) => {
      const { payment } = toldOf({ rows })
      if (typeof payment === 'string') return payment
      const { comparedChargedPoints, comparedPaidPoints, unlinkedChargedPoints, unlinkedPaidPoints } = payment
      return [comparedChargedPoints, comparedPaidPoints, unlinkedChargedPoints, unlinkedPaidPoints]
    }
    expect(compared(part, entry(-140))).toEqual([100n, 100n, 100n, 100n])
    expect(compared(part, entry(-139))).toEqual([100n, 99n, 100n, 100n])
    expect(compared(part, entry(-100, { orderId: 'task-2' }), entry(-40))).toEqual([200n, 200n, 0n, 0n])
    expect(compared(entry(-201))).toEqual([0n, 1n, 200n, 200n])
    const third = (...rows: readonly LedgerEntry[]) => {
      const { payment } = toldOf({ tasks: [...twins, own(3)], rows })
      return typeof payment === 'object' && [payment.comparedPaidPoints, payment.unlinkedPaidPoints]
    }
    expect(third(entry(-300))).toEqual([100n, 200n])
    expect(third(entry(-300), entry(-100, { orderId: '' }))).toEqual([100n, 300n])
    // A row without an order may pay the other of them; more than that may be anything.
    expect(compared(entry(-100), entry(-100, { orderId: '' }))).toEqual([0n, 0n, 200n, 200n])
    expect(compared(entry(-200), entry(-100, { orderId: '' }))).toEqual([0n, 0n, 200n, 300n])
  })

  it('gives back to the user, of any time', () => {
    const rows = [
      entry(30, { ...refund, at: later(start, -MINUTE) }),
      entry(20, { kind: 'recharge', book: 'cash', at: later(end, MINUTE) }),
      entry(-5, refund),
      entry(1000, { kind: 'recharge' }),
    ]
    const lookedUp = [entry(7, { ...refund, at: later(end, 9 * DAY) })]
    const { pointsRefunded, cashRefunded, shared, unlinked } = toldOf({ rows, lookedUp })
    expect([pointsRefunded, cashRefunded]).toEqual([32n, 20n])
    expect(shared.get(1)).toMatchObject({ paidPoints: 0n, refundedPoints: 52n, addsUp: false })
    expect(shared.get(2)?.group).toMatchObject({ refundedPoints: 52n, refundRows: { total: 4 } })
    expect(unlinked).toMatchObject({ value: { refundedPoints: 0n } })
  })

  it('is no other task’s', () => {
    const { shared, piece, unpaid } = toldOf({ tasks: [...twins, own(3)], rows: [entry(-200), entry(9, refund)] })
    expect(shared.get(3)).toBeUndefined()
    expect(piece.taskEntries().map((each) => 'shared' in each)).toEqual([true, true, false])
    expect(unpaid.ids).toEqual(['task-3'])
  })

  it('keeps tasks that own rows pay among those that are looked at', () => {
    const rows = [entry(-100, { orderId: 'task-1' }), entry(-100, { orderId: 'task-2' })]
    expect(toldOf({ rows }).piece.settledTasks).toBe(2)
    const { piece } = toldOf({ rows: [...rows, entry(9, refund)] })
    expect([piece.settledTasks, piece.openEntries().length]).toEqual([0, 2])
  })

  it('has all of them looked up among very many tasks, though each is paid', () => {
    const many = Array.from({ length: 50_000 }, (_, index) => own(index + 10, { chargedPoints: points(0) }))
    const paid = [1, 2].map((id) => entry(-100, { orderId: `task-${id}` }))
    const open = (rows: readonly LedgerEntry[]) => tallyOf([...twins, ...many], rows).openOrderIds('selected')
    expect(open(paid)).toEqual([])
    expect(open([...paid, entry(1, refund)])).toEqual(['task-1', ID, 'task-2', ID])
  })

  it('may name both ids of a task, each shared with another', () => {
    const tasks = [task(1), task(2, { requestId: 'task-1' }), task(3)]
    const { shared, payment } = toldOf({ tasks, rows: [entry(-200), entry(-101, { orderId: 'task-1' })] })
    expect(payment).toMatchObject({ comparedPaidPoints: 1n, unlinkedChargedPoints: 300n, unlinkedPaidPoints: 300n })
    expect([1, 2, 3].map((id) => shared.get(id)?.paidPoints)).toEqual([301n, 101n, 200n])
    // All three are bound together, and each row counts once.
    const all = { firstRowId: 1, taskCount: 3, paidPoints: 301n }
    for (const id of [1, 2, 3]) expect(shared.get(id)?.group).toMatchObject(all)
  })

  it('are told with all rows that came, and with the ids of those that gave back', () => {
    const tasks = [task(4), task(2), own(3)]
    const rows = [entry(9, { ...refund, rowId: 7 }), entry(5, { book: 'cash', kind: 'recharge', rowId: 8 })]
    const { shared } = toldOf({ tasks, rows, lookedUp: [entry(1, { ...refund, rowId: 6, at: later(end, 9 * DAY) })] })
    const refundRows = { total: 3, ids: ['cash:8', 'points:6', 'points:7'] }
    const group = { firstRowId: 2, taskCount: 2, paidPoints: 0n, refundedPoints: 15n, refundRows }
    expect([2, 3, 4].map((id) => shared.get(id)?.group)).toEqual([group, undefined, group])
  })
})

describe('where not all of the tasks are of the window, or the filters leave some out', () => {
  const yesterday = task(2, { createdAt: later(start, -MINUTE) })
  const cases: [string, Pick<Given, 'tasks' | 'selected'>][] = [
    ['one is of another time', { tasks: [task(1), yesterday, own(3)] }],
    ['one was left out', { tasks: [...twins, own(3)], selected: ({ rowId }) => rowId !== 2 }],
  ]

  it.each(cases)('nobody can tell whose their rows are: %s', (_, given) => {
    const took = toldOf({ ...given, rows: [entry(-100), entry(-100, { orderId: 'task-3' })] })
    expect(took).toMatchObject({ payment: 'links-shared', pointsRefunded: 0n, cashRefunded: 0n })
    expect(took.shared.get(1)).toEqual({ paidPoints: 100n, refundedPoints: 0n, addsUp: false })
    const gave = toldOf({ ...given, rows: [entry(100, refund)] })
    expect(gave).toMatchObject({ payment: { mode: 'order' }, pointsRefunded: null, cashRefunded: 0n })
    const cash = toldOf({ ...given, rows: [entry(100, { book: 'cash', kind: 'recharge' })] })
    expect(cash).toMatchObject({ pointsRefunded: 0n, cashRefunded: null, cashRecharged: 0n })
  })

  it('is known in mode total, which goes by time', () => {
    const rows = [entry(-100), entry(30, refund)]
    expect(toldOf({ tasks: [task(1), yesterday], rows, mode: 'total' })).toMatchObject({
      ...{ payment: { comparedChargedPoints: 100n, comparedPaidPoints: 100n }, pointsRefunded: 30n },
    })
  })

  it('is no matter where none of them is told of', () => {
    const others = [yesterday, task(4, { createdAt: later(start, -MINUTE) }), own(3)]
    const { payment, pointsRefunded } = toldOf({ tasks: others, rows: [entry(-100), entry(9, refund)] })
    expect([payment, pointsRefunded]).toMatchObject([{ unlinkedPaidPoints: 0n, pointsConsumed: 0n }, 0n])
  })
})

describe('ledgers in pieces', () => {
  it('say the same of ids that several tasks share, as do rows that were looked up', async () => {
    const far = { at: later(start, -60 * DAY) }
    const tasks = Array.from({ length: 12 }, (_, user) => [
      task(2 * user + 1, { userId: 101 + user }),
      task(2 * user + 2, { userId: 101 + user }),
    ]).flat()
    const entries = tasks.map(({ rowId, userId }) =>
      entryRow(rowId, -100, { userId, orderId: ID, ...(userId > 106 && far) }),
    )
    entries.push(entryRow(90, 100, { userId: 101, orderId: ID, kind: 'refund', ...far }))
    const { users, askedOf } = await inAnyPieces({ tasks, entries, plan: linking('order', planOf()) })
    for (const [, { payment }] of users) {
      expect(payment).toMatchObject({ value: { unlinkedChargedPoints: 200n, unlinkedPaidPoints: 200n } })
    }
    expect(users[0]?.[1]).toMatchObject({ pointsRefunded: 100n })
    expect(askedOf('pointsByOrderIds')[0]).toContain(ID)
  })
})
