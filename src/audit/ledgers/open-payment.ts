import { addExact } from '../../units/exact.ts'
import { judgePayment } from '../rules/a4-paid-not-charged.ts'
import { known, type Payment, type Reading, unknown } from '../rules/books.ts'
import {
  type BookName,
  type BookSums,
  both,
  isExact,
  type OpenSums,
  orderPayment,
  type PaymentSums,
  paymentOfSums,
  type SharedSums,
  type TaskSums,
  type UserSums,
} from './ledger-book.ts'

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
  const unclear = open.ownerless ? NOBODYS : SHARED
  const { reason } = unclear
  if (low === undefined || high === undefined) return unclear
  const isOpen = (book: BookName): boolean =>
    open.least[book] !== open.most[book] || (loose !== 0 && sums.unlinked[book] !== 0)
  const books = { points: isOpen('points'), cash: isOpen('cash') }
  if (low > 0n) return { ...least, bound: { paid: 'least', reason, open: books } }
  if (high < 0n && !edgeMayExplain(nearby, missingIn(most), missingIn(least))) {
    return { ...most, bound: { paid: 'most', reason, open: books } }
  }
  return unclear
}

/**
 * Whether rows right after the window's end may make up what is missing where tasks of the window do not tell what they were
 * charged: those took what others lack. `nearby`: what such rows may have paid.
 */
export function untoldMayLack(payment: PaymentSums, nearby: readonly number[]): boolean {
  if (payment.untold === undefined || payment.explainedByEdge) return false
  const difference = differenceOf(payment)
  return difference !== undefined && difference < 0n && nearby.some((sum) => sum > 0 && BigInt(sum) >= -difference)
}

/** What a user paid whose tasks lack more than the rows that name no task took, and what other rows may have paid of it. */
export interface LoosePayment {
  readonly payment: PaymentSums
  /** What rows of the user took that are of no known type: Infinity where one does not tell. */
  readonly kindTaken: Readonly<BookSums>
  /** What those took that tell no user, likewise; absent: there are none. */
  readonly taken: Readonly<BookSums> | undefined
  /** Whether rows right at an edge may make up a difference between these two, both below 0: paid less charged. */
  edgeMayExplain(low: number, high: number): boolean
}

/**
 * The same where such rows may have paid for the tasks: what they took counts in part, in whole or not at all, and what is more
 * than the tasks lack was for something else.
 */
export function loosePayment({ kindTaken, taken = NONE, ...known }: LoosePayment): PaymentVerdict {
  const kinds = withTaken(known, kindTaken, KINDS)
  if ('known' in kinds || isNothing(taken)) return kinds
  const reason = kinds.bound?.reason === KINDS.reason ? KINDS : NOBODYS
  return withTaken(known, sumOf(kindTaken, taken), reason)
}

/**
 * What a user paid to whom nothing is lacking, and whose rows of no known type that bear no order may have paid as well: where they
 * did, more than was charged. `difference`: paid less charged without them.
 */
export function paidMore(
  { payment, kindTaken, edgeMayExplain }: Omit<LoosePayment, 'taken'>,
  difference: number,
): PaymentVerdict {
  const all = kindTaken.points + kindTaken.cash
  // What does not tell its amount may have given something back as well.
  if (difference === 0 || all === Number.POSITIVE_INFINITY) return KINDS
  if (payment.explainedByEdge || edgeMayExplain(difference, difference + all)) return KINDS
  const open = { points: kindTaken.points > 0, cash: kindTaken.cash > 0 }
  return { ...payment, bound: { paid: 'least', reason: KINDS.reason, open } }
}

type PaymentVerdict = PaymentSums | Extract<Reading<Payment>, { known: false }>

function withTaken(
  { payment, edgeMayExplain }: Pick<LoosePayment, 'payment' | 'edgeMayExplain'>,
  taken: Readonly<BookSums>,
  unclear: typeof NOBODYS,
): PaymentVerdict {
  const isOrder = payment.mode === 'order'
  const short = isOrder
    ? payment.unlinkedChargedPoints - payment.unlinkedPaidPoints
    : payment.comparedChargedPoints - payment.comparedPaidPoints
  const all = taken.points + taken.cash
  if (all <= 0 || short <= 0) return payment
  const more = Math.min(short, all)
  const most = isOrder
    ? { ...payment, unlinkedPaidPoints: addExact(payment.unlinkedPaidPoints, more) }
    : { ...payment, comparedPaidPoints: addExact(payment.comparedPaidPoints, more) }
  const [low, high] = [differenceOf(payment), differenceOf(most)]
  if (low === undefined) return payment
  if (high === undefined) return unclear
  const { reason } = unclear
  const before = payment.bound?.open
  const open = {
    points: taken.points > 0 || before?.points === true,
    cash: taken.cash > 0 || before?.cash === true,
  }
  if (low > 0n) return { ...payment, bound: { paid: 'least', reason, open } }
  if (high < 0n && !edgeMayExplain(Number(low), Number(high))) {
    return { ...most, explainedByEdge: false, bound: { paid: 'most', reason, open } }
  }
  return unclear
}

export const isNothing = ({ points, cash }: Readonly<BookSums>): boolean => points === 0 && cash === 0

/** Infinity where one of them is. */
const sumOf = (a: Readonly<BookSums>, b: Readonly<BookSums>): BookSums => ({
  points: a.points + b.points,
  cash: a.cash + b.cash,
})

const NONE: BookSums = { points: 0, cash: 0 }
const SHARED = unknown('links-shared')
const NOBODYS = unknown('owner-untold')
const KINDS = unknown('kind-untold')

/** Paid less charged; undefined where that cannot be told for other reasons. */
function differenceOf(payment: PaymentSums): bigint | undefined {
  if (!isExact(payment)) return undefined
  const verdict = judgePayment(known(paymentOfSums(payment)))
  return verdict.known ? verdict.value.differencePoints : undefined
}

const missingIn = (payment: PaymentSums): number =>
  addExact(payment.comparedChargedPoints, payment.unlinkedChargedPoints) -
  addExact(payment.comparedPaidPoints, payment.unlinkedPaidPoints)

/** Whether rows right after the window's end may make up what is missing, which is something between two amounts. */
const edgeMayExplain = (nearby: readonly number[], least: number, most: number): boolean =>
  nearby.some((sum) => sum > 0 && sum >= least && sum <= most)
