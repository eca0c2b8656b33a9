import type { EntryKind, UnreadTimes } from '../../ledger/reader.ts'
import type { BookName } from '../../rows/entry-records.ts'
import { addExact } from '../../units/exact.ts'
import type { Instant } from '../../units/instant.ts'
import { type Points, wholePoints } from '../../units/points.ts'
import type { AuditPlan } from '../plan.ts'
import { known, type Payment, type Reading, type UnlinkedRows, unknown } from '../rules/books.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { TaskNames } from '../tasks/task-names.ts'
import type { UndatedCharge } from '../tasks/undated-tasks.ts'
import { unreadTimeReason } from '../tasks/unread-times.ts'
import { copyOf } from './amounts-in.ts'
import { type EdgeAmount, spareSum, unlinkedEdges } from './edges.ts'
import {
  addRefund,
  addToBook,
  linkedRefunds,
  paymentOfSums,
  type TaskSums,
  TOO_LARGE,
  type UnlinkedSums,
  type UserLedger,
  type UserSums,
  unlinkedOfSums,
  unlinkedSums,
} from './ledger-book.ts'
import type { OwnerlessSums } from './ownerless-rows.ts'
import {
  edgesOf,
  isPaymentOpen,
  ledgersUnread,
  type PaymentReading,
  paymentOf,
  type UndatedTerms,
} from './user-payment.ts'

/** A row whose order was not seen among the tasks that were read: of the window, but for refunds, which may be of later. */
export interface UnresolvedRow {
  readonly book: BookName
  readonly kind: EntryKind
  readonly amountPoints: number
  readonly orderId: string
  readonly at: Instant
  /** Of a refund: it does not tell its amount. */
  readonly refundUntold?: true
}

/** What was added up of one user, before it is known in which mode rows link. */
export interface UserFigures {
  readonly userId: number
  readonly sums: UserSums
  readonly tasks: TaskSums
  /** Charged tasks near the edges of the window, within it and beyond. */
  readonly edgeTasks: readonly EdgeAmount[]
  unresolved: readonly UnresolvedRow[]
  /** Tasks without a time that can be read; absent: none. */
  readonly undated?: readonly UndatedCharge[]
}

/** What is known of orders: which were asked about, and which of them are tasks. */
export interface ResolvedOrders {
  readonly asked: ReadonlySet<string>
  readonly tasks: Pick<TaskNames, 'has'>
}

const isUntoldRefund = ({ refundUntold }: UnresolvedRow): boolean => refundUntold === true

/** Settles which of the orders that were asked for are tasks; of the others nothing is known. */
export function resolveOrders(user: UserFigures, orders: ResolvedOrders): void {
  const { sums, tasks } = user
  // Where no task lacks anything they pay none, and are not asked for: what others' rows ask about must change nothing.
  for (const [index, { order, ...row }] of tasks.lacksPayment ? sums.edgeRows.entries() : []) {
    if (order !== undefined && orders.asked.has(order))
      sums.edgeRows[index] = { ...row, linked: orders.tasks.has(order) }
  }
  user.unresolved = user.unresolved.filter(({ orderId, book, kind, amountPoints, at, refundUntold }) => {
    if (!orders.asked.has(orderId)) return true
    const isTask = orders.tasks.has(orderId)
    if (kind === 'consume') {
      if (!isTask) addToBook(sums.unlinked, book, -amountPoints)
    } else if (kind === 'refund') {
      if (!isTask) addRefund(sums, amountPoints, at)
      if (!isTask && refundUntold === true) sums.refundUntold = true
    } else if (isTask || kind === 'recharge') addToBook(isTask ? sums.refunded : sums.recharged, book, amountPoints)
    return false
  })
}

/** How rows count towards what was paid, and ledgers that could not be read whole: nothing is concluded from those. */
export interface ClosingTerms {
  readonly plan: AuditPlan
  readonly mode: 'order' | 'total'
  readonly failed: ReadonlySet<BookName>
  /** Rows of the tables that could not be placed in time; absent: none. */
  readonly unreadTimes?: UnreadTimes
  /** What rows may have done that name neither a user nor a task; absent: none. */
  readonly ownerless?: OwnerlessSums | undefined
  /** Whether refunds may have come so late that they were not read; absent: none. */
  readonly lateOpen?: boolean
  /** Absent: no task is without a time that can be read. */
  readonly undated?: UndatedTerms
}

