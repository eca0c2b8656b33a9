import { describe, expect, it } from 'vitest'
import { type MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { matchingFindings } from '../../src/operations/finding-filter.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'
import { withLinkedTasks } from '../kit/linked-tasks.ts'

/** Users who count as fine: those of whom everything was told that could be. */

const at = '2026-02-06 12:10:00'
const failed = { user: 101, status: 'failed', billed: false, cost: '0' } as const

async function told(world: World | MiniWorld, options: WorldAudit = {}) {
  const report = await auditWorld('build' in world ? world.build() : world, { depth: 'requests', ...options })
  const status = report.ledger.rows.find(({ userId }) => userId === 101)?.status
  const open = report.notEvaluated.filter(({ subject }) => subject.userId === 101).map(({ rule }) => rule)
  return { ok: report.summary.ok, status, open, said: inShort(report), report }
}

describe('a user of whom something was left open', () => {
  it.each([
    [99, 1, ['B7 taskId=task-41 requestId=00000041-aaaa-4aaa-8aaa-aaaaaaaaaaaa'], []],
    [100, 1, [], ['B7']],
  ])(
    'is neither fine nor accused, whatever the ledger says: a refund of %d that names no task',
    async (points, ok, said, open) => {
      const world = withLinkedTasks().task(failed).points(101, points, { sourceType: 'refund', at })
      expect(await told(world)).toMatchObject({ ok, said, open, status: 'OK' })
    },
  )

  it('is not fine with a refund of a task that shares its id, and is with one of its own', async () => {
    // What the one is called by its operator, the other is called by fal.
    const orderId = 'task-42'
    const twin = { ...failed, refunded: true, paid: { orderId } } as const
    const shared = withLinkedTasks()
      .task({ ...twin, requestId: orderId })
      .task({ ...twin, requestId: null })
      .points(101, 200, { sourceType: 'refund', at, orderId })
    expect(await told(shared)).toMatchObject({ ok: 1, said: [], open: ['B8', 'B9'], status: 'OK' })
    const own = withLinkedTasks().task({ ...failed, refunded: true })
    own.points(101, 100, { sourceType: 'refund', at, orderId: 'task-41' })
    expect(await told(own)).toMatchObject({ ok: 2, said: [], open: [], status: 'OK' })
  })

  it('is not fine where the balances of the user alone are missing', async () => {
    const built = withLinkedTasks().task({ user: 101 }).build()
    const without = (isOf: (userId: number) => boolean): World => ({
      ...built,
      tables: {
        ...built.tables,
        points: built.tables.points.map((row) =>
          isOf(row.userId) ? { ...row, balanceBefore: null, balanceAfter: null } : row,
        ),
      },
    })
    expect(await told(built)).toMatchObject({ ok: 2, open: [] })
    expect(await told(without((userId) => userId === 101))).toMatchObject({ ok: 1, open: ['B11', 'B12', 'B13'] })
    // Where nobody has any, the installation keeps none.
    const none = await told(without(() => true))
    expect(none).toMatchObject({ ok: 2, open: [] })
    expect(none.report.notEvaluated.map(({ rule }) => rule)).toContain('B11')
  })
})

describe('a user whose task fal billed with the same event', () => {
  const billed = (...costs: string[]) => {
    const world = withLinkedTasks().task({ user: 101, cost: '2', billed: false })
    for (const cost of costs) world.event({ requestId: requestIdOf(41), cost, timestamp: '2026-02-06T05:00:00Z' })
    return told(world)
  }
  const about = ({ report }: Awaited<ReturnType<typeof billed>>, userId: number) => {
    const all = { rule: undefined, severity: undefined, accountId: undefined, date: undefined, fingerprint: undefined }
    return matchingFindings(report, { ...all, userId }).map(({ rule }) => rule)
  }

  it('twice is not fine, and is told so', async () => {
    const twice = await billed('1', '1')
    expect(twice).toMatchObject({ ok: 1, said: [`B5 taskId=task-41 requestId=${requestIdOf(41)}`], status: 'OK' })
    expect([about(twice, 101), about(twice, 900)]).toEqual([['B5'], []])
  })

  it('once is fine', async () => {
    const once = await billed('1.5', '0.5')
    expect(once).toMatchObject({ ok: 2, said: [] })
    expect(about(once, 101)).toEqual([])
  })
})

describe('a user whom a rule does not judge for other reasons', () => {
  const world = () => withLinkedTasks().task({ user: 101 })

  it('is fine with a short history', async () => {
    const { ok, report } = await told(world())
    expect(ok).toBe(2)
    expect(report.notEvaluated.map(({ rule }) => rule)).toContain('A6')
  })

  it('is fine at depth summary, without links, without a rate, and with a filter', async () => {
    expect((await told(world(), { depth: 'summary' })).ok).toBe(2)
    expect((await told(world(), { settings: { ledgerLink: 'total' } })).ok).toBe(2)
    expect((await told(world(), { ids: [5] })).ok).toBe(2)
    expect((await told(world(), { userIds: [101] })).ok).toBe(1)
  })

  it('is fine where times do not agree, which is told of all', async () => {
    const shifted = withLinkedTasks()
    for (let task = 0; task < 60; task++) shifted.task({ user: 101, billed: { timestamp: '2026-02-06T08:00:20Z' } })
    const { ok, said } = await told(shifted)
    expect(said.join()).toContain('TZ_MISCONFIGURED')
    expect(ok).toBe(2)
  })
})
