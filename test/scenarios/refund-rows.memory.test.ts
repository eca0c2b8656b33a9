import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
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

describe('where only one account is asked for, so that nobody can say what the user paid', () => {
  const two = () => withLinkedTasks(new MiniWorld().account(5).account(6))
  /** Task 41 of account 5 and one of account 6, each paid by a row that names no task. */
  const unpaid = (task: Parameters<MiniWorld['task']>[0]) =>
    two()
      .task({ ...failed, ...task, paid: { orderId: null } })
      .task({ user: 101, account: 6, paid: { orderId: null } })
  const audited = (world: MiniWorld) => auditWorld(world.build(), { ...requests, ids: [5] })

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('a refund without an order leaves it open whose it is (marked: %s)', async (refunded, rule) => {
    const world = (amount: number) => unpaid({ refunded }).points(101, amount, refund)
    const report = await audited(world(100))
    expect(saidOf(report, 'A4').open).toEqual(['A4 userId=101'])
    expect(saidOf(report, 'B7', 'B8')).toEqual({ findings: [], open: [`${rule} userId=101`] })
    for (const other of [world(99), unpaid({ refunded })]) {
      expect(saidOf(await audited(other), 'B7', 'B8')).toEqual({ findings: [`${rule} taskId=task-41`], open: [] })
    }
  })

  it('a task that got more back than it paid is found, but where its payment may name no task', async () => {
    const over = (paid: { orderId?: null }) => {
      const world = two().task({ ...failed, refunded: true, paid })
      const orderId = world.lastTaskId
      world.task({ user: 101, account: 6, paid: { orderId: null } }).task({ user: 101, paid: false })
      return audited(world.points(101, 101, { ...refund, orderId }))
    }
    const linked = await over({})
    expect(saidOf(linked, 'A4').open).toEqual(['A4 userId=101'])
    expect(saidOf(linked, 'B9')).toEqual({ findings: ['B9 taskId=task-41'], open: [] })
    expect(saidOf(await over({ orderId: null }), 'B9')).toEqual({ findings: [], open: ['B9 userId=101'] })
  })
})
