import type { SourceStatus } from '../../schemas/report.ts'
import { AuditError, inputError, throwIfAborted } from '../errors.ts'
import type { FalReader } from '../fal/reader.ts'
import type { AccountRow, LedgerEntry, LedgerSnapshot, TaskRow } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { BalanceTrailTally } from './balance-trail.ts'
import type { Evidence } from './evidence.ts'
import { fetchBills } from './fetch-bills.ts'
import type { BookName, LedgerBook } from './ledger-book.ts'
import { LedgerTally } from './ledger-tally.ts'
import type { AuditPlan } from './plan.ts'
import { readRequestEvidence } from './request-evidence.ts'
import { type TaskBook, TaskTally } from './task-book.ts'
import { attributeBills } from './whose-bill.ts'

/** Missing links looked up to tell an installation that sets order ids from one that does not. */
const LINK_SAMPLE = 100
/** Times that the rows before those in doubt are looked up, one a user each time. */
const DOUBT_ROUNDS_MAX = 20

export interface CollectContext {
  readonly signal: AbortSignal
  progress(message: string, done: number, total?: number): void
}

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
    const attribution = attributeBills(bills, allAccounts, recordsCost(books.tasks))
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

async function readLedgers(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  tally: LedgerTally,
  trail: BalanceTrailTally,
  tables: SourceStatus[],
  context: CollectContext,
): Promise<LedgerBook> {
  let rows = 0
  const follows = plan.depth === 'requests'
  const passes: [BookName, () => AsyncIterable<readonly LedgerEntry[]>][] = [
    ['points', () => snapshot.points(plan.ranges.ledger)],
    ['cash', () => snapshot.cash(plan.ranges.ledger)],
  ]
  for (const [book, stream] of passes) {
    try {
      for await (const batch of stream()) {
        for (const entry of batch) {
          tally.addEntry(entry)
          if (follows && book === 'points') trail.add(entry)
        }
        rows += batch.length
        context.progress('ledger rows read', rows)
      }
      tables.push({ source: book, status: 'complete' })
    } catch (cause) {
      tally.fail(book)
      tables.push(failedTable(book, cause, context.signal))
    }
  }
  if (follows && !tally.failedBooks.has('points')) await readStarts(plan, snapshot, tally, trail, tables, context)
  const mode = tally.failed ? 'total' : await settleLinks(plan, snapshot, tally, tables, context)
  return tally.close(mode, follows && !tally.failedBooks.has('points') ? trail.close() : null)
}

/** The rows before the streamed ones, where the balances of the window start from. */
async function readStarts(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  tally: LedgerTally,
  trail: BalanceTrailTally,
  tables: SourceStatus[],
  context: CollectContext,
): Promise<void> {
  try {
    trail.takeStarts(await snapshot.lastPointsBefore(trail.usersWithoutStart(), plan.ranges.ledger.start))
    for (let round = 0; round < DOUBT_ROUNDS_MAX; round++) {
      const doubts = trail.openDoubts()
      if (doubts.length === 0) break
      trail.settle(doubts, await snapshot.pointsRowsBefore(doubts))
    }
  } catch (cause) {
    giveUp('points', tally, tables, cause, context)
  }
}

/** A look-up in a ledger that failed after its stream was read: the ledger counts as read in part. */
function giveUp(
  book: BookName,
  tally: LedgerTally,
  tables: SourceStatus[],
  cause: unknown,
  context: CollectContext,
): void {
  const failed = failedTable(book, cause, context.signal)
  const at = tables.findIndex(({ source }) => source === book)
  tables.splice(at, 1, { ...failed, status: 'partial' })
  tally.fail(book)
}

/** Decides the link mode, and looks up what lies outside the streamed range. */
async function settleLinks(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  tally: LedgerTally,
  tables: SourceStatus[],
  context: CollectContext,
): Promise<'order' | 'total'> {
  const { ledgerLink } = plan.settings
  const lookUps: Record<BookName, (ids: readonly string[]) => Promise<LedgerEntry[]>> = {
    points: (ids) => snapshot.pointsByOrderIds(ids),
    cash: (ids) => snapshot.cashByOrderIds(ids),
  }
  let reading: BookName = 'points'
  const found = async (ids: readonly string[]): Promise<LedgerEntry[]> => {
    const entries: LedgerEntry[] = []
    for (const book of ['points', 'cash'] as const) {
      reading = book
      for (const entry of await lookUps[book](withinLimit(ids))) entries.push(entry)
    }
    return entries
  }
  try {
    if (ledgerLink !== 'total' && (ledgerLink === 'order' || (await linksInUse(tally, found)))) {
      // What decides the mode are all tasks of the window; once it is decided, those that the filters leave.
      const scope = ledgerLink === 'order' || tally.linksSuffice() ? 'selected' : 'window'
      for (const entry of await found(tally.openOrderIds(scope))) tally.addLookedUp(entry)
    }
    const orders = withinLimit(tally.unresolvedOrderIds())
    const tasks = [...(await snapshot.tasksByTaskIds(orders)), ...(await snapshot.tasksByRequestIds(orders))]
    tally.resolveOrders(new Set(tasks.flatMap(({ taskId, requestId }) => [taskId, requestId])))
  } catch (cause) {
    // What was not looked up may hold the missing payment: without it nobody is accused.
    giveUp(reading, tally, tables, cause, context)
  }
  if (ledgerLink !== 'auto') return ledgerLink
  return tally.linksSuffice() ? 'order' : 'total'
}

/** Whether tasks without a linked row so far are worth looking up: most are linked, or a sample of them is. */
async function linksInUse(
  tally: LedgerTally,
  found: (ids: readonly string[]) => Promise<LedgerEntry[]>,
): Promise<boolean> {
  if (tally.linksSuffice()) return true
  return (await found(tally.openOrderIds('window').slice(0, LINK_SAMPLE))).length > 0
}

function withinLimit(ids: readonly string[]): readonly string[] {
  if (ids.length <= LIMITS.lookupIdsTotal) return ids
  throw new AuditError('source', `more than ${LIMITS.lookupIdsTotal} order ids would have to be looked up`, {
    next: 'audit fewer days at a time, or set ledgerLink to total in AUDIT_CONFIG',
  })
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

/** A table that could not be read, as a fact of the report; cancelling and faults of the program are none. */
export function failedTable(
  source: 'tasks' | 'points' | 'cash' | 'users',
  cause: unknown,
  signal: AbortSignal,
): SourceStatus {
  throwIfAborted(signal)
  if (!(cause instanceof AuditError) || cause.kind !== 'source') throw cause
  return { source, status: 'failed', reason: [cause.message, cause.next].filter(Boolean).join('; ') }
}
