import type { TaskRow } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import { ENTRY_RECORDS, type EntryRecords } from '../../rows/entry-records.ts'
import { newBytesOfId } from '../../rows/id-bytes.ts'
import { IdSet } from '../../rows/id-set.ts'
import { TASK_RECORDS, type TaskRecords, type TaskWords } from '../../rows/task-records.ts'
import { putAside } from '../../spool/put-aside.ts'
import { ReadingRoom } from '../../spool/reading-room.ts'
import { PARTS, partOfNumber, pieceParts, Spool } from '../../spool/spool.ts'
import type { SpoolFile } from '../../spool/spool-file.ts'
import { type InstantRange, within } from '../../units/instant.ts'
import { bareId } from '../../units/request-id.ts'
import type { AuditPlan } from '../plan.ts'
import { ownIdsOf, type TaskIds } from '../tasks/task-names.ts'
import { NO_UNDATED, type UndatedTasks } from '../tasks/undated-tasks.ts'
import { UserNumbers } from '../tasks/user-numbers.ts'
import type { LedgerBook, UserLedger } from './ledger-book.ts'
import { OwnerlessTally } from './ownerless-rows.ts'
import { type LinkRooms, newLinkRooms } from './row-links.ts'
import { StrayRows, strayRow } from './stray-rows.ts'

/** Whose tasks are that name no user: together with those of a user 0. */
const NOBODY = 0

/** Tasks and ledger rows that are linked at once. */
const PIECE_ROWS = 40_000

/** Orders of cash that are kept to be looked up early. */
const CASH_ORDERS_MAX = LIMITS.lookupIdsTotal / 2

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

/** The tasks of some users that are told of. */
export interface ToldTasks extends Pick<LedgerPiece, 'settledTasks' | 'openEntries' | 'taskEntries'> {
  /** How many are not settled. */
  readonly openTasks: number
}

/** The two ledgers of an audit, piece by piece: all rows of one user are in one piece. */
export interface LedgerSource extends Omit<LedgerBook, 'users' | 'taskEntries'> {
  /** Each piece once a call, in an order that depends on the users' ids alone; good until the next is asked for. */
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

/** Tasks and ledger rows of some users: all of the tasks, and of the rows those within the plan's range for ledgers. */
export interface LedgerRecords {
  readonly tasks: TaskRecords
  readonly entries: EntryRecords
  /** Whether a user is one of these. */
  holds(userId: number): boolean
  /** Where they are linked; absent: in a place of its own. */
  readonly rooms?: LinkRooms
}

/** Where pieces are read into, one after the other. */
export interface LedgerRooms {
  readonly tasks: ReadingRoom
  readonly entries: ReadingRoom
  readonly links: LinkRooms
}

export const ledgerRooms = (): LedgerRooms => ({
  tasks: new ReadingRoom(),
  entries: new ReadingRoom(),
  links: newLinkRooms(),
})

/** Tasks and ledger rows as they were read, in parts by user: first all tasks, then the rows. */
export class LedgerSpools {
  readonly #pieceRows: number
  readonly #plan: AuditPlan
  readonly #file: SpoolFile
  readonly #tasks: Spool<TaskWords, TaskRecords>
  readonly #entries: Spool<null, EntryRecords>
  readonly #users = new UserNumbers()
  readonly ownerless: OwnerlessTally
  #windowTasks = 0
  #hasNobodys = false
  #undated = NO_UNDATED
  #refundOrders: string[] = []
  #cashOrders = new Set<string>()
  /** Of users without any task. */
  readonly strayRows: StrayRows

