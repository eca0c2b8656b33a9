import { sum } from '../../units/exact.ts'
import {
  type BillComparison,
  type Books,
  type FindingDraft,
  type ModelMatches,
  NO_EVIDENCE,
  type Reason,
  type Rule,
  type RuleOutcome,
} from './books.ts'
import { mayBeCarriedKeyless, mayBeKeyless } from './keyless-tasks.ts'
import { eventsShort, isRecorded } from './missing-events.ts'
import { modelUntold, NAMELESS } from './nameless-tasks.ts'
import { hasUnplaced, mayRecord } from './unplaced-tasks.ts'
import { joinTasks, tasksUntold, type UntoldTasks } from './untold-tasks.ts'

/**
 * A3, per account and model: fal billed the model on the key, but no task at all records it, neither under its own name nor
 * under any that was billed as it. By the period of the tasks where billing events are complete; with usage alone it is TIMING
 * where tasks outside the window that could have been billed within it cost as much, and nothing is said where such tasks tell
 * no cost, and so may have; with events the same holds of those that bear no request id. Nothing is said of a model whose
 * usage tells of more than its events, nor where tasks name no model, have no readable time, or name no key: they may be of
 * this one, or it may have been billed for one of them alone. Amounts in nano-USD. Source: rule A3 of the audit skill.
 */
export const a3RecordedNothing: Rule = {
  id: 'A3',
  severity: 'HIGH',
  perWindow: true,
  evaluate(books) {
    const { comparisons, modelMatches, unplaced } = books
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const comparison of comparisons) {
      const { subject, bill, period, missing } = comparison
      if (!bill.known) {
        notEvaluated.push({ subject, reason: bill.reason })
        continue
      }
      const isOpen = (canonical: string): boolean =>
        missing?.has(canonical) === true && !isRecorded(comparison, canonical, modelMatches)
      // Of what events are missing the matches do not show by which name tasks record it.
      for (const canonical of missing?.keys() ?? []) {
        if (!isOpen(canonical)) continue
        const model = bill.value.byModel.get(canonical)?.model ?? canonical
        notEvaluated.push({ subject: { ...subject, model }, reason: eventsShort(comparison) })
      }
      const { byModel } = period?.figures ?? bill.value
      for (const [canonical, { costNanoUsd }] of byModel) if (costNanoUsd > 0n && !isOpen(canonical)) examined += 1
      const unrecorded = unrecordedModels(comparison, byModel, modelMatches)
      for (const each of unrecorded.filter(({ canonical }) => !isOpen(canonical))) {
        const ofModel = { ...subject, model: each.model }
        const timing = mayBeCarriedIn(each, unrecorded)
        const reason =
          recordOpen(each, comparison, books) ?? (timing ? undefined : carriedOpen(each, unrecorded, comparison, books))
        if (reason !== undefined) {
          notEvaluated.push({ subject: ofModel, reason })
          examined -= 1
          continue
        }
        findings.push({
          subject: ofModel,
          expected: each.billed,
          actual: 0n,
          unit: 'USD',
          count: 1,
          timing,
          evidence: NO_EVIDENCE,
          detail: {},
        })
      }
      notEvaluated.push(...unplacedAlone(comparison, modelMatches, unplaced))
    }
    return { examined, findings, notEvaluated }
  },
}

/** Why it is not said that no task of the window records a model: such tasks name no model, no key, or have no readable time. */
function recordOpen(
  { canonical }: Unrecorded,
  comparison: BillComparison,
  { modelMatches, keyless, unplaced }: Books,
): Reason | undefined {
  const { period, recordByModel } = comparison
  const nameless = recordByModel.get(NAMELESS)?.taskCount ?? 0
  // Request by request the matches tell as what they were billed, but for those without one.
  if (nameless > 0 && (period === null || period.namelessOpen > 0)) return modelUntold(nameless)
  const keyUntold = mayBeKeyless(keyless, comparison, modelMatches.storedNamesOf(canonical))
  if (keyUntold !== undefined) return keyUntold
  if (unplaced !== undefined && mayRecord(unplaced, comparison, canonical, modelMatches)) return unplaced.reason
  // What one of any account was billed as would tell a name that tasks of this one may store.
  const mayBeNamed = modelMatches.namelessEndpoints.has(canonical) && mayHaveTasks(comparison, keyless, unplaced)
  return mayBeNamed ? modelUntold(nameless) : undefined
}

/** Whether tasks of any name are the account's, or may be: they name no key, or no time. */
const mayHaveTasks = (comparison: BillComparison, keyless: Books['keyless'], unplaced: Books['unplaced']): boolean =>
  comparison.recordByModel.size > 0 ||
  mayBeKeyless(keyless, comparison, [...(keyless?.byModel.keys() ?? [])]) !== undefined ||
  (unplaced !== undefined && hasUnplaced(unplaced, comparison))

/** Why it is not said that tasks of right before the window do not explain what was billed as a model: they tell no cost, or no key. */
function carriedOpen(
  one: Unrecorded,
  all: readonly Unrecorded[],
  comparison: BillComparison,
  { modelMatches, keyless }: Books,
): Reason | undefined {
  const untold = untoldCarriedIn(one, all)
  if (untold !== undefined) return tasksUntold('cost-untold', untold)
  if (!one.isOpen) return undefined
  const left = one.billed - sum(one.carried, ({ costNanoUsd }) => costNanoUsd)
  return mayBeCarriedKeyless(keyless, left, modelMatches.storedNamesOf(one.canonical), comparison)
}

