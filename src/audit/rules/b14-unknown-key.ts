import { formatUsd } from '../../units/nano-usd.ts'
import type { FindingDraft, Rule } from './books.ts'

/**
 * B14, per key: tasks whose key is in no account row at all; the difference is their count. Needs no bill, so it is
 * judged at every depth. Source: rule B14 of the specification.
 */
export const b14UnknownKey: Rule = {
  id: 'B14',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ unknownKeys, accounts }) {
    const findings = unknownKeys.map(
      ({ keyId, identity, taskCount, costNanoUsd, evidence }): FindingDraft => ({
        subject: { keyId },
        identity,
        expected: 0n,
        actual: BigInt(taskCount),
        unit: 'count',
        count: taskCount,
        evidence,
        detail: { costUsd: formatUsd(costNanoUsd) },
      }),
    )
    return { examined: accounts.length + unknownKeys.length, findings, notEvaluated: [] }
  },
}
