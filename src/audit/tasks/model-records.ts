import type { AccountRow } from '../../ledger/reader.ts'
import { addNanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { addPoints } from '../../units/points.ts'
import { tellsNoKey } from '../bills/account-keys.ts'
import type { ModelRecord } from '../rules/books.ts'
import { joinEvidence } from '../rules/task-subject.ts'
import type { TasksWithoutId } from '../rules/tasks-without-id.ts'
import { joinTasks, type UntoldAmounts, type UntoldRecord, untoldDueIn } from '../rules/untold-tasks.ts'
import type { TaskBook } from './task-book.ts'

/** What some accounts recorded together, by canonical stored name; null: what tasks recorded that name no key. */
export function recordsOf(
  { recordByAccount }: Pick<TaskBook, 'recordByAccount'>,
  accountIds: readonly (number | null)[],
): ReadonlyMap<string, ModelRecord> {
  const records = new Map<string, ModelRecord>()
  for (const accountId of accountIds) {
    for (const [canonical, record] of recordByAccount.get(accountId) ?? []) {
      const other = records.get(canonical)
      records.set(canonical, other === undefined ? record : mergeRecords(other, record))
    }
  }
  return records
}

/** Whether tasks of the window that bear no request id may have been billed outside it, of whatever account. */
export const mayBeBilledWithoutId = ({ recordByAccount }: Pick<TaskBook, 'recordByAccount'>): boolean =>
  [...recordByAccount.values()].some((records) =>
    [...records.values()].some(({ withoutId }) => withoutId && (withoutId.outNanoUsd > 0n || withoutId.dueOut > 0)),
  )

/** Whether the tasks of an account cost anything within the window or at its edges, or may have. */
export const recordsCost =
  ({ recordByAccount }: Pick<TaskBook, 'recordByAccount'>) =>
  (accountId: number): boolean =>
    [...(recordByAccount.get(accountId)?.values() ?? [])].some(
      ({ costNanoUsd, crossingInNanoUsd, untoldCosts = 0 }) =>
        costNanoUsd > 0n || crossingInNanoUsd > 0n || untoldCosts > 0,
    )

/**
 * Whether an account has tasks there, or may have: of one that tells no key, tasks of keys that no account row holds may be its own.
 */
export function hasTasks(
  { recordByAccount, hasStrangers }: Pick<TaskBook, 'recordByAccount' | 'hasStrangers'>,
  accounts: readonly AccountRow[],
): (accountId: number) => boolean {
  const keyless = new Set(accounts.filter(tellsNoKey).map(({ accountId }) => accountId))
  return (accountId) => (recordByAccount.get(accountId)?.size ?? 0) > 0 || (hasStrangers && keyless.has(accountId))
}

function mergeRecords(a: ModelRecord, b: ModelRecord): ModelRecord {
  return {
    model: a.model < b.model ? a.model : b.model,
    taskCount: a.taskCount + b.taskCount,
    costNanoUsd: addNanoUsd(a.costNanoUsd, b.costNanoUsd),
    crossingOutNanoUsd: addNanoUsd(a.crossingOutNanoUsd, b.crossingOutNanoUsd),
    crossingInNanoUsd: addNanoUsd(a.crossingInNanoUsd, b.crossingInNanoUsd),
    roundingNanoUsd: addNanoUsd(a.roundingNanoUsd, b.roundingNanoUsd),
    untoldCosts: (a.untoldCosts ?? 0) + (b.untoldCosts ?? 0),
    ...joinDearest(a.dearestNanoUsd, b.dearestNanoUsd),
    ...joinUntold(a.untold, b.untold),
    ...joinWithoutId(a.withoutId, b.withoutId),
    ...joinCost('youngNanoUsd', a, b),
    ...joinCost('endOpenOutNanoUsd', a, b),
    due: {
      count: a.due.count + b.due.count,
      costNanoUsd: addNanoUsd(a.due.costNanoUsd, b.due.costNanoUsd),
      chargedPoints: addPoints(a.due.chargedPoints, b.due.chargedPoints),
      crossingCount: a.due.crossingCount + b.due.crossingCount,
      evidence: joinEvidence([a.due.evidence, b.due.evidence]),
      ...joinAmounts(a.due.untold, b.due.untold),
    },
  }
}

function joinAmounts(a: UntoldAmounts | undefined, b: UntoldAmounts | undefined): { untold?: UntoldAmounts } {
  if (a === undefined || b === undefined) {
    const untold = a ?? b
    return untold === undefined ? {} : { untold }
  }
  return { untold: { costs: a.costs + b.costs, charges: a.charges + b.charges } }
}

/** A task of the one that tells no cost may be as dear as one of the other that does. */
function joinDearest(a = ZERO_NANO_USD, b = ZERO_NANO_USD): Pick<ModelRecord, 'dearestNanoUsd'> {
  const dearestNanoUsd = a > b ? a : b
  return dearestNanoUsd === 0n ? {} : { dearestNanoUsd }
}

function joinUntold(a: UntoldRecord | undefined, b: UntoldRecord | undefined): Pick<ModelRecord, 'untold'> {
  if (a === undefined || b === undefined) {
    const untold = a ?? b
    return untold === undefined ? {} : { untold }
  }
  const due = a.due === undefined || b.due === undefined ? (a.due ?? b.due) : joinDue(a.due, b.due)
  return {
    untold: {
      unended: a.unended + b.unended,
      within: a.within + b.within,
      ...joinCount('across', a, b),
      ...joinCount('old', a, b),
      crossingIn: joinTasks([a.crossingIn, b.crossingIn]),
      ...(due !== undefined && { due }),
    },
  }
}

/** Absent: none. */
function joinCount<Name extends 'across' | 'old'>(name: Name, a: UntoldRecord, b: UntoldRecord): Partial<UntoldRecord> {
  const count = (a[name] ?? 0) + (b[name] ?? 0)
  return count === 0 ? {} : { [name]: count }
}

type UntoldDue = NonNullable<UntoldRecord['due']>

/** Those that tell no cost are named, where there are any; else those that tell no charge. */
function joinDue(a: UntoldDue, b: UntoldDue): UntoldDue {
  const named = a.code === b.code ? { ...a, ...joinTasks([a, b]) } : isNamedFirst(a, b) ? a : b
  const besides = untoldDueIn(a) + untoldDueIn(b) - named.count
  return { ...named, ...(besides > 0 && { besides }), onlyCrossing: a.onlyCrossing && b.onlyCrossing }
}

const isNamedFirst = (a: UntoldDue, b: UntoldDue): boolean => a.code === 'cost-untold' || b.code === 'end-untold'

function joinWithoutId(a: TasksWithoutId | undefined, b: TasksWithoutId | undefined): Pick<ModelRecord, 'withoutId'> {
  if (a === undefined || b === undefined) {
    const withoutId = a ?? b
    return withoutId === undefined ? {} : { withoutId }
  }
  return {
    withoutId: {
      inNanoUsd: addNanoUsd(a.inNanoUsd, b.inNanoUsd),
      untoldIn: joinTasks([a.untoldIn, b.untoldIn]),
      outNanoUsd: addNanoUsd(a.outNanoUsd, b.outNanoUsd),
      dueOut: a.dueOut + b.dueOut,
    },
  }
}

/** Absent: nothing. */
function joinCost<Name extends 'youngNanoUsd' | 'endOpenOutNanoUsd'>(
  name: Name,
  { [name]: a }: ModelRecord,
  { [name]: b }: ModelRecord,
): Partial<ModelRecord> {
  return a === undefined && b === undefined ? {} : { [name]: addNanoUsd(a ?? ZERO_NANO_USD, b ?? ZERO_NANO_USD) }
}
