import type { NanoUsd } from '../../units/nano-usd.ts'
import type { BillComparison, PeriodBill } from './books.ts'
import type { UntoldTasks } from './untold-tasks.ts'

/**
 * Tasks of one account and model that bear no request id and may have been billed on the other side of an edge of the window: no
 * event is ever found to be theirs, nor to be none of theirs. Those that need not be billed yet are none of them.
 */
export interface TasksWithoutId {
  /** Cost of those outside the window, with what their stored FLOATs may be off by. */
  readonly inNanoUsd: NanoUsd
  /** Those of them that tell no cost. */
  readonly untoldIn: UntoldTasks
  /** The same as the first of those of the window, and how many of these fal must have billed by now. */
  readonly outNanoUsd: NanoUsd
  readonly dueOut: number
}

/** What fal may have billed for such tasks: no more than they cost, nor than it billed as their models for no task that was read. */
export interface BilledWithoutId {
  /** Within the window, for those outside it. */
  readonly inNanoUsd: NanoUsd
  /** The same at most: with those that name no key either, were they of this bill, and had those that tell no cost cost what was billed. */
  readonly inAtMostNanoUsd: NanoUsd
  /** The first, had those that tell no cost cost whatever was billed. Absent: all tell theirs. */
  readonly untoldIn?: UntoldTasks & { readonly inNanoUsd: NanoUsd }
  /** Outside the window, for those of it. */
  readonly outNanoUsd: NanoUsd
  /** What it billed within the window for no task, by canonical endpoint, where that is above 0. */
  readonly unclaimed: ReadonlyMap<string, NanoUsd>
  /** As which endpoints it billed anything around the window for no task that was read. */
  readonly unclaimedAround: ReadonlySet<string>
}

/** The bill of the period, as near to a record as such tasks allow: as it were if they bore the ids of what was billed. Nano-USD. */
export function nearestBill({ figures, withoutId }: PeriodBill, recorded: bigint, most?: bigint): bigint {
  const official = figures.costNanoUsd
  const difference = recorded - official
  if (difference > 0n) return official + smaller(difference, withoutId?.outNanoUsd ?? 0n)
  return official - smaller(-difference, most ?? withoutId?.inNanoUsd ?? 0n)
}

/** Such tasks that tell no cost, where a record that is short of the bill would not be, had they cost what was billed. */
export function untoldIn(
  { period }: BillComparison,
  recorded: bigint,
  isFar: (bill: bigint) => boolean,
): UntoldTasks | undefined {
  const untold = period?.withoutId?.untoldIn
  if (period === null || untold === undefined || recorded >= period.figures.costNanoUsd) return undefined
  return isFar(nearestBill(period, recorded, untold.inNanoUsd)) ? undefined : untold
}

/** Whether all of the so many due tasks of a model may have been billed around the window as one of these endpoints. */
export const mayBeBilledAround = (
  { period, recordByModel }: BillComparison,
  canonical: string,
  endpoints: readonly string[],
): boolean => {
  const record = recordByModel.get(canonical)
  if (record?.withoutId === undefined || record.withoutId.dueOut < record.due.count) return false
  return endpoints.some((endpoint) => period?.withoutId?.unclaimedAround.has(endpoint) === true)
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
