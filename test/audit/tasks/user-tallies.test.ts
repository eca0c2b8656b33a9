import { describe, expect, it } from 'vitest'
import { UserTallies } from '../../../src/audit/tasks/user-tallies.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { chargesOf, date, usd } from '../../kit/books.ts'
import { taskRow } from '../../kit/rows.ts'

/** Small, large and beyond the ids that are looked up in an array; and what is hardly an id. */
const IDS = [7, 0, 1023, 1024, 2048, 2 ** 22 - 1, 2 ** 22, 2 ** 32 - 1, 2 ** 32, 2 ** 40, -1, 1.5]

describe('the users of an audit', () => {
  it('have one number each, whatever their ids, counted from 0', () => {
    const users = new UserTallies()
    const numbers = IDS.map((id) => users.numberOf(id))
    expect(numbers).toEqual(IDS.map((_, index) => index))
    expect([...IDS].reverse().map((id) => users.numberOf(id))).toEqual([...numbers].reverse())
  })

  it('are listed by id, with their own sums, where they have a task', () => {
    const users = new UserTallies()
    const day = users.newDay(date('2026-02-06'))
    for (const [index, id] of IDS.entries()) {
      const user = users.numberOf(id)
      day.add(user, index)
      if (index === 4) continue
      users.addTask(user, index)
      users.addTask(user, 2 ** 33)
    }
    const free = taskRecordsOf([
      taskRow({ taskId: 'task-2', costNanoUsd: usd('1') }),
      taskRow({ taskId: 'task-1', costNanoUsd: usd('2') }),
    ])
    for (const task of [0, 1]) users.addFree(2, free, task)
    const list = users.list()
    const byId = IDS.map((id, index) => [id, index] as const).filter(([, index]) => index !== 4)
    byId.sort(([a], [b]) => a - b)
    expect(list.map(({ userId, taskCount, chargedPoints }) => [userId, taskCount, chargedPoints])).toEqual(
      byId.map(([id, index]) => [id, 2, BigInt(index) + 2n ** 33n]),
    )
    expect(list.map(({ chargedByDate }) => [...chargesOf(chargedByDate)])).toEqual(
      byId.map(([, index]) => (index === 0 ? [] : [['2026-02-06', index]])),
    )
    const freeUsers = list.filter(({ freeCount }) => freeCount > 0)
    expect(
      freeUsers.map((user) => [user.userId, user.freeCount, user.freeCostNanoUsd, user.freeEvidence.view()]),
    ).toEqual([[1023, 2, usd('3'), { total: 2, ids: ['task-1', 'task-2'] }]])
    const none = list.find(({ userId }) => userId === 7)
    expect([none?.freeCostNanoUsd, none?.freeEvidence.view()]).toEqual([0n, { total: 0, ids: [] }])
  })
})
