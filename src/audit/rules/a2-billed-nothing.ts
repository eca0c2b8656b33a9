import { sum } from '../../units/exact.ts'
import {
  type BillComparison,
  type BillFigures,
  type Books,
  type FindingDraft,
  type ModelMatches,
  type Rule,
  type RuleOutcome,
  unknown,
} from './books.ts'
import { keylessDue } from './keyless-tasks.ts'
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
 * what this one was billed for beyond its record of it, nor of what may be due of the account alone, or not at the edge alone, since it names no key, nor
 * where it was billed for a task whose time cannot be read, nor where the only tasks that could be due have no such time, or do
 * not tell their cost, or their charge, or bear requests that were billed and that tasks of other times claim. Amounts in
 * nano-USD. Source: rule A2 of the audit skill.
 */
export const a2BilledNothing: Rule = {
  id: 'A2',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ comparisons, modelMatches, keyless, unplaced }) {
    const findings: FindingDraft[] = []
    const notEvaluated = []
    let examined = 0
    for (const comparison of comparisons) {
      const { subject, bill, period, recordByModel } = comparison
      if (!bill.known) {
        notEvaluated.push({ subject, reason: bill.reason })
        continue
      }
      const ofKeyless = keylessDue(keyless, comparison)
      for (const [canonical, { model, due, untold }] of recordByModel) {
        const open = untold?.due
        if (due.count === 0 && open === undefined) continue
        const { byModel } = period?.figures ?? bill.value
        const endpoints = modelMatches.endpointsOf(canonical)
        const isBilled = isBilledAs(byModel, endpoints)
        if (isBilled && due.count === 0) continue
        if (!isBilled && canonical === NAMELESS) {
          notEvaluated.push({ subject, reason: modelUntold(due.count + (open?.count ?? 0)) })
          continue
        }
        const isOpen =
          !isBeyondMissing(comparison, due.costNanoUsd) && mayBeMissing(comparison, endpoints, modelMatches)
        if (!isBilled && isOpen) {
          notEvaluated.push({ subject: { ...subject, model }, reason: eventsShort(comparison) })
          continue
        }
        // What one of any account was billed as would tell what tasks of this model may be billed as.
        if (!isBilled && isBilledForOthers(comparison, byModel, modelMatches)) {
          const nameless = recordByModel.get(NAMELESS)?.taskCount ?? 0
          notEvaluated.push({ subject: { ...subject, model }, reason: modelUntold(nameless) })
          continue
        }
        const mayBeBilled =
          undatedBill(comparison, endpoints) !== 0n || mayBeBilledAs(comparison, unplaced?.links?.get(canonical))
        if (!isBilled && unplaced !== undefined && mayBeBilled) {
          notEvaluated.push({ subject: { ...subject, model }, reason: unplaced.reason })
          continue
        }
        const twins = comparison.twins?.get(canonical) ?? 0
        if (!isBilled && due.count > 0 && twins >= due.count) {
          notEvaluated.push({
            subject: { ...subject, model },
            reason: unknown('billed-elsewhen', { count: twins }).reason,
          })
          continue
        }
        const isAcross = period === null && due.crossingCount === due.count
        const timing = isAcross || mayBeBilledAround(comparison, canonical, endpoints)
        // They may be of the middle of the window.
        if (!isBilled && timing && unplaced !== undefined && mayBeDueWithin(unplaced, comparison, canonical)) {
          notEvaluated.push({ subject: { ...subject, model }, reason: unplaced.reason })
          continue
        }
        const keylessToo = ofKeyless.get(canonical)
        if (!isBilled && timing && keylessToo?.isAcross === false) {
          notEvaluated.push({ subject: { ...subject, model }, reason: keylessToo.reason })
          continue
        }
        // What they do not tell would make a break of what is none, or timing alone.
        if (!isBilled && open !== undefined && (due.count === 0 || (timing && !(isAcross && open.onlyCrossing)))) {
          notEvaluated.push({ subject: { ...subject, model }, reason: tasksUntold(open.code, open) })
          continue
        }
        examined += 1
        if (isBilled) continue
        const { costs = 0, charges = 0 } = due.untold ?? {}
        findings.push({
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
        })
      }
      notEvaluated.push(...unplacedAlone(comparison, modelMatches, unplaced))
      notEvaluated.push(...keylessAlone(comparison, modelMatches, ofKeyless))
    }
    return { examined, findings, notEvaluated }
  },
}

/** Whether more was billed as what tasks of no model were billed as, here or elsewhere, than those record that go by its names. */
const isBilledForOthers = (
  { recordByModel }: BillComparison,
  byModel: BillFigures['byModel'],
  { namelessEndpoints, storedNamesOf }: ModelMatches,
): boolean =>
  [...namelessEndpoints].some((endpoint) => {
    const recorded = sum(storedNamesOf(endpoint), (name) => {
      const { costNanoUsd = 0n, roundingNanoUsd = 0n } = recordByModel.get(name) ?? {}
      return costNanoUsd + roundingNanoUsd
    })
    return (byModel.get(endpoint)?.costNanoUsd ?? 0n) > recorded
  })

/** Whether anything was billed as what tasks of a model may be billed as, for the request of one without a time. */
const mayBeBilledAs = (comparison: BillComparison, endpoints: ReadonlySet<string> = new Set()): boolean =>
  isBilledAs(comparison.period?.figures.byModel ?? new Map(), [...endpoints]) ||
  undatedBill(comparison, [...endpoints]) !== 0n

/** Models of which no task of the window is due, but one whose time cannot be read may be, and that fal billed nothing for. */
function unplacedAlone(
  comparison: BillComparison,
  matches: ModelMatches,
  unplaced: Books['unplaced'],
): RuleOutcome['notEvaluated'] {
  const { subject, bill, period, recordByModel } = comparison
  if (unplaced === undefined || !bill.known) return []
  const { byModel } = period?.figures ?? bill.value
  const models = dueModels(unplaced, comparison)
  if (models === null) return [{ subject, reason: unplaced.reason }]
  return [...models].flatMap(([canonical, stored]) => {
    const record = recordByModel.get(canonical)
    if ((record?.due.count ?? 0) > 0 || record?.untold?.due !== undefined) return []
    if (canonical === NAMELESS) return [{ subject, reason: unplaced.reason }]
    if (isBilledAs(byModel, matches.endpointsOf(canonical))) return []
    return [{ subject: { ...subject, model: record?.model ?? stored }, reason: unplaced.reason }]
  })
}

/** Models of which no task of the account is due, but one that names no key is and may be its own, and that fal billed nothing for. */
function keylessAlone(
  { subject, bill, period, recordByModel }: BillComparison,
  matches: ModelMatches,
  ofKeyless: ReturnType<typeof keylessDue>,
): RuleOutcome['notEvaluated'] {
  if (!bill.known) return []
  const { byModel } = period?.figures ?? bill.value
  return [...ofKeyless].flatMap(([canonical, { model: stored, reason }]) => {
    const record = recordByModel.get(canonical)
    if ((record?.due.count ?? 0) > 0 || record?.untold?.due !== undefined) return []
    if (canonical === NAMELESS) return [{ subject, reason }]
    if (isBilledAs(byModel, matches.endpointsOf(canonical))) return []
    return [{ subject: { ...subject, model: record?.model ?? stored }, reason }]
  })
}

const isBilledAs = (byModel: BillFigures['byModel'], endpoints: readonly string[]): boolean =>
  endpoints.some((endpoint) => (byModel.get(endpoint)?.costNanoUsd ?? 0n) !== 0n)
