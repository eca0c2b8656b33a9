import { abs, sum } from '../../units/exact.ts'
import { formatUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { exceeds, percentBeside, type Ratio, ratioPercent } from '../../units/ratio.ts'
import { billedAs, billedForUntold, billedWithin, mayBeTold } from './billed-for-untold.ts'
import {
  type BillComparison,
  type BillFigures,
  type Books,
  type FindingDraft,
  known,
  type ModelRecord,
  NO_EVIDENCE,
  type PeriodBill,
  type Reading,
  type Reason,
  type Rule,
} from './books.ts'
import { isCarriedIn, keylessCost, keylessExcess, shortForKeyless } from './keyless-tasks.ts'
import { eventsShort, missingNanoUsd } from './missing-events.ts'
import { nearestBill, untoldIn } from './tasks-without-id.ts'
import {
  mayPart,
  type UnplacedTasks,
  unbilledCost,
  undatedBill,
  undatedWithin,
  unplacedCost,
} from './unplaced-tasks.ts'
import { tasksUntold, type UntoldTasks } from './untold-tasks.ts'

/**
 * A1, per account: |F − Σ cost_money| / F above the threshold, F being fal's official cost of the window (> 0). Where billing
 * events are complete the bridged figures decide, what may not be billed yet left out of the record; if only the raw ones are
 * apart, that is TIMING, and so it is where tasks without a request id at the edges may be what takes them apart. Otherwise
 * the raw figures decide, and a difference that tasks crossing the window's edge can explain is TIMING. Where fal's usage
 * tells of more than its events, it fires only if both would have it so, and where tasks have no readable time or tell no
 * cost, only if they could not explain it; nothing is said where what fal did not bill of such tasks may decide, nor where
 * tasks without a readable time may be what takes the two apart, or such without a key what a short record lacks, or what
 * would make one exceed the bill. Amounts in nano-USD. Source: rule A1 of the audit skill.
 */
export const a1CostDeviation: Rule = {
  id: 'A1',
  severity: 'HIGH',
  perWindow: true,
  evaluate(books, { thresholds: { a1DeviationRatio: threshold } }) {
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const comparison of books.comparisons) {
      const { subject, bill } = comparison
      const judged = bill.known ? judge({ comparison, bill: bill.value, books, threshold }) : bill
      if (!judged.known) {
        notEvaluated.push({ subject, reason: judged.reason })
        continue
      }
      examined += 1
      if (judged.value !== undefined) findings.push(findingOf(judged.value, comparison, threshold))
    }
    return { examined, findings, notEvaluated }
  },
}

/** A bill that was read beside its record, and what else may speak to how far they are apart. */
interface Case {
  readonly comparison: BillComparison
  /** By event time. */
  readonly bill: BillFigures
  readonly books: Pick<Books, 'modelMatches' | 'keyless' | 'unplaced' | 'untold'>
  readonly threshold: Ratio
}

/** A bill above 0 and a record that are further apart than the threshold. Nano-USD. */
interface Deviation {
  readonly official: bigint
  readonly recorded: bigint
  readonly timing: boolean
}

/** undefined: they are not; not known: it hangs on what is not told. */
function judge(each: Case): Reading<Deviation | undefined> {
  const deviation = deviationOf(each)
  const reason = openReason(each, deviation)
  return reason === undefined ? known(deviation) : { known: false, reason }
}

/** Why nothing is said of it: it hangs on what is not told. Undefined: it does not. */
function openReason(each: Case, deviation: Deviation | undefined): Reason | undefined {
  const { comparison, books, threshold } = each
  const { keyless, unplaced, untold } = books
  if (hangsOnMissing(each)) return eventsShort(comparison)
  if (isShort(deviation)) {
    const { official, recorded } = deviation
    const atEdge = untoldIn(comparison, recorded, (bill) => isFar(bill, recorded, threshold))
    if (atEdge !== undefined) return tasksUntold('cost-untold', atEdge)
    const keyUntold = shortForKeyless({ short: official - recorded, official }, comparison, keyless, threshold)
    if (keyUntold !== undefined) return keyUntold
  }
  if (deviation && unplaced && hangsOnUnplaced(each, deviation, unplaced)) return unplaced.reason
  const ofAccount = (tasks: ReadonlyMap<number | null, UntoldTasks> | undefined): UntoldTasks | undefined =>
    comparison.subject.accountId === undefined ? undefined : tasks?.get(comparison.subject.accountId)
  if (mayExceed(each, deviation) || (isShort(deviation) && isExplained(each, deviation)))
    return tasksUntold('cost-untold', ofAccount(untold?.costs))
  const keylessMore = exceedsWithKeyless(each, deviation)
  if (keylessMore !== undefined) return keylessMore
  if (unplaced && mayDeviate(each, deviation, unplaced)) return unplaced.reason
  return hangsOnEnds(each, deviation) ? tasksUntold('end-untold', ofAccount(untold?.ends)) : undefined
}

