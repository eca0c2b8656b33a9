import { describe, expect, it } from 'vitest'
import { requestIdOf } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

/** Two tasks of one request id, and rows that name it: which of the two a row pays is not known, and a second one is one too many. */
const user = 101
const shared = requestIdOf(41)

/** What rows took, or gave back, by what they name: each task was charged 40. */
async function said(rows: readonly (readonly [points: number, order: string])[], refunded = false) {
  const world = withLinkedTasks()
  for (const requestId of [shared, shared]) world.task({ user, points: 40, requestId, paid: false, refunded })
  for (const [points, orderId] of rows) {
    world.points(user, points, { orderId, sourceType: points < 0 ? 'consume' : 'refund' })
  }
  return saidOf(await auditWorld(world.build(), { depth: 'requests' }), 'B6')
}

describe('rows that name the id of two tasks', () => {
  it('and took too much together are not said to be there once each', async () => {
    const open = { findings: [], open: ['B6 userId=101'] }
    for (const orders of [
      [shared, shared, shared],
      [shared, shared, 'task-41'],
      [shared, 'task-41', 'task-42'],
    ]) {
      expect(await said(orders.map((order) => [-40, order]))).toEqual(open)
    }
    const paid = [
      [-40, 'task-41'],
      [-40, 'task-42'],
    ] as const
    expect(await said([...paid, [40, shared], [40, shared], [40, shared]], true)).toEqual(open)
  })

  it('and come to what both charged are', async () => {
    const fine = { findings: [], open: [] }
    expect(
      await said([
        [-40, shared],
        [-40, shared],
      ]),
    ).toEqual(fine)
    expect(
      await said([
        [-40, 'task-41'],
        [-40, shared],
      ]),
    ).toEqual(fine)
    expect(
      await said(
        [
          [-40, shared],
          [-40, shared],
          [40, shared],
          [40, shared],
        ],
        true,
      ),
    ).toEqual(fine)
  })
})
