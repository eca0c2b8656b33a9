import type { TaskRow, TaskStatus } from '../ledger/reader.ts'
import { type Whole, wholeOf } from '../units/exact-sums.ts'
import { hashOfBytes } from './bytes.ts'
import { putSpan, putText, RecordWriter, type Span, sizeOfText, spanOfText } from './record-list.ts'
import {
  AT,
  CHARGE_UNTOLD,
  COST_UNTOLD,
  END_UNTOLD,
  EXTRAS_BYTES_MAX,
  INPUT_TOKENS,
  LARGE_CHARGE,
  LARGE_COST,
  OUTPUT_TOKENS,
  REFUNDED,
  STATUSES,
  USER_UNTOLD,
} from './task-layout.ts'
import { TaskRecords, TaskWords } from './task-records.ts'

/** A task on its way into a record: numbers and codes, for its ids see `TaskWriter`. */
export interface TaskFields {
  rowId: number
  /** null: the row names no user. */
  userId: number | null
  /** Milliseconds. */
  createdAt: number
  /** Milliseconds; NaN: it has no end. */
  completedAt: number
  /** Whether it holds an end that cannot be read; `completedAt` is NaN then. */
  endUntold: boolean
  status: TaskStatus
  refunded: boolean
  /** null: the row does not tell. */
  chargedPoints: Whole | null
  costNanoUsd: Whole | null
  /** By the models and keys of the TaskWords. */
  model: number
  apiKey: number
  /** NaN stands for null; undefined: the column is not mapped. */
  inputTokens: number | undefined
  outputTokens: number | undefined
}

export const newTaskFields = (): TaskFields => ({
  rowId: 0,
  userId: 0,
  createdAt: 0,
  completedAt: Number.NaN,
  endUntold: false,
  status: 'unfinished',
  refunded: false,
  chargedPoints: 0,
  costNanoUsd: 0,
  model: 0,
  apiKey: 0,
  inputTokens: undefined,
  outputTokens: undefined,
})

/** Not a number stands for null. */
const orNaN = (value: number | null | undefined): number | undefined => (value === null ? Number.NaN : value)

/** Writes tasks as records. */
export class TaskWriter {
  readonly words: TaskWords
  readonly #records = new RecordWriter()
  readonly #fields = newTaskFields()

  constructor(words: TaskWords) {
    this.words = words
  }

  get count(): number {
    return this.#records.count
  }

  write(fields: TaskFields, taskId: Span, requestId: Span): void {
    const { chargedPoints, costNanoUsd, inputTokens, outputTokens } = fields
    const largeCharge = typeof chargedPoints === 'bigint'
    const largeCost = typeof costNanoUsd === 'bigint'
    const idBytes = taskId.length + requestId.length
    const large =
      (largeCharge ? sizeOfText(String(chargedPoints)) : 0) + (largeCost ? sizeOfText(String(costNanoUsd)) : 0)
    const at = this.#records.begin(AT.ids + idBytes + EXTRAS_BYTES_MAX + large)
    const { view } = this.#records
    view.setUint32(
      at + AT.flags,
      (fields.status === 'success' ? 0 : STATUSES.indexOf(fields.status)) |
        (fields.refunded ? REFUNDED : 0) |
        (inputTokens === undefined ? 0 : INPUT_TOKENS) |
        (outputTokens === undefined ? 0 : OUTPUT_TOKENS) |
        (largeCharge ? LARGE_CHARGE : 0) |
        (largeCost ? LARGE_COST : 0) |
        (chargedPoints === null ? CHARGE_UNTOLD : 0) |
        (costNanoUsd === null ? COST_UNTOLD : 0) |
        (fields.userId === null ? USER_UNTOLD : 0) |
        (fields.endUntold ? END_UNTOLD : 0),
      true,
    )
    view.setFloat64(at + AT.rowId, fields.rowId, true)
    view.setFloat64(at + AT.userId, fields.userId ?? 0, true)
    view.setFloat64(at + AT.createdAt, fields.createdAt, true)
    view.setFloat64(at + AT.completedAt, fields.completedAt, true)
    view.setFloat64(at + AT.charged, Number(chargedPoints), true)
    view.setFloat64(at + AT.cost, Number(costNanoUsd), true)
    view.setUint32(at + AT.model, fields.model, true)
    view.setUint32(at + AT.apiKey, fields.apiKey, true)
    view.setUint32(at + AT.taskHash, hashOfBytes(taskId.view, taskId.from, taskId.length), true)
    view.setUint32(at + AT.requestHash, hashOfBytes(requestId.view, requestId.from, requestId.length), true)
    view.setUint32(at + AT.taskIdBytes, taskId.length, true)
    view.setUint32(at + AT.requestIdBytes, requestId.length, true)
    let end = putSpan(view, at + AT.ids, taskId)
    end = putSpan(view, end, requestId)
    if (inputTokens !== undefined) {
      view.setFloat64(end, inputTokens, true)
      end += 8
    }
    if (outputTokens !== undefined) {
      view.setFloat64(end, outputTokens, true)
      end += 8
    }
    if (largeCharge) end = putText(view, end, String(chargedPoints))
    if (largeCost) end = putText(view, end, String(costNanoUsd))
    this.#records.end(end - at)
  }

  /** Writes a task that is an object. */
  writeRow(task: TaskRow): void {
    const fields = this.#fields
    fields.rowId = task.rowId
    fields.userId = task.userUntold === true ? null : task.userId
    fields.createdAt = task.createdAt
    fields.completedAt = task.completedAt ?? Number.NaN
    fields.endUntold = task.endUntold === true
    fields.status = task.status
    fields.refunded = task.refunded
    fields.chargedPoints = task.chargeUntold === true ? null : wholeOf(task.chargedPoints)
    fields.costNanoUsd = task.costUntold === true ? null : wholeOf(task.costNanoUsd)
    fields.model = this.words.models.codeOf(task.model)
    fields.apiKey = this.words.apiKeys.codeOf(task.apiKey)
    fields.inputTokens = orNaN(task.inputTokens)
    fields.outputTokens = orNaN(task.outputTokens)
    this.write(fields, spanOfText(task.taskId), spanOfText(task.requestId))
  }

  /** The tasks so far, good until `clear`. */
  written(): TaskRecords {
    const { bytes, count, offsets } = this.#records.written()
    return new TaskRecords(bytes, count, this.words, offsets)
  }

  clear(): void {
    this.#records.clear()
  }
}

/** Tasks that are objects, as records. */
export function taskRecordsOf(tasks: Iterable<TaskRow>, words = new TaskWords()): TaskRecords {
  const writer = new TaskWriter(words)
  for (const task of tasks) writer.writeRow(task)
  return writer.written()
}
