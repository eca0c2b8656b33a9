import { type EntryFields, type EntryRecords, EntryWriter, newEntryFields } from '../rows/entry-records.ts'
import type { TaskRecords, TaskWords } from '../rows/task-records.ts'
import { newTaskFields, TaskWriter } from '../rows/task-writer.ts'
import type { Whole } from '../units/exact-sums.ts'
import { type InstantRange, NO_REAL_TIME } from '../units/instant.ts'
import type { Zone } from '../units/zone.ts'
import { type BatcherFactory, inRecords } from './batches.ts'
import type { Place } from './cells.ts'
import type { TableMapping } from './mapping.ts'
import type { EntryKind, TaskStatus } from './reader.ts'
import { placeholderSet, requestSpanReader } from './request-id.ts'
import type { RowCells } from './row-cells.ts'
import { tokensReader } from './tokens.ts'
import { UnreadRows, UnreadTaskRows } from './unread-rows.ts'

/** The time a row must lie in; none for look-ups, which find rows of any time. */
export type Membership = InstantRange | undefined

/** How rows of the three long tables are read into records, by position: the order is that of the columns in queries.ts. */
export function recordsOf(mapping: TableMapping, zone: Zone, words: TaskWords) {
  /** Whether a row was among those read that the database may place elsewhere in time: its time is none, or a text of its own form. */
  const astray = { tasks: false, points: false, cash: false }
  /** Of the last stream of each table. */
  const unread = { tasks: new UnreadTaskRows(mapping), points: new UnreadRows(), cash: new UnreadRows() }
  const noting = (table: keyof typeof astray, range: Membership): NoteAstray => {
    const count = unread[table]
    if (range !== undefined) count.clear()
    return (row, isUnread) => {
      astray[table] = true
      // A row without a time, NULL or an empty text, is none of any period. SQL leaves it out before it comes here, and with it
      // 0000-00-00, which lies below every bound: that is how MySQL stores that there is no time.
      if (!isUnread || row.isNull(TIME_COLUMN)) return
      count.add(row)
    }
  }
  return {
    astray,
    unread,
    tasks: (range: Membership): BatcherFactory<TaskRecords> => {
      const note = noting('tasks', range)
      return inRecords(
        () => new TaskWriter(words),
        () => taskDecoder(mapping, zone, words, range, note),
      )
    },
    points: (range: Membership): BatcherFactory<EntryRecords> => {
      const note = noting('points', range)
      return inRecords(
        () => new EntryWriter(),
        () => pointsDecoder(mapping, zone, range, note),
      )
    },
    cash: (range: Membership): BatcherFactory<EntryRecords> => {
      const note = noting('cash', range)
      return inRecords(
        () => new EntryWriter(),
        () => cashDecoder(mapping, zone, range, note),
      )
    },
  }
}

const TIME_COLUMN = 1

/** Hears of a row that is astray, and whether that is since its time cannot be read. */
type NoteAstray = (row: RowCells, isUnread: boolean) => void

function taskDecoder(
  mapping: TableMapping,
  zone: Zone,
  { models, apiKeys }: TaskWords,
  range: Membership,
  note: NoteAstray,
): (row: RowCells, to: TaskWriter) => void {
  const { columns, tables } = mapping
  const idAt = { table: tables.tasks, column: columns.tasks.id }
  const userAt = { table: tables.tasks, column: columns.tasks.userId }
  const moneyAt = { table: tables.tasks, column: columns.tasks.money }
  const costAt = { table: tables.tasks, column: columns.tasks.costMoney }
  const statusOf = statusReader(mapping)
  const statuses = ['success', 'failed', 'unfinished'] as const
  const statusCode = (word: string): number => statuses.indexOf(statusOf(word))
  const modelCode = (text: string): number => models.codeOf(text)
  const keyCode = (text: string): number => apiKeys.codeOf(text)
  const requestIdOf = requestSpanReader(placeholderSet(mapping.placeholderRequestIds))
  const tokensInto = tokensReader(mapping)
  const timeOf = timeReader(zone, range, note)
  const fields = newTaskFields()
  return (row, to) => {
    const createdAt = timeOf(row, TIME_COLUMN)
    if (Number.isNaN(createdAt)) return
    fields.rowId = row.id(0, idAt)
    fields.createdAt = createdAt
    fields.userId = row.id(2, userAt)
    fields.model = row.word(5, modelCode)
    fields.apiKey = row.word(6, keyCode)
    fields.status = statuses[row.word(7, statusCode)] ?? 'unfinished'
    fields.chargedPoints = row.whole(8, moneyAt) ?? 0
    fields.costNanoUsd = row.usd(9, costAt) ?? 0
    fields.refunded = row.flag(10)
    fields.completedAt = zone.fromWall(row.wall(11)) ?? Number.NaN
    tokensInto?.(row, fields)
    to.write(fields, row.span(3), requestIdOf(row.span(4)))
  }
}

