import { sum } from '../../units/exact.ts'
import type { BillComparison, BillFigures, Books, ModelMatches, ModelRecord } from './books.ts'
import { NAMELESS } from './nameless-tasks.ts'
import { unplacedAs } from './unplaced-tasks.ts'

/** What fal billed for tasks of the window that tell no cost; with usage alone, of their models what lies beyond the record. */
export function billedWithin({ bill, period, recordByModel }: BillComparison, matches: ModelMatches): bigint {
  if (period !== null || !bill.known) return period?.untoldNanoUsd ?? 0n
  return sum([...recordByModel], ([canonical, { untold, costNanoUsd }]) => {
    const beyond = billedAs(canonical, bill.value, matches) - costNanoUsd
    return (untold?.within ?? 0) > 0 && beyond > 0n ? beyond : 0n
  })
}

/** What fal billed for a model that tasks record, under any name that it is known to stand for. */
export const billedAs = (canonical: string, { byModel }: BillFigures, matches: ModelMatches): bigint =>
  sum(matches.endpointsOf(canonical), (endpoint) => byModel.get(endpoint)?.costNanoUsd ?? 0n)

/**
 * Whether, with usage alone, all that fal billed for a model may be for tasks that tell their cost: those that record it, and such as
 * name no model, no key or no time, which may be of it.
 */
export function mayBeTold(
  canonical: string,
  comparison: BillComparison,
  { modelMatches, keyless, unplaced }: Pick<Books, 'modelMatches' | 'keyless' | 'unplaced'>,
): boolean {
  const { bill, recordByModel } = comparison
  if (!bill.known) return false
  const names = [...new Set([canonical, NAMELESS])]
  const own = names.flatMap((name) => recordByModel.get(name) ?? [])
  const nobodys = names.flatMap((name) => keyless?.byModel.get(name) ?? [])
  const recorded = sum([...own, ...nobodys], ({ costNanoUsd, roundingNanoUsd }) => costNanoUsd + roundingNanoUsd)
  const undated = unplaced === undefined ? 0n : unplacedAs(unplaced, comparison, canonical)
  return billedAs(canonical, bill.value, modelMatches) <= recorded + undated
}

/**
 * What fal billed at most for tasks that tell no cost: with billing events what it did; without, of their models what lies beyond
 * the record. Undefined: it billed no such model by that name, so that it may be anything. Of tasks that failed or still run it
 * bills none as a rule: they account for no other names, and each for no more than the dearest task of its model. One that names
 * none may be of any.
 */
export function billedForUntold(comparison: BillComparison, matches: ModelMatches): bigint | undefined {
  const { bill, period, recordByModel } = comparison
  if (period !== null) return period.untoldNanoUsd ?? 0n
  let most = 0n
  for (const [canonical, { untoldCosts = 0, untold, costNanoUsd, dearestNanoUsd }] of recordByModel) {
    const unended = untold?.unended ?? 0
    if ((untoldCosts === 0 && unended === 0) || !bill.known) continue
    const billed = billedAs(canonical, bill.value, matches)
    if (billed === 0n && untoldCosts > 0) return undefined
    const dearest = untoldCosts > 0 ? 0n : dearestNanoUsd
    most +=
      canonical === NAMELESS
        ? billedForNameless(unended, bill.value, recordByModel, matches)
        : noMoreThan(billed - costNanoUsd, unended, dearest)
  }
  return most
}

/** The same of so many that failed or still run and name no model: each of one, of as many as account for the most. */
function billedForNameless(
  tasks: number,
  { byModel }: BillFigures,
  recordByModel: BillComparison['recordByModel'],
  matches: ModelMatches,
): bigint {
  const most = [...byModel].map(([endpoint, { costNanoUsd }]) => {
    const records = matches.storedNamesOf(endpoint).flatMap((name) => recordByModel.get(name) ?? [])
    const recorded = sum(records, (record) => record.costNanoUsd)
    return noMoreThan(costNanoUsd - recorded, tasks, dearestOf(records))
  })
  const descending = most.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
  return sum(descending.slice(0, tasks), (each) => each)
}

/** What lies beyond a record, as far as so many tasks account for it, each no dearer than another; 0: no other tells a cost. */
function noMoreThan(beyond: bigint, tasks: number, dearest = 0n): bigint {
  if (beyond <= 0n) return 0n
  const most = BigInt(tasks) * dearest
  return most > 0n && most < beyond ? most : beyond
}

/** 0: none of them tells a cost. */
const dearestOf = (records: readonly ModelRecord[]): bigint =>
  records.reduce((dearest, { dearestNanoUsd = 0n }) => (dearestNanoUsd > dearest ? dearestNanoUsd : dearest), 0n)
