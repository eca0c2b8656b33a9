import { describe, expect, it } from 'vitest'
import type { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

const at = '2026-02-06 12:05:00'
const ID = 'aaaaaaaa-0000-4000-8000-00000000abcd'

/** Tasks of users 102 and, last, of 101, each paid. User 199 has none. */
const two = () => withLinkedTasks().task({ user: 102 }).task({ user: 101, requestId: ID })

/** What B10 says of users whom it does not judge, and whom rules about payments accuse. */
async function said(world: MiniWorld, options: WorldAudit = {}) {
  const report = await auditWorld(world.build(), { depth: 'requests', lang: 'en', ...options })
  expect(saidOf(report, 'A4', 'B6', 'B8', 'B9', 'B10').findings).toEqual([])
  const checks = report.notEvaluated.filter(({ rule }) => rule === 'B10')
  return checks.map(({ subject: { userId }, reason }) => [
    userId,
    /took (?:\d+ points)?|name their tasks|not compared|depth/.exec(reason)?.[0],
    ...(/\(\d+, such as "[^"]+"\)/.exec(reason) ?? []),
  ])
}

describe.each([102, 199])('a row of user %i whose order is a task of somebody else', (userId) => {
  const row = (world: MiniWorld, points: number, options = {}) =>
    world.points(userId, points, { at, orderId: world.lastTaskId, ...options })

  it('is told of, and accuses nobody', async () => {
    const told = [userId, 'took 896 points', '(1, such as "task-42")']
    expect(await said(row(two(), -896))).toEqual([told])
    expect(await said(two().cash(userId, -896, { at, orderId: 'task-42' }))).toEqual([told])
  })

  it.each([ID, `https://queue.fal.run/fal-ai/veo3/requests/${ID}`])(
    'is told of by its request id %s',
    async (orderId) => {
      expect(await said(row(two(), -7, { orderId }))).toEqual([[userId, 'took 7 points', `(1, such as "${orderId}")`]])
    },
  )

  it('is none of it where another product has an order of that number', async () => {
    const told = [userId, 'took 7 points', `(1, such as "${ID}")`]
    const one = () => row(two(), -7, { orderId: ID })
    expect(await said(row(one(), -500, { orderId: 'shop/task-42' }))).toEqual([told])
    const back = { sourceType: 'refund', at: '2026-02-06 13:00:00' }
    expect(await said(row(one(), 7, { ...back, orderId: 'shop/task-42' }))).toEqual([told])
    expect(await said(row(one(), 7, { ...back, orderId: `fal-ai/veo3#${ID}` }))).toEqual([])
  })

  it('counts with the others, each order once', async () => {
    const more = row(row(two(), -896), -4, { orderId: 'task-1' })
    expect(await said(row(more, -100))).toEqual([[userId, 'took 1000 points', '(2, such as "task-1")']])
  })

  it('is settled once it was given back, to the point', async () => {
    const back = { sourceType: 'refund', at: '2026-02-06 13:00:00' }
    expect(await said(row(row(two(), -896), 896, back))).toEqual([])
    expect(await said(row(row(two(), -896), 895, back))).toEqual([[userId, 'took 1 points', '(1, such as "task-42")']])
    expect(await said(row(row(two(), -896), 896, { ...back, orderId: 'task-1' }))).toHaveLength(1)
  })

  it.each([
    ['in cash', { book: 'cash', at: '2026-02-06 13:00:00', orderId: 'task-42' }],
    ['in cash, the day after', { book: 'cash', at: '2026-02-07 13:00:00', orderId: 'task-42' }],
    ['later than rows are read', { book: 'points', at: '2026-02-08 23:00:00', orderId: 'task-42' }],
    ['by another id of the task', { book: 'points', at: '2026-02-06 13:00:00', orderId: ID }],
  ] as const)('is settled where it was given back %s', async (_, { book, ...back }) => {
    const given = (amount: number) => {
      const world = two().cash(userId, -896, { at, orderId: 'task-42' })
      return book === 'cash'
        ? world.cash(userId, amount, back)
        : world.points(userId, amount, { ...back, sourceType: 'refund' })
    }
    expect(await said(given(896))).toEqual([])
    expect(await said(given(895))).toEqual([[userId, 'took 1 points', '(1, such as "task-42")']])
  })

  it('is not settled by what the owner of the task got back, nor by what came before', async () => {
    const back = { sourceType: 'refund', at: '2026-02-06 13:00:00', orderId: 'task-42' }
    expect(await said(row(two(), -896).points(userId, 896, { ...back, at: '2026-02-05 23:59:59' }))).toHaveLength(1)
    const world = row(two(), -896).points(userId === 102 ? 199 : 102, 896, back)
    expect(await said(world)).toEqual([[userId, 'took 896 points', '(1, such as "task-42")']])
  })

  it('is of the window alone', async () => {
    for (const inside of ['2026-02-06 00:00:00', '2026-02-06 23:59:59']) {
      expect(await said(row(two(), -896, { at: inside }))).toHaveLength(1)
    }
    for (const outside of ['2026-02-05 23:59:59', '2026-02-07 00:00:00']) {
      expect(await said(row(two(), -896, { at: outside }))).toEqual([])
    }
  })

  it('of another product, or of a task that is none, is nothing', async () => {
    expect(await said(row(two(), -896, { orderId: 'shop-1' }))).toEqual([])
    expect(await said(row(two(), -896, { orderId: null }))).toEqual([])
    expect(await said(row(two(), 896))).toEqual([])
  })

  it('is said at depth requests, and where rows name their tasks: else it counts as paid', async () => {
    const world = row(two(), -896)
    expect(await said(world, { depth: 'summary' })).toEqual([[undefined, 'depth']])
    const total = await auditWorld(world.build(), { depth: 'requests', settings: { ledgerLink: 'total' } })
    expect(saidOf(total, 'A4', 'B10')).toEqual({
      findings: userId === 199 ? [] : ['A4 userId=102'],
      open: ['B10 userId=undefined'],
    })
  })

  it('is said of whom is asked for', async () => {
    expect(await said(row(two(), -896), { userIds: [userId] })).toHaveLength(1)
    expect(await said(row(two(), -896), { userIds: [101] })).toEqual([])
  })
})
