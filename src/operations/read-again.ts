import { tellingSeconds } from '../audit/waiting.ts'
import { BoundContradicted, throwIfAborted } from '../errors.ts'
import type { LedgerSnapshot } from '../ledger/reader.ts'
import type { CallContext } from '../tool.ts'

/** Tables that are read from an id on, each of which may turn out to be read too late once. */
const BOUNDED_TABLES = 3

/**
 * Runs what reads a snapshot. Where a row turns up that was left out by its id, what was made of the streams lacks it: then all
 * runs again from its beginning, in the same snapshot, with that table read whole. Fal is asked again too: that is rare, and
 * dearer only in time, while answers that were kept would have to be joined with other tasks.
 */
export async function readingAgain<T>(
  snapshot: Pick<LedgerSnapshot, 'readWhole'>,
  { signal, progress }: CallContext,
  run: () => Promise<T>,
): Promise<T> {
  let running = run
  for (let again = 0; again < BOUNDED_TABLES; again++) {
    try {
      return await running()
    } catch (cause) {
      if (!(cause instanceof BoundContradicted) || snapshot.readWhole === undefined) throw cause
      throwIfAborted(signal)
      snapshot.readWhole(cause.table)
      // Counts of rows begin anew and tell nothing until they pass those of before; the seconds do.
      const tell = (message: string, done: number) => progress({ message, done })
      const message = `all read again, since ids of ${cause.table} do not follow time`
      running = () => tellingSeconds(tell, message, run)
    }
  }
  return running()
}
