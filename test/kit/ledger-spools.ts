import { atOnce } from '../../src/audit/breathe.ts'
import type { KeptPieces } from '../../src/audit/ledgers/kept-piece.ts'
import type { BookName, UserLedger } from '../../src/audit/ledgers/ledger-book.ts'
import { LedgerLinks } from '../../src/audit/ledgers/ledger-links.ts'
import {
  type LedgerPiece,
  type LedgerRecords,
  type LedgerSource,
  LedgerSpools,
  wholeLedger,
} from '../../src/audit/ledgers/ledger-source.ts'
import { LedgerTally } from '../../src/audit/ledgers/ledger-tally.ts'
import type { LinkMode } from '../../src/audit/ledgers/link-scans.ts'
import { ClosedUser, type ResolvedOrders, resolveOrders } from '../../src/audit/ledgers/user-figures.ts'
import type { AuditPlan } from '../../src/audit/plan.ts'
import type { LedgerEntry, LedgerSnapshot, TaskRow, UnreadTimes } from '../../src/ledger/reader.ts'
import { entryRecordsOf } from '../../src/rows/entry-records.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'
import { within } from '../../src/units/instant.ts'
import { bareId } from '../../src/units/request-id.ts'
import { points } from './books.ts'
import { entryRow, planOf, taskRow } from './rows.ts'

/** What two ledgers hold, and what of them is read in one pass. */
export interface GivenLedgers {
  readonly tasks?: readonly TaskRow[]
  /** Rows of both ledgers, of any time; those of the plan's range are streamed. */
  readonly entries?: readonly LedgerEntry[]
  /** Tasks of any other time. */
  readonly otherTasks?: readonly TaskRow[]
  readonly plan?: AuditPlan
  /** How many rows are joined at once; all of them by default. */
  readonly pieceRows?: number
  readonly selected?: (task: TaskRow) => boolean
  /** Ledgers that could not be streamed. */
  readonly failed?: readonly BookName[]
  /** Look-ups that fail, by name. */
  readonly failing?: readonly (keyof LedgerSnapshot)[]
  readonly signal?: AbortSignal
  /** Whether rows are looked up in whatever form they name an id. */
  readonly anyForm?: true
  /** What is kept of pieces, where not as much as usual. */
  readonly kept?: KeptPieces
}

const newSpools = (plan: AuditPlan, pieceRows: number): LedgerSpools => {
  const file = new SpoolFile()
  return new LedgerSpools(plan, file, pieceRows)
}

/** Spools tasks and rows, all at once. */
function fill(
  spools: LedgerSpools,
  tasks: readonly TaskRow[],
  entries: readonly LedgerEntry[],
  isSelected: (task: TaskRow) => boolean,
): void {
  const records = taskRecordsOf(tasks)
  for (const [index, task] of tasks.entries()) {
    records.select(index, isSelected(task))
    spools.addTask(records, index)
  }
  const rows = entryRecordsOf(entries)
  for (let index = 0; index < rows.count; index++) spools.addEntry(rows, index)
}

/** Every piece of some spools, as it is linked. */
export const readingsOf = (spools: LedgerSpools): LedgerRecords[] =>
  spools.pieces().map((parts) => spools.reading(parts))

/** Tasks and rows of both ledgers, all in one piece, linked and added up. */
export function tallyOf(
  tasks: readonly TaskRow[],
  entries: readonly LedgerEntry[] = [],
  { plan = planOf(), selected = () => true }: Pick<GivenLedgers, 'plan' | 'selected'> = {},
): LedgerTally {
  const spools = newSpools(plan, Number.POSITIVE_INFINITY)
  fill(spools, tasks, entries, (task) => within(task.createdAt, plan.window) && selected(task))
  const [records] = readingsOf(spools)
  if (records === undefined) throw new RangeError('there is always a piece')
  return atOnce(LedgerTally.linking(plan, records, spools.windowTasks))
}

export interface Closing {
  /** That of the tally. */
  readonly plan?: AuditPlan
  /** Ledgers that could not be read whole. */
  readonly failed?: readonly BookName[]
  readonly unreadTimes?: UnreadTimes
}

/** A tally that may be closed in any mode, before and after orders are resolved, as LedgerLinks does both. */
export interface ClosableTally {
  resolveOrders(asked: ReadonlySet<string>, tasks: ResolvedOrders['tasks']): void
  close(mode: LinkMode): LedgerPiece
}

/** What the tally adds up to now: no row may come any more. */
export function closable(
  tally: LedgerTally,
  { plan = planOf(), failed = [], unreadTimes = {} }: Closing = {},
): ClosableTally {
  const figures = tally.figures()
  const { settledTasks, openEntries, taskEntries } = tally.taskEntries()
  return {
    resolveOrders(asked, tasks) {
      for (const user of figures) resolveOrders(user, { asked, tasks })
    },
    close(mode) {
      const terms = { plan, mode, failed: new Set(failed), unreadTimes }
      const users = new Map(figures.map((user) => [user.userId, new ClosedUser(user, terms)]))
      return { users, settledTasks, openEntries, taskEntries }
    },
  }
}

export const closeTally = (tally: LedgerTally, mode: LinkMode, closing: Closing = {}): LedgerPiece =>
  closable(tally, closing).close(mode)

