import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

/** Two tasks of one user bear one id: whose a refund is nobody can tell, but what it comes to. */

const X = requestIdOf(5000)
const refund = { sourceType: 'refund', at: '2026-02-06 12:10:00', orderId: X } as const
const RULES = ['A4', 'B7', 'B8', 'B9', 'B10'] as const

/** Tasks 41 and 42 of 100 points each, both marked, which rows paid that name the id of both. */
function twins(one: MiniTask = {}, other: MiniTask = {}, world = new MiniWorld().account(5)): MiniWorld {
  const each = { user: 101, requestId: X, refunded: true, billed: false, cost: '0', paid: { orderId: X } } as const
  return withLinkedTasks(world)
    .task({ ...each, ...one })
    .task({ ...each, ...other })
}

async function audited(world: MiniWorld, options: WorldAudit = {}) {
  const report = await auditWorld(world.build(), { depth: 'requests', ...options })
  for (const pieceRows of [1, 7]) {
    expect(await auditWorld(world.build(), { depth: 'requests', pieceRows, ...options })).toEqual(report)
  }
  return report
}
const said = async (...given: Parameters<typeof audited>) => saidOf(await audited(...given), ...RULES)

describe('what came back for two tasks of one id', () => {
  it.each([null, 'RF-1'])('may be what rows took, less than was charged (order %s)', async (orderId) => {
    const paid = { points: 60, orderId: X }
    const of = (amount: number) => said(twins({ paid }, { paid }).points(101, amount, { ...refund, orderId }))
    // Of one of the two.
    expect(await of(60)).toEqual({
      findings: ['B8 taskId=task-41', 'A4 userId=101'],
      open: ['B10 userId=101', 'B8 userId=101'],
    })
    expect((await of(59)).open).toEqual(['B10 userId=101'])
  })

  it.each([
    [199, [], ['B8 userId=101', 'B9 userId=101']],
    [200, [], ['B8 userId=101', 'B9 userId=101']],
    [201, ['B9 taskId=task-41'], ['B8 userId=101']],
  ])('%d of 200: is too much where no task could have got it', async (points, findings, open) => {
    expect(await said(twins().points(101, points, refund))).toEqual({ findings, open })
    const split = twins()
      .points(101, points - 100, refund)
      .cash(101, 100, { orderId: X, at: '2026-05-01 00:00:00' })
    expect(await said(split, { now: twins().instant('2026-06-01 00:00:00') })).toEqual({ findings, open })
  })

  it('is told with all rows and both tasks, in words, and once', async () => {
    const world = () => twins().points(101, 150, refund).points(101, 51, refund)
    const { findings, summary } = await audited(world())
    const [finding, ...others] = findings.filter(({ rule }) => rule === 'B9')
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      ...{ subject: { taskId: 'task-41', requestId: X }, expected: '200', actual: '201', difference: '1', count: 2 },
      ...{ severity: 'HIGH', evidence: { total: 2 }, context: { userId: 101 } },
    })
    expect(finding?.message).toContain('refunded 201 points in 2 rows, paid only 200 points, 1 point')
    expect(finding?.message).toContain('together with task-42, as they share an id')
    expect(summary.byRule.B9).toBe(1)
    const zh = await audited(world(), { lang: 'zh' })
    expect(zh.findings.find(({ rule }) => rule === 'B9')?.message).toContain('与同编号任务 task-42 合计')
  })

  it('counts rows of their own, and those of a third task are none of it', async () => {
    const paidAlone = { paid: {} }
    const world = (points: number) => twins(paidAlone, paidAlone).points(101, points, refund)
    expect((await said(world(201))).findings).toEqual(['B9 taskId=task-41'])
    expect((await said(world(200))).findings).toEqual([])
    const third = world(200).task({ user: 101, refunded: true, billed: false, cost: '0' })
    expect((await said(third.points(101, 100, { ...refund, orderId: 'task-43' }))).findings).toEqual([])
  })

  it('may be that of a task of another day, or of an account that is not asked for', async () => {
    const day = twins({ at: '2026-02-05 23:59:59' }).points(101, 201, refund)
    expect((await said(day)).findings.filter((text) => text.startsWith('B'))).toEqual([])
    const other = twins({}, { account: 6 }, new MiniWorld().account(5).account(6)).points(101, 201, refund)
    const { findings, open } = await said(other, { ids: [5] })
    expect(findings).toEqual([])
    expect(open).toContain('B9 userId=101')
  })

  it('is unmarked where none of them is marked', async () => {
    const none = { refunded: false, billed: {}, cost: '0.05' } as const
    const other = { refunded: false } as const
    expect(await said(twins(none, other).points(101, 100, refund))).toEqual({
      ...{ findings: ['B8 taskId=task-41'], open: ['B9 userId=101'] },
    })
    expect((await said(twins(none, other))).findings).toEqual([])
    expect((await said(twins({}, other).points(101, 100, refund))).findings).toEqual([])
    const [finding] = (await audited(twins(none, other).points(101, 100, refund))).findings
    expect(finding).toMatchObject({ rule: 'B8', expected: '0', actual: '100', evidence: { total: 1 } })
    expect(finding?.message).toContain('together with task-42')
  })

  it('is no more than nothing where it was taken back: then both lack theirs', async () => {
    const world = (left: number) =>
      twins()
        .points(101, 50, { ...refund, orderId: 'task-41' })
        .points(101, 50, { ...refund, orderId: 'task-42' })
        .points(101, left - 100, refund)
    expect(await said(world(0))).toEqual({ findings: ['B8 taskId=task-41'], open: ['B9 userId=101'] })
    expect((await said(world(1))).findings).toEqual([])
    const [finding] = (await audited(world(0))).findings
    expect(finding).toMatchObject({ expected: '200', actual: '0', evidence: { ids: ['task-41', 'task-42'] } })
    expect(finding?.message).toContain('together with task-42')
  })
})

