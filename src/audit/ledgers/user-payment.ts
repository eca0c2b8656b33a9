import { LIMITS } from '../../limits.ts'
import type { BookName } from '../../rows/entry-records.ts'
import { addExact } from '../../units/exact.ts'
import type { Instant } from '../../units/instant.ts'
import { judgePayment } from '../rules/a4-paid-not-charged.ts'
import { known, type Payment, type Reading, unknown } from '../rules/books.ts'
import { type UndatedCharge, withTask } from '../tasks/undated-tasks.ts'
import { unreadTimeReason } from '../tasks/unread-times.ts'
import {
  crossingSums,
  type Edges,
  edgesWith,
  hasRowsAfter,
  lackingSoFar,
  unlinkedEdges,
  unpaidSoFar,
  untoldCrossingSums,
} from './edges.ts'
import {
  both,
  isExact,
  orderPayment,
  type PaymentSums,
  paymentOfSums,
  type TaskSums,
  TOO_LARGE,
} from './ledger-book.ts'
import { isNothing, loosePayment, openPayment, paidMore, untoldMayLack } from './open-payment.ts'
import { edgesMayExplain, totalPayment, untoldMayExplain } from './total-payment.ts'
import type { ClosingTerms, UserFigures } from './user-figures.ts'

export type PaymentReading = PaymentSums | Extract<Reading<Payment>, { known: false }>

/** What all tasks without a time that can be read have to do with each user. */
export interface UndatedTerms {
  /** Whether it is told which users have which. */
  readonly isTold: boolean
  /** Whether they decide in which mode rows link. */
  readonly isModeOpen: boolean
  /** Whether some of them that were charged, or may have been, name no user; and whether any task does. */
  readonly hasNobodys: boolean
  readonly anyNobodys: boolean
}

/** Tasks of a user without a time up to which each of them is taken as one of the window, and as none: it doubles with each. */
const UNDATED_MAX = 8

/**
 * What a user paid for the tasks of the window. Where some have no time that can be read, and A4 would say something else of the
 * user were one of them of the window, it is not known.
 */
export function paymentOf(user: UserFigures, terms: ClosingTerms): PaymentReading {
  const payment = placedPayment(user, terms)
  const { unreadTimes = {}, undated } = terms
  const reason = unreadTimeReason(unreadTimes, ['tasks'])
  if (reason === undefined) return payment
  const open = { known: false, reason } as const
  const isTold = undated?.isTold === true
  if (!isTold && unreadTimeReason(unreadTimes, ['tasks'], user.userId) !== undefined) return open
  const isNone = undated === undefined || !(undated.isModeOpen || undated.hasNobodys || user.undated !== undefined)
  if (isNone) return payment
  const modes = undated.isModeOpen ? (['order', 'total'] as const) : [terms.mode]
  const said = saidOf(user.tasks, payment)
  return modes.every((mode) => saysAlike(said, user, { ...terms, mode }, undated)) ? payment : open
}

type Said = 'open' | 'fine' | 'timing' | 'break'

/** What A4 says of a user; of one without a task of the window nothing. */
function saidOf({ taskCount }: TaskSums, payment: PaymentReading): Said {
  if (taskCount === 0) return 'fine'
  const verdict = judgePayment('known' in payment ? payment : known(paymentOfSums(payment)))
  if (!verdict.known || 'known' in payment) return 'open'
  if (verdict.value.differencePoints === 0n) return 'fine'
  return payment.explainedByEdge ? 'timing' : 'break'
}

/** Whether A4 says the same of a user whichever of the tasks without a time are of the window. */
function saysAlike(said: Said, user: UserFigures, terms: ClosingTerms, undated: UndatedTerms): boolean {
  const { tasks, undated: own = [] } = user
  const isTotal = terms.mode === 'total'
  const some = own.filter((charge) => matters(charge, isTotal))
  if (some.length > UNDATED_MAX) return false
  if (some.some(({ isOpen, task }) => (isTotal ? task.charged === null : isOpen))) return false
  if (some.length > 0 && mayBeAtEdge(said, user, some, terms)) return false
  // What was paid too much may have been for tasks that name no user.
  const isForNobodys = undated.hasNobodys || (some.length > 0 && undated.anyNobodys)
  if (isTotal && said === 'break' && isForNobodys && isTooMuch(user)) return false
  // With the first task of the window a user is one who is judged, though it be one that does not matter otherwise.
  const first = tasks.taskCount > 0 ? [] : own.filter((charge) => !some.includes(charge)).slice(0, 1)
  let completions = [tasks]
  for (const charge of [...first, ...some]) {
    completions = completions.concat(completions.map((each) => withTask(each, charge)))
  }
  return completions.every((each) => saidOf(each, placedPayment({ ...user, tasks: each }, terms)) === said)
}

