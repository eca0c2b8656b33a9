import { describe, expect, it } from 'vitest'
import { type MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'
import { auditRealWorld, openWorld, STORES } from '../kit/real-audit.ts'
import { call } from '../tools/call.ts'

/** Long before and long after all that is read of the tables in one pass. */
const [EARLY, LATE] = ['2025-12-01 00:00:00', '2026-02-08 20:00:00']

const FORMS = [
  ['a blank before them', (id: string) => ` ${id}`],
  ['a line break behind them', (id: string) => `${id}\n`],
  ['none', (id: string) => id],
] as const
/** Of blanks that no query names behind an id, and that no collation passes over: where rows that are read have such. */
const ANY_FORMS = [...FORMS, ['a wide blank behind them', (id: string) => `${id}\u3000`]] as const

describe.each(STORES)('ids that are stored with blanks around them: %s', (store) => {
  const said = async (world: MiniWorld) =>
    saidOf(await auditRealWorld(world.build(), { store }, { depth: 'requests' }), 'A4', 'B7', 'B8', 'B9', 'B10')

  it.each(ANY_FORMS)('in ledger rows are found at any time, with %s', async (_, stored) => {
    const world = withLinkedTasks().task({ user: 101, paid: { orderId: stored('task-41') } })
    world.task({ user: 102, paid: { orderId: stored('task-42'), at: EARLY } })
    const failed = { status: 'failed', billed: false, cost: '0', refunded: true } as const
    world.task({ user: 103, ...failed, paid: { orderId: stored('task-43') } })
    expect(await said(world)).toEqual({ findings: ['B8 taskId=task-43'], open: [] })
    world.points(103, 100, { orderId: stored('task-43'), sourceType: 'refund', at: LATE })
    expect(await said(world)).toEqual({ findings: [], open: [] })
  })

  it.each(ANY_FORMS)('in tasks alone are found late by the order that is stored so, with %s', async (_, stored) => {
    // All rows of the streamed days name their tasks without blanks.
    const ids = [
      { taskId: 'task-41', requestId: stored(requestIdOf(41)) },
      { taskId: stored('task-41'), requestId: requestIdOf(41) },
    ]
    for (const [which, { taskId, requestId }] of ids.entries()) {
      const orderId = which === 0 ? requestId : taskId
      const add = (paid: object) =>
        withLinkedTasks().task({ user: 101, requestId, billed: { requestId: requestIdOf(41) }, ...paid })
      const audited = async (world: MiniWorld) => {
        const built = world.build()
        const tasks = built.tables.tasks.map((row, index) => (index === 40 ? { ...row, taskId } : row))
        const report = await auditRealWorld(
          { ...built, tables: { ...built.tables, tasks } },
          { store },
          { depth: 'requests' },
        )
        return saidOf(report, 'A4', 'B8', 'B10')
      }
      expect(await audited(add({ paid: { orderId, at: LATE } }))).toEqual({ findings: [], open: [] })
      const refunded = add({}).points(101, 100, { orderId, sourceType: 'refund', at: LATE })
      expect(await audited(refunded)).toEqual({ findings: ['B8 taskId=task-41'], open: [] })
    }
  })

  it.each([...FORMS, ['an endpoint before them', (id: string) => `fal-ai/flux#${id}`] as const])(
    'in the first row of all that bears some, which gives a task back, are found with %s',
    async (_, stored) => {
      const failed = { status: 'failed', billed: false, cost: '0', refunded: true } as const
      const world = withLinkedTasks()
        .task({ user: 103, ...failed })
        .task({ user: 104, ...failed })
      const late = { at: LATE, sourceType: 'refund' }
      world.points(105, 100, { ...late, orderId: stored(requestIdOf(41)) })
      // It is another's.
      expect((await said(world)).findings.sort()).toEqual(['B8 taskId=task-41', 'B8 taskId=task-42'])
      world.points(103, 100, { ...late, orderId: stored(requestIdOf(41)) })
      world.cash(104, 100, { at: LATE, orderId: stored(requestIdOf(42)) })
      expect(await said(world)).toEqual({ findings: [], open: [] })
      // Of what is given back once too often nothing is left out.
      world.points(103, 50, { ...late, orderId: stored(requestIdOf(41)) })
      expect(await said(world)).toEqual({ findings: ['B9 taskId=task-41'], open: [] })
    },
  )

  it.each(FORMS)(
    'in a later row of no known type, which may give a task back, are found with %s',
    async (_, stored) => {
      for (const isPoints of [true, false]) {
        const failed = { status: 'failed', billed: false, cost: '0', refunded: true } as const
        const world = withLinkedTasks().task({ user: 103, ...failed })
        const add = (orderId: string) => {
          if (isPoints) world.points(103, 100, { at: LATE, sourceType: 'return', orderId })
          else world.cash(103, 100, { at: LATE, transactionType: 7, orderId })
        }
        add(stored('PAY-1'))
        // It is of something else.
        expect((await said(world)).findings).toEqual(['B8 taskId=task-41'])
        add(stored('task-41'))
        const { findings, open } = await said(world)
        expect([findings, open.filter((each) => each.startsWith('B8'))]).toEqual([[], ['B8 userId=103']])
      }
    },
  )

  it.each([
    ...FORMS,
    ['blanks before them', (id: string) => ` \t${id}`],
    ['a line break before them', (id: string) => `\r\n${id}`],
    ['a blank behind them', (id: string) => `${id} `],
    ['a tab behind them', (id: string) => `${id}\t`],
    ['a line break of two characters behind them', (id: string) => `${id}\r\n`],
    ['blanks around them', (id: string) => ` ${id} `],
  ] as const)(
    'in the one row of all that bears some, which repeats one or pays late, are found with %s',
    async (_, stored) => {
      const failed = { status: 'failed', billed: false, cost: '0', refunded: true } as const
      const world = withLinkedTasks()
        .task({ user: 103, ...failed })
        .points(103, 100, { sourceType: 'refund', at: '2026-02-06 12:10:00', orderId: 'task-41' })
      expect(await said(world)).toEqual({ findings: [], open: [] })
      // What is another's is not taken for it.
      world.points(103, 100, { sourceType: 'refund', at: LATE, orderId: stored('task-4') })
      expect((await said(world)).findings.filter((text) => text.includes('task-41'))).toEqual([])
      world.points(103, 100, { sourceType: 'refund', at: LATE, orderId: stored('task-41') })
      expect((await said(world)).findings).toContain('B9 taskId=task-41')

      const late = withLinkedTasks().task({ user: 104, paid: { orderId: stored('task-41'), at: LATE } })
      expect(await said(late)).toEqual({ findings: [], open: [] })
    },
  )

  it.each([
    ['in capitals', (id: string) => id.toUpperCase()],
    ['in an URL', (id: string) => `https://queue.fal.run/fal-ai/flux/requests/${id}/status`],
    ['behind an endpoint', (id: string) => `fal-ai/flux#${id}`],
    ['behind an endpoint and a blank', (id: string) => ` fal-ai/flux#${id}`],
  ] as const)('in the one row of all that names a request id %s are found at any time', async (_, stored) => {
    const requestId = 'abcdef00-0000-4000-8000-0000000000ab'
    for (const at of [EARLY, LATE]) {
      const world = withLinkedTasks().task({ user: 104, requestId, paid: { orderId: stored(requestId), at } })
      expect(await said(world)).toEqual({ findings: [], open: [] })
    }
    // Any other id is another where it is written otherwise.
    const other = withLinkedTasks().task({ user: 104, paid: { orderId: 'TASK-41', at: LATE } })
    expect((await said(other)).findings.sort()).toEqual(['A4 userId=104', 'B10 taskId=task-41'])
  })

  it.each(FORMS)('in tasks are found by whoever asks for one, with %s', async (_, stored) => {
    const { tables, workspaces } = withLinkedTasks().build()
    const tasks = tables.tasks.map((task) => ({ ...task, taskId: stored(task.taskId) }))
    const real = await openWorld({ tables: { ...tables, tasks }, workspaces }, { store })
    try {
      for (const kind of ['auto', 'task'] as const) {
        const { verdict, foundAs } = await call(taskTraceTool, { id: 'task-7', kind }, real.dependencies())
        expect([kind, verdict, foundAs[0]]).toEqual([kind, 'matched', { role: 'task', rows: 1 }])
      }
    } finally {
      await real.close()
    }
  })
})
