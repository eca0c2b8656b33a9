import { ExactSums, wholeOf } from '../../units/exact-sums.ts'
import { addNanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { addPoints, points, ZERO_POINTS } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { EvidenceList } from './evidence-list.ts'
import type { ModelDay, RefundLoss, TaskVerdict } from './facts.ts'
import { taskName } from './task-subject.ts'

type Draft<Fact> = { -readonly [Key in keyof Omit<Fact, 'evidence'>]: Fact[Key] } & { readonly evidence: EvidenceList }

type DayDraft = Omit<Draft<ModelDay>, 'keptPoints' | 'billedNanoUsd'> & { readonly place: number }

/** Charges and bill of the matched tasks that rules judge, by model and day of creation. */
export class ModelDays {
  readonly #dateOf: (task: TaskVerdict['task']) => CalendarDate
  readonly #days = new Map<CalendarDate, Map<string, DayDraft>>()
  /** By the place of a day: what was billed. One place more: points kept. */
  readonly #sums = new ExactSums(0)
  #places = 0

  constructor(dateOf: (task: TaskVerdict['task']) => CalendarDate) {
    this.#dateOf = dateOf
  }

  add({ task, billedNanoUsd }: TaskVerdict): void {
    const date = this.#dateOf(task)
    let models = this.#days.get(date)
    if (models === undefined) {
      models = new Map()
      this.#days.set(date, models)
    }
    const { model } = task
    let day = models.get(model)
    if (day === undefined) {
      day = { model, date, taskCount: 0, place: this.#places, evidence: new EvidenceList() }
      models.set(model, day)
      this.#places += 2
      this.#sums.grow(this.#places)
    }
    day.taskCount += 1
    this.#sums.add(day.place, wholeOf(billedNanoUsd))
    if (!task.refunded) this.#sums.add(day.place + 1, wholeOf(task.chargedPoints))
    day.evidence.add(taskName(task))
  }

  list(): ModelDay[] {
    return [...this.#days.values()].flatMap((models) =>
      [...models.values()].map(({ place, evidence, ...day }) => ({
        ...day,
        keptPoints: points(this.#sums.sum(place + 1)),
        billedNanoUsd: nanoUsd(this.#sums.sum(place)),
        evidence: evidence.view(),
      })),
    )
  }
}

/** Matched tasks that were refunded, by user. */
export class RefundLosses {
  readonly #users = new Map<number, Draft<RefundLoss>>()

  add({ task, billedNanoUsd }: TaskVerdict): void {
    if (!task.refunded) return
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
