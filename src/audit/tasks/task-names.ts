import type { TaskRow } from '../../ledger/reader.ts'
import { bareId, isBareUuid } from '../../units/request-id.ts'

/** What a task goes by; '' for none. */
export type TaskIds = Pick<TaskRow, 'taskId' | 'requestId'>

/**
 * Whether what is left of an order in another form may be a task's own id, as a UUID may. Of other texts it may not: topup/17 is the
 * number of another product, and only request ids are stored so.
 */
export const mayBeOwn = isBareUuid

/** Whether what is left of an order in another form, by which a task was found, names it. */
export const namesInOtherForm = (bare: string, requestId: string | undefined): boolean =>
  requestId === bare || mayBeOwn(bare)

/** The ids under which tasks may bear some orders: these as they are, and the UUIDs that they end in. */
export const ownIdsOf = (orders: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...orders, ...[...orders].map(bareId).filter(mayBeOwn)])

/** The ids of some tasks, by which orders name them: as they are, and request ids in any form. */
export class TaskNames {
  readonly #own = new Set<string>()
  readonly #requests = new Set<string>()

  constructor(tasks: Iterable<TaskIds> = []) {
    this.add(tasks)
  }

  add(tasks: Iterable<TaskIds>): void {
    for (const { taskId, requestId } of tasks) {
      this.#own.add(taskId)
      this.#requests.add(requestId)
    }
  }

  /** Whether an order names one of them. */
  has(orderId: string): boolean {
    if (orderId === '') return false
    if (this.#own.has(orderId) || this.#requests.has(orderId)) return true
    const bare = bareId(orderId)
    return bare !== '' && (this.#requests.has(bare) || (mayBeOwn(bare) && this.#own.has(bare)))
  }
}

/** Some orders, of which it is told whether one of them names a task, as TaskNames tells it of one order and some tasks. */
export class OrderNames {
  readonly #orders: ReadonlySet<string>
  readonly #bare: ReadonlySet<string>

  constructor(orderIds: Iterable<string>) {
    this.#orders = new Set(orderIds)
    this.#bare = new Set([...this.#orders].map(bareId))
  }

  /** Whether one of them names the task. */
  has({ taskId, requestId }: TaskIds): boolean {
    if (taskId !== '' && (this.#orders.has(taskId) || (mayBeOwn(taskId) && this.#bare.has(taskId)))) return true
    return requestId !== '' && (this.#orders.has(requestId) || this.#bare.has(requestId))
  }
}
