import { describe, expect, it } from 'vitest'
import { keyIdOfAccount, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { StoredTables } from '../../src/demo/stored-world.ts'
import { inShort } from '../kit/audit-world.ts'
import { audited, clean, foundIn, fourth, openOf } from '../kit/null-world.ts'
import { auditRealWorld, STORES } from '../kit/real-audit.ts'

// A column that holds nothing accuses nobody of what it does not say.
const MODEL = 'fal-ai/flux/schnell'
const OTHER = 'fal-ai/kling/v2'

describe.each(STORES)('NULL, on %s', (store) => {
  it('for the amount of a ledger row leaves its user open', async () => {
    const report = await audited(store, clean(), 'requests', { points: fourth({ points: null }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'holds no amount')).toEqual(['A4 104', 'B10 104', 'B11 104'])
    const summary = await audited(store, clean(), 'summary', { points: fourth({ points: null }) })
    expect(inShort(summary)).toEqual([])
    expect(openOf(summary, 'holds no amount')).toEqual(['A4 104'])
  })

  it('for the key of a task is no unknown key', async () => {
    for (const depth of ['summary', 'requests'] as const) {
      const report = await audited(store, clean(), depth, { tasks: fourth({ apiKey: null }) })
      expect(inShort(report)).toEqual([])
      expect(openOf(report, 'tasks without a key')).toEqual(['B14'])
      expect(report.notEvaluated.find(({ rule }) => rule === 'B14')?.reason).toContain('tasks without a key (1)')
    }
  })

  it('for the model of a task is no model that fal did not bill', async () => {
    const summary = await audited(store, clean(), 'summary', { tasks: fourth({ appName: null }) })
    expect(inShort(summary)).toEqual([])
    expect(openOf(summary, 'without a model')).toEqual(['A2 5'])
    const requests = await audited(store, clean(), 'requests', { tasks: fourth({ appName: null }) })
    expect(inShort(requests)).toEqual([])
    expect(openOf(requests, 'without a model')).toEqual(['A2 5'])
  })
})

const SUMMARY = ['embedded', clean, 'summary'] as const

describe('beside a NULL', () => {
  it('a row of another user that does not add up is a break, and so is one of nothing', async () => {
    const world = clean()
    const broken = (row: { readonly id: number; readonly balanceAfter: number | null }) =>
      row.id === 4
        ? { points: null }
        : row.id === 5
          ? { balanceAfter: (row.balanceAfter ?? 0) + 1 }
          : row.id === 6
            ? { points: 0 }
            : {}
    const report = await audited('embedded', world, 'requests', { points: broken })
    expect(inShort(report).map((text) => text.replace(/ requestId=.*/, ''))).toEqual([
      ...['B11 userId=102 rowId=6', 'B11 userId=101 rowId=5', 'B12 userId=101 rowId=9'],
      ...['A4 userId=102', 'B10 taskId=task-6'],
    ])
  })

  it('another task of the same user that was paid too little is a break', async () => {
    const world = clean().task({ user: 104, paid: { points: 60 } })
    const report = await audited('embedded', world, 'requests', { points: fourth({ points: null }) })
    expect(inShort(report)).toEqual([expect.stringMatching(/^B10 taskId=task-41 /)])
  })

  it('a refund of what a row took without saying how much is not too much', async () => {
    const world = clean().task({ user: 109, cost: '0', status: 'failed', refunded: true, billed: false })
    world.points(109, 100, { orderId: world.lastTaskId, sourceType: 'refund' })
    const untold = (row: { readonly id: number }) => (row.id === 41 ? { points: null } : {})
    const report = await audited('embedded', world, 'requests', { points: untold })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'holds no amount')).toEqual(['A4 109', 'B10 109', 'B11 109', 'B9 109'])
    const none = (row: { readonly id: number }) => (row.id === 41 ? { points: 0 } : {})
    expect(inShort(await audited('embedded', world, 'requests', { points: none }))).toContainEqual(
      expect.stringMatching(/^B9 taskId=task-41/),
    )
  })

  it.each([
    ['its own', 'task-41', 'holds no amount'],
    ['one without an order', null, 'link to no task'],
  ])('a charge that came back by a row without an amount, %s, may be refunded', async (_, orderId, words) => {
    for (const refunded of [false, true]) {
      const rule = refunded ? 'B8' : 'B7'
      const world = () => clean().task({ user: 109, cost: '0', status: 'failed', refunded, billed: false })
      const back = { sourceType: 'refund', orderId, at: '2026-02-06 12:10:00' }
      const rows = (points: number | null) => ({ points: (row: { id: number }) => (row.id === 42 ? { points } : {}) })
      const report = await audited('embedded', world().points(109, 100, back), 'requests', rows(null))
      expect(inShort(report)).toEqual([])
      expect(openOf(report, words)).toContain(`${rule} 109`)
      const none = await audited('embedded', world().points(109, 100, back), 'requests', rows(0))
      expect(inShort(none)).toContainEqual(expect.stringMatching(new RegExp(`^${rule} taskId=task-41`)))
      const cash = world().cash(109, 100, { orderId, at: back.at })
      const cashReport = await audited('embedded', cash, 'requests', { cash: () => ({ money: null }) })
      expect(inShort(cashReport)).toEqual([])
      expect(openOf(cashReport, words)).toContain(`${rule} 109`)
    }
  })

  it('a refund of a task that a row without an amount may have paid is not too much', async () => {
    const world = clean().task({ user: 109, cost: '0', paid: { orderId: null }, billed: false, refunded: true })
    world.points(109, 100, { orderId: world.lastTaskId, sourceType: 'refund' })
    const report = await audited('embedded', world, 'requests', {
      points: (row) => (row.id === 41 ? { points: null } : {}),
    })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'link to no task')).toEqual(['B9 109'])
    expect(openOf(report, 'holds no amount')).toEqual(['A4 109', 'B10 109', 'B11 109'])
  })

  it('rows that several tasks share leave all of them open', async () => {
    const shared = { user: 109, requestId: requestIdOf(5000) }
    const world = clean()
      .task({ ...shared, paid: { points: 60 } })
      .task({ ...shared, billed: false, cost: '0', paid: { points: 60 } })
      .points(109, -80, { orderId: shared.requestId })
    const report = await audited('embedded', world, 'requests', {
      points: (row) => (row.id === 43 ? { points: null } : {}),
    })
    expect(inShort(report).filter((text) => !text.startsWith('B4'))).toEqual([])
    expect(openOf(report, 'holds no amount')).toEqual(['A4 109', 'B10 109', 'B11 109'])
  })

  it('a row beyond what a task was charged leaves it open', async () => {
    const world = clean().task({ user: 109 })
    world.points(109, -100, { orderId: world.lastTaskId })
    const report = await audited('embedded', world, 'requests', {
      points: (row) => (row.id === 42 ? { points: null } : {}),
    })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, 'holds no amount')).toEqual(['A4 109', 'B10 109', 'B11 109', 'B6 109'])
  })

  it('an unknown key is a break, with as many tasks as name it', async () => {
    const [store, make, depth] = SUMMARY
    const keys = (row: { readonly id: number }) =>
      row.id < 3 ? { apiKey: null } : row.id < 5 ? { apiKey: '  ' } : row.id < 8 ? { apiKey: 'strange:key' } : {}
    const report = await audited(store, make(), depth, { tasks: keys })
    expect(report.findings.filter(({ rule }) => rule === 'B14')).toMatchObject([{ actual: '3', count: 3 }])
    expect(report.notEvaluated.find(({ rule }) => rule === 'B14')?.reason).toContain('tasks without a key (4)')
  })

  it('a model that fal did not bill is a break, and one that no task names stays open', async () => {
    const [store, , depth] = SUMMARY
    const world = clean().task({ model: OTHER, cost: '2', billed: false })
    world.event({ endpointId: 'fal-ai/leak', cost: '3', timestamp: world.iso('2026-02-06 15:00:00') })
    const report = await audited(store, world, depth, { tasks: fourth({ appName: null }) })
    expect(inShort(report)).toEqual([`A2 accountId=5 model=${OTHER}`])
    expect(openOf(report, 'without a model')).toEqual(['A2 5', 'A3 5 fal-ai/leak'])
    const named = await audited(store, world, depth, {})
    expect(inShort(named)).toContain('A3 accountId=5 model=fal-ai/leak')
  })

  it('a task that names no model teaches no name for the one that it was billed as', async () => {
    const world = clean().account(6, { workspace: 'workspace-6' })
    for (let each = 0; each < 3; each++) world.task({ account: 6, user: 106, cost: '0.5' })
    const built = world.build()
    const tasks = built.tables.tasks.map((row) => (row.id === 4 ? { ...row, appName: null } : row))
    const tables = { ...built.tables, tasks } as unknown as StoredTables
    const faults = [{ kind: 'status', status: 403, keyId: keyIdOfAccount(6), path: '/models/billing-events' } as const]
    const report = await auditRealWorld(
      { ...built, tables },
      { store: 'embedded', double: { faults } },
      { depth: 'requests' },
    )
    expect(inShort(report)).toEqual([])
    expect(report.settings.learnedAliases).toEqual({})
    expect(report.notEvaluated.filter(({ rule, subject }) => /^A[23]$/.test(rule) && subject.model === MODEL)).toEqual(
      [],
    )
  })
})

