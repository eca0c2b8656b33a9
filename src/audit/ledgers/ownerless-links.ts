import type { LedgerEntry } from '../../ledger/reader.ts'
import { newBytesOfId } from '../../rows/id-bytes.ts'
import { IdSet } from '../../rows/id-set.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { bareId } from '../../units/request-id.ts'
import { type TaskIds, TaskNames } from '../tasks/task-names.ts'
import { linkedKind } from './linked-kind.ts'
import type { LinkedTasks } from './open-orders.ts'
import { noteInUntold } from './untold-rows.ts'

/** Stands for the task of somebody else that such a row may be of. */
const ELSEWHERE = -1

/** Rows that name a task and no user, by the ids under which tasks may bear their orders. */
export class NamedRows {
  readonly #ids: IdSet
  readonly #rows = new Map<string, LedgerEntry[]>()
  readonly count: number

  constructor(rows: readonly LedgerEntry[]) {
    this.count = rows.length
    for (const row of rows) {
      for (const id of new Set([row.orderId, bareId(row.orderId)])) {
        const own = this.#rows.get(id)
        if (own === undefined) this.#rows.set(id, [row])
        else own.push(row)
      }
    }
    this.#rows.delete('')
    this.#ids = new IdSet(new Set(this.#rows.keys()))
  }

  get isEmpty(): boolean {
    return this.count === 0
  }

  /** Those that name a task by one of its ids. */
  naming(task: TaskIds): LedgerEntry[] {
    const names = new TaskNames([task])
    const rows = [task.taskId, task.requestId].flatMap((id) => this.#rows.get(id) ?? [])
    return [...new Set(rows)].filter(({ orderId }) => names.has(orderId))
  }

  /** The same of one of some tasks. */
  of(tasks: TaskRecords, task: number): LedgerEntry[] {
    const id = newBytesOfId()
    const isOwn = this.#ids.hasId(tasks, tasks.taskId(task, id))
    if (!isOwn && !this.#ids.hasId(tasks, tasks.requestId(task, id))) return []
    return this.naming({ taskId: tasks.taskIdText(task), requestId: tasks.requestIdText(task) })
  }
}

/**
 * Lays rows that name no user beside the tasks that they name: they are rows of these, or of a task of somebody else, as rows are
 * whose id a task shares with one that is not here.
 */
export class OwnerlessLinks {
  readonly #named: NamedRows
  readonly #targets: LinkedTasks
  /** By row, then by owner. */
  readonly #bearers = new Map<LedgerEntry, Map<number, number[]>>()

  constructor(named: NamedRows, targets: LinkedTasks) {
    this.#named = named
    this.#targets = targets
  }

  /** Looks at some tasks, from one up to another: all of them in turn. */
  take(from: number, until: number): void {
    if (this.#named.isEmpty) return
    const { tasks, owners, isTarget } = this.#targets
    for (let task = from; task < until; task++) {
      if (!isTarget(task)) continue
      for (const row of this.#named.of(tasks, task)) {
        const byOwner = this.#bearers.get(row) ?? new Map<number, number[]>()
        this.#bearers.set(row, byOwner)
        const owner = owners[task] ?? 0
        const own = byOwner.get(owner)
        if (own === undefined) byOwner.set(owner, [task])
        else own.push(task)
      }
    }
  }

  /** Adds the rows to those that tasks share. */
  close(): void {
    const { payments, shared, sumsOf } = this.#targets
    for (const [row, byOwner] of this.#bearers) {
      const means = linkedKind(row.book, row.kind, row.kindUntold === true)
      for (const [owner, bearers] of byOwner) {
        shared.addOwnerless([...bearers, ELSEWHERE], row)
        if (means !== 'refund') for (const task of bearers) payments.noteNamed(task)
        if (means !== 'consume') noteInUntold(sumsOf(owner), row.book, 'refund')
      }
    }
  }
}
