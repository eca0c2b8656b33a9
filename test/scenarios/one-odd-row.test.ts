import { describe, expect, it, onTestFinished } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { runAudit } from '../../src/operation.ts'
import { ratio } from '../../src/units/ratio.ts'
import { auditWith } from '../kit/audit-with.ts'
import { auditInput, auditWorld, inShort, quietContext } from '../kit/audit-world.ts'
import { withLinkedTasks } from '../kit/linked-tasks.ts'
import { openWorld } from '../kit/real-audit.ts'

/** What one row that cannot be read, or is as none should be, may leave open: what hangs on it, and no true break besides. */

const R = { depth: 'requests', start: '2026-02-06', end: '2026-02-06' } as const
type Fal = Parameters<Parameters<typeof auditWith>[1]>[0]

/** A fal whose usage is told, and of whose events there are none. */
const withoutEvents = (fal: Fal): Partial<Fal> => ({
  events: async (...question) => {
    const answer = await fal.events(...question)
    return answer.status === 'failed' ? answer : { ...answer, value: [] }
  },
})

/** The same world, stored in a file and changed there by somebody. */
async function auditChanged(world: World, sql: string, depth: 'summary' | 'requests' = 'requests') {
  const real = await openWorld(world, { store: 'embedded' })
  onTestFinished(real.close)
  const handle = await openEmbeddedHandle(real.url.slice('file:'.length))
  handle.exec(sql)
  handle.close()
  return runAudit(auditInput({ depth }), real.dependencies({}), quietContext())
}

const failed = { user: 101, status: 'failed', billed: false, cost: '0' } as const

describe('a user who owes much', () => {
  it.each(['total', 'order'] as const)('is told of beside a charge below nought, in link mode %s', async (mode) => {
    for (const points of [-1, undefined]) {
      const world = mode === 'order' ? withLinkedTasks() : new MiniWorld().account(5)
      const paid = mode === 'order' ? false : { points: 1, orderId: null }
      for (let index = 0; index < 5; index++) world.task({ user: 101, points: 100_000, paid })
      if (points !== undefined) world.task({ user: 101, points, paid: false })
      expect(inShort(await auditWorld(world.build(), R))).toContain('A4 userId=101')
    }
  })

  it('is told of beside a row without an amount that belongs to a task of yesterday', async () => {
    const world = withLinkedTasks()
    world.task({ user: 101, at: '2026-02-05 23:59:00', paid: { at: '2026-02-06 00:00:10' } })
    for (let index = 0; index < 3; index++) world.task({ user: 101, points: 100_000, paid: false })
    const built = world.build()
    const points = built.tables.points.map((row) => (row.userId === 101 ? { ...row, points: null } : row))
    for (const world of [built, { ...built, tables: { ...built.tables, points } } as World]) {
      const said = inShort(await auditWorld(world, R))
      expect(said).toContain('A4 userId=101')
      expect(said.filter((text) => text.startsWith('B10'))).toHaveLength(3)
    }
  })

  it('is told of where the row without a readable time is of somebody else', async () => {
    const world = new MiniWorld().account(5)
    for (let index = 0; index < 5; index++)
      world.task({ user: 101 + index, points: 1000, paid: { points: 1, orderId: null } })
    world.points(999, 50, { sourceType: 'recharge', at: '2026-02-06 12:00:00' })
    const sql = "UPDATE ts_points_detail SET created_at = '2026-02-06 25:00:00' WHERE user_id IN (101, 999)"
    const said = inShort(await auditChanged(world.build(), sql, 'summary')).filter((text) => text.startsWith('A4'))
    expect(said.sort()).toEqual(['A4 userId=102', 'A4 userId=103', 'A4 userId=104', 'A4 userId=105'])
  })
})

describe('twenty failed tasks that nobody refunded', () => {
  it('are told of though the user topped up once', async () => {
    const world = withLinkedTasks()
    for (let index = 0; index < 20; index++) world.task(failed)
    world.cash(101, 1000, { at: '2026-02-06 12:10:00', orderId: null })
    const said = inShort(await auditWorld(world.build(), R))
    expect(said.filter((text) => text.startsWith('B7'))).toHaveLength(20)
  })
})

describe('a refund whose time cannot be read', () => {
  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ])('may be the one that a task lacks (marked: %s)', async (refunded, rule) => {
    const world = withLinkedTasks().task({ ...failed, refunded })
    world.points(101, 100, { sourceType: 'refund', at: '2026-02-06 12:10:00' })
    const sql =
      "UPDATE ts_points_detail SET created_at = '2026-02-06 25:00:00' WHERE user_id = 101 AND source_type = 'refund'"
    const report = await auditChanged(world.build(), sql)
    expect(inShort(report)).toEqual([])
    expect(report.notEvaluated.map((each) => each.rule)).toContain(rule)
    // Nor is it told as nothing.
    expect(report.ledger.rows.find(({ userId }) => userId === 101)?.pointsRefunded).toBeNull()
  })
})

