import { newBytesOfId } from '../../rows/id-bytes.ts'
import { IdSet } from '../../rows/id-set.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { NumberRooms } from '../../spool/number-rooms.ts'
import { inSteps } from '../in-steps.ts'
import { IdIndex, NO_TASK } from '../tasks/id-index.ts'
import { NO_NUMBER, UserNumbers } from '../tasks/user-numbers.ts'
import type { LedgerRecords } from './ledger-source.ts'
import type { LookedUp } from './looked-up.ts'

/** Stands where a ledger row is of none of the users. */
export const NO_USER = NO_NUMBER

/** Where links are found, for one piece after another. */
export interface LinkRooms {
  readonly places: NumberRooms
  readonly numbers: UserNumbers
}

export const newLinkRooms = (): LinkRooms => ({ places: new NumberRooms(), numbers: new UserNumbers() })

type Columns = Pick<RowLinks, 'ownerOfTask' | 'ownerOfEntry' | 'taskOfEntry'>

/**
 * Whose some tasks and ledger rows are, and which task each row names, as told by nothing but their bytes; and which tasks bear
 * an id that is asked for afterwards.
 */
export class RowLinks {
  readonly #numbers: UserNumbers
  /** Which task bears an id. */
  readonly index: IdIndex
  /** Users in order of their numbers, which begin at 0; NaN: nobody, whose tasks no row is one of. */
  readonly users: readonly number[]
  /** By task, the number of its user. */
  readonly ownerOfTask: Int32Array
  /** By ledger row, the number of its user, or NO_USER. */
  readonly ownerOfEntry: Int32Array
  /** By ledger row, the task of its user that it names, NO_TASK or SHARED_ID. */
  readonly taskOfEntry: Int32Array

  /** `numbers`: of the users. */
  constructor(columns: Columns, index: IdIndex, numbers: UserNumbers) {
    this.index = index
    this.#numbers = numbers
    this.users = [...numbers.ids]
    this.ownerOfTask = columns.ownerOfTask
    this.ownerOfEntry = columns.ownerOfEntry
    this.taskOfEntry = columns.taskOfEntry
  }

  /** The number of a user, or NO_USER. */
  numberOf(userId: number): number {
    return this.#numbers.find(userId)
  }
}

/**
 * Finds the links step by step: a user may have millions of rows. `users`: who is one of these with or without tasks; `bearers`:
 * tasks of other times, or that name no user, whose ids are then shared. What is found is good until the same rooms are used
 * again.
 */
export function* findingLinks(
  records: Pick<LedgerRecords, 'tasks' | 'entries'>,
  users: readonly number[],
  bearers: LookedUp['bearers'] = [],
  { places, numbers }: LinkRooms = newLinkRooms(),
): Generator<undefined, RowLinks, undefined> {
  const { tasks, entries } = records
  numbers.clear()
  for (const userId of users) numbers.numberOf(userId)
  const ownerOfTask = places.take(0, tasks.count)
  const ownerOfEntry = places.take(1, entries.count)
  const taskOfEntry = places.take(2, entries.count)
  yield* inSteps(tasks.count, (from, until) => {
    for (let task = from; task < until; task++) ownerOfTask[task] = numbers.numberOf(ownerId(tasks, task))
  })
  const index = new IdIndex(tasks, ownerOfTask, places)
  yield* inSteps(tasks.count, (from, until) => index.take(from, until))
  const id = newBytesOfId()
  const nobodys = new Set<string>()
  for (const { userId, userUntold, taskId, requestId } of bearers) {
    const owner = userUntold ? NO_USER : numbers.find(userId)
    for (const each of [taskId, requestId]) {
      if (userUntold) nobodys.add(each)
      else if (owner !== NO_USER) index.takeElsewhere(owner, each)
    }
  }
  nobodys.delete('')
  if (nobodys.size > 0) {
    // Whose they are is not known: they may be of anyone who has a task with such an id.
    const ids = new IdSet(nobodys)
    yield* inSteps(tasks.count, (from, until) => {
      for (let task = from; task < until; task++) {
        if (!ids.hasId(tasks, tasks.taskId(task, id)) && !ids.hasId(tasks, tasks.requestId(task, id))) continue
        const owner = ownerOfTask[task] as number
        for (const each of tasks.ids(task)) if (nobodys.has(each)) index.takeElsewhere(owner, each)
      }
    })
  }
  const { view } = entries
  yield* inSteps(entries.count, (from, until) => {
    for (let entry = from; entry < until; entry++) {
      const owner = numbers.find(entries.userId(entry))
      ownerOfEntry[entry] = owner
      taskOfEntry[entry] = NO_TASK
      if (owner === NO_USER) continue
      let task = index.find(owner, view, entries.orderId(entry, id))
      if (task === NO_TASK && entries.mayBeOtherForm(entry)) task = index.findBare(owner, entries.orderText(entry))
      taskOfEntry[entry] = task
    }
  })
  return new RowLinks({ ownerOfTask, ownerOfEntry, taskOfEntry }, index, numbers)
}

/** A task that names no user is nobody's, and no row is one of its: it has an owner that no row has. */
function ownerId(tasks: TaskRecords, task: number): number {
  const userId = tasks.userId(task)
  return userId === 0 && tasks.isUserUntold(task) ? Number.NaN : userId
}
