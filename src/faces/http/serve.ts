import { AuditError } from '../../errors.ts'
import { SERVE, type ServeLimits } from '../../limits.ts'
import type { Pager } from '../../paging.ts'
import type { Dependencies, ReportStore, Tool } from '../../tool.ts'
import type { Clock } from '../../units/instant.ts'
import { openMcpSession } from '../mcp-http.ts'
import type { Redact } from '../outgoing.ts'
import { createToolCalls } from '../tool-calls.ts'
import { admitted, createAdmission } from './admission.ts'
import { type App, createApp, type Gate, MCP_PATH, mountMcp, mountRest } from './app.ts'
import { createAdminGuard, createHostGuard, createTokenGuard, isLoopback, type Tokens } from './guard.ts'
import { type Listening, listen } from './listen.ts'
import { createMetrics, type ProcessFacts } from './metrics.ts'
import { createReadiness } from './readiness.ts'
import { createRateLimit } from './request-rate.ts'
import { routesOf } from './routes.ts'
import { createSessions } from './sessions.ts'
import { createTidying } from './tidying.ts'
import { createTraffic } from './traffic.ts'

export interface ServeOptions {
  readonly version: string
  readonly tools: readonly Tool[]
  readonly dependencies: () => Promise<Dependencies>
  readonly reports: ReportStore
  readonly pager: Pager
  readonly tokens: Tokens
  readonly host: string
  readonly allowHosts: readonly string[]
  /** The same number: both on one port. 0: any free one. */
  readonly mcpPort: number
  readonly restPort: number
  /** Requests per minute of one address; undefined: the built-in limits. */
  readonly requestsPerMinute: number | undefined
  /** Over those of SERVE. */
  readonly limits?: Partial<ServeLimits>
  readonly clock: Clock
  readonly processFacts: () => ProcessFacts
  readonly redact: Redact
  /** One line for the operator, to stderr. */
  readonly log: (line: string) => void
}

export interface Serving {
  readonly mcpUrl: string
  readonly restUrl: string
  /** Stops in order: refuse new requests, let running ones finish, cancel the rest, end connections. */
  stop(): Promise<void>
}

/** Off loopback anybody could read what users paid. Throws AuditError of kind 'configuration'. */
export function requireToken(host: string, { serve }: Tokens): void {
  if (isLoopback(host) || serve !== undefined) return
  throw new AuditError('configuration', `SERVE_TOKEN is not set, and ${host} can be reached from other machines`, {
    field: 'SERVE_TOKEN',
    accepted: 'a long random text, which clients send as bearer token',
    next: 'set SERVE_TOKEN, or serve on 127.0.0.1 alone',
  })
}

/** Serves MCP over Streamable HTTP and the same operations over REST. Settles once both can be called. */
export async function startServing(options: ServeOptions): Promise<Serving> {
  requireToken(options.host, options.tokens)
  const parts = assemble(options)
  const { host, mcpPort, restPort } = options
  const routes = routesOf(parts.tools, parts.admission)
  const rest = createApp(parts.gate, routes)
  mountRest(rest, {
    ...options,
    tools: parts.tools,
    routes,
    tokenNeeded: options.tokens.serve !== undefined,
  })
  const together = mcpPort === restPort
  const mcp = together ? rest : createApp(parts.gate)
  mountMcp(mcp, parts.sessions)
  const listening = await listenAll([
    { app: rest, host, port: restPort, flag: 'rest_port' },
    ...(together ? [] : [{ app: mcp, host, port: mcpPort, flag: 'mcp_port' }]),
  ]).catch(async (error: unknown) => {
    await parts.sessions.close()
    throw error
  })
  const [restAt, mcpAt = restAt] = listening.map(({ port }) => urlOf(host, port))
  return { mcpUrl: `${mcpAt}${MCP_PATH}`, restUrl: restAt ?? '', stop: () => stopServing(parts, listening) }
}

type Parts = ReturnType<typeof assemble>

function assemble(options: ServeOptions) {
  const { clock, redact, log } = options
  const limits: ServeLimits = { ...SERVE, ...options.limits }
  const now = (): number => performance.now()
  const metrics = createMetrics(options.version)
  const tidying = createTidying()
  const traffic = createTraffic({ limits, clock, metrics, redact, log, onEnded: tidying.ended })
  const admission = createAdmission(limits, metrics.operation)
  const tools = admitted(options.tools, admission)
  const toolCalls = createToolCalls({ ...options, tools })
  const session = { ...options, toolCalls: async () => toolCalls }
  const sessions = createSessions({ limits, openSession: (id) => openMcpSession(session, id), now })
  metrics.gauge('http_requests_in_flight', 'Requests being answered.', traffic.inFlight)
  metrics.gauge('operations_running', 'Operations that run.', admission.running)
  metrics.gauge('operations_waiting', 'Operations that wait for their turn.', admission.waiting)
  metrics.gauge('mcp_sessions', 'MCP sessions that are open.', sessions.open)
  const gate: Gate = {
    traffic,
    metrics,
    redact,
    log,
    checkHost: createHostGuard(options),
    checkToken: createTokenGuard(options.tokens),
    checkAdmin: createAdminGuard(options.tokens),
    checkRate: createRateLimit({ perMinute: options.requestsPerMinute, now }),
    ready: createReadiness(options.dependencies, redact),
    processFacts: options.processFacts,
  }
  return { limits, gate, traffic, admission, tools, sessions, tidying }
}

interface Wanted {
  readonly app: App
  readonly host: string
  readonly port: number
  readonly flag: string
}

/** All or none: a server that came up is stopped again where another one does not. */
async function listenAll(wanted: readonly Wanted[]): Promise<Listening[]> {
  const settled = await Promise.allSettled(wanted.map(({ app, host, port, flag }) => listen(app, host, port, flag)))
  const up = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = settled.find((each) => each.status === 'rejected')
  if (failed === undefined) return up
  await Promise.all(up.map((each) => each.stopAccepting()))
  throw failed.reason
}

const urlOf = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

async function stopServing(
  { limits, traffic, admission, sessions, tidying }: Parts,
  listening: readonly Listening[],
): Promise<void> {
  traffic.stop()
  const closed = Promise.all(listening.map((each) => each.stopAccepting()))
  await traffic.settled(limits.stopGrace)
  admission.stop()
  await traffic.settled(limits.cancelGrace)
  await sessions.close()
  for (const each of listening) each.cut()
  tidying.stop()
  // Cancelled operations end their queries on the database server, which takes a moment.
  await Promise.race([Promise.all([closed, admission.idle()]), late(limits.cancelGrace)])
}

const late = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis).unref()
  })
