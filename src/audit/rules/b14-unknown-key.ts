import { formatUsd } from '../../units/nano-usd.ts'
import { type FindingDraft, type Rule, unknown } from './books.ts'

/**
 * B14, per key: tasks whose key is in no account row at all; the difference is their count. Needs no bill, so it is
 * judged at every depth. Tasks that name no key are none of an unknown one. Source: rule B14 of the specification.
 */
export const b14UnknownKey: Rule = {
  id: 'B14',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ unknownKeys, accounts }) {
    const keys = unknownKeys.filter(({ keyId }) => keyId !== '')
    const notEvaluated = unknownKeys
      .filter(({ keyId }) => keyId === '')
      .map(({ taskCount }) => ({ subject: {}, reason: unknown('key-untold', { count: taskCount }).reason }))
    const findings = keys.map(
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
    return { examined: accounts.length + keys.length, findings, notEvaluated }
  },
}
