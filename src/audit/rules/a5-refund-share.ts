import { percentText } from '../../units/exact.ts'
import { exceeds, type Ratio, ratioPercent, scaleDown } from '../../units/ratio.ts'
import type { Books, DayBook, FindingDraft, Reason, Rule } from './books.ts'
import { unplacedPoints } from './unplaced-tasks.ts'
import { tasksUntold } from './untold-tasks.ts'

/**
 * A5, per day of the task's creation: points of refunded tasks above the threshold's share of the points charged that
 * day. Charged points are gross, and charges above 0 alone. Nothing is said of a day on which charges that are not told may
 * decide, to which tasks whose time cannot be read may have added as much as it takes, or, where users were asked for, tasks that
 * name none. Source: rule A5 of the audit skill.
 */
export const a5RefundShare: Rule = {
  id: 'A5',
  severity: 'MEDIUM',
  perWindow: false,
  evaluate(books, { thresholds }) {
    const { a5RefundRatio } = thresholds
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const day of books.days) {
      const isAbove = exceeds(day.refundedPoints, day.chargedPoints, a5RefundRatio)
      const doubts = isAbove ? mayBeBelow(day, books, a5RefundRatio) : mayBeAbove(day, books, a5RefundRatio)
      if (doubts.length > 0) {
        notEvaluated.push(...doubts.map((reason) => ({ subject: { date: day.date }, reason })))
        continue
      }
      if (day.taskCount !== 0) examined += 1
      if (!isAbove) continue
      findings.push({
        subject: { date: day.date },
        expected: scaleDown(day.chargedPoints, a5RefundRatio),
        actual: day.refundedPoints,
        unit: 'points',
        count: day.refundedCount,
        evidence: day.evidence,
        detail: {
          chargedPoints: String(day.chargedPoints),
          ratioPercent: percentText(day.refundedPoints, day.chargedPoints),
          thresholdPercent: ratioPercent(a5RefundRatio),
        },
      })
    }
    return { examined, findings, notEvaluated }
  },
}

/**
 * Why a day that is above the threshold may be none: with all that others were charged, and kept. Charges that are not told are 0 or
 * more, and may be anything.
 */
function mayBeBelow(day: DayBook, { unplaced, untold }: Books, threshold: Ratio): Reason[] {
  const { nobodys } = day
  const absent: { readonly points: bigint | null; readonly reason: Reason }[] = []
  if ((day.untoldKept ?? 0) > 0) absent.push({ points: null, reason: tasksUntold('charge-untold', untold?.charges) })
  if (nobodys !== undefined) {
    const points = nobodys.untoldKept > 0 ? null : nobodys.keptPoints
    absent.push({ points, reason: tasksUntold('user-untold', untold?.owners) })
  }
  if (unplaced !== undefined) absent.push({ points: unplacedPoints(unplaced), reason: unplaced.reason })
  const some = absent.filter(({ points }) => points !== 0n)
  let charged: bigint = day.chargedPoints
  let isBounded = true
  for (const { points } of some) {
    if (points === null) isBounded = false
    else charged += points
  }
  return isBounded && exceeds(day.refundedPoints, charged, threshold) ? [] : some.map(({ reason }) => reason)
}

/** Why a day that is not above the threshold may be: with all that others were charged, and given back. */
function mayBeAbove(
  { chargedPoints, refundedPoints, untoldRefunded = 0, nobodys }: DayBook,
  { untold }: Books,
  threshold: Ratio,
): Reason[] {
  const reasons: Reason[] = []
  if (untoldRefunded > 0) reasons.push(tasksUntold('charge-untold', untold?.charges))
  const refunded = nobodys?.refundedPoints ?? 0n
  const isOpen =
    (nobodys?.untoldRefunded ?? 0) > 0 || exceeds(refundedPoints + refunded, chargedPoints + refunded, threshold)
  if (isOpen || (refunded > 0n && untoldRefunded > 0)) reasons.push(tasksUntold('user-untold', untold?.owners))
  return reasons
}
