import { LIMITS } from '../../limits.ts'
import { sum } from '../../units/exact.ts'
import { type Books, type Reason, type RuleOutcome, type UnlinkedRows, type UserBook, unknown } from './books.ts'

/** Why it cannot be told of a task whether a row that links to no task is one of its own; undefined: none can be. */
export type Doubt = Reason | undefined

const { reason: UNLINKED } = unknown('links-unlinked')
const { reason: TOO_MANY } = unknown('lookup-limit', { limit: LIMITS.lookupIdsTotal })
/** Rows name an id that several tasks bear. */
export const { reason: SHARED } = unknown('links-shared')

/** Tells whether what a user was charged for a task may have been given back by rows that name no task. */
export function doubtsOfRefunds({ users }: Pick<Books, 'users'>): (userId: number, charge: bigint) => Doubt {
  return doubtsBy(users, (rows, charge) => {
    const { refundedPoints, refundsOpenPoints, refundUntold } = rows
    if (refundUntold || refundedPoints >= charge || isGivenBackInCash(rows, charge)) return UNLINKED
    return refundedPoints + refundsOpenPoints >= charge ? TOO_MANY : undefined
  })
}

/**
 * Whether cash that came in makes up a charge to the point, an amount by itself or all of them, alone or with what was refunded:
 * users top up all the time, and a sum that happens to be large enough gives nothing back.
 */
function isGivenBackInCash({ refundedPoints, cashInPoints }: UnlinkedRows, charge: bigint): boolean {
  if (cashInPoints.length === 0) return false
  const all = sum(cashInPoints, (each) => each)
  return [all, ...cashInPoints].some((cash) => cash === charge || cash + refundedPoints === charge)
}

/** Tells whether a task without a row that took anything may have been paid by rows that name no task. */
export function doubtsOfPayment({ users }: Pick<Books, 'users'>): (userId: number) => Doubt {
  return doubtsBy(users, ({ paidPoints, nearbyPoints, paidOpen }) =>
    paidOpen || paidPoints > 0n || nearbyPoints > 0n ? UNLINKED : undefined,
  )
}

function doubtsBy<Asked extends readonly unknown[]>(
  users: Books['users'],
  doubtOf: (rows: UnlinkedRows, ...asked: Asked) => Doubt,
): (userId: number, ...asked: Asked) => Doubt {
  const byId = new Map<number, UserBook>(users.map((user) => [user.userId, user]))
  return (userId, ...asked) => {
    const unlinked = byId.get(userId)?.unlinked
    if (unlinked === undefined) return undefined
    return unlinked.known ? doubtOf(unlinked.value, ...asked) : unlinked.reason
  }
}

/** What a rule says of users of whom it cannot tell something, once of each. */
export const leftOpen = (doubts: ReadonlyMap<number, Reason>): RuleOutcome['notEvaluated'] =>
  [...doubts].map(([userId, reason]) => ({ subject: { userId }, reason }))
