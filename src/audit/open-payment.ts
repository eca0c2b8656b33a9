import { addExact } from '../units/exact.ts'
import {
  type BookName,
  type BookSums,
  both,
  type OpenSums,
  orderPayment,
  type PaymentSums,
  paymentOfSums,
  type SharedSums,
  type TaskSums,
  type UserSums,
} from './ledger-book.ts'
import { judgePayment } from './rules/a4-paid-not-charged.ts'
import { known, type Payment, type Reading, unknown } from './rules/books.ts'

type Shared = Pick<SharedSums, 'paid' | 'unlinkedCharged'>

/**
 * What a user paid where rows may be of the user's tasks that are told of, or of others: something between what was paid
 * without them and what was with them, those that gave back the other way round. Where all of that lies on one side of the
 * charge, what comes closest to it; otherwise nothing is known. Points and cents.
 */
export function openPayment(
  sums: UserSums,
  tasks: TaskSums,
  nearby: readonly number[],
  shared: Shared,
  open: OpenSums,
): PaymentSums | Extract<Reading<Payment>, { known: false }> {
  const withRows = (rows: BookSums, unlinked: BookSums): PaymentSums =>
    orderPayment({ ...sums, unlinked }, tasks, nearby, {
      paid: { points: addExact(shared.paid.points, rows.points), cash: addExact(shared.paid.cash, rows.cash) },
      unlinkedCharged: addExact(shared.unlinkedCharged, open.unlinkedCharged),
    })
  // Where such rows may be those of every task that has none, rows without a task may be none of this.
  const mayBeOthers = tasks.unlinkedCharged > 0 && tasks.unlinkedCharged <= open.unlinkedCharged
  const loose = mayBeOthers ? both(sums.unlinked) : 0
  const least = withRows(open.least, loose > 0 ? NONE : sums.unlinked)
  const most = withRows(open.most, loose < 0 ? NONE : sums.unlinked)
  const [low, high] = [differenceOf(least), differenceOf(most)]
  if (low === undefined || high === undefined) return SHARED
  const isOpen = (book: BookName): boolean =>
    open.least[book] !== open.most[book] || (loose !== 0 && sums.unlinked[book] !== 0)
  const books = { points: isOpen('points'), cash: isOpen('cash') }
  if (low > 0n) return { ...least, bound: { paid: 'least', open: books } }
  if (high < 0n && !edgeMayExplain(nearby, missingIn(most), missingIn(least))) {
    return { ...most, bound: { paid: 'most', open: books } }
  }
  return SHARED
}

const NONE: BookSums = { points: 0, cash: 0 }
const SHARED = unknown('links-shared')

/** Paid less charged; undefined where that cannot be told for other reasons. */
function differenceOf(payment: PaymentSums): bigint | undefined {
  const verdict = judgePayment(known(paymentOfSums(payment)))
  return verdict.known ? verdict.value.differencePoints : undefined
}

const missingIn = (payment: PaymentSums): number =>
  addExact(payment.comparedChargedPoints, payment.unlinkedChargedPoints) -
  addExact(payment.comparedPaidPoints, payment.unlinkedPaidPoints)

/** Whether rows right after the window's end may make up what is missing, which is something between two amounts. */
const edgeMayExplain = (nearby: readonly number[], least: number, most: number): boolean =>
  nearby.some((sum) => sum > 0 && sum >= least && sum <= most)
