import type { SourceStatus } from '../../schemas/report.ts'
import { AuditError, throwIfAborted } from '../errors.ts'
import type { LedgerEntry, LedgerSnapshot } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import type { BalanceTrailTally } from './balance-trail.ts'
import type { BookName, LedgerBook } from './ledger-book.ts'
import type { LedgerTally } from './ledger-tally.ts'
import type { AuditPlan } from './plan.ts'

/** Missing links looked up to tell an installation that sets order ids from one that does not. */
const LINK_SAMPLE = 100

/** Times that the rows before those in doubt are looked up, one a user each time. */
const DOUBT_ROUNDS_MAX = 20

export interface CollectContext {
  readonly signal: AbortSignal
  progress(message: string, done: number, total?: number): void
}

/**
 * Reads both ledgers once, follows the balances of the points, and settles which rows belong to which tasks. A ledger that
 * cannot be read is a fact in `tables`, and nothing is concluded from it.
 */
export async function readLedgers(
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
  const followed =
    follows && !tally.failedBooks.has('points') && (await readStarts(plan, snapshot, trail, tables, context))
  const mode = tally.failed ? 'total' : await settleLinks(plan, snapshot, tally, tables, context)
  return tally.close(mode, followed ? trail.close() : null)
}

/** The rows before the streamed ones, where the balances of the window start from; false where they cannot be read. */
async function readStarts(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  trail: BalanceTrailTally,
  tables: SourceStatus[],
  context: CollectContext,
): Promise<boolean> {
  try {
    trail.takeStarts(await snapshot.lastPointsBefore(trail.usersWithoutStart(), plan.ranges.ledger.start))
    for (let round = 0; round < DOUBT_ROUNDS_MAX; round++) {
      const doubts = trail.openDoubts()
      if (doubts.length === 0) break
      trail.settle(doubts, await snapshot.pointsRowsBefore(doubts))
    }
    return true
  } catch (cause) {
    markPartial('points', tables, cause, context)
    return false
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
  markPartial(book, tables, cause, context)
  tally.fail(book)
}

function markPartial(book: BookName, tables: SourceStatus[], cause: unknown, context: CollectContext): void {
  const failed = failedTable(book, cause, context.signal)
  const at = tables.findIndex(({ source }) => source === book)
  tables.splice(at, 1, { ...failed, status: 'partial' })
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
    const mode = ledgerLink === 'auto' ? (tally.linksSuffice() ? 'order' : 'total') : ledgerLink
    const orders = tally.unresolvedOrderIds(mode).slice(0, LIMITS.lookupIdsTotal)
    const tasks = [...(await snapshot.tasksByTaskIds(orders)), ...(await snapshot.tasksByRequestIds(orders))]
    tally.resolveOrders(new Set(orders), new Set(tasks.flatMap(({ taskId, requestId }) => [taskId, requestId])))
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