/**
 * Where fal's usage tells of more than its events, the bill of the period is somewhere between them and as much more: whether it
 * depends on that what is to be said.
 */
function hangsOnMissing({ comparison, threshold }: Case): boolean {
  const { period, recordByModel } = comparison
  const missing = missingNanoUsd(comparison)
  if (period === null || missing === 0n) return false
  const recorded = sum([...recordByModel.values()], (record) => record.costNanoUsd) - period.youngNanoUsd
  const official = period.figures.costNanoUsd
  // -1: the record is short of the bill; 1: it exceeds it; 0: they agree.
  const side = (bill: bigint): number =>
    exceeds(abs(recorded - bill), bill, threshold) ? (recorded < bill ? -1 : 1) : 0
  return official <= 0n || side(official) !== side(official + missing)
}

/**
 * Whether a finding depends on tasks whose time cannot be read: with all that they cost a record would not be short, nor would it be
 * beyond a bill that they have a part in.
 */
function hangsOnUnplaced(
  { comparison, books: { keyless }, threshold }: Case,
  { official, recorded, timing }: Deviation,
  unplaced: UnplacedTasks,
): boolean {
  const { period } = comparison
  if (recorded > official) {
    if (period === null || timing) return false
    const bill = official + missingNanoUsd(comparison)
    const beyond = period.undatedBeyondNanoUsd ?? 0n
    return !exceeds(recorded - bill - beyond, bill + undatedBill(comparison), threshold)
  }
  const cost = unplacedCost(unplaced, comparison)
  if (cost === null) return true
  // Of the bill by event time they have theirs already.
  const [within, besides] = timing ? [0n, 0n] : [undatedWithin(comparison), keylessCost(keyless, comparison)]
  if (!exceeds(official - recorded - (cost - within) - besides, official + within, threshold)) return true
  if (timing || cost === 0n) return false
  // They may be of right before the window, as what explains the difference.
  return isCarriedIn({ short: official - recorded - cost - besides, official }, comparison, keyless, threshold)
}

/**
 * Whether tasks whose time cannot be read, with others of which something is not told, would make a break of what is none. `ended`: what
 * the record is held to hold besides, in nano-USD.
 */
function mayDeviate(each: Case, deviation: Deviation | undefined, unplaced: UnplacedTasks, ended = 0n): boolean {
  if (isBreak(deviation)) return false
  const { comparison, threshold } = each
  const { period, recordByModel } = comparison
  const undated = unbilledCost(unplaced, comparison)
  const untold = untoldCost(each)
  if (undated.cost === null || untold.cost === null) return decidingNanoUsd(each) + undatedBill(comparison) > 0n
  const more = undated.cost + untold.cost + ended
  if (period === null) return isExcess(deviationOf(each, more, undated.crossing + untold.crossing))
  const recorded = sum([...recordByModel.values()], ({ costNanoUsd }) => costNanoUsd) - period.youngNanoUsd
  return mayPart(period, { recorded, unbilled: more }, threshold)
}

/**
 * Whether a record that is short of the bill would not be, had the tasks that tell no cost recorded what fal billed for them. It
 * exceeds the bill whatever they cost.
 */
