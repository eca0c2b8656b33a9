import { entryCodec } from '../../src/audit/entry-records.ts'
import type { BookName } from '../../src/audit/ledger-book.ts'
import { LedgerLinks } from '../../src/audit/ledger-links.ts'
import { type LedgerSource, LedgerSpools, wholeLedger } from '../../src/audit/ledger-source.ts'
import { LedgerTally } from '../../src/audit/ledger-tally.ts'
import type { AuditPlan } from '../../src/audit/plan.ts'
import { taskCodec } from '../../src/audit/task-records.ts'
import type { LedgerEntry, LedgerSnapshot, TaskRow } from '../../src/ledger/reader.ts'
import { Spool, SpoolFile } from '../../src/spool/spool.ts'
import { within } from '../../src/units/instant.ts'
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
}

const newSpools = (plan: AuditPlan, pieceRows: number): LedgerSpools => {
  const file = new SpoolFile()
  return new LedgerSpools(plan, new Spool(taskCodec(), file), new Spool(entryCodec(), file), pieceRows)
}

/** Tasks and rows of both ledgers, all in one piece, linked and added up. */
export function tallyOf(
  tasks: readonly TaskRow[],
  entries: readonly LedgerEntry[] = [],
  { plan = planOf(), selected = () => true }: Pick<GivenLedgers, 'plan' | 'selected'> = {},
): LedgerTally {
  const spools = newSpools(plan, Number.POSITIVE_INFINITY)
  for (const each of tasks) spools.addTask(each, within(each.createdAt, plan.window) && selected(each))
  for (const each of entries) spools.addEntry(each)
  const [records] = spools.read()
  if (records === undefined) throw new RangeError('there is always a piece')
  return new LedgerTally(plan, records, spools.windowTasks)
}

/** Spools rows as an audit does, settles their links, and tells what was looked up and what failed. */
export async function settledLedgers(given: GivenLedgers) {
  const { tasks = [], entries = [], otherTasks = [], plan = planOf(), failing = [] } = given
  const spools = newSpools(plan, given.pieceRows ?? 1_000_000)
  const isSelected = given.selected ?? (() => true)
  for (const task of tasks) spools.addTask(task, within(task.createdAt, plan.window) && isSelected(task))
  for (const entry of entries) if (within(entry.at, plan.ranges.ledger)) spools.addEntry(entry)
  const asked: [string, readonly string[]][] = []
  const lookUp =
    <Row>(name: keyof LedgerSnapshot, rows: readonly Row[], idOf: (row: Row) => string) =>
    async (ids: readonly string[]): Promise<Row[]> => {
      asked.push([name, [...ids]])
      if (failing.includes(name)) throw new RangeError(`${name} failed`)
      const wanted = new Set(ids)
      return rows.filter((row) => wanted.has(idOf(row)))
    }
  const ofBook = (book: BookName) => entries.filter((entry) => entry.book === book)
  const allTasks = [...tasks, ...otherTasks]
  const snapshot: Partial<LedgerSnapshot> = {
    pointsByOrderIds: lookUp('pointsByOrderIds', ofBook('points'), ({ orderId }) => orderId),
    cashByOrderIds: lookUp('cashByOrderIds', ofBook('cash'), ({ orderId }) => orderId),
    tasksByTaskIds: lookUp('tasksByTaskIds', allTasks, ({ taskId }) => taskId),
    tasksByRequestIds: lookUp('tasksByRequestIds', allTasks, ({ requestId }) => requestId),
  }
  const failures: [BookName, string][] = []
  const causes: unknown[] = []
  const signal = given.signal ?? new AbortController().signal
  const links = new LedgerLinks(plan, snapshot as LedgerSnapshot, spools, new Set(given.failed), {
    signal,
    progress: () => undefined,
  })
  await links.settle((book, cause) => {
    failures.push([book, String(cause)])
    causes.push(cause)
  })
  /** Ids asked of one look-up, question after question. */
  const askedOf = (name: keyof LedgerSnapshot) => asked.flatMap(([of, ids]) => (of === name ? [ids] : []))
  return { source: links.close(null), spools, asked, askedOf, failures, causes }
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

/** What a book says, in short and in order of users and tasks. */
export function toldOf(source: LedgerSource) {
  const { mode, chargedTasks, linkedTasks, everyOrder, users, taskEntries } = wholeLedger(source)
  const inOrder = [...users].sort(([a], [b]) => a - b)
  return {
    ...{ mode, chargedTasks, linkedTasks, everyOrder },
    users: inOrder.map(([userId, user]) => [userId, { ...user, unpaid: user.unpaid.view() }] as const),
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
