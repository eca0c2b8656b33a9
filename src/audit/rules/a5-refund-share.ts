import { exceeds, percentBeside, type Ratio, ratioPercent, scaleDown } from '../../units/ratio.ts'
import type { Books, FindingDraft, Reason, Rule, RuleOutcome } from './books.ts'
import type { DayBook } from './day-book.ts'
import { hasOtherDays, unplacedPoints } from './unplaced-tasks.ts'
import { tasksUntold } from './untold-tasks.ts'

/**
 * A5, per day of the task's creation: points of refunded tasks above the threshold's share of the points charged that
 * day. Charged points are gross, and charges above 0 alone. Nothing is said of a day on which charges that are not told may
 * decide, to which tasks whose time cannot be read may have added as much as it takes, to be above it or not to be, or, where
 * users were asked for, tasks that name none. Source: rule A5 of the audit skill.
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
          ratioPercent: percentBeside(day.refundedPoints, day.chargedPoints, a5RefundRatio),
          thresholdPercent: ratioPercent(a5RefundRatio),
        },
      })
    }
    notEvaluated.push(...emptyDays(books, a5RefundRatio))
    return { examined, findings, notEvaluated }
  },
}

/**
 * Why a day that is above the threshold may be none: with all that others were charged, and kept. Charges that are not told are 0 or
 * more, and may be anything.
 */
function mayBeBelow(day: DayBook, { unplaced, untold }: Books, threshold: Ratio): Reason[] {
  const { nobodys } = day
  const absent: Absent[] = []
  if ((day.untoldKept ?? 0) > 0) absent.push({ points: null, reason: tasksUntold('charge-untold', untold?.charges) })
  if (nobodys !== undefined) {
    const points = nobodys.untoldKept > 0 ? null : nobodys.keptPoints
    absent.push({ points, reason: tasksUntold('user-untold', untold?.owners) })
  }
  if (unplaced !== undefined) {
    absent.push({ points: unplacedPoints(unplaced, 'keptPoints'), reason: unplaced.reason })
  }
  const { some, points } = together(absent)
  const isAbove = points !== null && exceeds(day.refundedPoints, day.chargedPoints + points, threshold)
  return isAbove ? [] : some.map(({ reason }) => reason)
}

/** Why a day that is not above the threshold may be: with all that others were charged, and given back. */
function mayBeAbove(
  { chargedPoints, refundedPoints, untoldRefunded = 0, nobodys }: DayBook,
  { unplaced, untold }: Books,
  threshold: Ratio,
): Reason[] {
  const absent: Absent[] = []
  if (untoldRefunded > 0) absent.push({ points: null, reason: tasksUntold('charge-untold', untold?.charges) })
  if (nobodys !== undefined) {
    const points = nobodys.untoldRefunded > 0 ? null : nobodys.refundedPoints
    absent.push({ points, reason: tasksUntold('user-untold', untold?.owners) })
  }
  if (unplaced !== undefined) {
    absent.push({ points: unplacedPoints(unplaced, 'refundedPoints'), reason: unplaced.reason })
  }
  const { some, points } = together(absent)
  const isBelow = points !== null && !exceeds(refundedPoints + points, chargedPoints + points, threshold)
  return isBelow ? [] : some.map(({ reason }) => reason)
}

/** Days of the window without tasks: with those that were refunded alone each would be above. */
function emptyDays(books: Books, threshold: Ratio): RuleOutcome['notEvaluated'] {
  const { days, unplaced } = books
  if (unplaced === undefined) return []
  const refunded = unplacedPoints(unplaced, 'refundedPoints')
  if (refunded !== null && !exceeds(refunded, refunded, threshold)) return []
  return hasOtherDays(books, days) ? [{ subject: {}, reason: unplaced.reason }] : []
}

/** Points that a day lacks, and why; null: it may be any number. */
interface Absent {
  readonly points: bigint | null
  readonly reason: Reason
}

function together(absent: readonly Absent[]): { some: Absent[]; points: bigint | null } {
  const some = absent.filter(({ points }) => points !== 0n)
  return { some, points: some.reduce<bigint | null>((sum, { points }) => plusOrNull(sum, points), 0n) }
}

const plusOrNull = (a: bigint | null, b: bigint | null): bigint | null => (a === null || b === null ? null : a + b)
