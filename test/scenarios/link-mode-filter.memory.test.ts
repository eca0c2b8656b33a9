import { describe, expect, it } from 'vitest'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'

const SHARED = requestIdOf(5000)

/**
 * User 102 pays nine of ten tasks by rows that name them, one of them by two rows, too much; user 101 by a row without an order,
 * of tomorrow. `bearer`: a task of yesterday bears the id of the task that was paid twice.
 */
function world(bearer: 'nobody' | 'user 102' | null) {
  const made = new MiniWorld().account(5)
  made.task({ user: 102, requestId: SHARED, points: 100, paid: { orderId: SHARED, points: 100 } })
  made.points(102, -100, { orderId: SHARED, sourceType: 'consume' })
  for (let each = 0; each < 8; each++) made.task({ user: 102 })
  made.task({ user: 101, points: 60, paid: false })
  if (bearer !== null)
    made.task({ user: 102, requestId: SHARED, at: '2026-02-05 12:00:00', billed: false, cost: '0', paid: false })
  const built = made.build()
  const tasks = built.tables.tasks.map((row, index) =>
    bearer === 'nobody' && index === 10 ? { ...row, userId: null as never } : row,
  )
  return { ...built, tables: { ...built.tables, tasks } }
}

describe('the link mode', () => {
  it.each([['nobody' as const], ['user 102' as const], [null]])(
    'is the same whoever was asked for, where %s has a task with an id that rows name',
    async (bearer) => {
      for (const depth of ['summary', 'requests'] as const)
        for (const userIds of [[], [101], [102]]) {
          const { settings } = await auditWorld(world(bearer), { depth, userIds })
          expect(settings).toMatchObject({ ledgerLink: 'order', ledgerLinkedRatio: '0.900' })
        }
    },
  )

  it('is told with a share on its own side of the threshold', async () => {
    const made = new MiniWorld().account(5)
    for (let each = 0; each < 1801; each++) made.task(each < 1620 ? {} : { paid: { orderId: null } })
    const { settings } = await auditWorld(made.build())
    expect(settings).toMatchObject({ ledgerLink: 'total', ledgerLinkedRatio: '0.8995' })
  })
})
