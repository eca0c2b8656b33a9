import { count, sum } from '../../units/exact.ts'
import type { Ratio } from '../../units/ratio.ts'
import { datesOf } from '../../units/window.ts'
import type { CalendarDate } from '../../units/zone.ts'
import type { BillComparison, Books, ModelMatches, PeriodBill, Reason, RuleOutcome } from './books.ts'
import { holdsName } from './missing-events.ts'
import { NAMELESS } from './nameless-tasks.ts'

/**
 * Tasks of which nobody can tell whether they are of the window, since they have no time, or none that can be read: cost that
 * was recorded, a charge of its day, a day of its user, as far as they are whose. The sums that rules judge are without them.
 */
export interface UnplacedTasks {
  readonly reason: Reason
  /** null: of too many kinds to tell. */
  readonly sorts: readonly UnplacedSort[] | null
  /** Those that the filters leave; null: of too many users to tell. */
  readonly owners: readonly UnplacedOwner[] | null
  /** Users without a task of the window who paid something else than was charged, were some of them of it; absent: it is not told. */
  readonly unpaid?: ReadonlySet<number>
  /** Models of tasks that may be billed in the stead of one of them, and as what, by canonical names; absent: none. */
  readonly links?: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether it is known of each of them what fal billed, where its events were read: not of too many, nor where fal did not answer. */
  readonly byRequest: boolean
}

/** Those of one key, model and status; amounts that cannot be read, and may be anything, are null. */
export interface UnplacedSort {
  /** null: the key is in no account row, so that they may be of any account. */
  readonly accountId: number | null
  /** Whether they name no key at all. */
  readonly keyless?: true
  /** The model's name as stored, and its canonical one. */
  readonly stored: string
  readonly model: string
  /** Cost of those that tell it, not below 0, and how many do not. */
  readonly toldNanoUsd: bigint
  readonly untold: number
  /** What they would add to the record, were they of the window. */
  readonly recordedNanoUsd: bigint | null
  /** Whether none of them need be billed by now, wherever in the window it was made. */
  readonly isYoung: boolean
  /** Charged above 0, and not refunded; and refunded. */
  readonly keptPoints: bigint | null
  readonly refundedPoints: bigint | null
  /** Those that fal must have billed by now, were they of the window, or may have had to: they may not tell a cost or a charge. */
  readonly due: number
  /** Whether each may have been billed outside the window, wherever in it it was made. */
  readonly crosses: boolean
  /** Whether the filter by account leaves them. */
  readonly selected: boolean
  /** The key, shortened and as a digest, where it is in no account row and tasks of such keys are looked at. */
  readonly unknownKey?: { readonly keyId: string; readonly identity: string }
}

/** Those of one user, on one key. */
export interface UnplacedOwner {
  /** null: they name none, and may be anybody's. */
  readonly userId: number | null
  readonly keptPoints: bigint | null
  readonly refundedPoints: bigint | null
  /** Those that were refunded. */
  readonly refunded: number
  /** Those that were not, and cost something while nothing was charged, or may have. */
  readonly free: number
}

/** One of them that fal billed, as far as it is part of one bill. */
export interface UndatedPart {
  readonly model: string
  readonly billedNanoUsd: bigint
  /** What it would add to the record of the same bill at most; a cost that is not told is held to be what fal billed. */
  readonly recordedNanoUsd: bigint
  /** What of the sorts' `recordedNanoUsd` is its own, unless it is young; below 0, what they lack of it; and whether it is one of their `due`. */
  readonly amongNanoUsd: bigint
  readonly isDue: boolean
  /** Whether it is one of their `untold`, and whether it makes their `recordedNanoUsd` null though it is not young. */
  readonly isUntold: boolean
  readonly isUntoldRecord: boolean
  /** It may add nothing to that record: it tells no cost, or no key, or another task may be billed for it in its stead. Absent: it does. */
  readonly mayLackRecord?: true
  /** As what it was billed, by canonical name and as billed, where its task, or one of the others, would be in the record of no account of the bill. */
  readonly unrecorded?: ReadonlyMap<string, string>
}

const adds = (amounts: Iterable<bigint | null>): bigint | null => {
  let total: bigint | null = 0n
  for (const amount of amounts) total = total === null || amount === null ? null : total + amount
  return total
}

/** Those that the record of an account, or of the accounts of a workspace, may lack; null: it is not told. */
function sortsOf({ sorts }: UnplacedTasks, { subject, members }: BillComparison): readonly UnplacedSort[] | null {
  const accountIds = new Set(members ?? [subject.accountId])
  return sorts?.filter(({ accountId }) => accountId === null || accountIds.has(accountId)) ?? null
}

/** What those tell to have cost that are of a model by its canonical name, or name none. Nano-USD. */
export const unplacedAs = (unplaced: UnplacedTasks, comparison: BillComparison, canonical: string): bigint =>
  sum(
    (sortsOf(unplaced, comparison) ?? []).filter(({ model }) => model === canonical || model === NAMELESS),
    ({ toldNanoUsd }) => toldNanoUsd,
  )

