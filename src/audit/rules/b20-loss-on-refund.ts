import { sum } from '../../units/exact.ts'
import type { FindingDraft, Rule } from './books.ts'
import { groupBy } from './group-by.ts'
import { matchedTasks, notRead, unjudgedAccounts } from './request-book.ts'
import { taskEvidence } from './task-subject.ts'

/**
 * B20, per user: tasks that were refunded to the user although fal billed them; the difference is the loss, in nano-USD.
 * Source: rule B20 of the specification.
 */
export const b20LossOnRefund: Rule = {
  id: 'B20',
  severity: 'MEDIUM',
  perWindow: true,
  evaluate({ requests }) {
    if (!requests.known) return notRead(requests.reason)
    const refundedTasks = [...matchedTasks(requests.value)].filter(({ task }) => task.refunded)
    const byUser = groupBy(refundedTasks, ({ task }) => task.userId)
    const findings: FindingDraft[] = []
    for (const [userId, refunded] of byUser) {
      const lost = refunded.filter(({ billedNanoUsd }) => billedNanoUsd > 0n)
      if (lost.length === 0) continue
      findings.push({
        subject: { userId },
        expected: 0n,
        actual: sum(lost, ({ billedNanoUsd }) => billedNanoUsd),
        unit: 'USD',
        count: lost.length,
        evidence: taskEvidence(lost.map(({ task }) => task)),
        detail: { refundedPoints: String(sum(lost, ({ task }) => task.chargedPoints)) },
      })
    }
    return { examined: byUser.size, findings, notEvaluated: unjudgedAccounts(requests.value) }
  },
}
