import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Millis, SECOND } from '../../units/instant.ts'

/** Requests that leave enough behind to be worth a collection. */
const REQUESTS_MIN = 200
const QUIET: Millis = 3 * SECOND

export interface Tidying {
  /** A request has ended, and so many are still being answered. */
  ended(inFlight: number): void
  stop(): void
}

/**
 * Gives back the memory of a burst once the server is quiet. V8 collects when something allocates: left to itself, a server
 * at rest holds what its busiest minute left (measured: 360 MB instead of 140 MB after 200 requests at once for 30 s).
 */
export function createTidying(collect: () => void = collectGarbage()): Tidying {
  let requests = 0
  let timer: NodeJS.Timeout | undefined
  const tidy = (): void => {
    requests = 0
    collect()
  }
  return {
    ended(inFlight) {
      requests++
      clearTimeout(timer)
      if (inFlight > 0 || requests < REQUESTS_MIN) return
      timer = setTimeout(tidy, QUIET)
      timer.unref()
    },
    stop: () => clearTimeout(timer),
  }
}

/** The collector of V8, which Node shows to programs only when asked. */
function collectGarbage(): () => void {
  let collector: (() => void) | undefined
  return () => {
    if (collector === undefined) {
      setFlagsFromString('--expose-gc')
      const found: unknown = runInNewContext('gc')
      collector = typeof found === 'function' ? () => void found() : () => {}
    }
    collector()
  }
}
