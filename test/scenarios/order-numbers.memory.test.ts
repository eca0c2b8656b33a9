import { describe, expect, it } from 'vitest'
import type { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

const RULES = ['A4', 'B6', 'B7', 'B8', 'B9', 'B10'] as const
const late = '2026-02-08 20:00:00'
const said = async (world: MiniWorld) =>
  saidOf(await auditWorld(world.build(), { depth: 'requests', lang: 'en' }), ...RULES)
const NOTHING = { findings: [], open: [] }

describe('an order of another product that ends in the number of a task', () => {
  const paid = () => withLinkedTasks().task({ user: 101 })

  it.each(['shop/task-41', 'shop#task-41', 'https://pay.example/orders/task-41?x=1'])(
    'is no row of that task: %s',
    async (orderId) => {
      expect(await said(paid().points(101, -500, { orderId }))).toEqual(NOTHING)
      expect(await said(paid().points(101, -100, { orderId }))).toEqual(NOTHING)
      expect(await said(paid().cash(101, -500, { orderId, at: late }))).toEqual(NOTHING)
      for (const at of ['2026-02-06 12:30:00', late]) {
        expect(await said(paid().points(101, 50, { orderId, sourceType: 'refund', at }))).toEqual(NOTHING)
        expect(await said(paid().cash(101, 5000, { orderId, at }))).toEqual(NOTHING)
      }
    },
  )

  it('is so where the number itself is the order', async () => {
    const back = { orderId: 'task-41', sourceType: 'refund' }
    expect((await said(paid().points(101, 50, back))).findings).toEqual(['B8 taskId=task-41'])
    expect((await said(paid().points(101, -500, { orderId: 'task-41' }))).findings).toEqual([
      'A4 userId=101',
      'B10 taskId=task-41',
    ])
  })

  it('is what the user paid, and may be what a task without a row charged', async () => {
    const unpaid = withLinkedTasks().task({ user: 101, points: 500, paid: false }).task({ user: 101 })
    expect(await said(unpaid.points(101, -500, { orderId: 'shop/task-42' }))).toEqual(NOTHING)
    // The task of that number is asked for, since cash that came in names it.
    const old = { user: 101, points: 500, at: '2026-01-20 12:00:00', billed: false } as const
    const asked = withLinkedTasks().task({ user: 101, points: 500, paid: false }).task(old)
    asked.cash(101, 500, { orderId: 'task-42' }).points(101, -500, { orderId: 'shop/task-42' })
    expect(await said(asked)).toEqual(NOTHING)
  })

  it('is one of a request where that is what ends it, and of a UUID', async () => {
    const request = { user: 101, requestId: 'job-9', billed: { requestId: 'job-9' } }
    expect(await said(withLinkedTasks().task({ ...request, paid: { orderId: 'fal-ai/x#job-9' } }))).toEqual(NOTHING)
    const twins = withLinkedTasks()
      .task({ ...request, paid: false })
      .task({ ...request, paid: false, billed: false })
    twins.points(101, -200, { orderId: 'fal-ai/x#job-9' })
    expect(await said(twins)).toEqual(NOTHING)
  })
})
