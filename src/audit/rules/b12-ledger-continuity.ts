import { judgeTrail } from './balance-trail.ts'
import { type Rule, unknown } from './books.ts'
import { OWNERLESS } from './ownerless-rows.ts'

/**
 * B12, per user: rows of the points ledger, in order of id, that do not begin where the user's row before them ended.
 * Points. Source: rule B12 of the specification.
 */
export const b12LedgerContinuity: Rule = {
  id: 'B12',
  severity: 'HIGH',
  perWindow: false,
  evaluate({ balances }) {
    const outcome = judgeTrail(balances, 'continuity')
    if (!balances.known) return outcome
    const { repeatedRowId: rowId } = balances.value
    if (rowId !== undefined) {
      return {
        examined: 0,
        findings: [],
        notEvaluated: [{ subject: {}, reason: unknown('ids-repeated', { rowId }).reason }],
      }
    }
    const { unsettled, unsettledWhole } = balances.value
    // So many rounds of so many users, and so many rows of one: no one number says where it ended.
    const { reason } = unknown('lookup-limit')
    const open = unsettled.map((userId) => ({ subject: { userId }, reason }))
    const bridged = (balances.value.ownerless?.users ?? []).map((userId) => ({
      subject: { userId },
      reason: OWNERLESS,
    }))
    const examined = outcome.examined - unsettledWhole
    return { ...outcome, examined, notEvaluated: [...outcome.notEvaluated, ...open, ...bridged] }
  },
}