function isExplained({ comparison, books, threshold }: Case, { official, recorded }: Deviation): boolean {
  const { keyless, unplaced, modelMatches } = books
  const untold = billedForUntold(comparison, modelMatches)
  if (untold === 0n) return false
  if (untold === undefined) return true
  const cost = unplaced === undefined ? null : unplacedCost(unplaced, comparison)
  const undated = cost === null ? 0n : cost - undatedWithin(comparison)
  // Neither may be enough to explain it alone, and all together.
  const absent = undated + keylessCost(keyless, comparison)
  const short = official - recorded - untold - absent
  const withUndated = official + undatedWithin(comparison)
  if (short <= 0n || !exceeds(short, withUndated, threshold)) return true
  // Tasks of right before the window may explain the rest.
  return untold + absent !== 0n && isCarriedIn({ short, official: withUndated }, comparison, keyless, threshold)
}

/**
 * Whether tasks that tell no cost may have cost what makes a record exceed the bill: any amount, where fal billed nothing for them;
 * what it did bill for them, where others hold too much; beyond an edge what is too much already, or what a short record lacks.
 */
function mayExceed(each: Case, deviation: Deviation | undefined): boolean {
  if (isExcess(deviation) || decidingNanoUsd(each) <= 0n) return false
  const { comparison, bill, books } = each
  const { period, recordByModel } = comparison
  const billed = billedWithin(comparison, books.modelMatches)
  if (billed > 0n && isExcess(deviationOf(each, billed))) return true
  if (period !== null) return (period.untoldUnbilled ?? 0) > 0
  const any = untoldAcross(each)
  if (any > 0n && isExcess(deviationOf(each, any, any))) return true
  return [...recordByModel].some(([canonical, record]) => {
    const { untold, costNanoUsd } = record
    const isOpen = (untold?.within ?? 0) > 0 || (untold?.across !== undefined && deviation?.timing === false)
    const beyond = billedAs(canonical, bill, books.modelMatches) - costNanoUsd
    return isOpen && (mayBeTold(canonical, comparison, books) || mayBeForSome(record, beyond))
  })
}

/**
 * With usage alone, what successes that tell no cost and could have been billed outside the window count with, in the record and in
 * what an edge explains: as much as the bill, from where on it changes nothing; 0: there are none. Nano-USD.
 */
function untoldAcross({ comparison: { period, recordByModel }, bill }: Case): bigint {
  const isAny = [...recordByModel.values()].some(({ untold }) => untold?.across !== undefined)
  return period === null && isAny ? bill.costNanoUsd : 0n
}

/** Whether what was billed beyond a record may be for some alone of several successes that tell no cost: for all it is as dear as others. */
const mayBeForSome = (
  { untoldCosts = 0, dearestNanoUsd = ZERO_NANO_USD, roundingNanoUsd }: ModelRecord,
  beyond: bigint,
): boolean =>
  untoldCosts > 1 && (dearestNanoUsd === 0n || beyond + roundingNanoUsd < BigInt(untoldCosts) * dearestNanoUsd)

/**
 * What tasks that tell no cost and such without a key may add to a record together, and how much of that could have been billed outside
 * the window; null: nobody can tell. `reason`: why it is not known whose the latter are; absent: there are none. Nano-USD.
 */
function untoldCost(each: Case): { readonly cost: bigint | null; readonly crossing: bigint; readonly reason?: Reason } {
  const { comparison, books } = each
  const [told, across] = [billedWithin(comparison, books.modelMatches), untoldAcross(each)]
  const excess = books.keyless && keylessExcess(books.keyless, comparison)
  if (excess === undefined) return { cost: told + across, crossing: across }
  const { cost, crossing, reason } = excess
  return { cost: cost === null ? null : cost + told + across, crossing: crossing + across, reason }
}

/** Why a record is not said to be none that exceeds the bill: with tasks that name no key it may. */
function exceedsWithKeyless(each: Case, deviation: Deviation | undefined): Reason | undefined {
  const { cost, crossing, reason } = untoldCost(each)
  if (reason === undefined || isBreak(deviation) || decidingNanoUsd(each) <= 0n) return undefined
  return cost === null || isExcess(deviationOf(each, cost, crossing)) ? reason : undefined
}

/**
 * Whether a record would exceed the bill, or not be said to be short of it, had the pending tasks whose end cannot be read, or some
 * of them, ended long ago, whatever others may add to it of which something is not told. One that exceeds it does so without them.
 */