/** Models that fal billed for none but tasks without a readable time, which no account of this bill would record. */
function unplacedAlone(
  comparison: BillComparison,
  matches: ModelMatches,
  unplaced: Books['unplaced'],
): RuleOutcome['notEvaluated'] {
  const { subject, period } = comparison
  if (unplaced === undefined || period === null) return []
  const models = new Map(period.undatedTasks?.flatMap(({ unrecorded }) => [...(unrecorded ?? [])]))
  return [...models].flatMap(([canonical, model]) => {
    const isBilled = (period.figures.byModel.get(canonical)?.costNanoUsd ?? 0n) > 0n
    if (isBilled || isRecorded(comparison, canonical, matches)) return []
    return [{ subject: { ...subject, model }, reason: unplaced.reason }]
  })
}

/** A model that was billed and that no task of the window records. */
interface Unrecorded {
  readonly canonical: string
  readonly model: string
  readonly billed: bigint
  /** Whether all of it may have been billed for tasks outside the window. */
  readonly isOpen: boolean
  /** Models with tasks outside the window that may have been billed within it as this one. */
  readonly carried: ReadonlySet<Carried>
}

/** Tasks of one model outside the window that may have been billed within it: what they cost at most, and which tell no cost. */
interface Carried {
  readonly costNanoUsd: bigint
  readonly untold: UntoldTasks | undefined
}

/** By canonical stored name. With billing events only those that bear no request id are of such. */
function carriedIn({ period, recordByModel }: BillComparison): Map<string, Carried> {
  const carried = new Map<string, Carried>()
  for (const [name, { crossingInNanoUsd, roundingNanoUsd, untold, withoutId }] of recordByModel) {
    const costNanoUsd = period === null ? crossingInNanoUsd : (withoutId?.inNanoUsd ?? 0n)
    const tasks = period === null ? untold?.crossingIn : withoutId?.untoldIn
    if (costNanoUsd <= 0n && (tasks?.count ?? 0) === 0) continue
    const rounding = period === null ? roundingNanoUsd : 0n
    carried.set(name, { costNanoUsd: costNanoUsd > 0n ? costNanoUsd + rounding : 0n, untold: tasks })
  }
  return carried
}

function unrecordedModels(
  comparison: BillComparison,
  byModel: ReadonlyMap<string, { readonly model: string; readonly costNanoUsd: bigint }>,
  { storedNamesOf }: ModelMatches,
): Unrecorded[] {
  const { period, recordByModel } = comparison
  const carried = carriedIn(comparison)
  const unrecorded: Unrecorded[] = []
  for (const [canonical, { model, costNanoUsd: billed }] of byModel) {
    if (billed <= 0n) continue
    const names = storedNamesOf(canonical)
    if (names.some((name) => (recordByModel.get(name)?.taskCount ?? 0) > 0)) continue
    // What a task of another account was billed for is none of theirs.
    const isOpen = period === null || (period.withoutId?.unclaimed.get(canonical) ?? 0n) >= billed
    const own = isOpen ? [...names, NAMELESS].flatMap((name) => carried.get(name) ?? []) : []
    unrecorded.push({ canonical, model, billed, isOpen, carried: new Set(own) })
  }
  return unrecorded
}

const carriesUntold = ({ untold }: Carried): boolean => (untold?.count ?? 0) > 0

/** Tasks explain a bill once: those that could have been billed as several models must cost as much as all of these. */
function mayBeCarriedIn(one: Unrecorded, all: readonly Unrecorded[]): boolean {
  if (![...one.carried].some(({ costNanoUsd }) => costNanoUsd > 0n)) return false
  return [one.carried, reachOf(one, all)].every((records) => explainAll(records, all))
}

/**
 * Tasks that tell no cost and so may explain a bill that others do not; undefined: none, or they would not be enough whatever
 * they cost.
 */
function untoldCarriedIn(one: Unrecorded, all: readonly Unrecorded[]): UntoldTasks | undefined {
  const reach = reachOf(one, all)
  const mayExplain = (records: ReadonlySet<Carried>): boolean =>
    [...records].some(carriesUntold) || explainAll(records, all)
  if (one.carried.size === 0 || ![one.carried, reach].every(mayExplain)) return undefined
  return joinTasks([...reach].flatMap(({ untold }) => untold ?? []))
}

/** Whether what can have been billed for nothing but these tasks is no more than they cost. */
function explainAll(records: ReadonlySet<Carried>, all: readonly Unrecorded[]): boolean {
  const theirs = all.filter(({ carried }) => carried.size > 0 && [...carried].every((record) => records.has(record)))
  return sum(theirs, ({ billed }) => billed) <= sum([...records], ({ costNanoUsd }) => costNanoUsd)
}

/** The tasks of a model, those of all that share some with it, and so on. */
function reachOf(from: Unrecorded, all: readonly Unrecorded[]): Set<Carried> {
  const reach = new Set(from.carried)
  for (let before = 0; before < reach.size; ) {
    before = reach.size
    for (const { carried } of all) {
      if ([...carried].some((record) => reach.has(record))) for (const record of carried) reach.add(record)
    }
  }
  return reach
}
