import { describe, expect, it } from 'vitest'
import type { AuditRequest } from '../../../src/audit/plan.ts'
import { CellTally, isOfUsers, isShown } from '../../../src/audit/tasks/cell-tally.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { at, later, points, usd } from '../../kit/books.ts'
import { accountRow, taskOf } from '../../kit/evidence.ts'
import { planOf } from '../../kit/rows.ts'

const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')

interface Given {
  readonly request?: Partial<AuditRequest>
  readonly max?: number
}

/** The layer of tasks that come user by user, one piece a list. */
function layerOf(pieces: readonly (readonly TaskRow[])[], { request = {}, max }: Given = {}) {
  const tally = new CellTally(
    planOf(request),
    [5, 6, 9].map((id) => accountRow(id)),
    new Set([5, 6]),
    max,
  )
  for (const tasks of pieces) {
    const records = taskRecordsOf(tasks)
    for (let index = 0; index < records.count; index++) tally.add(records, index)
    tally.endUsers()
  }
  return tally.close()
}
const cellsOf = (pieces: readonly (readonly TaskRow[])[], given?: Given) =>
  layerOf(pieces, given).cells.map(({ accountId, userId, model, taskCount }) => [accountId, userId, model, taskCount])

/** A task of a user of its own that costs so many USD. */
const costing = (userId: number, cost: string, overrides: Partial<TaskRow> = {}) =>
  taskOf(5, userId, { userId, model: 'm', costNanoUsd: usd(cost), ...overrides })

describe('the tasks of layer 2', () => {
  it('are added up by account, user and model, in that order', () => {
    const tasks = [
      taskOf(6, 1, { userId: 7, model: 'b' }),
      taskOf(5, 2, { userId: 8, model: 'b', chargedPoints: points(30), costNanoUsd: usd('0.25') }),
      taskOf(5, 3, { userId: 8, model: 'b', chargedPoints: points(12), costNanoUsd: usd('0.5'), refunded: true }),
      taskOf(5, 4, { userId: 8, model: 'a' }),
      taskOf(5, 5, { userId: 7, model: 'b', apiKey: 'unknown' }),
      taskOf(5, 6, { userId: 7, model: 'c' }),
      taskOf(5, 7, { userId: 10, model: 'c' }),
    ]
    const { cells, totals, omitted } = layerOf([tasks])
    expect(cells.map(({ accountId, userId, model }) => [accountId, userId, model])).toEqual([
      ...[
        [5, 7, 'c'],
        [5, 8, 'a'],
        [5, 8, 'b'],
        [5, 10, 'c'],
      ],
      ...[
        [6, 7, 'b'],
        [null, 7, 'b'],
      ],
    ])
    expect(cells[2]).toMatchObject({
      ...{ accountId: 5, userId: 8, model: 'b', taskCount: 2, chargedPoints: 42n, costNanoUsd: usd('0.75') },
      ...{ refundCount: 1, refundedPoints: 12n },
    })
    expect(totals).toEqual({
      ...{ taskCount: 7, chargedPoints: 5042n, costNanoUsd: usd('5.75'), refundCount: 1, refundedPoints: 12n },
      ...{ untoldCharges: 0, untoldCosts: 0 },
    })
    expect(omitted).toBe(0)
  })

  it('are apart by account, user and model, each', () => {
    const own = { userId: 7, model: 'm' }
    const tasks = [taskOf(5, 1, own), taskOf(6, 2, own), taskOf(5, 3, { ...own, userId: 8 })]
    expect(cellsOf([[...tasks, taskOf(5, 4, { ...own, model: 'n' }), taskOf(6, 5, own)]])).toEqual([
      [5, 7, 'm', 1],
      [5, 7, 'n', 1],
      [5, 8, 'm', 1],
      [6, 7, 'm', 2],
    ])
  })

  it('are those of the window', () => {
    const times = [later(start, -1), start, later(end, -1), end]
    expect(cellsOf([times.map((createdAt, id) => taskOf(5, id, { createdAt, model: `m${id}` }))])).toEqual([
      [5, 101, 'm1', 1],
      [5, 101, 'm2', 1],
    ])
  })

  it('are those of the audited accounts and, without a filter by account, of keys in no account row', () => {
    const tasks = [taskOf(5, 1), taskOf(9, 2), taskOf(5, 3, { apiKey: 'unknown' })]
    expect(cellsOf([tasks]).map(([accountId]) => accountId)).toEqual([5, null])
    expect(cellsOf([tasks], { request: { ids: [5] } }).map(([accountId]) => accountId)).toEqual([5])
  })

  it('are those of the users who were asked for', () => {
    const tasks = [costing(1, '1'), costing(2, '1')]
    expect(cellsOf([tasks], { request: { userIds: [2] } }).map(([, userId]) => userId)).toEqual([2])
  })

  it('say which they are', () => {
    const [all, some] = [planOf(), planOf({ ids: [5], userIds: [1] })]
    const audited = new Set([5])
    expect([null, 5, 9].map((id) => isShown(all, audited, id))).toEqual([true, true, false])
    expect([null, 5, 9].map((id) => isShown(some, audited, id))).toEqual([false, true, false])
    expect([all, some].flatMap((plan) => [1, 2].map((userId) => isOfUsers(plan, userId)))).toEqual([
      ...[true, true],
      ...[true, false],
    ])
  })
})

