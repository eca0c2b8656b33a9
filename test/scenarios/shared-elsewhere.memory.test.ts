import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

const X = requestIdOf(5000)
const RULES = ['A4', 'B6', 'B7', 'B8', 'B9', 'B10'] as const
const LATE = '2026-02-06 23:00:00'
/** Of tasks that the audit of 02-06 does not stream. */
const ELSEWHERE = [
  ['later', '2026-02-07 01:00:00'],
  ['long after', '2026-04-01 12:00:00'],
  ['long before', '2026-01-01 12:00:00'],
] as const

const task = (world: MiniWorld, given: MiniTask): MiniWorld =>
  world.task({ user: 101, requestId: X, paid: { orderId: given.requestId ?? X }, ...given })

/** Task 41 of the day, and task 42 of another one. */
const twins = (at: string, one: MiniTask = {}, other: MiniTask = {}): MiniWorld =>
  task(task(withLinkedTasks(), { at: LATE, ...one }), { at, billed: false, cost: '0', ...other })

const single = (one: MiniTask = {}): MiniWorld => task(withLinkedTasks(), { at: LATE, ...one })

const said = (world: MiniWorld, options: WorldAudit = {}) => saidBy(world.build(), options)

async function saidBy(world: World, options: WorldAudit) {
  const report = await auditWorld(world, { depth: 'requests', ...options })
  for (const pieceRows of [1, 7]) {
    expect(await auditWorld(world, { depth: 'requests', pieceRows, ...options })).toEqual(report)
  }
  const reasons = report.notEvaluated.filter(({ rule }) => RULES.some((each) => each === rule))
  return { ...saidOf(report, ...RULES), reasons: [...new Set(reasons.map(({ reason }) => reason))] }
}

describe.each(ELSEWHERE)('a task %s that bears the request id of one of the window', (_, at) => {
  it('leaves open whose rows are whose', async () => {
    const open = { findings: [], reasons: [expect.stringContaining('an id that several tasks of this user bear')] }
    expect(await said(twins(at))).toMatchObject({ ...open, open: ['A4 userId=101', 'B10 userId=101'] })
    const summary = await said(twins(at), { depth: 'summary' })
    expect([summary.findings, summary.open.includes('A4 userId=101')]).toEqual([[], true])
    // However the request is named.
    const url = `https://queue.fal.run/fal-ai/flux/requests/${X.toUpperCase()}`
    expect(await said(twins(at, {}, { requestId: url, paid: { orderId: url, at: LATE } }))).toMatchObject(open)
  })

  it('accuses nobody where another one got it back', async () => {
    const refund = { sourceType: 'refund', at, orderId: X }
    const { findings, reasons } = await said(twins(at, {}, { refunded: true }).points(101, 100, refund))
    expect({ findings, reasons }).toEqual({
      findings: [],
      reasons: [expect.stringContaining('an id that several tasks of this user bear')],
    })
    // One row alone, which each of them may have got.
    const failed = { status: 'failed', refunded: true, paid: false, billed: false, cost: '0' } as const
    expect((await said(twins(at, {}, failed).points(101, 100, refund))).findings).toEqual([])
  })

  it('explains no rows of another user, or of another request', async () => {
    const wrong = ['B6 taskId=task-41', 'A4 userId=101', 'B10 taskId=task-41']
    for (const other of [{ user: 102 }, { requestId: requestIdOf(6000) }]) {
      const world = twins(at, {}, other).points(101, -100, { orderId: X, at: LATE })
      expect(await said(world)).toEqual({ findings: wrong, open: [], reasons: [] })
      expect((await said(world, { depth: 'summary' })).findings).toEqual(['A4 userId=101'])
    }
  })

  it('is asked for only where rows come to too much', async () => {
    expect(await said(twins(at, {}, { paid: false }))).toEqual({ findings: [], open: [], reasons: [] })
    for (const points of [99, 101]) {
      const { findings } = await said(twins(at, { paid: { orderId: X, points } }, { paid: false }))
      expect(findings).toEqual(points === 99 ? ['A4 userId=101', 'B10 taskId=task-41'] : [])
    }
  })
})

