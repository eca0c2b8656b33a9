import type { Instant, InstantRange } from '../units/instant.ts'
import { within } from '../units/instant.ts'
import { ZERO_NANO_USD } from '../units/nano-usd.ts'
import type { Zone } from '../units/zone.ts'
import {
  type Cell,
  type CellType,
  flagOf,
  instantReader,
  integerOf,
  NO_REAL_TIME,
  pointsOf,
  pointsOrNull,
  textOf,
  usdReader,
} from './cells.ts'
import type { TableMapping } from './mapping.ts'
import type { AccountRow, EntryKind, LedgerEntry, TaskRow, TaskStatus } from './reader.ts'
import { bareRequestId, placeholderSet } from './request-id.ts'

/** Turns the cells of one row into a value; undefined where the row does not belong. */
export type RowDecoder<Row> = (cells: readonly Cell[]) => Row | undefined

/** Made anew for each result, when the types of its columns are known. */
export type DecoderFactory<Row> = (types: readonly CellType[]) => RowDecoder<Row>

/** The time a row must lie in; none for look-ups, which find rows of any time. */
export type Membership = InstantRange | undefined

/** One decoder per query, by position: the order is that of the columns in queries.ts. */
export function decodersOf(mapping: TableMapping, zone: Zone) {
  const placeholders = placeholderSet(mapping.placeholderRequestIds)
  const statusOf = statusReader(mapping)
  const instantOf = instantReader(zone)
  const pointsKindOf = pointsKindReader(mapping)
  const cashKindOf = cashKindReader(mapping)
  const place = (role: 'accounts' | 'tasks' | 'points' | 'cash', column: string) => ({
    table: mapping.tables[role],
    column,
  })

  const account: DecoderFactory<AccountRow> = (types) => {
    const balanceOf = usdReader(types[3] ?? 'other', place('accounts', mapping.columns.accounts.balance))
    return ([id, name, apiKey, balance, status]) => ({
      accountId: integerOf(id),
      name: textOf(name),
      apiKey: textOf(apiKey),
      balanceNanoUsd: balanceOf(balance),
      disabled: status !== null && status !== undefined && !flagOf(status),
    })
  }

  const task =
    (range: Membership): DecoderFactory<TaskRow> =>
    (types) => {
      const moneyAt = place('tasks', mapping.columns.tasks.money)
      const costOf = usdReader(types[9] ?? 'other', place('tasks', mapping.columns.tasks.costMoney))
      return ([id, created, userId, taskId, onlineTaskId, app, key, status, money, cost, isRefund, completed]) => {
        const createdAt = timeOf(instantOf(created), range)
        if (createdAt === undefined) return undefined
        return {
          rowId: integerOf(id),
          userId: integerOf(userId),
          taskId: textOf(taskId),
          requestId: bareRequestId(textOf(onlineTaskId), placeholders),
          model: textOf(app),
          apiKey: textOf(key),
          status: statusOf(textOf(status)),
          chargedPoints: pointsOf(money, moneyAt),
          costNanoUsd: costOf(cost) ?? ZERO_NANO_USD,
          refunded: flagOf(isRefund),
          createdAt,
          completedAt: instantOf(completed),
        }
      }
    }

  const pointsEntry =
    (range: Membership): DecoderFactory<LedgerEntry> =>
    () => {
      const columns = mapping.columns.points
      const amountAt = place('points', columns.points)
      const beforeAt = place('points', columns.balanceBefore)
      const afterAt = place('points', columns.balanceAfter)
      return ([id, created, userId, amount, orderId, sourceType, before, after, title]) => {
        const at = timeOf(instantOf(created), range)
        if (at === undefined) return undefined
        return {
          book: 'points',
          rowId: integerOf(id),
          userId: integerOf(userId),
          amountPoints: pointsOf(amount, amountAt),
          orderId: textOf(orderId),
          kind: pointsKindOf(textOf(sourceType)),
          balanceBefore: pointsOrNull(before, beforeAt),
          balanceAfter: pointsOrNull(after, afterAt),
          at,
          title: textOf(title),
        }
      }
    }

  const cashEntry =
    (range: Membership): DecoderFactory<LedgerEntry> =>
    () => {
      const amountAt = place('cash', mapping.columns.cash.money)
      return ([id, time, userId, amount, orderId, type, title]) => {
        const at = timeOf(instantOf(time), range)
        if (at === undefined) return undefined
        const amountPoints = pointsOf(amount, amountAt)
        return {
          book: 'cash',
          rowId: integerOf(id),
          userId: integerOf(userId),
          amountPoints,
          orderId: textOf(orderId),
          kind: cashKindOf(type, amountPoints),
          balanceBefore: null,
          balanceAfter: null,
          at,
          title: textOf(title),
        }
      }
    }

  /** The row id of a row whose order id is wanted. */
  const orderedRow =
    (wanted: ReadonlySet<string>): DecoderFactory<number> =>
    () =>
    ([id, orderId]) =>
      wanted.has(textOf(orderId)) ? integerOf(id) : undefined

  /** The row id of a task whose request id, in whatever form it is stored, is wanted. */
  const requestedRow =
    (wanted: ReadonlySet<string>): DecoderFactory<number> =>
    () =>
    ([id, onlineTaskId]) =>
      wanted.has(bareRequestId(textOf(onlineTaskId), placeholders)) ? integerOf(id) : undefined

  /** The last row id of a user who is wanted. */
  const lastRowId =
    (wanted: ReadonlySet<number>): DecoderFactory<number> =>
    () =>
    ([userId, id]) =>
      wanted.has(integerOf(userId)) ? integerOf(id) : undefined

  /** Undefined for a key whose tasks have no real time. */
  const lastUse: DecoderFactory<readonly [string, Instant]> =
    () =>
    ([apiKey, createdAt]) => {
      const at = instantOf(createdAt)
      return at === null ? undefined : [textOf(apiKey), at]
    }

  const rowOwner: DecoderFactory<readonly [number, number]> =
    () =>
    ([id, userId]) => [integerOf(id), integerOf(userId)]

  const userName: DecoderFactory<readonly [number, string]> =
    () =>
    ([id, name]) => [integerOf(id), textOf(name)]

  return { account, task, pointsEntry, cashEntry, orderedRow, requestedRow, lastRowId, lastUse, rowOwner, userName }
}

