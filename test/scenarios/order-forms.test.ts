import { describe, expect, it } from 'vitest'
import type { MiniWorld } from '../../src/demo/mini-world.ts'
import { requestIdOf } from '../../src/demo/mini-world.ts'
import { ODD_ROWS_MAX } from '../../src/ledger/order-names.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import type { WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'
import { auditRealWorld, openWorld, STORES } from '../kit/real-audit.ts'
import { call } from '../tools/call.ts'

const ID = requestIdOf(41)
const URL = `https://queue.fal.run/fal-ai/flux/requests/${ID}`
/** Long after all that is read of the ledgers in one pass. */
const late = '2026-02-08 20:00:00'
const RULES = ['A4', 'B6', 'B7', 'B8', 'B9', 'B10'] as const

describe.each(STORES)('rows whose order is the request id as the installation stores it: %s', (store) => {
  const said = async (world: MiniWorld, options: WorldAudit = {}) =>
    saidOf(await auditRealWorld(world.build(), { store }, { depth: 'requests', ...options }), ...RULES)
  const failed = { user: 101, status: 'failed', billed: false, cost: '0' } as const

  it.each([
    ['an URL', URL],
    ['endpoint#id', `fal-ai/flux#${ID}`],
    ['capitals', ID.toUpperCase()],
    ['an id behind another mark', `req_${ID}`],
  ])('%s are found at any time', async (_, orderId) => {
    const task = { requestId: orderId, paid: { orderId } }
    const other = { ...task, requestId: orderId.replace('41', '42'), paid: { orderId: orderId.replace('41', '42') } }
    const marked = withLinkedTasks().task({ ...failed, ...task, refunded: true })
    expect(await said(marked)).toEqual({ findings: ['B8 taskId=task-41'], open: [] })
    expect(await said(marked.points(101, 100, { orderId, sourceType: 'refund', at: late }))).toEqual({
      findings: [],
      open: [],
    })
    const unmarked = withLinkedTasks().task({ ...failed, ...task })
    expect(await said(unmarked.cash(101, 100, { orderId, at: late }))).toEqual({
      findings: ['B8 taskId=task-41'],
      open: [],
    })
    const paidLate = withLinkedTasks().task({
      user: 101,
      ...task,
      billed: { requestId: ID },
      paid: { orderId, at: late },
    })
    paidLate.task({ user: 102, ...other, billed: { requestId: requestIdOf(42) } })
    expect(await said(paidLate)).toEqual({ findings: [], open: [] })
    // Of rows of others, which tell the form as well, none is read then.
    expect(await said(paidLate, { userIds: [101] })).toEqual({ findings: [], open: [] })
  })

  it.each([
    ['an URL', URL],
    ['endpoint#id', `fal-ai/flux#${ID}`],
    ['capitals', ID.toUpperCase()],
    ['an id behind another mark', `req_${ID}`],
  ])('%s are found late where tasks alone tell of the form', async (_, stored) => {
    // All rows of the streamed days name their tasks by the operator's id.
    const task = { user: 101, requestId: stored, billed: { requestId: ID } }
    expect(await said(withLinkedTasks().task(task))).toEqual({ findings: [], open: [] })
    for (const orderId of [stored, ID]) {
      const refunded = withLinkedTasks().task(task).points(101, 100, { orderId, sourceType: 'refund', at: late })
      expect(await said(refunded)).toEqual({ findings: ['B8 taskId=task-41'], open: [] })
      const paidLate = withLinkedTasks().task({ ...task, paid: { orderId, at: late } })
      expect(await said(paidLate)).toEqual({ findings: [], open: [] })
    }
  })

  it.each([
    ['an URL', URL],
    ['endpoint#id', `fal-ai/flux#${ID}`],
    ['capitals', ID.toUpperCase()],
  ])('%s alone are found at another time, of however many tasks', async (_, orderId) => {
    for (const more of [0, 400]) {
      const world = withLinkedTasks().task({ user: 101, paid: { orderId, at: late } })
      for (let each = 0; each < more; each++) world.task({ user: 900 })
      expect(await said(world)).toEqual({ findings: [], open: [] })
      const other = { orderId: orderId.replace('41', '77'), at: late }
      const unpaid = withLinkedTasks().task({ user: 101, paid: other })
      for (let each = 0; each < more; each++) unpaid.task({ user: 900 })
      expect((await said(unpaid)).findings).toEqual(['A4 userId=101', 'B10 taskId=task-41'])
    }
  })

  it.each([
    ['an id behind another mark', `req_${ID}`],
    ['such a one in capitals', `FAL:${ID.toUpperCase()}`],
    ['an id behind an endpoint of another name', `pika/v2#${ID}`],
  ])('%s is found at another time where rows alone are named so', async (_, orderId) => {
    const another = orderId.replace('41', '42')
    const world = withLinkedTasks().task({ user: 102, requestId: requestIdOf(42), paid: { orderId: another } })
    expect(await said(world.task({ user: 101, requestId: ID, paid: { orderId, at: late } }))).toEqual({
      findings: [],
      open: [],
    })
    const paid = { orderId: orderId.replace('41', '77'), at: late }
    expect((await said(world.task({ user: 103, paid }))).findings).toEqual(['A4 userId=103', 'B10 taskId=task-43'])
  })

  it('alone are found where more rows of other times begin so than are kept', async () => {
    const world = withLinkedTasks()
    for (let each = 0; each <= ODD_ROWS_MAX; each++)
      world.points(950, -1, { orderId: `https://old.example/${each}`, at: '2025-06-01 12:00:00' })
    world.task({ user: 101, paid: { orderId: URL, at: late } })
    expect(await said(world)).toEqual({ findings: [], open: [] })
  })

  it('are listed with their task', async () => {
    const world = withLinkedTasks().task({ ...failed, requestId: URL, refunded: true, paid: { orderId: URL } })
    world.points(101, 100, { orderId: URL, sourceType: 'refund', at: late })
    const real = await openWorld(world.build(), { store })
    try {
      for (const id of ['task-41', ID, URL]) {
        const { entries, foundAs } = await call(taskTraceTool, { id }, real.dependencies())
        expect(entries.map(({ rowId, kind }) => [rowId, kind])).toEqual([
          [41, 'consume'],
          [42, 'refund'],
        ])
        const order = foundAs.find(({ role }) => role === 'order')
        expect([id, order?.rows]).toEqual([id, id === 'task-41' ? undefined : 2])
      }
    } finally {
      await real.close()
    }
  })

  it('are listed without a task, too', async () => {
    const request = '0000aaaa-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
    const orderId = `fal-ai/flux#${request}`
    const world = withLinkedTasks().points(101, -100, { orderId })
    const real = await openWorld(world.build(), { store })
    try {
      for (const id of [request, orderId]) {
        const { entries, foundAs } = await call(taskTraceTool, { id }, real.dependencies())
        expect([id, entries.map(({ rowId }) => rowId), foundAs]).toMatchObject([id, [41], [{ role: 'order', rows: 1 }]])
      }
    } finally {
      await real.close()
    }
  })
})
