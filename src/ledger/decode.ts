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
import type { IdSample, SampledRow } from './id-order.ts'
import type { TableMapping } from './mapping.ts'
import type { AccountRow, EntryKind, LedgerEntry, TaskRow, TaskStatus } from './reader.ts'
import { placeholderSet, requestIdReader } from './request-id.ts'
import { tokensReader } from './tokens.ts'

/**
 * Turns the cells of one row into a value; undefined where the row does not belong. The next row may come in the same
 * array: nobody keeps it.
 */
export type RowDecoder<Row> = (cells: readonly Cell[]) => Row | undefined

/** Made anew for each result, when the types of its columns are known. */
export interface DecoderFactory<Row> {
  (types: readonly CellType[]): RowDecoder<Row>
  /** Positions that are read as times: only these may come as `wall`. */
  readonly times?: readonly number[]
}

const withTimes = <Row>(
  times: readonly number[],
  factory: (types: readonly CellType[]) => RowDecoder<Row>,
): DecoderFactory<Row> => Object.assign(factory, { times })

/** The time a row must lie in; none for look-ups, which find rows of any time. */
export type Membership = InstantRange | undefined

/**
 * One decoder per query, by position: the order is that of the columns in queries.ts. Those of millions of rows take each
 * cell by its place: to take the array apart into names costs them another tenth.
 */
export function decodersOf(mapping: TableMapping, zone: Zone) {
  const requestIdOf = requestIdReader(placeholderSet(mapping.placeholderRequestIds))
  const statusOf = statusReader(mapping)
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

  const task = (range: Membership): DecoderFactory<TaskRow> =>
    withTimes([1, 11], (types) => {
      const moneyAt = place('tasks', mapping.columns.tasks.money)
      const costOf = usdReader(types[9] ?? 'other', place('tasks', mapping.columns.tasks.costMoney))
      const createdOf = instantReader(zone, types[1] ?? 'other')
      const completedOf = instantReader(zone, types[11] ?? 'other')
      const tokensOf = tokensReader(mapping)
      return (cells) => {
        const createdAt = timeOf(createdOf(cells[1]), range)
        if (createdAt === undefined) return undefined
        const row: TaskRow = {
          rowId: integerOf(cells[0]),
          userId: integerOf(cells[2]),
          taskId: textOf(cells[3]),
          requestId: requestIdOf(textOf(cells[4])),
          model: textOf(cells[5]),
          apiKey: textOf(cells[6]),
          status: statusOf(textOf(cells[7])),
          chargedPoints: pointsOf(cells[8], moneyAt),
          costNanoUsd: costOf(cells[9]) ?? ZERO_NANO_USD,
          refunded: flagOf(cells[10]),
          createdAt,
          completedAt: completedOf(cells[11]),
        }
        // Copying a row for its tokens costs as much as reading it, so only where they are asked for.
        return tokensOf === undefined ? row : { ...row, ...tokensOf(cells) }
      }
    })

  const pointsEntry = (range: Membership): DecoderFactory<LedgerEntry> =>
    withTimes([1], (types) => {
      const createdOf = instantReader(zone, types[1] ?? 'other')
      const columns = mapping.columns.points
      const amountAt = place('points', columns.points)
      const beforeAt = place('points', columns.balanceBefore)
      const afterAt = place('points', columns.balanceAfter)
      return (cells) => {
        const at = timeOf(createdOf(cells[1]), range)
        if (at === undefined) return undefined
        return {
          book: 'points',
          rowId: integerOf(cells[0]),
          userId: integerOf(cells[2]),
          amountPoints: pointsOf(cells[3], amountAt),
          orderId: textOf(cells[4]),
          kind: pointsKindOf(textOf(cells[5])),
          balanceBefore: pointsOrNull(cells[6], beforeAt),
          balanceAfter: pointsOrNull(cells[7], afterAt),
          at,
          title: textOf(cells[8]),
        }
      }
    })

  const cashEntry = (range: Membership): DecoderFactory<LedgerEntry> =>
    withTimes([1], (types) => {
      const createdOf = instantReader(zone, types[1] ?? 'other')
      const amountAt = place('cash', mapping.columns.cash.money)
      return (cells) => {
        const at = timeOf(createdOf(cells[1]), range)
        if (at === undefined) return undefined
        const amountPoints = pointsOf(cells[3], amountAt)
        return {
          book: 'cash',
          rowId: integerOf(cells[0]),
          userId: integerOf(cells[2]),
          amountPoints,
          orderId: textOf(cells[4]),
          kind: cashKindOf(cells[5], amountPoints),
          balanceBefore: null,
          balanceAfter: null,
          at,
          title: textOf(cells[6]),
        }
      }
    })

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
      wanted.has(requestIdOf(textOf(onlineTaskId))) ? integerOf(id) : undefined

  /** The last row id of a user who is wanted. */
  const lastRowId =
    (wanted: ReadonlySet<number>): DecoderFactory<number> =>
    () =>
    ([userId, id]) =>
      wanted.has(integerOf(userId)) ? integerOf(id) : undefined

  /** Undefined for a key whose tasks have no real time. */
  const lastUse: DecoderFactory<readonly [string, Instant]> = withTimes([1], (types) => {
    const createdOf = instantReader(zone, types[1] ?? 'other')
    return ([apiKey, createdAt]) => {
      const at = createdOf(createdAt)
      return at === null ? undefined : [textOf(apiKey), at]
    }
  })

  /** Undefined where ids are no integers that a number holds. */
  const idSpan: DecoderFactory<IdSample['ids']> =
    () =>
    ([least, greatest]) => {
      if (least === null) return null
      const ids = { least: wholeOf(least), greatest: wholeOf(greatest) }
      return Number.isSafeInteger(ids.least) && Number.isSafeInteger(ids.greatest) ? ids : undefined
    }

  const sampledRow: DecoderFactory<SampledRow> = withTimes([1], (types) => {
    const atOf = instantReader(zone, types[1] ?? 'other')
    return ([id, at]) => ({ id: integerOf(id), at: atOf(at) })
  })

  const rowOwner: DecoderFactory<readonly [number, number]> =
    () =>
    ([id, userId]) => [integerOf(id), integerOf(userId)]

  const userName: DecoderFactory<readonly [number, string]> =
    () =>
    ([id, name]) => [integerOf(id), textOf(name)]

  /** Undefined for a user without a level. */
  const userLevel: DecoderFactory<readonly [number, string]> =
    () =>
    ([id, cell]) => {
      const level = textOf(cell)
      return level === '' ? undefined : [integerOf(id), level]
    }

  return {
    account,
    task,
    pointsEntry,
    cashEntry,
    orderedRow,
    requestedRow,
    lastRowId,
    lastUse,
    idSpan,
    sampledRow,
    rowOwner,
    userName,
    userLevel,
  }
}

