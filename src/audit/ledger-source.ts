import type { LedgerEntry, TaskRow } from '../ledger/reader.ts'
import { PARTS, partOfNumber, pieceParts, type Spool } from '../spool/spool.ts'
import { within } from '../units/instant.ts'
import type { LedgerBook, UserLedger } from './ledger-book.ts'
import type { AuditPlan } from './plan.ts'
import type { SpooledTask } from './row-codecs.ts'

/** Tasks and ledger rows that are linked at once. */
const PIECE_ROWS = 150_000

/** What the ledgers say of some users, and the tasks of these users. */
export interface LedgerPiece extends Pick<LedgerBook, 'users' | 'taskEntries'> {
  /** Tasks of the window and those that may have crossed its edges. */
  readonly tasks: readonly TaskRow[]
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
): LedgerSource => ({ ...book, pieces: () => [{ users, taskEntries, tasks }] })

/** The book of all users at once, for few of them. */
export function wholeLedger({ pieces, ...book }: LedgerSource): LedgerBook {
  const users = new Map<number, UserLedger>()
  const taskEntries: LedgerBook['taskEntries'][number][] = []
  for (const piece of pieces()) {
    for (const [userId, user] of piece.users) users.set(userId, user)
    for (const entry of piece.taskEntries) taskEntries.push(entry)
  }
  return { ...book, users, taskEntries }
}

/** Rows of one piece, as they were read. */
export interface LedgerReading {
  readonly tasks: readonly SpooledTask[]
  readonly entries: readonly LedgerEntry[]
  holds(userId: number): boolean
}

/** Tasks and ledger rows as they were read, in parts by user: first all tasks, then the rows. */
export class LedgerSpools {
  readonly #pieceRows: number
  readonly #plan: AuditPlan
  readonly #tasks: Spool<SpooledTask>
  readonly #entries: Spool<LedgerEntry>
  readonly #users: Set<number>
  #windowTasks = 0
  #only: LedgerReading | undefined

  constructor(plan: AuditPlan, tasks: Spool<SpooledTask>, entries: Spool<LedgerEntry>, pieceRows = PIECE_ROWS) {
    this.#pieceRows = pieceRows
    this.#plan = plan
    this.#tasks = tasks
    this.#entries = entries
    this.#users = new Set(plan.userIds)
  }

  /** Tasks of the window, whether or not the filters leave them. */
  get windowTasks(): number {
    return this.#windowTasks
  }

  addTask(task: TaskRow, selected: boolean): void {
    this.#tasks.add(partOfNumber(task.userId), { task, selected })
    this.#users.add(task.userId)
    if (within(task.createdAt, this.#plan.window)) this.#windowTasks += 1
  }

  /** Rows of users without any task pay none. */
  addEntry(entry: LedgerEntry): void {
    if (this.#users.has(entry.userId)) this.#entries.add(partOfNumber(entry.userId), entry)
  }

  /** The same pieces at every call. */
  *read(): Generator<LedgerReading> {
    const pieces = pieceParts((part) => this.#tasks.rowsIn(part) + this.#entries.rowsIn(part), this.#pieceRows)
    if (pieces.length === 1) {
      this.#only ??= this.#reading(pieces[0] ?? [])
      yield this.#only
      return
    }
    for (const parts of pieces) yield this.#reading(parts)
  }

  #reading(parts: readonly number[]): LedgerReading {
    const held = new Uint8Array(PARTS)
    for (const part of parts) held[part] = 1
    return {
      tasks: this.#tasks.read(parts),
      entries: this.#entries.read(parts),
      holds: (userId) => held[partOfNumber(userId)] === 1,
    }
  }
}
