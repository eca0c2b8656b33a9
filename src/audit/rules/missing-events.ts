import { bitLength, sum } from '../../units/exact.ts'
import { formatUsd, nanoUsd } from '../../units/nano-usd.ts'
import { type BillComparison, type ModelMatches, type Reason, unknown } from './books.ts'

/** Usage that no event stands behind. Nano-USD. */
export const missingNanoUsd = ({ missing }: BillComparison): bigint =>
  sum([...(missing?.values() ?? [])], (each) => each)

/**
 * Of a record two hundred times as large as all that is missing that could be the bill of half a percent at most: of nothing.
 * Told by the length of the amounts, so that it holds of all records of one length or of none.
 */
export const isBeyondMissing = (comparison: BillComparison, recorded: bigint): boolean =>
  bitLength(recorded) > bitLength(200n * missingNanoUsd(comparison))

/** Why it is not told what fal billed, where its usage tells of more than its events. */
export const eventsShort = (comparison: BillComparison): Reason =>
  unknown('events-short', { usd: formatUsd(nanoUsd(missingNanoUsd(comparison))) }).reason

/**
 * Whether what fal billed for a model that tasks record, under one of some names, may be among the events that are missing. A
 * name that the bill does not hold may stand for any billed endpoint that no task names, unless matches show what it stands for.
 */
export function mayBeMissing(comparison: BillComparison, names: readonly string[], matches: ModelMatches): boolean {
  const { missing } = comparison
  if (missing === undefined || missing.size === 0) return false
  if (names.some((name) => missing.has(name))) return true
  if (names.length > 1 || names.some((name) => holdsName(comparison, name))) return false
  return [...missing.keys()].some((model) => !isRecorded(comparison, model, matches))
}

/** Whether a bill holds a model by this canonical name, by event time or by the period of the tasks. */
export const holdsName = ({ bill, period }: BillComparison, name: string): boolean =>
  (bill.known && bill.value.byModel.has(name)) || period?.figures.byModel.has(name) === true

/** Whether any task of the window records a model, under whatever name. */
export const isRecorded = (
  { recordByModel }: BillComparison,
  canonical: string,
  { storedNamesOf }: ModelMatches,
): boolean => storedNamesOf(canonical).some((name) => (recordByModel.get(name)?.taskCount ?? 0) > 0)
