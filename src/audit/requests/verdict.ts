import type { TraceVerdict } from '../../../schemas/task-trace.ts'
import type { Thresholds } from '../../settings.ts'
import { isAmountBreak } from '../rules/b3-amount.ts'
import type { RequestBook, TaskVerdict } from '../rules/facts.ts'
import { readAccounts } from '../rules/request-book.ts'

/** What is to be said of a task's request in one word. `isRepeated`: fal bills the same event of it more than once. */
export function requestVerdict(judged: TaskVerdict, isRepeated: boolean, thresholds: Thresholds): TraceVerdict {
  const { task, standing, billedNanoUsd } = judged
  if (standing === 'failed') return 'nothing-due'
  if (standing === 'unbilled' && task.costUntold === true) return 'not-evaluated'
  if (standing === 'unbilled' && task.costNanoUsd <= 0n) return 'nothing-due'
  if (standing !== 'matched') return standing
  if (isRepeated) return 'duplicate'
  if (billedNanoUsd > 0n && task.status === 'failed') return 'failed-but-billed'
  if (billedNanoUsd > 0n && task.refunded) return 'refunded-but-billed'
  if (task.costUntold === true) return 'not-evaluated'
  return isAmountBreak(judged, thresholds) ? 'amount' : 'matched'
}

/** Counts the requests of the window by verdict: every task, and every request that no task records. */
export function countVerdicts(book: RequestBook, thresholds: Thresholds, counts: Map<TraceVerdict, number>): void {
  const repeated = new Set(book.repeated.map(({ requestId }) => requestId))
  const count = (verdict: TraceVerdict, times: number): void => {
    if (times > 0) counts.set(verdict, (counts.get(verdict) ?? 0) + times)
  }
  // Most are alike, and counted together.
  let run: TraceVerdict = 'matched'
  let length = 0
  for (const judged of book.tasks) {
    const verdict = requestVerdict(judged, repeated.size > 0 && repeated.has(judged.task.requestId), thresholds)
    if (verdict !== run) {
      count(run, length)
      run = verdict
      length = 0
    }
    length += 1
  }
  count(run, length)
  const isRead = readAccounts(book)
  const unrecorded = new Map<string, TraceVerdict>()
  for (const { requestId, accountId, costNanoUsd } of book.orphans) {
    if (costNanoUsd <= 0n || unrecorded.get(requestId) === 'unrecorded') continue
    unrecorded.set(requestId, isRead(accountId) ? 'unrecorded' : 'not-evaluated')
  }
  for (const verdict of unrecorded.values()) count(verdict, 1)
}
