import type { TaskRecords } from '../../rows/task-records.ts'
import { ExactSums, type Whole, wholeOf } from '../../units/exact-sums.ts'
import type { Instant } from '../../units/instant.ts'
import { addNanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { addPoints, points, ZERO_POINTS } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import type { DateReader } from '../tasks/date-reader.ts'
import { EvidenceList } from './evidence-list.ts'
import type { ModelDay, RefundLoss, TaskVerdict, UnreadTasks } from './facts.ts'
import { NAMELESS } from './nameless-tasks.ts'
import { taskName } from './task-subject.ts'

type Draft<Fact> = { -readonly [Key in keyof Omit<Fact, 'evidence'>]: Fact[Key] } & { readonly evidence: EvidenceList }

type DayDraft = Omit<Draft<ModelDay>, 'keptPoints' | 'billedNanoUsd' | 'untoldCharges' | 'unread'> & {
  readonly place: number
  untoldCharges: number
  unread?: { -readonly [Key in keyof UnreadTasks]: UnreadTasks[Key] }
}

/** Charges and bill of the tasks of one stored model. */
export interface ModelOfDays {
  /** Adds one of some tasks: it was not refunded. `billed` is in nano-USD. */
  add(tasks: TaskRecords, index: number, billed: Whole): void
}

/** Charges of the tasks that rules judge whose requests are billed, and that bill, by model and day of creation. */
export class ModelDays {
  readonly #dates: Pick<DateReader, 'dateOf' | 'numberAt'>
  readonly #canonicalOf: (stored: string) => string
  /** By date and canonical name. */
  readonly #days = new Map<CalendarDate, Map<string, DayDraft>>()
  /** By the place of a day: what was billed. One place more: points kept. */
  readonly #sums = new ExactSums(0)
  #places = 0

  /** `canonicalOf` names models as tasks store them. */
  constructor(dates: Pick<DateReader, 'dateOf' | 'numberAt'>, canonicalOf: (stored: string) => string) {
    this.#dates = dates
    this.#canonicalOf = canonicalOf
  }

  add({ task, billedNanoUsd }: TaskVerdict): void {
    const day = this.#dayOf(this.#dates.dateOf(task.createdAt), task.model)
    day.taskCount += 1
    if (task.chargeUntold === true && !task.refunded) day.untoldCharges += 1
    this.#sums.add(day.place, wholeOf(billedNanoUsd))
    if (!task.refunded) this.#sums.add(day.place + 1, wholeOf(task.chargedPoints))
    day.evidence.add(taskName(task))
  }

  /** Adds a task of which it is not known what fal billed: only its charge may count against the bill of others. */
  addUnread({ task, accountId }: TaskVerdict): void {
    // Without a request id nothing is ever billed for it here.
    if (task.requestId === '' || task.refunded || (task.chargedPoints <= 0n && task.chargeUntold !== true)) return
    const day = this.#dayOf(this.#dates.dateOf(task.createdAt), task.model)
    day.unread ??= { accountId, keptPoints: ZERO_POINTS }
    const { unread } = day
    if (isBefore(accountId, unread.accountId)) unread.accountId = accountId
    if (task.chargeUntold === true) unread.keptPoints = null
    else if (unread.keptPoints !== null) unread.keptPoints = addPoints(unread.keptPoints, task.chargedPoints)
  }

  /** Where tasks of one model that were not refunded are added up, for many of them. */
  of(model: string): ModelOfDays {
    const known: (DayDraft | undefined)[] = []
    const newDay = (number: number, at: Instant): DayDraft => {
      const day = this.#dayOf(this.#dates.dateOf(at), model)
      // Without holes: an array of holes is looked up like a dictionary.
      while (known.length <= number) known.push(undefined)
      known[number] = day
      return day
    }
    return {
      add: (tasks, index, billed) => {
        const at = tasks.createdAt(index)
        const number = this.#dates.numberAt(at)
        const day = known[number] ?? newDay(number, at)
        day.taskCount += 1
        const charged = tasks.charged(index)
        if (charged === 0 && tasks.isChargeUntold(index)) day.untoldCharges += 1
        this.#sums.add(day.place, billed)
        this.#sums.add(day.place + 1, charged)
        if (tasks.hasTaskId(index)) day.evidence.addTask(tasks, index)
        else day.evidence.add(String(tasks.rowId(index)))
      },
    }
  }

  #dayOf(date: CalendarDate, model: string): DayDraft {
    let models = this.#days.get(date)
    if (models === undefined) {
      models = new Map()
      this.#days.set(date, models)
    }
    const canonical = this.#canonicalOf(model)
    let day = models.get(canonical)
    if (day === undefined) {
      const none = { taskCount: 0, untoldCharges: 0, place: this.#places, evidence: new EvidenceList() }
      day = { model, canonical, date, ...none }
      models.set(canonical, day)
      this.#places += 2
      this.#sums.grow(this.#places)
    }
    if (model < day.model) day.model = model
    return day
  }

  list(): ModelDay[] {
    return [...this.#days.values()].flatMap((models) =>
      [...models.values()]
        .filter((day) => isBilled(day) || isNamelessUnread(day))
        .map(({ place, evidence, model, canonical, date, taskCount, untoldCharges, unread }) => ({
          model,
          canonical,
          date,
          taskCount,
          ...(untoldCharges > 0 && { untoldCharges }),
          keptPoints: points(this.#sums.sum(place + 1)),
          billedNanoUsd: nanoUsd(this.#sums.sum(place)),
          ...(unread !== undefined && { unread }),
          evidence: evidence.view(),
        })),
    )
  }
}

/** Whether any task of the day is of a billed request: of the others alone nothing can be said. */
const isBilled = ({ taskCount }: DayDraft): boolean => taskCount > 0

/** Whether tasks that name no model may be of any model of the day, though it is not known of one of them what fal billed. */
const isNamelessUnread = ({ canonical, unread }: DayDraft): boolean => canonical === NAMELESS && unread !== undefined

/** By number, keys in no account row last, so that the order of the rows does not matter. */
const isBefore = (a: number | null, b: number | null): boolean => a !== null && (b === null || a < b)

/** Matched tasks that were refunded, by user. */
export class RefundLosses {
  readonly #users = new Map<number, Draft<RefundLoss>>()

  add({ task, billedNanoUsd }: TaskVerdict): void {
    if (!task.refunded || task.userUntold === true) return
    const { userId } = task
    let user = this.#users.get(userId)
    if (user === undefined) {
      const none = { billedCount: 0, billedNanoUsd: ZERO_NANO_USD, refundedPoints: ZERO_POINTS }
      user = { userId, ...none, evidence: new EvidenceList() }
      this.#users.set(userId, user)
    }
    if (billedNanoUsd <= 0n) return
    user.billedCount += 1
    user.billedNanoUsd = addNanoUsd(user.billedNanoUsd, billedNanoUsd)
    user.refundedPoints = addPoints(user.refundedPoints, task.chargedPoints)
    user.evidence.add(taskName(task))
  }

  list(): RefundLoss[] {
    return [...this.#users.values()].map(({ evidence, ...user }) => ({ ...user, evidence: evidence.view() }))
  }
}
