import type { FindingDraft, Reason, Rule } from './books.ts'
import { consumedPoints, refundedPoints, refundRows, rowEvidence } from './linked-entries.ts'
import { notRead } from './request-book.ts'
import { taskContext, taskSubject } from './task-subject.ts'
import { doubtsOfPayment, leftOpen } from './unlinked-rows.ts'

/**
 * B9, per task: its rows, points and cash together, gave back more than they ever took. A task whose rows took nothing is
 * not judged where the user has rows that link to no task: one of them may have paid it. Points.
 * Source: rule B9 of the specification.
 */
export const b9OverRefund: Rule = {
  id: 'B9',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate({ taskLedgers, users, window }) {
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const doubtOf = doubtsOfPayment({ users })
    const findings: FindingDraft[] = []
    const unclear = new Map<number, Reason>()
    let examined = 0
    for (const { task, accountId, entries } of taskLedgers.value) {
      const refunded = refundedPoints(entries)
      if (refunded <= 0n) continue
      const consumed = consumedPoints(entries)
      const doubt = consumed > 0n ? undefined : doubtOf(task.userId)
      if (doubt !== undefined) {
        unclear.set(task.userId, doubt)
        continue
      }
      examined += 1
      if (refunded <= consumed) continue
      const rows = refundRows(entries)
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
    return { examined, findings, notEvaluated: leftOpen(unclear) }
  },
}
