import type { EntryRecords } from '../../rows/entry-records.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { addExact } from '../../units/exact.ts'
import type { LinkedEntry } from '../rules/facts.ts'
import { type KindlessSums, withKindless } from './kindless-rows.ts'
import type { BookName, BookSums, TaskSums } from './ledger-book.ts'

/** What the rows that are linked to each of many tasks add up to: points and cents, as positive as their name says. */
export class TaskPayments {
  readonly #isLinked: Uint8Array
  readonly #gaveBack: Uint8Array
  readonly #paid: Readonly<Record<BookName, Float64Array>>
  readonly #refunded: Readonly<Record<BookName, Float64Array>>
  /** Tasks with a row that does not tell its amount, or what it is. */
  readonly #untold = new Set<number>()
  /** Of them, those with rows of no known type, and what these come to. */
  readonly #kindless = new Map<number, KindlessSums>()
  readonly #named = new Set<number>()

  constructor(tasks: number) {
    const sums = () => ({ points: new Float64Array(tasks), cash: new Float64Array(tasks) })
    this.#isLinked = new Uint8Array(tasks)
    this.#gaveBack = new Uint8Array(tasks)
    this.#paid = sums()
    this.#refunded = sums()
  }

  add(task: number, book: BookName, kind: LinkedEntry['kind'], amountPoints: number): void {
    if (kind === 'consume') this.#isLinked[task] = 1
    else this.#gaveBack[task] = 1
    const sums = kind === 'consume' ? this.#paid[book] : this.#refunded[book]
    sums[task] = addExact(sums[task] ?? 0, kind === 'consume' ? -amountPoints : amountPoints)
  }

  /** Adds a row of no known type: it may have taken the charge, or given it back. `amountPoints`: null where it does not tell. */
  addKindless(task: number, amountPoints: number | null): void {
    this.#isLinked[task] = 1
    this.#kindless.set(task, withKindless(this.#kindless.get(task), amountPoints))
    this.#untold.add(task)
  }

  kindless(task: number): KindlessSums | undefined {
    return this.#kindless.get(task)
  }

  noteUntold(task: number): void {
    this.#untold.add(task)
  }

  /** Notes that a row names the task which may be another's: it tells no user, or several tasks bear the id. */
  noteNamed(task: number): void {
    this.#named.add(task)
  }

  /** Whether a row took something for the task, or may have, or names it at least: that tells whether rows name tasks at all. */
  isNamed(task: number): boolean {
    return this.isLinked(task) || this.#named.has(task)
  }

  /** Notes that a row took something for a task whose rows do not count here. */
  noteLinked(task: number): void {
    this.#isLinked[task] = 1
  }

  /** Whether a row took something for the task, or may have. */
  isLinked(task: number): boolean {
    return this.#isLinked[task] === 1
  }

