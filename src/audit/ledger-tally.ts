import type { EntryKind, LedgerEntry } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { LEDGER_EDGE } from '../settings.ts'
import { addExact } from '../units/exact.ts'
import { within } from '../units/instant.ts'
import { type Points, points } from '../units/points.ts'
import { bareId } from '../units/request-id.ts'
import { type EntryRecords, exactAmount } from './entry-records.ts'
import { newBytesOfId } from './id-bytes.ts'
import { IdIndex, NO_TASK } from './id-index.ts'
import {
  type BookName,
  type BookSums,
  isLast,
  type LedgerBook,
  linkedRefunds,
  newTaskSums,
  newUserSums,
  orderPayment,
  type TaskSums,
  totalPayment,
  type UserLedger,
  type UserSums,
} from './ledger-book.ts'
import type { LedgerPiece } from './ledger-source.ts'
import { LinkedRows, TaskPayments } from './linked-rows.ts'
import type { AuditPlan } from './plan.ts'
import { known, type Payment, type Reading, unknown } from './rules/books.ts'
import type { LinkedEntry } from './rules/facts.ts'
import type { TaskRecords } from './task-records.ts'

/** Tasks up to which the ledger rows of all of them are looked up, at any time. */
const EVERY_ORDER_MAX = LIMITS.lookupIdsTotal / 2

/** Whether a window has few enough tasks to look up the rows of each. */
export const looksUpEveryOrder = (windowTasks: number): boolean => windowTasks <= EVERY_ORDER_MAX

/** Tasks and ledger rows of some users: all of the tasks, and of the rows those within the plan's range for ledgers. */
export interface LedgerRecords {
  readonly tasks: TaskRecords
  readonly entries: EntryRecords
  /** Whether a user is one of these. */
  holds(userId: number): boolean
}

/**
 * Links the ledger rows of some users to their tasks and adds both up by user; then takes rows that were looked up by id.
 * Each row counts once. Rows and tasks stay bytes, and sums are numbers: of millions of rows nothing is made but these.
 */
export class LedgerTally {
  readonly #plan: AuditPlan
  readonly #tasks: TaskRecords
  readonly #entries: EntryRecords
  readonly #windowTasks: number
  /** Users by id, each with a number. */
  readonly #numbers = new Map<number, number>()
  readonly #owners: Int32Array
  /** Of users who are told of; the others only count for the link mode. */
  readonly #sums: (UserSums | undefined)[] = []
  /** Users with charged tasks right before the window. */
  readonly #paidBefore = new Set<number>()
  /** By user, since a row of somebody else does not pay this user's task; whose rows it names, a look-up tells. */
  readonly #index: IdIndex
  /** 1 where a task is one of the window: rows link to these. */
  readonly #isTarget: Uint8Array
  readonly #payments: TaskPayments
  /** The rows of each task; null where the depth does not need them. */
  readonly #rows: LinkedRows | null
  readonly #failed = new Set<BookName>()

  /** `windowTasks`: how many tasks the window has in all. */
  constructor(plan: AuditPlan, { tasks, entries, holds }: LedgerRecords, windowTasks: number) {
    this.#plan = plan
    this.#tasks = tasks
    this.#entries = entries
    this.#windowTasks = windowTasks
    this.#owners = new Int32Array(tasks.count)
    this.#isTarget = new Uint8Array(tasks.count)
    this.#payments = new TaskPayments(tasks.count)
    this.#rows = plan.depth === 'requests' ? new LinkedRows(tasks.count, entries) : null
    // Who was asked for by id is told of, with or without tasks.
    for (const userId of plan.userIds) if (holds(userId)) this.#sums[this.#numberOf(userId)] = newUserSums()
    for (let task = 0; task < tasks.count; task++) this.#addTask(task)
    this.#index = new IdIndex(tasks, this.#owners)
    this.#addEntries()
  }