/**
 * What the ledgers say of a user. There may be very many: it holds numbers, of which points are made when they are asked for,
 * and nothing that only a few users have. What rows in `waiting` are is not known yet.
 */
export class ClosedUser implements UserLedger {
  readonly userId: number
  readonly unpaid: EvidenceList
  readonly paid: PaymentReading
  rows: UnlinkedSums | Extract<Reading<UnlinkedRows>, { known: false }>
  /** Rows that came in, or gave something back, whose order may be a task, until it is known which orders were asked about. */
  waiting: readonly UnresolvedRow[]
  /** What of them is left then. */
  left: LeftRows = NOTHING_LEFT
  readonly isRead: Readonly<Record<BookName, boolean>>
  /** Books of which it cannot be said what they gave back for the user's tasks. */
  readonly refundOpen: Readonly<Record<BookName, boolean>>
  /** Whether refunds are told by the rows of the window, whatever task they name. */
  readonly countsRows: boolean
  refundedPoints: number
  refundedCash: number
  rechargedPoints: number
  rechargedCash: number

  constructor(user: UserFigures, terms: ClosingTerms) {
    const { mode, failed } = terms
    const { sums, tasks } = user
    const refunds = mode === 'order' ? linkedRefunds(tasks, sums) : sums.refunded
    this.userId = user.userId
    this.unpaid = mode === 'order' && !tasks.unpaid.isEmpty ? tasks.unpaid : NO_EVIDENCE
    this.paid = paymentOf(user, terms)
    this.rows = unlinkedOf(user, terms)
    this.waiting = waitingOf(user)
    const isRead = (book: BookName): boolean =>
      !failed.has(book) &&
      !sums.inUntold[book] &&
      terms.ownerless?.cameIn[book] !== true &&
      unreadTimeReason(terms.unreadTimes ?? {}, [book], user.userId) === undefined
    const read = { points: isRead('points'), cash: isRead('cash') }
    this.isRead = read.points && read.cash ? BOTH_READ : read
    this.countsRows = refunds === sums.refunded
    this.refundOpen = (mode === 'order' ? tasks.shared?.refundOpen : undefined) ?? NEITHER_OPEN
    // Rows of other times that name the tasks are looked up in both ledgers or in none.
    if (failed.size > 0 && !this.countsRows) this.refundOpen = BOTH_OPEN
    this.refundedPoints = refunds.points
    this.refundedCash = refunds.cash
    this.rechargedPoints = sums.recharged.points
    this.rechargedCash = sums.recharged.cash
  }

  /** Settles rows that wait, as far as it is known what their orders are. */
  resolve(orders: ResolvedOrders): void {
    if (this.waiting.length === 0) return
    const open: UnresolvedRow[] = []
    const refunds: UnresolvedRow[] = []
    for (const row of this.waiting) {
      if (!orders.asked.has(row.orderId)) open.push(row)
      else if (row.kind === 'refund') {
        // A refund of a task of another time, or of somebody else's, is that and no more; any other may be of a task of these.
        if (!orders.tasks.has(row.orderId)) refunds.push(row)
      } else if (orders.tasks.has(row.orderId)) this.#addRefund(row)
      else if (row.kind === 'recharge') this.#addRecharge(row)
    }
    this.waiting = NONE
    this.left = leftOf(open)
    this.#addUnlinked(refunds, open.some(isUntoldRefund))
  }