describe('without another task of the request', () => {
  it('a row that comes twice is one too many', async () => {
    const world = single().points(101, -100, { orderId: X, at: LATE })
    const findings = ['B6 taskId=task-41', 'A4 userId=101', 'B10 taskId=task-41']
    expect(await said(world)).toEqual({ findings, open: [], reasons: [] })
    expect((await said(world, { depth: 'summary' })).findings).toEqual(['A4 userId=101'])
  })

  it('a refund of a task that is not marked is an unmarked one', async () => {
    const world = single().points(101, 100, { sourceType: 'refund', at: LATE, orderId: X })
    expect((await said(world)).findings).toContain('B8 taskId=task-41')
  })
})

it('two tasks of the window and a third of another day leave open what all of them got', async () => {
  const world = task(twins('2026-02-07 01:00:00'), { at: LATE, billed: false, cost: '0' })
  expect(await said(world)).toMatchObject({
    findings: [],
    reasons: [expect.stringContaining('an id that several tasks of this user bear')],
  })
})

/** Task 42 names no user. */
const nobodys = (world: MiniWorld): World => {
  const built = world.build()
  const tasks = built.tables.tasks.map((row) => (row.id === 42 ? { ...row, userId: null as unknown as number } : row))
  return { ...built, tables: { ...built.tables, tasks } }
}

describe.each([['of the day', LATE] as const, ...ELSEWHERE])(
  'a task without a user, %s, that bears the request id of a task of the window',
  (_, at) => {
    const found = (world: World) => saidBy(world, {})
    const wrong = ['B6 taskId=task-41', 'A4 userId=101', 'B10 taskId=task-41']

    it('leaves open whose rows are whose', async () => {
      const { findings, reasons } = await found(nobodys(twins(at)))
      expect([findings, reasons.some((reason) => reason.includes('an id that several tasks'))]).toEqual([[], true])
      const summary = await saidBy(nobodys(twins(at)), { depth: 'summary' })
      expect([summary.findings, summary.open.includes('A4 userId=101')]).toEqual([[], true])
      const refund = { sourceType: 'refund', at, orderId: X }
      expect((await found(nobodys(twins(at, {}, { refunded: true }).points(101, 100, refund)))).findings).toEqual([])
    })

    it('and none of another request, or of a task that was paid too little', async () => {
      const other = twins(at, {}, { requestId: requestIdOf(6000) }).points(101, -100, { orderId: X, at: LATE })
      expect((await found(nobodys(other))).findings).toEqual(wrong)
      const less = twins(at, { paid: { orderId: X, points: 99 } }, { paid: false })
      expect((await found(nobodys(less))).findings).toEqual(['A4 userId=101', 'B10 taskId=task-41'])
    })
  },
)

describe('an order that two tasks of a user share with one that names no user', () => {
  /** Rows took that much under the order of all three, and `own` under that of the first alone. */
  const said = async (taken: number, own = 100) => {
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 20; each++) world.task({ user: 900 })
    world.task({ user: 101, paid: { points: own }, requestId: 'R' })
    for (const user of [101, 102]) world.task({ user, requestId: 'R', paid: false, billed: false })
    const { tables, ...built } = world.points(101, -taken, { orderId: 'R' }).build()
    const tasks = tables.tasks.map((row) => (row.userId === 102 ? { ...row, userId: null as never } : row))
    const options = { depth: 'requests', settings: { ledgerLink: 'order' } } as const
    const report = await auditWorld({ ...built, tables: { ...tables, tasks } }, options)
    const ofUser = report.notEvaluated.filter(({ rule, subject }) => rule === 'A4' && subject.userId === 101)
    const found = report.findings.filter(({ rule }) => rule === 'A4')
    return { found: found.map(({ difference }) => difference), open: ofUser.length }
  }

  it('pays the two, or may have paid the third as well: no more than that is told', async () => {
    expect(await said(100)).toEqual({ found: [], open: 0 })
    for (const taken of [101, 200]) expect(await said(taken)).toEqual({ found: [], open: 1 })
    expect(await said(99)).toEqual({ found: ['-1'], open: 0 })
  })

  it('leaves of what rows of their own took too much what is certain', async () => {
    // The order's row may be the third's: then it paid neither of the two.
    expect(await said(100, 200)).toEqual({ found: [], open: 1 })
    expect(await said(100, 201)).toEqual({ found: ['1'], open: 0 })
  })
})
