import type { Dispatcher } from 'undici'
import { throwIfAborted } from '../errors.ts'
import { type Millis, SECOND } from '../units/instant.ts'
import { type Answer, complete, type Failed } from './answer.ts'
import { BodyRooms } from './body-rooms.ts'
import { type Decoded, decodedBody, failureOfDecoding, PLAIN } from './content-coding.ts'
import type { Proxies } from './proxy.ts'
import type { Refusal } from './proxy-reasons.ts'
import { failureOfConnection, failureOfSize } from './reasons.ts'
import { untilAborted } from './waiting.ts'

/** What came back over the wire, whatever its status. */
export interface Reply {
  readonly status: number
  readonly retryAfter: string | undefined
  /** The Date header: fal's clock, or that of a proxy in between. */
  readonly date: string | undefined
  readonly body: Buffer
  /** Whether anything but the end of the connection says where the body ends: one that breaks looks the same otherwise. */
  readonly isEndTold: boolean
  /** Tells that the body is needed no more: the next one may be read into its place. */
  readonly release: () => void
}

export interface Ask {
  readonly url: string
  readonly apiKey: string
  readonly accept: string
  /** JSON to be sent with POST; undefined: a GET. */
  readonly body?: string
  readonly timeout: Millis
  /** What is said where the time runs out. */
  readonly late: Failed
  readonly bytesMax: number
}

export interface Socket {
  /** One request, from connecting to the last byte. Throws only when the signal is aborted. */
  send(ask: Ask, signal: AbortSignal): Promise<Answer<Reply>>
  close(): Promise<void>
}

/** Any other status of success tells of something else than what was asked for: not yet made, a part of it, changed on the way. */
export const OK = 200

/** How requests reach an origin, directly or through a proxy, and how what fails on it is told. */
export interface Way {
  readonly request: typeof import('undici').request
  readonly dispatcher: Dispatcher
  readonly failureOf: (cause: unknown) => Failed
  /** What is said where the time ran out of what was asked for then, in the time of performance.now(). */
  readonly lateOf: (late: Failed, askedAt: Millis) => Failed
  /** Why an answer is none of fal; undefined: it is. */
  readonly refusalOf: (answer: Refusal) => Failed | undefined
}

const KEEP_ALIVE: Millis = 10 * SECOND
/** Bytes read of an answer that is no success: enough for fal's error body. */
const ERROR_BYTES_MAX = 64 * 1024

export function createSocket(connections: number, proxies: Proxies): Socket {
  const rooms = new BodyRooms()
  // The time limit of a whole request is kept here, so undici's own, per phase, are off.
  const options = { connections, keepAliveTimeout: KEEP_ALIVE, headersTimeout: 0, bodyTimeout: 0 }
  /** By the origin that is asked through a proxy; undefined: the direct one. */
  const opened = new Map<string | undefined, Promise<Way>>()
  // Loaded late: a server that is never asked about fal starts without it.
  const open = async (origin: string | undefined): Promise<Way> => {
    const undici = await import('undici')
    const proxy = origin === undefined ? undefined : proxies.get(origin)
    if (origin === undefined || proxy === undefined)
      return { ...DIRECT, request: undici.request, dispatcher: new undici.Agent(options) }
    const { openProxyWay } = await import('./proxy-way.ts')
    return openProxyWay(undici, proxy, new URL(origin), options)
  }
  const wayTo = (url: string): Promise<Way> => {
    const origin = proxies.size === 0 ? undefined : new URL(url).origin
    const place = origin !== undefined && proxies.has(origin) ? origin : undefined
    const way = opened.get(place) ?? open(place)
    opened.set(place, way)
    return way
  }
  return {
    send: async (ask, signal) => {
      const way = await wayTo(ask.url)
      rooms.begin()
      try {
        return await exchange(way, rooms, ask, signal)
      } finally {
        rooms.end()
      }
    },
    close: async () => {
      const closing = [...opened.values()]
      opened.clear()
      rooms.clear()
      await Promise.all(closing.map(async (way) => (await way).dispatcher.destroy()))
    },
  }
}

const DIRECT = { failureOf: failureOfConnection, lateOf: (late: Failed): Failed => late, refusalOf: () => undefined }

