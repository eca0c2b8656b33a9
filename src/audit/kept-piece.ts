import type { LedgerBook } from './ledger-book.ts'
import type { LedgerPiece } from './ledger-source.ts'
import type { ToldTasks } from './ledger-tally.ts'
import type { LinkMode } from './link-scans.ts'
import { ClosedUser, type ClosingTerms, type UserFigures } from './user-figures.ts'
import { isPaymentOpen } from './user-payment.ts'

export interface KeptLimits {
  /** Rows that are kept as objects for later, of all pieces. */
  readonly rowsWaiting: number
  /** Tasks that are put aside for later, of all pieces: more are linked again when they are asked for. */
  readonly tasksAside: number
}

const KEPT_MOST: KeptLimits = { rowsWaiting: 60_000, tasksAside: 60_000 }

type OpenEntries = LedgerPiece['openEntries']

const NO_ENTRIES = (): LedgerBook['taskEntries'] => []

/** What is kept of a piece when its rows are let go, so that they need not be read again: where that is little. */
export interface KeptPiece {
  /** The mode in which its users were closed: that which this piece alone tells. */
  readonly mode: LinkMode
  /** Each user, closed; or what was added up, where what was paid waits for what an order is. */
  readonly users: readonly (ClosedUser | UserFigures)[]
  readonly settledTasks: number
  readonly openEntries: OpenEntries
  /** What of it counts towards what is kept of all pieces. */
  readonly rowsWaiting: number
  readonly tasksAside: number
}

/** What a piece tells once it is linked. */
export interface LinkedPiece {
  readonly figures: readonly UserFigures[]
  readonly told: ToldTasks
  readonly terms: ClosingTerms
  /** Puts entries aside, to be made anew when they are asked for. */
  readonly putAside: (entries: LedgerBook['taskEntries']) => OpenEntries
  /** The same by linking the piece again. */
  readonly again: OpenEntries
}

/** What is kept of all pieces: sums by user grow with users, and are needed in the end; rows and tasks as long as they are few. */
export class KeptPieces {
  readonly #pieces: (KeptPiece | null)[] = []
  readonly #most: KeptLimits
  #rowsWaiting = 0
  #tasksAside = 0

  constructor(most = KEPT_MOST) {
    this.#most = most
  }

  /** null: nothing was kept of it. */
  at(piece: number): KeptPiece | null {
    return this.#pieces[piece] ?? null
  }

  /** Keeps what a piece tells, where that is little enough; nothing is left of what was kept of it before. */
  keep(piece: number, linked: LinkedPiece): void {
    this.letGo(piece)
    const kept = this.#kept(linked)
    this.#pieces[piece] = kept
    this.#rowsWaiting += kept?.rowsWaiting ?? 0
    this.#tasksAside += kept?.tasksAside ?? 0
  }

  letGo(piece: number): void {
    const kept = this.at(piece)
    this.#rowsWaiting -= kept?.rowsWaiting ?? 0
    this.#tasksAside -= kept?.tasksAside ?? 0
    this.#pieces[piece] = null
  }

  clear(): void {
    for (const piece of this.#pieces.keys()) this.letGo(piece)
  }

  #kept({ figures, told, terms, putAside, again }: LinkedPiece): KeptPiece | null {
    const rowsWaiting = figures.reduce((count, { unresolved }) => count + unresolved.length, 0)
    if (this.#rowsWaiting + rowsWaiting > this.#most.rowsWaiting) return null
    const { mode } = terms
    const { openTasks, settledTasks } = told
    // In mode total nobody asks for tasks and their rows.
    const isAside = mode === 'order' && this.#tasksAside + openTasks <= this.#most.tasksAside
    try {
      const users = figures.map((user) => (isPaymentOpen(user) ? user : new ClosedUser(user, terms)))
      const openEntries = openTasks === 0 ? NO_ENTRIES : isAside ? putAside(told.openEntries()) : again
      return { mode, users, settledTasks, openEntries, rowsWaiting, tasksAside: isAside ? openTasks : 0 }
    } catch (cause) {
      // A sum that no number holds may never be asked for in the end: then the mode is another one, or a ledger has failed.
      if (cause instanceof RangeError) return null
      throw cause
    }
  }
}
