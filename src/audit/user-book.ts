import type { Points } from '../units/points.ts'
import type { LedgerBook, UserLedger } from './ledger-book.ts'
import {
  type Evidence,
  NO_EVIDENCE,
  type Payment,
  type Reading,
  type UnlinkedRows,
  type UserBook,
  unknown,
} from './rules/books.ts'
import type { UserTally } from './task-book.ts'

export type LedgerUsers = Pick<LedgerBook, 'users'>

/** One user, as the rules see it. */
export const userBook = (tally: UserTally, { ledger: { users } }: { readonly ledger: LedgerUsers }): UserBook =>
  new UserBookView(tally, users.get(tally.userId))

/** There may be very many users, and most are looked at once: nothing is made of one before it is asked for. */
class UserBookView implements UserBook {
  readonly #tally: UserTally
  readonly #ledger: UserLedger | undefined

  constructor(tally: UserTally, ledger: UserLedger | undefined) {
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
    return this.#ledger?.payment ?? unknown('ledger-unread')
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

  get chargedByDate(): UserBook['chargedByDate'] {
    return this.#tally.chargedByDate
  }

  get chargedEarly(): UserBook['chargedEarly'] {
    return this.#tally.chargedEarly
  }
}