async function exchange(
  { request, dispatcher, failureOf, lateOf, refusalOf }: Way,
  rooms: BodyRooms,
  ask: Ask,
  signal: AbortSignal,
): Promise<Answer<Reply>> {
  throwIfAborted(signal)
  const attempt = new AbortController()
  const onAbort = (): void => attempt.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  const askedAt = performance.now()
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    attempt.abort()
  }, ask.timeout)
  try {
    const asking = request(ask.url, {
      dispatcher,
      signal: attempt.signal,
      ...(ask.body !== undefined && { method: 'POST', body: ask.body }),
      headers: {
        authorization: `Key ${ask.apiKey}`,
        accept: ask.accept,
        'accept-encoding': PLAIN,
        'user-agent': 'fal-consumption-audit',
        ...(ask.body !== undefined && { 'content-type': 'application/json' }),
      },
    })
    // undici heeds the signal only once there is a connection, which a proxy or a network may not let come about.
    const { statusCode, headers, body } = await untilAborted(asking, attempt.signal)
    // A body that is given up half-read reports that as an error, which would otherwise end the process.
    body.on('error', () => undefined)
    const refusal = refusalOf({ status: statusCode, authenticate: headers['proxy-authenticate'] })
    if (refusal !== undefined) {
      body.destroy()
      return refusal
    }
    const ok = statusCode === OK
    const [after, date] = [headerText(headers['retry-after']), headerText(headers.date)]
    const decoded = decodedBody(body, headerText(headers['content-encoding']))
    if ('unknown' in decoded) {
      body.destroy()
      if (ok) return decoded.unknown
    }
    const length = headerText(headers['content-length'])
    const isEndTold =
      length !== undefined || headers['transfer-encoding'] !== undefined || ('coded' in decoded && decoded.coded)
    const read = await readDecoded(decoded, rooms, length, ok, ask.bytesMax)
    if ('status' in read) return read
    const { room, bytes } = read
    const release = (): void => rooms.giveBack(room)
    return complete({ status: statusCode, retryAfter: after, date, body: room.subarray(0, bytes), isEndTold, release })
  } catch (cause) {
    throwIfAborted(signal)
    return timedOut ? lateOf(ask.late, askedAt) : failureOf(cause)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** What there is to read of a body; of an error that cannot be unfolded nothing, since its status tells enough. */
async function readDecoded(
  decoded: Decoded,
  rooms: BodyRooms,
  length: string | undefined,
  ok: boolean,
  bytesMax: number,
): Promise<Read | Failed> {
  if ('unknown' in decoded) return NOTHING
  const announced = decoded.coded ? Number.NaN : Number(length)
  try {
    return await readBody(decoded.stream, rooms, announced, ok ? bytesMax : ERROR_BYTES_MAX, ok)
  } catch (cause) {
    const broken = failureOfDecoding(cause)
    if (broken === undefined) throw cause
    return ok ? broken : NOTHING
  }
}

interface Read {
  readonly room: Buffer
  readonly bytes: number
}

const NOTHING: Read = { room: Buffer.alloc(0), bytes: 0 }

/** Room for a body of which it is not told how long it is. */
const ROOM_LEAST = 64 * 1024

/**
 * Reads a body up to a limit. Beyond it the connection is dropped: an answer is refused, that of an error is cut. What arrives is
 * gathered in one place, so that a long body is in memory once.
 */
async function readBody(
  body: AsyncIterable<Buffer>,
  rooms: BodyRooms,
  announced: number,
  bytesMax: number,
  refuse: boolean,
): Promise<Read | Failed> {
  let room = rooms.take(announced > 0 && announced <= bytesMax ? announced : ROOM_LEAST)
  let bytes = 0
  for await (const chunk of body) {
    if (bytes + chunk.length > bytesMax && refuse) return failureOfSize(bytesMax)
    if (bytes + chunk.length > room.length) {
      const larger = rooms.take(Math.max(room.length * 2, bytes + chunk.length))
      room.copy(larger, 0, 0, bytes)
      rooms.giveBack(room)
      room = larger
    }
    chunk.copy(room, bytes)
    bytes += chunk.length
    if (bytes > bytesMax) break
  }
  return { room, bytes }
}

const headerText = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header
