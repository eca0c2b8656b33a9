import type { TaskRow } from '../../ledger/reader.ts'
import { SPANS } from '../../limits.ts'
import { plus, within } from '../../units/instant.ts'
import type { AuditPlan } from '../plan.ts'
import { isPending } from '../tasks/task-standing.ts'

/** About which tasks without an event the bill is asked by id. */
export interface AskingTerms {
  /** Requests of one bill that are asked for: 50 fit into one question. */
  readonly max: number
  /** Whether it matters what fal would say of the task. */
  isOpen(task: TaskRow, plan: AuditPlan): boolean
  /** Whether something is missed where such a task is not asked about. Those come first. */
  isMissed(task: TaskRow, plan: AuditPlan): boolean
}

/**
 * What the rules need: tasks with a cost or a charge that ought to be billed, or may have been late. What was recorded to
 * cost nothing is no question where others fill the room.
 */
export const FOR_RULES: AskingTerms = {
  max: 5000,
  isOpen: (task, plan) =>
    isAskable(task, plan) && (task.costNanoUsd > 0n || task.chargedPoints > 0n) && mayBeLate(task, plan),
  isMissed: (task) => task.costNanoUsd > 0n,
}

/**
 * What a sum of cost needs besides: every task of which fal may tell by its id what its pages were not asked for. A free
 * success, or a failure, may cost as well, and a sum that lacks it would pass for the whole.
 */
export const FOR_SUMS: AskingTerms = {
  max: 50_000,
  isOpen: (task, plan) => (isAskable(task, plan) && mayBeBeyondPages(task, plan)) || FOR_RULES.isOpen(task, plan),
  isMissed: (task, plan) => FOR_RULES.isMissed(task, plan) || mayBeBeyondPages(task, plan),
}

const isAskable = ({ createdAt, requestId }: TaskRow, { window }: AuditPlan): boolean =>
  within(createdAt, window) && requestId !== ''

/** Whether a task without an event is old enough, or over in a way, that a rule would say something of its bill. */
function mayBeLate(task: TaskRow, plan: AuditPlan): boolean {
  if (task.status === 'success') return !isPending(task, plan)
  return task.status === 'failed' || task.createdAt <= plan.asOf - plan.settings.thresholds.stuckMillis
}

/** Questions by id reach from a day before the task up to the moment of reading: further than the pages, as a rule. */
const mayBeBeyondPages = ({ createdAt }: TaskRow, { asOf, ranges: { events } }: AuditPlan): boolean =>
  events.end < asOf || plus(createdAt, -SPANS.crossing) < events.start
