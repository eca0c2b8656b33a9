import type { AccountRow, TaskRow } from '../ledger/reader.ts'
import { within } from '../units/instant.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { addPoints, type Points, ZERO_POINTS } from '../units/points.ts'
import type { CalendarDate } from '../units/zone.ts'
import { accountFinder } from './account-keys.ts'
import { isOfUsers, isShown } from './cell-tally.ts'
import { DateReader } from './date-reader.ts'
import { canonicalModel } from './model-name.ts'
import type { AuditPlan } from './plan.ts'
import { floatTolerance } from './rules/b3-amount.ts'
import { EvidenceList } from './rules/evidence-list.ts'
import { couldBeBilledAcross, isDue } from './task-standing.ts'
import { DayNumbers, UserCharges } from './user-charges.ts'

export interface ModelTally {
  /** Of the stored names of the model the first in order. */
  model: string
  taskCount: number
  costNanoUsd: NanoUsd
  crossingOutNanoUsd: NanoUsd
  crossingInNanoUsd: NanoUsd
  /** What the stored FLOATs of the tasks counted here may be off by. */
  roundingNanoUsd: NanoUsd
  dueCount: number
  dueCostNanoUsd: NanoUsd
  dueChargedPoints: Points
  dueCrossingCount: number
  readonly dueEvidence: EvidenceList
}

export interface UserTally {
  readonly userId: number
  taskCount: number
  chargedPoints: Points
  freeCount: number
  freeCostNanoUsd: NanoUsd
  readonly freeEvidence: EvidenceList
  readonly chargedByDate: UserCharges
}

export interface DayTally {
  chargedPoints: Points
  refundedPoints: Points
  refundedCount: number
  readonly evidence: EvidenceList
}

export interface OutsideTally {
  taskCount: number
  chargedPoints: Points
  costNanoUsd: NanoUsd
}

/** The task table, added up. */
export interface TaskBook {
  readonly outside: OutsideTally
  /** By account id, of all accounts that any task names; by canonical model name. No filter by user. */
  readonly recordByAccount: ReadonlyMap<number, ReadonlyMap<string, ModelTally>>
  /** Users with tasks of the window that the filters leave. */
  readonly users: readonly UserTally[]
  readonly days: ReadonlyMap<CalendarDate, DayTally>
  /** Recorded cost of all tasks of layer 2, whatever the filter by user. */
  readonly layerCostNanoUsd: NanoUsd
  /** Tasks of the window that the filters leave, by a key that no account row holds. */
  readonly unknownKeys: ReadonlyMap<string, KeyTally>
}

export interface KeyTally {
  taskCount: number
  costNanoUsd: NanoUsd
  readonly evidence: EvidenceList
}

/** How one task stands to the window. */
type Standing = 'window' | 'crossing' | 'history'

/** Adds tasks up, row by row, in one pass; rows may come in any order. */
export class TaskTally {
  readonly #plan: AuditPlan
  readonly #audited: ReadonlySet<number>
  readonly #accountOf: (apiKey: string) => number | undefined
  readonly #outside: OutsideTally = { taskCount: 0, chargedPoints: ZERO_POINTS, costNanoUsd: ZERO_NANO_USD }
  readonly #records = new Map<number, Map<string, ModelTally>>()
  readonly #users = new Map<number, UserTally>()
  readonly #days = new Map<CalendarDate, DayTally>()
  readonly #dates: DateReader
  readonly #dayNumbers = new DayNumbers()
  readonly #canonical = new Map<string, string>()
  readonly #unknownKeys = new Map<string, KeyTally>()
  #layerCostNanoUsd = ZERO_NANO_USD

  constructor(plan: AuditPlan, accounts: readonly AccountRow[], audited: ReadonlySet<number>) {
    this.#plan = plan
    this.#audited = audited
    this.#accountOf = accountFinder(accounts)
    this.#dates = new DateReader(plan.window.zone)
  }

  /** Takes one task; true where it is a task of the window that the filters leave. */
  add(task: TaskRow): boolean {
    const { window, ranges } = this.#plan
    const accountId = this.#accountOf(task.apiKey) ?? null
    const standing: Standing = within(task.createdAt, window)
      ? 'window'
      : task.createdAt >= ranges.crossingSince
        ? 'crossing'
        : 'history'
    if (accountId !== null && standing !== 'history') this.#addToRecord(accountId, task, standing)
    if (standing === 'window') this.#addToLayer(accountId, task)
    const selected = this.#selected(accountId, task)
    if (selected && task.createdAt < window.end) this.#addToUser(task, standing)
    return selected && standing === 'window'
  }

