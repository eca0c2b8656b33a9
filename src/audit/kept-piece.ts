import type { LedgerEntry } from '../ledger/reader.ts'
import type { LedgerPiece } from './ledger-source.ts'
import type { LinkMode } from './link-scans.ts'
import type { ClosedUser, UserFigures } from './user-figures.ts'

/** Rows that are looked up before it is known which all are to be. */
export interface EarlyLookUp {
  readonly ids: ReadonlySet<string>
  readonly entries: Promise<readonly LedgerEntry[]>
  /** What is known of some orders: after the entries, since one thing is read after another. */
  readonly orders: Promise<KnownOrders>
}

/** Orders that tasks of other times were looked for by, and the ids of those that were found. */
export interface KnownOrders {
  readonly asked: ReadonlySet<string>
  readonly ids: readonly string[]
}

/** What is kept of a piece when its rows are let go, so that they need not be read again: where that is little. */
export interface KeptPiece {
  /** The mode in which its users were closed: that which this piece alone tells. */
  readonly mode: LinkMode
  /** Each user, closed; or what was added up, where what was paid waits for what an order is. */
  readonly users: readonly (ClosedUser | UserFigures)[]
  readonly settledTasks: number
  readonly openEntries: LedgerPiece['openEntries']
}
