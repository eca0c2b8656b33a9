import { describe, expect, it, onTestFinished } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { billingUsage } from '../../src/operations/billing-usage.ts'
import { inShort, quietContext } from '../kit/audit-world.ts'
import { audited, clean, foundIn, openOf } from '../kit/null-world.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'

// A task without created_at is of no period. What it may be of is told as open, and its ids are recorded all the same.
const OTHER = 'fal-ai/kling/v2'
const NO_TIME = 'without created_at'
const DEPTHS = ['summary', 'requests'] as const

/** Takes the time of the tasks from some row on. */
const undated = (least: number) => ({
  tasks: (row: { readonly id: number }) => (row.id >= least ? { createdAt: null } : {}),
})
const reasonOf = ({ coverage }: Report): string | undefined =>
  coverage.sources.find(({ source }) => source === 'tasks')?.reason

describe.each(STORES)('a task without created_at, on %s', (store) => {
  it('is counted and told of, and its request is none that no task records', async () => {
    const world = () => clean().task({ user: 104, cost: '0.5' })
    const report = await audited(store, world(), 'requests', undated(41))
    expect(inShort(report)).toEqual([])
    expect(reasonOf(report)).toBe('1 task without created_at, first of all row 41: of no period, and in no sum here')
    expect(report.tasks.totals.taskCount).toBe(40)
    // Its bill is carried over to a time that nobody knows.
    expect(report.requests).toMatchObject({ matched: 40, unrecorded: 0 })
    const gone = world()
    gone.event({ requestId: requestIdOf(77), cost: '0.5', timestamp: gone.iso('2026-02-06 15:00:00') })
    expect(inShort(await audited(store, gone, 'requests', undated(41)))).toContain(`B1 requestId=${requestIdOf(77)}`)
  })

  it('leaves open what it may explain with usage alone, and nothing besides', async () => {
    const world = (cost = '3') => clean().task({ user: 104, model: OTHER, cost, points: 0, paid: false })
    const report = await audited(store, world(), 'summary', undated(41))
    expect(inShort(report)).toEqual([])
    const others = [`A3 5 ${OTHER}`, 'A7 104']
    expect(openOf(report, NO_TIME)).toEqual(['A1 5', ...others])
    // A tenth of what fal billed.
    expect(openOf(await audited(store, world('2.222222222'), 'summary', undated(41)), NO_TIME)).toEqual(others)
    const leak = world()
    leak.event({ endpointId: 'fal-ai/leak', cost: '9', timestamp: leak.iso('2026-02-06 15:00:00') })
    expect(foundIn(await audited(store, leak, 'summary', undated(41)))).toEqual([
      'A1 accountId=5',
      'A3 accountId=5 model=fal-ai/leak',
    ])
  })

  it('bears the id of a request that another task was charged for', async () => {
    const requestId = requestIdOf(40)
    const world = () => clean().task({ user: 104, requestId, billed: false, cost: '0' })
    const report = await audited(store, world(), 'requests', undated(41))
    expect(inShort(report).filter((text) => text.startsWith('B4'))).toEqual([`B4 requestId=${requestId}`])
  })

  it('is not billed what another task was billed for the same request', async () => {
    for (const task of [{ cost: '0.5' }, { cost: '0', refunded: true, status: 'failed' }]) {
      const world = clean().task({ ...task, user: 104, requestId: requestIdOf(40), billed: false, paid: false })
      const report = await audited(store, world, 'requests', undated(41))
      expect(report.official.totals.costUsd).toBe('20')
      expect([report.tieOut?.eventsTotal, report.tieOut?.eventsResidual]).toEqual(['20', '0'])
      expect(foundIn(report).filter((text) => !text.startsWith('B4'))).toEqual([])
    }
  })

  it('names a key that no account has', async () => {
    const apiKey = '99999999-0000-4000-8000-000000000000:secret'
    for (const depth of DEPTHS) {
      const world = () => clean().task({ user: 104, apiKey, billed: false, cost: '0', points: 0 })
      const report = await audited(store, world(), depth, undated(41))
      expect(inShort(report)).toEqual([])
      expect(openOf(report, NO_TIME).filter((text) => text.startsWith('B14'))).toEqual(['B14 99999999…'])
      expect(inShort(await audited(store, world(), depth, {}))).toEqual(['B14 keyId=99999999…'])
    }
  })

  it('names no key that a task of the period writes otherwise', async () => {
    const apiKey = 'abcdef99-0000-4000-8000-000000000000:secret'
    const world = clean().task({ apiKey, billed: false }).task({ apiKey: apiKey.toUpperCase(), billed: false })
    const report = await audited(store, world, 'summary', undated(42))
    expect(inShort(report).filter((text) => text.startsWith('B14'))).toEqual(['B14 keyId=abcdef99…'])
    expect(openOf(report, NO_TIME).filter((text) => text.startsWith('B14'))).toEqual([])
  })

  it('names a key that is looked at for the users who were asked for alone, with a time or without', async () => {
    const apiKey = '99999999-0000-4000-8000-000000000000:secret'
    const world = () => clean().task({ user: 104, apiKey, billed: false, cost: '0', points: 0 })
    const B14 = (texts: readonly string[]) => texts.filter((text) => text.startsWith('B14'))
    for (const [userIds, userId, isLookedAt] of [
      [[104], 104, true],
      [[101, 104], 104, true],
      [[101], 104, false],
      [[104], null, false],
    ] as const) {
      const owned = { tasks: (row: { id: number }) => (row.id > 40 ? { userId } : {}) }
      const lost = { tasks: (row: { id: number }) => (row.id > 40 ? { userId, createdAt: null } : {}) }
      const dated = await audited(store, world(), 'summary', owned, { userIds: [...userIds] })
      expect(B14(inShort(dated))).toEqual(isLookedAt ? ['B14 keyId=99999999…'] : [])
      const report = await audited(store, world(), 'summary', lost, { userIds: [...userIds] })
      expect(B14(openOf(report, NO_TIME))).toEqual(isLookedAt ? ['B14 99999999…'] : [])
    }
  })
})

