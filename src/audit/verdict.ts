import type { TraceVerdict } from '../../schemas/task-trace.ts'
import type { Thresholds } from '../settings.ts'
import { isAmountBreak } from './rules/b3-amount.ts'
import type { RequestBook, TaskVerdict } from './rules/facts.ts'

/** What is to be said of a task's request in one word. `isRepeated`: fal bills the same event of it more than once. */
export function requestVerdict(judged: TaskVerdict, isRepeated: boolean, thresholds: Thresholds): TraceVerdict {
  const { task, standing, billedNanoUsd } = judged
  if (standing === 'failed') return 'nothing-due'
  if (standing === 'unbilled' && task.costNanoUsd <= 0n) return 'nothing-due'
  if (standing !== 'matched') return standing
  if (isRepeated) return 'duplicate'
  if (billedNanoUsd > 0n && task.status === 'failed') return 'failed-but-billed'
  if (billedNanoUsd > 0n && task.refunded) return 'refunded-but-billed'
  return isAmountBreak(judged, thresholds) ? 'amount' : 'matched'
}

/** Counts the requests of the window by verdict: every task, and every request that no task records. */
export function countVerdicts(book: RequestBook, thresholds: Thresholds, counts: Map<TraceVerdict, number>): void {
  const repeated = new Set(book.repeated.map(({ requestId }) => requestId))
  const count = (verdict: TraceVerdict): void => {
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  }
  for (const judged of book.tasks) count(requestVerdict(judged, repeated.has(judged.task.requestId), thresholds))
  for (const { costNanoUsd } of book.orphans) if (costNanoUsd > 0n) count('unrecorded')
}
