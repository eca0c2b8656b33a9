import { abs, percentText, sum } from '../../units/exact.ts'
import { exceeds, type Ratio, ratioPercent } from '../../units/ratio.ts'
import type { BillComparison, FindingDraft, Rule } from './books.ts'
import { NO_EVIDENCE } from './books.ts'

/**
 * A1, per account: |F − Σ cost_money| / F above the threshold, F being fal's official cost of the window (> 0).
 * Judged on the raw figures with the edge allowance: a difference that tasks crossing the window's edge can explain is
 * TIMING. Amounts in nano-USD. Source: rule A1 of the audit skill.
 */
export const a1CostDeviation: Rule = {
  id: 'A1',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ comparisons }, { thresholds }) {
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const comparison of comparisons) {
      if (!comparison.bill.known) {
        notEvaluated.push({ subject: comparison.subject, reason: comparison.bill.reason })
        continue
      }
      examined += 1
      const finding = deviation(comparison, comparison.bill.value.costNanoUsd, thresholds.a1DeviationRatio)
      if (finding !== undefined) findings.push(finding)
    }
    return { examined, findings, notEvaluated }
  },
}

function deviation(comparison: BillComparison, official: bigint, threshold: Ratio): FindingDraft | undefined {
  const records = [...comparison.recordByModel.values()]
  const recorded = sum(records, (record) => record.costNanoUsd)
  const difference = recorded - official
  if (official <= 0n || !exceeds(abs(difference), official, threshold)) return undefined
  const allowance = sum(records, (record) => (difference < 0n ? record.crossingInNanoUsd : record.crossingOutNanoUsd))
  return {
    subject: comparison.subject,
    expected: official,
    actual: recorded,
    unit: 'USD',
    count: 1,
    timing: abs(difference) <= allowance,
    evidence: NO_EVIDENCE,
    detail: {
      deviationPercent: percentText(abs(difference), official),
      thresholdPercent: ratioPercent(threshold),
    },
  }
}
