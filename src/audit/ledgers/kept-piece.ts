import type { LedgerBook } from './ledger-book.ts'
import type { LedgerRooms, ToldTasks } from './ledger-source.ts'
import type { LinkMode } from './link-scans.ts'
import { ClosedUser, type ClosingTerms, type UnresolvedRow, type UserFigures } from './user-figures.ts'
import { waitsForOrders } from './user-payment.ts'

export interface KeptLimits {
  /** Rows that are kept as objects for later, of all pieces: more are put aside. */
  readonly rowsWaiting: number
  /** Tasks that are put aside for later, of all pieces: more are linked again when they are asked for. */
  readonly tasksAside: number
}

const KEPT_MOST: KeptLimits = { rowsWaiting: 20_000, tasksAside: 60_000 }

/** Entries of tasks; linked again, where they are, in rooms that are good for one piece. */
type OpenEntries = (rooms: LedgerRooms) => LedgerBook['taskEntries']
/** Each user, closed; or what was added up, where what was paid waits for what an order is. */
type KeptUsers = readonly (ClosedUser | UserFigures)[]
/** Rows that wait, user by user. */
type RowsOfUsers = readonly (readonly UnresolvedRow[])[]

const NO_ENTRIES = (): LedgerBook['taskEntries'] => []
const NO_ROWS: readonly UnresolvedRow[] = []

/** What is kept of a piece when its rows are let go, so that they need not be read again. */
export class KeptPiece {
  /** The mode in which its users were closed: that which this piece alone tells. */
  readonly mode: LinkMode
  readonly settledTasks: number
  readonly openEntries: OpenEntries
  /** What of it counts towards what is kept of all pieces. */
  readonly rowsWaiting: number
  readonly tasksAside: number
  readonly #users: KeptUsers
  /** null: each user has its own. */
  #rowsAside: (() => RowsOfUsers) | null

  constructor(
    told: Pick<KeptPiece, 'mode' | 'settledTasks' | 'openEntries' | 'rowsWaiting' | 'tasksAside'>,
    users: KeptUsers,
    rowsAside: (() => RowsOfUsers) | null,
  ) {
    this.mode = told.mode
    this.settledTasks = told.settledTasks
    this.openEntries = told.openEntries
    this.rowsWaiting = told.rowsWaiting
    this.tasksAside = told.tasksAside
    this.#users = users
    this.#rowsAside = rowsAside
  }

  /** The users, with their rows that wait. */
  users(): KeptUsers {
    const rows = this.#rowsAside?.()
    this.#rowsAside = null
    if (rows === undefined) return this.#users
    for (const [index, user] of this.#users.entries()) {
      // What is closed has no row on which it depends what was paid.
      if (user instanceof ClosedUser) user.waiting = rows[index] ?? NO_ROWS
      else user.unresolved = rows[index] ?? NO_ROWS
    }
    return this.#users
  }
}

/** What a piece tells once it is linked. */
export interface LinkedPiece {
  readonly figures: readonly UserFigures[]
  readonly told: ToldTasks
  readonly terms: ClosingTerms
  /** Puts plain data aside, to be made anew when it is asked for. */
  readonly putAside: <Value>(value: Value) => () => Value
  /** The entries of open tasks by linking the piece again. */
  readonly again: OpenEntries
}

/** What is kept of all pieces: sums by user grow with users, and are needed in the end; rows and tasks in memory while they are few. */
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
    this.#rowsWaiting += kept.rowsWaiting
    this.#tasksAside += kept.tasksAside
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

  #kept({ figures, told, terms, putAside, again }: LinkedPiece): KeptPiece {
    const { mode } = terms
    const { openTasks, settledTasks } = told
    // In mode total nobody asks for tasks and their rows.
    const isAside = mode === 'order' && this.#tasksAside + openTasks <= this.#most.tasksAside
    const waiting = figures.reduce((count, { unresolved }) => count + unresolved.length, 0)
    const rowsWaiting = this.#rowsWaiting + waiting > this.#most.rowsWaiting ? 0 : waiting
    const rowsAside = rowsWaiting < waiting ? putAside(figures.map(({ unresolved }) => unresolved)) : null
    const users = figures.map((user) => {
      const isOpen = waitsForOrders(user)
      if (rowsAside !== null) user.unresolved = NO_ROWS
      return isOpen ? user : new ClosedUser(user, terms)
    })
    const openEntries = openTasks === 0 ? NO_ENTRIES : isAside ? putAside(told.openEntries()) : again
    const tasksAside = isAside ? openTasks : 0
    return new KeptPiece({ mode, settledTasks, openEntries, rowsWaiting, tasksAside }, users, rowsAside)
  }
}
