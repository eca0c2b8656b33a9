import type { Points } from '../../units/points.ts'
import { type LooseAmount, type Reason, type UnlinkedRows, unknown } from './books.ts'

/**
 * What ledger rows may have done for anybody that name neither a user nor a task, whoever's it is. Those that name a task are
 * told of with the task.
 */
export interface OwnerlessRows {
  /** What consume rows of the window, or right after its end, took; null: one of them does not tell. */
  readonly takenPoints: Points | null
  /** Whether there are any, those that name a task included. */
  readonly anyTaken: boolean
  /** Each amount since the window's start that was given back, and of cash that came in without an order. */
  readonly refunds: readonly LooseAmount[]
  readonly cashIn: readonly LooseAmount[]
  /** Whether one that gave something back, or may have, does not tell how much. */
  readonly refundUntold: boolean
}

/** Why nothing is said that rows without a user may explain. */
export const { reason: OWNERLESS } = unknown('owner-untold')

/** The same of rows of one ledger, counted. */
export const ownersUntoldIn = (table: 'points' | 'cash', rows: number, firstRowId: number): Reason =>
  unknown('owner-untold', { table, rows, firstRowId }).reason

/** The rows of a user that link to no task, and all that may be the user's. */
export function besidesOwnerless(rows: UnlinkedRows, ownerless: OwnerlessRows | undefined): UnlinkedRows {
  if (ownerless === undefined) return rows
  const { refunds, cashIn } = ownerless
  const refunded = refunds.reduce((total, { points }) => total + points, 0n)
  return {
    ...rows,
    refundedPoints: (rows.refundedPoints + refunded) as Points,
    refunds: [...rows.refunds, ...refunds],
    cashIn: [...rows.cashIn, ...cashIn],
  }
}
