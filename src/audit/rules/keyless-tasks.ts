import { count, sum } from '../../units/exact.ts'
import type { NanoUsd } from '../../units/nano-usd.ts'
import { exceeds, type Ratio } from '../../units/ratio.ts'
import { type BillComparison, type ModelRecord, type Reason, unknown } from './books.ts'
import { NAMELESS } from './nameless-tasks.ts'
import { untoldDueIn } from './untold-tasks.ts'

/** What tasks record that name no key. */
export interface KeylessTasks {
  /** By canonical stored name: each may be of any account. */
  readonly byModel: ReadonlyMap<string, ModelRecord>
  /** Those of them of which fal's events tell whose they are. Absent: none. */
  readonly billed?: readonly KeylessBill[]
}

/** Such tasks of one model that fal billed to the key of one account. */
export interface KeylessBill {
  readonly accountId: number
  /** The canonical stored name. */
  readonly model: string
  readonly taskCount: number
  /** How many of them tell no cost, and what the others recorded. */
  readonly untoldCosts: number
  readonly costNanoUsd: NanoUsd
  /** Of these, what counts in the same of their record: successes that tell no cost, tasks that are due, and cost that is young. */
  readonly untoldWithin: number
  readonly untoldAcross: number
  readonly untoldOld: number
  readonly dueCount: number
  readonly youngNanoUsd: NanoUsd
}

/** Why nothing is said that hangs on whose such tasks are; of none within the window, those of right before it. */
const keyUntold = (tasks: number): Reason => unknown('key-untold', { ...(tasks > 0 && { count: tasks }) }).reason

/** Those that fal billed to the key of another account than that, or those, of a comparison. */
function ofOthers(keyless: KeylessTasks, { subject, members }: BillComparison): readonly KeylessBill[] {
  const own = new Set(members ?? [subject.accountId])
  return keyless.billed?.filter(({ accountId }) => !own.has(accountId)) ?? []
}

/** Why it is not said that no task records a model: such tasks bear one of its names, or none. Undefined: none of them. */
export function mayBeKeyless(
  keyless: KeylessTasks | undefined,
  comparison: BillComparison,
  storedNames: readonly string[],
): Reason | undefined {
  if (keyless === undefined) return undefined
  const names = new Set([...storedNames, NAMELESS])
  let tasks = 0
  for (const name of names) tasks += keyless.byModel.get(name)?.taskCount ?? 0
  for (const { model, taskCount } of ofOthers(keyless, comparison)) if (names.has(model)) tasks -= taskCount
  return tasks === 0 ? undefined : keyUntold(tasks)
}

export interface KeylessDue {
  readonly model: string
  readonly reason: Reason
  /** Whether all of them may have been billed outside the window. */
  readonly isAcross: boolean
}

/**
 * Models of which such tasks are due, by canonical stored name, and why nothing is said of an account that was not billed for them:
 * they may be its own. Those that fal billed to the key of an account are none of them.
 */
export function keylessDue(
  keyless: KeylessTasks | undefined,
  { period }: BillComparison,
): ReadonlyMap<string, KeylessDue> {
  const models = new Map<string, KeylessDue>()
  const billed = keyless?.billed ?? []
  for (const [canonical, { model, due, untold, withoutId }] of keyless?.byModel ?? []) {
    const known = billed.filter((each) => each.model === canonical)
    const tasks = due.count + untoldDueIn(untold?.due) - count(known, ({ dueCount }) => dueCount)
    const isAcross =
      period === null
        ? due.crossingCount === due.count && untold?.due?.onlyCrossing !== false
        : untold?.due === undefined && (withoutId?.dueOut ?? 0) >= due.count
    if (tasks > 0) models.set(canonical, { model, reason: keyUntold(tasks), isAcross })
  }
  return models
}

/**
 * Why it is not said that some accounts recorded no cost: such tasks, which may be theirs, cost something, or do not tell. Undefined:
 * none of them did. Those that fal billed to the key of another account are none of theirs.
 */
