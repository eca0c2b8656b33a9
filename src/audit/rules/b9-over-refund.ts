import type { FindingDraft, Rule } from './books.ts'
import { consumedPoints, refundedPoints, refundRows, rowEvidence } from './linked-entries.ts'
import { notRead } from './request-book.ts'
import { taskContext, taskSubject } from './task-subject.ts'

/**
 * B9, per task: its rows, points and cash together, gave back more than they ever took. Points.
 * Source: rule B9 of the specification.
 */
export const b9OverRefund: Rule = {
  id: 'B9',
  severity: 'HIGH',
  perWindow: false,
  evaluate({ taskLedgers, window }) {
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const findings: FindingDraft[] = []
    let examined = 0
    for (const { task, accountId, entries } of taskLedgers.value) {
      const rows = refundRows(entries)
      if (rows.length === 0) continue
      examined += 1
      const consumed = consumedPoints(entries)
      const refunded = refundedPoints(entries)
      if (refunded <= consumed) continue
      findings.push({
        subject: taskSubject(task),
        expected: consumed,
        actual: refunded,
        unit: 'points',
        count: rows.length,
        evidence: rowEvidence(rows),
        detail: { userId: task.userId },
        context: taskContext(task, accountId, window.zone),
      })
    }
    return { examined, findings, notEvaluated: [] }
  },
}