/** Whether it matters to what a user paid and was charged whether a task is of the window. */
function matters({ task, isOpen, isLinked, paid }: UndatedCharge, isTotal: boolean): boolean {
  const { charged, isSelected } = task
  if (isTotal) return charged !== 0
  if (isOpen) return true
  return isSelected || !isLinked ? charged !== (isLinked ? both(paid) : 0) : false
}

/** Whether rows right after an edge may have paid one of some such tasks, or tasks besides them. */
function mayBeAtEdge(
  said: Said,
  user: UserFigures,
  some: readonly UndatedCharge[],
  { mode, plan: { window } }: ClosingTerms,
): boolean {
  const edges = edgesOf(user)
  if (mode === 'order') {
    const { unlinkedCharged, untold, shared } = user.tasks
    // A charge that is not told lacks nothing of itself.
    const lacks = ({ task: { isSelected, charged }, isLinked }: UndatedCharge): boolean =>
      isSelected && !isLinked && (charged !== undefined || said !== 'fine')
    const decides = unlinkedCharged > 0 || some.some(lacks) || untold !== undefined || shared !== null
    return decides && hasRowsAfter(window.end, unlinkedEdges(edges))
  }
  return hasRowsAfter(window.start, edges) || hasRowsAfter(window.end, edges)
}

const isTooMuch = ({ sums, tasks }: UserFigures): boolean =>
  both(sums.consumed) > addExact(tasks.linkedCharged, tasks.unlinkedCharged)

/** Whether what was paid waits for what the order of a row is. */
export const isPaymentOpen = ({ unresolved }: Pick<UserFigures, 'unresolved'>): boolean =>
  unresolved.some(({ kind }) => kind === 'consume')

/** The same of rows at the edges of the window as well, where they may pay what tasks lack. */
export const waitsForOrders = (user: Pick<UserFigures, 'unresolved' | 'sums' | 'tasks'>): boolean =>
  isPaymentOpen(user) || (user.tasks.lacksPayment && user.sums.edgeRows.some(({ order }) => order !== undefined))

/** Why nothing is said where ledgers could not be read whole. */
export const ledgersUnread = (failed: ReadonlySet<BookName>) =>
  unknown('ledger-unread', { book: [...failed].sort().join(', ') })

export const edgesOf = ({ sums, edgeTasks }: Pick<UserFigures, 'sums' | 'edgeTasks'>): Edges =>
  edgesWith(sums.edgeRows, edgeTasks)

/** The same by the tasks that have a time. */
function placedPayment(user: UserFigures, terms: ClosingTerms): PaymentReading {
  const payment = reckonedPayment(user, terms)
  return 'known' in payment || isExact(payment) ? payment : TOO_LARGE
}

