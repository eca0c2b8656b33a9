import type { EntryKind, TaskRow } from '../../ledger/reader.ts'
import { addExact } from '../../units/exact.ts'
import type { Instant } from '../../units/instant.ts'
import { type Points, wholePoints as whole } from '../../units/points.ts'
import { type Payment, type Reading, type UnlinkedRows, unknown } from '../rules/books.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { BalanceTrail, KindlessRows, LinkedEntry, SharedLedger } from '../rules/facts.ts'
import type { ForeignBook } from '../rules/foreign-orders.ts'
import type { OwnerlessRows } from '../rules/ownerless-rows.ts'
import { type AmountsIn, looseAmounts, NO_AMOUNTS, withAmount } from './amounts-in.ts'
import type { EdgeAmount } from './edges.ts'
import type { OwnerlessCounts } from './ownerless-rows.ts'

export type BookName = 'points' | 'cash'

/** What the ledgers say of one user. Points and cents, all positive as their name says. */
export interface UserLedger {
  readonly payment: Reading<Payment>
  readonly unlinked: Reading<UnlinkedRows>
  readonly unpaid: EvidenceList
  readonly pointsRefunded: Points | null
  readonly cashRefunded: Points | null
  readonly pointsRecharged: Points | null
  readonly cashRecharged: Points | null
}

/** A task with its linked rows, and those that name an id which others of its user's tasks bear as well. */
export interface TaskEntries {
  readonly task: TaskRow
  readonly entries: readonly LinkedEntry[]
  readonly shared?: SharedLedger
  /** Absent: no row of no known type names it. */
  readonly kindless?: KindlessRows
}

/** Rows of the ledgers that name no user. */
export interface OwnerlessBook {
  readonly counts: OwnerlessCounts
  /** What those of them that name no task may have done; absent: nothing. */
  readonly told?: OwnerlessRows
}

/** The two ledgers, added up by user. */
export interface LedgerBook {
  /** null: no ledger was read whole. */
  readonly mode: 'order' | 'total' | null
  readonly chargedTasks: number
  readonly linkedTasks: number
  readonly users: ReadonlyMap<number, UserLedger>
  /** Every selected task of the window with its linked rows; empty at depth summary. */
  readonly taskEntries: readonly TaskEntries[]
  /** Whether the rows of every task were looked up at any time, or only of those whose rows leave something open. */
  readonly everyOrder: boolean
  /** Rows that name no user; absent: none. */
  readonly ownerless?: OwnerlessBook
  /** Rows that name tasks of other users; absent: they were not looked for. */
  readonly foreign?: ForeignBook
  /** null where the points ledger was not followed. */
  readonly balances: BalanceTrail | null
}

/** Points of each ledger while rows are added up: numbers, exact as addExact sees to, or NaN. */
export type BookSums = Record<BookName, number>

const none = (): BookSums => ({ points: 0, cash: 0 })

/** What one user's ledger rows add up to. */
export interface UserSums {
  readonly consumed: BookSums
  readonly refunded: BookSums
  readonly recharged: BookSums
  /** Consume rows of the window without order id, or whose order is known to be no task. */
  readonly unlinked: BookSums
  /**
   * Refund rows since the window's start without order id, or whose order is known to be no task, and each of them that gave
   * something back; and each amount of cash that came in without, which may be a refund as well.
   */
  unlinkedRefunds: number
  refundRows: AmountsIn
  unlinkedCashIn: AmountsIn
  /**
   * Rows whose order was not seen among the tasks that were read, by their index: consume and cash-in rows of the window, and
   * refund rows since its start.
   */
  unresolved: number[]
  /** Consume rows near the edges of the window, within it and beyond. */
  readonly edgeRows: EdgeAmount[]
  /** Whether a row that took something for a task of the window, or may have, does not tell how much; and any row. */
  hasUntold: boolean
  anyUntold: boolean
  /** Whether one of those does not that link to no task, as far as is known; and one that gave back, or may have. */
  unlinkedUntold: boolean
  refundUntold: boolean
  /** By ledger: whether a row that came in, or may have, does not tell its amount. */
  inUntold: Readonly<Record<BookName, boolean>>
  /** Whether a row of no known type bears the order of a task of the window. */
  kindUntold: boolean
  /** What those that name no task may have paid, and what any of the window, or right after it: Infinity where one does not tell. */
  unlinkedKindTaken: Readonly<BookSums>
  kindTaken: Readonly<BookSums>
  /** Of the latter, those of the window that bear no order. */
  orderlessKindTaken: Readonly<BookSums>
}