  /** The sums, once every task was taken. */
  close(): TaskBook {
    const users = [...this.#users.values()].filter((user) => user.taskCount > 0)
    users.sort((a, b) => a.userId - b.userId)
    return {
      outside: this.#outside,
      recordByAccount: this.#records,
      users,
      days: this.#days,
      layerCostNanoUsd: this.#layerCostNanoUsd,
      unknownKeys: this.#unknownKeys,
    }
  }

  #selected(accountId: number | null, { userId }: TaskRow): boolean {
    const { ids, userIds } = this.#plan
    if (ids.size > 0 && (accountId === null || !this.#audited.has(accountId))) return false
    return userIds.size === 0 || userIds.has(userId)
  }

  #addToLayer(accountId: number | null, task: TaskRow): void {
    const shown = isShown(this.#plan, this.#audited, accountId)
    if (shown) this.#layerCostNanoUsd = addNanoUsd(this.#layerCostNanoUsd, task.costNanoUsd)
    if (!isOfUsers(this.#plan, task)) return
    if (shown && accountId === null) this.#addToKey(task)
    if (shown) return
    this.#outside.taskCount += 1
    this.#outside.chargedPoints = addPoints(this.#outside.chargedPoints, task.chargedPoints)
    this.#outside.costNanoUsd = addNanoUsd(this.#outside.costNanoUsd, task.costNanoUsd)
  }

  #addToKey({ apiKey, taskId, costNanoUsd }: TaskRow): void {
    let key = this.#unknownKeys.get(apiKey)
    if (key === undefined) {
      key = { taskCount: 0, costNanoUsd: ZERO_NANO_USD, evidence: new EvidenceList() }
      this.#unknownKeys.set(apiKey, key)
    }
    key.taskCount += 1
    key.costNanoUsd = addNanoUsd(key.costNanoUsd, costNanoUsd)
    key.evidence.add(taskId)
  }

  #addToRecord(accountId: number, task: TaskRow, standing: 'window' | 'crossing'): void {
    const record = this.#recordOf(accountId, task.model)
    const crosses = couldBeBilledAcross(task, this.#plan)
    if (standing === 'window' || crosses) {
      record.roundingNanoUsd = addNanoUsd(record.roundingNanoUsd, floatTolerance(task.costNanoUsd))
    }
    if (standing === 'crossing') {
      if (crosses) record.crossingInNanoUsd = addNanoUsd(record.crossingInNanoUsd, task.costNanoUsd)
      return
    }
    record.taskCount += 1
    record.costNanoUsd = addNanoUsd(record.costNanoUsd, task.costNanoUsd)
    if (crosses) record.crossingOutNanoUsd = addNanoUsd(record.crossingOutNanoUsd, task.costNanoUsd)
    if (!isDue(task, this.#plan)) return
    record.dueCount += 1
    record.dueCostNanoUsd = addNanoUsd(record.dueCostNanoUsd, task.costNanoUsd)
    record.dueChargedPoints = addPoints(record.dueChargedPoints, task.chargedPoints)
    if (crosses) record.dueCrossingCount += 1
    record.dueEvidence.add(task.taskId)
  }

  #recordOf(accountId: number, model: string): ModelTally {
    let records = this.#records.get(accountId)
    if (records === undefined) {
      records = new Map()
      this.#records.set(accountId, records)
    }
    let canonical = this.#canonical.get(model)
    if (canonical === undefined) {
      canonical = canonicalModel(model, this.#plan.settings.modelAliases)
      this.#canonical.set(model, canonical)
    }
    const known = records.get(canonical)
    if (known !== undefined) {
      if (model < known.model) known.model = model
      return known
    }
    const record = newModelTally(model)
    records.set(canonical, record)
    return record
  }

  #addToUser(task: TaskRow, standing: Standing): void {
    const date = this.#dates.dateOf(task.createdAt)
    const user = this.#userOf(task.userId)
    if (task.chargedPoints !== ZERO_POINTS) {
      user.chargedByDate.add(date, task.chargedPoints)
    }
    if (standing !== 'window') return
    user.taskCount += 1
    user.chargedPoints = addPoints(user.chargedPoints, task.chargedPoints)
    if (task.chargedPoints === ZERO_POINTS && task.costNanoUsd > 0n && !task.refunded) {
      user.freeCount += 1
      user.freeCostNanoUsd = addNanoUsd(user.freeCostNanoUsd, task.costNanoUsd)
      user.freeEvidence.add(task.taskId)
    }
    this.#addToDay(date, task)
  }

  #userOf(userId: number): UserTally {
    const known = this.#users.get(userId)
    if (known !== undefined) return known
    const user = newUserTally(userId, this.#dayNumbers)
    this.#users.set(userId, user)
    return user
  }

  #addToDay(date: CalendarDate, task: TaskRow): void {
    let day = this.#days.get(date)
    if (day === undefined) {
      day = {
        chargedPoints: ZERO_POINTS,
        refundedPoints: ZERO_POINTS,
        refundedCount: 0,
        evidence: new EvidenceList(),
      }
      this.#days.set(date, day)
    }
    day.chargedPoints = addPoints(day.chargedPoints, task.chargedPoints)
    if (!task.refunded) return
    day.refundedPoints = addPoints(day.refundedPoints, task.chargedPoints)
    day.refundedCount += 1
    day.evidence.add(task.taskId)
  }
}

/** A user without any task yet. */
export const newUserTally = (userId: number, days: DayNumbers = new DayNumbers()): UserTally => ({
  userId,
  taskCount: 0,
  chargedPoints: ZERO_POINTS,
  freeCount: 0,
  freeCostNanoUsd: ZERO_NANO_USD,
  freeEvidence: new EvidenceList(),
  chargedByDate: new UserCharges(days),
})

function newModelTally(model: string): ModelTally {
  return {
    model,
    taskCount: 0,
    costNanoUsd: ZERO_NANO_USD,
    crossingOutNanoUsd: ZERO_NANO_USD,
    crossingInNanoUsd: ZERO_NANO_USD,
    roundingNanoUsd: ZERO_NANO_USD,
    dueCount: 0,
    dueCostNanoUsd: ZERO_NANO_USD,
    dueChargedPoints: ZERO_POINTS,
    dueCrossingCount: 0,
    dueEvidence: new EvidenceList(),
  }
}
