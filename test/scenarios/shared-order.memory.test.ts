import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

const X = requestIdOf(5000)
const RULES = ['A4', 'B7', 'B8', 'B9', 'B10'] as const
const failed = { status: 'failed', billed: false, cost: '0' } as const
const refund = { sourceType: 'refund', at: '2026-02-06 12:06:00' } as const

/** Tasks 41 and 42 of one user, of one request that their rows name. */
function twins(one: MiniTask = {}, other: MiniTask = {}, world = new MiniWorld().account(5)): MiniWorld {
  const each = { user: 101, requestId: X, paid: { orderId: X } }
  return withLinkedTasks(world)
    .task({ ...each, ...one })
    .task({ ...each, billed: false, cost: '0', ...other })
}

async function said(world: MiniWorld, options: WorldAudit = {}) {
  const report = await auditWorld(world.build(), { depth: 'requests', ...options })
  const row = report.ledger.rows.find(({ userId }) => userId === 101)
  for (const pieceRows of [1, 7]) {
    expect(await auditWorld(world.build(), { depth: 'requests', pieceRows, ...options })).toEqual(report)
  }
  return { ...saidOf(report, ...RULES), row }
}

describe('a refund of two tasks with one request id', () => {
  it.each([
    // Where neither is marked, whichever got it should be.
    [false, ['B8 taskId=task-41'], ['B7 userId=101', 'B9 userId=101']],
    [true, [], ['B8 userId=101', 'B9 userId=101']],
  ])('may be that of either (marked: %s)', async (refunded, findings, open) => {
    const world = () => twins({ ...failed, refunded })
    expect(await said(world().points(101, 100, { ...refund, orderId: X }))).toMatchObject({
      ...{ findings, open, row: { pointsRefunded: 100, differencePoints: 0, status: 'OK' } },
    })
    const long = { ...refund, orderId: X, at: '2026-05-01 00:00:00' }
    const now = world().instant('2026-06-01 00:00:00')
    expect(await said(world().points(101, 100, long), { now })).toMatchObject({
      ...{ findings, open, row: { pointsRefunded: 100 } },
    })
    expect(await said(world().cash(101, 100, { orderId: X, at: refund.at }))).toMatchObject({
      ...{ findings, open, row: { pointsRefunded: 0, cashRefunded: 100, cashRecharged: 0 } },
    })
    // Taken back again it is none.
    const back = world()
      .points(101, 100, { ...refund, orderId: X })
      .points(101, -100, { ...refund, orderId: X })
    expect(await said(back)).toMatchObject({ findings: [`${refunded ? 'B8' : 'B7'} taskId=task-41`], open: [] })
  })

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('is not that of a third task with an id of its own (marked: %s)', async (refunded, rule) => {
    const world = twins({ ...failed, refunded: true }).points(101, 100, { ...refund, orderId: X })
    world.task({ ...failed, refunded, user: 101 })
    const { findings, open } = await said(world)
    expect([findings, open]).toEqual([[`${rule} taskId=task-43`], ['B8 userId=101', 'B9 userId=101']])
  })
})

describe('rows that paid two tasks with one request id', () => {
  const early = '2026-02-05 23:59:59'
  const paid = (at: string, points = 100) => ({ paid: { orderId: X, at, points } })

  it.each([
    ['right before the window', early],
    ['within it', '2026-02-06 12:00:00'],
    ['long before it', '2026-01-01 12:00:00'],
    ['long after it', '2026-02-08 12:00:00'],
  ])('count whatever their time: %s', async (_, at) => {
    expect(await said(twins(paid(at), paid(at)))).toMatchObject({
      ...{ findings: [], open: [], row: { pointsConsumed: 200, differencePoints: 0, status: 'OK' } },
    })
    for (const [points, difference] of [
      [99, -1],
      [101, 1],
    ] as const) {
      expect(await said(twins(paid(at), paid(at, points)))).toMatchObject({
        ...{ findings: ['A4 userId=101'], open: ['B10 userId=101'] },
        row: { differencePoints: difference, status: 'DIFF' },
      })
    }
  })

  it('are not those of a third task, which has none, nor do they hide that its own took too much', async () => {
    const third = (task: MiniTask) => said(twins(paid(early), paid(early)).task({ user: 101, ...task }))
    expect(await third({ paid: false })).toMatchObject({
      ...{ findings: ['A4 userId=101', 'B10 taskId=task-43'], open: [] },
    })
    expect(await third({ paid: { points: 101 } })).toMatchObject({
      ...{ findings: ['A4 userId=101', 'B10 taskId=task-43'], open: [] },
    })
    expect(await third({})).toMatchObject({ findings: [], open: [] })
  })

  it('leave open what was paid where one of the tasks is of another day', async () => {
    const day = twins({ ...paid(early), at: early }, paid('2026-02-06 12:00:00'))
    expect(await said(day)).toMatchObject({ findings: [], open: ['A4 userId=101', 'B10 userId=101'] })
    day.task({ user: 101, paid: false }).task({ user: 101, paid: { points: 101 } })
    expect(await said(day)).toMatchObject({
      ...{ findings: ['B10 taskId=task-43', 'B10 taskId=task-44'], open: ['A4 userId=101', 'B10 userId=101'] },
    })
    // A row that names nothing may have paid the third.
    expect(await said(day.points(101, -100))).toMatchObject({ findings: ['B10 taskId=task-44'] })
  })

  it('leave open what was paid where one of the tasks is of an account that is not asked for', async () => {
    const world = twins({}, { account: 6 }, new MiniWorld().account(5).account(6))
    expect(await said(world, { ids: [5] })).toMatchObject({ findings: [], open: ['A4 userId=101', 'B10 userId=101'] })
  })
})