/** What the record may lack at most, in nano-USD, a cost that is not told held to be what fal billed; null: nobody can tell. */
export function unplacedCost(unplaced: UnplacedTasks, comparison: BillComparison): bigint | null {
  const sorts = sortsOf(unplaced, comparison)
  if (sorts === null) return null
  const billed = untoldBilled(comparison)
  if (count(sorts, ({ untold }) => untold) > billed.length) return null
  return sum(sorts, ({ toldNanoUsd }) => toldNanoUsd) + sum(billed, ({ billedNanoUsd }) => billedNanoUsd)
}

const untoldBilled = ({ period }: BillComparison): readonly UndatedPart[] =>
  period?.undatedTasks?.filter(({ isUntold }) => isUntold) ?? []

/** Those that would be in the record of an account, or of the accounts of a workspace, or may, naming no key; null: it is not told. */
const ownSorts = (unplaced: UnplacedTasks, comparison: BillComparison): readonly UnplacedSort[] | null =>
  sortsOf(unplaced, comparison)?.filter(({ accountId, keyless }) => accountId !== null || keyless === true) ?? null

/** Whether there are any, as far as is told. */
export const hasUnplaced = (unplaced: UnplacedTasks, comparison: BillComparison): boolean =>
  ownSorts(unplaced, comparison)?.length !== 0

/** What a record may lack at most, in nano-USD, where events were read without what need not be billed yet; null: nobody can tell. */
export interface UnbilledCost {
  readonly cost: bigint | null
  /** Of it, what fal may have billed outside the window. */
  readonly crossing: bigint
}

/** Of those that fal did not bill, as far as is known. */
export function unbilledCost(unplaced: UnplacedTasks, comparison: BillComparison): UnbilledCost {
  const sorts = ownSorts(unplaced, comparison)
  if (sorts === null) return { cost: null, crossing: 0n }
  const { period } = comparison
  if (period !== null) {
    const parts = period.undatedTasks ?? []
    const old = sorts.filter(({ isYoung }) => !isYoung)
    const untold = count(old, (sort) => (sort.recordedNanoUsd === null ? sort.untold : 0))
    if (untold > parts.filter(({ isUntoldRecord }) => isUntoldRecord).length) return { cost: null, crossing: 0n }
    const told = sum(old, ({ recordedNanoUsd, toldNanoUsd }) => recordedNanoUsd ?? toldNanoUsd)
    return { cost: told - sum(parts, ({ amongNanoUsd }) => amongNanoUsd), crossing: 0n }
  }
  const crossing = sum(sorts, ({ crosses, recordedNanoUsd }) => (crosses ? (recordedNanoUsd ?? 0n) : 0n))
  return { cost: adds([crossing, ...sorts.map((sort) => (sort.crosses ? 0n : sort.recordedNanoUsd))]), crossing }
}

/**
 * Whether a record and a bill by task period would be further apart than a share of the bill, had some of them been made within the
 * window, and further than tasks without a request id at an edge explain. `unbilled`: what those cost that fal did not bill.
 */
export function mayPart(
  { figures, undatedTasks = [], withoutId }: PeriodBill,
  { recorded, unbilled }: { readonly recorded: bigint; readonly unbilled: bigint },
  { numerator, denominator }: Ratio,
): boolean {
  /** `sign`: 1 where the record is to exceed the bill, −1 where it is to be short of it. */
  const isApart = (sign: bigint, more: bigint): boolean => {
    // How much further each takes them apart, beyond what its own bill allows.
    const added = undatedTasks.map(({ billedNanoUsd: bill, recordedNanoUsd, mayLackRecord }) => {
      const cost = sign < 0n && mayLackRecord === true ? 0n : recordedNanoUsd
      return { bill, further: sign * (cost - bill) * denominator - bill * numerator }
    })
    const some = added.filter(({ further }) => further > 0n)
    const atEdge = (sign > 0n ? withoutId?.outNanoUsd : withoutId?.inNanoUsd) ?? 0n
    const official: bigint = figures.costNanoUsd
    const nearest = official + sign * atEdge
    const distance = sign * (recorded + more - nearest) * denominator - nearest * numerator
    const total = distance + sum(some, ({ further }) => further)
    if (official > 0n || some.some(({ bill }) => bill > 0n)) return total > 0n
    // From no bill nothing is far: one of them would have to be billed.
    return added.some(({ bill, further }) => bill > 0n && total + further > 0n)
  }
  return isApart(1n, unbilled) || isApart(-1n, 0n)
}

/**
 * Models, by canonical name, as stored and why nothing is said of them, with tasks of an account that fal must have billed by now,
 * were they of the window, and did not; null: it is not told. Where events were not read, none is known to be billed.
 */
