import { throwIfAborted } from '../errors.ts'

/** Between two pieces of a long work: lets everything else that waits have its turn, and ends the work if it was cancelled. */
export async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  throwIfAborted(signal)
}
