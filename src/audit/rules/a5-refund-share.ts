import { percentText } from '../../units/exact.ts'
import { exceeds, ratioPercent, scaleDown } from '../../units/ratio.ts'
import type { FindingDraft, Rule } from './books.ts'
import { unplacedPoints } from './unplaced-tasks.ts'
import { tasksUntold } from './untold-tasks.ts'

/**
 * A5, per day of the task's creation: points of refunded tasks above the threshold's share of the points charged that
 * day. Charged points are gross, and charges above 0 alone. Nothing is said of a day on which charges that are not told may
 * decide, or to which tasks whose time cannot be read may have added as much as it takes. Source: rule A5 of the audit skill.
 */
export const a5RefundShare: Rule = {
  id: 'A5',
  severity: 'MEDIUM',
  perWindow: false,
  evaluate({ days, unplaced, untold }, { thresholds }) {
    const findings: FindingDraft[] = []
    const notEvaluated = []
    const absent = unplaced === undefined ? 0n : unplacedPoints(unplaced)
    for (const day of days) {
      const isAbove = exceeds(day.refundedPoints, day.chargedPoints, thresholds.a5RefundRatio)
      // Charges that are not told are 0 or more: those of kept tasks make the share smaller, those of refunded ones larger.
      if (((isAbove ? day.untoldKept : day.untoldRefunded) ?? 0) > 0) {
        notEvaluated.push({ subject: { date: day.date }, reason: tasksUntold('charge-untold', untold?.charges) })
        continue
      }
      if (!isAbove) continue
      const stands =
        absent !== null && exceeds(day.refundedPoints, day.chargedPoints + absent, thresholds.a5RefundRatio)
      if (unplaced !== undefined && !stands) {
        notEvaluated.push({ subject: { date: day.date }, reason: unplaced.reason })
        continue
      }
      findings.push({
        subject: { date: day.date },
        expected: scaleDown(day.chargedPoints, thresholds.a5RefundRatio),
        actual: day.refundedPoints,
        unit: 'points',
        count: day.refundedCount,
        evidence: day.evidence,
        detail: {
          chargedPoints: String(day.chargedPoints),
          ratioPercent: percentText(day.refundedPoints, day.chargedPoints),
          thresholdPercent: ratioPercent(thresholds.a5RefundRatio),
        },
      })
    }
    return { examined: days.length - notEvaluated.length, findings, notEvaluated }
  },
}
