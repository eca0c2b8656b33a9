import type { TaskRow } from '../../ledger/reader.ts'
import { SPANS } from '../../limits.ts'
import type { Whole } from '../../units/exact-sums.ts'
import { later, plus } from '../../units/instant.ts'
import type { AuditPlan } from '../plan.ts'
import { isRefundDueOpen } from '../rules/refund-doubts.ts'
import { isEndOpen, isEndUntold, taskEnd, toldEnd } from '../rules/task-end.ts'

/** What a task's standing towards the bill is told by. */
export type TaskTimes = Pick<TaskRow, 'status' | 'createdAt' | 'completedAt'> & {
  readonly endUntold?: boolean | undefined
}

/**
 * Whether fal must have billed the task by now: a success, longer ago than the settlement lag, not refunded, with a cost
 * or a charge.
 */
export function isDue(
  task: TaskTimes & { readonly refunded: boolean; readonly costNanoUsd: Whole; readonly chargedPoints: Whole },
  plan: AuditPlan,
): boolean {
  if (task.refunded || (task.costNanoUsd <= 0 && task.chargedPoints <= 0)) return false
  return isSettled(task, plan)
}

/** The same, or it would be if what the task does not tell is above 0, or its end, which is not told, long ago. */
export const mayBeDue = (task: TaskRow, plan: AuditPlan): boolean =>
  isDue(task, plan) ||
  mayBeOverdue(task, plan) ||
  ((task.costUntold === true || task.chargeUntold === true) && !task.refunded && isSettled(task, plan))

/** Whether fal must have billed it by now if its end, which is not told, is as long ago. */
export const mayBeOverdue = (
  task: TaskTimes & Parameters<typeof isDue>[0] & { readonly costUntold?: boolean; readonly chargeUntold?: boolean },
  { asOf, settings }: AuditPlan,
): boolean =>
  task.status === 'success' &&
  !task.refunded &&
  (task.costNanoUsd > 0 || task.chargedPoints > 0 || task.costUntold === true || task.chargeUntold === true) &&
  isEndOpen(task, asOf, settings.thresholds.settlementLagMillis)

/** Whether it is a matter of its end, which is not told, that it is neither billed nor refunded yet. */
export const mayHaveEnded = (
  task: TaskTimes & { readonly refunded: boolean },
  { asOf, settings: { thresholds } }: AuditPlan,
): boolean =>
  (task.status !== 'unfinished' || task.refunded) &&
  (isEndOpen(task, asOf, thresholds.settlementLagMillis) || isRefundDueOpen(task, { asOf }, thresholds))

/** Whether its bill may simply not be there yet: a success that is not settled, or a task still running that is as young. */
export const mayBePending = (task: TaskTimes, plan: AuditPlan): boolean =>
  task.status === 'success'
    ? !isSettled(task, plan)
    : task.status === 'unfinished' && task.createdAt > plan.asOf - plan.settings.thresholds.settlementLagMillis

/** The same for certain: one whose end is not told may have been settled long ago. */
export const isPending = (task: TaskTimes, plan: AuditPlan): boolean =>
  mayBePending(task, plan) && !isEndOpen(task, plan.asOf, plan.settings.thresholds.settlementLagMillis)

/**
 * Whether fal may yet bill a task that has no event. Fal bills some failures too, and their bills come no sooner than those of
 * successes.
 */
export const mayYetBeBilled = (task: TaskTimes, plan: AuditPlan): boolean =>
  task.status === 'failed'
    ? taskEnd(task, plan.asOf) >= plan.asOf - plan.settings.thresholds.settlementLagMillis
    : mayBePending(task, plan)

/** A success that ended longer before the moment of reading than the settlement lag. */
export function isSettled(task: TaskTimes, { asOf, settings }: AuditPlan): boolean {
  return task.status === 'success' && taskEnd(task, asOf) < asOf - settings.thresholds.settlementLagMillis
}

/**
 * Whether a task whose creation is not known would be one that fal has billed by now, if it bills it, had it been made within the
 * window: at its very start. One whose end is not told either may be.
 */
export function mayBeOld(task: Omit<TaskTimes, 'createdAt'>, plan: AuditPlan): boolean {
  const completedAt = isEndUntold(task, plan.asOf) ? null : task.completedAt
  return !mayBePending({ ...task, completedAt, createdAt: plan.window.start, endUntold: false }, plan)
}

/**
 * Whether tasks whose creation is not known would all be such as may be billed outside the window, wherever in it they were made.
 * `completedAt`: the first end of them.
 */
export function wouldCross({ completedAt, ...task }: Omit<TaskTimes, 'createdAt'>, plan: AuditPlan): boolean {
  const createdAt = plus(plan.window.start, SPANS.skew)
  // Others may have ended in the middle of it.
  if (completedAt !== null && completedAt < createdAt) return false
  return mustCross({ ...task, completedAt, createdAt }, plan)
}

/** Whether it `couldBeBilledAcross` whenever it ended: one whose end `isEndUntold` as soon as it was made and an edge was over, too. */
export function mustCross(task: TaskTimes, plan: AuditPlan): boolean {
  if (!isEndUntold(task, plan.asOf)) return couldBeBilledAcross(task, plan)
  const completedAt = later(task.createdAt, plus(plan.window.start, SPANS.skew))
  return couldBeBilledAcross({ ...task, completedAt, endUntold: false }, plan)
}

/**
 * Whether the task's bill may lie on the other side of an edge of the window than its creation. A bill follows the end
 * of a task, as a rule within an hour; of a task without an end, unless it failed, it may follow a day after its
 * creation; of one whose end `isEndUntold`, at any time. The clocks of the operator and of fal may differ by some minutes. What fal billed later than the moment of
 * reading is not seen either.
 */
export function couldBeBilledAcross(task: TaskTimes, plan: AuditPlan): boolean {
  const { window, knownEnd, asOf } = plan
  const told = toldEnd(task, asOf)
  const endedAt = told ?? task.createdAt
  const open = told === null && task.status !== 'failed'
  const earliest = plus(endedAt, -SPANS.skew)
  const latest = isEndUntold(task, asOf)
    ? asOf
    : open
      ? plus(task.createdAt, SPANS.crossing)
      : plus(endedAt, SPANS.billingDelay)
  if (task.createdAt < window.start) return latest >= window.start
  if (task.createdAt >= window.end) return earliest < window.end
  return earliest < window.start || latest >= knownEnd || mayBePending(task, plan)
}