function hangsOnEnds(each: Case, deviation: Deviation | undefined): boolean {
  const { comparison, books } = each
  const { period } = comparison
  const endOpen = period?.endOpenNanoUsd ?? 0n
  if (period === null || endOpen <= 0n || isExcess(deviation)) return false
  if (!isBreak(deviation)) {
    if (isExcess(deviationOf(each, endOpen + (untoldCost(each).cost ?? 0n)))) return true
    return books.unplaced !== undefined && mayDeviate(each, deviation, books.unplaced, endOpen)
  }
  const youngNanoUsd = nanoUsd(period.youngNanoUsd - endOpen)
  const ended = { ...comparison, period: { ...period, youngNanoUsd, endOpenNanoUsd: nanoUsd(0n) } }
  const judged = judge({ ...each, comparison: ended })
  return !judged.known || !isShort(judged.value)
}

const isBreak = (deviation: Deviation | undefined): deviation is Deviation => deviation?.timing === false

const isExcess = (deviation: Deviation | undefined): boolean =>
  isBreak(deviation) && deviation.recorded > deviation.official

const isShort = (deviation: Deviation | undefined): deviation is Deviation =>
  isBreak(deviation) && deviation.recorded < deviation.official

/** The bill that decides: by the period of the tasks, where events are complete. */
const decidingNanoUsd = ({ comparison: { period }, bill }: Case): bigint => (period?.figures ?? bill).costNanoUsd

const isFar = (official: bigint, recorded: bigint, threshold: Ratio): boolean =>
  official > 0n && exceeds(abs(recorded - official), official, threshold)

/** `more`: what the record is held to hold besides; `crossing`: of it, what could have been billed outside the window. */
function deviationOf({ comparison, bill, threshold }: Case, more = 0n, crossing = 0n): Deviation | undefined {
  const { period, recordByModel } = comparison
  const records = [...recordByModel.values()]
  const recorded = sum(records, (record) => record.costNanoUsd) + more
  const raw = { official: bill.costNanoUsd, recorded }
  const isRawFar = isFar(raw.official, recorded, threshold)
  if (period !== null) {
    const settled = recorded - period.youngNanoUsd
    const official = period.figures.costNanoUsd
    if (!isFar(official, settled, threshold)) return isRawFar ? { ...raw, timing: true } : undefined
    const timing = !isFar(nearestBill(period, settled), settled, threshold)
    return { official, recorded: settled, timing }
  }
  if (!isRawFar) return undefined
  const difference = recorded - raw.official
  const allowed = sum(records, (record) => (difference < 0n ? record.crossingInNanoUsd : record.crossingOutNanoUsd))
  // Beside what is added to a record that agrees: a task whose end is not told may have ended in the middle.
  const agrees = !isFar(raw.official, recorded - more, threshold)
  const ended = more > 0n && agrees ? sum(records, (record) => record.endOpenOutNanoUsd ?? 0n) : 0n
  const allowance = allowed + (difference < 0n ? 0n : crossing - ended)
  const rounding = sum(records, (record) => record.roundingNanoUsd)
  return { ...raw, timing: allowance > 0n && abs(difference) <= allowance + rounding }
}

const findingOf = (
  { official, recorded, timing }: Deviation,
  { subject, period }: BillComparison,
  threshold: Ratio,
): FindingDraft => ({
  subject,
  expected: official,
  actual: recorded,
  unit: 'USD',
  count: 1,
  timing,
  evidence: NO_EVIDENCE,
  detail: {
    deviationPercent: percentBeside(abs(recorded - official), official, threshold),
    thresholdPercent: ratioPercent(threshold),
    ...(period === null ? {} : bridgeDetail(period)),
  },
})

const bridgeDetail = ({ bridge, youngNanoUsd, runningNanoUsd }: PeriodBill): FindingDraft['detail'] => ({
  billByEventTimeUsd: formatUsd(bridge.byEventTimeNanoUsd),
  carriedInUsd: formatUsd(bridge.carriedInNanoUsd),
  carriedOutUsd: formatUsd(bridge.carriedOutNanoUsd),
  billByTaskPeriodUsd: formatUsd(bridge.byTaskPeriodNanoUsd),
  pendingUsd: formatUsd(nanoUsd(youngNanoUsd - runningNanoUsd)),
  runningUsd: formatUsd(runningNanoUsd),
})
