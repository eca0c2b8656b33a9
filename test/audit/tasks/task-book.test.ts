import { describe, expect, it } from 'vitest'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { HOUR, type Instant } from '../../../src/units/instant.ts'
import { AS_OF, at, chargesOf, date, later, points, usd } from '../../kit/books.ts'
import { tallyOf, task } from '../../kit/task-tally.ts'

const noon = at('2026-02-06 12:00:00')

describe('a task of the window', () => {
  const places = [
    task(1),
    task(2, { createdAt: at('2026-02-05 23:59:59') }),
    task(3, { createdAt: at('2026-02-07 00:00:00') }),
    task(4, { apiKey: 'key-9' }),
    task(5, { apiKey: 'unknown' }),
    task(6, { userId: 102, apiKey: 'KEY-6' }),
  ]

  it('is taken where the filters leave it', () => {
    expect(tallyOf(places).taken).toEqual([1, 4, 5, 6])
    expect(tallyOf(places, { ids: [5, 6] }).taken).toEqual([1, 6])
    expect(tallyOf(places, { userIds: [102] }).taken).toEqual([6])
  })

  it('counts in its cell, or outside', () => {
    const rows = [...places, task(7, { refunded: true, chargedPoints: points(30) }), task(8, { model: 'other' })]
    const { cells, outside, layerCostNanoUsd } = tallyOf(rows)
    const inShort = cells.map((cell) => [
      cell.accountId,
      cell.userId,
      cell.taskCount,
      cell.chargedPoints,
      cell.costNanoUsd,
    ])
    expect(inShort).toEqual([
      [5, 101, 2, 130n, usd('2')],
      [5, 101, 1, 100n, usd('1')],
      [6, 102, 1, 100n, usd('1')],
      [null, 101, 1, 100n, usd('1')],
    ])
    expect(cells.map(({ refundCount, refundedPoints }) => [refundCount, refundedPoints])).toEqual([
      [1, 30n],
      [0, 0n],
      [0, 0n],
      [0, 0n],
    ])
    expect(cells[1]?.model).toBe('other')
    expect(outside).toEqual({
      taskCount: 1,
      chargedPoints: 100n,
      costNanoUsd: usd('1'),
      untoldCharges: 0,
      untoldCosts: 0,
    })
    expect(layerCostNanoUsd).toBe(usd('5'))
  })

  it('has a cell for each account of one user and model', () => {
    const { cells } = tallyOf([task(1), task(2, { apiKey: 'key-6' }), task(3), task(4, { apiKey: 'unknown' })])
    expect(cells.map(({ accountId, userId, taskCount }) => [accountId, userId, taskCount])).toEqual([
      [5, 101, 2],
      [6, 101, 1],
      [null, 101, 1],
    ])
  })

  it('by a filter of accounts leaves unknown keys outside; by one of users the cost of the layer stays', () => {
    const byAccount = tallyOf(places, { ids: [5, 6] })
    expect([byAccount.outside.taskCount, byAccount.layerCostNanoUsd, byAccount.unknownKeys.size]).toEqual([
      2,
      usd('2'),
      0,
    ])
    const byUser = tallyOf(places, { userIds: [102] })
    expect([byUser.cells.length, byUser.outside.taskCount, byUser.layerCostNanoUsd]).toEqual([1, 0, usd('3')])
    expect(byUser.unknownKeys.size).toBe(0)
  })

  it('of a key that nobody has is counted under it', () => {
    const keys = [...tallyOf([...places, task(7, { apiKey: 'unknown', costNanoUsd: usd('4') })]).unknownKeys]
    expect(
      keys.map(([key, { taskCount, costNanoUsd, evidence }]) => [key, taskCount, costNanoUsd, evidence.view()]),
    ).toEqual([['unknown', 2, usd('5'), { total: 2, ids: ['task-5', 'task-7'] }]])
  })
})

