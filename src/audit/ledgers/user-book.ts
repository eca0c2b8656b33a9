import type { Points } from '../../units/points.ts'
import {
  type Evidence,
  NO_EVIDENCE,
  type Payment,
  type Reading,
  type UnlinkedRows,
  type UserBook,
  unknown,
} from '../rules/books.ts'
import { tasksUntold, type UntoldBook } from '../rules/untold-tasks.ts'
import type { UserTally } from '../tasks/task-book.ts'
import type { LedgerBook, UserLedger } from './ledger-book.ts'

export type LedgerUsers = Pick<LedgerBook, 'users'>

/** What the ledgers say of users, and tasks of which nobody can tell whose they are. */
interface UserSources {
  readonly ledger: LedgerUsers
  readonly tasks: { readonly untold: UntoldBook }
}

/** One user, as the rules see it. */
export const userBook = (tally: UserTally, { ledger: { users }, tasks }: UserSources): UserBook =>
  new UserBookView(tally, users.get(tally.userId), tasks.untold)

/** There may be very many users, and most are looked at once: nothing is made of one before it is asked for. */
class UserBookView implements UserBook {
  readonly #tally: UserTally
  readonly #ledger: UserLedger | undefined
  readonly #untold: UntoldBook

  constructor(tally: UserTally, ledger: UserLedger | undefined, untold: UntoldBook) {
    this.#untold = untold
    this.#tally = tally
    this.#ledger = ledger
  }

  get userId(): number {
    return this.#tally.userId
  }

  get taskCount(): number {
    return this.#tally.taskCount
  }

  get chargedPoints(): Points {
    return this.#tally.chargedPoints
  }

  get payment(): Reading<Payment> {
    const payment = this.#ledger?.payment ?? unknown('ledger-unread')
    return this.#untold.owners === undefined ? payment : besidesNobodys(payment, this.#untold.owners)
  }

  get unlinked(): Reading<UnlinkedRows> {
    return this.#ledger?.unlinked ?? unknown('ledger-unread')
  }

  get unpaid(): Evidence {
    return this.#ledger?.unpaid.view() ?? NO_EVIDENCE
  }

  get free(): UserBook['free'] {
    const { freeCount, freeCostNanoUsd, freeEvidence } = this.#tally
    return { count: freeCount, costNanoUsd: freeCostNanoUsd, evidence: freeEvidence.view() }
  }

  get untoldCharges(): number {
    return this.#tally.untoldCharges
  }

  get untoldDates(): UserBook['untoldDates'] {
    return this.#tally.untoldDates
  }

  get chargedByDate(): UserBook['chargedByDate'] {
    return this.#tally.chargedByDate
  }

  get chargedEarly(): UserBook['chargedEarly'] {
    return this.#tally.chargedEarly
  }
}

/** What was paid beyond a user's own charges may have been for tasks that name no user, where rows name no tasks. */
function besidesNobodys(payment: Reading<Payment>, owners: NonNullable<UntoldBook['owners']>): Reading<Payment> {
  if (!payment.known || payment.value.mode !== 'total') return payment
  const { comparedPaidPoints, comparedChargedPoints } = payment.value
  const beyond = comparedPaidPoints - comparedChargedPoints
  const isExplained = beyond > 0n && (owners.payablePoints === null || beyond <= owners.payablePoints)
  return isExplained ? { known: false, reason: tasksUntold('user-untold', owners) } : payment
}
