import { describe, expect, it } from 'vitest'
import type { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

/** What is said of one user whose rows name orders that are no tasks, or none: each of them can be of one task alone. */
async function said(world: MiniWorld) {
  const report = await auditWorld(world.build(), { depth: 'requests' })
  expect(await auditWorld(world.build(), { depth: 'requests', pieceRows: 1 })).toEqual(report)
  const { findings, open } = saidOf(report, 'B7', 'B8', 'B9', 'B10')
  return { findings: findings.sort(), open }
}

const user = 101
const found = (rule: string, ...tasks: readonly number[]) => tasks.map((task) => `${rule} taskId=task-${task}`)
const failed = { user, status: 'failed', billed: false, cost: '0' } as const
const refund = { orderId: 'gpu-77', sourceType: 'refund', at: '2026-02-06 13:00:00' } as const

/** Tasks 41 to 45 failed at 11:01 to 11:05, and were charged 100 points each. */
function fiveFailed(refunded = false): MiniWorld {
  const world = withLinkedTasks()
  for (const minute of [1, 2, 3, 4, 5]) world.task({ ...failed, refunded, at: `2026-02-06 11:0${minute}:00` })
  return world
}

describe.each([
  [false, 'B7'],
  [true, 'B8'],
] as const)('five tasks that were not refunded (marked: %s)', (marked, rule) => {
  const open = [`${rule} userId=101`]

  it('and one refund of another product: four at least are not', async () => {
    expect(await said(fiveFailed(marked))).toEqual({ findings: found(rule, 41, 42, 43, 44, 45), open: [] })
    const one = fiveFailed(marked).points(user, -100, { orderId: 'gpu-77' }).points(user, 100, refund)
    expect(await said(one)).toEqual({ findings: found(rule, 41, 42, 43, 44), open })
    const between = fiveFailed(marked).points(user, 100, { ...refund, at: '2026-02-06 11:03:00' })
    expect(await said(between)).toEqual({ findings: found(rule, 41, 42, 44, 45), open })
  })

  it.each([
    [99, 5],
    [199, 4],
    [200, 3],
    [499, 1],
    [500, 0],
  ])('and a refund of %d points: %d', async (amount, count) => {
    expect((await said(fiveFailed(marked).points(user, amount, refund))).findings).toHaveLength(count)
  })

  it('and a refund of before they were made: none is', async () => {
    const early = fiveFailed(marked).points(user, 100, { ...refund, at: '2026-02-06 11:00:59' })
    expect(await said(early)).toEqual({ findings: found(rule, 41, 42, 43, 44, 45), open: [] })
  })

  it.each([
    ['2026-02-06 11:00:59', [41, 42, 43, 44, 45]],
    ['2026-02-06 11:01:00', [42, 43, 44, 45]],
    ['2026-02-06 13:00:00', [41, 42, 43, 44]],
  ])('and cash of one charge at %s', async (at, tasks) => {
    const { findings } = await said(fiveFailed(marked).cash(user, 100, { at, orderId: null }))
    expect(findings).toEqual(found(rule, ...tasks))
  })

  it('and each its refund with a number of its own: all may be', async () => {
    const all = fiveFailed(marked)
    for (const number of [1, 2, 3, 4, 5]) all.points(user, 100, { ...refund, orderId: `RF-${number}` })
    expect(await said(all)).toEqual({ findings: [], open })
    expect((await said(all.points(user, -1, { ...refund, orderId: 'RF-6' }))).findings).toHaveLength(1)
  })
})

describe('a task that is named, though what came in may be its refund', () => {
  const two = (refunded: boolean, ...charges: readonly number[]) => {
    const world = withLinkedTasks()
    for (const [index, points] of charges.entries())
      world.task({ ...failed, refunded, points, at: `2026-02-06 11:0${index}:00` })
    return world
  }
  const messagesOf = async (world: MiniWorld, lang: 'en' | 'zh' = 'en') => {
    const { findings } = await auditWorld(world.build(), { depth: 'requests', lang })
    return findings.filter(({ rule }) => rule === 'B7' || rule === 'B8').map(({ message }) => message)
  }

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('is not said to have none (marked: %s)', async (marked, rule) => {
    for (const orderId of [null, '0', 'gpu-77']) {
      const world = () => two(marked, 100, 100).points(user, 100, { ...refund, orderId })
      expect(await said(world())).toEqual({ findings: found(rule, 41), open: [`${rule} userId=101`] })
      const [message] = await messagesOf(world())
      expect(message).toContain('may be its refund or that of task-42, and does not reach all of them')
      expect(message).not.toMatch(/not refunded|for it/)
      const [chinese] = await messagesOf(world(), 'zh')
      expect(chinese).toContain('可能是该任务或 task-42 的退款，但不够全部退还')
      expect(chinese).not.toMatch(/，未退款|没有退给/)
    }
    const cash = two(marked, 100, 100).cash(user, 100, { at: refund.at, orderId: null })
    expect((await messagesOf(cash))[0]).toContain('may be its refund or that of task-42')
  })

  it('is said to have none where nothing that came in may be of it', async () => {
    for (const [charge, at] of [
      [101, refund.at],
      [100, '2026-02-06 11:00:30'],
    ] as const) {
      // The other one is made before the refund and of its amount.
      const world = two(false, 100, charge).points(user, 100, { ...refund, at })
      expect(await said(world)).toEqual({ findings: found('B7', 42), open: ['B7 userId=101'] })
      expect((await messagesOf(world))[0]).toMatch(/charged 10\d points, not refunded/)
    }
    expect((await messagesOf(two(true, 100, 100)))[0]).toContain('no ledger has a refund row of this user for it')
  })

  it('is one of as few as may be', async () => {
    const world = two(false, 100, 50, 50).points(user, 100, refund)
    expect(await said(world)).toEqual({ findings: found('B7', 41), open: ['B7 userId=101'] })
    expect((await messagesOf(world))[0]).toContain('may be its refund or that of task-42, task-43')
    const uneven = two(false, 100, 50, 60).points(user, 100, refund)
    expect(await said(uneven)).toEqual({ findings: found('B7', 42, 43), open: ['B7 userId=101'] })
  })
})

it('a task that is marked is refunded before one that is not', async () => {
  const world = withLinkedTasks()
    .task({ ...failed, refunded: true })
    .task(failed)
    .points(user, 100, refund)
  expect(await said(world)).toEqual({ findings: found('B7', 42), open: ['B8 userId=101'] })
  expect(await said(world.points(user, 100, { ...refund, orderId: '' }))).toEqual({
    ...{ findings: [], open: ['B7 userId=101', 'B8 userId=101'] },
  })
})

it('of very many refunds it is not kept when they came', async () => {
  const early = (count: number) => {
    const world = fiveFailed()
    for (let row = 0; row < count; row++) world.points(user, 1, { ...refund, at: '2026-02-06 01:00:00' })
    return world.points(user, 99, refund)
  }
  expect((await said(early(48))).findings).toHaveLength(5)
  expect((await said(early(49).points(user, 1, refund))).findings).toHaveLength(4)
})

describe('a row of another product that a user bought', () => {
  const free = { ...failed, points: 0, paid: false, refunded: true } as const

  it('cannot have paid more than it took: what was given back beyond it is too much', async () => {
    const over = (...shop: readonly number[]) => {
      const world = withLinkedTasks()
        .task(free)
        .points(user, 1000, { ...refund, orderId: 'task-41' })
      for (const [index, taken] of shop.entries()) world.points(user, -taken, { orderId: `shop-${index}` })
      return said(world)
    }
    for (const shop of [[], [1], [999], [499, 500]]) {
      expect(await over(...shop)).toEqual({ findings: found('B9', 41), open: [] })
    }
    for (const shop of [[1000], [500, 500], [1001]]) {
      expect(await over(...shop)).toEqual({ findings: [], open: ['B9 userId=101'] })
    }
  })

  it('cannot have paid two tasks with what it took once', async () => {
    const over = (...taken: readonly number[]) => {
      const world = withLinkedTasks()
      for (const task of [41, 42, 43]) {
        world.task(free).points(user, task === 43 ? 50 : 100, { ...refund, orderId: `task-${task}` })
      }
      for (const [index, each] of taken.entries()) world.points(user, -each, { orderId: `shop-${index}` })
      return said(world)
    }
    const open = ['B9 userId=101']
    expect(await over(49)).toEqual({ findings: found('B9', 41, 42, 43), open: [] })
    expect(await over(50)).toEqual({ findings: found('B9', 41, 42), open })
    // Of as many as it may have paid, those that come to most: what is found is the least that is certain.
    expect(await over(149)).toEqual({ findings: found('B9', 41, 43), open })
    expect(await over(100, 50)).toEqual({ findings: found('B9', 42), open })
    expect(await over(249)).toEqual({ findings: found('B9', 43), open })
    expect(await over(250)).toEqual({ findings: [], open })
  })

  it('cannot have paid a charge that is more than all of them', async () => {
    const unpaid = (...shop: readonly number[]) => {
      const world = withLinkedTasks().task({ user, paid: false }).task({ user, paid: false })
      for (const [index, taken] of shop.entries()) world.points(user, -taken, { orderId: `shop-${index}` })
      return said(world)
    }
    for (const shop of [[], [1], [99], [50, 49]]) {
      expect(await unpaid(...shop)).toEqual({ findings: found('B10', 41, 42), open: [] })
    }
    for (const shop of [[100], [50, 50], [199], [201]]) {
      expect(await unpaid(...shop)).toEqual({ findings: [], open: ['B10 userId=101'] })
    }
    expect(await unpaid(200)).toEqual({ findings: [], open: [] })
  })
})
