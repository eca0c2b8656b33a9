import type { Subject } from '../../../schemas/report.ts'
import { SPANS } from '../../limits.ts'
import { type Whole, wholeOf } from '../../units/exact-sums.ts'
import { formatRatio, type Ratio, ratio } from '../../units/ratio.ts'
import type { CalendarDate } from '../../units/zone.ts'
import {
  type Books,
  type FindingDraft,
  NO_EVIDENCE,
  type Reason,
  type Rule,
  type RuleOutcome,
  type UserBook,
  unknown,
} from './books.ts'
import { unplacedCharges } from './unplaced-tasks.ts'
import { ownersUntold, tasksUntold } from './untold-tasks.ts'

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
 * A6, per user and day: points charged that day, as far as it lies within the window, above a multiple of the mean of the
 * user's active days in the 30 days before it; too few active days decide nothing. Nothing is said of a day that would be none
 * out of the usual with all that may have been charged to the user before it: that tasks do not tell, that name no user, or
 * whose time cannot be read. The robust method instead asks for a day far above the median, both in ratio and in worth, and far
 * out by the spread of the logarithms. Source: rule A6 of the audit skill.
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
    const open: { readonly subject: Subject; readonly reason: Reason }[] = []
    let examined = 0
    const notEvaluated: { subject: Subject; reason: Reason }[] = []
    let withoutHistory = 0
    const usualOf = (charged: Whole, sum: Whole, activeDays: number, history: () => readonly Whole[]) =>
      robust
        ? robustOutlier(BigInt(charged), history().map(BigInt), pointsPerUsd as Ratio)
        : aboveMean(charged, sum, activeDays, thresholds.a6Multiple)
    eachUserDay(books, (user, days, day, first, total) => {
      const activeDays = day - first
      if (activeDays < activeDaysMin) {
        withoutHistory += 1
        return
      }
      const charged = days.judged[day] as Whole
      const history = (): readonly Whole[] => days.charged.slice(first, day)
      const usual = usualOf(charged, total, activeDays, history)
      if (usual === undefined) {
        examined += 1
        return
      }
      const subject = { userId: user.userId, date: days.dateOf(day) }
      const absent = absentCharges(user, books, days.sinceOf(day), days.dateOf(day))
      const withMore = (more: Whole) => usualOf(charged, plusWhole(total, more, 1), activeDays, history)
      if (!isOutside(absent, (more) => !robust && withMore(more) !== undefined)) {
        open.push(...absent.map(({ reason }) => ({ subject, reason })))
        return
      }
      examined += 1
      findings.push({
        subject,
        expected: usual.total / usual.days,
        actual: BigInt(charged),
        unit: 'points',
        count: 1,
        evidence: NO_EVIDENCE,
        detail: {
          // What the threshold is a multiple of.
          ...(robust
            ? { medianPoints: halvesText(usual) }
            : { meanPoints: String(BigInt(total) / BigInt(activeDays)) }),
          activeDays,
          thresholdMultiple: robust ? String(ROBUST_MULTIPLE) : formatRatio(thresholds.a6Multiple),
        },
      })
    })
    if (withoutHistory > 0) {
      notEvaluated.push({ subject: {}, reason: unknown('insufficient-history', { count: withoutHistory }).reason })
    }
    return { examined, findings, notEvaluated: [...notEvaluated, ...chargesOfNoDay(books), ...open] }
  },
}

/** What a user may have been charged on the days before, in no sum of them, and why it is not known. */
interface AbsentCharges {
  readonly reason: Reason
  /** null: it may be anything. */
  readonly points: bigint | null
}

/** On the days from `since` up to `date`. Tasks whose time cannot be read may be of any of them. */
function absentCharges(
  { userId, untoldDates }: UserBook,
  { untold, unplaced }: Books,
  since: CalendarDate,
  date: CalendarDate,
): AbsentCharges[] {
  const absent: AbsentCharges[] = []
  const isBefore = (day: CalendarDate): boolean => day >= since && day < date
  if ([...(untoldDates ?? [])].some(isBefore))
    absent.push({ reason: tasksUntold('charge-untold', untold?.charges), points: null })
  const owners = untold?.owners
  if (owners !== undefined) {
    const before = [...owners.chargedByDate].filter(([day]) => isBefore(day))
    const points = before.reduce<bigint | null>(
      (sum, [, each]) => (sum === null || each === null ? null : sum + each),
      0n,
    )
    absent.push({ reason: tasksUntold('user-untold', owners), points })
  }
  if (unplaced !== undefined) {
    absent.push({ reason: unplaced.reason, points: unplacedCharges(unplaced, userId) })
  }
  return absent.filter(({ points }) => points !== 0n)
}

/** Whether a day is out of the usual with all of these together charged before it. */
function isOutside(absent: readonly AbsentCharges[], isAbove: (more: Whole) => boolean): boolean {
  let more = 0n
  for (const { points } of absent) {
    if (points === null) return false
    more += points
  }
  return absent.length === 0 || isAbove(wholeOf(more))
}

