import { describe, expect, it } from 'vitest'
import type { LedgerEntry } from '../../../src/ledger/reader.ts'
import { DAY } from '../../../src/units/instant.ts'
import { at, later } from '../../kit/books.ts'
import { linking, numbers, pays, settledLedgers, paidTask as task, toldOf } from '../../kit/ledger-spools.ts'
import { entryRow } from '../../kit/rows.ts'

/** So many that not every order is looked up. */
const TASKS = 50_001
const longAgo = later(at('2026-02-06 12:00:00'), -60 * DAY)

const tasks = numbers(TASKS).map((id) => task(id))
const paid = numbers(TASKS).map((id) => pays(id))
const cashIn = (rowId: number, orderId: string, amount: number, more: Partial<LedgerEntry> = {}) =>
  entryRow(900_000 + rowId, amount, { userId: 101, orderId, book: 'cash', kind: 'recharge', ...more })
/** By the order of a task of another time, of one of somebody else that was read, in another form, and of none. */
const cash = [
  cashIn(1, 'old', 5),
  cashIn(2, 'task-7', 11),
  cashIn(3, 'x#request-8', 13),
  cashIn(4, 'top-up', 70),
  cashIn(5, '', 100),
]
const otherTasks = [task(60_000, { taskId: 'old', createdAt: longAgo, userId: 7 })]

async function told(entries: readonly LedgerEntry[], ledgerLink: 'auto' | 'total' = 'auto') {
  const { source, askedOf, failures } = await settledLedgers({
    ...{ tasks, entries, otherTasks, plan: linking(ledgerLink), pieceRows: 40_000 },
  })
  const { mode, users } = toldOf(source)
  return { mode, user: new Map(users).get(101), asked: askedOf('tasksByEitherId'), failures }
}

describe('orders of cash that came in, beside very many tasks', () => {
  it('are looked up once, before it is known which no task bears', async () => {
    const { mode, user, asked, failures } = await told([...paid, ...cash])
    expect([mode, failures, asked]).toEqual(['order', [], [['old', 'task-7', 'x#request-8', 'top-up']]])
    // Refunds of tasks of other times or of somebody else are none of the user's own tasks.
    expect(user).toMatchObject({ cashRefunded: 0n, cashRecharged: 170n })
  })

  it('leave others to be looked up after them', async () => {
    const spent = entryRow(950_000, -9, { userId: 102, orderId: 'nobody' })
    const { asked, user } = await told([...paid.filter(({ userId }) => userId !== 102), ...cash, spent])
    expect(asked).toEqual([['old', 'task-7', 'x#request-8', 'top-up'], ['nobody']])
    expect(user).toMatchObject({ cashRefunded: 0n, cashRecharged: 170n })
  })

  it('mean the same in mode total, where nothing is looked up early', async () => {
    const { mode, user, asked } = await told([...paid, ...cash], 'total')
    expect([mode, asked.length]).toEqual(['total', 1])
    expect(user).toMatchObject({ cashRefunded: 29n, cashRecharged: 170n })
  })

  it.each([
    [50_000, 50_000],
    [50_001, 0],
  ])('%i of them: so many are looked up early', async (orders, early) => {
    const many = numbers(orders).map((order) => cashIn(order, `top-up-${order}`, 1))
    const { asked, user } = await told([...paid, ...many])
    expect([asked.length, asked[0]?.length]).toEqual([1, early === 0 ? orders : early])
    expect(user).toMatchObject({ cashRecharged: BigInt(orders) })
  })

  it('make no user one who is told of where the look-up fails', async () => {
    const failing = ['tasksByEitherId'] as const
    const { failures } = await settledLedgers({ tasks, entries: [...paid, ...cash], plan: linking('auto'), failing })
    expect(failures.map(([book]) => book)).toEqual(['points', 'cash'])
  })
})

describe('refunds that are looked up early, beside very many tasks', () => {
  it('count once where they name another task bare', async () => {
    const own = { userId: 101 } as const
    const given = [
      task(1, { ...own, taskId: 'A/1', status: 'failed', refunded: true }),
      task(2, { ...own, taskId: '1' }),
      ...tasks.slice(2),
    ]
    const refund = entryRow(900_000, 100, { ...own, orderId: 'A/1', kind: 'refund', at: longAgo })
    const entries = [pays(1, { orderId: 'A/1' }), ...paid.slice(2), refund]
    const { source, askedOf } = await settledLedgers({ tasks: given, entries, anyForm: true, pieceRows: 40_000 })
    expect(askedOf('pointsByOrderIds').map(({ length }) => length)).toEqual([2, 2])
    expect(new Map(toldOf(source).entries).get(1)).toEqual([1, 900_000])
  })
})
