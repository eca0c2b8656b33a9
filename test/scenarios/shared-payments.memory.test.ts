import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { userLedgerTool } from '../../tools/user-ledger.ts'
import { auditWorld, memoryDependencies, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'
import { call } from '../tools/call.ts'

/** A row that a task of yesterday may have been paid by as well: it leaves open what it comes to, and no more. */

const X = requestIdOf(5000)
const DAY = { start: '2026-02-06', end: '2026-02-06' }

/** Task 41 of yesterday and 42 of today bear one id; a row of 100 points names it. */
function twins(today: MiniTask = {}, world = new MiniWorld().account(5)): MiniWorld {
  return withLinkedTasks(world)
    .task({ user: 101, requestId: X, at: '2026-02-05 23:59:00', paid: false })
    .task({ user: 101, requestId: X, billed: false, cost: '0', paid: { orderId: X, points: 100 }, ...today })
}

async function audited(world: MiniWorld, options: WorldAudit = {}) {
  const report = await auditWorld(world.build(), { depth: 'requests', ...options })
  expect(await auditWorld(world.build(), { depth: 'requests', pieceRows: 1, ...options })).toEqual(report)
  const row = report.ledger.rows.find(({ userId }) => userId === 101)
  const a4 = report.findings.find(({ rule }) => rule === 'A4')
  return { ...saidOf(report, 'A4', 'B10'), report, row, a4 }
}

const unread = { pointsConsumed: null, differencePoints: null }

describe('a row of two tasks, one of which is of yesterday', () => {
  it.each([
    [99, 'UNVERIFIED'],
    [100, 'UNVERIFIED'],
    [101, 'DIFF'],
  ])('of 100 points, for a charge of %d', async (points, status) => {
    const { findings, open, row } = await audited(twins({ points }))
    expect(row).toMatchObject({ ...unread, chargedPoints: points, status })
    expect(findings).toEqual(status === 'DIFF' ? ['A4 userId=101'] : [])
    expect(open).toEqual(status === 'DIFF' ? ['B10 userId=101'] : ['A4 userId=101', 'B10 userId=101'])
  })

  it('hides no debt beyond it, and tells what of it is certain', async () => {
    const world = () => twins().task({ user: 101, points: 5000, paid: false })
    const { a4, row, findings, report } = await audited(world())
    expect(findings).toEqual(['A4 userId=101', 'B10 taskId=task-43'])
    expect(a4).toMatchObject({
      ...{ expected: '5100', actual: '100', difference: '-5000', classification: 'BREAK', severity: 'MEDIUM' },
    })
    expect(a4?.message).toContain('paid at most 100 points')
    expect(a4?.message).toContain('difference at most -5000 points')
    expect(row).toMatchObject({ ...unread, cashConsumed: 0, status: 'DIFF' })
    expect(report.summary.byRule.A4).toBe(1)
    const zh = await audited(world(), { lang: 'zh' })
    expect(zh.a4?.message).toContain('实际扣费至多 100')
    expect(zh.a4?.message).toContain('差异至多 -5000')
  })

  it('hides nothing that was taken beyond the charge', async () => {
    const world = (points: number) => twins().points(101, -points, { orderId: 'task-42', sourceType: 'consume' })
    expect(await audited(world(100))).toMatchObject({ findings: [], row: { status: 'UNVERIFIED' } })
    const { a4, row } = await audited(world(101))
    expect(a4).toMatchObject({ expected: '100', actual: '101', difference: '1' })
    expect(a4?.message).toContain('paid at least 101 points')
    expect(a4?.message).toContain('difference at least 1 point')
    expect(row).toMatchObject({ ...unread, status: 'DIFF' })
  })

  it('in cash leaves the points told', async () => {
    const cash = { paid: { orderId: X, points: 0, cash: 100 } }
    const { row } = await audited(twins({ points: 101, ...cash }))
    expect(row).toMatchObject({ pointsConsumed: 0, cashConsumed: null, status: 'DIFF' })
  })

  it('is told likewise where the other is of an account that is not asked for', async () => {
    const world = (points: number) =>
      withLinkedTasks(new MiniWorld().account(5).account(6))
        .task({ user: 101, requestId: X, account: 6, paid: false })
        .task({ user: 101, requestId: X, points, billed: false, cost: '0', paid: { orderId: X, points: 100 } })
    expect((await audited(world(101), { ids: [5] })).findings).toEqual(['A4 userId=101'])
    expect((await audited(world(100), { ids: [5] })).findings).toEqual([])
    // Where both are, it is known.
    expect((await audited(world(100))).row).toMatchObject({ differencePoints: -100, pointsConsumed: 100 })
  })

  it('is told by user-ledger with the reason why it is not told by how much', async () => {
    const world = twins({ points: 101 }).build()
    const { rows, summary } = await call(userLedgerTool, { ...DAY, user_ids: [101] }, memoryDependencies(world, {}))
    expect(rows).toEqual([expect.objectContaining({ ...unread, userId: 101, status: 'DIFF' })])
    expect(rows[0]?.reason).toContain('an id that several tasks')
    expect(summary).toMatchObject({ diff: 1, unverified: 0 })
  })
})
