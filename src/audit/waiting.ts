import type { LedgerSnapshot } from '../ledger/reader.ts'
import type { InstantRange } from '../units/instant.ts'

const TICK_MILLIS = 1000

/** Tells how far some work is, under one message. */
export type TellProgress = (message: string, done: number, total?: number) => void

/** What linking rows and tasks needs of whoever asked for it: when to stop, and where to tell how far it is. */
export interface LinkContext {
  readonly signal: AbortSignal
  readonly progress: TellProgress
}

/** Tells every second how many seconds some work has taken, where nothing else is known of how far it is. */
export async function tellingSeconds<T>(tell: TellProgress, message: string, work: () => Promise<T>): Promise<T> {
  let seconds = 0
  // At once, or what came before would be said to go on.
  tell(`${message}, seconds`, seconds)
  const ticking = setInterval(() => tell(`${message}, seconds`, ++seconds), TICK_MILLIS)
  try {
    return await work()
  } finally {
    clearInterval(ticking)
  }
}

/** Tells rows of about so many: an estimate never stays behind what was read already. */
export function rowsTeller(tell: TellProgress, message: string, expected: number | undefined): (rows: number) => void {
  return (rows) => (expected === undefined ? tell(message, rows) : tell(message, rows, Math.max(rows, expected)))
}

/** Tells tasks read of about so many as a range holds. */
export async function tasksTeller(
  tell: TellProgress,
  snapshot: Pick<LedgerSnapshot, 'expectedRows'>,
  range: InstantRange,
): Promise<(rows: number) => void> {
  return rowsTeller(tell, 'tasks read', await snapshot.expectedRows?.('tasks', range))
}
