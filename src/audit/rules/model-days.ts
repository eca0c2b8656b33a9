import { addNanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { addPoints, ZERO_POINTS } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { EvidenceList } from './evidence-list.ts'
import type { ModelDay, RefundLoss, TaskVerdict } from './facts.ts'
import { taskName } from './task-subject.ts'

type Draft<Fact> = { -readonly [Key in keyof Omit<Fact, 'evidence'>]: Fact[Key] } & { readonly evidence: EvidenceList }

/** Charges and bill of the matched tasks that rules judge, by model and day of creation. */
export class ModelDays {
  readonly #dateOf: (task: TaskVerdict['task']) => CalendarDate
  readonly #days = new Map<CalendarDate, Map<string, Draft<ModelDay>>>()

  constructor(dateOf: (task: TaskVerdict['task']) => CalendarDate) {
    this.#dateOf = dateOf
  }

  add({ task, billedNanoUsd }: TaskVerdict): void {
    const date = this.#dateOf(task)
    const models = this.#days.get(date) ?? new Map<string, Draft<ModelDay>>()
    this.#days.set(date, models)
    const { model } = task
    let day = models.get(model)
    if (day === undefined) {
      const none = { taskCount: 0, keptPoints: ZERO_POINTS, billedNanoUsd: ZERO_NANO_USD }
      day = { model, date, ...none, evidence: new EvidenceList() }
      models.set(model, day)
    }
    day.taskCount += 1
    if (!task.refunded) day.keptPoints = addPoints(day.keptPoints, task.chargedPoints)
    day.billedNanoUsd = addNanoUsd(day.billedNanoUsd, billedNanoUsd)
    day.evidence.add(taskName(task))
  }

  list(): ModelDay[] {
    return [...this.#days.values()].flatMap((models) =>
      [...models.values()].map(({ evidence, ...day }) => ({ ...day, evidence: evidence.view() })),
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
