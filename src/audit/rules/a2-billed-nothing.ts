import type { Subject } from '../../../schemas/report.ts'
import { sum } from '../../units/exact.ts'
import {
  type BillComparison,
  type BillFigures,
  type Books,
  type FindingDraft,
  type ModelMatches,
  type ModelRecord,
  type Reason,
  type Rule,
  type RuleOutcome,
  unknown,
} from './books.ts'
import { type KeylessDue, keylessDue } from './keyless-tasks.ts'
import { eventsShort, isBeyondMissing, mayBeMissing } from './missing-events.ts'
import { modelUntold, NAMELESS } from './nameless-tasks.ts'
import { mayBeBilledAround } from './tasks-without-id.ts'
import { dueModels, mayBeDueWithin, undatedBill } from './unplaced-tasks.ts'
import { tasksUntold } from './untold-tasks.ts'

/**
 * A2, per account and model: settled tasks of the window, not refunded, with cost or charge, but fal billed nothing for the
 * model on that key, neither under its own name nor under any that its tasks were billed as: by the period of the tasks where
 * billing events are complete; with usage alone it is TIMING where every one of them could have been billed outside the
 * window, and with events where none of them bears a request id besides. Nothing is said where fal's usage tells of more than
 * its events, which may be those of the model, nor of tasks that name none, nor where such a task of any account was billed as
 * what this one was billed for beyond its record of it, nor of what may be due of the account alone, or not at the edge alone,
 * since it names no key, nor where it was billed for a task whose time cannot be read, nor where the only tasks that could be
 * due have no such time, or do not tell their cost, or their charge, or bear requests that were billed and that tasks of other
 * times claim. Amounts in nano-USD. Source: rule A2 of the audit skill.
 */
export const a2BilledNothing: Rule = {
  id: 'A2',
  severity: 'HIGH',
  perWindow: true,
  evaluate(books) {
    const { comparisons, modelMatches, keyless, unplaced } = books
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const comparison of comparisons) {
      const { subject, bill, period, recordByModel } = comparison
      if (!bill.known) {
        notEvaluated.push({ subject, reason: bill.reason })
        continue
      }
      const { byModel } = period?.figures ?? bill.value
      const ofKeyless = keylessDue(keyless, comparison)
      for (const [canonical, record] of recordByModel) {
        const { due, untold } = record
        const endpoints = modelMatches.endpointsOf(canonical)
        if (isBilledAs(byModel, endpoints)) {
          if (due.count > 0) examined += 1
          continue
        }
        if (due.count === 0 && untold?.due === undefined) continue
        if (canonical === NAMELESS) {
          notEvaluated.push({ subject, reason: modelUntold(due.count + (untold?.due?.count ?? 0)) })
          continue
        }
        const isAcross = period === null && due.crossingCount === due.count
        const timing = isAcross || mayBeBilledAround(comparison, canonical, endpoints)
        const unbilled = { canonical, record, endpoints, byModel, isAcross, timing }
        const reason = openReason(unbilled, comparison, books, ofKeyless.get(canonical))
        if (reason === undefined) {
          examined += 1
          findings.push(findingOf(unbilled, subject))
        } else notEvaluated.push({ subject: { ...subject, model: record.model }, reason })
      }
      const undated = unplaced && dueModels(unplaced, comparison)
      if (unplaced && undated === null) notEvaluated.push({ subject, reason: unplaced.reason })
      notEvaluated.push(...dueAlone(comparison, byModel, modelMatches, [...(undated ?? []), ...ofKeyless]))
    }
    return { examined, findings, notEvaluated }
  },
}

/** A model with tasks that are due, or may be, and that fal billed nothing for. */
interface Unbilled {
  readonly canonical: string
  readonly record: ModelRecord
  /** As what its tasks were billed, or would be. */
  readonly endpoints: readonly string[]
  /** What decides of all that was billed. */
  readonly byModel: BillFigures['byModel']
  /** Whether each that is due could have been billed outside the window, by usage alone; or by whatever is known. */
  readonly isAcross: boolean
  readonly timing: boolean
}