  constructor(plan: AuditPlan, file: SpoolFile, pieceRows = PIECE_ROWS) {
    this.#pieceRows = pieceRows
    this.#plan = plan
    this.ownerless = new OwnerlessTally(plan)
    this.strayRows = new StrayRows(plan.window.start)
    this.#file = file
    this.#tasks = new Spool(TASK_RECORDS, file)
    this.#entries = new Spool(ENTRY_RECORDS, file)
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
    if (userId === NOBODY && tasks.isUserUntold(index)) this.#hasNobodys = true
    if (!within(tasks.createdAt(index), this.#plan.window)) return
    this.#windowTasks += 1
    if (tasks.isSelected(index) && (tasks.isRefunded(index) || tasks.hasFailed(index))) this.#addRefund(tasks, index)
  }

  /** No task is added any more. `undated`: those that have no time that can be read. */
  endTasks(undated = NO_UNDATED): void {
    this.#tasks.end()
    this.#undated = undated
    for (const { userId } of undated.each ?? []) this.#users.numberOf(userId)
  }

  get undated(): UndatedTasks {
    return this.#undated
  }

  /** Whether a task names no user. */
  get hasNobodys(): boolean {
    return this.#hasNobodys
  }

  #addRefund(tasks: TaskRecords, index: number): void {
    if (this.#refundOrders.length > LIMITS.lookupIdsTotal) return
    this.#refundOrders.push(...tasks.ids(index))
  }

  /**
   * Order ids of tasks of the window that the filters leave and whose refunds may lie at any time: they failed or are marked as
   * refunded. None where they are more than may be looked up. They are not kept here any more.
   */
  takeRefundOrders(): string[] {
    const orders = this.#refundOrders
    this.#refundOrders = []
    return orders.length > LIMITS.lookupIdsTotal ? [] : orders
  }

  /**
   * Orders of cash that came in: where they are tasks it was a refund. None where they are very many. They are not kept here any
   * more.
   */
  takeCashOrders(): ReadonlySet<string> {
    const orders = this.#cashOrders
    this.#cashOrders = new Set()
    return orders.size > CASH_ORDERS_MAX ? new Set() : orders
  }

  /** Adds one of some rows. Those of users without any task pay none. Throws where no number holds the amount whole. */
  addEntry(entries: EntryRecords, index: number): void {
    if (entries.isUserUntold(index)) {
      this.ownerless.add(entries, index)
      return
    }
    const userId = entries.userId(index)
    if (!this.#users.has(userId)) {
      this.#addStray(entries, index)
      return
    }
    if (this.#cashOrders.size <= CASH_ORDERS_MAX && isCashIn(entries, index))
      this.#cashOrders.add(entries.orderText(index))
    if (entries.isLarge(index)) entries.amountPoints(index)
    this.#entries.add(partOfNumber(userId), entries, index)
  }

  /** Notes what a user without any task paid for an order, who may have paid for a task of somebody else. */
  #addStray(entries: EntryRecords, index: number): void {
    const { depth, window, userIds } = this.#plan
    if (depth === 'summary' || userIds.size > 0 || !entries.hasOrder(index)) return
    if (entries.kind(index) !== 'consume' || !within(entries.time(index), window)) return
    this.strayRows.add(strayRow(entries, index))
  }

  /** When the tasks were made that are here, each of them. */
  get taken(): InstantRange {
    const { crossingSince, tasks } = this.#plan.ranges
    return { start: crossingSince, end: tasks.end }
  }

  /**
   * The ids, piece by piece and task by task, of the tasks here that may be named by one of some ids, as it is or in
   * a bare form. Of all tasks, or of those that name a user.
   */
  *idsAmong(ids: ReadonlySet<string>, which: 'all' | 'owned'): Generator<TaskIds[]> {
    const bearersIn = this.#bearersOf(ids)
    const room = new ReadingRoom()
    for (const parts of this.pieces()) {
      const tasks = this.#tasks.read(parts, room)
      yield [...bearersIn(tasks)].flatMap((task) =>
        which === 'owned' && tasks.isUserUntold(task)
          ? []
          : [{ taskId: tasks.taskIdText(task), requestId: tasks.requestIdText(task) }],
      )
    }
  }

  /** The tasks here that name no user and bear one of some ids, likewise. */
  nobodysAmong(ids: ReadonlySet<string>): TaskRow[] {
    if (!this.#hasNobodys || ids.size === 0) return []
    const tasks = this.#tasks.read([partOfNumber(NOBODY)])
    const found = [...this.#bearersOf(ids)(tasks)]
    return found
      .filter((task) => tasks.userId(task) === NOBODY && tasks.isUserUntold(task))
      .map((task) => tasks.row(task))
  }

  #bearersOf(ids: ReadonlySet<string>): (tasks: TaskRecords) => Generator<number> {
    const own = new IdSet(ownIdsOf(ids))
    const requests = new IdSet(new Set([...ids].map(bareId).filter((id) => id !== '')))
    const id = newBytesOfId()
    return function* (tasks) {
      for (let task = 0; task < tasks.count; task++) {
        if (own.hasId(tasks, tasks.taskId(task, id)) || requests.hasId(tasks, tasks.requestId(task, id))) yield task
      }
    }
  }

  /** Puts plain data aside, to be made anew when it is asked for. */
  putAside<Value>(value: Value): () => Value {
    return putAside(this.#file, value)
  }

  /** Parts that are read at once, the same at every call. */
  pieces(): number[][] {
    return pieceParts((part) => this.#tasks.rowsIn(part) + this.#entries.rowsIn(part), this.#pieceRows)
  }

  /** Reads one piece; in rooms good until they are read into again. */
  reading(parts: readonly number[], rooms?: LedgerRooms): LedgerRecords {
    const held = new Uint8Array(PARTS)
    for (const part of parts) held[part] = 1
    return {
      tasks: this.#tasks.read(parts, rooms?.tasks),
      entries: this.#entries.read(parts, rooms?.entries),
      holds: (userId) => held[partOfNumber(userId)] === 1,
      ...(rooms && { rooms: rooms.links }),
    }
  }
}

const isCashIn = (entries: EntryRecords, index: number): boolean =>
  entries.kind(index) === 'recharge' && entries.book(index) === 'cash' && entries.hasOrder(index)
