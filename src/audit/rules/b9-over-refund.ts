import type { FindingDraft, Reason, Rule } from './books.ts'
import { consumedBounds, refundedBounds, refundRows, rowEvidence, untoldAmount } from './linked-entries.ts'
import { notRead } from './request-book.ts'
import { taskContext, taskSubject } from './task-subject.ts'
import { doubtsOfPayment, leftOpen, SHARED } from './unlinked-rows.ts'

/**
 * B9, per task: its rows, points and cash together, gave back more than they ever took. A task whose rows took nothing is
 * not judged where the user has rows that link to no task: one of them may have paid it; nor is one whose rows do not tell
 * how much they took, or gave back where that decides. Points.
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
    for (const ledger of taskLedgers.value) {
      const { task, accountId, entries } = ledger
      const refunded = refundedBounds(ledger)
      const refundUntold = untoldAmount(ledger, 'refund')
      if (refunded.most <= 0n && refundUntold === undefined) continue
      const consumed = consumedBounds(ledger)
      const isOver = refunded.least > consumed.most
      const untold = untoldAmount(ledger, 'consume') ?? (isOver ? undefined : refundUntold)
      const doubt = untold ?? (consumed.least > 0n ? undefined : doubtOf(task.userId))
      const isShared = !isOver && refunded.most > consumed.least
      if (doubt !== undefined || isShared) {
        unclear.set(task.userId, doubt ?? SHARED)
        continue
      }
      examined += 1
      if (!isOver) continue
      const rows = refundRows(entries)
      findings.push({
        subject: taskSubject(task),
        expected: consumed.most,
        actual: refunded.least,
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
