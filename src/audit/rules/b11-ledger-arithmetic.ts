import { judgeTrail } from './balance-trail.ts'
import type { Rule } from './books.ts'

/**
 * B11, per user: rows of the points ledger whose balance before and points do not come to their balance after. Points.
 * Source: rule B11 of the specification.
 */
export const b11LedgerArithmetic: Rule = {
  id: 'B11',
  severity: 'HIGH',
  perWindow: false,
  evaluate: ({ balances }) => judgeTrail(balances, 'arithmetic'),
}