describe('the record of an account', () => {
  const recordOf = (tasks: readonly TaskRow[], accountId = 5) => {
    const [record, ...more] = tallyOf(tasks).recordByAccount.get(accountId)?.values() ?? []
    expect(more).toEqual([])
    return record
  }
  const before = { createdAt: at('2026-02-05 23:00:00') }

  it('holds what is due, and what may have crossed an edge', () => {
    const record = recordOf([
      task(1),
      task(2, { refunded: true }),
      task(3, { createdAt: at('2026-02-06 23:30:00'), completedAt: at('2026-02-06 23:31:00'), costNanoUsd: usd('8') }),
      task(4, { ...before, completedAt: at('2026-02-05 23:30:00'), costNanoUsd: usd('16') }),
      task(5, { createdAt: at('2026-02-05 02:00:00'), completedAt: at('2026-02-05 03:00:00'), costNanoUsd: usd('32') }),
      task(6, { createdAt: at('2026-02-04 23:59:59'), completedAt: noon, costNanoUsd: usd('64') }),
    ])
    expect(record).toMatchObject({
      taskCount: 3,
      costNanoUsd: usd('10'),
      crossingOutNanoUsd: usd('8'),
      crossingInNanoUsd: usd('16'),
      due: {
        ...{ count: 2, costNanoUsd: usd('9'), chargedPoints: 200n, crossingCount: 1 },
        evidence: { total: 2, ids: ['task-1', 'task-3'] },
      },
    })
  })

  it('counts what still runs since a day before the window, to the millisecond', () => {
    const running = (createdAt: Instant) => {
      const { crossingInNanoUsd } = recordOf([task(1, { createdAt, completedAt: null, status: 'unfinished' })]) ?? {}
      return crossingInNanoUsd ?? null
    }
    const since = at('2026-02-05 00:00:00')
    expect([running(since), running(later(since, -1))]).toEqual([usd('1'), null])
  })

  it('is off by no more than the rounding of the tasks that count', () => {
    const rounding = (...tasks: readonly TaskRow[]) => recordOf(tasks)?.roundingNanoUsd ?? 0n
    const one = rounding(task(1))
    expect(one > 0n).toBe(true)
    expect(rounding(task(1), task(2))).toBe(2n * one)
    expect(rounding(task(4, { ...before, completedAt: at('2026-02-05 23:30:00') }))).toBe(one)
    expect(rounding(task(5, { createdAt: at('2026-02-05 02:00:00'), completedAt: at('2026-02-05 03:00:00') }))).toBe(0n)
  })

  it('is that of the model, whatever it is called, under the first of its names', () => {
    const names = ['fal-ai/b', 'B', 'fal-ai/B', 'short'].map((model, index) => task(index + 1, { model }))
    const records = tallyOf(names).recordByAccount.get(5)
    expect([...(records ?? [])].map(([name, { model, taskCount }]) => [name, model, taskCount])).toEqual([
      ['b', 'B', 3],
      ['short', 'short', 1],
    ])
  })

  it('is kept for every account that a task names, and for no unknown key', () => {
    const accounts = tallyOf([task(1), task(2, { apiKey: 'key-9' }), task(3, { apiKey: 'unknown' })], { userIds: [7] })
    expect([...accounts.recordByAccount.keys()]).toEqual([5, 9])
  })
})

describe('a user', () => {
  const day = (text: string, more: Partial<TaskRow> = {}) => task(1, { createdAt: at(`${text} 12:00:00`), ...more })

  it('is told with the days before, and not with those after', () => {
    const tasks = [
      day('2026-02-06'),
      day('2026-02-06', { chargedPoints: points(7) }),
      day('2026-01-20'),
      day('2026-01-20', { chargedPoints: points(5) }),
      day('2026-01-21', { chargedPoints: points(0) }),
      day('2026-02-07'),
      task(1, { createdAt: at('2026-02-07 00:00:00') }),
      day('2026-01-20', { userId: 103 }),
      day('2026-02-06', { userId: 100 }),
    ]
    const { users } = tallyOf(tasks)
    expect(users.map(({ userId, taskCount, chargedPoints }) => [userId, taskCount, chargedPoints])).toEqual([
      [100, 1, 100n],
      [101, 2, 107n],
    ])
    expect(chargesOf(users[1]?.chargedByDate ?? new Map())).toEqual(
      new Map([
        [date('2026-02-06'), 107],
        [date('2026-01-20'), 105],
      ]),
    )
  })

  it('has free tasks where they cost something and were not refunded', () => {
    const free = { chargedPoints: points(0) }
    const tasks = [
      task(1, free),
      task(2, { ...free, costNanoUsd: usd('0') }),
      task(3, { ...free, refunded: true }),
      task(4),
      task(5, { ...free, costNanoUsd: usd('2') }),
      task(6, { ...free, createdAt: later(noon, -48 * HOUR) }),
    ]
    const [user] = tallyOf(tasks).users
    expect([user?.freeCount, user?.freeCostNanoUsd, user?.freeEvidence.view()]).toEqual([
      2,
      usd('3'),
      { total: 2, ids: ['task-1', 'task-5'] },
    ])
  })
})

describe('a day', () => {
  it('holds what was charged, and of that what was refunded', () => {
    const second = { createdAt: at('2026-02-07 00:00:00') }
    const tasks = [
      task(1),
      task(2, { refunded: true, chargedPoints: points(30) }),
      task(3, second),
      task(4, { ...second, refunded: true }),
      task(5),
      task(6, { createdAt: at('2026-02-06 23:59:59'), refunded: true, chargedPoints: points(1) }),
      task(7, { createdAt: later(AS_OF, -30 * 24 * HOUR), refunded: true }),
    ]
    const days = [...tallyOf(tasks, { end: '2026-02-07' }).days].map(([each, { evidence, ...sums }]) => ({
      date: each,
      ...sums,
      evidence: evidence.view(),
    }))
    expect(days).toEqual([
      {
        ...{
          date: '2026-02-06',
          chargedPoints: 231n,
          refundedPoints: 31n,
          refundedCount: 2,
          untoldKept: 0,
          untoldRefunded: 0,
        },
        evidence: { total: 2, ids: ['task-2', 'task-6'] },
      },
      {
        ...{
          date: '2026-02-07',
          chargedPoints: 200n,
          refundedPoints: 100n,
          refundedCount: 1,
          untoldKept: 0,
          untoldRefunded: 0,
        },
        evidence: { total: 1, ids: ['task-4'] },
      },
    ])
  })
})
