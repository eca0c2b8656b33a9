import { SERVE } from '../../limits.ts'
import { MINUTE, SECOND } from '../../units/instant.ts'
import { isLoopback } from './guard.ts'
import { HttpRefusal } from './problem.ts'

interface Count {
  readonly startedAt: number
  requests: number
}

export interface RateOptions {
  /** Requests per minute of one address; undefined: the built-in limits. */
  readonly perMinute: number | undefined
  /** Milliseconds of a clock that only runs forward. */
  readonly now: () => number
}

/** Counts the requests of each address in spans of one minute. The returned function throws 429 beyond the limit. */
export function createRateLimit({ perMinute, now }: RateOptions) {
  const counts = new Map<string, Count>()
  return (address: string): void => {
    const at = now()
    const limit = perMinute ?? (isLoopback(address) ? SERVE.requestsPerMinuteOnLoopback : SERVE.requestsPerMinute)
    const held = counts.get(address)
    const count = held !== undefined && at - held.startedAt < MINUTE ? held : { startedAt: at, requests: 0 }
    count.requests++
    // Set anew, so that the first of the map is the one unseen for longest.
    counts.delete(address)
    counts.set(address, count)
    for (const oldest of counts.keys()) {
      if (counts.size <= SERVE.clientsCounted) break
      counts.delete(oldest)
    }
    if (count.requests > limit) throw tooMany(limit, Math.ceil((count.startedAt + MINUTE - at) / SECOND))
  }
}

const tooMany = (limit: number, seconds: number): HttpRefusal =>
  new HttpRefusal({
    status: 429,
    type: 'rate-limited',
    message: `more than ${limit} requests in a minute from this address`,
    next: `try again in ${seconds} s`,
    headers: { 'retry-after': String(seconds) },
  })
