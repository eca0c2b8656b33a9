import { throwIfAborted } from '../errors.ts'

/** Between two pieces of a long work: lets everything else that waits have its turn, and ends the work if it was cancelled. */
export async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  throwIfAborted(signal)
}

/** Does a long work step by step, with a breath between two steps, and returns what it comes to. */
export async function inBreaths<Result>(
  work: Generator<undefined, Result, undefined>,
  signal: AbortSignal,
): Promise<Result> {
  let step = work.next()
  while (step.done !== true) {
    await breathe(signal)
    step = work.next()
  }
  return step.value
}

/** The same without a breath. */
export function atOnce<Result>(work: Generator<undefined, Result, undefined>): Result {
  let step = work.next()
  while (step.done !== true) step = work.next()
  return step.value
}
