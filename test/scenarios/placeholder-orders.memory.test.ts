import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

/** An order id that is a word for none is none: such a row links to nothing, and may be of any task, as one without an order. */

const R = { depth: 'requests' } as const
const failed = { user: 101, status: 'failed', billed: false, cost: '0' } as const
const refund = { sourceType: 'refund', at: '2026-02-06 12:10:00' } as const
const NONE = ['0', '-', 'null', 'NULL', ' None ', 'n/a', 'undefined', '  ', '', null] as const

/** Everything a report says, but for the ids of what was read. */
async function said(world: MiniWorld) {
  const { findings, notEvaluated, coverage, ledger } = await auditWorld(world.build(), R)
  return { findings, notEvaluated, coverage, rows: ledger.rows }
}

describe.each(NONE)('the order id %j', (orderId) => {
  it('is that of a row without an order: cash that came in with it may be the refund', async () => {
    const world = (order: string | null) =>
      withLinkedTasks().task(failed).cash(101, 100, { orderId: order, at: refund.at })
    expect(saidOf(await auditWorld(world(orderId).build(), R), 'B7')).toEqual({ findings: [], open: ['B7 userId=101'] })
    // A number of its own makes it a recharge.
    const recharged = await auditWorld(world('R-2026').build(), R)
    expect(saidOf(recharged, 'B7')).toEqual({ findings: ['B7 taskId=task-41'], open: [] })
  })

  it.each([
    ['what was paid', (o: string | null) => withLinkedTasks().task({ user: 101, paid: { orderId: o } })],
    ['too much', (o: string | null) => withLinkedTasks().task({ user: 101, paid: { orderId: o, points: 150 } })],
    [
      'a refund',
      (o: string | null) =>
        withLinkedTasks()
          .task(failed)
          .points(101, 100, { ...refund, orderId: o }),
    ],
    [
      'a late refund',
      (o: string | null) =>
        withLinkedTasks()
          .task(failed)
          .points(101, 100, { ...refund, orderId: o, at: '2026-02-08 12:00:00' }),
    ],
    [
      'late cash',
      (o: string | null) => withLinkedTasks().task(failed).cash(101, 100, { orderId: o, at: '2026-02-08 12:00:00' }),
    ],
    [
      'the same row twice',
      (o: string | null) => {
        const world = withLinkedTasks().task({ user: 101, paid: { orderId: o } })
        return world.points(101, -100, { orderId: o })
      },
    ],
    ['no known type', (o: string | null) => withLinkedTasks().points(101, 5, { orderId: o, sourceType: 'bonus' })],
    [
      'payments in total',
      (o: string | null) => {
        const world = new MiniWorld().account(5)
        for (let each = 0; each < 10; each++) world.task({ user: 101, paid: { orderId: o } })
        return world.points(101, 30, { ...refund, orderId: o }).cash(101, 70, { orderId: o })
      },
    ],
  ])('tells what none does: %s', async (_, world) => {
    expect(await said(world(orderId))).toEqual(await said(world(null)))
  })

  it('links no task that has it for an id', async () => {
    const world = (order: string | null) => {
      const built = withLinkedTasks()
        .task({ user: 101, paid: { orderId: order } })
        .points(101, -70, { orderId: order })
        .build()
      const tasks = built.tables.tasks.map((task) => (task.id === 41 ? { ...task, taskId: orderId ?? '' } : task))
      return { ...built, tables: { ...built.tables, tasks } }
    }
    const report = await auditWorld(world(orderId), R)
    expect([inShort(report), saidOf(report, 'A4', 'B10').open]).toEqual([[], ['A4 userId=101', 'B10 userId=101']])
    // A task's id that is none, and rows that bear another one.
    expect(saidOf(await auditWorld(world('task-41'), R), 'A4', 'B10').open).toEqual(['A4 userId=101', 'B10 userId=101'])
  })
})

it('an order that only looks like one is an order', async () => {
  for (const orderId of ['00', '0-', 'nullx', 'order#null', 'shop/0', 'N0NE', '无']) {
    const world = withLinkedTasks().task(failed).cash(101, 100, { orderId, at: refund.at })
    expect(saidOf(await auditWorld(world.build(), R), 'B7').findings).toEqual(['B7 taskId=task-41'])
  }
})
