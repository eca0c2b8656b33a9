import { count, sum } from '../../units/exact.ts'
import type { Points } from '../../units/points.ts'
import { type Reason, type RuleOutcome, unknown } from './books.ts'

/** What rows of one user took, for orders that are tasks of other users, and did not give back. */
export interface ForeignOrders {
  readonly userId: number
  readonly orders: number
  /** The first of them. */
  readonly orderId: string
  /** null: a row does not tell its amount, or the sum would not be exact. */
  readonly takenPoints: Points | null
}

/** Of the rows of the window: who paid for tasks of others, or for another product whose orders have the same numbers. */
export interface ForeignBook {
  readonly users: readonly ForeignOrders[]
  /** Whether rows were left out, since they are more than are looked into. */
  readonly isCut: boolean
}

/** Users named one by one: where there are more, two products number their orders alike, rather than that many were charged wrongly. */
const USERS_NAMED_MAX = 50

/**
 * What B10 says of them. Whether such rows are charges that went to the wrong user nobody can tell: other products may number
 * their orders as tasks are.
 */
export function foreignChecks({ users }: ForeignBook): RuleOutcome['notEvaluated'] {
  const [first] = users
  if (first === undefined) return []
  if (users.length <= USERS_NAMED_MAX) {
    return users.map((user) => ({ subject: { userId: user.userId }, reason: foreignReason(user) }))
  }
  const isUntold = users.some(({ takenPoints }) => takenPoints === null)
  const all = {
    orders: count(users, ({ orders }) => orders),
    orderId: first.orderId,
    takenPoints: isUntold ? null : sum(users, ({ takenPoints }) => takenPoints ?? 0n),
  }
  return [{ subject: {}, reason: foreignReason(all, users.length) }]
}

/** What is said of one user, or of so many together. */
export function foreignReason({ orders, orderId, takenPoints }: Sums, users?: number): Reason {
  return unknown('links-foreign', {
    ...{ orders, orderId },
    ...(takenPoints !== null && { points: String(takenPoints) }),
    ...(users !== undefined && { users }),
  }).reason
}

type Sums = Pick<ForeignOrders, 'orders' | 'orderId'> & { readonly takenPoints: bigint | null }
