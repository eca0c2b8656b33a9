import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'
import { auditRealWorld } from '../kit/real-audit.ts'

const requests = { depth: 'requests' } as const
const failed = { user: 101, status: 'failed', billed: false, cost: '0', paid: { cash: 100 } } as const
const at = '2026-02-06 12:10:00'
/** Long after all that is read of the ledgers in one pass. */
const late = '2026-02-08 20:00:00'
/** Recharges and refunds share a type, whichever way the money goes. */
const REFUND_TYPE = 0

/** A task of user 101, with rows of that type and its order, one after another. */
function world(task: Parameters<MiniWorld['task']>[0], rows: readonly number[], times: readonly string[] = []) {
  const all = withLinkedTasks().task(task)
  for (const [row, cents] of rows.entries()) {
    all.cash(101, cents, { orderId: all.lastTaskId, at: times[row] ?? at, transactionType: REFUND_TYPE })
  }
  return all
}

const said = async (all: MiniWorld, options: WorldAudit = requests) => {
  const report = await auditWorld(all.build(), options)
  const row = report.ledger.rows.find(({ userId }) => userId === 101)
  return { ...saidOf(report, 'B6', 'B7', 'B8', 'B9'), cash: [row?.cashRefunded, row?.cashRecharged] }
}

describe('cash that was given back for a task and taken back again', () => {
  it.each([
    ['of a success', { user: 101, paid: { cash: 100 } }, []],
    ['of a failure', failed, ['B7 taskId=task-41']],
    ['of a failure that is marked', { ...failed, refunded: true }, ['B8 taskId=task-41']],
  ] as const)('%s is no refund', async (_, task, findings) => {
    expect(await said(world(task, [100, -100]))).toEqual({ findings, open: [], cash: [0, 0] })
    expect(await said(world(task, [100, -100], [at, late]))).toEqual({ findings, open: [], cash: [0, 0] })
    expect(await said(world(task, [100, -100], [late, late]))).toEqual({ findings, open: [], cash: [0, 0] })
  })

  it('and given once more was given once', async () => {
    const marked = { ...failed, refunded: true }
    const cash = [100, 0]
    expect(await said(world(marked, [100, -100, 100]))).toEqual({ findings: [], open: [], cash })
    expect(await said(world(marked, [100, -100, 100], [at, at, late]))).toEqual({ findings: [], open: [], cash })
  })

  it.each(['embedded', 'mariadb'] as const)('is told likewise of what a database holds: %s', async (store) => {
    const report = await auditRealWorld(world(failed, [100, -100], [at, late]).build(), { store }, requests)
    expect(saidOf(report, 'B7', 'B8', 'B9')).toEqual({ findings: ['B7 taskId=task-41'], open: [] })
  })

  it('but for a cent is a refund of that', async () => {
    expect(await said(world({ ...failed, refunded: true }, [100, -99]))).toEqual({
      findings: [],
      open: [],
      cash: [1, 0],
    })
  })

  it('counts for the tasks of one user that share the id which the rows name', async () => {
    const shared = { ...failed, refunded: true, requestId: 'one' }
    const all = withLinkedTasks().task(shared).task(shared)
    for (const cents of [100, -100, 100, 100]) {
      all.cash(101, cents, { orderId: 'one', at, transactionType: REFUND_TYPE })
    }
    expect((await said(all)).cash).toEqual([200, 0])
    expect((await said(all)).findings).toEqual([])
  })

  it('counts where rows do not link, as far as the order is that of a task', async () => {
    const total = { ...requests, settings: { ledgerLink: 'total' } } as const
    expect((await said(world({ ...failed, refunded: true }, [100, -100]), total)).cash).toEqual([0, 0])
    const others = world({ ...failed, refunded: true }, [])
    for (const cents of [500, -500]) {
      others.cash(101, cents, { orderId: 'pay-1', at, transactionType: REFUND_TYPE })
    }
    // What was bought and sold again is no refund.
    expect((await said(others, total)).cash).toEqual([0, 500])
    const elsewhere = new MiniWorld().account(5).task({ ...failed, at: '2026-01-02 12:00:00' })
    const order = elsewhere.lastTaskId
    withLinkedTasks(elsewhere).task({ user: 101 })
    for (const cents of [100, -100]) {
      elsewhere.cash(101, cents, { orderId: order, at, transactionType: REFUND_TYPE })
    }
    expect((await said(elsewhere, total)).cash).toEqual([0, 0])
  })

  it.each(['points', 'cash'] as const)('leaves open what is left of it where it tells no user: %s', async (book) => {
    for (const [refunded, rule] of [
      [true, 'B8'],
      [false, 'B7'],
    ] as const) {
      const all = withLinkedTasks().task({ ...failed, refunded })
      const orderId = all.lastTaskId
      for (const amount of [100, -100]) {
        if (book === 'points') all.points(101, amount, { orderId, at, sourceType: 'refund' })
        else all.cash(101, amount, { orderId, at, transactionType: REFUND_TYPE })
      }
      const { tables, ...world } = all.build()
      const nobodys = (rows: readonly object[]) =>
        rows.map((row, index) => (index === rows.length - 1 ? { ...row, userId: null } : row))
      const report = await auditWorld({ ...world, tables: { ...tables, [book]: nobodys(tables[book]) } }, requests)
      expect(saidOf(report, 'B7', 'B8', 'B9').findings).toEqual([])
      expect(saidOf(report, rule).open).toContain(`${rule} userId=101`)
    }
  })
})