describe('tasks without created_at', () => {
  it('may be what a user paid for, where rows name no tasks', async () => {
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 10; each++) world.task({ user: 101 + (each % 2), paid: { orderId: null } })
    const report = await audited('embedded', world, 'summary', {
      tasks: (row) => (row.id === 3 ? { createdAt: null } : {}),
    })
    expect(inShort(report).filter((text) => text.startsWith('A4'))).toEqual([])
    expect(openOf(report, NO_TIME)).toEqual(expect.arrayContaining(['A4 101']))
    expect(openOf(report, NO_TIME)).not.toContain('A4 102')
  })

  it('decides the link mode alike, whoever was asked for', async () => {
    // With the task of another user, not linked, fewer than nine in ten are: then the second row of 101 is one too much.
    const world = (paid: false | object) =>
      new MiniWorld().account(5).task().task().points(101, -50).task({ user: 103, paid })
    for (const [paid, isOpen] of [
      [{}, false],
      [false, true],
    ] as const)
      for (const userIds of [[], [101]]) {
        const report = await audited('embedded', world(paid), 'summary', undated(3), { userIds })
        expect(openOf(report, NO_TIME).includes('A4 101')).toBe(isOpen)
        expect(report.ledger.rows.find(({ userId }) => userId === 101)?.status).toBe(isOpen ? 'UNVERIFIED' : 'OK')
        if (userIds.length > 0) expect(report.ledger.rows.map(({ userId }) => userId)).toEqual(userIds)
      }
  })

  it('decides the link mode alike where rows of another user are looked up', async () => {
    // Of eleven tasks one was paid so late that its row is looked up; the task without a time has no row.
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 10; each++) world.task()
    world.points(101, -50).task({ user: 102, paid: { at: '2026-02-08 12:00:00' } })
    world.task({ user: 103, paid: false })
    for (const userIds of [[], [101]]) {
      const report = await audited('embedded', world, 'summary', undated(12), { userIds })
      expect(openOf(report, NO_TIME)).not.toContain('A4 101')
      expect(report.settings.ledgerLinkedRatio).toBe('1.000')
    }
    // Where no task lacks its time the mode is decided without it.
    const dated = await audited('embedded', world, 'summary', {}, { userIds: [101] })
    expect(dated.settings.ledgerLinkedRatio).toBe('0.917')
  })

  it('may have been charged on a day of many refunds, to the point', async () => {
    const world = (points: number) => {
      const made = new MiniWorld().account(5).task({ points: 60, cost: '0', billed: false })
      made.task({ points: 40, cost: '0', billed: false, refunded: true })
      return made.task({ points, cost: '0', billed: false, paid: false })
    }
    const A5 = 'A5 2026-02-06'
    expect(openOf(await audited('embedded', world(34), 'summary', undated(3)), NO_TIME)).toContain(A5)
    const found = await audited('embedded', world(33), 'summary', undated(3))
    expect(foundIn(found)).toContain('A5 date=2026-02-06')
  })

  const dated = (from: number, createdAt: string) => ({
    tasks: (row: { readonly id: number }) => (row.id >= from ? { createdAt } : {}),
  })
  const ofBill = (report: Report) => foundIn(report).filter((text) => /^A[123] /.test(text))

  it('that fal billed at what they cost account for no bill that nobody recorded', async () => {
    // 20 USD recorded, 24 billed, and 10 USD both recorded and billed at a time that nobody knows.
    const world = (billed: false | object) => {
      const made = clean().task({ user: 104, cost: '10', billed })
      return made.event({ cost: '4', timestamp: made.iso('2026-02-06 15:00:00') })
    }
    expect(ofBill(await audited('embedded', world({}), 'requests', undated(41)))).toEqual(['A1 accountId=5'])
    const unbilled = await audited('embedded', world(false), 'requests', undated(41))
    expect([ofBill(unbilled), openOf(unbilled, NO_TIME)]).toEqual([[], expect.arrayContaining(['A1 5'])])
    expect(ofBill(await audited('embedded', world({}), 'requests', dated(41, '2026-01-20 12:00:00')))).toEqual([
      'A1 accountId=5',
    ])
  })

  it('record no model as which none of them was billed', async () => {
    const world = (billed: false | { readonly endpointId: string }) => {
      const made = clean().task({ user: 104, model: 'our-video', cost: '0.1', billed })
      return made.event({ endpointId: OTHER, cost: '0.1', timestamp: made.iso('2026-02-06 15:00:00') })
    }
    const A3 = `A3 accountId=5 model=${OTHER}`
    for (const billed of [false, { endpointId: 'fal-ai/another' }] as const) {
      expect(ofBill(await audited('embedded', world(billed), 'requests', undated(41)))).toContain(A3)
    }
    const own = await audited('embedded', world({ endpointId: OTHER }), 'requests', undated(41))
    expect([ofBill(own), openOf(own, NO_TIME)]).toEqual([[], expect.arrayContaining([`A3 5 ${OTHER}`])])
  })

  it.each(DEPTHS)('may be due of a model that they do not name, at depth %s', async (depth) => {
    const A2 = async (task: MiniTask) => {
      const world = clean().task({ user: 104, model: '', billed: false, ...task })
      const open = openOf(await audited('embedded', world, depth, undated(41)), NO_TIME)
      return open.filter((text) => text.startsWith('A2'))
    }
    expect(await A2({})).toEqual(['A2 5'])
    expect(await A2({ refunded: true })).toEqual([])
    if (depth === 'requests') expect(await A2({ billed: { endpointId: OTHER } })).toEqual([])
  })

  it('may have been of the period with a bill beyond its end, which no task besides them bears', async () => {
    // Of a model that fal bills for nothing else, and that a task of the period was not billed for.
    const world = (at: string) => {
      const made = clean().task({ user: 104, model: OTHER, cost: '0.1', billed: false })
      return made.task({ user: 104, model: OTHER, cost: '0.1', billed: { timestamp: made.iso(at) } })
    }
    const A2 = `A2 accountId=5 model=${OTHER}`
    for (const at of ['2026-02-05 23:55:00', '2026-02-07 00:05:00']) {
      const report = await audited('embedded', world(at), 'requests', undated(42))
      expect([ofBill(report), openOf(report, NO_TIME)]).toEqual([[], expect.arrayContaining([`A2 5 ${OTHER}`])])
      // Where it is told that it is of the period there is no break, and where it is told that it is not there is.
      expect(ofBill(await audited('embedded', world(at), 'requests', dated(42, '2026-02-06 23:59:00')))).toEqual([])
      expect(ofBill(await audited('embedded', world(at), 'requests', dated(42, '2026-02-07 00:04:00')))).toEqual([A2])
    }
  })

  it('beside those whose time cannot be read: each kind is counted', async () => {
    const world = clean().task({ user: 104, model: OTHER, cost: '3', points: 0 }).task({ user: 104, cost: '0.5' })
    const report = await audited('embedded', world, 'summary', {
      tasks: (row) => (row.id === 41 ? { createdAt: '2026-02-06 25:00:00' } : row.id === 42 ? { createdAt: '' } : {}),
    })
    const told = report.notEvaluated.find(({ rule }) => rule === 'A3')?.reason
    expect(told).toMatch(/1 row has a time that cannot be read, first of all row 41, and 1 has none; whether/)
    expect(report.coverage.complete).toBe(false)
  })

  it('are told of by billing-usage, whose sums lack them', async () => {
    const real = await openWorld(clean().build(), { store: 'embedded' })
    onTestFinished(real.close)
    await real.exec('UPDATE ts_fal_tasks SET created_at = NULL WHERE id IN (5, 7)')
    const input = { period: 'custom', start_date: '2026-02-06', end_date: '2026-02-06', group_by: 'none' } as const
    const { totals, coverage } = await billingUsage(input, real.dependencies(), quietContext())
    expect(totals.request_count).toBe(38)
    const reason = '2 tasks without created_at, first of all row 5: of no period, and in no sum here'
    expect(coverage).toMatchObject({
      complete: true,
      sources: expect.arrayContaining([{ source: 'tasks', status: 'complete', reason }]),
    })
  })

  it('are none where all have one', async () => {
    const report = await audited('embedded', clean(), 'requests', {})
    expect([reasonOf(report), report.notEvaluated.filter(({ reason }) => reason.includes(NO_TIME))]).toEqual([
      undefined,
      [],
    ])
  })
})

