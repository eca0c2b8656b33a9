import type { AccountRow } from '../../ledger/reader.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { ExactSums, type Whole } from '../../units/exact-sums.ts'
import { type Instant, instant, within } from '../../units/instant.ts'
import { addNanoUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { type Points, points } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { accountFinder, KeyModels, keyForm } from '../bills/account-keys.ts'
import { entryOf } from '../nested.ts'
import type { AuditPlan } from '../plan.ts'
import type { ModelRecord } from '../rules/books.ts'
import type { ChargedByDate } from '../rules/day-book.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { UntoldBook } from '../rules/untold-tasks.ts'
import { isOfUsers, isShown } from './cell-tally.ts'
import { DayReader } from './date-reader.ts'
import { DaySums, type DayTally } from './day-sums.ts'
import { canonicalModel } from './model-name.ts'
import { ModelSums } from './model-sums.ts'
import {
  couldBeBilledAcross,
  isDue,
  isPending,
  isSettled,
  mayBeOverdue,
  mayBePending,
  mayHaveEnded,
  mustCross,
  type TaskTimes,
} from './task-standing.ts'
import { UntoldTally } from './untold-tally.ts'
import { UserTallies } from './user-tallies.ts'

/** The tasks of one user within the window, and what was charged to that user on any day that was read. */
export interface UserTally {
  readonly userId: number
  readonly taskCount: number
  readonly chargedPoints: Points
  /** Tasks of the window that tell no charge, and the days, of all that were read, with such tasks. */
  readonly untoldCharges: number
  readonly untoldDates: ReadonlySet<CalendarDate>
  readonly freeCount: number
  readonly freeCostNanoUsd: NanoUsd
  readonly freeEvidence: Pick<EvidenceList, 'view'>
  readonly chargedByDate: ChargedByDate
  /** Of these, what was charged on the window's first day before the window began. */
  readonly chargedEarly: Whole
}

/** The task table, added up. */
export interface TaskBook {
  readonly outside: {
    readonly taskCount: number
    readonly chargedPoints: Points
    readonly costNanoUsd: NanoUsd
    readonly untoldCharges: number
    readonly untoldCosts: number
  }
  /** By account id, of all accounts that any task names; null: no key at all. By canonical model name. No filter by user. */
  readonly recordByAccount: ReadonlyMap<number | null, ReadonlyMap<string, ModelRecord>>
  /** Users with tasks of the window that the filters leave. */
  readonly users: readonly UserTally[]
  readonly days: ReadonlyMap<CalendarDate, DayTally>
  /** Where users were asked for, tasks of the window that name none, by day: they may be of one of these. Absent: none. */
  readonly nobodysDays?: ReadonlyMap<CalendarDate, DayTally>
  /** Recorded cost of all tasks of layer 2, whatever the filter by user. */
  readonly layerCostNanoUsd: NanoUsd
  /** Tasks of the window that the filters leave, or may leave for naming no key, by a key that no account row holds, in the form in which keys are compared. */
  readonly unknownKeys: ReadonlyMap<string, KeyTally>
  /** Whether any task of the window or its edges, whatever the filters, is of no account. */
  readonly hasStrangers: boolean
  readonly untold: UntoldBook
}

export interface KeyTally {
  /** As tasks store it: of several ways to write it the first. */
  apiKey: string
  taskCount: number
  costNanoUsd: NanoUsd
  /** Those that tell no cost. Absent: none. */
  untoldCosts?: number
  readonly evidence: EvidenceList
}

/** What tasks of one key and model have in common. */
interface TaskSort {
  /** null: the key is in no account row. */
  readonly accountId: number | null
  /** In whose record it is, as in recordByAccount; undefined: a key that is in no account row has none. */
  readonly recordOf: number | null | undefined
  /** Whether layer 2 shows the account. */
  readonly shown: boolean
  /** Whether the filter by account leaves it. */
  readonly selected: boolean
  /** Absent as long as no task of it is of the window or of its edges. */
  record: ModelSums | undefined
}

/** The task that is looked at, field by field: one object for all. */
type LookedAt = {
  -readonly [Key in keyof TaskTimes]: TaskTimes[Key]
} & {
  sort: TaskSort
  userId: number
  refunded: boolean
  costNanoUsd: Whole
  costUntold: boolean
  chargedPoints: Whole
  chargeUntold: boolean
  userUntold: boolean
}

// Places of the sums of all tasks.
const [LAYER_COST, OUTSIDE_TASKS, OUTSIDE_CHARGED, OUTSIDE_COST] = [0, 1, 2, 3] as const
const [OUTSIDE_UNTOLD_CHARGES, OUTSIDE_UNTOLD_COSTS] = [4, 5] as const
const PLACES = 6

/** Adds tasks up, row by row, in one pass; rows may come in any order. */
export class TaskTally {
  readonly #plan: AuditPlan
  readonly #crossingSince: Instant
  readonly #firstDayStart: Instant
  readonly #sorts: KeyModels<TaskSort>
  readonly #sums = new ExactSums(PLACES)
  readonly #records = new Map<number | null, Map<string, ModelSums>>()
  readonly #users = new UserTallies()
  readonly #dayReader: DayReader<DaySums>
  readonly #days = new Map<CalendarDate, DaySums>()
  /** Days with tasks of the window that the filters leave. */
  readonly #windowDays: DaySums[] = []
  readonly #nobodysDays = new Map<CalendarDate, DaySums>()
  readonly #unknownKeys = new Map<string, KeyTally>()
  #hasStrangers = false
  readonly #untold = new UntoldTally()
  readonly #task: LookedAt = {
    sort: { accountId: null, recordOf: undefined, shown: false, selected: false, record: undefined },
    userId: 0,
    status: 'unfinished',
    refunded: false,
    createdAt: instant(0),
    completedAt: null,
    endUntold: false,
    costNanoUsd: 0,
    costUntold: false,
    chargedPoints: 0,
    chargeUntold: false,
    userUntold: false,
  }

  constructor(plan: AuditPlan, accounts: readonly AccountRow[], audited: ReadonlySet<number>) {
    this.#plan = plan
    this.#crossingSince = plan.ranges.crossingSince
    const { zone, start } = plan.window
    this.#firstDayStart = zone.startOfDate(zone.dateOf(start))
    const accountOf = accountFinder(accounts)
    this.#sorts = new KeyModels((apiKey) => {
      const accountId = accountOf(apiKey) ?? null
      return {
        accountId,
        recordOf: keyForm(apiKey) === '' ? null : (accountId ?? undefined),
        shown: isShown(plan, audited, accountId),
        selected: plan.ids.size === 0 || (accountId !== null && audited.has(accountId)),
        record: undefined,
      }
    })
    this.#dayReader = new DayReader(plan.window.zone, (date) => this.#dayOf(date))
  }

  /** Takes one of some tasks; true where it is a task of the window that the filters leave. */
  add(tasks: TaskRecords, index: number): boolean {
    const { window } = this.#plan
    const task = this.#look(tasks, index)
    const { createdAt, sort } = task
    const inWindow = within(createdAt, window)
    if (sort.accountId === null && createdAt >= this.#crossingSince) this.#hasStrangers = true
    if (inWindow) {
      if (sort.recordOf !== undefined) this.#addToRecord(sort.recordOf, tasks, index)
      this.#addToLayer(tasks, index)
      if (sort.shown && mayHaveEnded(task, this.#plan)) this.#untold.addEnd(tasks, index, sort.accountId)
    } else if (sort.recordOf !== undefined && createdAt >= this.#crossingSince) {
      const record = this.#recordOf(sort.recordOf, tasks, index)
      if (couldBeBilledAcross(task, this.#plan)) {
        record.addCrossingIn(task.costNanoUsd)
        if (!tasks.hasRequestId(index)) record.addInWithoutId(task.costNanoUsd, tasks, index)
        if (task.costUntold) {
          record.addUntold(task.status === 'success')
          record.addUntoldCrossingIn(tasks, index)
        }
      }
    }
    const selected = sort.selected && isOfUsers(this.#plan, task.userId, task.userUntold)
    if (sort.selected && task.userUntold) this.#addNobodys(tasks, index, inWindow)
    if (selected && inWindow) this.#untold.add(tasks, index, sort.accountId)
    if (selected && createdAt < window.end) this.#addToUser(tasks, index, inWindow)
    return selected && inWindow
  }

  /** Sets the fields of the task that is looked at. */
  #look(tasks: TaskRecords, index: number): LookedAt {
    const task = this.#task
    const completedAt = tasks.completedAt(index)
    task.sort = this.#sorts.ofTask(tasks, index)
    task.userId = tasks.userId(index)
    task.status = tasks.status(index)
    task.refunded = tasks.isRefunded(index)
    task.createdAt = tasks.createdAt(index)
    task.completedAt = Number.isNaN(completedAt) ? null : instant(completedAt)
    task.endUntold = task.completedAt === null && tasks.isEndUntold(index)
    task.costNanoUsd = tasks.cost(index)
    task.costUntold = task.costNanoUsd === 0 && tasks.isCostUntold(index)
    task.chargedPoints = tasks.charged(index)
    task.chargeUntold = task.chargedPoints === 0 && tasks.isChargeUntold(index)
    task.userUntold = task.userId === 0 && tasks.isUserUntold(index)
    return task
  }

  /** The sums, once every task was taken. */
  close(): TaskBook {
    return {
      outside: {
        taskCount: this.#sums.nearest(OUTSIDE_TASKS),
        chargedPoints: points(this.#sums.sum(OUTSIDE_CHARGED)),
        costNanoUsd: nanoUsd(this.#sums.sum(OUTSIDE_COST)),
        untoldCharges: this.#sums.nearest(OUTSIDE_UNTOLD_CHARGES),
        untoldCosts: this.#sums.nearest(OUTSIDE_UNTOLD_COSTS),
      },
      recordByAccount: new Map(
        [...this.#records].map(([accountId, models]) => [
          accountId,
          new Map([...models].map(([canonical, sums]) => [canonical, sums.close()])),
        ]),
      ),
      users: this.#users.list(),
      days: closed(this.#windowDays),
      ...(this.#nobodysDays.size > 0 && { nobodysDays: closed(this.#nobodysDays.values()) }),
      layerCostNanoUsd: nanoUsd(this.#sums.sum(LAYER_COST)),
      unknownKeys: this.#unknownKeys,
      hasStrangers: this.#hasStrangers,
      untold: this.#untold.close(),
    }
  }

  #addToLayer(tasks: TaskRecords, index: number): void {
    const { sort, userId, userUntold, costNanoUsd, chargedPoints, costUntold, chargeUntold } = this.#task
    const { shown, accountId } = sort
    if (shown) this.#sums.add(LAYER_COST, costNanoUsd)
    if (shown && accountId !== null) return
    const isOfThem = isOfUsers(this.#plan, userId, userUntold)
    const isKeyless = sort.recordOf === null
    // Of which account one is that names no key nobody can tell, nor of whom one that names no user: it may be one that was asked for.
    if (isKeyless ? isOfThem || userUntold : isOfThem && shown) this.#addToKey(tasks, index)
    if (!isOfThem || shown) return
    this.#sums.add(OUTSIDE_TASKS, 1)
    this.#sums.add(OUTSIDE_CHARGED, chargedPoints)
    this.#sums.add(OUTSIDE_COST, costNanoUsd)
    if (chargeUntold) this.#sums.add(OUTSIDE_UNTOLD_CHARGES, 1)
    if (costUntold) this.#sums.add(OUTSIDE_UNTOLD_COSTS, 1)
  }

  #addToKey(tasks: TaskRecords, index: number): void {
    const apiKey = tasks.apiKey(index)
    const none = (): KeyTally => ({ apiKey, taskCount: 0, costNanoUsd: ZERO_NANO_USD, evidence: new EvidenceList() })
    const key = entryOf(this.#unknownKeys, keyForm(apiKey), none)
    if (apiKey < key.apiKey) key.apiKey = apiKey
    key.taskCount += 1
    key.costNanoUsd = addNanoUsd(key.costNanoUsd, nanoUsd(BigInt(this.#task.costNanoUsd)))
    if (this.#task.costUntold) key.untoldCosts = (key.untoldCosts ?? 0) + 1
    key.evidence.addTask(tasks, index)
  }

  #addToRecord(accountId: number | null, tasks: TaskRecords, index: number): void {
    const task = this.#task
    const record = this.#recordOf(accountId, tasks, index)
    const crosses = couldBeBilledAcross(task, this.#plan)
    record.add(task.costNanoUsd, crosses)
    if (crosses && !mustCross(task, this.#plan)) record.addEndOpen(task.costNanoUsd)
    const due = isDue(task, this.#plan)
    if (due) record.addDue(tasks, index, task.costNanoUsd, task.chargedPoints, crosses)
    if (isPending(task, this.#plan)) record.addYoung(task.costNanoUsd)
    if (crosses && !mayBePending(task, this.#plan) && !tasks.hasRequestId(index))
      record.addOutWithoutId(task.costNanoUsd, due)
    if (task.costUntold || task.chargeUntold) this.#addUntold(record, tasks, index, crosses)
    if (mayBeOverdue(task, this.#plan)) record.addUntoldDue('end', tasks, index, crosses)
  }

  /** Of a task of the window. */
  #addUntold(record: ModelSums, tasks: TaskRecords, index: number, crosses: boolean): void {
    const { status, costUntold, refunded, costNanoUsd, chargedPoints } = this.#task
    if (costUntold) {
      record.addUntold(status === 'success')
      const isAcross = crosses && mustCross(this.#task, this.#plan)
      if (status === 'success') record.addUntoldSuccess(isAcross, !isPending(this.#task, this.#plan))
    }
    if (refunded || costNanoUsd > 0 || chargedPoints > 0 || !isSettled(this.#task, this.#plan)) return
    record.addUntoldDue(costUntold ? 'cost' : 'charge', tasks, index, crosses)
  }

  #recordOf(accountId: number | null, tasks: TaskRecords, index: number): ModelSums {
    const { sort } = this.#task
    sort.record ??= this.#newRecord(accountId, tasks.model(index))
    return sort.record
  }

  #newRecord(accountId: number | null, model: string): ModelSums {
    const records = entryOf(this.#records, accountId, () => new Map<string, ModelSums>())
    const canonical = canonicalModel(model, this.#plan.settings.modelAliases)
    const record = entryOf(records, canonical, () => new ModelSums(model))
    if (model < record.model) record.model = model
    return record
  }

  #addToUser(tasks: TaskRecords, index: number, inWindow: boolean): void {
    const { createdAt, userId, chargedPoints, costNanoUsd, refunded, chargeUntold } = this.#task
    const day = this.#dayReader.at(createdAt)
    if (inWindow) {
      if (day.isEmpty) this.#windowDays.push(day)
      day.add(this.#task, tasks, index)
    }
    // A task that names no user is nobody's: not that of a user whose id is 0.
    if (this.#task.userUntold) return
    const user = this.#users.numberOf(userId)
    // Charged is what lies above 0: what a correction gives back on another task hides no day, and makes none unusual.
    if (chargedPoints > 0) {
      day.charged ??= this.#users.newDay(day.date)
      this.#users.addCharge(day.charged, user, chargedPoints)
      const isEarly = !inWindow && createdAt >= this.#firstDayStart
      if (isEarly) this.#users.addCharge(this.#users.earlyPart(day.date), user, chargedPoints)
    }
    if (chargeUntold) this.#users.addUntold(user, inWindow, day.date)
    if (!inWindow) return
    this.#users.addTask(user, chargedPoints)
    if (chargedPoints === 0 && costNanoUsd > 0 && !refunded && !chargeUntold) this.#users.addFree(user, tasks, index)
  }

  /** A task that names no user: of those who were asked for it may be each. */
  #addNobodys(tasks: TaskRecords, index: number, inWindow: boolean): void {
    const isLeftOut = this.#plan.userIds.size > 0
    const { date } = this.#dayReader.at(this.#task.createdAt)
    this.#untold.addNobodys(tasks, index, { date, window: this.#plan.window, isLeftOut })
    if (!inWindow || !isLeftOut) return
    entryOf(this.#nobodysDays, date, () => new DaySums(date)).add(this.#task, tasks, index)
  }

  #dayOf(date: CalendarDate): DaySums {
    return entryOf(this.#days, date, () => new DaySums(date))
  }
}

const closed = (days: Iterable<DaySums>): Map<CalendarDate, DayTally> =>
  new Map([...days].map((day) => [day.date, day.close()]))
