import type { TaskRecords } from '../../rows/task-records.ts'
import type { UserSums } from './ledger-book.ts'
import type { TaskPayments } from './linked-rows.ts'
import type { TaskScope } from './looked-up.ts'
import type { SharedRows } from './shared-rows.ts'

/** The tasks of some users, and what the rows that name them add up to. */
export interface LinkedTasks {
  readonly tasks: TaskRecords
  /** Whose each task is. */
  readonly owners: Int32Array
  /** Whether a task is one of the window. */
  isTarget(task: number): boolean
  readonly payments: TaskPayments
  readonly shared: SharedRows
  /** Undefined where nothing is told of the user. */
  sumsOf(owner: number): UserSums | undefined
}

/**
 * Tasks whose other rows may lie at any time: where the rows so far do not add up to the charge and, for the rules about
 * refunds, where one is due or was made.
 */
export function openTasks(linked: LinkedTasks, everyOrder: boolean): number[] {
  const { tasks, payments } = linked
  const open: number[] = []
  for (let task = 0; task < tasks.count; task++) {
    if (!linked.isTarget(task)) continue
    // Few enough to look all of them up: then a row of any time is seen, also one that nothing points to.
    if (payments.isPaid(task, tasks) && !everyOrder && !refundsMatter(task, linked)) continue
    // Whatever other rows say, nobody can tell what was paid; but a row may be there twice, or take a refund back.
    if (everyOrder || payments.kindless(task) === undefined || payments.hasRefundRow(task)) open.push(task)
  }
  return open
}

/** Charged tasks of the window, and how many of them have a linked consume row so far, whoever's it is. */
export function linkCountOf({ tasks, payments, isTarget }: LinkedTasks): { charged: number; linked: number } {
  let charged = 0
  let linked = 0
  for (let task = 0; task < tasks.count; task++) {
    if (!isTarget(task) || !tasks.isCharged(task)) continue
    charged += 1
    if (payments.isNamed(task)) linked += 1
  }
  return { charged, linked }
}

/** Whether the filters leave all of some tasks. */
export const areSelected = (some: readonly number[], { tasks }: LinkedTasks): boolean =>
  some.every((task) => tasks.isSelected(task))

/** Order ids of those of some tasks that are in question. */
export function orderIdsOf(
  scope: TaskScope,
  open: readonly number[],
  { tasks, payments, shared }: LinkedTasks,
): string[] {
  const ids: string[] = []
  for (const task of open) {
    if (scope !== 'window' && !tasks.isSelected(task)) continue
    if (scope === 'doubtful' && !payments.isTooMuch(task, tasks) && !shared.isTooMuch(task)) continue
    ids.push(...tasks.ids(task))
  }
  return ids
}

function refundsMatter(task: number, { tasks, payments, shared }: LinkedTasks): boolean {
  if (tasks.isRefunded(task) || tasks.hasFailed(task)) return true
  return payments.hasRefundRow(task) || shared.concern(task)
}
