import { judgeTrail } from './balance-trail.ts'
import type { Rule } from './books.ts'

/** B13, per user: rows of the points ledger that end below zero. Points. Source: rule B13 of the specification. */
export const b13NegativeBalance: Rule = {
  id: 'B13',
  severity: 'HIGH',
  perWindow: false,
  evaluate: ({ balances }) => judgeTrail(balances, 'negative'),
}
