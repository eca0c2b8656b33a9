import { abs, sum } from '../../units/exact.ts'
import { formatUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { exceeds, percentBeside, type Ratio, ratioPercent } from '../../units/ratio.ts'
import { billedAs, billedForUntold, billedWithin } from './billed-for-untold.ts'
import type { BillComparison, FindingDraft, ModelMatches, ModelRecord, PeriodBill, Reason, Rule } from './books.ts'
import { NO_EVIDENCE } from './books.ts'
import { isCarriedIn, type KeylessTasks, keylessCost, keylessExcess, shortForKeyless } from './keyless-tasks.ts'
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
  evaluate(books, settings) {
    const { comparisons, modelMatches, keyless, unplaced, untold } = books
    const { thresholds } = settings
    const judge = (other: BillComparison) =>
      a1CostDeviation.evaluate({ ...books, comparisons: [other] }, settings).findings
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const comparison of comparisons) {
      if (!comparison.bill.known) {
        notEvaluated.push({ subject: comparison.subject, reason: comparison.bill.reason })
        continue
      }
      if (hangsOnMissing(comparison, thresholds.a1DeviationRatio)) {
        notEvaluated.push({ subject: comparison.subject, reason: eventsShort(comparison) })
        continue
      }
      const finding = deviation(comparison, comparison.bill.value.costNanoUsd, thresholds.a1DeviationRatio)
      const atEdge = finding && edgeUntold(finding, comparison, thresholds.a1DeviationRatio)
      if (atEdge !== undefined) {
        notEvaluated.push({ subject: comparison.subject, reason: tasksUntold('cost-untold', atEdge) })
        continue
      }
      const keyUntold = finding && shortForKeyless(finding, keyless, comparison, thresholds.a1DeviationRatio)
      if (keyUntold !== undefined) {
        notEvaluated.push({ subject: comparison.subject, reason: keyUntold })
        continue
      }
      if (finding !== undefined && unplaced !== undefined) {
        if (hangsOnUnplaced(comparison, unplaced, finding, thresholds.a1DeviationRatio, keyless)) {
          notEvaluated.push({ subject: comparison.subject, reason: unplaced.reason })
          continue
        }
      }
      const cost = unplaced === undefined ? null : unplacedCost(unplaced, comparison)
      const undatedNanoUsd = cost === null ? 0n : cost - undatedWithin(comparison)
      if (
        mayExceed(finding, comparison, modelMatches, thresholds.a1DeviationRatio) ||
        (finding !== undefined &&
          isExplained(finding, comparison, modelMatches, thresholds.a1DeviationRatio, undatedNanoUsd, keyless))
      ) {
        const { accountId } = comparison.subject
        const tasks = accountId === undefined ? undefined : untold?.costs.get(accountId)
        notEvaluated.push({ subject: comparison.subject, reason: tasksUntold('cost-untold', tasks) })
        continue
      }
      const keylessMore = exceedsWithKeyless(finding, comparison, keyless, thresholds.a1DeviationRatio)
      if (keylessMore !== undefined) {
        notEvaluated.push({ subject: comparison.subject, reason: keylessMore })
        continue
      }
      if (
        unplaced !== undefined &&
        mayDeviate(finding, comparison, modelMatches, unplaced, thresholds.a1DeviationRatio, keyless)
      ) {
        notEvaluated.push({ subject: comparison.subject, reason: unplaced.reason })
        continue
      }
      if (hangsOnEnds(finding, comparison, thresholds.a1DeviationRatio, judge)) {
        const { accountId } = comparison.subject
        const tasks = accountId === undefined ? undefined : untold?.ends?.get(accountId)
        notEvaluated.push({ subject: comparison.subject, reason: tasksUntold('end-untold', tasks) })
        continue
      }
      examined += 1
      if (finding !== undefined) findings.push(finding)
    }
    return { examined, findings, notEvaluated }
  },
}

/**
 * Where fal's usage tells of more than its events, the bill of the period is somewhere between them and as much more: whether it
 * depends on that what is to be said.
 */
function hangsOnMissing(comparison: BillComparison, threshold: Ratio): boolean {
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
  comparison: BillComparison,
  unplaced: UnplacedTasks,
  { expected, actual, timing }: FindingDraft,
  threshold: Ratio,
  keyless: KeylessTasks | undefined,
): boolean {
  const { period } = comparison
  const [official, recorded] = [expected ?? 0n, actual ?? 0n]
  if (recorded > official) {
    if (period === null || timing === true) return false
    const bill = official + missingNanoUsd(comparison)
    const beyond = period.undatedBeyondNanoUsd ?? 0n
    return !exceeds(recorded - bill - beyond, bill + undatedBill(comparison), threshold)
  }
  const cost = unplacedCost(unplaced, comparison)
  if (cost === null) return true
  // Of the bill by event time they have theirs already.
  const [within, besides] = timing === true ? [0n, 0n] : [undatedWithin(comparison), keylessCost(keyless, comparison)]
  if (!exceeds(official - recorded - (cost - within) - besides, official + within, threshold)) return true
  if (timing === true || cost === 0n) return false
  // They may be of right before the window, as what explains the difference.
  return isCarriedIn({ short: official - recorded - cost - besides, official }, comparison, keyless, threshold)
}

