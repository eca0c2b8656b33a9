import { describe, expect, it } from 'vitest'
import { input as userLedgerInput } from '../../schemas/user-ledger.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { userLedgers } from '../../src/operations/user-ledgers.ts'
import { auditWorld, inShort, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { audited, clean, foundIn, fourth, openOf } from '../kit/null-world.ts'
import { STORES } from '../kit/real-audit.ts'

// A task that does not tell its charge, its cost or its user.
const MODEL = 'fal-ai/flux/schnell'

describe.each(STORES)('a charge of NULL, on %s', (store) => {
  const NO_CHARGE = 'hold no charge'

  it('that rows were taken for is no charge of 0', async () => {
    const report = await audited(store, clean(), 'requests', { tasks: fourth({ money: null }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NO_CHARGE)).toEqual(['A4 104', 'A6', 'A7', 'B10 104'])
    expect(report.ledger.rows.filter(({ untoldCharges }) => untoldCharges === 1)).toMatchObject([
      { userId: 104, chargedPoints: 900, differencePoints: null, status: 'UNVERIFIED' },
    ])
    expect(report.tasks.totals).toMatchObject({ chargedPoints: 3900, untoldCharges: 1 })
    const summary = await audited(store, clean(), 'summary', { tasks: fourth({ money: null }) })
    expect(inShort(summary)).toEqual([])
    expect(openOf(summary, NO_CHARGE)).toEqual(['A4 104', 'A6', 'A7'])
    // Of one that is told to be 0 all three rules say so.
    const none = await audited(store, clean(), 'requests', { tasks: fourth({ money: 0 }) })
    expect(foundIn(none)).toEqual(['A4 userId=104', 'A7 userId=104', 'B10 taskId=task-4'])
  })

  it('without a row may be free, and leaves all else judged', async () => {
    const world = clean().task({ user: 104, paid: false, cost: '0', billed: false })
    const report = await audited(store, world, 'requests', { tasks: (row) => (row.id === 41 ? { money: null } : {}) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NO_CHARGE)).toEqual(['A6'])
    expect(report.ledger.rows.every(({ status }) => status === 'OK')).toBe(true)
    const paid = clean().task({ user: 104, paid: false, cost: '0', billed: false }).points(104, -70)
    const open = await audited(store, paid, 'requests', { tasks: (row) => (row.id === 41 ? { money: null } : {}) })
    expect(inShort(open)).toEqual([])
    expect(openOf(open, NO_CHARGE)).toEqual(['A4 104', 'A6'])
  })
})

describe.each(STORES)('a cost of NULL, on %s', (store) => {
  it('is no cost of 0', async () => {
    const report = await audited(store, clean(), 'requests', { tasks: fourth({ costMoney: null }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'hold no cost')).toEqual(['B3 5'])
    expect(report.notEvaluated.find(({ rule }) => rule === 'B3')?.reason).toContain('task-4')
    expect(report.tasks.totals).toMatchObject({ costUsd: '19.5', untoldCosts: 1 })
    expect(report.requests).toMatchObject({ matched: 40, mismatched: 0 })
    expect(report.tieOut).toMatchObject({ differenceUntold: '0.5', differenceTolerated: '0', differenceResidual: '0' })
    const none = await audited(store, clean(), 'requests', { tasks: fourth({ costMoney: 0 }) })
    expect(foundIn(none)).toEqual(['B3 taskId=task-4'])
  })

  it('explains a record that is short, by as much as fal billed for it', async () => {
    const some = (least: number) => ({ tasks: (row: { id: number }) => (row.id < least ? { costMoney: null } : {}) })
    for (const depth of ['requests', 'summary'] as const) {
      // 10 % of 20 USD are 4 tasks.
      for (const [least, open] of [
        [6, ['A1 5']],
        [5, []],
      ] as const) {
        const report = await audited(store, clean(), depth, some(least))
        expect(inShort(report)).toEqual([])
        expect(openOf(report, 'hold no cost').filter((text) => text.startsWith('A1'))).toEqual(open)
      }
    }
    const leak = clean()
    leak.event({ endpointId: 'fal-ai/leak', cost: '9', timestamp: leak.iso('2026-02-06 15:00:00') })
    const short = await audited(store, leak, 'summary', some(6))
    expect(foundIn(short)).toEqual(['A1 accountId=5', 'A3 accountId=5 model=fal-ai/leak'])
    const requests = await audited(store, leak, 'requests', some(6))
    expect(inShort(requests)).toContain('A1 accountId=5')
  })

  it('explains a record that is short together with tasks that cross the edge', async () => {
    // Of 23 USD billed 3 are of a task that ended right before the day, and 2.5 of tasks that tell no cost.
    const world = clean()
    const billed = { timestamp: world.iso('2026-02-06 00:00:10') }
    world.task({ user: 104, model: 'fal-ai/kling/v2', cost: '3', at: '2026-02-05 23:59:50', billed })
    const some = { tasks: (row: { id: number }) => (row.id <= 5 ? { costMoney: null } : {}) }
    const report = await audited(store, world, 'summary', some)
    expect(inShort(report)).toEqual(['A3 TIMING accountId=5 model=fal-ai/kling/v2'])
    expect(openOf(report, 'hold no cost').filter((text) => text.startsWith('A1'))).toEqual(['A1 5'])
    // What they do not explain is a break.
    const leak = world.event({ endpointId: 'fal-ai/leak', cost: '9', timestamp: world.iso('2026-02-06 15:00:00') })
    expect(foundIn(await audited(store, leak, 'summary', some))).toContain('A1 accountId=5')
  })

  it('makes no record smaller that is too large whatever it was', async () => {
    const world = clean().task({ user: 104, cost: '9', billed: false })
    const report = await audited(store, world, 'requests', { tasks: fourth({ costMoney: null }) })
    expect(inShort(report)).toContain('A1 accountId=5')
    expect(openOf(report, 'hold no cost')).toEqual(['B3 5'])
  })
})

describe.each(STORES)('a user of NULL, on %s', (store) => {
  const NO_USER = 'hold no user'

  it('is nobody, and no user whose id is 0', async () => {
    const report = await audited(store, clean(), 'requests', { tasks: fourth({ userId: null }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NO_USER)).toEqual(['A4', 'A6', 'B10', 'B6', 'B7', 'B8', 'B9'])
    expect(report.ledger.rows.map(({ userId }) => userId)).toEqual([101, 102, 103, 104])
    expect(report.tasks.rows.filter(({ userId }) => userId === null)).toMatchObject([{ taskCount: 1, costUsd: '0.5' }])
    const summary = await audited(store, clean(), 'summary', { tasks: fourth({ userId: null }) })
    expect(inShort(summary)).toEqual([])
    expect(openOf(summary, NO_USER)).toEqual(['A4', 'A6'])
  })

  it('beside a user whose id is 0 and who paid too little', async () => {
    const world = clean().task({ user: 0, paid: { points: 60 } })
    const report = await audited(store, world, 'requests', { tasks: fourth({ userId: null }) })
    expect(foundIn(report)).toEqual(['A4 userId=0', 'B10 taskId=task-41'])
    expect(report.findings.find(({ rule }) => rule === 'A4')).toMatchObject({ expected: '100', actual: '60' })
    expect(report.tasks.rows.map(({ userId }) => userId)).toEqual([0, 101, 102, 103, 104, null])
  })
})

describe('what is left open beside it', () => {
  const null41 = (over: object) => ({ tasks: (row: { id: number }) => (row.id === 41 ? over : {}) })

  it('is no debt beyond what is told', async () => {
    const world = clean()
      .task({ user: 104, paid: { points: 10 } })
      .task({ user: 104, paid: false })
      .task({ user: 104, paid: false })
    const report = await audited('embedded', world, 'requests', null41({ money: null }))
    expect(foundIn(report)).toEqual(['A4 userId=104', 'B10 taskId=task-42', 'B10 taskId=task-43'])
    expect(report.findings.find(({ rule }) => rule === 'A4')).toMatchObject({ expected: '1200', actual: '1010' })
    // What it took may make up for a smaller one.
    const less = clean()
      .task({ user: 104, paid: { points: 100 } })
      .task({ user: 104, paid: { points: 60 } })
    const open = await audited('embedded', less, 'requests', null41({ money: null }))
    expect(foundIn(open)).toEqual(['B10 taskId=task-42'])
    expect(openOf(open, 'hold no charge')).toEqual(['A4 104', 'A6', 'A7', 'B10 104'])
  })

  it('is whether a failure was charged, or a refund is due, where rows took something', async () => {
    for (const refunded of [false, true]) {
      const rule = refunded ? 'B8' : 'B7'
      const world = () => clean().task({ user: 109, cost: '0', status: 'failed', refunded, billed: false })
      const report = await audited('embedded', world(), 'requests', null41({ money: null }))
      expect(inShort(report)).toEqual([])
      expect(openOf(report, 'hold no charge')).toEqual([
        ...['A4 109', ...(refunded ? ['A5 2026-02-06'] : []), 'A6', 'B10 109', `${rule} 109`],
      ])
      expect(foundIn(await audited('embedded', world(), 'requests', {}))).toEqual([`${rule} taskId=task-41`])
      const unpaid = clean().task({ user: 109, cost: '0', status: 'failed', refunded, billed: false, paid: false })
      const free = await audited('embedded', unpaid, 'requests', null41({ money: null }))
      expect(inShort(free)).toEqual([])
      expect(openOf(free, 'hold no charge')).toEqual([...(refunded ? ['A5 2026-02-06'] : []), 'A6'])
    }
  })

  it('is the share of refunds of its day, where it may decide', async () => {
    const A2 = `A2 accountId=5 model=${MODEL}`
    const world = () => {
      const made = new MiniWorld().account(5)
      for (let each = 0; each < 10; each++) {
        const isRefunded = each < 4
        made.task({ user: 101, refunded: isRefunded, cost: '0', billed: false })
        if (isRefunded) made.points(101, 100, { orderId: made.lastTaskId, sourceType: 'refund' })
      }
      return made
    }
    expect(foundIn(await audited('embedded', world(), 'requests', {}))).toEqual([A2, 'A5 date=2026-02-06'])
    const last = (over: object) => ({ tasks: (row: { id: number }) => (row.id === 10 ? over : {}) })
    const report = await audited('embedded', world(), 'requests', last({ money: null }))
    expect(foundIn(report)).toEqual([A2])
    expect(openOf(report, 'hold no charge')).toContain('A5 2026-02-06')
    // Another refund makes it no smaller.
    const refund = await audited('embedded', world(), 'requests', {
      tasks: (row) => (row.id === 1 ? { money: null } : {}),
    })
    expect(foundIn(refund)).toEqual([A2, 'A5 date=2026-02-06'])
  })

  it('is what a user paid without naming a task, where tasks name no user', async () => {
    const world = () => {
      const made = new MiniWorld().account(5)
      for (let each = 0; each < 10; each++) made.task({ user: 101, paid: { orderId: null } })
      return made
    }
    const total = async (over: object) =>
      audited('embedded', world(), 'summary', { tasks: (row) => (row.id === 4 ? over : {}) })
    const report = await total({ userId: null })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'hold no user')).toEqual(['A4', 'A4 101', 'A6'])
    expect(foundIn(await total({ userId: 109 }))).toEqual(['A4 userId=101', 'A4 userId=109'])
  })

  it.each([
    // Rows of the day may have paid it, and a charge that it does not tell may be all that they took.
    ['2026-02-05 23:50:00', 100, true],
    ['2026-02-05 23:50:00', null, true],
    // It is too old, or too small.
    ['2026-02-05 23:49:59', 100, false],
    ['2026-01-20 12:00:00', null, false],
    ['2026-02-06 12:00:00', 99, false],
  ])('is it for a task without a user of %s that charged %d', async (createdAt, money, isOpen) => {
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 10; each++) world.task({ user: 101, paid: { orderId: null } })
    const built = world.build()
    const tasks = built.tables.tasks.map((task) =>
      task.id === 4 ? { ...task, userId: null as never, money: money as never, createdAt } : task,
    )
    const given = { ...built, tables: { ...built.tables, tasks } }
    const report = await auditWorld(given, { depth: 'requests' })
    expect(foundIn(report).includes('A4 userId=101')).toBe(!isOpen)
    expect(openOf(report, 'hold no user').includes('A4 101')).toBe(isOpen)
    // What is said of all is said for a task of the day alone.
    expect(openOf(report, 'hold no user').includes('A4')).toBe(createdAt.startsWith('2026-02-06'))
    const { rows } = await userLedgers(
      userLedgerInput.parse({ start: '2026-02-06', end: '2026-02-06' }),
      memoryDependencies(given, {}),
      quietContext(),
    )
    expect(rows.map(({ status }) => status)).toEqual([isOpen ? 'UNVERIFIED' : 'DIFF'])
  })
})