describe('an amount that is not told', () => {
  const rowOf = async (world: MiniWorld, table: 'points' | 'cash', kind?: string) => {
    const built = world.build()
    const nulled =
      table === 'points'
        ? { points: built.tables.points.map((row) => (row.sourceType === kind ? { ...row, points: null } : row)) }
        : { cash: built.tables.cash.map((row) => ({ ...row, money: null })) }
    const report = await auditWorld({ ...built, tables: { ...built.tables, ...nulled } } as World, R)
    return report.ledger.rows.find(({ userId }) => userId === 101)
  }
  const at = '2026-02-06 12:10:00'

  it('is told as none of what came in, in that ledger alone', async () => {
    const refunded = withLinkedTasks().task({ user: 101, refunded: true })
    refunded.points(101, 100, { sourceType: 'refund', at, orderId: refunded.lastTaskId })
    expect(await rowOf(refunded, 'points', 'refund')).toMatchObject({ pointsRefunded: null, cashRefunded: 0 })
    const recharged = withLinkedTasks().task({ user: 101 }).points(101, 100, { sourceType: 'recharge', at })
    expect(await rowOf(recharged, 'points', 'recharge')).toMatchObject({ pointsRecharged: null, cashRecharged: 0 })
    const cash = withLinkedTasks().task({ user: 101 }).cash(101, 500, { at })
    expect(await rowOf(cash, 'cash')).toMatchObject({ cashRecharged: null, cashRefunded: null, pointsRecharged: 0 })
    // What a gift was is in neither sum.
    const gift = withLinkedTasks().task({ user: 101 }).points(101, 100, { sourceType: 'gift', at })
    expect(await rowOf(gift, 'points', 'gift')).toMatchObject({ pointsRecharged: 0, pointsRefunded: 0 })
  })
})

describe('events that are missing', () => {
  it('take back nothing beside which they are nothing', async () => {
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 6; each++) world.task({ cost: '1000', at: `2026-02-06 1${each}:00:00`, billed: false })
    world.event({ requestId: 'paid', cost: '0.00002', timestamp: world.iso('2026-02-06 20:00:00') })
    const report = await auditWith(world.build(), withoutEvents, R)
    expect(inShort(report).filter((text) => text.startsWith('B2'))).toHaveLength(6)
    expect(report.requests?.unbilled).toBe(6)
  })

  it.each([false, true])(
    'accuse nobody, whether or not the bill names keys (none: %s), and counts say so',
    async (isNameless) => {
      const world = new MiniWorld().account(5, { workspace: 'w' }).account(6, { workspace: 'w' })
      const billed = isNameless ? { keyId: undefined as never } : {}
      for (let index = 0; index < 6; index++) world.task({ account: 5 + (index % 2), cost: '1', billed })
      const report = await auditWith(world.build(), withoutEvents, R)
      expect(inShort(report).filter((text) => /^(A2|B2)/.test(text))).toEqual([])
      expect([report.requests?.unbilled, report.requests?.verdicts?.unbilled]).toEqual([0, undefined])
    },
  )
})

describe('a task without a model', () => {
  it('hides no model that nobody records, once a match tells what it was', async () => {
    for (const model of ['', 'fal-ai/flux/schnell']) {
      const world = new MiniWorld().account(5)
      for (let each = 0; each < 30; each++) world.task({ cost: '0.25' })
      world.task({ model, cost: '0.01', billed: { endpointId: 'fal-ai/flux/schnell' } })
      world.event({
        requestId: 'leak',
        endpointId: 'fal-ai/veo3',
        cost: '500',
        timestamp: world.iso('2026-02-06 20:00:00'),
      })
      expect(inShort(await auditWorld(world.build(), R))).toContain('A3 accountId=5 model=fal-ai/veo3')
    }
  })
})

describe('a charge for a request that somebody else claims', () => {
  it('makes up for no loss where its cost is not told', async () => {
    const world = new MiniWorld().account(5)
    world.task({ user: 102, requestId: 'r', points: 100, cost: '1' })
    world.task({ user: 101, points: 10, cost: '1' })
    world.task({ user: 101, requestId: 'r', points: 500, cost: '0', billed: false })
    const report = await auditWorld(world.build(), { ...R, userIds: [101], settings: { pointsPerUsd: ratio('100') } })
    expect(inShort(report).filter((text) => text.startsWith('B16'))).toHaveLength(1)
  })
})