/** Tasks of right before the window without a request id that tell no cost, and may be what a short record lacks. */
function edgeUntold(
  { actual, timing }: FindingDraft,
  comparison: BillComparison,
  threshold: Ratio,
): UntoldTasks | undefined {
  if (timing === true || actual === null) return undefined
  return untoldIn(comparison, actual, (bill) => bill > 0n && exceeds(abs(actual - bill), bill, threshold))
}

/** Whether tasks whose time cannot be read, with others of which something is not told, would make a break of what is none. */
function mayDeviate(
  finding: FindingDraft | undefined,
  comparison: BillComparison,
  matches: ModelMatches,
  unplaced: UnplacedTasks,
  threshold: Ratio,
  keyless: KeylessTasks | undefined,
): boolean {
  const { bill, period, recordByModel } = comparison
  if (!bill.known || (finding !== undefined && finding.timing !== true)) return false
  const { cost, crossing } = unbilledCost(unplaced, comparison)
  const also = keyless && keylessExcess(keyless, comparison)
  if (cost === null || also?.cost === null)
    return (period?.figures ?? bill.value).costNanoUsd + undatedBill(comparison) > 0n
  const more = cost + billedWithin(comparison, matches) + (also?.cost ?? 0n)
  const across = crossing + (also?.crossing ?? 0n)
  if (period === null) return isExcess(deviation(comparison, bill.value.costNanoUsd, threshold, more, across))
  const recorded = sum([...recordByModel.values()], ({ costNanoUsd }) => costNanoUsd) - period.youngNanoUsd
  return mayPart(period, { recorded, unbilled: more }, threshold)
}

/**
 * Whether a record that is short of the bill would not be, had the tasks that tell no cost recorded what fal billed for them. It
 * exceeds the bill whatever they cost.
 */
function isExplained(
  { expected, actual, timing }: FindingDraft,
  comparison: BillComparison,
  matches: ModelMatches,
  threshold: Ratio,
  undatedNanoUsd: bigint,
  keyless: KeylessTasks | undefined,
): boolean {
  if (timing === true || expected === null || actual === null || actual >= expected) return false
  const untold = billedForUntold(comparison, matches)
  if (untold === 0n) return false
  if (untold === undefined) return true
  // Neither may be enough to explain it alone, and all together.
  const absent = undatedNanoUsd + keylessCost(keyless, comparison)
  const short = expected - actual - untold - absent
  if (short <= 0n || !exceeds(short, expected + undatedWithin(comparison), threshold)) return true
  // Tasks of right before the window may explain the rest.
  const official = expected + undatedWithin(comparison)
  return untold + absent !== 0n && isCarriedIn({ short, official }, comparison, keyless, threshold)
}

/**
 * Whether tasks that tell no cost may have cost what makes a record exceed the bill: any amount, where fal billed nothing for them;
 * what it did bill for them, where others hold too much; beyond an edge what is too much already, or what a short record lacks.
 */
function mayExceed(
  finding: FindingDraft | undefined,
  comparison: BillComparison,
  matches: ModelMatches,
  threshold: Ratio,
): boolean {
  const { bill, period, recordByModel } = comparison
  if (!bill.known || isExcess(finding) || (period?.figures ?? bill.value).costNanoUsd <= 0n) return false
  const billed = billedWithin(comparison, matches)
  if (billed > 0n && isExcess(deviation(comparison, bill.value.costNanoUsd, threshold, billed))) return true
  if (period !== null) return (period.untoldUnbilled ?? 0) > 0
  const raw = bill.value.costNanoUsd
  const isAcross = [...recordByModel.values()].some(({ untold }) => untold?.across !== undefined)
  if (isAcross && isExcess(deviation(comparison, raw, threshold, raw, raw))) return true
  return [...recordByModel].some(([canonical, record]) => {
    const { untold, costNanoUsd, roundingNanoUsd } = record
    const isOpen = (untold?.within ?? 0) > 0 || (untold?.across !== undefined && finding?.timing === false)
    const beyond = billedAs(canonical, bill.value, matches) - costNanoUsd
    return isOpen && (beyond <= roundingNanoUsd || mayBeForSome(record, beyond))
  })
}

/** Whether what was billed beyond a record may be for some alone of several successes that tell no cost: for all it is as dear as others. */
const mayBeForSome = (
  { untoldCosts = 0, dearestNanoUsd = ZERO_NANO_USD, roundingNanoUsd }: ModelRecord,
  beyond: bigint,
): boolean =>
  untoldCosts > 1 && (dearestNanoUsd === 0n || beyond + roundingNanoUsd < BigInt(untoldCosts) * dearestNanoUsd)