describe('more cells than a report shows', () => {
  // Of user 4 and 5 both cost 4 USD: the smaller id is kept.
  const tasks = [costing(6, '9'), costing(5, '4'), costing(4, '4'), costing(3, '1'), costing(2, '7'), costing(1, '2')]
  const usersOf = (pieces: readonly (readonly TaskRow[])[], max: number) => {
    const { cells, totals, omitted } = layerOf(pieces, { max })
    return { users: cells.map(({ userId }) => userId), omitted, cost: totals.costNanoUsd, count: totals.taskCount }
  }
  const all = { cost: usd('27'), count: 6 }

  it.each([
    [6, [1, 2, 3, 4, 5, 6]],
    [5, [1, 2, 4, 5, 6]],
    [3, [2, 4, 6]],
    [2, [2, 6]],
    [1, [6]],
  ])('are cut down to the %d largest by cost, and the totals count all', (max, users) => {
    const expected = { users, omitted: 6 - max, ...all }
    expect(usersOf([tasks], max)).toEqual(expected)
    expect(
      usersOf(
        tasks.map((task) => [task]),
        max,
      ),
    ).toEqual(expected)
    expect(
      usersOf(
        [...tasks].reverse().map((task) => [task]),
        max,
      ),
    ).toEqual(expected)
    expect(usersOf([tasks.slice(0, 4), [], tasks.slice(4)], max)).toEqual(expected)
  })

  it('are compared by what a cell costs in all, not by its first task', () => {
    const small = [costing(1, '3'), costing(2, '1'), costing(2, '1', { rowId: 20 }), costing(2, '2', { rowId: 21 })]
    expect(usersOf([small.slice(0, 1), small.slice(1)], 1).users).toEqual([2])
  })

  it('are let go before all users have come, so that what is held does not grow', () => {
    const users = 10 * 3
    const pieces = Array.from({ length: users }, (_, index) => [costing(index + 1, String((index * 7) % 30))])
    const { users: kept, omitted } = usersOf(pieces, 3)
    expect([kept, omitted]).toEqual([largest(pieces.flat(), 3), users - 3])
  })

  it('are those past 50,000', () => {
    expect(LIMITS.reportTaskRows).toBe(50_000)
    const many = Array.from({ length: LIMITS.reportTaskRows + 1 }, (_, index) => costing(index + 1, '1'))
    expect(layerOf([many.slice(1)])).toMatchObject({ omitted: 0 })
    expect(layerOf([many])).toMatchObject({ omitted: 1 })
  })
})

const largest = (tasks: readonly TaskRow[], count: number): number[] =>
  [...tasks]
    .sort((a, b) => Number(b.costNanoUsd - a.costNanoUsd))
    .slice(0, count)
    .map(({ userId }) => userId)
    .sort((a, b) => a - b)
