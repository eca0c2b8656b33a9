import { newBytesOfId } from '../rows/id-bytes.ts'
import { IdSet } from '../rows/id-set.ts'
import type { TaskRecords } from '../rows/task-records.ts'
import { IdIndex, NO_TASK } from './id-index.ts'
import { inSteps } from './in-steps.ts'
import type { LedgerRecords } from './ledger-source.ts'
import type { LookedUp } from './looked-up.ts'

/** Stands where a ledger row is of none of the users. */
export const NO_USER = -1

/** Whose some tasks and ledger rows are, and which task each row names: as told by nothing but their bytes. */
export interface FoundLinks {
  /** Users in order of their numbers, which begin at 0; NaN: nobody, whose tasks no row is one of. */
  readonly users: readonly number[]
  /** By task, the number of its user. */
  readonly ownerOfTask: Int32Array
  /** By ledger row, the number of its user, or NO_USER. */
  readonly ownerOfEntry: Int32Array
  /** By ledger row, the task of its user that it names, NO_TASK or SHARED_ID. */
  readonly taskOfEntry: Int32Array
}

/** Where what is found is written to. */
export type LinkPlaces = Omit<FoundLinks, 'users'>

const newPlaces = ({ tasks, entries }: Pick<LedgerRecords, 'tasks' | 'entries'>): LinkPlaces => ({
  ownerOfTask: new Int32Array(tasks.count),
  ownerOfEntry: new Int32Array(entries.count),
  taskOfEntry: new Int32Array(entries.count),
})

/** What was found, and what is looked for afterwards: that is asked of few. */
export class RowLinks implements FoundLinks {
  readonly #tasks: TaskRecords
  #index: IdIndex | undefined
  #numbers: Map<number, number> | undefined
  readonly users: readonly number[]
  readonly ownerOfTask: Int32Array
  readonly ownerOfEntry: Int32Array
  readonly taskOfEntry: Int32Array

  /** `index`, `numbers`: where they were made to find it; otherwise they are made when they are asked for. */
  constructor(tasks: TaskRecords, found: FoundLinks, index?: IdIndex, numbers?: Map<number, number>) {
    this.#tasks = tasks
    this.#index = index
    this.#numbers = numbers
    this.users = found.users
    this.ownerOfTask = found.ownerOfTask
    this.ownerOfEntry = found.ownerOfEntry
    this.taskOfEntry = found.taskOfEntry
  }

  /** Which task bears an id. */
  get index(): IdIndex {
    if (this.#index === undefined) {
      this.#index = new IdIndex(this.#tasks, this.ownerOfTask)
      this.#index.take(0, this.#tasks.count)
    }
    return this.#index
  }

  /** The number of a user; undefined where it is none of these. */
  numberOf(userId: number): number | undefined {
    this.#numbers ??= new Map(this.users.map((id, number) => [id, number]))
    return this.#numbers.get(userId)
  }
}

/**
 * Finds the links step by step: a user may have millions of rows. `users`: who is one of these with or without tasks; `bearers`:
 * tasks of other times, or that name no user, whose ids are then shared.
 */
export function* findingLinks(
  records: Pick<LedgerRecords, 'tasks' | 'entries'>,
  users: readonly number[],
  bearers: LookedUp['bearers'] = [],
  places: LinkPlaces = newPlaces(records),
): Generator<undefined, RowLinks, undefined> {
  const { tasks, entries } = records
  const numbers = new Map(users.map((id, number) => [id, number]))
  const { ownerOfTask, ownerOfEntry, taskOfEntry } = places
  yield* inSteps(tasks.count, (from, until) => {
    for (let task = from; task < until; task++) ownerOfTask[task] = numberIn(numbers, ownerId(tasks, task))
  })
  const index = new IdIndex(tasks, ownerOfTask)
  yield* inSteps(tasks.count, (from, until) => index.take(from, until))
  const id = newBytesOfId()
  const nobodys = new Set<string>()
  for (const { userId, userUntold, taskId, requestId } of bearers) {
    const owner = userUntold ? undefined : numbers.get(userId)
    for (const each of [taskId, requestId]) {
      if (userUntold) nobodys.add(each)
      else if (owner !== undefined) index.takeElsewhere(owner, each)
    }
  }
  nobodys.delete('')
  if (nobodys.size > 0) {
    // Whose they are is not known: they may be of anyone who has a task with such an id.
    const ids = new IdSet(nobodys)
    yield* inSteps(tasks.count, (from, until) => {
      for (let task = from; task < until; task++) {
        if (!ids.hasId(tasks, tasks.taskId(task, id)) && !ids.hasId(tasks, tasks.requestId(task, id))) continue
        const { taskId, requestId } = tasks.row(task)
        const owner = ownerOfTask[task] as number
        for (const each of [taskId, requestId]) if (nobodys.has(each)) index.takeElsewhere(owner, each)
      }
    })
  }
  const { view } = entries
  yield* inSteps(entries.count, (from, until) => {
    for (let entry = from; entry < until; entry++) {
      const owner = numbers.get(entries.userId(entry))
      ownerOfEntry[entry] = owner ?? NO_USER
      taskOfEntry[entry] = NO_TASK
      if (owner === undefined) continue
      let task = index.find(owner, view, entries.orderId(entry, id))
      if (task === NO_TASK && entries.mayBeOtherForm(entry)) task = index.findBare(owner, entries.orderText(entry))
      taskOfEntry[entry] = task
    }
  })
  return new RowLinks(tasks, { users: [...numbers.keys()], ...places }, index, numbers)
}

/** A task that names no user is nobody's, and no row is one of its: it has an owner that no row has. */
function ownerId(tasks: TaskRecords, task: number): number {
  const userId = tasks.userId(task)
  return userId === 0 && tasks.isUserUntold(task) ? Number.NaN : userId
}

/** The number of a user: of one who was never seen, the next. */
function numberIn(numbers: Map<number, number>, userId: number): number {
  const known = numbers.get(userId)
  if (known !== undefined) return known
  numbers.set(userId, numbers.size)
  return numbers.size - 1
}
