import type { TaskRecords } from '../rows/task-records.ts'
import { ExactSums, type Whole } from '../units/exact-sums.ts'
import { type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { type Points, points } from '../units/points.ts'
import type { CalendarDate } from '../units/zone.ts'
import { EvidenceList } from './rules/evidence-list.ts'
import { ChargedDay, ChargedDays, DAYS_TOGETHER, UserCharges } from './user-charges.ts'
import { UserNumbers } from './user-numbers.ts'

/** Nobody adds to it. */
const NOTHING: Pick<EvidenceList, 'view'> = new EvidenceList()

// Two places a user.
const TASK_COUNT = 0
const CHARGED = 1

interface FreeTally {
  count: number
  costNanoUsd: NanoUsd
  readonly evidence: EvidenceList
}

/**
 * The users of an audit, each with a number, and their sums in columns: there may be very many, and each task looks one of
 * them up, so that what is looked at must be small.
 */
export class UserTallies {
  readonly #numbers = new UserNumbers()
  readonly #sums = new ExactSums(0)
  readonly #free = new Map<number, FreeTally>()
  readonly #days: ChargedDay[] = []
  /** Where the last of these days stand. */
  #together = new ChargedDays()
  #count = 0

  /** The number of a user: of one who was never seen, the next. */
  numberOf(userId: number): number {
    const number = this.#numbers.numberOf(userId)
    if (number === this.#count) {
      this.#count += 1
      this.#sums.grow(2 * this.#count)
    }
    return number
  }

  addTask(user: number, charged: Whole): void {
    this.#sums.add(2 * user + TASK_COUNT, 1)
    this.#sums.add(2 * user + CHARGED, charged)
  }

  addFree(user: number, tasks: TaskRecords, index: number): void {
    let free = this.#free.get(user)
    if (free === undefined) {
      free = { count: 0, costNanoUsd: ZERO_NANO_USD, evidence: new EvidenceList() }
      this.#free.set(user, free)
    }
    free.count += 1
    free.costNanoUsd = nanoUsd(free.costNanoUsd + BigInt(tasks.cost(index)))
    free.evidence.addTask(tasks, index)
  }

  /** A day on which users may be charged. */
  newDay(date: CalendarDate): ChargedDay {
    const place = this.#days.length % DAYS_TOGETHER
    if (place === 0) this.#together = new ChargedDays()
    const day = new ChargedDay(date, this.#together, place)
    this.#days.push(day)
    return day
  }

  /** Users with a task, by id. */
  list(): UserView[] {
    const { ids } = this.#numbers
    const withTasks = ids.map((_, user) => user).filter((user) => this.taskCount(user) > 0)
    withTasks.sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0))
    return withTasks.map((user) => new UserView(this, ids[user] ?? 0, user))
  }

  taskCount(user: number): number {
    return this.#sums.nearest(2 * user + TASK_COUNT)
  }

  chargedPoints(user: number): Points {
    return points(this.#sums.sum(2 * user + CHARGED))
  }

  freeOf(user: number): Readonly<FreeTally> | undefined {
    return this.#free.get(user)
  }

  chargesOf(user: number): UserCharges {
    return new UserCharges(this.#days, user)
  }
}

/** One user of the columns. */
class UserView {
  readonly #users: UserTallies
  readonly #user: number
  readonly userId: number

  constructor(users: UserTallies, userId: number, user: number) {
    this.#users = users
    this.#user = user
    this.userId = userId
  }

  get taskCount(): number {
    return this.#users.taskCount(this.#user)
  }

  get chargedPoints(): Points {
    return this.#users.chargedPoints(this.#user)
  }

  get freeCount(): number {
    return this.#users.freeOf(this.#user)?.count ?? 0
  }

  get freeCostNanoUsd(): NanoUsd {
    return this.#users.freeOf(this.#user)?.costNanoUsd ?? ZERO_NANO_USD
  }

  get freeEvidence(): Pick<EvidenceList, 'view'> {
    return this.#users.freeOf(this.#user)?.evidence ?? NOTHING
  }

  get chargedByDate(): UserCharges {
    return this.#users.chargesOf(this.#user)
  }
}
