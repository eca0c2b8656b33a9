import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../../src/demo/mini-world.ts'
import { userLedgerTool } from '../../../tools/user-ledger.ts'
import { auditWorld, inShort, memoryDependencies } from '../../kit/audit-world.ts'
import { call } from '../../tools/call.ts'

/** Ten linked tasks of another user, so that link mode auto settles on `order` whatever the user under test does. */
function linked(): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let count = 0; count < 40; count++) world.task({ user: 900 })
  return world
}

/** No row names its order: link mode total. */
const unlinked = () => new MiniWorld().account(5).task({ user: 900, paid: { orderId: null } })

describe('A4: paid against charged, link mode order', () => {
  it.each([
    ['in points', {}],
    ['in cash', { points: 0, cash: 100 }],
    ['split over both', { points: 30, cash: 70 }],
    ['days later', { at: '2026-02-08 20:00:00' }],
    ['before the window', { at: '2026-02-05 01:00:00' }],
  ])('stays silent where the charge was paid %s', async (_, paid) => {
    const report = await auditWorld(linked().task({ paid }).build())
    expect(inShort(report)).toEqual([])
    expect(report.settings.ledgerLink).toBe('order')
    expect(report.ledger.rows[0]).toMatchObject({ userId: 101, status: 'OK', differencePoints: 0 })
  })

  it.each([
    [99, '-1'],
    [101, '1'],
  ])('fires one point off: paid %d of 100', async (points, difference) => {
    const report = await auditWorld(linked().task({ paid: { points } }).build())
    expect(inShort(report)).toEqual(['A4 userId=101'])
    expect(report.findings[0]).toMatchObject({
      severity: 'MEDIUM',
      unit: 'points',
      expected: '100',
      actual: String(points),
      difference,
    })
    expect(report.findings[0]?.evidence).toEqual({ total: 1, ids: ['task-41'] })
  })

  it('fires for a charge that nobody paid', async () => {
    expect(inShort(await auditWorld(linked().task({ paid: false }).build()))).toEqual(['A4 userId=101'])
  })

  it('fires for what was paid on a free task', async () => {
    const built = linked().task({ points: 0, cost: '0', paid: { points: 5 } })
    expect(inShort(await auditWorld(built.build()))).toEqual(['A4 userId=101'])
  })

  it('rows of other products are none of its business', async () => {
    const built = linked().task().points(101, -777, { orderId: 'product-1' }).points(101, -5)
    expect(inShort(await auditWorld(built.build()))).toEqual([])
  })

  it('tasks without a row are held together against rows without a task: equal is fine', async () => {
    const built = linked().task({ paid: false, points: 60 }).task({ paid: false, points: 40 }).points(101, -100)
    expect(inShort(await auditWorld(built.build()))).toEqual([])
  })

  it('... less is a break', async () => {
    const built = linked().task({ paid: false, points: 60 }).task({ paid: false, points: 40 }).points(101, -99)
    const report = await auditWorld(built.build())
    expect(inShort(report)).toEqual(['A4 userId=101'])
    expect(report.findings[0]?.difference).toBe('-1')
  })

  it('... more decides nothing', async () => {
    const built = linked().task({ paid: false }).points(101, -101)
    const report = await auditWorld(built.build())
    expect(inShort(report)).toEqual([])
    expect(report.notEvaluated.filter(({ rule }) => rule === 'A4')).toMatchObject([{ subject: { userId: 101 } }])
    expect(report.ledger.rows[0]).toMatchObject({ userId: 101, status: 'UNVERIFIED', differencePoints: null })
  })

  it('a charge below 0 that no row names leaves it open what was paid, with and without a row that gave it back', async () => {
    for (const built of [
      linked().task().task({ points: -50, paid: false }),
      linked().task().task({ points: -50, paid: false }).points(101, 50, { sourceType: 'refund', orderId: 'task-42' }),
      unlinked()
        .task({ paid: { orderId: null } })
        .task({ points: -50, paid: false }),
    ]) {
      const report = await auditWorld(built.build())
      expect(inShort(report)).toEqual([])
      expect(report.notEvaluated.filter(({ rule }) => rule === 'A4')).toMatchObject([{ subject: { userId: 101 } }])
      expect(report.notEvaluated.find(({ rule }) => rule === 'A4')?.reason).toContain('less than 0')
      expect(report.ledger.rows[0]).toMatchObject({ userId: 101, status: 'UNVERIFIED', differencePoints: null })
    }
  })

  it('a charge below 0 with a row of its own counts on both sides', async () => {
    const built = (given: number) =>
      linked()
        .task()
        .task({ points: -50, paid: false })
        .points(101, given, { sourceType: 'consume', orderId: 'task-42' })
    expect(inShort(await auditWorld(built(50).build()))).toEqual([])
    expect(inShort(await auditWorld(built(49).build()))).toEqual(['A4 userId=101'])
  })

  it('a row for a task of an earlier week pays no task of this window', async () => {
    const built = linked().task({ at: '2025-11-01 10:00:00', paid: false }).task({ paid: false })
    built.points(101, -100, { orderId: 'task-41' })
    expect(inShort(await auditWorld(built.build()))).toEqual(['A4 userId=101'])
  })

  it("a row of somebody else does not pay this user's task", async () => {
    const built = linked().task({ paid: false }).user(102).points(102, -100, { orderId: 'task-41' })
    expect(inShort(await auditWorld(built.build()))).toEqual(['A4 userId=101'])
  })

  it('refunded tasks count gross on both sides', async () => {
    const built = linked()
      .task({ refunded: true, billed: false, cost: '0' })
      .points(101, 100, { orderId: 'task-41', sourceType: 'refund' })
    const report = await auditWorld(built.build())
    expect(inShort(report)).toEqual([])
    expect(report.ledger.rows[0]).toMatchObject({ chargedPoints: 100, pointsConsumed: 100, pointsRefunded: 100 })
  })

  it('cash that came in is a refund where its order is a task, and a recharge otherwise', async () => {
    const built = linked()
      .task()
      .cash(101, 30, { orderId: 'task-41' })
      .cash(101, 500, { orderId: 'top-up' })
      .points(101, 40)
    const report = await auditWorld(built.build())
    expect(report.ledger.rows[0]).toMatchObject({ cashRefunded: 30, cashRecharged: 500, pointsRecharged: 40 })
  })
})

