import type { FindingDraft, Rule } from './books.ts'
import { judgedTasks, notRead, unjudgedAccounts } from './request-book.ts'
import { taskContext, taskDetail, taskEvidence, taskSubject } from './task-subject.ts'

/**
 * B2, per task: a settled success with recorded cost, of which fal bills nothing, also not when asked for its id.
 * Nano-USD. Models that cost nothing and tasks without an id are not accused. Source: rule B2 of the specification.
 */
export const b2Unbilled: Rule = {
  id: 'B2',
  severity: 'MEDIUM',
  perWindow: false,
  pieces: 'requests',
  evaluate({ requests, window }) {
    if (!requests.known) return notRead(requests.reason)
    const findings: FindingDraft[] = []
    let examined = requests.value.plain?.withCost ?? 0
    for (const { task, accountId, standing } of judgedTasks(requests.value)) {
      if (standing !== 'matched' && standing !== 'unbilled') continue
      if (task.status !== 'success' || task.costNanoUsd <= 0n || task.requestId === '') continue
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
    return { examined, findings, notEvaluated: unjudgedAccounts(requests.value) }
  },
}