  #addUnlinked(refunds: readonly UnresolvedRow[], untold: boolean): void {
    if ((refunds.length === 0 && !untold) || 'known' in this.rows) return
    // What was added up before may be asked for again.
    const refundUntold = this.rows.refundUntold || untold || refunds.some(isUntoldRefund)
    const rows = { ...this.rows, refundRows: copyOf(this.rows.refundRows), refundUntold }
    for (const { amountPoints, at } of refunds) addRefund(rows, amountPoints, at)
    this.rows = rows
  }

  #addRefund({ book, amountPoints }: UnresolvedRow): void {
    if (!this.countsRows) return
    if (book === 'points') this.refundedPoints = addExact(this.refundedPoints, amountPoints)
    else this.refundedCash = addExact(this.refundedCash, amountPoints)
  }

  #addRecharge({ book, amountPoints }: UnresolvedRow): void {
    if (book === 'points') this.rechargedPoints = addExact(this.rechargedPoints, amountPoints)
    else this.rechargedCash = addExact(this.rechargedCash, amountPoints)
  }

  get payment(): Reading<Payment> {
    const cameIn = this.refundedPoints + this.refundedCash + this.rechargedPoints + this.rechargedCash
    if (Number.isNaN(cameIn)) return TOO_LARGE
    return 'known' in this.paid ? this.paid : known(paymentOfSums(this.paid))
  }

  get unlinked(): Reading<UnlinkedRows> {
    if ('known' in this.rows) return this.rows
    const rows = this.waiting.some(isUntoldRefund) ? { ...this.rows, refundUntold: true } : this.rows
    const open = this.#refundsOpen()
    if (Number.isNaN(rows.paid + rows.nearby + rows.unlinkedRefunds + open)) return TOO_LARGE
    return known(unlinkedOfSums(rows, open))
  }

  #refundsOpen(): number {
    return this.waiting.length === 0 ? this.left.refunds : leftOf(this.waiting).refunds
  }

  get pointsRefunded(): Points | null {
    return this.refundOpen.points ? null : this.#amountOf('points', this.refundedPoints)
  }

  get cashRefunded(): Points | null {
    return this.refundOpen.cash ? null : this.#amountOf('cash', this.refundedCash)
  }

  get pointsRecharged(): Points | null {
    return this.#amountOf('points', this.rechargedPoints)
  }

  get cashRecharged(): Points | null {
    return this.#amountOf('cash', this.rechargedCash)
  }

  /** Cash in whose order was never looked up is a refund or a recharge: neither sum is whole without it. */
  #amountOf(book: BookName, amount: number): Points | null {
    const left = this.waiting.length === 0 ? this.left : leftOf(this.waiting)
    return !this.isRead[book] || left[book] || Number.isNaN(amount) ? null : wholePoints(amount)
  }
}

/** Of rows whose order nobody asked about, since they are too many: of very many users no row is kept. */
interface LeftRows {
  /** Whether some came in that may be refunds. */
  readonly points: boolean
  readonly cash: boolean
  /** What refund rows gave back. */
  readonly refunds: number
}

const NOTHING_LEFT: LeftRows = { points: false, cash: false, refunds: 0 }
const CASH_LEFT: LeftRows = { points: false, cash: true, refunds: 0 }

function leftOf(rows: readonly UnresolvedRow[]): LeftRows {
  let [points, cash, refunds] = [false, false, 0]
  for (const { book, kind, amountPoints } of rows) {
    if (kind !== 'refund') {
      points ||= book === 'points'
      cash ||= book === 'cash'
    }
    // What is taken back may be of another refund than those that are open.
    else if (amountPoints > 0) refunds = addExact(refunds, amountPoints)
  }
  // Not known (NaN) is not none.
  if (points || refunds !== 0) return { points, cash, refunds }
  return cash ? CASH_LEFT : NOTHING_LEFT
}

/** Nobody adds to these. */
const NO_EVIDENCE = new EvidenceList()
const NONE: readonly UnresolvedRow[] = []
const BOTH_READ = { points: true, cash: true }
const NEITHER_OPEN = { points: false, cash: false }
const BOTH_OPEN = { points: true, cash: true }

function waitingOf({ unresolved }: UserFigures): readonly UnresolvedRow[] {
  const waiting = unresolved.filter(({ kind }) => kind !== 'consume')
  return waiting.length === 0 ? NONE : waiting
}

function unlinkedOf(user: UserFigures, terms: ClosingTerms): ClosedUser['rows'] {
  const { plan, mode, failed, unreadTimes = {}, lateOpen } = terms
  if (failed.size > 0) return ledgersUnread(failed)
  // One that names no task may be the row that a task lacks, whenever it came.
  const unplaced = unreadTimeReason(unreadTimes, ['points', 'cash'], user.userId)
  if (mode === 'order' && unplaced !== undefined) return { known: false, reason: unplaced }
  if (mode === 'total') return LINKS_TOTAL
  const nearby = spareSum(plan.window.end, unlinkedEdges(edgesOf(user)))
  return unlinkedSums(user.sums, { waits: isPaymentOpen(user), nearby, lateOpen: lateOpen === true })
}

/** One for all: in mode total there may be very many users. */
const LINKS_TOTAL = unknown('links-total')