/** Why it is not said of such a model. `keylessToo`: of the same, what names no key. */
function openReason(
  { canonical, record: { due, untold }, endpoints, byModel, isAcross, timing }: Unbilled,
  comparison: BillComparison,
  { modelMatches, unplaced }: Books,
  keylessToo: KeylessDue | undefined,
): Reason | undefined {
  const isShort = !isBeyondMissing(comparison, due.costNanoUsd) && mayBeMissing(comparison, endpoints, modelMatches)
  if (isShort) return eventsShort(comparison)
  // What one of any account was billed as would tell what tasks of this model may be billed as.
  if (isBilledForOthers(comparison, byModel, modelMatches)) {
    return modelUntold(comparison.recordByModel.get(NAMELESS)?.taskCount ?? 0)
  }
  const mayBeBilled =
    undatedBill(comparison, endpoints) !== 0n || mayBeBilledAs(comparison, unplaced?.links?.get(canonical))
  if (unplaced !== undefined && mayBeBilled) return unplaced.reason
  const twins = comparison.twins?.get(canonical) ?? 0
  if (due.count > 0 && twins >= due.count) return unknown('billed-elsewhen', { count: twins }).reason
  // They may be of the middle of the window.
  if (timing && unplaced !== undefined && mayBeDueWithin(unplaced, comparison, canonical)) return unplaced.reason
  if (timing && keylessToo?.isAcross === false) return keylessToo.reason
  // What they do not tell would make a break of what is none, or timing alone.
  const open = untold?.due
  const isOpen = open !== undefined && (due.count === 0 || (timing && !(isAcross && open.onlyCrossing)))
  return isOpen ? tasksUntold(open.code, open) : undefined
}

/** Whether more was billed as what tasks of no model were billed as, here or elsewhere, than those record that go by its names. */
const isBilledForOthers = (
  comparison: BillComparison,
  byModel: BillFigures['byModel'],
  { namelessEndpoints, storedNamesOf }: ModelMatches,
): boolean =>
  [...namelessEndpoints].some((endpoint) => {
    const recorded = sum(storedNamesOf(endpoint), (name) => {
      const { costNanoUsd = 0n, roundingNanoUsd = 0n } = comparison.recordByModel.get(name) ?? {}
      return costNanoUsd + roundingNanoUsd
    })
    // What was billed for a task without a readable time may be of the period too.
    return (byModel.get(endpoint)?.costNanoUsd ?? 0n) + undatedBill(comparison, [endpoint]) > recorded
  })

function findingOf({ record: { model, due }, timing }: Unbilled, subject: Subject): FindingDraft {
  const { costs = 0, charges = 0 } = due.untold ?? {}
  return {
    subject: { ...subject, model },
    expected: 0n,
    // What no task tells is no cost of 0.
    actual: costs === due.count ? null : due.costNanoUsd,
    unit: 'USD',
    count: due.count,
    timing,
    evidence: due.evidence,
    detail: {
      taskCount: due.count,
      ...(charges < due.count && { chargedPoints: String(due.chargedPoints) }),
      ...(costs > 0 && { untoldCosts: costs }),
      ...(charges > 0 && { untoldCharges: charges }),
    },
  }
}

/** Whether anything was billed as what tasks of a model may be billed as, for the request of one without a time. */
const mayBeBilledAs = (comparison: BillComparison, endpoints: ReadonlySet<string> = new Set()): boolean =>
  isBilledAs(comparison.period?.figures.byModel ?? new Map(), [...endpoints]) ||
  undatedBill(comparison, [...endpoints]) !== 0n

/**
 * Models of which no task is known to be the account's own and due, but others may be both, whose time cannot be read, or which name
 * no key; and that fal billed nothing for.
 */
const dueAlone = (
  { subject, recordByModel }: BillComparison,
  byModel: BillFigures['byModel'],
  matches: ModelMatches,
  others: readonly (readonly [string, { readonly model: string; readonly reason: Reason }])[],
): RuleOutcome['notEvaluated'] =>
  others.flatMap(([canonical, { model, reason }]) => {
    const record = recordByModel.get(canonical)
    if ((record?.due.count ?? 0) > 0 || record?.untold?.due !== undefined) return []
    if (canonical === NAMELESS) return [{ subject, reason }]
    if (isBilledAs(byModel, matches.endpointsOf(canonical))) return []
    return [{ subject: { ...subject, model: record?.model ?? model }, reason }]
  })

const isBilledAs = (byModel: BillFigures['byModel'], endpoints: readonly string[]): boolean =>
  endpoints.some((endpoint) => (byModel.get(endpoint)?.costNanoUsd ?? 0n) !== 0n)
