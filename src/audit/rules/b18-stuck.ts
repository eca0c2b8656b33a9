import { HOUR } from '../../units/instant.ts'
import { formatUsd } from '../../units/nano-usd.ts'
import { type FindingDraft, type Rule, type RuleOutcome, unknown } from './books.ts'
import { notRead } from './request-book.ts'
import { hasTime, taskContext, taskEvidence, taskSubject, userOf } from './task-subject.ts'

/**
 * B18, per task: unfinished, however long ago it was made. MEDIUM where fal billed it: then it ended, and only the system
 * does not know. Of a task whose time is not known nothing is said. Nano-USD. Source: rule B18 of the specification.
 */
export const b18Stuck: Rule = {
  id: 'B18',
  severity: 'LOW',
  perWindow: false,
  pieces: 'requests',
  evaluate({ requests, window, asOf }, { thresholds }) {
    if (!requests.known) return notRead(requests.reason)
    const findings: FindingDraft[] = []
    const notEvaluated: RuleOutcome['notEvaluated'][number][] = []
    let examined = 0
    for (const { task, accountId, billedNanoUsd, standing, selected, mayBeBilledNanoUsd } of requests.value.tasks) {
      if (!selected || task.status !== 'unfinished') continue
      if (!hasTime(task)) {
        const { reason } = unknown('times-none', { rows: 1, firstRowId: task.rowId })
        notEvaluated.push({ subject: taskSubject(task), reason })
        continue
      }
      // That a task is stuck its own table tells; only whether fal billed it takes the bill.
      const billed = standing === 'not-evaluated' || mayBeBilledNanoUsd !== undefined ? null : billedNanoUsd
      examined += 1
      const age = asOf - task.createdAt
      if (age < thresholds.stuckMillis) continue
      findings.push({
        subject: taskSubject(task),
        expected: 0n,
        actual: billed,
        unit: 'USD',
        count: 1,
        ...(billedNanoUsd > 0n && { severity: 'MEDIUM' }),
        evidence: taskEvidence([task]),
        detail: {
          ...userOf(task),
          model: task.model,
          hours: Math.floor(age / HOUR),
          ...(billed !== null && { billedUsd: formatUsd(billed) }),
        },
        context: taskContext(task, accountId, window.zone),
      })
    }
    return { examined, findings, notEvaluated }
  },
}