describe('a record that is short of the bill by what two tasks cost', () => {
  type Changes = Parameters<typeof audited>[3]
  /** Task 1 is recorded, task 2 names no key; fal billed `lost` besides, of which no task tells. */
  const said = async (third: MiniTask, depth: 'summary' | 'requests', over: object, lost?: string) => {
    const world = new MiniWorld()
      .account(5)
      .task({ cost: '1' })
      .task({ cost: '0.5' })
      .task({ cost: '0.5', ...third })
    if (lost !== undefined) world.event({ cost: lost, timestamp: '2026-02-06T04:00:00Z' })
    const cells = (row: { readonly id: number }) => (row.id === 2 ? { apiKey: null } : row.id === 3 ? over : {})
    const report = await audited('embedded', world, depth, { tasks: cells } as Changes)
    const open = report.notEvaluated.filter(({ rule }) => rule === 'A1').map(({ reason }) => reason)
    return { fires: foundIn(report).filter((text) => text.startsWith('A1')), open }
  }

  it.each([
    ['that names no key and one without a time', 'summary', { createdAt: null }, {}, 'created_at'],
    ['that names no key and one that tells no cost', 'requests', { costMoney: null }, {}, 'hold no cost'],
    [
      ...(['that names no key and one that crosses the edge', 'summary', {}] as const),
      { at: '2026-02-05 23:59:50', billed: { timestamp: '2026-02-05T16:00:05Z' } },
      'without a key',
    ],
  ] as const)('%s is none where both together explain it: depth %s', async (_, depth, over, third, words) => {
    expect(await said(third, depth, over)).toEqual({ fires: [], open: [expect.stringContaining(words)] })
    expect(await said(third, depth, over, '0.3')).toEqual({ fires: ['A1 accountId=5'], open: [] })
  })
})