/** Most users have no such row. */
const ALL_TOLD = { points: false, cash: false }
const NOTHING_TAKEN: Readonly<BookSums> = none()

export const newUserSums = (): UserSums => ({
  consumed: none(),
  refunded: none(),
  recharged: none(),
  unlinked: none(),
  unlinkedRefunds: 0,
  refundRows: NO_AMOUNTS,
  unlinkedCashIn: NO_AMOUNTS,
  unresolved: [],
  edgeRows: [],
  hasUntold: false,
  anyUntold: false,
  unlinkedUntold: false,
  refundUntold: false,
  inUntold: ALL_TOLD,
  kindUntold: false,
  unlinkedKindTaken: NOTHING_TAKEN,
  kindTaken: NOTHING_TAKEN,
  orderlessKindTaken: NOTHING_TAKEN,
})

/** Adds a row without an order where it may have given a charge back: it is a refund, or cash that came in. */
export function addPossibleRefund(sums: UserSums, book: BookName, kind: EntryKind, amount: number, at: Instant): void {
  if (kind === 'refund') addRefund(sums, amount, at)
  else if (kind === 'recharge' && book === 'cash') addPossibleCashIn(sums, amount, at)
}

/** Adds an amount to the sum of one book. Beyond what a number holds exactly it is NaN: not known. */
export function addToBook(sums: BookSums, book: BookName, amount: number): void {
  sums[book] = addExact(sums[book], amount)
}

/** Adds what came in without an order, and may be a refund as well as something else. */
export function addPossibleCashIn(sums: UserSums, amount: number, at: Instant): void {
  if (amount > 0) {
    sums.unlinkedCashIn = withAmount(sums.unlinkedCashIn, amount, at)
  }
}

/** Adds a refund row that is none of a task. */
export function addRefund(sums: Pick<UserSums, 'unlinkedRefunds' | 'refundRows'>, amount: number, at: Instant): void {
  sums.unlinkedRefunds = addExact(sums.unlinkedRefunds, amount)
  if (amount > 0) sums.refundRows = withAmount(sums.refundRows, amount, at)
}

/** Rows that name an id which several tasks of one user bear. */
export interface SharedSums {
  /** What they took, where all of these tasks are of the window and the filters leave them. */
  readonly paid: BookSums
  /** What these tasks were charged, as far as they have no linked row; charges below 0 left out. */
  unlinkedCharged: number
  /** What others took, of which nobody can tell whether it was for a task that the filters leave; null where that is nothing. */
  open: OpenSums | null
  /** Whether others gave something back, likewise. */
  readonly refundOpen: Record<BookName, boolean>
  /** Whether a row without a user may have taken something for one of these tasks, and does not tell how much. */
  ownerlessOpen: boolean
}

/** What rows may have taken for tasks of a user that are told of, or for others. */
export interface OpenSums {
  /** At least, and at most: the rows below 0 alone, and those above. */
  readonly least: BookSums
  readonly most: BookSums
  /** Whether one of these rows tells no user. */
  ownerless: boolean
  /** What the tasks that are told of were charged, as far as they have no linked row and are not counted otherwise. */
  unlinkedCharged: number
}