  #numberOf(userId: number): number {
    const known = this.#numbers.get(userId)
    if (known !== undefined) return known
    this.#numbers.set(userId, this.#sums.length)
    return this.#sums.push(undefined) - 1
  }

  #addTask(task: number): void {
    const { window } = this.#plan
    const createdAt = this.#tasks.createdAt(task)
    const owner = this.#numberOf(this.#tasks.userId(task))
    this.#owners[task] = owner
    if (within(createdAt, window)) this.#isTarget[task] = 1
    // Charges from right before the window, which its first rows may pay.
    else if (createdAt < window.start && createdAt >= window.start - LEDGER_EDGE) {
      if (this.#tasks.isCharged(task)) this.#paidBefore.add(owner)
    }
    if (this.#tasks.isSelected(task)) this.#sums[owner] ??= newUserSums()
  }

  #addEntries(): void {
    const id = newBytesOfId()
    const { bytes, count } = this.#entries
    for (let entry = 0; entry < count; entry++) {
      const owner = this.#numbers.get(this.#entries.userId(entry))
      if (owner === undefined) continue
      this.#entries.orderId(entry, id)
      let task = this.#index.find(owner, bytes, id)
      if (task === NO_TASK && this.#entries.mayBeOtherForm(entry)) {
        task = this.#index.findBare(owner, this.#entries.orderText(entry))
      }
      if (this.#isTarget[task] === 1) this.#link(task, entry)
      const sums = this.#sums[owner]
      if (sums !== undefined) this.#addToUser(sums, entry, task, id.length > 0)
    }
  }

  #link(task: number, entry: number): void {
    const book = this.#entries.book(entry)
    const kind = linkedKind(book, this.#entries.kind(entry))
    if (kind === undefined) return
    this.#payments.add(task, book, kind, this.#entries.amountPoints(entry))
    this.#rows?.add(task, entry)
  }

  /** Takes a row that was looked up by its order. Those within the streamed range were taken before. */
  addLookedUp(entry: LedgerEntry): void {
    const { book, rowId, at, userId, amountPoints, orderId } = entry
    const owner = this.#numbers.get(userId)
    if (owner === undefined || within(at, this.#plan.ranges.ledger)) return
    const kind = linkedKind(book, entry.kind)
    const task = this.#index.findText(owner, orderId)
    if (kind === undefined || this.#isTarget[task] !== 1) return
    this.#payments.add(task, book, kind, exactAmount(entry))
    this.#rows?.addLookedUp(task, { book, rowId, kind, amountPoints, at })
  }

  /** `task`: what the row's order is, NO_TASK or SHARED_ID included. */
  #addToUser(sums: UserSums, entry: number, task: number, hasOrder: boolean): void {
    const { window, settings } = this.#plan
    const book = this.#entries.book(entry)
    const kind = this.#entries.kind(entry)
    const at = this.#entries.at(entry)
    const signed = this.#entries.amountPoints(entry)
    if (kind === 'consume') {
      const amount = -signed
      const linked = task >= 0
      const names = linked || (hasOrder && task === NO_TASK)
      if (at >= window.end && at < window.end + LEDGER_EDGE) sums.afterEnd.push({ at, amount, linked: names })
      if (!within(at, window)) return
      add(sums.consumed, book, amount)
      if (at < window.start + LEDGER_EDGE) sums.afterStart.push({ at, amount, linked: names })
      if (!names) add(sums.unlinked, book, amount)
      else if (!linked && settings.ledgerLink !== 'total') sums.unresolved.push(entry)
      return
    }
    if (kind === 'refund' && !hasOrder && at >= window.start) {
      sums.unlinkedRefunds = addExact(sums.unlinkedRefunds, signed)
    }
    if (!within(at, window)) return
    if (kind === 'refund') add(sums.refunded, book, signed)
    if (kind !== 'recharge') return
    // Cash in is a refund where its order is a task, and otherwise a recharge.
    if (book === 'cash' && task !== NO_TASK) add(sums.refunded, 'cash', signed)
    else if (book === 'cash' && hasOrder) sums.unresolved.push(entry)
    else add(sums.recharged, book, signed)
  }

  /** A ledger that could not be read whole: nothing is concluded from it. */
  fail(book: BookName): void {
    this.#failed.add(book)
  }

  get failed(): boolean {
    return this.#failed.size > 0
  }

  /** Charged tasks of the window, and how many of them have a linked consume row so far. */
  linkCount(): { charged: number; linked: number } {
    let charged = 0
    let linked = 0
    for (let task = 0; task < this.#tasks.count; task++) {
      if (this.#isTarget[task] !== 1 || !this.#tasks.isCharged(task)) continue
      charged += 1
      if (this.#payments.isLinked(task)) linked += 1
    }
    return { charged, linked }
  }

  /**
   * Order ids of tasks whose other rows may lie at any time: where the rows so far do not add up to the charge and, for
   * the rules about refunds, where one is due or was made.
   */
  openOrderIds(scope: 'selected' | 'window'): string[] {
    const ids: string[] = []
    for (let task = 0; task < this.#tasks.count; task++) {
      if (this.#isTarget[task] !== 1 || (scope === 'selected' && !this.#tasks.isSelected(task))) continue
      if (this.#payments.isPaid(task, this.#tasks) && !this.#refundsMatter(task)) continue
      const { taskId, requestId } = this.#tasks.row(task)
      if (taskId !== '') ids.push(taskId)
      if (requestId !== '' && requestId !== taskId) ids.push(requestId)
    }
    return ids
  }

  #refundsMatter(task: number): boolean {
    // Few enough to look all of them up: then a row of any time is seen, also one that nothing points to.
    if (looksUpEveryOrder(this.#windowTasks)) return true
    return this.#tasks.isRefunded(task) || this.#tasks.hasFailed(task) || this.#payments.isRefunded(task)
  }

  /**
   * Order ids of rows of the window that no task read so far bears, where it matters whether they are tasks of another
   * time: cash that came in, and what was paid by users who have tasks without a linked row.
   */
  unresolvedOrderIds(mode: 'order' | 'total'): string[] {
    const tasks = this.#tasksOfUsers()
    const ids = new Set<string>()
    for (const [owner, sums] of this.#sums.entries()) {
      for (const entry of sums?.unresolved ?? []) {
        const open = mode === 'order' && tasks[owner]?.hasUnlinkedCharge === true
        if (this.#entries.kind(entry) !== 'consume' || open) ids.add(this.#entries.orderText(entry))
      }
    }
    return [...ids]
  }

  /** Settles which of the orders that were asked for are tasks; of the others nothing is known. */
  resolveOrders(asked: ReadonlySet<string>, taskOrderIds: ReadonlySet<string>): void {
    for (const sums of this.#sums) {
      if (sums === undefined || sums.unresolved.length === 0) continue
      sums.unresolved = sums.unresolved.filter((entry) => {
        const orderId = this.#entries.orderText(entry)
        if (!asked.has(orderId)) return true
        const isTask = taskOrderIds.has(orderId) || taskOrderIds.has(bareId(orderId))
        const book = this.#entries.book(entry)
        const amount = this.#entries.amountPoints(entry)
        if (this.#entries.kind(entry) === 'consume') {
          if (!isTask) add(sums.unlinked, book, -amount)
        } else add(isTask ? sums.refunded : sums.recharged, book, amount)
        return false
      })
    }
  }

  /** What the ledgers say of these users, in the given mode, and of their tasks. */
  close(mode: 'order' | 'total'): Pick<LedgerPiece, 'users' | 'settledTasks' | 'openEntries' | 'taskEntries'> {
    const tasks = this.#tasksOfUsers()
    const users = new Map<number, UserLedger>()
    for (const [userId, owner] of this.#numbers) {
      const sums = this.#sums[owner]
      if (sums !== undefined) users.set(userId, this.#closeUser(mode, owner, sums, tasks[owner] ?? newTaskSums()))
    }
    const told: number[] = []
    for (let task = 0; this.#rows !== null && task < this.#tasks.count; task++) {
      if (this.#isTarget[task] === 1 && this.#tasks.isSelected(task)) told.push(task)
    }
    const open = told.filter((task) => !this.#payments.isSettled(task, this.#tasks))
    return {
      users,
      settledTasks: told.length - open.length,
      openEntries: () => open.map((task) => this.#entriesOf(task)),
      taskEntries: () => told.map((task) => this.#entriesOf(task)),
    }
  }

  #entriesOf(task: number): LedgerBook['taskEntries'][number] {
    return { task: this.#tasks.row(task), entries: this.#rows?.of(task, this.#linkedEntry) ?? [] }
  }

  readonly #linkedEntry = (entry: number): LinkedEntry => {
    const book = this.#entries.book(entry)
    return {
      book,
      rowId: this.#entries.rowId(entry),
      kind: linkedKind(book, this.#entries.kind(entry)) ?? 'refund',
      amountPoints: points(BigInt(this.#entries.amountPoints(entry))),
      at: this.#entries.at(entry),
    }
  }

  #tasksOfUsers(): (TaskSums | undefined)[] {
    const users: (TaskSums | undefined)[] = new Array(this.#sums.length).fill(undefined)
    for (let task = 0; task < this.#tasks.count; task++) {
      if (this.#isTarget[task] !== 1) continue
      const owner = this.#owners[task] ?? 0
      const own = users[owner] ?? newTaskSums()
      users[owner] = own
      this.#payments.addTo(own, task, this.#tasks, isLast(this.#tasks.createdAt(task), this.#plan))
    }
    return users
  }

  #closeUser(mode: 'order' | 'total', owner: number, sums: UserSums, tasks: TaskSums): UserLedger {
    const { unresolved } = sums
    // Cash in whose order was never looked up is a refund or a recharge: neither sum is whole without it.
    const isOpen = (book: BookName): boolean =>
      unresolved.some((entry) => this.#entries.book(entry) === book && this.#entries.kind(entry) !== 'consume')
    const read = (book: BookName, amounts: BookSums): Points | null =>
      this.#failed.has(book) || isOpen(book) ? null : points(BigInt(amounts[book]))
    const refunds = mode === 'order' ? linkedRefunds(tasks, sums) : sums.refunded
    return {
      payment: this.#paymentOf(mode, owner, sums, tasks),
      unpaid: mode === 'order' ? tasks.unpaid : newTaskSums().unpaid,
      pointsRefunded: read('points', refunds),
      cashRefunded: read('cash', refunds),
      pointsRecharged: read('points', sums.recharged),
      cashRecharged: read('cash', sums.recharged),
    }
  }

  #paymentOf(mode: 'order' | 'total', owner: number, sums: UserSums, tasks: TaskSums): Reading<Payment> {
    if (this.failed) return unknown('ledger-unread', { book: [...this.#failed].sort().join(', ') })
    // Without tasks nothing can link: then all consume rows of the window are what there is to tell.
    if (mode === 'order' && tasks.taskCount > 0) {
      const payment = orderPayment(sums, tasks)
      // A row without a task may pay a task that the filter left out as well as one of these.
      const unclear = payment.unlinkedChargedPoints > 0n && payment.unlinkedPaidPoints > 0n
      if (tasks.othersUnlinked && unclear) return unknown('links-unlinked')
      // Rows whose order was too many to look up may pay a task of another time, or one of these.
      const open = sums.unresolved.some((entry) => this.#entries.kind(entry) === 'consume')
      if (open && payment.unlinkedChargedPoints > 0n) return unknown('lookup-limit', { limit: LIMITS.lookupIdsTotal })
      return known(payment)
    }
    if (this.#plan.ids.size > 0) return unknown('ids-filter-total-link')
    return known(totalPayment(sums, tasks, this.#paidBefore.has(owner)))
  }
}

function add(sums: BookSums, book: BookName, amount: number): void {
  sums[book] = addExact(sums[book], amount)
}

/** What a row means to the task it names: cash that comes in for a task is a refund. */
function linkedKind(book: BookName, kind: EntryKind): LinkedEntry['kind'] | undefined {
  if (kind === 'consume' || kind === 'refund') return kind
  return book === 'cash' && kind === 'recharge' ? 'refund' : undefined
}
