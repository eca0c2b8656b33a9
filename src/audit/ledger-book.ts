import type { LedgerEntry, TaskRow } from '../ledger/reader.ts'
import { LEDGER_EDGE } from '../settings.ts'
import type { Instant } from '../units/instant.ts'
import { addPoints, type Points, ZERO_POINTS } from '../units/points.ts'
import type { AuditPlan } from './plan.ts'
import type { Payment, Reading } from './rules/books.ts'
import type { EvidenceList } from './rules/evidence-list.ts'
import type { BalanceTrail, LinkedEntry } from './rules/facts.ts'

export type BookName = 'points' | 'cash'

/** What the ledgers say of one user. Points and cents, all positive as their name says. */
export interface UserLedger {
  readonly payment: Reading<Payment>
  readonly unpaid: EvidenceList
  readonly pointsRefunded: Points | null
  readonly cashRefunded: Points | null
  readonly pointsRecharged: Points | null
  readonly cashRecharged: Points | null
}

/** The two ledgers, added up by user. */
export interface LedgerBook {
  /** null: no ledger was read whole. */
  readonly mode: 'order' | 'total' | null
  readonly chargedTasks: number
  readonly linkedTasks: number
  readonly users: ReadonlyMap<number, UserLedger>
  /** Every selected task of the window with its linked rows; empty at depth summary. */
  readonly taskEntries: readonly { readonly task: TaskRow; readonly entries: readonly LinkedEntry[] }[]
  /** Whether the rows of every task were looked up at any time, or only of those whose rows leave something open. */
  readonly everyOrder: boolean
  /** null where the points ledger was not followed. */
  readonly balances: BalanceTrail | null
}

/** A task of the window that ledger rows may link to. */
export interface LinkTarget {
  readonly task: TaskRow
  /** Whether the filters leave the task; the others only count for the link mode. */
  readonly selected: boolean
  /** The rows themselves; null where the depth does not need them. */
  readonly entries: LinkedEntry[] | null
  paidPoints: Points
  paidCash: Points
  refundedPoints: Points
  refundedCash: Points
  linked: boolean
}

/** A consume row right at an edge of the window. */
export interface EdgeRow {
  readonly at: Instant
  readonly amount: Points
  readonly linked: boolean
}

export interface UserSums {
  consumed: Record<BookName, Points>
  refunded: Record<BookName, Points>
  recharged: Record<BookName, Points>
  /** Consume rows of the window without order id, or whose order is known to be no task. */
  unlinked: Record<BookName, Points>
  /** Refund rows without order id, since the window's start. */
  unlinkedRefunds: Points
  /** Consume and cash-in rows of the window whose order was not seen among the tasks that were read. */
  unresolved: LedgerEntry[]
  /** Consume rows right after the window's start (in it) and right after its end (beyond it), for link mode total. */
  afterStart: EdgeRow[]
  afterEnd: EdgeRow[]
}

export function linkedRefunds(targets: readonly LinkTarget[], sums: UserSums): Record<BookName, Points> {
  let refundedPoints = ZERO_POINTS
  let refundedCash = ZERO_POINTS
  for (const target of targets) {
    refundedPoints = addPoints(refundedPoints, target.refundedPoints)
    refundedCash = addPoints(refundedCash, target.refundedCash)
  }
  return targets.length === 0 ? sums.refunded : { points: refundedPoints, cash: refundedCash }
}

export function orderPayment(sums: UserSums, targets: readonly LinkTarget[], plan: AuditPlan): Payment {
  let comparedCharged = ZERO_POINTS
  let unlinkedCharged = ZERO_POINTS
  let paidPoints = ZERO_POINTS
  let paidCash = ZERO_POINTS
  for (const target of targets) {
    paidPoints = addPoints(paidPoints, target.paidPoints)
    paidCash = addPoints(paidCash, target.paidCash)
    if (target.linked) comparedCharged = addPoints(comparedCharged, target.task.chargedPoints)
    else unlinkedCharged = addPoints(unlinkedCharged, target.task.chargedPoints)
  }
  const counted = unlinkedCharged > 0n
  const comparedPaid = addPoints(paidPoints, paidCash)
  const unlinkedPaid = addPoints(sums.unlinked.points, sums.unlinked.cash)
  const nearby = sums.afterEnd.filter(({ linked }) => !linked)
  const last = targets.some(({ task, linked }) => !linked && task.createdAt >= plan.window.end - LEDGER_EDGE)
  const short = unlinkedCharged - unlinkedPaid
  return {
    mode: 'order',
    comparedChargedPoints: comparedCharged,
    comparedPaidPoints: comparedPaid,
    unlinkedChargedPoints: unlinkedCharged,
    unlinkedPaidPoints: unlinkedPaid,
    unlinkedNearbyPoints: prefixSums(nearby).at(-1) ?? 0n,
    unlinkedRefundedPoints: sums.unlinkedRefunds,
    pointsConsumed: counted ? addPoints(paidPoints, sums.unlinked.points) : paidPoints,
    cashConsumed: counted ? addPoints(paidCash, sums.unlinked.cash) : paidCash,
    explainedByEdge: comparedPaid === comparedCharged && short > 0n && last && prefixSums(nearby).includes(short),
  }
}

/** `paidBefore`: whether the user has charged tasks right before the window, which its first rows may pay. */
export function totalPayment(
  sums: UserSums,
  targets: readonly LinkTarget[],
  plan: AuditPlan,
  paidBefore: boolean,
): Payment {
  let charged = ZERO_POINTS
  for (const target of targets) charged = addPoints(charged, target.task.chargedPoints)
  const paid = addPoints(sums.consumed.points, sums.consumed.cash)
  const explained = paid !== charged && edgeExplains(paid - charged, sums, targets, plan, paidBefore)
  return {
    mode: 'total',
    comparedChargedPoints: charged,
    comparedPaidPoints: paid,
    unlinkedChargedPoints: ZERO_POINTS,
    unlinkedPaidPoints: ZERO_POINTS,
    unlinkedNearbyPoints: ZERO_POINTS,
    unlinkedRefundedPoints: ZERO_POINTS,
    pointsConsumed: sums.consumed.points,
    cashConsumed: sums.consumed.cash,
    explainedByEdge: explained,
  }
}

/**
 * Whether rows right at the edges make up the whole difference: the first rows after the start may pay tasks from right
 * before it, and the first rows after the end the window's last tasks. Only whole rows in order of time are moved.
 */
function edgeExplains(
  difference: bigint,
  sums: UserSums,
  targets: readonly LinkTarget[],
  plan: AuditPlan,
  paidBefore: boolean,
): boolean {
  const lastTasks = targets.some(
    ({ task }) => task.chargedPoints > 0n && task.createdAt >= plan.window.end - LEDGER_EDGE,
  )
  const starts = paidBefore ? prefixSums(sums.afterStart) : [0n]
  const ends = lastTasks ? prefixSums(sums.afterEnd) : [0n]
  const wanted = new Set(starts.map((moved) => moved - difference))
  return ends.some((moved) => wanted.has(moved))
}

function prefixSums(rows: readonly EdgeRow[]): bigint[] {
  const sums = [0n]
  let total = 0n
  for (const { amount } of [...rows].sort((a, b) => a.at - b.at)) {
    total += amount
    sums.push(total)
  }
  return sums
}
