import { type FindingDraft, type Reading, type RuleOutcome, unknown } from './books.ts'
import type { BalanceTrail } from './facts.ts'
import { ownersUntoldIn } from './ownerless-rows.ts'
import { notRead } from './request-book.ts'

/** What is said once of rows that tell no user: they are followed for nobody. */
const ownerlessOf = ({ ownerless }: BalanceTrail): RuleOutcome['notEvaluated'] =>
  ownerless === undefined || ownerless.rows === 0
    ? []
    : [{ subject: {}, reason: ownersUntoldIn('points', ownerless.rows, ownerless.firstRowId) }]

/** Rows without a time, or with one that cannot be read, are not judged: whether they are of the window is not known. */
function unplacedOf({ unplaced }: BalanceTrail): RuleOutcome['notEvaluated'] {
  if (unplaced === undefined) return []
  const { userIds, reason } = unplaced
  return userIds === null ? [{ subject: {}, reason }] : userIds.map((userId) => ({ subject: { userId }, reason }))
}

/**
 * One finding a user: the first row of the points ledger that shows the break, and how many rows do. Users whose balances
 * are NULL were not examined: of all it is said once, of some one by one.
 */
export function judgeTrail(balances: Reading<BalanceTrail>, name: keyof BalanceTrail['untold']): RuleOutcome {
  if (!balances.known) return notRead(balances.reason)
  const { users, untold } = balances.value
  const without = untold[name]
  const examined = users - without.length
  const { reason } = unknown('balance-untold')
  const subjects = without.length > 0 && examined === 0 ? [{}] : without.map((userId) => ({ userId }))
  const findings = balances.value[name].map(
    ({ userId, rowId, count, expectedPoints, actualPoints }): FindingDraft => ({
      subject: { userId, rowId },
      expected: expectedPoints,
      actual: actualPoints,
      unit: 'points',
      count,
      evidence: { total: count, ids: [String(rowId)] },
      detail: {},
    }),
  )
  const notEvaluated = subjects.map((subject) => ({ subject, reason }))
  const unjudged = [...ownerlessOf(balances.value), ...unplacedOf(balances.value)]
  return { examined, findings, notEvaluated: [...unjudged, ...notEvaluated] }
}