describe('cash without an order that came in for two tasks of one id', () => {
  const at = '2026-02-06 13:00:00'
  const taken = { at, orderId: X } as const
  const said = async (world: MiniWorld) => saidOf(await audited(world), 'B7', 'B8')

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('may give back all that rows took twice for them, to the cent (marked: %s)', async (refunded, rule) => {
    const one = { refunded, status: 'failed', points: 300 } as const
    const worlds = [
      (cents: number) =>
        twins(one, { ...one, points: 100 })
          .cash(101, -400, taken)
          .cash(101, cents, { at }),
      (cents: number) =>
        twins({ ...one, paid: {} }, { ...one, points: 100 })
          .cash(101, -400, taken)
          .cash(101, cents, { at }),
    ]
    for (const twice of worlds) {
      expect(await said(twice(800))).toEqual({ findings: [], open: [`${rule} userId=101`] })
      for (const cents of [799, 801])
        expect((await said(twice(cents))).findings.sort()).toEqual([`${rule} taskId=task-41`, `${rule} taskId=task-42`])
      // Of one of them alone all that was taken twice.
      expect(await said(twice(200))).toEqual({ findings: [`${rule} taskId=task-41`], open: [`${rule} userId=101`] })
    }
  })

  it('may give back what rows took twice for the one that failed', async () => {
    const failed = { refunded: false, status: 'failed' } as const
    const done = { refunded: false, billed: { requestId: X }, cost: '0.05' } as const
    const twice = (cents: number) => twins(failed, done).cash(101, -200, taken).cash(101, cents, { at })
    expect(await said(twice(200))).toEqual({ findings: [], open: ['B7 userId=101'] })
    for (const cents of [199, 201])
      expect(await said(twice(cents))).toEqual({ findings: ['B7 taskId=task-41'], open: [] })
  })

  it('may give back all that rows took of them where that is less than their charges, or the charges', async () => {
    const failed = { refunded: false, status: 'failed', points: 300, paid: false } as const
    const less = (cents: number) =>
      twins(failed, { ...failed, points: 100 })
        .cash(101, -200, taken)
        .cash(101, cents, { at })
    for (const cents of [200, 400]) expect(await said(less(cents))).toEqual({ findings: [], open: ['B7 userId=101'] })
    for (const cents of [199, 201, 399])
      expect((await said(less(cents))).findings.sort()).toEqual(['B7 taskId=task-41', 'B7 taskId=task-42'])
  })

  it('of one, too', async () => {
    const one = (cents: number) =>
      withLinkedTasks()
        .task({ user: 101, status: 'failed', cost: '0', points: 100, paid: { points: 50 } })
        .cash(101, cents, { at })
    for (const cents of [50, 100]) expect(await said(one(cents))).toEqual({ findings: [], open: ['B7 userId=101'] })
    for (const cents of [49, 75, 101])
      expect(await said(one(cents))).toEqual({ findings: ['B7 taskId=task-41'], open: [] })
  })

  it('of several of which rows took less for one and more for another: all charges, or all that was taken', async () => {
    const several = (taken: number, cents: number) =>
      withLinkedTasks()
        .task({ user: 101, status: 'failed', cost: '0', points: 100, paid: { points: 50 } })
        .task({ user: 101, status: 'failed', cost: '0', points: 100, paid: { points: taken } })
        .cash(101, cents, { at })
    for (const [taken, cents] of [
      [150, 200],
      [170, 200],
      [170, 220],
    ] as const)
      expect(await said(several(taken, cents))).toEqual({ findings: [], open: ['B7 userId=101'] })
    for (const [taken, cents] of [
      [150, 199],
      [150, 201],
      [150, 250],
      [170, 270],
    ] as const)
      expect((await said(several(taken, cents))).findings.sort()).toEqual(['B7 taskId=task-41', 'B7 taskId=task-42'])
  })

  it('may be the refund of both where a row of one took a part, and one of both the rest', async () => {
    const failed = { refunded: false, status: 'failed' } as const
    const parts = (cents: number) =>
      twins({ ...failed, paid: { points: 50 } }, { ...failed, paid: { orderId: X, points: 150 } }).cash(101, cents, {
        at,
      })
    expect(await said(parts(200))).toEqual({ findings: [], open: ['B7 userId=101'] })
    for (const cents of [199, 201])
      expect((await said(parts(cents))).findings.sort()).toEqual(['B7 taskId=task-41', 'B7 taskId=task-42'])
  })
})
