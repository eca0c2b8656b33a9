import { LIMITS } from '../limits.ts'
import type { EntryRecords } from '../rows/entry-records.ts'
import type { TaskRecords, TaskWords } from '../rows/task-records.ts'
import { PARTS, partOfNumber, pieceParts, type Spool } from '../spool/spool.ts'
import { within } from '../units/instant.ts'
import type { LedgerBook, UserLedger } from './ledger-book.ts'
import type { LedgerRecords } from './ledger-tally.ts'
import type { AuditPlan } from './plan.ts'
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
}

/** The two ledgers of an audit, piece by piece: all rows of one user are in one piece. */
export interface LedgerSource extends Omit<LedgerBook, 'users' | 'taskEntries'> {
  /** Each piece once a call, in an order that depends on the users' ids alone. */
  pieces(): Iterable<LedgerPiece>
}

/** Ledgers that were closed already. */
export const ledgerInOnePiece = ({ users, taskEntries, ...book }: LedgerBook): LedgerSource => ({
  ...book,
  pieces: () => [
    {
      users,
      settledTasks: 0,
      openEntries: () => taskEntries,
      taskEntries: () => taskEntries,
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
  readonly #tasks: Spool<TaskWords, TaskRecords>
  readonly #entries: Spool<null, EntryRecords>
  readonly #users = new UserNumbers()
  #windowTasks = 0
  readonly #refundOrders: string[] = []

  constructor(
    plan: AuditPlan,
    tasks: Spool<TaskWords, TaskRecords>,
    entries: Spool<null, EntryRecords>,
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

  /** Adds one of some tasks, marked as one that the filters leave or not. */
  addTask(tasks: TaskRecords, index: number): void {
    const userId = tasks.userId(index)
    this.#tasks.add(partOfNumber(userId), tasks, index)
    this.#users.numberOf(userId)
    if (!within(tasks.createdAt(index), this.#plan.window)) return
    this.#windowTasks += 1
    if (tasks.isSelected(index) && (tasks.isRefunded(index) || tasks.hasFailed(index))) this.#addRefund(tasks, index)
  }

  #addRefund(tasks: TaskRecords, index: number): void {
    if (this.#refundOrders.length > LIMITS.lookupIdsTotal) return
    const { taskId, requestId } = tasks.row(index)
    if (taskId !== '') this.#refundOrders.push(taskId)
    if (requestId !== '' && requestId !== taskId) this.#refundOrders.push(requestId)
  }

  /**
   * Order ids of tasks of the window that the filters leave and whose refunds may lie at any time: they failed or are marked as
   * refunded. None where they are more than may be looked up.
   */
  refundOrders(): readonly string[] {
    return this.#refundOrders.length > LIMITS.lookupIdsTotal ? [] : this.#refundOrders
  }

  /** Adds one of some rows. Those of users without any task pay none. Throws where no number holds the amount whole. */
  addEntry(entries: EntryRecords, index: number): void {
    const userId = entries.userId(index)
    if (!this.#users.has(userId)) return
    if (entries.isLarge(index)) entries.amountPoints(index)
    this.#entries.add(partOfNumber(userId), entries, index)
  }

  /** Parts that are read at once, the same at every call. */
  pieces(): number[][] {
    return pieceParts((part) => this.#tasks.rowsIn(part) + this.#entries.rowsIn(part), this.#pieceRows)
  }

  /** Reads one piece. */
  reading(parts: readonly number[]): LedgerRecords {
    const held = new Uint8Array(PARTS)
    for (const part of parts) held[part] = 1
    return {
      tasks: this.#tasks.read(parts),
      entries: this.#entries.read(parts),
      holds: (userId) => held[partOfNumber(userId)] === 1,
    }
  }
}