export function keylessSpend(keyless: KeylessTasks | undefined, accountIds: readonly number[]): Reason | undefined {
  const all = [...(keyless?.byModel.values() ?? [])]
  const others = keyless?.billed?.filter(({ accountId }) => !accountIds.includes(accountId)) ?? []
  const tasks = count(all, ({ taskCount }) => taskCount) - count(others, ({ taskCount }) => taskCount)
  const cost = sum(all, ({ costNanoUsd }) => costNanoUsd) - sum(others, ({ costNanoUsd }) => costNanoUsd)
  // Of tasks that failed or still run no cost is recorded as a rule.
  const untold =
    count(all, ({ untoldCosts = 0 }) => untoldCosts) -
    count(others, ({ untoldWithin, untoldAcross }) => untoldWithin + untoldAcross)
  return cost > 0n || untold > 0 ? keyUntold(tasks) : undefined
}

/** What such tasks may add to a record as far as they tell, and how many they are, in nano-USD; whether some do not tell what they cost. */
function keylessSum(
  keyless: KeylessTasks,
  comparison: BillComparison,
): { cost: bigint; isCostUntold: boolean; tasks: number } {
  // Some are of right before the window alone: with usage alone they count.
  const records = [...keyless.byModel.values()].filter(({ taskCount }) => taskCount > 0 || comparison.period === null)
  const others = ofOthers(keyless, comparison)
  const tasks = count(records, ({ taskCount }) => taskCount) - count(others, ({ taskCount }) => taskCount)
  const cost = sum(records, ({ costNanoUsd }) => costNanoUsd) - sum(others, ({ costNanoUsd }) => costNanoUsd)
  const untold = count(records, ({ untoldCosts = 0, untold: own }) => untoldCosts + (own?.unended ?? 0))
  return { cost, isCostUntold: untold > count(others, ({ untoldCosts }) => untoldCosts), tasks }
}

/**
 * What such tasks would add to a record, were all of them the account's, and how much of that could have been billed outside the
 * window; with billing events without what need not be billed yet, and then no edge explains that a success was not billed. One that
 * could have been and does not tell its cost counts in both as much as the bill, from where on it changes nothing. null: another
 * success tells no cost. Undefined: there are none. Nano-USD.
 */
export function keylessExcess(
  keyless: KeylessTasks,
  comparison: BillComparison,
): { readonly cost: bigint | null; readonly crossing: bigint; readonly reason: Reason } | undefined {
  const { cost, tasks } = keylessSum(keyless, comparison)
  if (tasks === 0) return undefined
  const { bill, period } = comparison
  const records = [...keyless.byModel.values()]
  const others = ofOthers(keyless, comparison)
  const isUntold = (own: 'within' | 'across' | 'old', billed: 'untoldWithin' | 'untoldAcross' | 'untoldOld'): boolean =>
    count(records, ({ untold }) => untold?.[own] ?? 0) > count(others, (each) => each[billed])
  // What was billed has not to wait for its bill.
  const billed = sum(keyless.billed ?? [], ({ youngNanoUsd }) => youngNanoUsd)
  const young = period === null ? 0n : sum(records, ({ youngNanoUsd = 0n }) => youngNanoUsd) - billed
  const isCostUntold = period === null ? isUntold('within', 'untoldWithin') : isUntold('old', 'untoldOld')
  const any = period === null && bill.known && isUntold('across', 'untoldAcross') ? bill.value.costNanoUsd : 0n
  return {
    cost: isCostUntold ? null : cost - young + any,
    // Of one whose end is not told no edge explains that it was not billed: it may have ended in the middle.
    crossing: sum(records, (each) => each.crossingOutNanoUsd - (each.endOpenOutNanoUsd ?? 0n)) + any,
    reason: keyUntold(tasks),
  }
}