it('A1 is open where one that names no key was billed to the account at another amount, beyond what its bill allows', async () => {
  const open = async (cost: string, billed: string) => {
    // Twenty USD recorded and billed, and what was billed right after the period.
    const world = clean().account(6).task({ user: 104, apiKey: '', cost, billed: false })
    world.event({ requestId: requestIdOf(41), cost: billed, timestamp: '2026-02-06T16:05:00Z' }, apiKeyOf(5))
    const report = await audited('embedded', world, 'requests', undated(41))
    return [...foundIn(report), ...openOf(report, NO_TIME)].filter((text) => text.startsWith('A1'))
  }
  expect([await open('4.2', '2'), await open('4.200000001', '2')]).toEqual([[], ['A1 5']])
  // Of no account, it would be in the bill alone.
  expect([await open('2.2', '2.2'), await open('2.3', '2.3')]).toEqual([[], ['A1 5']])
})

it.each(DEPTHS)(
  'A1 is open where one makes a record exceed the bill together with one that names no key: %s',
  async (depth) => {
    const open = async (keyless: string, cost: string) => {
      // Twenty USD recorded and billed.
      const world = clean().account(6).task({ apiKey: '', cost: keyless, billed: false })
      const report = await audited('embedded', world.task({ user: 104, cost, billed: false }), depth, undated(42))
      const texts = [...foundIn(report), ...openOf(report, NO_TIME), ...openOf(report, 'without a key')]
      return texts.filter((text) => text.startsWith('A1'))
    }
    expect([await open('1', '1'), await open('1', '1.000000001')]).toEqual([[], ['A1 5']])
    expect([await open('2.000000001', '0'), await open('0', '2.000000001')]).toEqual([['A1 5'], ['A1 5']])
  },
)