function pointsDecoder(
  mapping: TableMapping,
  zone: Zone,
  range: Membership,
  note: NoteAstray,
): (row: RowCells, to: EntryWriter) => void {
  const { points: columns } = mapping.columns
  const place = (column: string) => ({ table: mapping.tables.points, column })
  const headOf = headReader(place(columns.id), place(columns.userId))
  const amountAt = place(columns.points)
  const beforeAt = place(columns.balanceBefore)
  const afterAt = place(columns.balanceAfter)
  const kindOf = pointsKindReader(mapping)
  const kinds = ['consume', 'refund', 'recharge', 'gift', 'other'] as const
  const kindCode = (word: string): number => kinds.indexOf(kindOf(word))
  const timeOf = timeReader(zone, range, note)
  const fields = newEntryFields('points')
  return (row, to) => {
    const at = timeOf(row, TIME_COLUMN)
    if (Number.isNaN(at)) return
    fields.at = at
    headOf(row, fields)
    fields.amountPoints = row.whole(3, amountAt)
    fields.kind = kinds[row.word(5, kindCode)] ?? 'other'
    fields.balanceBefore = row.whole(6, beforeAt)
    fields.balanceAfter = row.whole(7, afterAt)
    to.write(fields, row.span(4), row.text(8))
  }
}

function cashDecoder(
  mapping: TableMapping,
  zone: Zone,
  range: Membership,
  note: NoteAstray,
): (row: RowCells, to: EntryWriter) => void {
  const { cash: columns } = mapping.columns
  const place = (column: string) => ({ table: mapping.tables.cash, column })
  const headOf = headReader(place(columns.id), place(columns.userId))
  const amountAt = place(columns.money)
  const kindOf = cashKindReader(mapping)
  const timeOf = timeReader(zone, range, note)
  const fields = newEntryFields('cash')
  return (row, to) => {
    const at = timeOf(row, TIME_COLUMN)
    if (Number.isNaN(at)) return
    fields.at = at
    headOf(row, fields)
    fields.amountPoints = row.whole(3, amountAt)
    // NULL is no number: as 0 it would turn into a recharge.
    fields.kind = row.isNull(5) ? 'other' : kindOf(row.integer(5), fields.amountPoints)
    to.write(fields, row.span(4), row.text(6))
  }
}

const headReader =
  (idAt: Place, userAt: Place) =>
  (row: RowCells, fields: EntryFields): void => {
    fields.rowId = row.id(0, idAt)
    fields.userId = row.id(2, userAt)
  }

/** The time of a row, in milliseconds; NaN where it does not belong. Membership is decided on the instant, half-open. */
function timeReader(zone: Zone, range: Membership, note: NoteAstray): (row: RowCells, column: number) => number {
  const { start, end } = range ?? { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY }
  return (row, column) => {
    const real = zone.fromWall(row.wall(column))
    if (range !== undefined && (real === undefined || !row.isComparable(column))) note(row, real === undefined)
    const at = real ?? NO_REAL_TIME
    return at >= start && at < end ? at : Number.NaN
  }
}

function statusReader({ taskStatus }: TableMapping): (word: string) => TaskStatus {
  const known = new Map<string, TaskStatus>()
  for (const word of taskStatus.failed) known.set(word.trim().toLowerCase(), 'failed')
  for (const word of taskStatus.success) known.set(word.trim().toLowerCase(), 'success')
  return (word) => known.get(word.toLowerCase()) ?? 'unfinished'
}

function pointsKindReader({ sourceType }: TableMapping): (word: string) => Exclude<EntryKind, 'income'> {
  const known = new Map<string, Exclude<EntryKind, 'income'>>()
  for (const kind of ['gift', 'recharge', 'refund', 'consume'] as const) {
    for (const word of sourceType[kind]) known.set(word.trim().toLowerCase(), kind)
  }
  return (word) => known.get(word.toLowerCase()) ?? 'other'
}

/** Recharge and refund share a number: what comes in, or does not tell, is a recharge until its order id says that it is a refund. */
function cashKindReader({ transactionType }: TableMapping): (type: number, amount: Whole | null) => EntryKind {
  const consume = new Set(transactionType.consume)
  const income = new Set(transactionType.income)
  const rechargeOrRefund = new Set(transactionType.rechargeOrRefund)
  return (type, amount) => {
    if (consume.has(type)) return 'consume'
    if (income.has(type)) return 'income'
    return rechargeOrRefund.has(type) && (amount === null || amount > 0) ? 'recharge' : 'other'
  }
}
