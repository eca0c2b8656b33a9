import type { FindingDraft, Rule } from './books.ts'
import type { TaskFact } from './facts.ts'
import { eventsShort, isBeyondMissing, mayBeMissing, missingNanoUsd } from './missing-events.ts'
import { judgedTasks, notRead, unjudgedAccounts } from './request-book.ts'
import { isEndOpen } from './task-end.ts'
import { taskContext, taskDetail, taskEvidence, taskSubject } from './task-subject.ts'
import { untoldOfAccounts } from './untold-tasks.ts'

/**
 * B2, per task: a settled success with recorded cost, of which fal bills nothing, also not when asked for its id.
 * Nano-USD. Models that cost nothing and tasks without an id are not accused, nor tasks of a model of which fal's usage tells
 * more than its events: what they were billed may be among the missing. Of those whose end cannot be read nobody can tell whether
 * they are settled. Source: rule B2 of the specification.
 */
export const b2Unbilled: Rule = {
  id: 'B2',
  severity: 'MEDIUM',
  perWindow: false,
  pieces: 'requests',
  evaluate({ requests, window, untold, asOf }, { thresholds }) {
    if (!requests.known) return notRead(requests.reason)
    const findings: FindingDraft[] = []
    const open = new Set<number | null>()
    const endOpen = new Set<number | null>()
    let examined = requests.value.plain?.withCost ?? 0
    for (const { task, accountId, standing } of judgedTasks(requests.value)) {
      if (standing !== 'matched' && standing !== 'unbilled' && standing !== 'pending') continue
      if (task.status !== 'success' || task.requestId === '') continue
      if (standing === 'pending') {
        if (isEndOpen(task, asOf, thresholds.settlementLagMillis) && mayHaveCost(task)) endOpen.add(accountId)
        continue
      }
      if (task.costUntold === true && standing === 'unbilled') open.add(accountId)
      if (task.costNanoUsd <= 0n) continue
      examined += 1
      if (standing === 'matched') continue
      findings.push({
        subject: taskSubject(task),
        expected: 0n,
        actual: task.costNanoUsd,
        unit: 'USD',
        count: 1,
        evidence: taskEvidence([task]),
        detail: taskDetail(task, accountId),
        context: taskContext(task, accountId, window.zone),
      })
    }
    const notEvaluated = [
      ...unjudgedAccounts(requests.value),
      ...untoldOfAccounts('cost-untold', open, untold),
      ...untoldOfAccounts('end-untold', endOpen, untold),
    ]
    return { examined, findings, notEvaluated }
  },
  doubts({ comparisons, modelMatches }, canonicalOf) {
    const short = comparisons.filter((comparison) => missingNanoUsd(comparison) > 0n)
    if (short.length === 0) return undefined
    const byAccount = new Map(
      short.flatMap((comparison) =>
        (comparison.members ?? [comparison.subject.accountId]).map((accountId) => [accountId, comparison] as const),
      ),
    )
    return ({ accountId, model }, costNanoUsd) => {
      const comparison = accountId === undefined ? undefined : byAccount.get(accountId)
      if (comparison === undefined || model === undefined) return undefined
      if (isBeyondMissing(comparison, costNanoUsd)) return undefined
      const names = modelMatches.endpointsOf(canonicalOf(model))
      return mayBeMissing(comparison, names, modelMatches) ? eventsShort(comparison) : undefined
    }
  },
}

const mayHaveCost = ({ costNanoUsd, costUntold }: TaskFact): boolean => costNanoUsd > 0n || costUntold === true
