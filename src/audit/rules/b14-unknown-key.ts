import { formatUsd } from '../../units/nano-usd.ts'
import { type Books, type FindingDraft, type Rule, type RuleOutcome, unknown } from './books.ts'

/**
 * B14, per key: tasks whose key is in no account row at all; the difference is their count. Needs no bill, so it is judged at
 * every depth. Tasks that name no key are none of an unknown one, and of those that have no time, or none that can be read,
 * nobody can tell whether they are of the window. Source: rule B14 of the specification.
 */
export const b14UnknownKey: Rule = {
  id: 'B14',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ unknownKeys, accounts, unplaced }) {
    const keys = unknownKeys.filter(({ keyId }) => keyId !== '')
    const notEvaluated = unknownKeys
      .filter(({ keyId }) => keyId === '')
      .map(({ taskCount }) => ({ subject: {}, reason: unknown('key-untold', { count: taskCount }).reason }))
    const findings = keys.map(
      ({ keyId, identity, taskCount, costNanoUsd, untoldCosts = 0, evidence }): FindingDraft => ({
        subject: { keyId },
        identity,
        expected: 0n,
        actual: BigInt(taskCount),
        unit: 'count',
        count: taskCount,
        evidence,
        detail: {
          ...(untoldCosts < taskCount && { costUsd: formatUsd(costNanoUsd) }),
          ...(untoldCosts > 0 && { untoldCosts }),
        },
      }),
    )
    return {
      examined: accounts.length + keys.length,
      findings,
      notEvaluated: [...notEvaluated, ...unplacedKeys(unplaced, keys)],
    }
  },
}

/** Keys that none but tasks without a place in time name. */
function unplacedKeys(unplaced: Books['unplaced'], found: Books['unknownKeys']): RuleOutcome['notEvaluated'] {
  if (unplaced === undefined) return []
  const { sorts, reason } = unplaced
  if (sorts === null) return [{ subject: {}, reason }]
  const identities = new Set(found.map(({ identity }) => identity))
  const keys = new Map(sorts.flatMap(({ unknownKey }) => (unknownKey ? [[unknownKey.identity, unknownKey.keyId]] : [])))
  return [...keys].flatMap(([identity, keyId]) => (identities.has(identity) ? [] : [{ subject: { keyId }, reason }]))
}
