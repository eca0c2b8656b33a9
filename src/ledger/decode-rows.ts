import { type EntryFields, type EntryRecords, EntryWriter, newEntryFields } from '../rows/entry-records.ts'
import type { Span } from '../rows/record-list.ts'
import type { TaskRecords, TaskWords } from '../rows/task-records.ts'
import { newTaskFields, TaskWriter } from '../rows/task-writer.ts'
import type { Whole } from '../units/exact-sums.ts'
import { type InstantRange, NO_REAL_TIME } from '../units/instant.ts'
import type { Zone } from '../units/zone.ts'
import { type BatcherFactory, inRecords } from './batches.ts'
import type { Place } from './cells.ts'
import type { TableMapping } from './mapping.ts'
import type { Wide } from './queries.ts'
import type { EntryKind, TaskStatus } from './reader.ts'
import { orderSpanReader, placeholderSet, requestSpanReader } from './request-id.ts'
import { ownerOf, type RowCells, rowIdIn } from './row-cells.ts'
import { tokensReader } from './tokens.ts'
import { isUndated, UnreadRows, UnreadTaskRows } from './unread-rows.ts'

/** The time a row must lie in; none for look-ups, which find rows of any time. */
export type Membership = InstantRange | undefined

/** How rows of the three long tables are read into records, by position: the order is that of the columns in queries.ts. */
export function recordsOf(mapping: TableMapping, zone: Zone, words: TaskWords) {
  /** Whether a row was among those read that the database may place elsewhere in time: its time is none, or a text of its own form. */
  const astray = { tasks: false, points: false, cash: false }
  const forms: StoredForms = { paddedTaskIds: false, paddedOrders: false, otherRequestIds: false }
  const reading = { statusOf: statusReader(mapping), zone }
  /** Of the last stream of each table. */
  const unread = { tasks: new UnreadTaskRows(mapping, reading), points: new UnreadRows(), cash: new UnreadRows() }
  /** Tasks of its last stream that have no time at all. */
  const undatedTasks = new UnreadTaskRows(mapping, reading)
  /** Of the last stream of each ledger. */
  const unknownKinds = { points: noUnknownKinds(), cash: noUnknownKinds() }
  const notingKinds = (table: keyof typeof unknownKinds, range: Membership): NoteKind => {
    const count = unknownKinds[table]
    if (range === undefined) return () => undefined
    Object.assign(count, noUnknownKinds())
    return (word) => {
      count.rows += 1
      const told = word === '' ? 'NULL' : word
      if (count.words.length < KINDS_SHOWN && !count.words.includes(told)) count.words.push(told)
    }
  }
  const noting = (table: keyof typeof astray, range: Membership): NoteAstray => {
    const count = unread[table]
    if (range !== undefined) count.clear()
    if (range !== undefined && table === 'tasks') undatedTasks.clear()
    return (row, isUnread) => {
      // A row without a time is nowhere else for the database: those that lie outside a range are asked for with it. A task without
      // one is of no period; a row of a ledger took or gave back what it says, and nobody can tell when.
      const isNone = isUnread && isUndated(row, TIME_COLUMN)
      if (!isNone) astray[table] = true
      if (isNone && table === 'tasks') undatedTasks.add(row)
      else if (isUnread) count.add(row)
    }
  }
  return {
    astray,
    forms,
    unread,
    undatedTasks,
    unknownKinds,
    tasks: (range: Membership): BatcherFactory<TaskRecords> => {
      const note = noting('tasks', range)
      return inRecords(
        () => new TaskWriter(words),
        () => taskDecoder(mapping, zone, words, range, note, forms),
      )
    },
    points: (range: Membership, wide: Wide = 'balances'): BatcherFactory<EntryRecords> => {
      const note = noting('points', range)
      const noteKind = notingKinds('points', range)
      return inRecords(
        () => new EntryWriter(),
        () => pointsDecoder(mapping, zone, range, wide, note, noteKind, forms),
      )
    },
    cash: (range: Membership): BatcherFactory<EntryRecords> => {
      const note = noting('cash', range)
      const noteKind = notingKinds('cash', range)
      return inRecords(
        () => new EntryWriter(),
        () => cashDecoder(mapping, zone, range, note, noteKind, forms),
      )
    },
  }
}

const TIME_COLUMN = 1
const USER_COLUMN = 2
const END_COLUMN = 11

/** Types that are named. */
const KINDS_SHOWN = 5
const noUnknownKinds = (): { rows: number; words: string[] } => ({ rows: 0, words: [] })

/** Hears of the type of a row that nothing tells the kind of. */
type NoteKind = (word: string) => void

/** How ids were stored that were read: the database, asked for an id as it is otherwise written, may not find those. */
interface StoredForms {
  /** Whether blanks stood around an id of a task, or around an order. */
  paddedTaskIds: boolean
  paddedOrders: boolean
  /** Whether a request id was stored in another form than the bare one, such as an URL, or with blanks around it: orders may name it so. */
  otherRequestIds: boolean
}

const isOtherForm = ({ bytes, from, length }: Span, bare: Span): boolean =>
  bytes.compare(bare.bytes, bare.from, bare.from + bare.length, from, from + length) !== 0

/** Hears of a row that is astray, and whether that is since its time cannot be read. */
type NoteAstray = (row: RowCells, isUnread: boolean) => void