/** The time of a row, or undefined where it lies outside. Membership is decided on the instant, half-open. */
function timeOf(read: Instant | null, range: Membership): Instant | undefined {
  const at = read ?? NO_REAL_TIME
  return range === undefined || within(at, range) ? at : undefined
}

function statusReader({ taskStatus }: TableMapping): (word: string) => TaskStatus {
  const known = new Map<string, TaskStatus>()
  for (const word of taskStatus.failed) known.set(word.trim().toLowerCase(), 'failed')
  for (const word of taskStatus.success) known.set(word.trim().toLowerCase(), 'success')
  return (word) => known.get(word.toLowerCase()) ?? 'unfinished'
}

function pointsKindReader({ sourceType }: TableMapping): (word: string) => EntryKind {
  const known = new Map<string, EntryKind>()
  for (const kind of ['gift', 'recharge', 'refund', 'consume'] as const) {
    for (const word of sourceType[kind]) known.set(word.trim().toLowerCase(), kind)
  }
  return (word) => known.get(word.toLowerCase()) ?? 'other'
}

/** Recharge and refund share a number: what comes in is a recharge until its order id says that it is a refund. */
function cashKindReader({ transactionType }: TableMapping): (type: Cell | undefined, amount: bigint) => EntryKind {
  const { consume, rechargeOrRefund, income } = transactionType
  return (cell, amount) => {
    // NULL is no number: as 0 it would turn into a recharge.
    if (cell === null || cell === undefined) return 'other'
    const type = integerOf(cell)
    if (consume.includes(type)) return 'consume'
    if (income.includes(type)) return 'income'
    return rechargeOrRefund.includes(type) && amount > 0n ? 'recharge' : 'other'
  }
}