/** Charges that are in no day of a user, and may be what makes one unusual: said once. */
function chargesOfNoDay({ untold, unplaced }: Books): RuleOutcome['notEvaluated'] {
  const isAny =
    unplaced?.owners?.some(({ keptPoints, refundedPoints }) => keptPoints !== 0n || refundedPoints !== 0n) ?? true
  const inNone = [
    ...(untold?.charges === undefined ? [] : [tasksUntold('charge-untold', untold.charges)]),
    ...(unplaced !== undefined && isAny ? [unplaced.reason] : []),
  ].map((reason) => ({ subject: {}, reason }))
  return untold?.owners?.chargedByDate.size === 0 ? inNone : [...inNone, ...ownersUntold({ untold })]
}

/** What of a date is the same for all users. */
interface AboutDay {
  readonly date: CalendarDate
  /** The first of the 30 days before it. */
  readonly since: CalendarDate
  /** Whether it is a day of the window, and the first of them: that may have begun before the window. */
  readonly isJudged: boolean
  readonly isFirst: boolean
}

/** The days on which one user was charged, in order, in columns: of many users there are millions. */
class DaysOfUser {
  #about: AboutDay[] = []
  /** On the whole day: what later days are held against. */
  charged: Whole[] = []
  /** What was charged of it within the window. */
  judged: Whole[] = []
  #inOrder = true

  get count(): number {
    return this.#about.length
  }

  dateOf(day: number): CalendarDate {
    return (this.#about[day] as AboutDay).date
  }

  sinceOf(day: number): CalendarDate {
    return (this.#about[day] as AboutDay).since
  }

  clear(): void {
    this.#about.length = 0
    this.charged.length = 0
    this.judged.length = 0
    this.#inOrder = true
  }

  add(about: AboutDay, charged: Whole, judged: Whole): void {
    const last = this.#about[this.#about.length - 1]
    if (last !== undefined && last.date > about.date) this.#inOrder = false
    this.#about.push(about)
    this.charged.push(charged)
    this.judged.push(judged)
  }

  /** They come in order, as a rule. */
  sort(): void {
    if (this.#inOrder) return
    const order = [...this.#about.keys()].sort((a, b) => (this.dateOf(a) < this.dateOf(b) ? -1 : 1))
    const [about, charged, judged] = [this.#about, this.charged, this.judged]
    this.#about = order.map((day) => about[day] as AboutDay)
    this.charged = order.map((day) => charged[day] as Whole)
    this.judged = order.map((day) => judged[day] as Whole)
  }
}

/**
 * Takes a day of the window on which a user was charged. The days from `first` up to it are those with charges in the 30 days
 * before, and `total` what was charged on them in all.
 */
type TakeDay = (user: UserBook, days: DaysOfUser, day: number, first: number, total: Whole) => void

function eachUserDay({ users, window }: Books, take: TakeDay): void {
  const { zone } = window
  const firstDate = zone.dateOf(window.start)
  const known = new Map<CalendarDate, AboutDay>()
  const aboutDay = (date: CalendarDate): AboutDay => {
    const before = known.get(date)
    if (before !== undefined) return before
    const about = {
      date,
      since: zone.addDays(date, -SPANS.historyDays),
      isJudged: date >= firstDate && zone.startOfDate(date) < window.end,
      isFirst: date === firstDate,
    }
    known.set(date, about)
    return about
  }
  const days = new DaysOfUser()
  for (const user of users) {
    days.clear()
    user.chargedByDate.forEach((charged, date) => {
      if (charged <= 0) return
      const about = aboutDay(date)
      const inWindow = about.isFirst ? plusWhole(charged, user.chargedEarly, -1) : charged
      days.add(about, charged, about.isJudged ? inWindow : 0)
    })
    days.sort()
    eachDayOf(user, days, take)
  }
}

function eachDayOf(user: UserBook, days: DaysOfUser, take: TakeDay): void {
  const { charged, judged } = days
  // The 30 days before each day move along with it.
  let first = 0
  let total: Whole = 0
  for (let day = 0; day < days.count; day++) {
    for (const since = days.sinceOf(day); first < day && days.dateOf(first) < since; first++) {
      total = plusWhole(total, charged[first] as Whole, -1)
    }
    if ((judged[day] as Whole) > 0) take(user, days, day, first, total)
    total = plusWhole(total, charged[day] as Whole, 1)
  }
}

/** a + b or a − b, exactly: as a number where one holds it. */
function plusWhole(a: Whole, b: Whole, sign: 1 | -1): Whole {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + sign * b
    if (Number.isSafeInteger(sum)) return sum
  }
  return wholeOf(BigInt(a) + BigInt(sign) * BigInt(b))
}

/** How much more one number must be than another for no rounding to matter. */
const CERTAINTY = 1 + 1e-9

function aboveMean(charged: Whole, charges: Whole, activeDays: number, multiple: Ratio): Usual | undefined {
  const { numerator, denominator } = multiple
  // Of millions of days nearly all are far from it: numbers tell those, with all that they may be off by.
  const nearly = Number(charged) * activeDays * Number(denominator)
  if (nearly * CERTAINTY < Number(charges) * Number(numerator)) return undefined
  const total = BigInt(charges) * numerator
  const days = BigInt(activeDays) * denominator
  return BigInt(charged) * days > total ? { total, days } : undefined
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

/** A median: whole, or with a half. */
const halvesText = ({ total, days }: Usual): string => `${total / days}${total % days === 0n ? '' : '.5'}`

function medianOf(sorted: readonly number[]): number {
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0
  return (low + high) / 2
}