function taskDecoder(
  mapping: TableMapping,
  zone: Zone,
  { models, apiKeys }: TaskWords,
  range: Membership,
  note: NoteAstray,
  forms: StoredForms,
): (row: RowCells, to: TaskWriter) => void {
  const { tasks: columns } = mapping.columns
  const place = (column: string): Place => ({ table: mapping.tables.tasks, column, besideKeys: true })
  const idAt = place(columns.id)
  const userAt = place(columns.userId)
  const moneyAt = place(columns.money)
  const costAt = place(columns.costMoney)
  const refundAt = place(columns.isRefund)
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
    fields.rowId = rowIdIn(row, idAt)
    fields.createdAt = createdAt
    fields.userId = ownerOf(row, USER_COLUMN, userAt)
    fields.model = row.word(5, modelCode)
    fields.apiKey = row.word(6, keyCode)
    fields.status = statuses[row.word(7, statusCode)] ?? 'unfinished'
    fields.chargedPoints = row.whole(8, moneyAt)
    fields.costNanoUsd = row.usd(9, costAt)
    fields.refunded = row.flag(10, refundAt)
    const completedAt = zone.fromWall(row.wall(END_COLUMN))
    fields.completedAt = completedAt ?? Number.NaN
    fields.endUntold = completedAt === undefined && !isUndated(row, END_COLUMN)
    tokensInto?.(row, fields)
    forms.paddedTaskIds ||= row.isPadded(3)
    const stored = row.span(4)
    const requestId = requestIdOf(stored)
    forms.otherRequestIds ||=
      requestId.length > 0 && (row.isPadded(4) || (requestId !== stored && isOtherForm(stored, requestId)))
    to.write(fields, row.span(3), requestId)
  }
}

function pointsDecoder(
  mapping: TableMapping,
  zone: Zone,
  range: Membership,
  wide: Wide,
  note: NoteAstray,
  noteKind: NoteKind,
  forms: StoredForms,
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
  const orderOf = orderSpanReader(placeholderSet(mapping.placeholderRequestIds))
  const timeOf = timeReader(zone, range, note)
  const fields = newEntryFields('points')
  return (row, to) => {
    const at = timeOf(row, TIME_COLUMN)
    if (Number.isNaN(at)) return
    fields.at = at
    headOf(row, fields)
    fields.amountPoints = row.whole(3, amountAt)
    fields.kind = kinds[row.word(5, kindCode)] ?? 'other'
    fields.kindUntold = fields.kind === 'other'
    if (wide !== 'none') {
      fields.balanceBefore = row.whole(6, beforeAt)
      fields.balanceAfter = row.whole(7, afterAt)
    }
    forms.paddedOrders ||= row.isPadded(4)
    const orderId = orderOf(row.span(4))
    if (fields.kindUntold && mayBePayment(fields, orderId)) noteKind(row.text(5))
    to.write(fields, orderId, row.text(8))
  }
}

function cashDecoder(
  mapping: TableMapping,
  zone: Zone,
  range: Membership,
  note: NoteAstray,
  noteKind: NoteKind,
  forms: StoredForms,
): (row: RowCells, to: EntryWriter) => void {
  const { cash: columns } = mapping.columns
  const place = (column: string) => ({ table: mapping.tables.cash, column })
  const headOf = headReader(place(columns.id), place(columns.userId))
  const amountAt = place(columns.money)
  const kindOf = cashKindReader(mapping)
  const orderOf = orderSpanReader(placeholderSet(mapping.placeholderRequestIds))
  const timeOf = timeReader(zone, range, note)
  const fields = newEntryFields('cash')
  return (row, to) => {
    const at = timeOf(row, TIME_COLUMN)
    if (Number.isNaN(at)) return
    fields.at = at
    headOf(row, fields)
    fields.amountPoints = row.whole(3, amountAt)
    const type = row.integer(5)
    // NULL and words are no number: as 0 they would turn into a recharge.
    const kind = type === 0 && Number(row.code(5) || Number.NaN) !== 0 ? undefined : kindOf(type, fields.amountPoints)
    fields.kind = kind ?? 'other'
    fields.kindUntold = kind === undefined
    forms.paddedOrders ||= row.isPadded(4)
    const orderId = orderOf(row.span(4))
    if (fields.kindUntold && mayBePayment(fields, orderId)) noteKind(row.code(5))
    to.write(fields, orderId, row.text(6))
  }
}

/** What comes in without an order, a bonus as a rule, neither pays for a task nor gives a charge back. */
const mayBePayment = ({ amountPoints }: EntryFields, orderId: Span): boolean =>
  orderId.length > 0 || amountPoints === null || amountPoints < 0

const headReader =
  (idAt: Place, userAt: Place) =>
  (row: RowCells, fields: EntryFields): void => {
    fields.rowId = rowIdIn(row, idAt)
    const owner = ownerOf(row, USER_COLUMN, userAt)
    fields.userId = owner ?? 0
    fields.userUntold = owner === null
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

/**
 * Recharge and refund share a number: what comes in, or does not tell, is a recharge until its order id says that it is a refund.
 * Undefined for a number that the mapping does not name.
 */
function cashKindReader({
  transactionType,
}: TableMapping): (type: number, amount: Whole | null) => EntryKind | undefined {
  const consume = new Set(transactionType.consume)
  const income = new Set(transactionType.income)
  const rechargeOrRefund = new Set(transactionType.rechargeOrRefund)
  return (type, amount) => {
    if (consume.has(type)) return 'consume'
    if (income.has(type)) return 'income'
    if (!rechargeOrRefund.has(type)) return undefined
    return amount === null || amount > 0 ? 'recharge' : 'other'
  }
}
