import type { FindingDraft, Payment, Reading, Rule, UserBook } from './books.ts'
import { known, unknown } from './books.ts'
import { OWNERLESS } from './ownerless-rows.ts'
import { ofUsers } from './unplaced-tasks.ts'
import { ownersUntold } from './untold-tasks.ts'

export interface PaymentVerdict {
  readonly paidPoints: bigint
  readonly differencePoints: bigint
}

/**
 * What a user paid against what the user was charged, in points. In link mode order, tasks without a linked row are held
 * together against the user's consume rows that link to no task: those may be purchases of something else, so more of
 * them than needed decides nothing. Nor does a charge below 0 without a row: what was given back may stand in rows that
 * are no consume rows, and then it lowers the charge alone.
 */
export function judgePayment(payment: Reading<Payment>): Reading<PaymentVerdict> {
  if (!payment.known) return payment
  const { comparedChargedPoints, comparedPaidPoints, unlinkedChargedPoints, unlinkedPaidPoints } = payment.value
  const negative = payment.value.negativeChargedPoints
  if (unlinkedChargedPoints > 0n && unlinkedPaidPoints > unlinkedChargedPoints) {
    return unknown('ledger-unlinked-more', {
      unlinkedCharged: String(unlinkedChargedPoints),
      unlinkedPaid: String(unlinkedPaidPoints),
    })
  }
  // Without tasks that lack a row, rows without a task are other products and none of this rule's business.
  const unlinkedPaid = unlinkedChargedPoints > 0n ? unlinkedPaidPoints : 0n
  const paidPoints = comparedPaidPoints + unlinkedPaid
  const chargedPoints = comparedChargedPoints + unlinkedChargedPoints
  if (isUntoldDecisive(payment.value, paidPoints, chargedPoints)) return unknown('charge-untold')
  // Between what was charged and what is left of it anything may be right; beyond either nothing is.
  if (negative < 0n && paidPoints >= chargedPoints + negative && paidPoints <= chargedPoints) {
    return unknown('charge-negative')
  }
  return known({ paidPoints, differencePoints: paidPoints - chargedPoints - negative })
}

/**
 * Whether a charge that is not told decides: it is 0 or more, so that what was paid is too little where the others alone come to
 * more. A task that rows took something for was charged something; one without rows may have been free, as long as no row that
 * names no task may be its own.
 */
function isUntoldDecisive({ mode, untold, ...payment }: Payment, paid: bigint, charged: bigint): boolean {
  if (untold === undefined || paid < charged) return false
  if (mode === 'total') return paid > charged
  if (untold === 'paid') return true
  return paid === charged && payment.unlinkedChargedPoints === 0n && payment.unlinkedPaidPoints > 0n
}

/**
 * A4, per user: paid ≠ charged over the user's tasks of the window, in points. In link mode total a difference that rows right
 * at the window's edge explain to the point is TIMING. Where rows name an id that tasks outside the window or the filters bear
 * as well, what was paid lies between two amounts, and a user is accused where both are on one side of the charge: the amount
 * told is then the part that is certain, from the charge to the nearer of them. Source: rule A4 of the audit skill.
 */
export const a4PaidNotCharged: Rule = {
  id: 'A4',
  severity: 'MEDIUM',
  perWindow: true,
  evaluate({ users, untold, ownerless, unplaced }) {
    const findings: FindingDraft[] = []
    const notEvaluated = [...ownersUntold({ untold })]
    let isTotal = false
    let examined = 0
    for (const user of users) {
      const verdict = judgePayment(user.payment)
      if (!verdict.known) {
        notEvaluated.push({ subject: { userId: user.userId }, reason: verdict.reason })
        continue
      }
      examined += 1
      if (user.payment.known && user.payment.value.mode === 'total') isTotal = true
      if (verdict.value.differencePoints !== 0n && user.payment.known) {
        findings.push(findingOf(user, user.payment.value, verdict.value.paidPoints))
      }
    }
    // Of who has tasks of the window that is said above.
    const judged = new Set(users.map(({ userId }) => userId))
    notEvaluated.push(
      ...ofUsers(unplaced, judged, ({ userId }) => userId === null || unplaced?.unpaid?.has(userId) !== false),
    )
    // Of nobody who paid enough it is known that this was all.
    if (isTotal && ownerless?.anyTaken) {
      notEvaluated.push({ subject: {}, reason: OWNERLESS })
    }
    return { examined, findings, notEvaluated }
  },
}

function findingOf(user: UserBook, payment: Payment, paidPoints: bigint): FindingDraft {
  return {
    subject: { userId: user.userId },
    expected: payment.comparedChargedPoints + payment.unlinkedChargedPoints + payment.negativeChargedPoints,
    actual: paidPoints,
    unit: 'points',
    count: 1,
    timing: payment.explainedByEdge,
    evidence: user.unpaid,
    detail: {
      pointsConsumed: String(payment.pointsConsumed),
      cashConsumed: String(payment.cashConsumed),
      linkMode: payment.mode,
      ...(payment.bound !== undefined && { paidBound: payment.bound.paid }),
    },
  }
}
