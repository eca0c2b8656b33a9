import { judgeTrail } from './balance-trail.ts'
import type { Rule } from './books.ts'

/**
 * B12, per user: rows of the points ledger, in order of id, that do not begin where the user's row before them ended.
 * Points. Source: rule B12 of the specification.
 */
export const b12LedgerContinuity: Rule = {
  id: 'B12',
  severity: 'HIGH',
  perWindow: false,
  evaluate: ({ balances }) => judgeTrail(balances, ({ continuity }) => continuity),
}