describe('A4: link mode', () => {
  const share = (linkedTasks: number, total: number) => {
    const world = new MiniWorld().account(5)
    for (let count = 0; count < total; count++) world.task({ paid: count < linkedTasks ? {} : { orderId: null } })
    return world
  }

  it.each([
    [9, 10, 'order'],
    [8, 10, 'total'],
    [89, 100, 'total'],
    [90, 100, 'order'],
  ])('%d of %d charged tasks linked: %s', async (linkedTasks, total, mode) => {
    const report = await auditWorld(share(linkedTasks, total).build())
    expect(report.settings.ledgerLink).toBe(mode)
    expect(inShort(report)).toEqual([])
  })

  it('can be set', async () => {
    const report = await auditWorld(share(1, 10).build(), { settings: { ledgerLink: 'order' } })
    expect(report.settings.ledgerLink).toBe('order')
    expect(inShort(report)).toEqual([])
  })
})

describe('A4: paid against charged, link mode total', () => {
  it('counts every consume row of the window', async () => {
    const built = unlinked().task({ paid: false }).points(101, -60).cash(101, -40)
    const report = await auditWorld(built.build())
    expect(report.settings.ledgerLink).toBe('total')
    expect(inShort(report)).toEqual([])
    expect(report.ledger.rows[0]).toMatchObject({ pointsConsumed: 60, cashConsumed: 40, status: 'OK' })
  })

  it.each([
    [-39, '-1'],
    [-41, '1'],
  ])('fires one point off (cash %d)', async (cents, difference) => {
    const built = unlinked().task({ paid: false }).points(101, -60).cash(101, cents)
    const report = await auditWorld(built.build())
    expect(inShort(report)).toEqual(['A4 userId=101'])
    expect(report.findings[0]?.difference).toBe(difference)
  })

  it('a charge dated right after the end is timing, to the point', async () => {
    const late = (points: number) =>
      unlinked().task({
        at: '2026-02-06 23:59:59',
        billed: { timestamp: '2026-02-06T10:00:00Z' },
        paid: { at: '2026-02-07 00:00:01', orderId: null, points },
      })
    expect(inShort(await auditWorld(late(100).build()))).toEqual(['A4 TIMING userId=101'])
    expect(inShort(await auditWorld(late(99).build()))).toEqual(['A4 userId=101'])
    // The rows of the users say no more, in the report and by themselves.
    for (const [points, timing] of [
      [100, true],
      [99, undefined],
    ] as const) {
      const world = late(points).build()
      const { rows } = (await auditWorld(world)).ledger
      expect(rows.map((row) => [row.userId, row.status, row.timing])).toContainEqual([101, 'DIFF', timing])
      const day = { start: '2026-02-06', end: '2026-02-06' }
      const told = await call(userLedgerTool, day, memoryDependencies(world, {}), world)
      expect(told.rows.find(({ userId }) => userId === 101)).toMatchObject({
        ...{ status: 'DIFF', differencePoints: -100 },
        ...(timing && { timing, reason: expect.stringContaining('explain the difference') }),
      })
      expect([told.summary.diff, told.summary.timing]).toEqual([1, timing && 1])
    }
  })

  it('with a filter by account it is not evaluated: the rows do not tell their account', async () => {
    const report = await auditWorld(unlinked().task({ paid: false }).build(), { ids: [5] })
    expect(inShort(report)).toEqual([])
    expect(report.notEvaluated.filter(({ rule }) => rule === 'A4')).toHaveLength(2)
    expect(report.ledger.rows[0]).toMatchObject({ status: 'UNVERIFIED', pointsConsumed: null })
  })
})
