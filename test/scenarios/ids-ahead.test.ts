import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { StoredTables, World } from '../../src/demo/stored-world.ts'
import { idsToSample } from '../../src/ledger/id-order.ts'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { billingUsage } from '../../src/operations/billing-usage.ts'
import { traceTask } from '../../src/operations/task-trace.ts'
import { userLedgers } from '../../src/operations/user-ledgers.ts'
import { renderText } from '../../src/render/text.ts'
import type { Dependencies } from '../../src/tool.ts'
import { HOUR, plus } from '../../src/units/instant.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { openWorld, STORES, type StoreKind } from '../kit/real-audit.ts'

const TABLES = ['tasks', 'points', 'cash'] as const
type Table = (typeof TABLES)[number]

const OLD_ROWS = 4000
const STEP = 6
/** Rows of the day that is audited have ids from here on. */
const NEW_ID = OLD_ROWS * STEP
/** Below all rows of that day, between two old ones, and in no sample of up to ten more. */
const STRAY_ID = Array.from({ length: 100 }, (_, index) => 15_002 + index * STEP).find((id) =>
  Array.from({ length: 10 }, (_, more) => idsToSample(1, NEW_ID + more)).every((ids) => !ids.includes(id)),
)!

/** Eight tasks of a day, billed and paid, after months of old rows; with `stray`, the first row of a table has an old id. */
function worldOf(stray?: Table): World {
  const day = new MiniWorld().account(5)
  for (let index = 0; index < 8; index++) day.task({ user: 101 + (index % 2), cost: '2', points: 1000 })
  for (let index = 0; index < 2; index++) day.task({ user: 103, paid: { cash: 100 }, at: '2026-02-06 13:00:00' })
  const { tables, workspaces } = day.build()
  const start = day.instant('2025-07-01 00:00:00')
  const old = Array.from({ length: OLD_ROWS }, (_, index) => ({
    id: 1 + index * STEP,
    userId: 900,
    at: day.zone.toNaive(plus(start, index * HOUR)),
  }))
  const idOf = (table: Table, id: number): number => (table === stray && id === 1 ? STRAY_ID : NEW_ID + id - 1)
  const placed = <Row extends { readonly id: number }>(table: Table, before: readonly Row[], rows: readonly Row[]) =>
    [...before, ...rows.map((row) => ({ ...row, id: idOf(table, row.id) }))].sort((a, b) => a.id - b.id)
  const oldTasks: StoredTables['tasks'] = old.map(({ id, userId, at }) => ({
    ...{ id, userId, taskId: `old-${id}`, onlineTaskId: requestIdOf(100_000 + id), appName: 'fal-ai/flux/schnell' },
    ...{ apiKey: apiKeyOf(5), status: 'completed', money: 1, costMoney: '0.01', isRefund: 0 },
    ...{ createdAt: at, completedAt: at },
  }))
  const oldPoints: StoredTables['points'] = old.map(({ id, userId, at }) => ({
    ...{ id, userId, points: 0, orderId: null, title: '', sourceType: 'gift' },
    ...{ balanceBefore: 0, balanceAfter: 0, createdAt: at },
  }))
  const oldCash: StoredTables['cash'] = old.map(({ id, userId, at }) => ({
    ...{ id, userId, money: 0, orderId: null, title: '', transactionType: 2, time: at },
  }))
  return {
    workspaces,
    tables: {
      ...tables,
      tasks: placed('tasks', oldTasks, tables.tasks),
      points: placed('points', oldPoints, tables.points),
      cash: placed('cash', oldCash, tables.cash),
    },
  }
}

/** Uses a world on real parts, counting how often each table is streamed. */
async function using<T>(
  store: StoreKind,
  stray: Table | undefined,
  use: (dependencies: Dependencies, streams: Map<string, number>) => Promise<T>,
  change: (snapshot: LedgerSnapshot) => void = () => undefined,
): Promise<T> {
  const real = await openWorld(worldOf(stray), { store })
  try {
    const dependencies = real.dependencies()
    const streams = new Map<string, number>()
    const snapshot: NonNullable<Dependencies['ledger']>['snapshot'] = async (...question) => {
      const opened = await dependencies.ledger!.snapshot(...question)
      change(opened)
      const counted = (table: Table) => {
        streams.set(table, (streams.get(table) ?? 0) + 1)
        return opened
      }
      return {
        ...opened,
        tasks: (range) => counted('tasks').tasks(range),
        points: (...asked) => counted('points').points(...asked),
        cash: (...asked) => counted('cash').cash(...asked),
      }
    }
    return await use({ ...dependencies, ledger: { snapshot } }, streams)
  } finally {
    await real.close()
  }
}

