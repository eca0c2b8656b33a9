import { SPANS } from '../../limits.ts'
import { sum } from '../../units/exact.ts'
import { formatRatio, type Ratio, ratio } from '../../units/ratio.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { type Books, type FindingDraft, NO_EVIDENCE, type Rule, type UserBook, unknown } from './books.ts'

const ROBUST_ACTIVE_DAYS = 7
const ROBUST_MULTIPLE = 3n
const ROBUST_EXCESS_USD = ratio('5')
const ROBUST_SCORE = 3.5
const ROBUST_SPREAD_FLOOR = 0.25
/** Makes the median absolute deviation of normal data estimate its standard deviation. */
const MAD_TO_SIGMA = 1.4826

interface Usual {
  /** What the day is held against, times `days`, so that a mean needs no fraction. */
  readonly total: bigint
  readonly days: bigint
}

/**
 * A6, per user and day: points charged that day above a multiple of the mean of the user's active days in the 30 days
 * before it; too few active days decide nothing. The robust method instead asks for a day far above the median, both in
 * ratio and in worth, and far out by the spread of the logarithms. Source: rule A6 of the audit skill.
 */
export const a6UsageSpike: Rule = {
  id: 'A6',
  severity: 'LOW',
  perWindow: false,
  evaluate(books, { thresholds, pointsPerUsd }) {
    const robust = thresholds.a6Method === 'robust'
    if (robust && pointsPerUsd === undefined) {
      return { examined: 0, findings: [], notEvaluated: [{ subject: {}, reason: unknown('rate-missing').reason }] }
    }
    const activeDaysMin = robust ? ROBUST_ACTIVE_DAYS : thresholds.a6ActiveDays
    const findings: FindingDraft[] = []
    let examined = 0
    let withoutHistory = 0
    for (const { user, date, charged, history } of userDays(books)) {
      if (history.length < activeDaysMin) {
        withoutHistory += 1
        continue
      }
      examined += 1
      const usual = robust
        ? robustOutlier(charged, history, pointsPerUsd as Ratio)
        : aboveMean(charged, history, thresholds.a6Multiple)
      if (usual === undefined) continue
      findings.push({
        subject: { userId: user.userId, date },
        expected: usual.total / usual.days,
        actual: charged,
        unit: 'points',
        count: 1,
        evidence: NO_EVIDENCE,
        detail: {
          meanPoints: String(sum(history, (day) => day) / BigInt(history.length)),
          activeDays: history.length,
          thresholdMultiple: robust ? String(ROBUST_MULTIPLE) : formatRatio(thresholds.a6Multiple),
        },
      })
    }
    const notEvaluated =
      withoutHistory === 0
        ? []
        : [{ subject: {}, reason: unknown('insufficient-history', { count: withoutHistory }).reason }]
    return { examined, findings, notEvaluated }
  },
}

interface UserDay {
  readonly user: UserBook
  readonly date: CalendarDate
  readonly charged: bigint
  /** Charged points of the active days in the 30 days before, in no order. */
  readonly history: readonly bigint[]
}

function* userDays({ users, window }: Books): Generator<UserDay> {
  const firstDate = window.zone.dateOf(window.start)
  for (const user of users) {
    for (const [date, charged] of user.chargedByDate) {
      if (charged <= 0n || date < firstDate || window.zone.startOfDate(date) >= window.end) continue
      const since = window.zone.addDays(date, -SPANS.historyDays)
      const history: bigint[] = []
      for (const [day, charge] of user.chargedByDate) {
        if (day >= since && day < date && charge > 0n) history.push(charge)
      }
      yield { user, date, charged, history }
    }
  }
}

function aboveMean(charged: bigint, history: readonly bigint[], multiple: Ratio): Usual | undefined {
  const total = sum(history, (day) => day) * multiple.numerator
  const days = BigInt(history.length) * multiple.denominator
  return charged * days > total ? { total, days } : undefined
}

function robustOutlier(charged: bigint, history: readonly bigint[], pointsPerUsd: Ratio): Usual | undefined {
  const sorted = [...history].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0n
  const median: Usual = { total: low + high, days: 2n }
  if (charged * median.days < ROBUST_MULTIPLE * median.total) return undefined
  // charged − median ≥ 5 USD worth of points, all sides multiplied to stay whole.
  const excess = (charged * median.days - median.total) * pointsPerUsd.denominator * ROBUST_EXCESS_USD.denominator
  if (excess < ROBUST_EXCESS_USD.numerator * pointsPerUsd.numerator * median.days) return undefined
  // Logarithms measure how unusual the day is; no money is computed from them.
  const logs = sorted.map((day) => Math.log(Number(day)))
  const middle = medianOf(logs)
  const deviations = logs.map((value) => Math.abs(value - middle)).sort((a, b) => a - b)
  const logMedian = Math.log(Number(median.total) / Number(median.days))
  const spread = Math.max(MAD_TO_SIGMA * medianOf(deviations), ROBUST_SPREAD_FLOOR)
  const score = (Math.log(Number(charged)) - logMedian) / spread
  return score >= ROBUST_SCORE ? median : undefined
}

function medianOf(sorted: readonly number[]): number {
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0
  return (low + high) / 2
}