/** Spools rows as an audit does, settles their links, and tells what was looked up and what failed. */
export async function settledLedgers(given: GivenLedgers) {
  const { tasks = [], entries = [], otherTasks = [], plan = planOf(), failing = [] } = given
  const spools = newSpools(plan, given.pieceRows ?? 1_000_000)
  const isSelected = given.selected ?? (() => true)
  const streamed = entries.filter(({ at }) => within(at, plan.ranges.ledger))
  fill(spools, tasks, streamed, (task) => within(task.createdAt, plan.window) && isSelected(task))
  const reads: (readonly number[])[] = []
  const read = spools.reading.bind(spools)
  spools.reading = (parts, rooms) => {
    reads.push(parts)
    return read(parts, rooms)
  }
  const asked: [string, readonly string[]][] = []
  const lookUp =
    <Row>(name: keyof LedgerSnapshot, rows: readonly Row[], idOf: (row: Row) => string) =>
    async (ids: readonly string[]): Promise<Row[]> => {
      asked.push([name, [...ids]])
      if (failing.includes(name)) throw new RangeError(`${name} failed`)
      const wanted = new Set(ids)
      // In whatever form it is stored, as where streamed rows name requests in others than the bare one.
      return rows.filter((row) => wanted.has(idOf(row)) || (given.anyForm === true && wanted.has(bareId(idOf(row)))))
    }
  const ofBook = (book: BookName) => entries.filter((entry) => entry.book === book)
  const allTasks = [...tasks, ...otherTasks]
  const stream = (book: BookName): LedgerSnapshot['points'] =>
    async function* (range, { userIds = [] } = {}) {
      asked.push([book, userIds.map(String)])
      if (failing.includes(book)) throw new RangeError(`${book} failed`)
      yield entryRecordsOf(ofBook(book).filter(({ at }) => within(at, range)))
    }
  const snapshot: Partial<LedgerSnapshot> = {
    points: stream('points'),
    cash: stream('cash'),
    pointsByOrderIds: lookUp('pointsByOrderIds', ofBook('points'), ({ orderId }) => orderId),
    cashByOrderIds: lookUp('cashByOrderIds', ofBook('cash'), ({ orderId }) => orderId),
    async tasksByEitherId(ids, taken) {
      asked.push(['tasksByEitherId', [...ids]])
      if (failing.includes('tasksByEitherId')) throw new RangeError('tasksByEitherId failed')
      const wanted = new Set(ids)
      const requests = new Set(ids.map(bareId).filter((id) => id !== ''))
      return allTasks.filter(
        ({ taskId, requestId, createdAt }) =>
          (wanted.has(taskId) || requests.has(requestId)) && !(taken && within(createdAt, taken)),
      )
    },
  }
  const failures: [BookName, string][] = []
  const causes: unknown[] = []
  const signal = given.signal ?? new AbortController().signal
  const context = { signal, progress: () => undefined }
  const links = new LedgerLinks(plan, snapshot as LedgerSnapshot, spools, new Set(given.failed), context, given.kept)
  await links.settle((book, cause) => {
    failures.push([book, String(cause)])
    causes.push(cause)
  })
  /** Ids asked of one look-up, question after question. */
  const askedOf = (name: keyof LedgerSnapshot) => asked.flatMap(([of, ids]) => (of === name ? [ids] : []))
  return { source: links.close(null), spools, reads, asked, askedOf, failures, causes }
}

/** A task of a user of its own, charged 100 points. */
export const paidTask = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({
    ...{ rowId, userId: 100 + rowId, taskId: `task-${rowId}`, requestId: `request-${rowId}` },
    ...{ chargedPoints: points(100), ...overrides },
  })
/** A row that takes 100 points for the task of that number. */
export const pays = (rowId: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry =>
  entryRow(rowId, -100, { userId: 100 + rowId, orderId: `task-${rowId}`, ...overrides })
export const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
export const linking = (ledgerLink: 'auto' | 'order' | 'total', plan = planOf()) => ({
  ...plan,
  settings: { ...plan.settings, ledgerLink },
})

/** All that a book says of a user, made anew. */
export const toldOfUser = (user: UserLedger) => ({
  payment: user.payment,
  unlinked: user.unlinked,
  unpaid: user.unpaid.view(),
  pointsRefunded: user.pointsRefunded,
  cashRefunded: user.cashRefunded,
  pointsRecharged: user.pointsRecharged,
  cashRecharged: user.cashRecharged,
})

/** What a book says, in short and in order of users and tasks. */
export function toldOf(source: LedgerSource) {
  const { mode, chargedTasks, linkedTasks, everyOrder, users, taskEntries } = wholeLedger(source)
  const inOrder = [...users].sort(([a], [b]) => a - b)
  return {
    ...{ mode, chargedTasks, linkedTasks, everyOrder },
    users: inOrder.map(([userId, user]) => [userId, toldOfUser(user)] as const),
    entries: taskEntries
      .map(({ task: { rowId }, entries }) => [rowId, entries.map((entry) => entry.rowId)] as const)
      .sort(([a], [b]) => a - b),
  }
}

export const paymentOf = (users: ReturnType<typeof toldOf>['users'], userId: number) => {
  const user = new Map(users).get(userId)
  if (user === undefined) throw new RangeError('no such user')
  return user.payment
}
