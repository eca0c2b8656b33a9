import { LEDGER_EDGE } from '../../settings.ts'
import { sum } from '../../units/exact.ts'
import { type Instant, MINUTE } from '../../units/instant.ts'
import type { FindingDraft, Payment, Reading, Rule } from './books.ts'
import { known, unknown } from './books.ts'
import type { LinkedEntry, TaskLedger } from './facts.ts'
import {
  consumedBounds,
  consumedPoints,
  consumeRows,
  givenBack,
  paidIn,
  rowEvidence,
  sharedReason,
  untoldAmount,
} from './linked-entries.ts'
import { mayBePaidYet } from './paid-yet.ts'
import { notRead } from './request-book.ts'
import { taskContext, taskEvidence, taskSubject } from './task-subject.ts'
import { type Doubt, doubtsOfPayment, OpenUsers } from './unlinked-rows.ts'
import { chargeUntold, ownersUntold } from './untold-tasks.ts'

/**
 * B10, per task: its charge is not what its linked consume rows took: the detail behind A4. Points. A task without any
 * such row is judged only where the user's rows without a task do not come to its charge, or are what such tasks charged; one
 * whose rows do not tell how much they took is not, nor one of right before the moment of reading that lacks something. Source:
 * rule B10 of the specification.
 */
export const b10ChargeMismatch: Rule = {
  id: 'B10',
  severity: 'MEDIUM',
  perWindow: false,
  pieces: 'ledgers',
  evaluate({ taskLedgers, settledTasks, users, window, asOf, untold, ownerless }) {
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const payments = new Map(users.map(({ userId, payment }) => [userId, payment]))
    const doubtOf = doubtsOfPayment({ users, ...(ownerless && { ownerless }) })
    const findings: FindingDraft[] = []
    const unclear = new OpenUsers()
    let examined = settledTasks
    for (const ledger of taskLedgers.value) {
      const { task, accountId } = ledger
      const mismatch = isMismatch(ledger, () =>
        isMissing(payments.get(task.userId) ?? unknown('ledger-unread'), doubtOf(task.userId, task.chargedPoints)),
      )
      if (mismatch === undefined) continue
      if (!mismatch.known) {
        unclear.note(task.userId, mismatch.reason)
        continue
      }
      if (mismatch.value && mayBeToCome(ledger, asOf)) {
        unclear.note(task.userId, TO_COME)
        continue
      }
      examined += 1
      if (!mismatch.value) continue
      findings.push({ ...amountsOf(ledger), context: taskContext(task, accountId, window.zone) })
    }
    return { examined, findings, notEvaluated: [...ownersUntold({ untold }), ...unclear.list()] }
  },
}

const { reason: TO_COME } = unknown('rows-to-come', { minutes: LEDGER_EDGE / MINUTE })

/** Whether what a task lacks may be in a row that comes after the moment of reading. */
const mayBeToCome = (ledger: TaskLedger, asOf: Instant): boolean =>
  consumedBounds(ledger).least < ledger.task.chargedPoints && mayBePaidYet(ledger.task.createdAt, asOf)

/** Whether a task's charge is not what its rows took; undefined: it has neither. `isMissing` tells of one without rows. */
function isMismatch(ledger: TaskLedger, isMissing: () => Reading<boolean>): Reading<boolean> | undefined {
  const { task, entries, shared } = ledger
  const rows = consumeRows(entries)
  const untold = untoldAmount(ledger, 'consume')
  if (untold !== undefined) return { known: false, reason: untold }
  const { least, most } = consumedBounds(ledger)
  // Without rows it may have been free.
  if (task.chargeUntold === true) return most > 0n ? { known: false, reason: chargeUntold(task) } : undefined
  if (least !== most) {
    // Rows of several tasks at once: that each took its charge shows where all of them add up, and else only too much does.
    if (least > task.chargedPoints) return known(true)
    if (shared?.addsUp === true) return known(false)
    // Whichever of the rows that tell no user are the task's, all of them or none.
    if (shared?.ownerless?.isAll && !mayAddUp(ledger, shared.ownerless.rows)) {
      return rows.length > 0 ? known(true) : isMissing()
    }
    return { known: false, reason: sharedReason(ledger) }
  }
  if (rows.length > 0) return known(least !== task.chargedPoints)
  return task.chargedPoints <= 0n ? undefined : isMissing()
}

/** Rows without a user of which it is tried out what each choice of them comes to. */
const CHOSEN_FROM_MAX = 10

/** Whether the task's own consume rows, with some of those that tell no user or none of them, may have taken its charge. */
function mayAddUp({ task, entries }: TaskLedger, ownerless: readonly LinkedEntry[]): boolean {
  const others = consumeRows(ownerless)
  if (others.length > CHOSEN_FROM_MAX) return true
  let sums = new Set([consumedPoints(entries)])
  for (const row of others) sums = new Set([...sums].flatMap((total) => [total, total + paidIn(row)]))
  return sums.has(task.chargedPoints)
}

/**
 * Whether the row of a task without one is missing: yes where the user's rows without a task are less than its charge; no
 * where such rows come to exactly what such tasks charged, as A4 holds them together. Otherwise nobody can tell which tasks
 * were paid.
 */
function isMissing(payment: Reading<Payment>, doubt: Doubt): Reading<boolean> {
  // Rows that several tasks share, or that tell no user, leave open what the user paid, and are no rows of a task that none of
  // them names.
  if (!payment.known && !OF_OTHERS.has(payment.reason.code)) return payment
  if (doubt === undefined) return known(true)
  if (!payment.known) return payment
  if (payment.value.bound !== undefined) return { known: false, reason: payment.value.bound.reason }
  const { unlinkedPaidPoints, unlinkedChargedPoints } = payment.value
  return unlinkedPaidPoints === unlinkedChargedPoints ? known(false) : { known: false, reason: doubt }
}

const OF_OTHERS: ReadonlySet<string> = new Set(['links-shared', 'owner-untold'])

function amountsOf(ledger: TaskLedger): FindingDraft {
  const { task, entries } = ledger
  const rows = consumeRows(entries)
  const taken = (book: 'points' | 'cash'): bigint =>
    sum(
      rows.filter((row) => row.book === book),
      paidIn,
    )
  return {
    subject: taskSubject(task),
    expected: task.chargedPoints,
    actual: sum(rows, paidIn),
    unit: 'points',
    count: 1,
    evidence: rows.length === 0 ? taskEvidence([task]) : rowEvidence(rows),
    detail: {
      userId: task.userId,
      pointsConsumed: String(taken('points')),
      cashConsumed: String(taken('cash')),
      ...givenBack(ledger),
    },
  }
}
