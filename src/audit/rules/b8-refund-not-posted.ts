import type { Millis } from '../../units/instant.ts'
import type { Books, FindingDraft, Reason, Rule } from './books.ts'
import type { TaskLedger } from './facts.ts'
import { refundedBounds, refundedPoints, refundRows, rowEvidence, untoldAmount } from './linked-entries.ts'
import { notRead } from './request-book.ts'
import { taskEnd } from './task-end.ts'
import { taskContext, taskEvidence, taskSubject } from './task-subject.ts'
import { doubtsOfRefunds, leftOpen, SHARED } from './unlinked-rows.ts'

/**
 * B8, per task: marked as refunded without a refund row of any time, once that is overdue; or a refund row whose task is
 * not marked. Rows that come to nothing given back are no refund. Points. Source: rule B8 of the specification.
 */
export const b8RefundNotPosted: Rule = {
  id: 'B8',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate(books, { thresholds }) {
    const { taskLedgers, window } = books
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const doubtOf = doubtsOfRefunds(books)
    const unclear = new Map<number, Reason>()
    const findings: FindingDraft[] = []
    let examined = 0
    for (const ledger of taskLedgers.value) {
      const { task, accountId } = ledger
      const { least, most } = refundedBounds(ledger)
      const isPosted = least > 0n
      const untold = untoldAmount(ledger, 'refund')
      if (most <= 0n && untold === undefined && !(task.refunded && task.chargedPoints > 0n)) continue
      const unlinked = () => untold ?? (most > 0n ? SHARED : doubtOf(task.userId, task.chargedPoints))
      const doubt = isPosted ? undefined : unlinked()
      if (doubt !== undefined) {
        unclear.set(task.userId, doubt)
        continue
      }
      examined += 1
      const amounts = isPosted ? unmarked(ledger) : unposted(ledger, books, thresholds.refundLagMillis)
      if (amounts === undefined) continue
      findings.push({
        ...amounts,
        subject: taskSubject(task),
        unit: 'points',
        count: 1,
        context: taskContext(task, accountId, window.zone),
      })
    }
    return { examined, findings, notEvaluated: leftOpen(unclear) }
  },
}

type Amounts = Pick<FindingDraft, 'expected' | 'actual' | 'evidence' | 'detail'>

const unposted = ({ task, entries }: TaskLedger, { asOf }: Books, lag: Millis): Amounts | undefined =>
  asOf - taskEnd(task, asOf) < lag
    ? undefined
    : {
        expected: task.chargedPoints,
        actual: refundedPoints(entries),
        evidence: taskEvidence([task]),
        detail: { userId: task.userId, case: refundRows(entries).length === 0 ? 'unposted' : 'returned' },
      }

const unmarked = ({ task, entries }: TaskLedger): Amounts | undefined =>
  task.refunded
    ? undefined
    : {
        expected: 0n,
        actual: refundedPoints(entries),
        evidence: rowEvidence(refundRows(entries)),
        detail: { userId: task.userId, case: 'unmarked' },
      }
