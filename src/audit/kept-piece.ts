import type { LedgerPiece } from './ledger-source.ts'
import type { LinkMode } from './link-scans.ts'
import type { ClosedUser, UserFigures } from './user-figures.ts'

/** What is kept of a piece when its rows are let go, so that they need not be read again: where that is little. */
export interface KeptPiece {
  /** The mode in which its users were closed: that which this piece alone tells. */
  readonly mode: LinkMode
  /** Each user, closed; or what was added up, where what was paid waits for what an order is. */
  readonly users: readonly (ClosedUser | UserFigures)[]
  readonly settledTasks: number
  readonly openEntries: LedgerPiece['openEntries']
}
