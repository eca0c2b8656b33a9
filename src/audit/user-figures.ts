import type { EntryKind } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import type { BookName } from '../rows/entry-records.ts'
import { addExact } from '../units/exact.ts'
import { type Points, wholePoints } from '../units/points.ts'
import { bareId } from '../units/request-id.ts'
import {
  type BookSums,
  linkedRefunds,
  orderPayment,
  type TaskSums,
  totalPayment,
  type UserLedger,
  type UserSums,
} from './ledger-book.ts'
import type { AuditPlan } from './plan.ts'
import { known, type Payment, type Reading, unknown } from './rules/books.ts'
import { EvidenceList } from './rules/evidence-list.ts'

/** A row of the window whose order was not seen among the tasks that were read. */
export interface UnresolvedRow {
  readonly book: BookName
  readonly kind: EntryKind
  readonly amountPoints: number
  readonly orderId: string
}

/** What was added up of one user, before it is known in which mode rows link. */
export interface UserFigures {
  readonly userId: number
  readonly sums: UserSums
  readonly tasks: TaskSums
  /** Whether the user has charged tasks right before the window, which its first rows may pay. */
  readonly paidBefore: boolean
  unresolved: readonly UnresolvedRow[]
}

/** Settles which of the orders that were asked for are tasks; of the others nothing is known. */
export function resolveOrders(user: UserFigures, asked: ReadonlySet<string>, taskOrderIds: ReadonlySet<string>): void {
  const { sums } = user
  user.unresolved = user.unresolved.filter(({ orderId, book, kind, amountPoints }) => {
    if (!asked.has(orderId)) return true
    const isTask = taskOrderIds.has(orderId) || taskOrderIds.has(bareId(orderId))
    if (kind === 'consume') {
      if (!isTask) add(sums.unlinked, book, -amountPoints)
    } else add(isTask ? sums.refunded : sums.recharged, book, amountPoints)
    return false
  })
}

/** How rows count towards what was paid, and ledgers that could not be read whole: nothing is concluded from those. */
export interface ClosingTerms {
  readonly plan: AuditPlan
  readonly mode: 'order' | 'total'
  readonly failed: ReadonlySet<BookName>
}

/** What the ledgers say of a user. */
export function closeUser(user: UserFigures, terms: ClosingTerms): UserLedger {
  const { mode, failed } = terms
  const { sums, tasks, unresolved } = user
  // Cash in whose order was never looked up is a refund or a recharge: neither sum is whole without it.
  const isOpen = (book: BookName): boolean => unresolved.some((row) => row.book === book && row.kind !== 'consume')
  const read = (book: BookName, amounts: BookSums): Points | null =>
    failed.has(book) || isOpen(book) ? null : wholePoints(amounts[book])
  const refunds = mode === 'order' ? linkedRefunds(tasks, sums) : sums.refunded
  return {
    payment: paymentOf(user, terms),
    unpaid: mode === 'order' && !tasks.unpaid.isEmpty ? tasks.unpaid : NO_EVIDENCE,
    pointsRefunded: read('points', refunds),
    cashRefunded: read('cash', refunds),
    pointsRecharged: read('points', sums.recharged),
    cashRecharged: read('cash', sums.recharged),
  }
}

/** Nobody adds to it. */
const NO_EVIDENCE = new EvidenceList()

function paymentOf({ sums, tasks, unresolved, paidBefore }: UserFigures, terms: ClosingTerms): Reading<Payment> {
  const { plan, mode, failed } = terms
  if (failed.size > 0) return unknown('ledger-unread', { book: [...failed].sort().join(', ') })
  // Without tasks nothing can link: then all consume rows of the window are what there is to tell.
  if (mode === 'order' && tasks.taskCount > 0) {
    const payment = orderPayment(sums, tasks)
    // A row without a task may pay a task that the filter left out as well as one of these.
    const unclear = payment.unlinkedChargedPoints > 0n && payment.unlinkedPaidPoints > 0n
    if (tasks.othersUnlinked && unclear) return unknown('links-unlinked')
    // Rows whose order was too many to look up may pay a task of another time, or one of these.
    const open = unresolved.some(({ kind }) => kind === 'consume')
    if (open && payment.unlinkedChargedPoints > 0n) return unknown('lookup-limit', { limit: LIMITS.lookupIdsTotal })
    return known(payment)
  }
  if (plan.ids.size > 0) return unknown('ids-filter-total-link')
  return known(totalPayment(sums, tasks, paidBefore))
}

function add(sums: BookSums, book: BookName, amount: number): void {
  sums[book] = addExact(sums[book], amount)
}
