import type { TaskRow } from '../ledger/reader.ts'
import { PARTS, partOfNumber, pieceParts, type Spool } from '../spool/spool.ts'
import { within } from '../units/instant.ts'
import type { EntryRecords, LinkEntry } from './entry-records.ts'
import type { LedgerBook, UserLedger } from './ledger-book.ts'
import type { LedgerRecords } from './ledger-tally.ts'
import type { AuditPlan } from './plan.ts'
import type { CellTask, SpooledTask, TaskRecords } from './task-records.ts'
import { UserNumbers } from './user-numbers.ts'

/** Tasks and ledger rows that are linked at once. */
const PIECE_ROWS = 40_000

/** What the ledgers say of some users, and the tasks of these users. */
export interface LedgerPiece extends Pick<LedgerBook, 'users'> {
  /**
   * Tasks of the window that the filters leave and of which rows took exactly the charge and gave nothing back, while they
   * neither failed nor are marked as refunded. 0 at depth summary.
   */
  readonly settledTasks: number
  /** The others of these tasks with their linked rows; none at depth summary. */
  openEntries(): LedgerBook['taskEntries']
  /** All of these tasks with their linked rows; none at depth summary. */
  taskEntries(): LedgerBook['taskEntries']
  /** Tasks of the window and those that may have crossed its edges. */
  readonly taskCount: number
  /** Hands out each of them; what is handed out is good until the call returns. */
  eachTask(take: (task: CellTask) => void): void
}

/** The two ledgers of an audit, piece by piece: all rows of one user are in one piece. */
export interface LedgerSource extends Omit<LedgerBook, 'users' | 'taskEntries'> {
  /** Each piece once a call, in an order that depends on the users' ids alone. */
  pieces(): Iterable<LedgerPiece>
}

/** Ledgers that were closed already. */
export const ledgerInOnePiece = (
  { users, taskEntries, ...book }: LedgerBook,
  tasks: readonly TaskRow[],
): LedgerSource => ({
  ...book,
  pieces: () => [
    {
      users,
      settledTasks: 0,
      openEntries: () => taskEntries,
      taskEntries: () => taskEntries,
      taskCount: tasks.length,
      eachTask: (take) => tasks.forEach(take),
    },
  ],
})

/** The book of all users at once, for few of them. */
export function wholeLedger({ pieces, ...book }: LedgerSource): LedgerBook {
  const users = new Map<number, UserLedger>()
  const taskEntries: LedgerBook['taskEntries'][number][] = []
  for (const piece of pieces()) {
    for (const [userId, user] of piece.users) users.set(userId, user)
    for (const entry of piece.taskEntries()) taskEntries.push(entry)
  }
  return { ...book, users, taskEntries }
}

/** Tasks and ledger rows as they were read, in parts by user: first all tasks, then the rows. */
export class LedgerSpools {
  readonly #pieceRows: number
  readonly #plan: AuditPlan
  readonly #tasks: Spool<SpooledTask, TaskRecords>
  readonly #entries: Spool<LinkEntry, EntryRecords>
  readonly #users = new UserNumbers()
  #windowTasks = 0
  #only: LedgerRecords | undefined

  constructor(
    plan: AuditPlan,
    tasks: Spool<SpooledTask, TaskRecords>,
    entries: Spool<LinkEntry, EntryRecords>,
    pieceRows = PIECE_ROWS,
  ) {
    this.#pieceRows = pieceRows
    this.#plan = plan
    this.#tasks = tasks
    this.#entries = entries
    for (const userId of plan.userIds) this.#users.numberOf(userId)
  }

  /** Tasks of the window, whether or not the filters leave them. */
  get windowTasks(): number {
    return this.#windowTasks
  }

  /** Tasks and ledger rows in all. */
  get rows(): number {
    return this.#tasks.rows + this.#entries.rows
  }

  addTask(task: TaskRow, selected: boolean): void {
    this.#tasks.add(partOfNumber(task.userId), { task, selected })
    this.#users.numberOf(task.userId)
    if (within(task.createdAt, this.#plan.window)) this.#windowTasks += 1
  }

  /** Rows of users without any task pay none. */
  addEntry(entry: LinkEntry): void {
    if (this.#users.has(entry.userId)) this.#entries.add(partOfNumber(entry.userId), entry)
  }

  #parts(): number[][] {
    return pieceParts((part) => this.#tasks.rowsIn(part) + this.#entries.rowsIn(part), this.#pieceRows)
  }

  /** The same pieces at every call. */
  *read(): Generator<LedgerRecords> {
    const pieces = this.#parts()
    if (pieces.length === 1) {
      this.#only ??= this.#reading(pieces[0] ?? [])
      yield this.#only
      return
    }
    for (const parts of pieces) yield this.#reading(parts)
  }

  #reading(parts: readonly number[]): LedgerRecords {
    const held = new Uint8Array(PARTS)
    for (const part of parts) held[part] = 1
    return {
      tasks: this.#tasks.read(parts),
      entries: this.#entries.read(parts),
      holds: (userId) => held[partOfNumber(userId)] === 1,
    }
  }
}
