import { describe, expect, it, onTestFinished } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { requestIdOf } from '../../src/demo/mini-world.ts'
import type { EntryRequest } from '../../src/ledger/reader.ts'
import { LIMITS } from '../../src/limits.ts'
import { runAudit } from '../../src/operation.ts'
import { instant } from '../../src/units/instant.ts'
import { auditInput, inShort, quietContext, READ_AT } from '../kit/audit-world.ts'
import { audited, clean, foundIn, fourth, openOf } from '../kit/null-world.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'

/** A ledger row that names no user is said to be so, and explains what it may: of its task, or of anybody's. */

const NOBODY = 'no user'
const sourceOf = ({ coverage }: Report, name: string) => coverage.sources.find(({ source }) => source === name)
const CHAIN = ['B11', 'B12', 'B13']
const last = (over: object) => ({ points: (row: { id: number }) => (row.id === 41 ? over : {}) })
const failed = { user: 109, cost: '0', status: 'failed', billed: false } as const
const withFailed = (refunded = false) => clean().task({ ...failed, refunded })

describe.each(STORES)('a ledger row without a user, on %s', (store) => {
  it('may be the payment of the task that it names', async () => {
    const report = await audited(store, clean(), 'requests', { points: fourth({ userId: null }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NOBODY)).toEqual(['A4 104', 'B10 104', ...CHAIN])
    expect(report.coverage.complete).toBe(false)
    expect(sourceOf(report, 'points')).toMatchObject({
      status: 'partial',
      reason: '1 ledger row names no user, first of all row 4: whose they are is not known',
    })
    expect(report.settings).toMatchObject({ ledgerLink: 'order', ledgerLinkedRatio: '1.000' })
    const row = report.ledger.rows.find(({ userId }) => userId === 104)
    expect(row).toMatchObject({ status: 'UNVERIFIED', differencePoints: null })
    const summary = await audited(store, clean(), 'summary', { points: fourth({ userId: null }) })
    expect([inShort(summary), openOf(summary, NOBODY)]).toEqual([[], ['A4 104']])
  })

  it('may be the refund of the task that it names, and of no other', async () => {
    for (const refunded of [false, true]) {
      const world = withFailed(refunded).task({ ...failed, user: 108, refunded })
      const back = { sourceType: 'refund', at: '2026-02-06 13:00:00' }
      world.points(109, 100, { ...back, orderId: 'task-41' })
      const report = await audited(store, world, 'requests', {
        points: (row) => (row.id === 43 ? { userId: null } : {}),
      })
      expect(foundIn(report)).toEqual([`${refunded ? 'B8' : 'B7'} taskId=task-42`])
      expect(openOf(report, NOBODY)).toEqual(['B11', 'B12', 'B13', 'B8 109', ...(refunded ? [] : ['B7 109'])].sort())
    }
  })

  it('may be cash', async () => {
    const world = () => clean().task({ user: 105, paid: { cash: 100 } })
    const report = await audited(store, world(), 'requests', { cash: () => ({ userId: null }) })
    expect([inShort(report), openOf(report, NOBODY)]).toEqual([[], ['A4 105', 'B10 105']])
    expect([sourceOf(report, 'points')?.status, sourceOf(report, 'cash')?.status]).toEqual(['complete', 'partial'])
  })

  it('is found at any later time where it alone bears blanks, or an endpoint, around that order', async () => {
    for (const orderId of [' task-41', `fal-ai/flux#${requestIdOf(41)}`]) {
      const world = withFailed(true).task({ ...failed, user: 108, refunded: true })
      world.points(109, 100, { sourceType: 'refund', orderId, at: '2026-02-08 09:00:00' })
      const report = await audited(store, world, 'requests', {
        points: (row) => (row.id === 43 ? { userId: null } : {}),
      })
      expect(foundIn(report)).toEqual(['B8 taskId=task-42'])
      expect(openOf(report, NOBODY)).toContain('B8 109')
    }
  })

  it('is looked up at any time by the order that it bears', async () => {
    const world = withFailed().points(109, 100, { sourceType: 'refund', orderId: 'task-41', at: '2026-02-08 09:00:00' })
    const report = await audited(store, world, 'requests', {
      points: (row) => (row.id === 42 ? { userId: null } : {}),
    })
    expect(foundIn(report)).toEqual([])
    expect(openOf(report, NOBODY)).toEqual(['B7 109', 'B8 109'])
  })

  it('is none of a task in whose number the order of another product ends, whenever it came', async () => {
    for (const at of ['2026-02-06 13:00:00', '2026-02-08 09:00:00', '2026-02-01 09:00:00']) {
      const world = (orderId: string) => withFailed().cash(109, 100, { orderId, at })
      const said = async (orderId: string) => {
        const report = await audited(store, world(orderId), 'requests', { cash: () => ({ userId: null }) })
        return [foundIn(report), openOf(report, NOBODY)]
      }
      expect(await said('https://pay.example/topups/task-41')).toEqual([['B7 taskId=task-41'], []])
      expect(await said(`https://pay.example/topups/${requestIdOf(41)}`)).toEqual([[], ['B7 109', 'B8 109']])
    }
  })

  it('and without a task may be of anybody whom it explains', async () => {
    const world = () => {
      const made = clean().task({ user: 107, paid: false }).task({ user: 108, points: 101, paid: false })
      return made.points(106, -100, { orderId: 'gpu-1' })
    }
    const report = await audited(store, world(), 'requests', last({ userId: null }))
    expect(openOf(report, NOBODY)).toEqual(['A4 107', 'B10 107', ...CHAIN])
    expect(foundIn(report)).toEqual(['A4 userId=108', 'B10 taskId=task-42'])
    const finding = report.findings.find(({ rule }) => rule === 'A4')
    expect([finding?.expected, finding?.actual, finding?.difference]).toEqual(['101', '100', '-1'])
    expect(finding?.message).toMatch(/at most/)
    const named = await audited(store, world(), 'requests', {})
    expect(foundIn(named)).toEqual(['A4 userId=107', 'A4 userId=108', 'B10 taskId=task-41', 'B10 taskId=task-42'])
    expect(named.coverage.complete).toBe(true)
  })

  it('in every row leaves every user open, and links them all the same', async () => {
    const report = await audited(store, clean(), 'requests', { points: () => ({ userId: null }) })
    expect(inShort(report)).toEqual([])
    expect(openOf(report, NOBODY)).toEqual(
      [...[101, 102, 103, 104].flatMap((user) => [`A4 ${user}`, `B10 ${user}`]), ...CHAIN].sort(),
    )
    expect(report.settings).toMatchObject({ ledgerLink: 'order', ledgerLinkedRatio: '1.000' })
    expect(sourceOf(report, 'points')?.reason).toContain('40 ledger rows')
  })

  it('is one with an empty text for its user, whenever it came', async () => {
    const real = await openWorld(
      withFailed().points(109, 100, { sourceType: 'refund', at: '2026-02-08 09:00:00' }).build(),
      {
        store,
      },
    )
    onTestFinished(real.close)
    if (store === 'mariadb') await real.exec('ALTER TABLE ts_points_detail MODIFY user_id VARCHAR(20)')
    const audit = () => runAudit(auditInput({ depth: 'requests' }), real.dependencies(), quietContext())
    await real.exec("UPDATE ts_points_detail SET user_id = '' WHERE id = 42")
    const late = await audit()
    expect([foundIn(late), openOf(late, NOBODY)]).toEqual([[], ['B7 109']])
    await real.exec("UPDATE ts_points_detail SET user_id = '' WHERE id = 4")
    expect(openOf(await audit(), NOBODY)).toEqual(['A4 104', 'B10 104', ...CHAIN, 'B7 109'].sort())
  })

  it('is read beside those of the users who are asked for, however many they are', async () => {
    const world = clean().points(109, 5).points(109, -5).points(108, 5).points(107, 5).build()
    const real = await openWorld(world, { store })
    onTestFinished(real.close)
    await real.exec('UPDATE ts_points_detail SET user_id = NULL WHERE id = 43')
    await real.exec('UPDATE ts_points_detail SET points = NULL WHERE id = 44')
    const snapshot = await real.dependencies().ledger!.snapshot(new AbortController().signal)
    onTestFinished(() => snapshot.close())
    const range = { start: instant(Date.parse('2026-02-01T00:00:00Z')), end: READ_AT }
    const rows = async (request: EntryRequest) => {
      const found: number[] = []
      for await (const batch of snapshot.points(range, request)) found.push(...batch.rows().map(({ rowId }) => rowId))
      return found
    }
    const many = Array.from({ length: LIMITS.lookupIds + 1 }, (_, id) => 107 + 2 * id)
    for (const userIds of [[107, 109], many]) {
      expect(await rows({ userIds })).toEqual([41, 42, 44])
      expect(await rows({ userIds, ownerless: true })).toEqual([41, 42, 43, 44])
      expect(await rows({ userIds, ownerless: true, cameIn: true })).toEqual([41, 43, 44])
    }
  })
})
