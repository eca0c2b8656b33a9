import { type FindingDraft, type Payment, type Reading, type Rule, unknown } from './books.ts'
import { consumedPoints, consumeRows, refundedPoints, refundRows, rowEvidence } from './linked-entries.ts'
import { notRead } from './request-book.ts'
import { taskContext, taskSubject } from './task-subject.ts'

/**
 * B9, per task: its rows, points and cash together, gave back more than they ever took. A task without a row that took
 * anything is not judged where the user has rows that link to no task: one of them may have paid it. Points.
 * Source: rule B9 of the specification.
 */
export const b9OverRefund: Rule = {
  id: 'B9',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate({ taskLedgers, users, window }) {
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const payments = new Map(users.map(({ userId, payment }) => [userId, payment]))
    const findings: FindingDraft[] = []
    const unclear = new Set<number>()
    let examined = 0
    for (const { task, accountId, entries } of taskLedgers.value) {
      const refunded = refundedPoints(entries)
      if (refunded <= 0n) continue
      if (consumeRows(entries).length === 0 && mayBeUnlinked(payments.get(task.userId))) {
        unclear.add(task.userId)
        continue
      }
      examined += 1
      const consumed = consumedPoints(entries)
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
    const { reason } = unknown('links-unlinked')
    return { examined, findings, notEvaluated: [...unclear].map((userId) => ({ subject: { userId }, reason })) }
  },
}

const mayBeUnlinked = (payment: Reading<Payment> | undefined): boolean =>
  payment?.known === true && payment.value.unlinkedPaidPoints + payment.value.unlinkedNearbyPoints > 0n
