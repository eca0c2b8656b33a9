import { describe, expect, it } from 'vitest'
import { LayerReading } from '../../src/audit/layer-reading.ts'
import { linkedPieces } from '../../src/audit/linked-pieces.ts'
import type { AuditPlan } from '../../src/audit/plan.ts'
import type { LedgerEntry, TaskRow } from '../../src/ledger/reader.ts'
import { SecondThread, type ThreadUse } from '../../src/thread/second-thread.ts'
import { points, usd } from '../kit/books.ts'
import { settledLedgers, toldOf } from '../kit/ledger-spools.ts'
import { entryRow, KEY_5, planOf, taskRow } from '../kit/rows.ts'
import { joiningThread } from '../kit/two-threads.ts'
import { failingAfter, tellingFailures, tellingJobs } from '../kit/watched-thread.ts'

const KEY_6 = '00000006-0000-4000-8000-000000000000:key-of-six'
const ACCOUNTS = [
  { accountId: 5, apiKey: KEY_5 },
  { accountId: 6, apiKey: KEY_6 },
]
const TASKS = 700
const TOO_LARGE = 2n ** 60n

/** Tasks of many users: of nobody, of shared ids, in several forms, without charge or cost, of a cost that no double holds. */
const tasks: TaskRow[] = Array.from({ length: TASKS }, (_, n) =>
  taskRow({
    ...{ rowId: n + 1, userId: 100 + (n % 90), taskId: `task-${n}`, model: `fal-ai/model-${n % 7}` },
    apiKey: n % 5 === 0 ? KEY_6 : n % 31 === 0 ? 'of nobody' : KEY_5,
    requestId: n % 13 === 0 ? `shared-${n % 90}` : `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    ...{ chargedPoints: points(3 + (n % 4)), costNanoUsd: usd(n === 77 ? '1152921504.606846977' : '0.25') },
    ...(n % 17 === 0 && { userId: 0, userUntold: true }),
    ...(n % 19 === 0 && { chargedPoints: points(0), chargeUntold: true }),
    ...(n % 23 === 0 && { costNanoUsd: usd('0'), costUntold: true }),
    ...(n % 29 === 0 && { status: 'failed', refunded: true }),
  }),
)

/** Rows that name a task by either id, in two forms; of somebody else; of nothing; of users without tasks. */
const entries: LedgerEntry[] = tasks.flatMap(({ userId, taskId, requestId, chargedPoints }, n) => {
  const orders = [taskId, requestId, `https://queue.fal.run/fal-ai/x/requests/${requestId}`, '', 'no-task']
  const orderId = orders[n % 11 === 0 ? 3 + (n % 2) : n % 3] ?? ''
  const own = entryRow(2 * n + 1, -Number(chargedPoints), { userId, orderId })
  if (n % 29 !== 0) return n % 37 === 0 ? [own, entryRow(2 * n + 2, -1, { userId: userId + 1, orderId })] : [own]
  return [own, entryRow(2 * n + 2, 5, { userId, orderId, kind: 'refund', book: n % 2 ? 'cash' : 'points' })]
})
entries.push(entryRow(9001, -4, { userId: 7777, orderId: 'task-1' }))

async function settled(thread: ThreadUse | undefined, plan: AuditPlan = planOf()) {
  const { ids, userIds, window } = plan
  const terms = { plan: { ids, userIds, window: { start: window.start, end: window.end } }, accounts: ACCOUNTS }
  const layer = new LayerReading({ ...terms, audited: new Set([5]) })
  const { source, failures, spools } = await settledLedgers({ tasks, entries, plan, pieceRows: 60, thread, layer })
  const { cells, ...sums } = layer.close()
  const shown = cells.map((cell) => ({
    ...{ ...cell },
    ...{ charged: cell.chargedPoints, cost: cell.costNanoUsd, refunded: cell.refundedPoints },
  }))
  return { told: toldOf(source), failures, layer: { ...sums, cells: shown }, rows: spools.rows }
}

describe('pieces that another thread links', () => {
  it.each([
    ['all users', planOf()],
    ['some users, of whom one has no task', planOf({ userIds: [101, 150, 7777] })],
    ['one account', planOf({ ids: [5] })],
    ['depth summary', planOf({ depth: 'summary' })],
  ])('are those of this one: %s', async (_, plan) => {
    const alone = await settled(undefined, plan)
    const failures: Error[] = []
    const thread = tellingFailures((await joiningThread()).thread, failures)
    expect(await settled({ thread, rowsLeast: 0 }, plan)).toEqual(alone)
    expect(failures).toEqual([])
    expect(alone.told.users.length).toBeGreaterThan(2)
    expect(alone.layer.cells.length).toBeGreaterThan(2)
  })

  it('hold a cost that no double holds', async () => {
    const { layer } = await settled(await joiningThread())
    expect(layer.totals.costNanoUsd > TOO_LARGE).toBe(true)
    expect(layer.cells.some(({ cost }) => cost > TOO_LARGE)).toBe(true)
  })

  it('are done here where rows are few', async () => {
    const { thread } = await joiningThread()
    const told: string[] = []
    const counted = tellingJobs(thread, told)
    const { rows } = await settled(undefined)
    await settled({ thread: counted, rowsLeast: rows + 1 })
    expect(told).toEqual([])
    await settled({ thread: counted, rowsLeast: rows })
    expect(told).toEqual(['begin linking', 'end linking'])
  })
})

describe('another thread that is of no use', () => {
  it('is none: there is no such program', async () => {
    const thread = new SecondThread(new URL('nowhere.mjs', import.meta.url))
    expect(await settled({ thread, rowsLeast: 0 })).toEqual(await settled(undefined))
  })

  it.each([1, 4])('has ended after piece %i: the rest is linked here', async (pieces) => {
    const { thread } = await joiningThread()
    const failing = failingAfter(thread, pieces)
    expect(await settled({ thread: failing, rowsLeast: 0 })).toEqual(await settled(undefined))
  })

  it('is let go where the reading ends early', async () => {
    const { thread } = await joiningThread()
    const told: string[] = []
    const watched = tellingJobs(thread, told)
    const ends = new AbortController()
    ends.abort()
    const given = { tasks, entries, pieceRows: 60, thread: { thread: watched, rowsLeast: 0 }, signal: ends.signal }
    await expect(settledLedgers(given)).rejects.toMatchObject({ kind: 'cancelled' })
    expect(told).toEqual(['begin linking', 'end linking'])
  })
})

describe('linkedPieces', () => {
  it('hands nothing on of no pieces', async () => {
    const { spools } = await settledLedgers({ tasks: [] })
    const pieces = []
    for await (const piece of linkedPieces(spools, [], { plan: planOf() })) pieces.push(piece)
    expect(pieces).toEqual([])
  })
})
