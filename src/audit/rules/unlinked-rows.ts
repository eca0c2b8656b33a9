import { type Books, type Reading, type Reason, type RuleOutcome, type UnlinkedRows, unknown } from './books.ts'
import { OWNERLESS } from './ownerless-rows.ts'

/** Why it cannot be told of a task whether a row that links to no task is one of its own; undefined: none can be. */
export type Doubt = Reason | undefined

export const { reason: UNLINKED } = unknown('links-unlinked')

/**
 * Tells whether rows that name no task, the user's and those that tell no user, may have taken what is missing of a task: as
 * much at least as they took all together.
 * `missingPoints`: what must have been taken besides, for all to be well.
 */
export function doubtsOfPayment(
  books: Pick<Books, 'users' | 'ownerless'>,
): (userId: number, missingPoints: bigint) => Doubt {
  const rowsOf = unlinkedOf(books)
  return (userId, missingPoints) => {
    const rows = rowsOf(userId)
    if (rows === undefined) return undefined
    if (!rows.known) return rows.reason
    const { paidPoints, nearbyPoints, paidOpen } = rows.value
    const most = atLeastNone(paidPoints) + atLeastNone(nearbyPoints)
    if (paidOpen || (most > 0n && missingPoints <= most)) return UNLINKED
    if (books.ownerless === undefined) return undefined
    const { takenPoints } = books.ownerless
    return takenPoints === null || (takenPoints > 0n && missingPoints <= most + takenPoints) ? OWNERLESS : undefined
  }
}

const atLeastNone = (points: bigint): bigint => (points > 0n ? points : 0n)

/** The rows of each user that link to no task; undefined: nothing is told of the user. */
export function unlinkedOf({ users }: Pick<Books, 'users'>): (userId: number) => Reading<UnlinkedRows> | undefined {
  const byId = new Map(users.map((user) => [user.userId, user]))
  // They are made when they are asked for, and many tasks may ask.
  const made = new Map<number, Reading<UnlinkedRows>>()
  return (userId) => {
    const rows = made.get(userId) ?? byId.get(userId)?.unlinked
    if (rows !== undefined) made.set(userId, rows)
    return rows
  }
}

/**
 * Users of whom a rule cannot tell something, once each: of several reasons the same one, in whatever order tasks come. Of tasks
 * that name no user it is said once.
 */
export class OpenUsers {
  readonly #reasons = new Map<number | undefined, Reason>()

  note(userId: number | undefined, reason: Reason): void {
    const known = this.#reasons.get(userId)
    if (known === undefined || (known !== reason && wordsOf(reason) < wordsOf(known))) this.#reasons.set(userId, reason)
  }

  list(): RuleOutcome['notEvaluated'] {
    return [...this.#reasons].map(([userId, reason]) => ({ subject: userId === undefined ? {} : { userId }, reason }))
  }
}

const wordsOf = ({ code, params }: Reason): string => JSON.stringify([code, params])
