import { withBareId } from '../../src/audit/requests/answered-events.ts'
import { pricesBilled } from '../../src/demo/fal-double-prices.ts'
import type { FalWorkspace, StoredTables } from '../../src/demo/stored-world.ts'
import type { BillingEvent, FalReader, Fetched, UsageRow } from '../../src/fal/reader.ts'
import type { BatcherFactory } from '../../src/ledger/batches.ts'
import type { Cell } from '../../src/ledger/cells.ts'
import { decodersOf } from '../../src/ledger/decode.ts'
import { recordsOf } from '../../src/ledger/decode-rows.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { metRows } from '../../src/ledger/met-rows.ts'
import type { LedgerEntry, LedgerSnapshot, LedgerStore, TimedTable } from '../../src/ledger/reader.ts'
import { bareRequestId } from '../../src/ledger/request-id.ts'
import { CellRow } from '../../src/ledger/row-cells.ts'
import { eventRecordsOf } from '../../src/rows/event-records.ts'
import { mayBeOtherForm } from '../../src/rows/other-forms.ts'
import { TaskWords } from '../../src/rows/task-records.ts'
import { addDecimals, formatDecimal, parseDecimal, ZERO_DECIMAL } from '../../src/units/decimal.ts'
import { type Instant, type InstantRange, later, parseInstant, within } from '../../src/units/instant.ts'
import { isFinerThanNano, nanoUsd, parseUsd } from '../../src/units/nano-usd.ts'
import { bareId } from '../../src/units/request-id.ts'
import type { Zone } from '../../src/units/zone.ts'

/** Events page by page, all in one page, by the way they are read as a whole. */
export const eachOf =
  (events: FalReader['events']): FalReader['eachEvents'] =>
  async (apiKey, query, signal, words, take) => {
    const fetched = await events(apiKey, query, signal)
    if (fetched.status === 'failed') return fetched
    take(eventRecordsOf(fetched.value.map(withBareId), words))
    return { ...fetched, value: null }
  }

/**
 * The two ports over a world in memory, through the same decoders as the real stores: for tests of rules, where a
 * database and HTTP would only cost time. What these two do to rows is tested on the real ones.
 */
export function memoryLedger(tables: StoredTables, zone: Zone, now: Instant): LedgerStore {
  return { snapshot: async () => memorySnapshot(tables, zone, now) }
}

/** All rows of a result in one batch, out of the cells that a driver would give. */
export function batchOf<Batch>(batches: BatcherFactory<Batch>, rows: Iterable<readonly Cell[]>): Batch {
  const batcher = batches([])
  const row = new CellRow()
  for (const cells of rows) batcher.add(row.of(cells))
  return batcher.take()
}

const EVERYTHING = undefined

/** Whether a row names one of some ids, in whatever form. */
const naming =
  (ids: readonly string[]) =>
  ({ orderId }: LedgerEntry): boolean =>
    ids.includes(orderId) || (mayBeOtherForm(orderId) && ids.includes(bareId(orderId)))

