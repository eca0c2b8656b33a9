import type { FindingDraft, Rule } from './books.ts'
import type { UndatedBill } from './facts.ts'
import { notRead, unjudgedAccounts } from './request-book.ts'
import { ofUsers, type UnplacedOwner } from './unplaced-tasks.ts'
import { ownersUntold } from './untold-tasks.ts'

/**
 * B20, per user: tasks that were refunded to the user although fal billed them; the difference is the loss, in nano-USD. Nothing is
 * said of a user whose only such tasks have no time that can be read.
 * Source: rule B20 of the specification.
 */
export const b20LossOnRefund: Rule = {
  id: 'B20',
  severity: 'MEDIUM',
  perWindow: true,
  evaluate({ requests, untold, unplaced }) {
    if (!requests.known) return notRead(requests.reason)
    const { refundLosses, undated = [] } = requests.value
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
    const found = new Set(findings.map(({ subject }) => subject.userId))
    const billed = new Set(undated.filter(isLoss).map(({ task }) => (task.userUntold === true ? null : task.userId)))
    // Of too many it is not known which of them fal billed.
    const mayLose = ({ userId, refunded }: UnplacedOwner): boolean =>
      billed.has(userId) || (unplaced?.byRequest === false && refunded > 0)
    const owners = unplaced?.owners?.concat(ownersOf(billed)) ?? null
    return {
      examined: refundLosses.length,
      findings,
      notEvaluated: [
        ...unjudgedAccounts(requests.value),
        ...nobodys,
        ...ofUsers(unplaced && { ...unplaced, owners }, found, mayLose),
      ],
    }
  },
}

/** Users who need have no task without a time themselves. */
const ownersOf = (userIds: ReadonlySet<number | null>): UnplacedOwner[] =>
  [...userIds].map((userId) => ({ userId, keptPoints: 0n, refundedPoints: 0n, refunded: 0, free: 0 }))

const isLoss = ({ task, billedNanoUsd }: UndatedBill): boolean => task.refunded && billedNanoUsd > 0n