  /** Whether rows took exactly the charge, as all of them tell, and none gave anything back: of a task that neither failed nor is marked as refunded. */
  isSettled(task: number, tasks: TaskRecords): boolean {
    if (!this.isLinked(task) || this.#gaveBack[task] === 1 || tasks.isRefunded(task) || tasks.hasFailed(task))
      return false
    return this.isPaid(task, tasks) && !this.#untold.has(task) && !tasks.isChargeUntold(task)
  }

  /** Whether rows took exactly the charge. */
  isPaid(task: number, tasks: TaskRecords): boolean {
    return this.paid(task) === tasks.exactCharge(task)
  }

  /**
   * Whether rows took more than the charge, or gave back what the task does not say it got: where another task bears the same
   * id, they may be its rows.
   */
  isTooMuch(task: number, tasks: TaskRecords): boolean {
    const charged = tasks.exactCharge(task) ?? Number.POSITIVE_INFINITY
    // Of sums that are not known (NaN) it is not known either.
    if (this.isLinked(task) && !(this.paid(task) <= charged)) return true
    return this.hasRefundRow(task) && !(this.#refundedOf(task) <= (tasks.isRefunded(task) ? charged : 0))
  }

  #refundedOf(task: number): number {
    return addExact(this.#refunded.points[task] ?? 0, this.#refunded.cash[task] ?? 0)
  }

  /** What both ledgers took for the task. */
  paid(task: number): number {
    return addExact(this.#paid.points[task] ?? 0, this.#paid.cash[task] ?? 0)
  }

  /** Whether a row gave something back for the task, or took that back again: others of any time may do so as well. */
  hasRefundRow(task: number): boolean {
    return this.#gaveBack[task] === 1
  }

  /** Whether a charge should have been given back, as far as the task tells, and no rows did. */
  #isUnrefunded(task: number, charged: number, tasks: TaskRecords): boolean {
    if (charged <= 0 || !(tasks.hasFailed(task) || tasks.isRefunded(task))) return false
    return !(this.#refundedOf(task) > 0)
  }

  /** Adds a task of the window to those of its user. `addsUp`: whether it does with rows that it shares with others. */
  addTo(user: TaskSums, task: number, tasks: TaskRecords, addsUp: boolean): void {
    const linked = this.isLinked(task)
    if (!tasks.isSelected(task)) {
      if (!linked && tasks.isCharged(task)) user.othersUnlinked = true
      return
    }
    const charged = tasks.chargedPoints(task)
    user.taskCount += 1
    if (linked) user.linkedCharged = addExact(user.linkedCharged, charged)
    else if (charged < 0) user.negativeCharged = addExact(user.negativeCharged, charged)
    else user.unlinkedCharged = addExact(user.unlinkedCharged, charged)
    const untold = charged === 0 && tasks.isChargeUntold(task)
    if (untold && user.untold !== 'paid') user.untold = linked ? 'paid' : 'unpaid'
    const paid = this.paid(task)
    const isUnpaid = this.hasRefundRow(task) && !(paid > 0)
    if (isUnpaid || (!linked && charged > 0)) user.lacksPayment = true
    // What rows took may be all that is to come back, where it is less; any amount where one of them does not tell it.
    const owed = this.#untold.has(task) ? 1 : paid > 0 && paid < charged ? paid : charged
    if (owed < user.leastUnrefunded && this.#isUnrefunded(task, charged, tasks)) user.leastUnrefunded = owed
    addBooks(user.paid, this.#paid, task)
    addBooks(user.refunded, this.#refunded, task)
    if (!addsUp && !untold && paid !== charged && !this.#kindless.has(task)) user.unpaid.add(tasks.taskIdText(task))
  }
}

function addBooks(into: BookSums, from: Readonly<Record<BookName, Float64Array>>, task: number): void {
  into.points = addExact(into.points, from.points[task] ?? 0)
  into.cash = addExact(into.cash, from.cash[task] ?? 0)
}

/** Which rows are linked to each of many tasks, in the order in which they came. */
export class LinkedRows {
  /** The first and the last row of each task, and the one behind each row; one more than its index, 0 for none. */
  readonly #first: Uint32Array
  readonly #last: Uint32Array
  readonly #next: Uint32Array
  readonly #lookedUp = new Map<number, LinkedEntry[]>()

  constructor(tasks: number, { count }: Pick<EntryRecords, 'count'>) {
    this.#first = new Uint32Array(tasks)
    this.#last = new Uint32Array(tasks)
    this.#next = new Uint32Array(count)
  }

  add(task: number, entry: number): void {
    const last = this.#last[task] ?? 0
    if (last === 0) this.#first[task] = entry + 1
    else this.#next[last - 1] = entry + 1
    this.#last[task] = entry + 1
  }

  addLookedUp(task: number, entry: LinkedEntry): void {
    const own = this.#lookedUp.get(task)
    if (own === undefined) this.#lookedUp.set(task, [entry])
    else own.push(entry)
  }

  of(task: number, entryOf: (entry: number) => LinkedEntry): LinkedEntry[] {
    const rows: LinkedEntry[] = []
    for (let entry = this.#first[task] ?? 0; entry !== 0; entry = this.#next[entry - 1] ?? 0) {
      rows.push(entryOf(entry - 1))
    }
    const lookedUp = this.#lookedUp.get(task)
    return lookedUp === undefined ? rows : [...rows, ...lookedUp]
  }
}
