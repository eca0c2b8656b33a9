import { randomUUID } from 'node:crypto'
import type { ServeLimits } from '../../limits.ts'
import type { McpSession } from '../mcp-http.ts'
import { HttpRefusal } from './problem.ts'
import { type RequestId, summaryOf } from './rpc.ts'
import type { Exchange } from './traffic.ts'

/** The MCP clients of this server. */
export interface Sessions {
  /** Answers one request at /mcp. Throws HttpRefusal where it belongs to no session. */
  answer(request: Request, body: unknown, exchange: Exchange): Promise<Response>
  open(): number
  close(): Promise<void>
}

export interface SessionsOptions {
  readonly limits: ServeLimits
  /** Makes the session of a new client, with the id that it will bear. */
  readonly openSession: (id: string) => Promise<McpSession>
  /** Milliseconds of a clock that only runs forward. */
  readonly now: () => number
}

interface Held {
  readonly id: string
  /** Being made: a session counts from the moment it is asked for, or many at once would all find room. */
  readonly mcp: Promise<McpSession>
  /** Requests without their whole answer, streams included. */
  exchanges: number
  /** Each request without an answer, and the ids of all that came in its body and are answered in its stream. */
  readonly running: Map<RequestId, readonly RequestId[]>
  usedAt: number
}

const HEADER = 'mcp-session-id'
const SWEEPS_PER_IDLE_SPAN = 10

/**
 * Sessions, rather than a server made anew for each request: half the time and memory, and a client can cancel a call
 * (notifications/cancelled) or follow its progress. Their number is bounded, and those left alone end.
 */
export function createSessions({ limits, openSession, now }: SessionsOptions): Sessions {
  const held = new Map<string, Held>()

  const end = async (session: Held): Promise<void> => {
    held.delete(session.id)
    await session.mcp.then(
      (mcp) => mcp.close(),
      () => undefined,
    )
  }
  const idle = (): Held[] =>
    [...held.values()].filter(({ exchanges }) => exchanges === 0).sort((a, b) => a.usedAt - b.usedAt)
  const sweep = (): void => {
    for (const session of idle()) if (now() - session.usedAt >= limits.sessionIdle) void end(session)
  }
  const timer = setInterval(sweep, limits.sessionIdle / SWEEPS_PER_IDLE_SPAN)
  timer.unref()

  const begin = (): Held => {
    if (held.size >= limits.sessions) {
      const [oldest] = idle()
      if (oldest === undefined) throw crowded(limits.sessions)
      void end(oldest)
    }
    const id = randomUUID()
    const session: Held = { id, mcp: openSession(id), exchanges: 0, running: new Map(), usedAt: now() }
    held.set(id, session)
    return session
  }

  return {
    async answer(request, body, exchange) {
      const { initializes, requestIds, cancelledIds, note } = summaryOf(body)
      exchange.note = note
      const id = request.headers.get(HEADER)
      const isNew = id === null && initializes
      if (new Set(requestIds).size < requestIds.length) throw repeated('two requests of this batch have the same id')
      const session = isNew ? begin() : sessionOf(held, id)
      if (requestIds.some((each) => session.running.has(each))) {
        throw repeated('a request with this id is still being answered')
      }
      follow(session, requestIds, exchange, now)
      const mcp = await session.mcp.catch((error: unknown) => {
        held.delete(session.id)
        throw error
      })
      const response = await mcp.answer(request, body)
      for (const each of cancelledIds) mcp.cancel(each, session.running.get(each))
      if (response.ok ? request.method === 'DELETE' : isNew) await end(session)
      return response
    },
    open: () => held.size,
    close: async () => {
      clearInterval(timer)
      await Promise.allSettled([...held.values()].map(end))
    },
  }
}

/** Holds a session busy until the answer is out; a client that went away before has cancelled what it asked. */
function follow(session: Held, requestIds: readonly RequestId[], exchange: Exchange, now: () => number): void {
  session.exchanges++
  for (const each of requestIds) session.running.set(each, requestIds)
  void exchange.ended.then(() => {
    session.exchanges--
    session.usedAt = now()
    for (const each of requestIds) {
      // Where no session came to be there is nothing to cancel either.
      if (exchange.signal.aborted) void session.mcp.then((mcp) => mcp.cancel(each)).catch(() => undefined)
      session.running.delete(each)
    }
  })
}

function sessionOf(held: ReadonlyMap<string, Held>, id: string | null): Held {
  const session = id === null ? undefined : held.get(id)
  if (session !== undefined) return session
  if (id === null) {
    throw new HttpRefusal({ status: 400, type: 'input', message: 'Mcp-Session-Id is missing: begin with initialize' })
  }
  // Clients answer this status with a new initialize.
  throw new HttpRefusal({ status: 404, type: 'not-found', message: 'this session has ended: begin with initialize' })
}

/** Answers are told apart by their ids alone: two calls under one id could get each other's. */
const repeated = (message: string): HttpRefusal =>
  new HttpRefusal({ status: 400, type: 'input', message, next: 'give each request an id of its own' })

const crowded = (most: number): HttpRefusal =>
  new HttpRefusal({
    status: 503,
    type: 'overloaded',
    message: `${most} sessions are open, and all of them are busy`,
    headers: { 'retry-after': '5' },
  })
