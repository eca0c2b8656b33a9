import type { TaskRecords } from '../../rows/task-records.ts'
import type { EdgeAmount } from '../ledgers/edges.ts'
import type { TaskPayments } from '../ledgers/linked-rows.ts'

/** Tasks near the edges of the window that were charged, or do not tell it, by number of the user. */
export class EdgeTasks {
  readonly #tasks = new Map<number, number[]>()

  add(owner: number, task: number): void {
    const own = this.#tasks.get(owner)
    if (own === undefined) this.#tasks.set(owner, [task])
    else own.push(task)
  }

  /** Those of a user, but for charges that no number holds: no row pays them that one holds. */
  of(owner: number, tasks: TaskRecords, payments: Pick<TaskPayments, 'isLinked' | 'paid'>): EdgeAmount[] {
    return (this.#tasks.get(owner) ?? []).flatMap((task) => {
      const amount = tasks.exactCharge(task)
      if (amount === undefined) return []
      const linked = payments.isLinked(task)
      const selected = tasks.isSelected(task) && { selected: true as const }
      const lacks = linked && tasks.isSelected(task) && payments.paid(task) < amount && amount - payments.paid(task)
      const edge = { at: tasks.createdAt(task), amount, linked, ...selected, ...(lacks !== false && { lacks }) }
      return [tasks.isChargeUntold(task) ? { ...edge, untold: true } : edge]
    })
  }
}
