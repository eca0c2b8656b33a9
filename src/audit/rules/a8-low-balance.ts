import { type FindingDraft, NO_EVIDENCE, type Rule, unknown } from './books.ts'

/**
 * A8, per account: balance below the threshold, the live balance where it can be read, else the table's. Nano-USD.
 * Source: rule A8 of the audit skill.
 */
export const a8LowBalance: Rule = {
  id: 'A8',
  severity: 'LOW',
  perWindow: true,
  evaluate({ accounts }, { thresholds }) {
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const { accountId, balance } of accounts) {
      if (balance === null) {
        notEvaluated.push({ subject: { accountId }, reason: unknown('balance-unread').reason })
        continue
      }
      examined += 1
      if (balance.nanoUsd >= thresholds.a8BalanceNanoUsd) continue
      findings.push({
        subject: { accountId },
        expected: thresholds.a8BalanceNanoUsd,
        actual: balance.nanoUsd,
        unit: 'USD',
        count: 1,
        evidence: NO_EVIDENCE,
        detail: { balanceSource: balance.source },
      })
    }
    return { examined, findings, notEvaluated }
  },
}