/** What such tasks cost, as far as they tell: with it other tasks may explain a record that is short. Nano-USD. */
export function keylessCost(keyless: KeylessTasks | undefined, comparison: BillComparison): bigint {
  if (keyless === undefined) return 0n
  const { cost, isCostUntold } = keylessSum(keyless, comparison)
  return isCostUntold ? 0n : cost
}

/**
 * Why a record is not said to be short of the bill: with what such tasks cost, or may have cost where they do not tell, it would
 * not be, or tasks that cross the edge would explain the rest. `short`: what it lacks of the bill. Nano-USD.
 */
export function shortForKeyless(
  { short: lacking, official }: { readonly short: bigint; readonly official: bigint },
  comparison: BillComparison,
  keyless: KeylessTasks | undefined,
  threshold: Ratio,
): Reason | undefined {
  if (keyless === undefined) return undefined
  const { cost, isCostUntold, tasks } = keylessSum(keyless, comparison)
  const short = lacking - cost
  const isFar = !isCostUntold && exceeds(short, official, threshold)
  const isBreak = isFar && !isCarriedIn({ short, official }, comparison, keyless, threshold)
  const isAny = tasks > 0 || [...keyless.byModel.values()].some((record) => isCarried(record, comparison))
  return isAny && !isBreak ? keyUntold(tasks) : undefined
}

/**
 * Why it is not said that no task records a model of which `billed` is left to explain. Such tasks of right before the window, of one
 * of its names or none, cost as much, or do not tell what they cost; with billing events only those that bear no request id are of
 * such. Nano-USD.
 */
export function mayBeCarriedKeyless(
  keyless: KeylessTasks | undefined,
  billed: bigint,
  storedNames: readonly string[],
  { period }: Pick<BillComparison, 'period'>,
): Reason | undefined {
  const names = new Set([...storedNames, NAMELESS])
  const records = [...names]
    .flatMap((name) => keyless?.byModel.get(name) ?? [])
    .filter((record) => isCarried(record, { period }))
  const isUntold = records.some((record) => isCarriedUntold(record, { period }))
  const carried = period === null ? carriedBy(records) : sum(records, ({ withoutId }) => withoutId?.inNanoUsd ?? 0n)
  return isUntold || (records.length > 0 && billed <= carried) ? keyUntold(0) : undefined
}

const isCarriedUntold = ({ untold, withoutId }: ModelRecord, { period }: Pick<BillComparison, 'period'>): boolean =>
  ((period === null ? untold?.crossingIn : withoutId?.untoldIn)?.count ?? 0) > 0

function isCarried(record: ModelRecord, comparison: Pick<BillComparison, 'period'>): boolean {
  const carried = comparison.period === null ? record.crossingInNanoUsd : (record.withoutId?.inNanoUsd ?? 0n)
  return carried > 0n || isCarriedUntold(record, comparison)
}

/** What tasks of right before the window may have been billed within it, with what their FLOATs may be off by. Nano-USD. */
const carriedBy = (records: Iterable<ModelRecord>): bigint =>
  sum([...records], (each) => each.crossingInNanoUsd + each.roundingNanoUsd)

/**
 * Whether tasks of right before the window, its own or without a key, may explain what a record lacks of the bill; with billing
 * events those that bear no request id, where the bill without what was billed for them is not far from the record. Nano-USD.
 */
export function isCarriedIn(
  { short, official }: { readonly short: bigint; readonly official: bigint },
  { period, recordByModel }: BillComparison,
  keyless: KeylessTasks | undefined,
  threshold: Ratio,
): boolean {
  if (period === null) return short <= carriedBy(recordByModel.values()) + carriedBy(keyless?.byModel.values() ?? [])
  const most = period.withoutId?.inAtMostNanoUsd ?? 0n
  const carried = most < short ? most : short
  return carried > 0n && !exceeds(short - carried, official - carried, threshold)
}
