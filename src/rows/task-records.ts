import { AuditError, shortened } from '../errors.ts'
import type { TaskRow, TaskStatus } from '../ledger/reader.ts'
import type { Whole } from '../units/exact-sums.ts'
import { type Instant, instant } from '../units/instant.ts'
import { nanoUsd } from '../units/nano-usd.ts'
import { points } from '../units/points.ts'
import type { BytesOfId } from './id-bytes.ts'
import { Lexicon } from './lexicon.ts'
import { endOfText, type RecordKind, RecordList, textAt } from './record-list.ts'
import {
  AT,
  CHARGE_UNTOLD,
  COST_UNTOLD,
  END_UNTOLD,
  FAILED,
  INPUT_TOKENS,
  LARGE_CHARGE,
  LARGE_COST,
  OUTPUT_TOKENS,
  REFUNDED,
  SELECTED,
  STATUS,
  STATUSES,
  USER_UNTOLD,
} from './task-layout.ts'

/** The texts that many tasks have in common. Records that are put together share them. */
export class TaskWords {
  readonly models = new Lexicon()
  readonly apiKeys = new Lexicon()
}

const UNTOLD = USER_UNTOLD | CHARGE_UNTOLD | COST_UNTOLD | END_UNTOLD

/** Not a number stands for what is not known. */
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

export const TASK_RECORDS: RecordKind<TaskWords, TaskRecords> = {
  words: () => new TaskWords(),
  list: (bytes, count, words) => new TaskRecords(bytes, count, words),
}

/** Many tasks as records: single fields of them are read without making rows. Indices begin at 0. */
export class TaskRecords extends RecordList<TaskWords> {
  rowId(index: number): number {
    return this.view.getFloat64(this.at(index) + AT.rowId, true)
  }

