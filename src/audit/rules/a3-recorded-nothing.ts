import { type FindingDraft, type ModelRecord, NO_EVIDENCE, type Rule } from './books.ts'

/**
 * A3, per account and model: fal billed the model on the key, but no task at all records it. By the period of the
 * tasks where billing events are complete; with usage alone it is TIMING where tasks outside the window that could have
 * been billed within it cost as much. Amounts in nano-USD. Source: rule A3 of the audit skill.
 */
export const a3RecordedNothing: Rule = {
  id: 'A3',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ comparisons }) {
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const { subject, bill, period, recordByModel } of comparisons) {
      if (!bill.known) {
        notEvaluated.push({ subject, reason: bill.reason })
        continue
      }
      for (const [canonical, { model, costNanoUsd: billed }] of (period?.figures ?? bill.value).byModel) {
        if (billed <= 0n) continue
        examined += 1
        const record = recordByModel.get(canonical)
        if (record !== undefined && record.taskCount > 0) continue
        findings.push({
          subject: { ...subject, model },
          expected: billed,
          actual: 0n,
          unit: 'USD',
          count: 1,
          timing: period === null && mayBeCarriedIn(billed, record),
          evidence: NO_EVIDENCE,
          detail: {},
        })
      }
    }
    return { examined, findings, notEvaluated }
  },
}

const mayBeCarriedIn = (billed: bigint, record: ModelRecord | undefined): boolean =>
  record !== undefined && record.crossingInNanoUsd > 0n && billed <= record.crossingInNanoUsd + record.roundingNanoUsd