/** Why a record is not said to be none that exceeds the bill: with tasks that name no key it may. */
function exceedsWithKeyless(
  finding: FindingDraft | undefined,
  comparison: BillComparison,
  keyless: KeylessTasks | undefined,
  threshold: Ratio,
): Reason | undefined {
  const { bill, period } = comparison
  const excess = keyless && keylessExcess(keyless, comparison)
  if (excess === undefined || !bill.known || (finding !== undefined && finding.timing !== true)) return undefined
  if ((period?.figures ?? bill.value).costNanoUsd <= 0n) return undefined
  const { cost, crossing, reason } = excess
  if (cost === null) return reason
  return isExcess(deviation(comparison, bill.value.costNanoUsd, threshold, cost, crossing)) ? reason : undefined
}

/**
 * Whether a record would exceed the bill, or not be said to be short of it, had the pending tasks whose end cannot be read, or some
 * of them, ended long ago. One that exceeds it does so without them. `judge`: what A1 finds of another comparison.
 */
function hangsOnEnds(
  finding: FindingDraft | undefined,
  comparison: BillComparison,
  threshold: Ratio,
  judge: (other: BillComparison) => readonly FindingDraft[],
): boolean {
  const { bill, period } = comparison
  const endOpen = period?.endOpenNanoUsd ?? 0n
  if (!bill.known || period === null || endOpen <= 0n || isExcess(finding)) return false
  if (finding === undefined || finding.timing === true)
    return isExcess(deviation(comparison, bill.value.costNanoUsd, threshold, endOpen))
  const youngNanoUsd = nanoUsd(period.youngNanoUsd - endOpen)
  const [ended] = judge({ ...comparison, period: { ...period, youngNanoUsd, endOpenNanoUsd: nanoUsd(0n) } })
  return ended === undefined || ended.timing === true || isExcess(ended)
}

const isExcess = (finding: FindingDraft | undefined): boolean =>
  finding !== undefined && finding.timing !== true && (finding.actual ?? 0n) > (finding.expected ?? 0n)

/** `more`: what the record is held to hold besides; `crossing`: of it, what could have been billed outside the window. */
function deviation(
  comparison: BillComparison,
  raw: NanoUsd,
  threshold: Ratio,
  more = 0n,
  crossing = 0n,
): FindingDraft | undefined {
  const { subject, period, recordByModel } = comparison
  const records = [...recordByModel.values()]
  const recorded = sum(records, (record) => record.costNanoUsd) + more
  const far = (official: bigint, record: bigint): boolean =>
    official > 0n && exceeds(abs(record - official), official, threshold)
  const draft = (official: bigint, record: bigint, timing: boolean): FindingDraft => ({
    subject,
    expected: official,
    actual: record,
    unit: 'USD',
    count: 1,
    timing,
    evidence: NO_EVIDENCE,
    detail: {
      deviationPercent: percentBeside(abs(record - official), official, threshold),
      thresholdPercent: ratioPercent(threshold),
      ...(period === null ? {} : bridgeDetail(period)),
    },
  })
  if (period !== null) {
    const settled = recorded - period.youngNanoUsd
    const official = period.figures.costNanoUsd
    if (far(official, settled)) return draft(official, settled, !far(nearestBill(period, settled), settled))
    return far(raw, recorded) ? draft(raw, recorded, true) : undefined
  }
  if (!far(raw, recorded)) return undefined
  const difference = recorded - raw
  const allowed = sum(records, (record) => (difference < 0n ? record.crossingInNanoUsd : record.crossingOutNanoUsd))
  // Beside what is added to a record that agrees: a task whose end is not told may have ended in the middle.
  const ended = more > 0n && !far(raw, recorded - more) ? sum(records, (record) => record.endOpenOutNanoUsd ?? 0n) : 0n
  const allowance = allowed + (difference < 0n ? 0n : crossing - ended)
  const rounding = sum(records, (record) => record.roundingNanoUsd)
  return draft(raw, recorded, allowance > 0n && abs(difference) <= allowance + rounding)
}

const bridgeDetail = ({ bridge, youngNanoUsd, runningNanoUsd }: PeriodBill): FindingDraft['detail'] => ({
  billByEventTimeUsd: formatUsd(bridge.byEventTimeNanoUsd),
  carriedInUsd: formatUsd(bridge.carriedInNanoUsd),
  carriedOutUsd: formatUsd(bridge.carriedOutNanoUsd),
  billByTaskPeriodUsd: formatUsd(bridge.byTaskPeriodNanoUsd),
  pendingUsd: formatUsd(nanoUsd(youngNanoUsd - runningNanoUsd)),
  runningUsd: formatUsd(runningNanoUsd),
})
