import type { TaskRecords } from '../../rows/task-records.ts'
import { ExactSums, type Whole } from '../../units/exact-sums.ts'
import { type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { type Points, points, ZERO_POINTS } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { UserTally } from './task-book.ts'
import { ChargedDay, ChargedDays, DAYS_TOGETHER, UserCharges } from './user-charges.ts'
import { UserNumbers } from './user-numbers.ts'

/** Nobody adds to it. */
const NOTHING: Pick<EvidenceList, 'view'> = new EvidenceList()

/** Tasks that tell no charge: how many of the window, and the days with one. */
interface Untold {
  window: number
  readonly dates: Set<CalendarDate>
}

const NONE_UNTOLD: Readonly<Untold> = { window: 0, dates: new Set() }

// Two places a user.
const TASK_COUNT = 0
const CHARGED = 1

/** Tasks that wait until they are added up together. */
const WAITING_MAX = 1024

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
  readonly #untold = new Map<number, Untold>()
  readonly #days: ChargedDay[] = []
  /** The window's first day as far as it lies before the window; absent as long as nobody was charged then. */
  #early: ChargedDay | undefined
  /** Where the last of these days stand. */
  #together = new ChargedDays()
  #count = 0
  /** Tasks of the window, and charges, that wait: their users, and what was charged; and on which days. */
  readonly #tasks = { users: new Int32Array(WAITING_MAX), charged: new Float64Array(WAITING_MAX), count: 0 }
  readonly #charges = {
    users: new Int32Array(WAITING_MAX),
    charged: new Float64Array(WAITING_MAX),
    days: [] as ChargedDay[],
    count: 0,
  }

  /** The number of a user: of one who was never seen, the next. */
  numberOf(userId: number): number {
    const number = this.#numbers.numberOf(userId)
    if (number === this.#count) {
      this.#count += 1
      this.#sums.grow(2 * this.#count)
    }
    return number
  }

  /**
   * Adds a task of the window. Each task is of another user: where it is added, the processor waits for memory, and it waits for
   * many of them at once where nothing else is done between them.
   */
  addTask(user: number, charged: Whole): void {
    const waiting = this.#tasks
    if (typeof charged !== 'number') {
      this.#sums.add(2 * user + TASK_COUNT, 1)
      this.#sums.add(2 * user + CHARGED, charged)
      return
    }
    waiting.users[waiting.count] = user
    waiting.charged[waiting.count] = charged
    waiting.count += 1
    if (waiting.count === WAITING_MAX) this.#addTasks()
  }

  #addTasks(): void {
    const { users, charged, count } = this.#tasks
    const sums = this.#sums
    for (let task = 0; task < count; task++) {
      const place = 2 * (users[task] as number)
      sums.add(place + TASK_COUNT, 1)
      sums.add(place + CHARGED, charged[task] as number)
    }
    this.#tasks.count = 0
  }

  /** Adds what a user was charged on a day; likewise. */
  addCharge(day: ChargedDay, user: number, charged: Whole): void {
    const waiting = this.#charges
    if (typeof charged !== 'number') {
      day.add(user, charged)
      return
    }
    waiting.users[waiting.count] = user
    waiting.charged[waiting.count] = charged
    waiting.days[waiting.count] = day
    waiting.count += 1
    if (waiting.count === WAITING_MAX) this.#addCharges()
  }

  #addCharges(): void {
    const { users, charged, days, count } = this.#charges
    for (let charge = 0; charge < count; charge++) {
      const day = days[charge] as ChargedDay
      day.add(users[charge] as number, charged[charge] as number)
    }
    this.#charges.count = 0
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

  /** Notes a task of some day that does not tell what was charged. */
  addUntold(user: number, inWindow: boolean, date: CalendarDate): void {
    const untold = this.#untold.get(user) ?? { window: 0, dates: new Set() }
    this.#untold.set(user, untold)
    untold.dates.add(date)
    if (inWindow) untold.window += 1
  }

  /** A day on which users may be charged. */
  newDay(date: CalendarDate): ChargedDay {
    const place = this.#days.length % DAYS_TOGETHER
    if (place === 0) this.#together = new ChargedDays()
    const day = new ChargedDay(date, this.#together, place)
    this.#days.push(day)
    return day
  }

  /** The part of the window's first day that lies before the window: it is one of the days as well. */
  earlyPart(date: CalendarDate): ChargedDay {
    this.#early ??= new ChargedDay(date)
    return this.#early
  }

  /** Users with a task, by id. Nothing is added any more from then on. */
  list(): UserView[] {
    this.#addTasks()
    this.#addCharges()
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

  untoldOf(user: number): Readonly<Untold> {
    return this.#untold.get(user) ?? NONE_UNTOLD
  }

  freeOf(user: number): Readonly<FreeTally> | undefined {
    return this.#free.get(user)
  }

  chargesOf(user: number): UserCharges {
    return new UserCharges(this.#days, user)
  }

  chargedEarly(user: number): Whole {
    return this.#early?.amount(user) ?? 0
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

  get untoldCharges(): number {
    return this.#users.untoldOf(this.#user).window
  }

  get untoldDates(): ReadonlySet<CalendarDate> {
    return this.#users.untoldOf(this.#user).dates
  }

  get chargedByDate(): UserCharges {
    return this.#users.chargesOf(this.#user)
  }

  get chargedEarly(): Whole {
    return this.#users.chargedEarly(this.#user)
  }
}

/** A user without any task yet. */
export const newUserTally = (userId: number): UserTally => ({
  userId,
  taskCount: 0,
  chargedPoints: ZERO_POINTS,
  untoldCharges: 0,
  untoldDates: NONE_UNTOLD.dates,
  freeCount: 0,
  freeCostNanoUsd: ZERO_NANO_USD,
  freeEvidence: NOTHING,
  chargedByDate: new Map(),
  chargedEarly: 0,
})
