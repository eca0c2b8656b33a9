import { describe, expect, it } from 'vitest'
import { partOfNumber } from '../../../src/spool/spool.ts'
import { DAY } from '../../../src/units/instant.ts'
import type { Points } from '../../../src/units/points.ts'
import { inAnyPieces } from '../../kit/any-pieces.ts'
import { at, later } from '../../kit/books.ts'
import { linking, numbers, paymentOf, pays, settledLedgers, paidTask as task } from '../../kit/ledger-spools.ts'
import { entryRow } from '../../kit/rows.ts'

const noon = at('2026-02-06 12:00:00')
const longAgo = later(noon, -60 * DAY)

describe('rows of another time', () => {
  const far = { at: longAgo }

  it('are not looked for where a sample of a hundred ids finds none', async () => {
    const tasks = numbers(80).map((id) => task(id))
    const { askedOf, mode } = await inAnyPieces({ tasks })
    const [sample = []] = askedOf('pointsByOrderIds')
    expect([askedOf('pointsByOrderIds').length, sample.length, new Set(sample).size]).toEqual([1, 100, 100])
    expect(askedOf('cashByOrderIds')).toEqual([sample])
    expect(mode).toBe('total')
  })

  it('are looked for, all of them, where the sample finds one, and they may settle the mode', async () => {
    const tasks = numbers(80).map((id) => task(id))
    const { askedOf, mode, linkedTasks, users } = await inAnyPieces({
      tasks,
      // Also those that the filters leave out: the mode is a question about all.
      selected: ({ rowId }) => rowId < 3,
      entries: numbers(72).map((id) => pays(id, id % 2 === 0 ? { ...far, book: 'cash' } : far)),
    })
    const ids = tasks.flatMap(({ taskId, requestId }) => [taskId, requestId])
    expect(askedOf('pointsByOrderIds').map((asked) => asked.length)).toEqual([100, 160])
    expect([...(askedOf('cashByOrderIds')[1] ?? [])].sort()).toEqual(ids.sort())
    expect([mode, linkedTasks]).toEqual(['order', 72])
    expect(paymentOf(users, 101)).toMatchObject({ value: { pointsConsumed: 100n, cashConsumed: 0n } })
    expect(paymentOf(users, 102)).toMatchObject({ value: { pointsConsumed: 0n, cashConsumed: 100n } })
  })

  it('with an amount that no number holds make the ledger one that was not read', async () => {
    const tasks = numbers(10).map((id) => task(id))
    const huge = pays(1, { ...far, amountPoints: -(2n ** 53n) as Points })
    const entries = [...numbers(10).flatMap((id) => (id === 1 ? [] : [pays(id)])), huge]
    const { mode, failures } = await inAnyPieces({ tasks, entries })
    expect([mode, failures.map(([book]) => book)]).toEqual([null, ['points']])
    expect(failures[0]?.[1]).toContain(`holds ${-(2n ** 53n)}`)
  })

  it('are asked for whose task may be one of another time, only of tasks whose rows come to too much', async () => {
    const tasks = numbers(40).map((id) => task(id))
    const entries = numbers(40).map((id) => pays(id))
    const again = entryRow(99, -100, { userId: 107, orderId: 'request-7' })
    const otherTasks = [task(50, { userId: 107, requestId: 'request-7', createdAt: later(noon, 30 * DAY) })]
    const set = { tasks, otherTasks, entries: [...entries, again] }
    const { askedOf, users, failures } = await inAnyPieces(set)
    expect([askedOf('tasksByEitherId'), failures]).toEqual([[['task-7', 'request-7']], []])
    expect(paymentOf(users, 107)).toMatchObject({ known: false, reason: { code: 'links-shared' } })
    expect((await inAnyPieces({ tasks, otherTasks, entries })).askedOf('tasksByEitherId')).toEqual([])
    const alone = await inAnyPieces({ tasks, entries: set.entries })
    expect(paymentOf(alone.users, 107)).toMatchObject({ value: { pointsConsumed: 200n } })
    // Nobody is accused of what could not be asked.
    const failed = await inAnyPieces({ ...set, failing: ['tasksByEitherId'] })
    expect([failed.mode, failed.failures.map(([book]) => book)]).toEqual([null, ['points', 'cash']])
    expect(paymentOf(failed.users, 107)).toMatchObject({ known: false })
  })

  it('are found by the sample though the first of all users never pays', async () => {
    const first = numbers(1000).find((userId) => partOfNumber(userId) === 0) ?? 0
    const others = numbers(2000).filter((id) => partOfNumber(100 + id) !== 0)
    const tasks = [...numbers(60).map((id) => task(9000 + id, { userId: first })), ...others.map((id) => task(id))]
    const { mode, askedOf } = await inAnyPieces({ tasks, entries: others.map((id) => pays(id, far)) })
    expect([mode, askedOf('pointsByOrderIds').map((ids) => ids.length)]).toEqual(['order', [100, tasks.length * 2]])
  })

  it('are looked for of the tasks that the filters leave, once the mode is settled', async () => {
    const tasks = numbers(20).map((id) => task(id))
    const entries = numbers(20).map((id) => pays(id))
    const { askedOf } = await inAnyPieces({ tasks, entries, selected: ({ rowId }) => rowId === 7 })
    expect(askedOf('pointsByOrderIds')).toEqual([['task-7', 'request-7']])
    const set = await inAnyPieces({ tasks, plan: linking('order'), selected: ({ rowId }) => rowId === 8 })
    expect(set.askedOf('cashByOrderIds')).toEqual([['task-8', 'request-8']])
    expect((await inAnyPieces({ tasks, entries, plan: linking('total') })).asked).toEqual([])
  })

  it('count once where they were streamed as well, and for their own user alone', async () => {
    const tasks = numbers(10).map((id) => task(id))
    const entries = [...numbers(10).map((id) => pays(id)), pays(1, { ...far, rowId: 11 })]
    entries.push(pays(1, { ...far, rowId: 12, userId: 102 }))
    const { entries: linked, users } = await inAnyPieces({ tasks, entries })
    expect(linked.slice(0, 2)).toEqual([
      [1, [1, 11]],
      [2, [2]],
    ])
    expect(paymentOf(users, 101)).toMatchObject({ value: { comparedPaidPoints: 200n } })
  })

  it('of orders that no task of the window bears: the table tells whether any other does', async () => {
    const tasks = numbers(20).map((id) => task(id))
    // The last two name requests of other users' tasks, which were read.
    const orders = ['old', 'of-request', 'nobody', 'x#request-5', 'request-6']
    const entries = [...numbers(18).map((id) => pays(id))]
    for (const [index, orderId] of orders.entries()) {
      entries.push(entryRow(50 + index, -(10 ** index), { userId: 119, orderId }))
    }
    const otherTasks = [
      task(90, { taskId: 'old', createdAt: longAgo, userId: 7 }),
      task(91, { requestId: 'of-request', createdAt: longAgo, userId: 119 }),
    ]
    const { askedOf, users } = await inAnyPieces({ tasks, entries, otherTasks })
    expect(askedOf('tasksByEitherId')).toEqual([orders])
    expect(paymentOf(users, 119)).toMatchObject({ value: { unlinkedPaidPoints: 100n } })
  })

  it('of orders that came in as cash are told apart in mode total, and consume rows are not asked about', async () => {
    const tasks = numbers(10).map((id) => task(id))
    const cash = (rowId: number, orderId: string, amount: number) =>
      entryRow(rowId, amount, { userId: 101, orderId, book: 'cash', kind: 'recharge' })
    const entries = [cash(1, 'old', 5), cash(2, 'top-up', 70), entryRow(3, -9, { userId: 101, orderId: 'nobody' })]
    const otherTasks = [task(90, { taskId: 'old', createdAt: longAgo, userId: 101 })]
    const { askedOf, users, mode } = await inAnyPieces({ tasks, entries, otherTasks })
    expect([mode, askedOf('tasksByEitherId')]).toEqual(['total', [['old', 'top-up']]])
    expect(users[0]?.[1]).toMatchObject({ cashRefunded: 5n, cashRecharged: 70n })
  })
})