/** What one user's tasks of the window add up to, with the ledger rows that are linked to them. */
export interface TaskSums {
  /** Tasks that the filters leave; all that follows is of these, but for the last. */
  taskCount: number
  linkedCharged: number
  /** Charges below 0 left out. */
  unlinkedCharged: number
  readonly paid: BookSums
  readonly refunded: BookSums
  /** Rows that name an id which several tasks of the user bear; null where there are none. */
  shared: SharedSums | null
  /** Charges below 0 of those without a linked row. */
  negativeCharged: number
  /** Whether rows without a task may have paid one: it was charged and has no linked row, or was given back what none took. */
  lacksPayment: boolean
  /**
   * The least that is to come back of those that failed or are marked as refunded and got nothing back: the smallest charge, or what
   * rows took, where that is less; Infinity where there are none.
   */
  leastUnrefunded: number
  /** Those whose linked rows do not add up to their charge. */
  readonly unpaid: EvidenceList
  /** Whether a charged task that a filter left out has no linked row. */
  othersUnlinked: boolean
  /** Whether some of them tell no charge, and whether rows took something for one of those. */
  untold: Payment['untold']
}

export const newTaskSums = (): TaskSums => ({
  taskCount: 0,
  linkedCharged: 0,
  unlinkedCharged: 0,
  paid: none(),
  refunded: none(),
  shared: null,
  negativeCharged: 0,
  lacksPayment: false,
  leastUnrefunded: Number.POSITIVE_INFINITY,
  unpaid: new EvidenceList(),
  othersUnlinked: false,
  untold: undefined,
})

/** What rows gave back for the tasks they are linked to; for a user without tasks, all that was given back. */
export const linkedRefunds = (tasks: TaskSums, sums: UserSums): BookSums =>
  tasks.taskCount === 0 ? sums.refunded : tasks.refunded

export const both = ({ points, cash }: BookSums): number => addExact(points, cash)

/** A payment while nobody asks for it: in numbers, since there may be very many users. */
export type PaymentSums = {
  readonly [Key in keyof Payment]: Payment[Key] extends bigint ? number : Payment[Key]
}

/** Whether all sums of a payment are known, and what they come to is told: none is too large. */
export function isExact(sums: PaymentSums): boolean {
  const { comparedChargedPoints, unlinkedChargedPoints, comparedPaidPoints, unlinkedPaidPoints } = sums
  const charged = addExact(addExact(comparedChargedPoints, unlinkedChargedPoints), sums.negativeChargedPoints)
  const paid = addExact(comparedPaidPoints, unlinkedPaidPoints)
  const difference = addExact(paid, -charged)
  return !Number.isNaN(difference + sums.pointsConsumed + sums.cashConsumed)
}

/** Why nothing is said of what comes to too much for a number. */
export const TOO_LARGE = unknown('sums-too-large')

export function paymentOfSums(sums: PaymentSums): Payment {
  const payment: Payment = {
    mode: sums.mode,
    comparedChargedPoints: whole(sums.comparedChargedPoints),
    comparedPaidPoints: whole(sums.comparedPaidPoints),
    unlinkedChargedPoints: whole(sums.unlinkedChargedPoints),
    unlinkedPaidPoints: whole(sums.unlinkedPaidPoints),
    pointsConsumed: whole(sums.pointsConsumed),
    cashConsumed: whole(sums.cashConsumed),
    explainedByEdge: sums.explainedByEdge,
    negativeChargedPoints: whole(sums.negativeChargedPoints),
    untold: sums.untold,
  }
  return sums.bound === undefined ? payment : { ...payment, bound: sums.bound }
}

/** Nobody adds to it. */
const NO_SHARED: Readonly<Pick<SharedSums, 'paid' | 'unlinkedCharged'>> = { paid: none(), unlinkedCharged: 0 }

/**
 * `nearby`: what rows right after the window's end that name no task may have paid of its last tasks; `shared`: what rows took
 * that name an id which several tasks of the user bear, and what these were charged.
 */
