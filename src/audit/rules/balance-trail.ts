import type { FindingDraft, Reading, RuleOutcome } from './books.ts'
import type { BalanceTrail, LedgerBreak } from './facts.ts'
import { notRead } from './request-book.ts'

/** One finding a user: the first row of the points ledger that shows the break, and how many rows do. */
export function judgeTrail(
  balances: Reading<BalanceTrail>,
  breaksOf: (trail: BalanceTrail) => readonly LedgerBreak[],
): RuleOutcome {
  if (!balances.known) return notRead(balances.reason)
  const findings = breaksOf(balances.value).map(
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
  return { examined: balances.value.users, findings, notEvaluated: [] }
}