describe('a look-up that fails', () => {
  const tasks = numbers(20).map((id) => task(id))
  const entries = [...numbers(18).map((id) => pays(id)), entryRow(99, -1, { userId: 119, orderId: 'nobody' })]

  it.each([
    ['pointsByOrderIds', ['points'], ['pointsByOrderIds']],
    ['cashByOrderIds', ['cash'], ['pointsByOrderIds', 'cashByOrderIds']],
    ['tasksByEitherId', ['points', 'cash'], ['pointsByOrderIds', 'cashByOrderIds', 'tasksByEitherId']],
  ] as const)('of %s leaves %j read in part, and accuses nobody', async (name, books, names) => {
    const { failures, mode, users, asked, linkedTasks } = await inAnyPieces({ tasks, entries, failing: [name] })
    expect(failures).toEqual(books.map((book) => [book, `RangeError: ${name} failed`]))
    expect([mode, linkedTasks, asked.map(([each]) => each)]).toEqual([null, 18, names])
    const reason = { code: 'ledger-unread', params: { book: [...books].sort().join(', ') } }
    for (const [, user] of users) expect(user).toMatchObject({ payment: { known: false, reason } })
  })

  it('of tasks is told of both ledgers, also where neither was asked before', async () => {
    const came = entryRow(98, 5, { userId: 101, orderId: 'nobody', book: 'cash', kind: 'recharge' })
    const set = { tasks, entries: [...entries, came], plan: linking('total'), failing: ['tasksByEitherId'] } as const
    expect((await inAnyPieces(set)).failures.map(([book]) => book)).toEqual(['points', 'cash'])
  })

  it('in the sample, before the mode is settled, does so as well', async () => {
    const { failures, mode, asked } = await inAnyPieces({ tasks, failing: ['cashByOrderIds'] })
    expect([failures.map(([book]) => book), mode, asked.length]).toEqual([['cash'], null, 2])
  })

  it('is what the caller makes of it', async () => {
    const { signal } = new AbortController()
    const fails = settledLedgers({ tasks, signal: AbortSignal.abort() })
    await expect(fails).rejects.toThrow('cancelled')
    await expect(settledLedgers({ tasks, signal })).resolves.toBeDefined()
  })
})