  /** Whether the row names no user, who is 0 then: a user of that id is another matter. */
  isUserUntold(index: number): boolean {
    return (this.#flags(index) & USER_UNTOLD) !== 0
  }

  /** Whether the row does not tell what was charged, which is 0 then. */
  isChargeUntold(index: number): boolean {
    return (this.#flags(index) & CHARGE_UNTOLD) !== 0
  }

  /** Whether the row does not tell what it cost, which is 0 then. */
  isCostUntold(index: number): boolean {
    return (this.#flags(index) & COST_UNTOLD) !== 0
  }

  userId(index: number): number {
    return this.view.getFloat64(this.at(index) + AT.userId, true)
  }

  createdAt(index: number): Instant {
    return instant(this.view.getFloat64(this.at(index) + AT.createdAt, true))
  }

  /** Whether the row holds an end that cannot be read, so that none is told here. */
  isEndUntold(index: number): boolean {
    return (this.#flags(index) & END_UNTOLD) !== 0
  }

  /** NaN where it has no end. */
  completedAt(index: number): number {
    return this.view.getFloat64(this.at(index) + AT.completedAt, true)
  }

  status(index: number): TaskStatus {
    return STATUSES[this.#flags(index) & STATUS] ?? 'unfinished'
  }

  isSelected(index: number): boolean {
    return (this.#flags(index) & SELECTED) !== 0
  }

  /** Marks whether the filters leave a task. */
  select(index: number, selected: boolean): void {
    const flags = this.#flags(index)
    this.view.setUint32(this.at(index) + AT.flags, selected ? flags | SELECTED : flags & ~SELECTED, true)
  }

  isRefunded(index: number): boolean {
    return (this.#flags(index) & REFUNDED) !== 0
  }

  hasFailed(index: number): boolean {
    return (this.#flags(index) & STATUS) === FAILED
  }

  /** Whether the charge is above 0, of whatever size it is. */
  isCharged(index: number): boolean {
    return this.view.getFloat64(this.at(index) + AT.charged, true) > 0
  }

  /** The charge, where a double holds it whole. */
  exactCharge(index: number): number | undefined {
    if ((this.#flags(index) & LARGE_CHARGE) !== 0) return undefined
    return this.view.getFloat64(this.at(index) + AT.charged, true)
  }

  /** The charge. Throws where no double holds it: no sum of it would be exact. */
  chargedPoints(index: number): number {
    const charged = this.exactCharge(index)
    if (charged !== undefined) return charged
    const { taskId, chargedPoints } = this.row(index)
    throw new AuditError('source', `task "${shortened(taskId, 40)}" is charged ${chargedPoints} points`, {
      accepted: 'at most 9007199254740991 points, which add up exactly',
      next: 'correct the row',
      failure: 'bad-value',
    })
  }

  /** The charge of any size. */
  charged(index: number): Whole {
    if ((this.#flags(index) & LARGE_CHARGE) !== 0) return this.row(index).chargedPoints
    return this.view.getFloat64(this.at(index) + AT.charged, true)
  }

  /** The cost in nano-USD, of any size. */
  cost(index: number): Whole {
    if ((this.#flags(index) & LARGE_COST) !== 0) return this.row(index).costNanoUsd
    return this.view.getFloat64(this.at(index) + AT.cost, true)
  }

  /** By words.models. */
  modelCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.model, true)
  }

  model(index: number): string {
    return this.words.models.textOf(this.modelCode(index)) ?? ''
  }

  /** By words.apiKeys. */
  apiKeyCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.apiKey, true)
  }

  apiKey(index: number): string {
    return this.words.apiKeys.textOf(this.apiKeyCode(index)) ?? ''
  }

  /** Where the operator's id of a task stands. */
  taskId(index: number, into: BytesOfId): BytesOfId {
    const at = this.at(index)
    into.hash = this.view.getUint32(at + AT.taskHash, true)
    into.from = at + AT.ids
    into.length = this.view.getUint32(at + AT.taskIdBytes, true)
    return into
  }

  hasTaskId(index: number): boolean {
    return this.view.getUint32(this.at(index) + AT.taskIdBytes, true) > 0
  }

  hasRequestId(index: number): boolean {
    return this.view.getUint32(this.at(index) + AT.requestIdBytes, true) > 0
  }

  taskIdText(index: number): string {
    const at = this.at(index)
    return this.#text(at + AT.ids, this.view.getUint32(at + AT.taskIdBytes, true))
  }

  requestIdText(index: number): string {
    const at = this.at(index)
    const from = at + AT.ids + this.view.getUint32(at + AT.taskIdBytes, true)
    return this.#text(from, this.view.getUint32(at + AT.requestIdBytes, true))
  }

  /** What a task goes by, each once: its own id and its request id, as far as it has them. */
  ids(index: number): string[] {
    const ids: string[] = []
    const taskId = this.taskIdText(index)
    const requestId = this.requestIdText(index)
    if (taskId !== '') ids.push(taskId)
    if (requestId !== '' && requestId !== taskId) ids.push(requestId)
    return ids
  }

  /** Where the request id of a task stands. */
  requestId(index: number, into: BytesOfId): BytesOfId {
    const at = this.at(index)
    into.hash = this.view.getUint32(at + AT.requestHash, true)
    into.from = at + AT.ids + this.view.getUint32(at + AT.taskIdBytes, true)
    into.length = this.view.getUint32(at + AT.requestIdBytes, true)
    return into
  }

  /** What a task is looked for by, as a hash: its request id, or where it has none its own. */
  requestHash(index: number): number {
    const at = this.at(index)
    const hasNone = this.view.getUint32(at + AT.requestIdBytes, true) === 0
    return this.view.getUint32(at + (hasNone ? AT.taskHash : AT.requestHash), true)
  }

  row(index: number): TaskRow {
    const { view } = this
    const at = this.at(index)
    const flags = this.#flags(index)
    const completedAt = orNull(this.completedAt(index))
    let end = at + AT.ids + view.getUint32(at + AT.taskIdBytes, true) + view.getUint32(at + AT.requestIdBytes, true)
    const tokens = (flag: number): number | null | undefined => {
      if ((flags & flag) === 0) return undefined
      end += 8
      return orNull(view.getFloat64(end - 8, true))
    }
    const amount = (flag: number, plain: number): bigint => {
      if ((flags & flag) === 0) return BigInt(view.getFloat64(at + plain, true))
      const text = textAt(this, end)
      end = endOfText(this, end)
      return BigInt(text)
    }
    const inputTokens = tokens(INPUT_TOKENS)
    const outputTokens = tokens(OUTPUT_TOKENS)
    const task: TaskRow = {
      rowId: view.getFloat64(at + AT.rowId, true),
      userId: this.userId(index),
      taskId: this.taskIdText(index),
      requestId: this.requestIdText(index),
      model: this.model(index),
      apiKey: this.apiKey(index),
      status: STATUSES[flags & STATUS] ?? 'unfinished',
      chargedPoints: points(amount(LARGE_CHARGE, AT.charged)),
      costNanoUsd: nanoUsd(amount(LARGE_COST, AT.cost)),
      refunded: (flags & REFUNDED) !== 0,
      createdAt: this.createdAt(index),
      completedAt: completedAt === null ? null : instant(completedAt),
    }
    if ((flags & (INPUT_TOKENS | OUTPUT_TOKENS | UNTOLD)) === 0) return task
    return {
      ...task,
      ...((flags & USER_UNTOLD) !== 0 && { userUntold: true }),
      ...((flags & CHARGE_UNTOLD) !== 0 && { chargeUntold: true }),
      ...((flags & COST_UNTOLD) !== 0 && { costUntold: true }),
      ...((flags & END_UNTOLD) !== 0 && { endUntold: true }),
      ...(inputTokens !== undefined && { inputTokens }),
      ...(outputTokens !== undefined && { outputTokens }),
    }
  }

  /** Makes a row of each. */
  rows(): TaskRow[] {
    return Array.from({ length: this.count }, (_, index) => this.row(index))
  }

  #text(from: number, length: number): string {
    return this.bytes.toString('utf8', from, from + length)
  }

  #flags(index: number): number {
    return this.view.getUint32(this.at(index) + AT.flags, true)
  }
}
