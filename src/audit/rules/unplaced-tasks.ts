import type { BillComparison, ModelMatches, Reason } from './books.ts'
import { NAMELESS } from './nameless-tasks.ts'

/**
 * Tasks of which nobody can tell whether they are of the window, since they have no time, or none that can be read: cost that
 * was recorded, a charge of its day, a day of its user, as far as they are whose. The sums that rules judge are without them.
 */
export interface UnplacedTasks {
  readonly reason: Reason
  /** null: of too many kinds to tell. */
  readonly sorts: readonly UnplacedSort[] | null
  /** Whether it is known of each of them what fal billed, where its events were read: not of too many. */
  readonly byRequest: boolean
  /** What was charged to users whom the filters leave; null as a whole: to too many; null of one: it cannot be read. */
  readonly chargedByUser: ReadonlyMap<number, bigint | null> | null
}

/** Those of one key and model; amounts that cannot be read, and may be anything, are null. */
export interface UnplacedSort {
  /** null: the key is in no account row, so that they may be of any account. */
  readonly accountId: number | null
  /** The model's name as stored, and its canonical one. */
  readonly stored: string
  readonly model: string
  /** Not below 0. */
  readonly costNanoUsd: bigint | null
  /** Charged above 0, and not refunded. */
  readonly keptPoints: bigint | null
  /** Whether the filter by account leaves them, or may. */
  readonly selected: boolean
  /** The key, shortened and as a digest, where it is in no account row and tasks of such keys are looked at. */
  readonly unknownKey?: { readonly keyId: string; readonly identity: string }
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

/** What the record may lack at most, in nano-USD; null: nobody can tell. */
export function unplacedCost(unplaced: UnplacedTasks, comparison: BillComparison): bigint | null {
  const sorts = sortsOf(unplaced, comparison)
  return sorts && adds(sorts.map(({ costNanoUsd }) => costNanoUsd))
}

/** Of it, what fal billed for them: with them it would be in the bill of the period too, and so explains nothing. */
export const undatedWithin = ({ period }: BillComparison): bigint => period?.undatedWithinNanoUsd ?? 0n

/** What may be missing from the bill by task period at most, in nano-USD: of some endpoints, or in all. */
export const undatedBill = ({ period }: BillComparison, endpoints?: readonly string[]): bigint =>
  adds(endpoints?.map((name) => period?.undated?.get(name) ?? 0n) ?? period?.undated?.values() ?? []) ?? 0n

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
  const { bill, period } = comparison
  const names = storedNamesOf(endpoint)
  const isBilled = (name: string): boolean =>
    (bill.known && bill.value.byModel.has(name)) || period?.figures.byModel.has(name) === true
  const isMatched = period !== null && unplaced.byRequest
  return (
    sortsOf(unplaced, comparison)?.some(
      ({ model }) =>
        model === NAMELESS ||
        names.includes(model) ||
        (!isMatched && endpointsOf(model).length === 1 && !isBilled(model)),
    ) ?? true
  )
}

/** Points that a day may lack at most, of those that users kept being charged; null: nobody can tell. */
export function unplacedPoints({ sorts, chargedByUser }: UnplacedTasks, stored?: string): bigint | null {
  const selected = sorts?.filter((sort) => sort.selected && (stored === undefined || sort.stored === stored))
  const bySort = selected === undefined ? null : adds(selected.map(({ keptPoints }) => keptPoints))
  const byUser = chargedByUser === null ? null : adds(chargedByUser.values())
  if (bySort === null || byUser === null) return bySort ?? byUser
  return bySort < byUser ? bySort : byUser
}
