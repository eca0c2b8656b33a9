import type { SourceStatus } from '../../schemas/report.ts'
import { inputError } from '../errors.ts'
import type { FalReader } from '../fal/reader.ts'
import type { AccountRow, LedgerSnapshot, TaskRow } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { BalanceTrailTally } from './balance-trail.ts'
import type { Evidence } from './evidence.ts'
import { fetchBills } from './fetch-bills.ts'
import { LedgerTally } from './ledger-tally.ts'
import type { AuditPlan } from './plan.ts'
import { type CollectContext, failedTable, readLedgers } from './read-ledgers.ts'
import { readRequestEvidence } from './request-evidence.ts'
import { type TaskBook, TaskTally } from './task-book.ts'
import { attributeBills } from './whose-bill.ts'

/**
 * Reads everything one audit needs, in one snapshot of the database while fal is asked at the same time.
 * Throws where accounts or tasks cannot be read; whatever else fails is evidence that says so.
 */
export async function collectEvidence(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  fal: FalReader,
  context: CollectContext,
): Promise<Evidence> {
  const allAccounts = await snapshot.accounts()
  const audited = chooseAccounts(allAccounts, plan)
  const auditedIds = new Set(audited.map(({ accountId }) => accountId))
  // The bills are of no use once the database has failed, so both end together.
  const ends = new AbortController()
  const signal = AbortSignal.any([context.signal, ends.signal])
  let answered = 0
  const fetching = fetchBills(
    audited,
    allAccounts.filter(({ accountId }) => !auditedIds.has(accountId)),
    fal,
    {
      usage: { range: plan.ranges.bill, zone: plan.window.zone, timeframe: 'day' },
      events: plan.depth === 'requests' ? { range: plan.ranges.events } : null,
    },
    signal,
    () => context.progress('fal accounts read', ++answered, audited.length),
  )
  fetching.catch(() => undefined)
  try {
    const { candidates, ...books } = await readBooks(plan, snapshot, allAccounts, auditedIds, context)
    const bills = await fetching
    const attribution = attributeBills(bills, allAccounts, recordsCost(books.tasks), hasTasks(books.tasks))
    const requests =
      plan.depth === 'requests'
        ? await readRequestEvidence({
            plan,
            accounts: allAccounts,
            tasks: candidates,
            attribution,
            snapshot,
            fal,
            signal,
          })
        : null
    return { plan, databaseZoneId: snapshot.zone.id, allAccounts, bills, attribution, requests, ...books }
  } catch (cause) {
    ends.abort()
    throw cause
  }
}

/** Whether the tasks of an account cost anything within the window or at its edges. */
const recordsCost =
  ({ recordByAccount }: TaskBook) =>
  (accountId: number): boolean =>
    [...(recordByAccount.get(accountId)?.values() ?? [])].some(({ costNanoUsd }) => costNanoUsd > 0n)

const hasTasks =
  ({ recordByAccount }: TaskBook) =>
  (accountId: number): boolean =>
    (recordByAccount.get(accountId)?.size ?? 0) > 0

/** What the operator's own tables say, added up; without asking fal. */
export interface OperatorBooks extends Pick<Evidence, 'tasks' | 'ledger' | 'userNames' | 'tables'> {
  /** At depth requests, the tasks of the window and those that may have crossed its edges. */
  readonly candidates: readonly TaskRow[]
}

/** Reads tasks, both ledgers and the users' names. Throws where tasks cannot be read; the others may fail. */
export async function readBooks(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  allAccounts: readonly AccountRow[],
  auditedIds: ReadonlySet<number>,
  context: CollectContext,
): Promise<OperatorBooks> {
  const ledgers = new LedgerTally(plan)
  const candidates: TaskRow[] = []
  const tally = new TaskTally(plan, allAccounts, auditedIds)
  const tasks = await readTasks(plan, snapshot, tally, ledgers, candidates, context)
  const tables: SourceStatus[] = [
    { source: 'accounts', status: 'complete' },
    { source: 'tasks', status: 'complete' },
  ]
  const trail = new BalanceTrailTally(plan.window, concernedUsers(plan, tasks))
  const ledger = await readLedgers(plan, snapshot, ledgers, trail, tables, context)
  const userNames = await readNames(snapshot, tasks, tables, context.signal)
  return { tasks, candidates, ledger, userNames, tables }
}

/** The accounts of the audit: those asked for, or the newest by id, whatever their status. */
export function chooseAccounts(accounts: readonly AccountRow[], { ids, accountLimit }: AuditPlan): AccountRow[] {
  const newestFirst = [...accounts].sort((a, b) => b.accountId - a.accountId)
  if (ids.size === 0) return newestFirst.slice(0, accountLimit)
  const known = new Set(accounts.map(({ accountId }) => accountId))
  for (const id of ids) {
    if (known.has(id)) continue
    const some = newestFirst.slice(0, LIMITS.evidenceIds).map(({ accountId }) => accountId)
    throw inputError('ids', id, `ids of the account table, such as ${some.join(', ') || '(it is empty)'}`)
  }
  return newestFirst.filter(({ accountId }) => ids.has(accountId))
}

async function readTasks(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  tally: TaskTally,
  ledgers: LedgerTally,
  candidates: TaskRow[],
  context: CollectContext,
): Promise<TaskBook> {
  let rows = 0
  for await (const batch of snapshot.tasks(plan.ranges.tasks)) {
    for (const task of batch) {
      const selected = tally.add(task)
      if (task.createdAt < plan.ranges.crossingSince) continue
      ledgers.addTask(task, selected)
      if (plan.depth === 'requests') candidates.push(task)
    }
    rows += batch.length
    context.progress('tasks read', rows)
  }
  return tally.close()
}

/** Whose points ledger is followed: everybody's, but for a filter by user, or by account: then those with tasks of it. */
function concernedUsers({ ids, userIds }: AuditPlan, { users }: TaskBook): (userId: number) => boolean {
  if (userIds.size > 0) return (userId) => userIds.has(userId)
  if (ids.size === 0) return () => true
  const withTasks = new Set(users.map(({ userId }) => userId))
  return (userId) => withTasks.has(userId)
}

async function readNames(
  snapshot: LedgerSnapshot,
  tasks: TaskBook,
  tables: SourceStatus[],
  signal: AbortSignal,
): Promise<Map<number, string>> {
  try {
    const names = await snapshot.userNames(tasks.users.map(({ userId }) => userId))
    tables.push({ source: 'users', status: 'complete' })
    return names
  } catch (cause) {
    tables.push(failedTable('users', cause, signal))
    return new Map()
  }
}