export function orderPayment(
  sums: UserSums,
  tasks: TaskSums,
  nearby: readonly number[],
  { paid: shared, unlinkedCharged: sharedCharged }: typeof NO_SHARED = tasks.shared ?? NO_SHARED,
): PaymentSums {
  const { linkedCharged, unlinkedCharged, paid } = tasks
  const { unlinked } = sums
  const counted = unlinkedCharged > 0
  // Rows of several tasks at once are first held against those of these tasks that have no row of their own. What they took
  // beyond that was taken for the others, as was what came back by them.
  const sharedPaid = both(shared)
  const beyond = sharedPaid < 0 ? sharedPaid : Math.max(0, sharedPaid - sharedCharged)
  const comparedPaid = addExact(both(paid), beyond)
  const unlinkedPaid = addExact(both(unlinked), sharedPaid - beyond)
  const short = unlinkedCharged - unlinkedPaid
  return {
    mode: 'order',
    comparedChargedPoints: linkedCharged,
    comparedPaidPoints: comparedPaid,
    unlinkedChargedPoints: unlinkedCharged,
    unlinkedPaidPoints: unlinkedPaid,
    pointsConsumed: addExact(addExact(paid.points, shared.points), counted ? unlinked.points : 0),
    cashConsumed: addExact(addExact(paid.cash, shared.cash), counted ? unlinked.cash : 0),
    explainedByEdge: comparedPaid === linkedCharged && short > 0 && nearby.includes(short),
    negativeChargedPoints: tasks.negativeCharged,
    untold: tasks.untold,
  }
}

/** Rows that link to no task, while nobody asks for them. */
export interface UnlinkedSums {
  readonly paid: number
  readonly nearby: number
  readonly paidOpen: boolean
  /** Refund rows, what they took back again subtracted. */
  readonly unlinkedRefunds: number
  readonly refundRows: AmountsIn
  readonly cashIn: AmountsIn
  readonly refundUntold: boolean
  /** Whether refunds may have come so late that they were not read. */
  readonly lateOpen: boolean
}

/** Most users have none. */
const NO_UNLINKED: UnlinkedSums = {
  ...{ paid: 0, nearby: 0, paidOpen: false, unlinkedRefunds: 0, refundUntold: false, lateOpen: false },
  ...{ refundRows: NO_AMOUNTS, cashIn: NO_AMOUNTS },
}

/** `refundsOpen`: what refund rows gave back of which it is not known what their orders are. */
export const unlinkedOfSums = (sums: UnlinkedSums, refundsOpen: number): UnlinkedRows => ({
  paidPoints: whole(sums.paid),
  nearbyPoints: whole(sums.nearby),
  paidOpen: sums.paidOpen,
  // Refunds that were taken back, by rows that name no task either, are no less than none.
  refundedPoints: whole(Math.max(0, sums.unlinkedRefunds)),
  refunds: looseAmounts(sums.refundRows),
  cashIn: looseAmounts(sums.cashIn),
  refundsOpenPoints: whole(refundsOpen),
  refundUntold: sums.refundUntold,
  lateOpen: sums.lateOpen,
})

/** `waits`: whether consume rows wait for what their orders are; `nearby`: those right after the window's end that name none. */
export function unlinkedSums(
  sums: UserSums,
  { waits, lateOpen, ...rows }: Pick<UnlinkedSums, 'nearby' | 'lateOpen'> & { readonly waits: boolean },
): UnlinkedSums {
  const paid = both(sums.unlinked)
  const { unlinkedRefunds, refundRows, unlinkedCashIn: cashIn, refundUntold } = sums
  const { points, cash } = sums.unlinkedKindTaken
  const kindTaken = points + cash
  const isAny = kindTaken === Number.POSITIVE_INFINITY
  const paidOpen = waits || sums.unlinkedUntold || isAny
  // They pay as those do that may be of a task of the window, or not.
  const nearby = isAny || kindTaken === 0 ? rows.nearby : addExact(Math.max(0, rows.nearby), kindTaken)
  const noneIn =
    unlinkedRefunds === 0 && refundRows === NO_AMOUNTS && cashIn === NO_AMOUNTS && !refundUntold && !lateOpen
  if (paid === 0 && nearby === 0 && !paidOpen && noneIn) return NO_UNLINKED
  return { paid, nearby, paidOpen, unlinkedRefunds, refundRows, cashIn, refundUntold, lateOpen }
}
