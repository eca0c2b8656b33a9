import type { FindingDraft, Rule } from './books.ts'
import { notRead, unjudgedAccounts } from './request-book.ts'
import { ownersUntold } from './untold-tasks.ts'

/**
 * B20, per user: tasks that were refunded to the user although fal billed them; the difference is the loss, in nano-USD.
 * Source: rule B20 of the specification.
 */
export const b20LossOnRefund: Rule = {
  id: 'B20',
  severity: 'MEDIUM',
  perWindow: true,
  evaluate({ requests, untold }) {
    if (!requests.known) return notRead(requests.reason)
    const { refundLosses } = requests.value
    const findings: FindingDraft[] = []
    for (const { userId, billedCount, billedNanoUsd, refundedPoints, evidence } of refundLosses) {
      if (billedCount === 0) continue
      findings.push({
        subject: { userId },
        expected: 0n,
        actual: billedNanoUsd,
        unit: 'USD',
        count: billedCount,
        evidence,
        detail: { refundedPoints: String(refundedPoints) },
      })
    }
    const nobodys = (untold?.owners?.refunded ?? 0) > 0 ? ownersUntold({ untold }) : []
    return { examined: refundLosses.length, findings, notEvaluated: [...unjudgedAccounts(requests.value), ...nobodys] }
  },
}
