import { AuditError, shortened } from '../errors.ts'
import type { TaskRow, TaskStatus } from '../ledger/reader.ts'
import { Lexicon, RowReader } from '../spool/bytes.ts'
import { hashOfText, type RowCodec } from '../spool/spool.ts'
import { type Instant, instant } from '../units/instant.ts'
import { nanoUsd } from '../units/nano-usd.ts'
import { points } from '../units/points.ts'
import { type BytesOfId, idAt, sizeOfText } from './id-bytes.ts'

const STATUSES: readonly TaskStatus[] = ['success', 'failed', 'unfinished']

/** A task, and whether the filters leave it. */
export interface SpooledTask {
  readonly task: TaskRow
  readonly selected: boolean
}

/** What the layer of tasks adds up. */
export type CellTask = Pick<
  TaskRow,
  'createdAt' | 'apiKey' | 'userId' | 'model' | 'chargedPoints' | 'costNanoUsd' | 'refunded'
>

// Flags beside the status.
const STATUS = 3
const REFUNDED = 4
const SELECTED = 8
const HAS_TOKENS = 16
/** An amount that no double holds: it stands as text at the end of the record. */
const LARGE_CHARGE = 32
const LARGE_COST = 64

/** Where each field begins in a record. The ids follow, then tokens and large amounts where there are any. */
const AT = {
  rowId: 1,
  userId: 9,
  createdAt: 17,
  completedAt: 25,
  charged: 33,
  cost: 41,
  model: 49,
  apiKey: 53,
  taskHash: 57,
  requestHash: 61,
  ids: 65,
} as const

/** Not a number stands for what is not known. */
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
const orNaN = (value: number | null | undefined): number => value ?? Number.NaN

const isLarge = (amount: bigint): boolean => !Number.isSafeInteger(Number(amount))

export function taskCodec(): RowCodec<SpooledTask, TaskRecords> {
  const words = new Lexicon()
  return {
    write({ task, selected }, to) {
      const hasTokens = task.inputTokens !== undefined || task.outputTokens !== undefined
      const largeCharge = isLarge(task.chargedPoints)
      const largeCost = isLarge(task.costNanoUsd)
      to.byte(
        STATUSES.indexOf(task.status) |
          (task.refunded ? REFUNDED : 0) |
          (selected ? SELECTED : 0) |
          (hasTokens ? HAS_TOKENS : 0) |
          (largeCharge ? LARGE_CHARGE : 0) |
          (largeCost ? LARGE_COST : 0),
      )
        .number(task.rowId)
        .number(task.userId)
        .number(task.createdAt)
        .number(orNaN(task.completedAt))
        .number(Number(task.chargedPoints))
        .number(Number(task.costNanoUsd))
        .count(words.codeOf(task.model))
        .count(words.codeOf(task.apiKey))
        .count(hashOfText(task.taskId))
        .count(hashOfText(task.requestId))
        .text(task.taskId)
        .text(task.requestId)
      if (hasTokens) to.number(orNaN(task.inputTokens)).number(orNaN(task.outputTokens))
      if (largeCharge) to.text(task.chargedPoints.toString())
      if (largeCost) to.text(task.costNanoUsd.toString())
    },
    read: (bytes, count) => new TaskRecords(bytes, count, words),
  }
}

/** Many tasks as they were spooled: single fields of them are read without making rows. Indices begin at 0. */
export class TaskRecords {
  readonly count: number
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #words: Lexicon
  readonly #reader: RowReader
  readonly #offsets: Uint32Array

