import { addExact } from '../../units/exact.ts'
import type { InstantRange } from '../../units/instant.ts'
import { crossingSums, type Edges, untoldCrossingSums } from './edges.ts'
import { both, type PaymentSums, type TaskSums, type UserSums } from './ledger-book.ts'

/** `edges`: what rows may have paid across the edges of the window. */
export function totalPayment(sums: UserSums, tasks: TaskSums, edges: Edges, window: InstantRange): PaymentSums {
  const charged = addExact(tasks.linkedCharged, tasks.unlinkedCharged)
  const paid = both(sums.consumed)
  const explained = paid !== charged && edgesExplain(paid - charged, edges, window)
  return {
    mode: 'total',
    comparedChargedPoints: charged,
    comparedPaidPoints: paid,
    unlinkedChargedPoints: 0,
    unlinkedPaidPoints: 0,
    pointsConsumed: sums.consumed.points,
    cashConsumed: sums.consumed.cash,
    explainedByEdge: explained,
    negativeChargedPoints: tasks.negativeCharged,
    untold: tasks.untold,
  }
}

/**
 * Whether rows right at the edges make up the whole difference: rows after the start may pay tasks from right before it, and
 * rows after the end the window's last tasks.
 */
function edgesExplain(difference: number, edges: Edges, { start, end }: InstantRange): boolean {
  const wanted = new Set(crossingSums(start, edges).map((moved) => addExact(moved, -difference)))
  return crossingSums(end, edges).some((moved) => wanted.has(moved))
}

/**
 * Whether rows right at the edges may make up a difference where tasks do not tell what they were charged: with what rows took for
 * such tasks right before the window, which is not the window's, and, where the window has some (`hasUntold`), for those.
 */
export function untoldMayExplain(
  difference: number,
  hasUntold: boolean,
  edges: Edges,
  { start, end }: InstantRange,
): boolean {
  if (!hasUntold && edges.untold === undefined) return false
  const after = untoldCrossingSums(end, edges, false)
  return untoldCrossingSums(start, edges, true).some((before) =>
    after.some((late) => (hasUntold ? difference >= before - late : difference === before - late)),
  )
}

/** Whether they may make up any difference between two, both included. */
export function edgesMayExplain(low: number, high: number, edges: Edges, { start, end }: InstantRange): boolean {
  const atEnd = crossingSums(end, edges)
  return crossingSums(start, edges).some((before) =>
    atEnd.some((after) => before - after >= low && before - after <= high),
  )
}
