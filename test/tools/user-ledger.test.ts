import { afterEach, describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import type { LedgerStore } from '../../src/ledger/reader.ts'
import { userLedgerTool } from '../../tools/user-ledger.ts'
import { auditWorld, memoryDependencies } from '../kit/audit-world.ts'
import { withLinkedTasks } from '../kit/linked-tasks.ts'
import { openWorld, type RealWorld } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

/** 101 pays in points and cash; 102 pays too little for one task; 104 has no task and buys something else. */
function paid(): World {
  return new MiniWorld()
    .account(5)
    .task({ points: 300, paid: { points: 100, cash: 200 } })
    .task({ points: 50 })
    .task({ user: 102, points: 80, paid: { points: 60 } })
    .task({ user: 103, points: 10 })
    .user(104, 'taskless')
    .points(104, -500, { title: 'a poster', at: '2026-02-06 08:00:00' })
    .points(104, 1000, { title: 'top up', at: '2026-02-06 07:00:00' })
    .cash(104, 700, { at: '2026-02-06 07:30:00' })
    .user(105, 'silent')
    .points(101, -9, { at: '2026-02-07 00:00:00' })
    .build()
}

describe('user-ledger', () => {
  it('says of a user whose rows took something for tasks of others, beside what their own tasks come to', async () => {
    const world = () =>
      withLinkedTasks()
        .task({ user: 950 })
        .task({ user: 102, points: 80, paid: { points: 60 } })
    const row = (built: MiniWorld, user: number) =>
      built.points(user, -7, { at: '2026-02-06 12:05:00', orderId: built.lastTaskId })
    const said = async (built: MiniWorld, ids: readonly number[] = []) => {
      const stored = built.build()
      const { rows } = await call(userLedgerTool, { ...DAY, user_ids: ids }, memoryDependencies(stored, {}), stored)
      return rows.map(({ userId, status, reason = '' }) => [userId, status, /took 7 points.*task-trace/.test(reason)])
    }
    const asked = [102, 900, 950]
    const nothing = [
      [102, 'DIFF', false],
      [900, 'OK', false],
      [950, 'OK', false],
    ]
    expect(await said(world(), asked)).toEqual(nothing)
    // First of those who are all right, whatever their number.
    expect(await said(row(world(), 950), asked)).toEqual([
      [102, 'DIFF', false],
      [950, 'OK', true],
      [900, 'OK', false],
    ])
    // For a user's own task it counts as paid.
    expect(await said(row(world(), 102), asked)).toEqual(nothing)
    // A user without tasks is listed who is asked for.
    expect(await said(row(world().user(199, 'taskless'), 199), [199])).toEqual([[199, 'UNVERIFIED', true]])
  })

  it('shows the rows of the report, differences first', async () => {
    const world = paid()
    const opened = await openWorld(world, { store: 'embedded' })
    open.push(opened)
    const report = await auditWorld(world, DAY)
    const result = await call(userLedgerTool, DAY, opened.dependencies(), world)
    expect(result).toMatchObject({
      complete: true,
      ledgerLink: 'order',
      ledgerLinkedRatio: '1.000',
      summary: { ok: 2, diff: 1, unverified: 0 },
    })
    expect(result.rows.map(({ userId, status }) => [userId, status])).toEqual([
      [102, 'DIFF'],
      [101, 'OK'],
      [103, 'OK'],
    ])
    expect(result.rows.map(({ taskCount: _, ...row }) => row).sort((a, b) => a.userId - b.userId)).toEqual(
      report.ledger.rows,
    )
    expect(result.rows[1]).toMatchObject({ chargedPoints: 350, pointsConsumed: 150, cashConsumed: 200, taskCount: 2 })
    expect(result.rows[0]).toMatchObject({ differencePoints: -20 })
    expect(result).not.toHaveProperty('entries')
    expect(opened.double.requests).toEqual([])
  })

  it('lists who was asked for without tasks: what they consumed has nothing to be compared with', async () => {
    const given = { ...DAY, user_ids: [101, 104, 105] }
    const { rows, summary } = await call(userLedgerTool, given, memoryDependencies(paid(), {}))
    expect(rows).toEqual([
      {
        userId: 104,
        userName: 'taskless',
        taskCount: 0,
        chargedPoints: 0,
        pointsConsumed: 500,
        cashConsumed: 0,
        pointsRefunded: 0,
        cashRefunded: 0,
        pointsRecharged: 1000,
        cashRecharged: 700,
        differencePoints: null,
        status: 'UNVERIFIED',
        reason: expect.stringMatching(/no fal task/),
      },
      expect.objectContaining({ userId: 101, status: 'OK' }),
      expect.objectContaining({ userId: 105, userName: 'silent', chargedPoints: 0, pointsConsumed: 0, status: 'OK' }),
    ])
    expect(summary).toEqual({ ok: 2, diff: 0, unverified: 1 })
  })

  it('in link mode total, what a user without tasks consumed is a difference, as for everybody', async () => {
    const deps = memoryDependencies(paid(), { settings: { ledgerLink: 'total' } })
    const { rows, ledgerLink } = await call(userLedgerTool, { ...DAY, user_ids: [104] }, deps)
    expect(ledgerLink).toBe('total')
    expect(rows).toEqual([expect.objectContaining({ userId: 104, differencePoints: 500, status: 'DIFF' })])
  })

  it('with entries lists the rows of the window, in order of time', async () => {
    const world = paid()
    const opened = await openWorld(world, { store: 'embedded' })
    open.push(opened)
    const given = { ...DAY, user_ids: [101, 104], entries: true }
    const { entries = [] } = await call(userLedgerTool, given, opened.dependencies(), world)
    expect(entries.map(({ book, userId, kind, amountPoints }) => [book, userId, kind, amountPoints])).toEqual([
      ['points', 104, 'recharge', 1000],
      ['cash', 104, 'recharge', 700],
      ['points', 104, 'consume', -500],
      ['points', 101, 'consume', -100],
      ['points', 101, 'consume', -50],
      ['cash', 101, 'consume', -200],
    ])
    expect(entries[2]).toEqual({
      book: 'points',
      rowId: 5,
      userId: 104,
      at: '2026-02-06T08:00:00+08:00',
      kind: 'consume',
      amountPoints: -500,
      title: 'a poster',
      balanceBefore: 1_000_000,
      balanceAfter: 999_500,
    })
    expect(entries[3]).toMatchObject({ orderId: 'task-1' })
    expect(entries[5]).not.toHaveProperty('balanceBefore')
  })

  it('says that entries need not add up to what was paid for the tasks of the window, where rows name tasks', async () => {
    const late = () => new MiniWorld().account(5).task({ points: 20, paid: { at: '2026-02-07 00:00:01' } })
    const given = { ...DAY, user_ids: [101], entries: true }
    const byOrder = await call(userLedgerTool, given, memoryDependencies(late().build(), {}))
    expect(byOrder).toMatchObject({ ledgerLink: 'order', rows: [{ pointsConsumed: 20, status: 'OK' }], entries: [] })
    expect(byOrder.note).toMatch(
      /all rows of the window.* consumed and refunded .*tasks of the window, whenever it was/,
    )
    const total = memoryDependencies(late().build(), { settings: { ledgerLink: 'total' } })
    expect(await call(userLedgerTool, given, total)).not.toHaveProperty('note')
    const without = await call(userLedgerTool, { ...DAY, user_ids: [101] }, memoryDependencies(late().build(), {}))
    expect(without).not.toHaveProperty('note')
  })

  it('says what to call next: nothing may lie in a window, and what agrees in sum may be wrong in a task', async () => {
    const nextOf = async (given: Record<string, unknown>) =>
      (await call(userLedgerTool, given, memoryDependencies(paid(), {}))).next
    const entries = true
    expect(await nextOf({ start: '2026-02-05', end: '2026-02-05', user_ids: [102] })).toMatch(/^see that start and end/)
    expect(await nextOf(DAY)).toMatch(
      /^user-ledger with entries true and start, end and timezone of window, .* task-trace/,
    )
    expect(await nextOf({ ...DAY, user_ids: [102], entries })).toMatch(
      /^task-trace with the orderId of an entry as id and the timezone of window/,
    )
    expect(await nextOf({ ...DAY, user_ids: [101, 103] })).toMatch(
      /^audit-reconcile, with user_id as filter and start, end and timezone of window: .*B6 to B10/,
    )
    // All was read, and of one of them nothing can be told all the same.
    expect(await nextOf({ ...DAY, user_ids: [101, 104] })).toMatch(
      /^say first what was not verified.*; audit-reconcile/,
    )
    const deps = memoryDependencies(paid(), {})
    const unread = { ...deps, ledger: withoutBook('cash', deps.ledger) }
    expect((await call(userLedgerTool, DAY, unread)).next).toMatch(
      /^say first what was not verified.*; audit-reconcile/,
    )
  })

  it.each([
    [undefined, 'user_ids: is missing; give 1 to 20 user ids where entries is true'],
    [Array.from({ length: 21 }, (_, id) => id), 'user_ids: has 21 ids, too many; give 1 to 20 user ids where'],
  ])('with entries of %j says what is wrong', async (userIds, message) => {
    const given = { ...DAY, entries: true, ...(userIds !== undefined && { user_ids: userIds }) }
    const error = await refusal(userLedgerTool, given, memoryDependencies(paid(), {}))
    expect(error).toMatchObject({ field: 'user_ids', message: expect.stringContaining(message) })
  })

  it('titles and order ids come out clean and cut', async () => {
    const evil = `pay\u202e\u001b[2J me\n${'z'.repeat(300)}`
    const world = new MiniWorld().account(5).points(101, -5, { title: evil, orderId: evil }).build()
    const given = { ...DAY, user_ids: [101], entries: true }
    const { entries = [] } = await call(userLedgerTool, given, memoryDependencies(world, {}), world)
    expect(entries[0]?.title).toMatch(/^pay me z+…$/)
    expect(entries[0]?.title?.length).toBeLessThanOrEqual(80)
    expect(entries[0]?.orderId).toBe(entries[0]?.title)
  })

  it.each(['points', 'cash'] as const)('a %s ledger that cannot be read verifies nobody', async (book) => {
    const deps = memoryDependencies(paid(), {})
    const given = { ...DAY, user_ids: [101, 104], entries: true }
    const result = await call(userLedgerTool, given, { ...deps, ledger: withoutBook(book, deps.ledger) })
    expect(result).toMatchObject({ complete: false, ledgerLink: null, summary: { ok: 0, diff: 0, unverified: 2 } })
    expect(result.sources).toContainEqual({ source: book, status: 'failed', reason: 'no grant' })
    for (const row of result.rows) {
      expect(row).toMatchObject({ pointsConsumed: null, differencePoints: null, status: 'UNVERIFIED' })
      expect(row.reason).toMatch(new RegExp(book))
    }
    expect(result.rows[0]?.[book === 'points' ? 'pointsRecharged' : 'cashRecharged']).toBeNull()
    expect(new Set(result.entries?.map((entry) => entry.book))).toEqual(
      new Set([book === 'points' ? 'cash' : 'points']),
    )
  })

  it('cash in whose order could not be looked up is neither refund nor recharge yet, so both are null', async () => {
    const world = new MiniWorld().account(5).task({}).cash(101, 70, { orderId: 'order-1' }).build()
    const deps = memoryDependencies(world, {})
    const whole = await call(userLedgerTool, DAY, deps)
    expect(whole.rows[0]).toMatchObject({ cashRecharged: 70, cashRefunded: 0 })
    const short = await call(userLedgerTool, DAY, { ...deps, ledger: withoutBook('points', deps.ledger) })
    expect(short.rows[0]).toMatchObject({ cashRecharged: null, cashRefunded: null, status: 'UNVERIFIED' })
  })

  it('entries need to know whose', async () => {
    const deps = memoryDependencies(paid(), {})
    expect(await refusal(userLedgerTool, { entries: true }, deps)).toMatchObject({
      kind: 'input',
      field: 'user_ids',
      accepted: expect.stringMatching(/1 to 20/),
    })
    const many = Array.from({ length: 21 }, (_, index) => index + 1)
    expect(await refusal(userLedgerTool, { entries: true, user_ids: many }, deps)).toMatchObject({ field: 'user_ids' })
    expect(await refusal(userLedgerTool, {}, { ...deps, ledger: undefined })).toMatchObject({ field: 'DATABASE_URL' })
  })
})

/** A store in which one ledger cannot be read. */
function withoutBook(book: 'points' | 'cash', store: LedgerStore | undefined): LedgerStore | undefined {
  if (store === undefined) return undefined
  return {
    snapshot: async (...given) => ({
      ...(await store.snapshot(...given)),
      // biome-ignore lint/correctness/useYield: it fails before the first batch
      [book]: async function* () {
        throw new AuditError('source', 'no grant')
      },
    }),
  }
}