function memorySnapshot(tables: StoredTables, zone: Zone, now: Instant): LedgerSnapshot {
  const { account } = decodersOf(DEFAULT_MAPPING, zone)
  const records = recordsOf(DEFAULT_MAPPING, zone, new TaskWords())
  const met = metRows(records)
  const taskCells = tables.tasks.map((t) => [
    ...[t.id, t.createdAt, t.userId, t.taskId, t.onlineTaskId, t.appName, t.apiKey],
    ...[t.status, t.money, t.costMoney, t.isRefund, t.completedAt],
  ])
  const pointsCells = tables.points.map((p) => [
    ...[p.id, p.createdAt, p.userId, p.points, p.orderId, p.sourceType, p.balanceBefore, p.balanceAfter, p.title],
  ])
  const cashCells = tables.cash.map((c) => [c.id, c.time, c.userId, c.money, c.orderId, c.transactionType, c.title])
  const taskRecords = (range: InstantRange | undefined) => batchOf(records.tasks(range), taskCells)
  const pointsRecords = (range: InstantRange | undefined) => batchOf(records.points(range), pointsCells)
  const cashRecords = (range: InstantRange | undefined) => batchOf(records.cash(range), cashCells)
  const tasksIn = (range: InstantRange | undefined) => taskRecords(range).rows()
  const tasksOutside = (taken: InstantRange | undefined) =>
    tasksIn(EVERYTHING).filter(({ createdAt }) => taken === undefined || !within(createdAt, taken))
  const pointsIn = (range: InstantRange | undefined) => pointsRecords(range).rows()
  const cashIn = (range: InstantRange | undefined) => cashRecords(range).rows()
  async function* inOne<Batch>(table: TimedTable, batch: Batch): AsyncGenerator<Batch> {
    yield batch
    met.note(table)
  }
  return {
    takenAt: now,
    zone,
    databaseOffset: '+00:00',
    consistency: 'consistent',
    accounts: async () => {
      const newestFirst = [...tables.accounts].sort((a, b) => b.id - a.id)
      return [
        ...batchOf(
          account,
          newestFirst.map((a) => [a.id, a.name, a.apiKey, a.balance, a.status]),
        ),
      ]
    },
    tasks: (range) => inOne('tasks', taskRecords(range)),
    unreadTimes: met.unreadTimes,
    unknownKinds: met.unknownKinds,
    forgetMet: met.forget,
    points: (range) => inOne('points', pointsRecords(range)),
    cash: (range) => inOne('cash', cashRecords(range)),
    tasksByTaskIds: async (ids) => tasksIn(EVERYTHING).filter(({ taskId }) => ids.includes(taskId)),
    // What may be left out is left out.
    tasksByRequestIds: async (ids, taken) => {
      const wanted = new Set(ids.map((id) => bareRequestId(id)).filter((id) => id !== ''))
      return tasksOutside(taken).filter(({ requestId }) => wanted.has(requestId))
    },
    tasksByEitherId: async (ids, taken) => {
      const requests = new Set(ids.map((id) => bareRequestId(id)).filter((id) => id !== ''))
      return tasksOutside(taken).filter(({ taskId, requestId }) => ids.includes(taskId) || requests.has(requestId))
    },
    pointsByOrderIds: async (ids) => pointsIn(EVERYTHING).filter(naming(ids)),
    cashByOrderIds: async (ids) => cashIn(EVERYTHING).filter(naming(ids)),
    lastPointsBefore: async (userIds, before) =>
      userIds.flatMap((userId) => {
        const earlier = pointsIn(EVERYTHING).filter((entry) => entry.userId === userId && entry.at < before)
        return earlier.sort((a, b) => b.rowId - a.rowId).slice(0, 1)
      }),
    lastUse: async () => {
      const last = new Map<string, Instant>()
      for (const { apiKey, createdAt } of tasksIn(EVERYTHING)) {
        last.set(apiKey, later(createdAt, last.get(apiKey) ?? createdAt))
      }
      return last
    },
    bareRequestId: (stored) => bareRequestId(stored),
    pointsRowsBefore: async (rows) =>
      rows.flatMap(({ userId, rowId }) => {
        const earlier = pointsIn(EVERYTHING).filter((entry) => entry.userId === userId && entry.rowId < rowId)
        return earlier.sort((a, b) => b.rowId - a.rowId).slice(0, 1)
      }),
    pointsUsersBefore: async (rows) => {
      const limits = new Map(rows.map(({ userId, rowId }) => [userId, rowId]))
      const earlier = pointsIn(EVERYTHING).filter(({ userId, rowId }) => rowId < (limits.get(userId) ?? -Infinity))
      return new Set(earlier.map(({ userId }) => userId))
    },
    pointsByRowIds: async (ids) => pointsIn(EVERYTHING).filter(({ rowId }) => ids.includes(rowId)),
    userNames: async (ids) => {
      const wanted = new Set(ids)
      return new Map(tables.users.filter(({ id }) => wanted.has(id)).map(({ id, username }) => [id, username]))
    },
    usersIn: async (table, ids) => {
      const of = { users: () => tables.users.map(({ id }) => id), tasks: () => tables.tasks.map((t) => t.userId) }
      const whose = table === 'users' || table === 'tasks' ? of[table]() : tables[table].map(({ userId }) => userId)
      return new Set(ids.filter((id) => whose.includes(id)))
    },
    userLevels: async (ids) => {
      const wanted = new Set(ids)
      return new Map(
        tables.users.flatMap(({ id, level }) => (level === undefined || !wanted.has(id) ? [] : [[id, level] as const])),
      )
    },
    close: async () => undefined,
  }
}

