import type { LedgerSnapshot } from '../../ledger/reader.ts'
import { LIMITS, SPANS } from '../../limits.ts'
import type { EntryRecords } from '../../rows/entry-records.ts'
import { instant, plus, within } from '../../units/instant.ts'
import type { AuditPlan } from '../plan.ts'
import type { BalanceTrail } from '../rules/facts.ts'
import { failedTable, type TableStatus } from '../table-status.ts'
import type { CellTally } from '../tasks/cell-tally.ts'
import { rowsTeller, type TellProgress } from '../waiting.ts'
import { type BalanceTrailTally, USERS_SETTLED_MAX } from './balance-trail.ts'
import type { BookName } from './ledger-book.ts'
import { LedgerLinks } from './ledger-links.ts'
import type { LedgerSource, LedgerSpools } from './ledger-source.ts'

/** Times that the rows before those in doubt are looked up, one a user each time. */
const DOUBT_ROUNDS_MAX = 20

/** Passes over the ids of the ledger that look up what is in doubt then: of rows that do not go on, and of such as follow no balance. */
const DOUBT_PASSES_MAX = 2

export interface CollectContext {
  readonly signal: AbortSignal
  readonly progress: TellProgress
  /** How many rows are joined at once, where not the usual number. */
  readonly pieceRows?: number | undefined
}

export interface LedgerCompany {
  /** Takes all tasks, those of one user at once. */
  readonly cells?: CellTally | undefined
  /** Read while rows are linked here, since the server has little to do then. */
  readonly meanwhile: () => Promise<unknown>
}

/**
 * Reads both ledgers once, follows the balances of the points, and settles which rows belong to which tasks. A ledger that
 * cannot be read is a fact in `tables`, and nothing is concluded from it.
 */
export async function readLedgers(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  spools: LedgerSpools,
  trail: BalanceTrailTally,
  tables: TableStatus[],
  context: CollectContext,
  { cells, meanwhile }: LedgerCompany,
): Promise<LedgerSource> {
  const follows = plan.depth === 'requests'
  const failed = new Set<BookName>()
  const passes: [BookName, () => AsyncIterable<EntryRecords>][] = [
    ['points', () => snapshot.points(plan.ranges.ledger, { balances: follows })],
    ['cash', () => snapshot.cash(plan.ranges.ledger)],
  ]
  for (const [book, stream] of passes) {
    try {
      const expected = await snapshot.expectedRows?.(book, plan.ranges.ledger)
      const tell = rowsTeller(context.progress, `rows of the ${book} ledger read`, expected)
      let rows = 0
      for await (const batch of stream()) {
        for (let entry = 0; entry < batch.count; entry++) {
          spools.addEntry(batch, entry)
          if (follows && book === 'points') trail.add(batch, entry)
        }
        rows += batch.count
        tell(rows)
      }
      tables.push({ source: book, status: 'complete' })
    } catch (cause) {
      failed.add(book)
      tables.push(failedTable(book, cause, context.signal))
    }
  }
  const isFollowed = follows && !failed.has('points')
  const links = new LedgerLinks(plan, snapshot, spools, failed, context)
  // The server looks for these rows while rows are linked here.
  const starts = isFollowed ? readStarts(plan, snapshot, trail, tables, context) : Promise.resolve(false)
  const reading = starts.then(meanwhile)
  // Whoever waits for it is told of its failure: nobody does where linking fails first.
  reading.catch(() => undefined)
  await links.settle((book, cause) => markPartial(book, tables, cause, context), cells, reading)
  const balances: BalanceTrail | null = (await starts) ? trail.close(snapshot.unreadTimes?.()) : null
  return links.close(balances)
}

/** The rows before the streamed ones, where the balances of the window start from; false where they cannot be read. */
async function readStarts(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  trail: BalanceTrailTally,
  tables: TableStatus[],
  context: CollectContext,
): Promise<boolean> {
  try {
    trail.takeStarts(await snapshot.lastPointsBefore(trail.usersWithoutStart(), plan.ranges.ledger.start))
    const passed = await settleBeginnings(snapshot, trail)
    for (let round = passed; round < DOUBT_ROUNDS_MAX; round++) {
      const doubts = trail.openDoubts()
      if (doubts.length === 0) break
      trail.settle(doubts, await snapshot.pointsRowsBefore(doubts))
    }
    for (let pass = 0; pass < DOUBT_PASSES_MAX; pass++) {
      const doubts = trail.openDoubts(USERS_SETTLED_MAX, LIMITS.lookupIdsTotal).slice(0, LIMITS.lookupIdsTotal)
      if (doubts.length === 0) break
      trail.settle(doubts, await snapshot.pointsRowsBefore(doubts))
    }
    // A row of the period may share its id with an older one, whose place in order of id it then does not have.
    if (trail.hasGaps) trail.noteRepeated(await snapshot.pointsByRowIds(trail.gapRowIds()))
    await readBridges(plan, snapshot, trail, (cause) => markPartial('points', tables, cause, context))
    return true
  } catch (cause) {
    markPartial('points', tables, cause, context)
    return false
  }
}

/**
 * Settles the doubts of all users whose ledger begins with the row in doubt, where they are more than a round takes: one pass
 * over the ids tells them. It counts as a round, each of which takes such a pass; returns how many were made.
 */
async function settleBeginnings(snapshot: LedgerSnapshot, trail: BalanceTrailTally): Promise<number> {
  const doubts = trail.openDoubts(Number.POSITIVE_INFINITY)
  if (doubts.length <= USERS_SETTLED_MAX) return 0
  const users = await snapshot.pointsUsersBefore(doubts)
  trail.settle(
    doubts.filter(({ userId }) => !users.has(userId)),
    [],
  )
  return 1
}

/**
 * Rows of other times that tell no user, where a row is missing: ids and times need not have one order. What else the balances
 * tell holds without them.
 */
async function readBridges(
  { ranges: { ledger }, asOf }: AuditPlan,
  snapshot: LedgerSnapshot,
  trail: BalanceTrailTally,
  onFailure: (cause: unknown) => void,
): Promise<void> {
  if (!trail.hasGaps) return
  const everything = { start: instant(0), end: plus(asOf, SPANS.skew) }
  try {
    for await (const batch of snapshot.points(everything, { userIds: [], ownerless: true })) {
      for (let index = 0; index < batch.count; index++) {
        const isNew = batch.isUserUntold(index) && !within(batch.time(index), ledger)
        if (isNew && !trail.takeOwnerless(batch.row(index))) return
      }
    }
  } catch (cause) {
    onFailure(cause)
    trail.leaveGapsOpen()
  }
}

/** A look-up in a ledger that failed after its stream was read: the ledger counts as read in part. */
function markPartial(book: BookName, tables: TableStatus[], cause: unknown, context: CollectContext): void {
  const failed = failedTable(book, cause, context.signal)
  const at = tables.findIndex(({ source }) => source === book)
  tables.splice(at, 1, { ...failed, status: 'partial' })
}
