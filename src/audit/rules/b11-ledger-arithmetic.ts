import { judgeTrail } from './balance-trail.ts'
import { type Rule, unknown } from './books.ts'

/**
 * B11, per user: rows of the points ledger whose balance before and points do not come to their balance after. Points.
 * Source: rule B11 of the specification.
 */
export const b11LedgerArithmetic: Rule = {
  id: 'B11',
  severity: 'HIGH',
  perWindow: false,
  evaluate({ balances }) {
    const outcome = judgeTrail(balances, 'arithmetic')
    if (!balances.known) return outcome
    const { reason } = unknown('amount-untold')
    const open = balances.value.amountUntold.map((userId) => ({ subject: { userId }, reason }))
    return { ...outcome, notEvaluated: [...outcome.notEvaluated, ...open] }
  },
}