/** A number as the database gives it; a text that looks like one is none. */
const wholeOf = (cell: Cell | undefined): number =>
  typeof cell === 'number' || typeof cell === 'bigint' ? Number(cell) : Number.NaN

/** The time of a row, or undefined where it lies outside. Membership is decided on the instant, half-open. */
function timeOf(read: Instant | null, range: Membership): Instant | undefined {
  const at = read ?? NO_REAL_TIME
  return range === undefined || within(at, range) ? at : undefined
}

function statusReader({ taskStatus }: TableMapping): (word: string) => TaskStatus {
  const known = new Map<string, TaskStatus>()
  for (const word of taskStatus.failed) known.set(word.trim().toLowerCase(), 'failed')
  for (const word of taskStatus.success) known.set(word.trim().toLowerCase(), 'success')
  return wordReader(known, 'unfinished')
}

function pointsKindReader({ sourceType }: TableMapping): (word: string) => EntryKind {
  const known = new Map<string, EntryKind>()
  for (const kind of ['gift', 'recharge', 'refund', 'consume'] as const) {
    for (const word of sourceType[kind]) known.set(word.trim().toLowerCase(), kind)
  }
  return wordReader(known, 'other')
}

/** Looks a word up without case. Most are stored as the mapping writes them: those are found without a copy of them. */
function wordReader<Meaning>(known: ReadonlyMap<string, Meaning>, unknown: Meaning): (word: string) => Meaning {
  return (word) => known.get(word) ?? known.get(word.toLowerCase()) ?? unknown
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