const DAY = { start: '2026-02-06', end: '2026-02-06' }
const ONCE = new Map(TABLES.map((table) => [table, 1]))
const TWICE = new Map(TABLES.map((table) => [table, 2]))
const audit = (dependencies: Dependencies): Promise<Report> =>
  runAudit(auditInput({ depth: 'requests' }), dependencies, quietContext())
const withoutBounds = ({ settings: { readFrom: _, ...settings }, ...report }: Report) => ({ ...report, settings })

describe.each(STORES)('ids of months on %s', (store) => {
  it('that follow time bound what is read: nothing is read again, the report is that of whole tables and tells so', async () => {
    const bounded = await using(store, undefined, async (dependencies, streams) => {
      const report = await audit(dependencies)
      expect(streams).toEqual(ONCE)
      return report
    })
    const { readFrom } = bounded.settings
    expect(Object.keys(readFrom ?? {})).toEqual(TABLES)
    for (const id of Object.values(readFrom ?? {})) expect(id).toBeGreaterThan(STRAY_ID)
    expect(bounded.findings).toEqual([])
    const sentence = `task table (tasks) < ${readFrom?.tasks}, points ledger (points) < ${readFrom?.points}`
    expect(renderText(bounded, { lang: 'en' })).toContain(`Ids left out: ${sentence}`)
    const whole = await using(store, undefined, audit, (snapshot) => {
      for (const table of TABLES) snapshot.readWhole?.(table)
    })
    expect(whole.settings).not.toHaveProperty('readFrom')
    expect(withoutBounds(bounded)).toEqual(whole)
  })

  it.each(TABLES)(
    'of which one in %s lies ahead of its neighbours: it counts, and nobody is accused',
    async (table) => {
      const clean = await using(store, undefined, audit)
      const { report, streams } = await using(store, table, async (dependencies, counts) => ({
        report: await audit(dependencies),
        streams: counts,
      }))
      expect(inShort(report)).toEqual([])
      expect(streams).toEqual(TWICE)
      expect(report.coverage.complete).toBe(true)
      expect(report.tasks.totals.taskCount).toBe(10)
      expect(report.requests).toMatchObject({ matched: 10, unrecorded: 0 })
      expect(Object.keys(report.settings.readFrom ?? {})).toEqual(TABLES.filter((other) => other !== table))
      expect(withoutBounds(report)).toEqual(withoutBounds(clean))
    },
  )
})

describe('one row ahead of its neighbours', () => {
  it('is found by what a user paid for tasks, and then counts there', async () => {
    for (const table of TABLES) {
      const given = { ...DAY, entries: true, user_ids: [101, 103] } as const
      const { rows, entries } = await using('embedded', table, (dependencies) =>
        userLedgers({ ...given, user_ids: [...given.user_ids] }, dependencies, quietContext()),
      )
      expect(rows.map(({ userId, status }) => [userId, status]).sort()).toEqual([
        [101, 'OK'],
        [103, 'OK'],
      ])
      expect(entries).toHaveLength(4 + 2)
    }
  })

  it('that was looked up before is read at once by what follows', async () => {
    await using('embedded', 'tasks', async (dependencies, streams) => {
      const traced = await traceTask({ id: 'task-1', kind: 'auto', lang: 'en' }, dependencies, quietContext())
      expect(traced.tasks).toHaveLength(1)
      expect(streams).toEqual(ONCE)
    })
  })

  it('is part of the usage that is billed', async () => {
    const given = { start_date: DAY.start, end_date: DAY.end, period: 'custom', group_by: 'none' } as const
    const clean = await using('embedded', undefined, (dependencies) =>
      billingUsage(given, dependencies, quietContext()),
    )
    const usage = await using('embedded', 'tasks', (dependencies) => billingUsage(given, dependencies, quietContext()))
    expect(usage).toEqual(clean)
    expect(usage.totals.request_count).toBe(10)
  })
})
