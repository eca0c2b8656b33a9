import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { cancelled } from '../../errors.ts'
import type { ServeLimits } from '../../limits.ts'
import { type Clock, SECOND } from '../../units/instant.ts'
import { outgoingText, type Redact } from '../outgoing.ts'
import { plainAddress } from './guard.ts'
import type { Metrics } from './metrics.ts'
import { HttpRefusal } from './problem.ts'

/** One request and its answer. */
export interface Exchange {
  readonly address: string
  /** Aborted when the client goes away before the answer is whole. */
  readonly signal: AbortSignal
  /** Settles when the last byte of the answer is out, or when the client has gone. */
  readonly ended: Promise<void>
  /** Blanks out the secrets of the process, and those that this request brought. */
  redact: Redact
  /** What the access log says besides, such as the tool called over MCP. */
  note: string
}

export interface Traffic {
  begin(incoming: IncomingMessage, outgoing: ServerResponse, route: string): Exchange
  /** Counts a request as one being answered. Throws 503 where there are too many, or where the server is stopping. */
  admit(exchange: Exchange): void
  inFlight(): number
  /** From now on new requests are refused. */
  stop(): void
  readonly stopping: boolean
  /** Settles once all that was admitted is answered, or the time is over. */
  settled(withinMillis: number): Promise<void>
}

export interface TrafficOptions {
  readonly limits: ServeLimits
  readonly clock: Clock
  readonly metrics: Metrics
  readonly redact: Redact
  /** One line for the operator. */
  readonly log: (line: string) => void
  /** Called after each answer, with how many requests are still being answered. */
  readonly onEnded: (inFlight: number) => void
}

const PATH_CHARS_MAX = 200
const NOTE_CHARS_MAX = 80
/** What proxies call an answer whose client went away; it is never sent. */
const CLIENT_GONE = 499

export function createTraffic({ limits, clock, metrics, redact, log, onEnded }: TrafficOptions): Traffic {
  const admitted = new Set<Exchange>()
  let stopping = false

  function begin(incoming: IncomingMessage, outgoing: ServerResponse, route: string): Exchange {
    const startedAt = performance.now()
    const gone = new AbortController()
    const address = plainAddress(incoming.socket.remoteAddress)
    const method = incoming.method ?? ''
    // The query stays out of the log: it is where a careless client puts a key.
    const path = (incoming.url ?? '').replace(/[?#].*$/s, '')
    const ended = new Promise<void>((resolve) => {
      outgoing.once('close', () => {
        if (!outgoing.writableFinished) gone.abort(cancelled())
        // A client that only waits for news leaves when it likes.
        const whole = outgoing.writableFinished || (method === 'GET' && outgoing.headersSent)
        const status = whole ? outgoing.statusCode : CLIENT_GONE
        const millis = performance.now() - startedAt
        metrics.request(route, method, status, millis / SECOND)
        // Blanked before the cut, which could leave half a secret.
        const cut = (text: string, most: number): string => outgoingText(text, exchange.redact).slice(0, most)
        const asked = `${address} ${method} ${cut(path, PATH_CHARS_MAX)}`
        const line = `${new Date(clock()).toISOString()} ${asked} ${status} ${millis.toFixed(1)}ms`
        log(exchange.note === '' ? line : `${line} ${cut(exchange.note, NOTE_CHARS_MAX)}`)
        admitted.delete(exchange)
        onEnded(admitted.size)
        resolve()
      })
    })
    const exchange: Exchange = { address, signal: gone.signal, ended, redact, note: '' }
    return exchange
  }

  return {
    begin,
    admit(exchange) {
      if (stopping) throw unavailable('stopping', 'the server is stopping', limits.stopGrace / SECOND)
      if (admitted.size >= limits.requestsInFlight) {
        throw unavailable('overloaded', `more than ${limits.requestsInFlight} requests are being answered`, 1)
      }
      admitted.add(exchange)
    },
    inFlight: () => admitted.size,
    stop: () => {
      stopping = true
    },
    get stopping() {
      return stopping
    },
    settled: async (withinMillis) => {
      const late = new AbortController()
      const time = sleep(withinMillis, undefined, { signal: late.signal }).catch(() => undefined)
      await Promise.race([Promise.allSettled([...admitted].map(({ ended }) => ended)), time])
      late.abort()
    },
  }
}

const unavailable = (type: string, message: string, seconds: number): HttpRefusal =>
  new HttpRefusal({
    status: 503,
    type,
    message,
    next: `try again in ${seconds} s`,
    headers: { 'retry-after': String(seconds) },
  })