export function dueModels(
  unplaced: UnplacedTasks,
  comparison: BillComparison,
): ReadonlyMap<string, { readonly model: string; readonly reason: Reason }> | null {
  const sorts = ownSorts(unplaced, comparison)
  if (sorts === null) return null
  const counts = new Map<string, { stored: string; due: number }>()
  for (const { model, stored, due } of sorts) {
    const known = counts.get(model)
    if (known === undefined) counts.set(model, { stored, due })
    else {
      known.due += due
      if (stored < known.stored) known.stored = stored
    }
  }
  for (const { model, isDue } of comparison.period?.undatedTasks ?? []) {
    const known = counts.get(model)
    if (known !== undefined && isDue) known.due -= 1
  }
  const { reason } = unplaced
  return new Map([...counts].flatMap(([name, { stored: model, due }]) => (due > 0 ? [[name, { model, reason }]] : [])))
}

/** Whether a model has such tasks, or may, that fal would have billed within the window alone. */
export const mayBeDueWithin = (unplaced: UnplacedTasks, comparison: BillComparison, model: string): boolean =>
  ownSorts(unplaced, comparison)?.some((sort) => sort.model === model && sort.due > 0 && !sort.crosses) ?? true

/** Whether any of some accounts may have recorded cost by them. */
export const mayHaveCost = (unplaced: UnplacedTasks | undefined, accountIds: readonly number[]): boolean =>
  unplaced !== undefined &&
  accountIds.length > 0 &&
  (unplaced.sorts?.some(
    ({ accountId, keyless, recordedNanoUsd }) =>
      recordedNanoUsd !== 0n && (accountId === null ? keyless === true : accountIds.includes(accountId)),
  ) ??
    true)

/** Of what they cost, what fal billed for them: with them it would be in the bill of the period too, and so explains nothing. */
export const undatedWithin = (comparison: BillComparison): bigint =>
  (comparison.period?.undatedWithinNanoUsd ?? 0n) + sum(untoldBilled(comparison), ({ billedNanoUsd }) => billedNanoUsd)

/** What may be missing from the bill by task period at most, in nano-USD: of some endpoints, or in all. */
export function undatedBill({ period }: BillComparison, endpoints?: readonly string[]): bigint {
  const undated = period?.undated ?? new Map<string, bigint>()
  return sum(endpoints ?? undated.keys(), (name) => undated.get(name) ?? 0n)
}

/**
 * Whether any of them may be what the record lacks of an endpoint: by its name, without a name, or by a name that neither the
 * bill holds nor matches connect with another. Where events were read, matches connect each of them with what it was billed as.
 */
export function mayRecord(
  unplaced: UnplacedTasks,
  comparison: BillComparison,
  endpoint: string,
  { storedNamesOf, endpointsOf }: ModelMatches,
): boolean {
  const names = storedNamesOf(endpoint)
  const isMatched = comparison.period !== null && unplaced.byRequest
  return (
    sortsOf(unplaced, comparison)?.some(
      ({ model }) =>
        model === NAMELESS ||
        names.includes(model) ||
        (!isMatched && endpointsOf(model).length === 1 && !holdsName(comparison, model)),
    ) ?? true
  )
}

/**
 * Points that a day may lack at most, of those that users kept being charged or of those that were given back; null: nobody can tell.
 */
export function unplacedPoints(
  { sorts, owners }: UnplacedTasks,
  which: 'keptPoints' | 'refundedPoints',
): bigint | null {
  const selected = sorts?.filter((sort) => sort.selected)
  const bySort = selected === undefined ? null : adds(selected.map((sort) => sort[which]))
  const byUser = owners === null ? null : adds(owners.map((owner) => owner[which]))
  if (bySort === null || byUser === null) return bySort ?? byUser
  return bySort < byUser ? bySort : byUser
}

/** What a user may have been charged; null: nobody can tell. */
export const unplacedCharges = ({ owners }: UnplacedTasks, userId: number): bigint | null =>
  owners === null
    ? null
    : adds(
        owners
          .filter((owner) => owner.userId === null || owner.userId === userId)
          .flatMap(({ keptPoints, refundedPoints }) => [keptPoints, refundedPoints]),
      )

/** Whether the window has days, as far as it is over, besides some. */
export function hasOtherDays(
  { window, asOf }: Pick<Books, 'window' | 'asOf'>,
  days: readonly { readonly date: CalendarDate }[],
): boolean {
  const known = new Set(days.map(({ date }) => date))
  const end = asOf < window.end ? asOf : window.end
  return datesOf({ ...window, end }).some((date) => !known.has(date))
}

/**
 * What a rule per user says of those of whom it found nothing, but who have such tasks that it would find; one that names no user may
 * be anybody's, and so may all of too many.
 */
export function ofUsers(
  unplaced: UnplacedTasks | undefined,
  found: ReadonlySet<number | undefined>,
  concerns: (owner: UnplacedOwner) => boolean,
): RuleOutcome['notEvaluated'] {
  if (unplaced === undefined) return []
  const { reason, owners } = unplaced
  if (owners === null) return [{ subject: {}, reason }]
  const userIds = new Set(owners.filter(concerns).map(({ userId }) => userId))
  return [...userIds].flatMap((userId) =>
    userId === null ? [{ subject: {}, reason }] : found.has(userId) ? [] : [{ subject: { userId }, reason }],
  )
}