  constructor(bytes: Buffer, count: number, words: Lexicon) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#reader = new RowReader(bytes)
    this.#words = words
    this.count = count
    this.#offsets = new Uint32Array(count)
    let at = 0
    for (let index = 0; index < count; index++) {
      this.#offsets[index] = at
      at = this.#endOf(at)
    }
  }

  userId(index: number): number {
    return this.#view.getFloat64(this.#offset(index) + AT.userId, true)
  }

  createdAt(index: number): Instant {
    return instant(this.#view.getFloat64(this.#offset(index) + AT.createdAt, true))
  }

  isSelected(index: number): boolean {
    return (this.#flags(index) & SELECTED) !== 0
  }

  isRefunded(index: number): boolean {
    return (this.#flags(index) & REFUNDED) !== 0
  }

  hasFailed(index: number): boolean {
    return STATUSES[this.#flags(index) & STATUS] === 'failed'
  }

  /** Whether the charge is above 0, of whatever size it is. */
  isCharged(index: number): boolean {
    return this.#view.getFloat64(this.#offset(index) + AT.charged, true) > 0
  }

  /** The charge, where a double holds it whole. */
  exactCharge(index: number): number | undefined {
    const charged = this.#view.getFloat64(this.#offset(index) + AT.charged, true)
    return Number.isSafeInteger(charged) ? charged : undefined
  }

  /** The charge. Throws where no double holds it: no sum of it would be exact. */
  chargedPoints(index: number): number {
    const charged = this.exactCharge(index)
    if (charged !== undefined) return charged
    const { taskId, chargedPoints } = this.row(index)
    throw new AuditError('source', `task "${shortened(taskId, 40)}" is charged ${chargedPoints} points`, {
      accepted: 'at most 9007199254740991 points, which add up exactly',
      next: 'correct the row',
    })
  }

  /** Where the operator's id of a task stands. */
  taskId(index: number, into: BytesOfId): BytesOfId {
    const at = this.#offset(index)
    return idAt(this.#view, this.#view.getUint32(at + AT.taskHash, true), at + AT.ids, into)
  }

  /** Where the request id of a task stands. */
  requestId(index: number, into: BytesOfId): BytesOfId {
    const at = this.#offset(index)
    const ids = at + AT.ids
    return idAt(this.#view, this.#view.getUint32(at + AT.requestHash, true), ids + sizeOfText(this.#view, ids), into)
  }

  /** The bytes that ids stand in. */
  get bytes(): Buffer {
    return this.#bytes
  }

  row(index: number): TaskRow {
    const reader = this.#reader.to(this.#offset(index))
    const flags = reader.byte()
    const rowId = reader.number()
    const userId = reader.number()
    const createdAt = instant(reader.number())
    const completedAt = orNull(reader.number())
    const charged = reader.number()
    const cost = reader.number()
    const model = this.#words.textOf(reader.count()) ?? ''
    const apiKey = this.#words.textOf(reader.count()) ?? ''
    reader.count()
    reader.count()
    const taskId = reader.text()
    const requestId = reader.text()
    const tokens =
      (flags & HAS_TOKENS) === 0
        ? undefined
        : { inputTokens: orNull(reader.number()), outputTokens: orNull(reader.number()) }
    const task: TaskRow = {
      rowId,
      userId,
      taskId,
      requestId,
      model,
      apiKey,
      status: STATUSES[flags & STATUS] ?? 'unfinished',
      refunded: (flags & REFUNDED) !== 0,
      chargedPoints: points(BigInt((flags & LARGE_CHARGE) === 0 ? charged : reader.text())),
      costNanoUsd: nanoUsd(BigInt((flags & LARGE_COST) === 0 ? cost : reader.text())),
      createdAt,
      completedAt: completedAt === null ? null : instant(completedAt),
    }
    return tokens === undefined ? task : { ...task, ...tokens }
  }

  /** Makes a row of each. */
  rows(): TaskRow[] {
    return Array.from({ length: this.count }, (_, index) => this.row(index))
  }

  /** Hands out what the layer of tasks needs of each, in the same object: it is good until the call returns. */
  eachCell(take: (task: CellTask) => void): void {
    const cell: { -readonly [Key in keyof CellTask]: CellTask[Key] } = {
      createdAt: instant(0),
      apiKey: '',
      userId: 0,
      model: '',
      chargedPoints: points(0n),
      costNanoUsd: nanoUsd(0n),
      refunded: false,
    }
    for (let index = 0; index < this.count; index++) {
      const at = this.#offset(index)
      const flags = this.#view.getUint8(at)
      if ((flags & (LARGE_CHARGE | LARGE_COST)) !== 0) {
        take(this.row(index))
        continue
      }
      cell.createdAt = instant(this.#view.getFloat64(at + AT.createdAt, true))
      cell.apiKey = this.#words.textOf(this.#view.getUint32(at + AT.apiKey, true)) ?? ''
      cell.userId = this.#view.getFloat64(at + AT.userId, true)
      cell.model = this.#words.textOf(this.#view.getUint32(at + AT.model, true)) ?? ''
      cell.chargedPoints = points(BigInt(this.#view.getFloat64(at + AT.charged, true)))
      cell.costNanoUsd = nanoUsd(BigInt(this.#view.getFloat64(at + AT.cost, true)))
      cell.refunded = (flags & REFUNDED) !== 0
      take(cell)
    }
  }

  #offset(index: number): number {
    return this.#offsets[index] ?? 0
  }

  #flags(index: number): number {
    return this.#view.getUint8(this.#offset(index))
  }

  #endOf(start: number): number {
    const flags = this.#view.getUint8(start)
    let at = start + AT.ids
    at += sizeOfText(this.#view, at)
    at += sizeOfText(this.#view, at)
    if ((flags & HAS_TOKENS) !== 0) at += 16
    if ((flags & LARGE_CHARGE) !== 0) at += sizeOfText(this.#view, at)
    if ((flags & LARGE_COST) !== 0) at += sizeOfText(this.#view, at)
    return at
  }
}