const complete = <T>(value: T): Fetched<T> => ({ status: 'complete', value })

export function memoryFal(workspaces: readonly FalWorkspace[]): FalReader {
  const prices = new Map(pricesBilled(workspaces).map((price) => [price.endpointId, price]))
  const workspaceOf = (apiKey: string) => workspaces.find(({ apiKeys }) => apiKeys.includes(apiKey))
  const unauthorized = { status: 'failed', failure: 'unauthorized', reason: 'fal answered 401' } as const
  const events: FalReader['events'] = async (apiKey, { range, requestIds }) => {
    const space = workspaceOf(apiKey)
    if (space === undefined) return unauthorized
    const wanted = requestIds === undefined ? undefined : new Set(requestIds)
    return complete(eventsIn(space, range).filter(({ requestId }) => wanted?.has(requestId) ?? true))
  }
  return {
    billing: async (apiKey) => {
      const space = workspaceOf(apiKey)
      if (space === undefined) return unauthorized
      const balanceNanoUsd = space.balance === null ? null : parseUsd(space.balance)!
      return complete({ username: space.username, balanceNanoUsd })
    },
    usage: async (apiKey, { range, zone, endpointIds }) => {
      const space = workspaceOf(apiKey)
      if (space === undefined) return unauthorized
      const asked = eventsIn(space, range).filter(({ model }) => endpointIds?.includes(model) ?? true)
      return complete(usageOf(asked, zone))
    },
    events,
    eachEvents: eachOf(events),
    serverlessUsage: async () => complete([]),
    focus: async () => ({ status: 'failed', failure: 'forbidden', reason: 'not an enterprise account' }),
    legacyInvoices: async () => ({ status: 'failed', failure: 'not-configured', reason: 'no address' }),
    pricing: async (apiKey, endpointIds) => {
      if (workspaceOf(apiKey) === undefined) return unauthorized
      const listed = endpointIds.flatMap((id) => prices.get(id) ?? [])
      return complete({
        prices: listed.map((price) => ({ currency: 'USD', ...price })),
        unknown: endpointIds.filter((id) => !prices.has(id)),
      })
    },
    estimate: async (apiKey, { kind, quantities }) => {
      if (workspaceOf(apiKey) === undefined) return unauthorized
      const costs = [...quantities].map(([id, quantity]) => {
        const price = prices.get(id)
        const each = (kind === 'calls' ? price?.callPrice : price?.unitPrice) ?? '0'
        return (parseUsd(each)! * parseUsd(quantity)!) / 10n ** 9n
      })
      return complete(nanoUsd(costs.reduce((sum, cost) => sum + cost, 0n)))
    },
  }
}

function eventsIn({ events }: FalWorkspace, range: InstantRange): BillingEvent[] {
  return events
    .map(
      (event): BillingEvent => ({
        requestId: event.requestId,
        model: event.endpointId,
        at: parseInstant(event.timestamp)!,
        quantity: event.quantity,
        unit: event.unit,
        unitPrice: event.unitPrice,
        percentDiscount: event.percentDiscount ?? null,
        costNanoUsd: parseUsd(event.cost)!,
        ...(isFinerThanNano(event.cost) && { costRounded: true }),
        keyId: event.keyId ?? null,
        login: event.login ?? null,
      }),
    )
    .filter(({ at }) => within(at, range))
}

function usageOf(events: readonly BillingEvent[], zone: Zone): UsageRow[] {
  const rows = new Map<string, UsageRow>()
  for (const event of events) {
    const date = zone.dateOf(event.at)
    const { model, unit, unitPrice, percentDiscount, keyId, login } = event
    const key = JSON.stringify([date, model, unit, unitPrice, percentDiscount, keyId, login])
    const row = rows.get(key)
    const quantity = addDecimals(
      parseDecimal(row?.quantity ?? '0') ?? ZERO_DECIMAL,
      parseDecimal(event.quantity ?? '0')!,
    )
    rows.set(key, {
      bucketStart: zone.startOfDate(date),
      date,
      model,
      unit: unit ?? '',
      quantity: formatDecimal(quantity),
      unitPrice,
      percentDiscount,
      costNanoUsd: nanoUsd((row?.costNanoUsd ?? 0n) + event.costNanoUsd),
      keyId,
      login,
    })
  }
  return [...rows.values()]
}
