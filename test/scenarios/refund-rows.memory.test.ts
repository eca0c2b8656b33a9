import { describe, expect, it } from 'vitest'
import type { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

const requests = { depth: 'requests' } as const
const refund = { sourceType: 'refund', at: '2026-02-06 12:10:00' } as const
const failed = { user: 101, status: 'failed', billed: false, cost: '0' } as const

describe('a refund that was taken back', () => {
  /** Rows of one order after another. */
  const world = (task: Parameters<MiniWorld['task']>[0], ...rows: readonly number[]) => {
    const all = withLinkedTasks().task(task)
    for (const amount of rows) all.points(101, amount, { ...refund, orderId: all.lastTaskId })
    return auditWorld(all.build(), requests)
  }

  it.each([
    ['of a success', { user: 101 }, []],
    ['of a failure', failed, ['B7 taskId=task-41']],
    ['of a failure that is marked', { ...failed, refunded: true }, ['B8 taskId=task-41']],
  ])('%s is none, and so is a row of nothing', async (_, task, expected) => {
    for (const rows of [[100, -100], [0]]) {
      expect(saidOf(await world(task, ...rows), 'B7', 'B8', 'B9').findings).toEqual(expected)
    }
  })

  it('but for a point is a refund', async () => {
    expect(saidOf(await world({ user: 101 }, 100, -99), 'B7', 'B8', 'B9').findings).toEqual(['B8 taskId=task-41'])
    expect(saidOf(await world(failed, 100, -99), 'B7', 'B8', 'B9').findings).toEqual(['B8 taskId=task-41'])
    expect(saidOf(await world({ ...failed, refunded: true }, 100, -99), 'B7', 'B8', 'B9').findings).toEqual([])
  })
})
