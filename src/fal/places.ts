import pLimit from 'p-limit'
import type { Millis } from '../units/instant.ts'

/** Requests that may hang outside of all places, whatever their number. */
export const HANGING_MAX = 24

/** The places of requests in flight. */
export interface Places {
  /** Does the work in a place. Work that is `doubtful` gives its place back once it has hung for the patience. */
  take<T>(work: () => Promise<T>, doubtful: boolean): Promise<T>
}

/**
 * A limiter of requests, in order of asking. A key that never had an answer may hang for the whole time limit, and twenty of
 * them would keep those behind them waiting: such a request waits on outside of the places, and the next one begins.
 */
export function createPlaces(concurrency: number, patience: Millis): Places {
  const limit = pLimit(concurrency)
  let hanging = 0
  const patiently = async (settled: Promise<void>): Promise<void> => {
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<'too-long'>((resolve) => {
      timer = setTimeout(() => resolve('too-long'), patience)
    })
    const how = await Promise.race([settled, tooLong]).finally(() => clearTimeout(timer))
    if (how !== 'too-long') return
    if (hanging >= HANGING_MAX) return settled
    hanging++
    settled.finally(() => hanging--)
  }
  return {
    take: (work, doubtful) =>
      new Promise((resolve, reject) => {
        limit(async () => {
          const done = work()
          done.then(resolve, reject)
          const settled = done.then(
            () => undefined,
            () => undefined,
          )
          await (doubtful ? patiently(settled) : settled)
        })
      }),
  }
}
