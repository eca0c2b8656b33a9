import { formatUsd, type NanoUsd } from '../../units/nano-usd.ts'
import { type Books, type FindingDraft, known, type Reading, type Reason, type Rule } from './books.ts'
import type { TaskFact } from './facts.ts'
import { refundedBounds, untoldAmount } from './linked-entries.ts'
import { judgedTasks, notRead, unjudgedAccounts } from './request-book.ts'
import { taskEnd } from './task-end.ts'
import { taskContext, taskEvidence, taskSubject } from './task-subject.ts'
import { type Doubt, doubtsOfRefunds, leftOpen, SHARED } from './unlinked-rows.ts'

/**
 * B7, per task: failed, charged, neither marked as refunded nor given back in a ledger, however long ago a refund should
 * have come; what was taken back again was not given back. MEDIUM where fal billed the failure, as the operator lost as
 * well. Points. Without linked ledger rows the mark alone decides. Source: rule B7 of the specification.
 */
export const b7FailedButCharged: Rule = {
  id: 'B7',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate(books, { thresholds }) {
    const candidates = withoutRefund(books)
    if (!candidates.known) return notRead(candidates.reason)
    const doubtOf = doubtsOfRefunds(books)
    const unclear = new Map<number, Reason>()
    const findings: FindingDraft[] = []
    let examined = 0
    for (const { task, accountId, billedNanoUsd, refundDoubt } of candidates.value) {
      if (task.status !== 'failed' || task.chargedPoints <= 0n) continue
      const doubt = task.refunded ? undefined : (refundDoubt ?? doubtOf(task.userId, task.chargedPoints))
      if (doubt !== undefined) {
        unclear.set(task.userId, doubt)
        continue
      }
      examined += 1
      if (task.refunded || books.asOf - taskEnd(task, books.asOf) < thresholds.refundLagMillis) continue
      findings.push({
        subject: taskSubject(task),
        expected: 0n,
        actual: task.chargedPoints,
        unit: 'points',
        count: 1,
        // Where the bill was not read, the graver of the two is not said.
        ...(billedNanoUsd !== 0n && { severity: 'MEDIUM' }),
        evidence: taskEvidence([task]),
        detail: {
          userId: task.userId,
          model: task.model,
          ...(billedNanoUsd !== null && { billedUsd: formatUsd(billedNanoUsd) }),
        },
        context: taskContext(task, accountId, books.window.zone),
      })
    }
    return { examined, findings, notEvaluated: [...unjudged(books), ...leftOpen(unclear)] }
  },
}

interface Unrefunded {
  readonly task: TaskFact
  readonly accountId: number | null
  readonly billedNanoUsd: NanoUsd | null
  /** Why its own rows, or those that name an id of it and of other tasks, may have given something back. */
  readonly refundDoubt?: Doubt
}

function withoutRefund({ taskLedgers, requests }: Books): Reading<readonly Unrefunded[]> {
  if (taskLedgers.known) {
    return known(
      taskLedgers.value.flatMap((ledger) => {
        const { least, most } = refundedBounds(ledger)
        return least > 0n
          ? []
          : [{ ...ledger, refundDoubt: untoldAmount(ledger, 'refund') ?? (most > 0n ? SHARED : undefined) }]
      }),
    )
  }
  // Rows that name no task say nothing of it; a ledger that could not be read may hold its refund.
  if (taskLedgers.reason.code !== 'links-total') return taskLedgers
  return requests.known ? known(judgedTasks(requests.value)) : taskLedgers
}

/** Tasks of unread accounts are judged with a ledger alone; without one they are left out, and that is said. */
const unjudged = ({ taskLedgers, requests }: Books) =>
  taskLedgers.known || !requests.known ? [] : unjudgedAccounts(requests.value)