function reckonedPayment(user: UserFigures, terms: ClosingTerms): PaymentReading {
  const { sums, tasks } = user
  const { plan, mode, failed, unreadTimes = {}, ownerless } = terms
  const unplaced = unreadTimeReason(unreadTimes, ['points', 'cash'], user.userId)
  if (failed.size > 0) return ledgersUnread(failed)
  const countsTasks = mode === 'order' && tasks.taskCount > 0
  if (countsTasks && sums.kindUntold) return unknown('kind-untold')
  if (countsTasks ? sums.hasUntold : sums.anyUntold) return unknown('amount-untold')
  if (countsTasks && tasks.shared?.ownerlessOpen) return unknown('owner-untold')
  // Without tasks nothing can link: then all consume rows of the window are what there is to tell.
  if (countsTasks) {
    const { shared } = tasks
    const nearby = crossingSums(plan.window.end, unlinkedEdges(edgesOf(user)))
    const payment = shared?.open
      ? openPayment(sums, tasks, nearby, shared, shared.open)
      : orderPayment(sums, tasks, nearby)
    if ('known' in payment) return payment
    // A row without a task may pay a task that the filter left out as well as one of these.
    const unclear = payment.unlinkedChargedPoints > 0 && both(sums.unlinked) > 0
    if (tasks.othersUnlinked && unclear) return unknown('links-unlinked')
    // Rows whose order was too many to look up may pay a task of another time, or one of these.
    if (isPaymentOpen(user) && payment.unlinkedChargedPoints > 0) {
      return unknown('lookup-limit', { limit: LIMITS.lookupIdsTotal })
    }
    // A row that bears the id of a task is found whatever its time. One that bears none may be what a task lacks, and one of a
    // task that could not be placed may be none of these.
    if (unplaced !== undefined && payment.unlinkedChargedPoints > 0) return { known: false, reason: unplaced }
    if (untoldMayLack(payment, untoldCrossingSums(plan.window.end, unlinkedEdges(edgesOf(user)), false)))
      return unknown('charge-untold')
    const edgeMayExplain = (low: number, high: number) => nearby.some((sum) => sum > 0 && -sum >= low && -sum <= high)
    const kindTaken = sums.unlinkedKindTaken
    const verdict = loosePayment({ payment, kindTaken, taken: ownerless?.taken, edgeMayExplain })
    return withRowsToCome(verdict, plan.asOf, () => edgesOf(user))
  }
  if (plan.ids.size > 0) return unknown('ids-filter-total-link')
  if (unplaced !== undefined) return { known: false, reason: unplaced }
  const payment = totalPayment(sums, tasks, edgesOf(user), plan.window)
  const difference = addExact(payment.comparedPaidPoints, -payment.comparedChargedPoints)
  const isOpen = difference !== 0 && !payment.explainedByEdge
  if (isOpen && untoldMayExplain(difference, tasks.untold !== undefined, edgesOf(user), plan.window))
    return unknown('charge-untold')
  // What names one of the user's tasks is too much where the rest is enough.
  const isNamed = tasks.shared?.open?.ownerless || tasks.shared?.ownerlessOpen
  if (difference === 0 && isNamed) return unknown('owner-untold')
  if (difference === 0 && sums.kindUntold && !isNothing(sums.kindTaken)) return unknown('kind-untold')
  if (difference > 0 && difference <= (ownerless?.gaveBack ?? 0)) return unknown('owner-untold')
  const edgeMayExplain = (low: number, high: number) => edgesMayExplain(low, high, edgesOf(user), plan.window)
  const orderless = sums.orderlessKindTaken
  if (mode === 'total' && difference >= 0 && !isNothing(orderless))
    return paidMore({ payment, kindTaken: orderless, edgeMayExplain }, difference)
  // Whatever task they name: rows count here by whose they are.
  const verdict = loosePayment({ payment, kindTaken: sums.kindTaken, taken: ownerless?.takenInAll, edgeMayExplain })
  return withRowsToCome(verdict, plan.asOf, () => edgesOf(user))
}

/** The same where rows that may come yet after the moment of reading make up what is missing. */
function withRowsToCome(payment: PaymentReading, asOf: Instant, edgesOfUser: () => Edges): PaymentReading {
  if ('known' in payment) return payment
  const compared = payment.comparedChargedPoints - payment.comparedPaidPoints
  // Without tasks that lack a row, rows without a task are other products.
  const unlinked = payment.unlinkedChargedPoints > 0 ? payment.unlinkedChargedPoints - payment.unlinkedPaidPoints : 0
  if (compared < 0 || unlinked < 0 || compared + unlinked === 0) return payment
  const edges = edgesOfUser()
  const isTotal = payment.mode === 'total'
  // What tasks lack that rows name is no matter of those without one.
  const mayCome = isTotal
    ? compared <= unpaidSoFar(asOf, edges)
    : compared <= lackingSoFar(asOf, edges) && unlinked <= unpaidSoFar(asOf, unlinkedEdges(edges))
  return mayCome ? { ...payment, explainedByEdge: true } : payment
}
