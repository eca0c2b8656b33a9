import type { SourceStatus } from '../../schemas/report.ts'
import type { LedgerEntryRow } from '../../schemas/user-ledger.ts'
import { linkedKind } from '../audit/ledgers/linked-kind.ts'
import type { AuditPlan } from '../audit/plan.ts'
import { failedTable, type TableStatus } from '../audit/table-status.ts'
import { ownIdsOf, TaskNames } from '../audit/tasks/task-names.ts'
import type { LedgerEntry, LedgerSnapshot, TaskRow } from '../ledger/reader.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext } from '../tool.ts'
import { exactNumber, jsonInteger } from '../units/exact.ts'
import type { Zone } from '../units/zone.ts'

/** Rows of one ledger listed in one call; more of them make the source partial. */
const ENTRIES_MAX = 20_000

/**
 * The rows of both ledgers within the window, of the plan's users, in order of time. A ledger that cannot be read, or has
 * more rows than are listed, is marked in `sources`.
 */
export async function readLedgerRows(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  sources: TableStatus[],
  context: CallContext,
): Promise<LedgerEntryRow[]> {
  const entries: LedgerEntry[] = []
  for (const book of ['points', 'cash'] as const) {
    const at = sources.findIndex(({ source }) => source === book)
    if (sources[at]?.status === 'failed') continue
    const problem = await readRows(book, plan, snapshot, entries, context)
    if (problem !== undefined) sources.splice(at, 1, problem)
  }
  const orders = new Set(
    entries.filter((entry) => entry.orderId !== '' && isOtherLinked(entry)).map(({ orderId }) => orderId),
  )
  const tasks = orders.size === 0 ? [] : await snapshot.tasksByEitherId([...ownIdsOf(orders)])
  return entryRows(asLinked(entries, tasks), plan.window.zone)
}

const linkedKindOf = ({ book, kind, kindUntold }: LedgerEntry): LedgerEntry['kind'] =>
  linkedKind(book, kind, kindUntold === true) ?? kind

/** Whether a row says something else of a task than of itself, such as cash that came in. */
const isOtherLinked = (entry: LedgerEntry): boolean => linkedKindOf(entry) !== entry.kind

/** Each row as the sums count it: one whose order is among these tasks is what it means to that task. */
export function asLinked(entries: readonly LedgerEntry[], tasks: readonly TaskRow[]): LedgerEntry[] {
  const names = new TaskNames(tasks)
  return entries.map((entry) =>
    isOtherLinked(entry) && names.has(entry.orderId) ? { ...entry, kind: linkedKindOf(entry) } : entry,
  )
}

/** Reads one ledger; returns what kept it from being read whole. */
async function readRows(
  book: 'points' | 'cash',
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  entries: LedgerEntry[],
  context: CallContext,
): Promise<TableStatus | undefined> {
  const request = { userIds: [...plan.userIds], titles: true }
  let rows = 0
  let large: LedgerEntry | undefined
  try {
    for await (const batch of snapshot[book](plan.window, request)) {
      // A store may read more users than were asked for.
      for (const entry of batch.rows()) {
        if (entry.userUntold === true || !plan.userIds.has(entry.userId)) continue
        if (isTooLarge(entry)) {
          large ??= entry
          continue
        }
        if (++rows > ENTRIES_MAX) {
          const reason = `only the first ${ENTRIES_MAX} rows are listed: ask for fewer users or days`
          return { source: book, status: 'partial', reason }
        }
        entries.push(entry)
      }
      context.progress({ message: 'ledger rows listed', done: entries.length })
    }
    return large && leftOut(large)
  } catch (cause) {
    return failedTable(book, cause, context.signal)
  }
}

/** Whether a number of a row is beyond what is told exactly: the row is not listed then. */
export const isTooLarge = ({ amountPoints, balanceBefore, balanceAfter }: LedgerEntry): boolean =>
  [amountPoints, balanceBefore, balanceAfter].some((points) => points !== null && Number.isNaN(exactNumber(points)))

/** How completely a ledger is listed, the first of whose rows with such a number is this one. */
export const leftOut = ({ book, rowId }: LedgerEntry): SourceStatus => ({
  source: book,
  status: 'partial',
  reason: `row ${rowId} is not listed, nor others like it: an amount or balance is beyond 9007199254740991; correct the row`,
})

const compareBooks = (a: LedgerEntry, b: LedgerEntry): number => (a.book === b.book ? 0 : a.book === 'points' ? -1 : 1)

/** Rows of either ledger as they are shown, in order of time. */
export const entryRows = (entries: readonly LedgerEntry[], zone: Zone): LedgerEntryRow[] =>
  [...entries]
    .sort((a, b) => a.at - b.at || a.userId - b.userId || compareBooks(a, b) || a.rowId - b.rowId)
    .map((entry) => entryRow(entry, zone))

function entryRow(entry: LedgerEntry, zone: Zone): LedgerEntryRow {
  const { book, rowId, userId, at, kind, amountPoints, orderId, balanceBefore, balanceAfter } = entry
  const title = cleanText(entry.title)
  return {
    book,
    rowId,
    userId: entry.userUntold === true ? null : userId,
    at: zone.format(at),
    kind,
    amountPoints: entry.amountUntold === true ? null : jsonInteger(amountPoints),
    ...(orderId !== '' && { orderId: cleanText(orderId) }),
    ...(title !== '' && { title }),
    ...(balanceBefore !== null && { balanceBefore: jsonInteger(balanceBefore) }),
    ...(balanceAfter !== null && { balanceAfter: jsonInteger(balanceAfter) }),
  }
}
