import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { matchedRoutes } from 'hono/route'
import { AuditError, cancelled, inputError, shortened } from '../../errors.ts'
import type { JsonObject, Pager } from '../../paging.ts'
import { redactor } from '../../render/clean.ts'
import type { Dependencies, Tool } from '../../tool.ts'
import { flagsOf } from '../flags.ts'
import { faultLog, outgoing, outgoingText, type Redact } from '../outgoing.ts'
import { unknownTool } from '../run-tool.ts'
import { toolSchemas } from '../tool-schemas.ts'
import { limitedBody, readFormOrJson, readJson, readJsonObject } from './body.ts'
import { DOCS_POLICY, docsPage } from './docs-page.ts'
import { FileAnswer } from './file-answer.ts'
import { checkPage } from './guard.ts'
import type { Metrics, ProcessFacts } from './metrics.ts'
import { openApiOf } from './openapi.ts'
import { badQuery, HttpRefusal, isCoded, jsonResponse, PLAIN_HEADERS, problemOf, problemResponse } from './problem.ts'
import { inputOfTexts } from './query.ts'
import type { Readiness } from './readiness.ts'
import { type Access, pathInputs, type Route, TOOLS_PATH, toolPath } from './routes.ts'
import { requireMessages } from './rpc.ts'
import type { Sessions } from './sessions.ts'
import type { Exchange, Traffic } from './traffic.ts'

export interface AppEnv {
  readonly Bindings: HttpBindings
  readonly Variables: { exchange: Exchange }
}

export type App = Hono<AppEnv>

/** What both apps share: one count of requests, one set of guards. */
export interface Gate {
  readonly traffic: Traffic
  readonly metrics: Metrics
  readonly redact: Redact
  readonly log: (line: string) => void
  readonly checkHost: (headers: Headers, arrivedAt: string | undefined) => void
  readonly checkToken: (headers: Headers) => void
  readonly checkAdmin: (headers: Headers) => void
  readonly checkRate: (address: string) => void
  readonly ready: () => Promise<Readiness>
  readonly processFacts: () => ProcessFacts
}

export interface RestParts {
  readonly version: string
  readonly tools: readonly Tool[]
  readonly routes: readonly Route[]
  readonly dependencies: () => Promise<Dependencies>
  readonly pager: Pager
  readonly tokenNeeded: boolean
}

export const MCP_PATH = '/mcp'
const HEALTH_PATH = '/healthz'

/**
 * An app with its guards and what every port offers: health, readiness and metrics. Of the routes that will be mounted
 * only those count here that not everybody may call who may read.
 */
export function createApp(gate: Gate, routes: readonly Route[] = []): App {
  const app = new Hono<AppEnv>({ strict: false })
  const access = new Map(
    routes.flatMap((route) => (route.access === undefined ? [] : [[appPath(route), route.access]])),
  )
  app.use(guarded(gate, access))
  app.use(
    methodNotAllowed<AppEnv>({
      app,
      onMethodNotAllowed: (c, methods) => problemResponse(wrongMethod(methods), c.req.path),
    }),
  )
  const rest = (path: string): string => (path === MCP_PATH ? MCP_ELSEWHERE : 'GET /docs shows every route')
  app.notFound(({ req: { path } }) =>
    problemResponse({ ...NOT_FOUND, next: routes.length > 0 ? rest(path) : AT_MCP }, path),
  )
  app.onError((error, c) => {
    const redact = c.get('exchange').redact
    const problem = problemOf(brokeOff(c.env.incoming) ? cancelled() : error, redact)
    if (problem.status === 500) gate.log(faultLog(error, redact))
    return problemResponse(problem, c.req.path)
  })
  app.get(HEALTH_PATH, () => jsonResponse({ status: 'ok' }))
  app.get('/readyz', async () => {
    if (gate.traffic.stopping) return jsonResponse({ ready: false, message: 'the server is stopping' }, 503)
    const readiness = await gate.ready()
    return jsonResponse(readiness, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', () => {
    const headers = { ...PLAIN_HEADERS, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
    return new Response(gate.metrics.text(gate.processFacts()), { headers })
  })
  return app
}

/** A client that went away before it had sent all of its body; what reads that is told by an error without a name. */
const brokeOff = ({ destroyed, complete }: IncomingMessage): boolean => destroyed && !complete

/** Health is asked by machines that hold no token, and is to be answered under any load. */
function guarded(
  { traffic, checkHost, checkToken, checkAdmin, checkRate }: Gate,
  access: ReadonlyMap<string, Access>,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { incoming, outgoing: response } = c.env
    const route = matchedRoutes(c).find(({ path }) => path !== '/*')?.path ?? 'none'
    const exchange = traffic.begin(incoming, response, route)
    c.set('exchange', exchange)
    const { headers } = c.req.raw
    checkHost(headers, incoming.socket.localAddress)
    const needed = access.get(route)
    // Whoever was given a link to a file may show it on a page of their own.
    if (needed !== 'open') checkPage(headers)
    if (c.req.path !== HEALTH_PATH) {
      checkRate(exchange.address)
      if (needed === 'admin') checkAdmin(headers)
      else if (needed !== 'open') checkToken(headers)
      // A stream on which a client waits for news is bounded by its session, and ends with it.
      const waits = c.req.method === 'GET' && c.req.path === MCP_PATH
      if (!waits && c.req.path !== '/readyz') traffic.admit(exchange)
    }
    await next()
    if (traffic.stopping) c.res.headers.set('connection', 'close')
  }
}

const NOT_FOUND = {
  status: 404,
  type: 'not-found',
  message: 'there is nothing at this path',
}

/** Where to go from a port that has no routes of its own. */
const AT_MCP = `MCP is at ${MCP_PATH}; REST, with /docs, is on the port of --rest-port, which the server names as it starts`

/** Where MCP is when it is not on the port of REST. */
const MCP_ELSEWHERE = 'MCP is on the port of --mcp-port, which the server names as it starts'

const wrongMethod = (methods: readonly string[]) => ({
  status: 405,
  type: 'method-not-allowed',
  message: `this path takes ${methods.join(', ')}`,
  accepted: methods.join(', '),
  headers: { allow: methods.join(', ') },
})

export function mountMcp(app: App, sessions: Sessions): void {
  const answer = (c: Context<AppEnv>, body?: unknown): Promise<Response> =>
    sessions.answer(c.req.raw, body, c.get('exchange'))
  app.post(MCP_PATH, limitedBody, async (c) => {
    const body = await readJson(c)
    requireMessages(body, c.get('exchange').redact)
    return answer(c, body)
  })
  app.get(MCP_PATH, (c) => answer(c))
  app.delete(MCP_PATH, (c) => answer(c))
}

export function mountRest(app: App, parts: RestParts): void {
  const { tools, routes, version, tokenNeeded } = parts
  for (const route of routes) {
    const serve = serving(route, parts)
    if (route.method === 'GET') app.get(appPath(route), serve)
    else app.on(route.method, appPath(route), limitedBody, serve)
  }
  const listed = { tools: tools.map(listedTool) }
  app.get(TOOLS_PATH, () => jsonResponse(listed))
  app.post(toolPath(':name'), (c) => {
    throw noSuchTool(outgoingText(c.req.param('name') ?? '', c.get('exchange').redact), tools)
  })
  const document = openApiOf(routes, version, tokenNeeded)
  app.get('/openapi.json', () => jsonResponse(document))
  const page = docsPage(document)
  app.get('/docs', () => {
    const headers = { ...PLAIN_HEADERS, 'content-security-policy': DOCS_POLICY, 'referrer-policy': 'no-referrer' }
    return new Response(page, { headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } })
  })
}

/** The path of a route as the app writes it. */
const appPath = ({ path }: Route): string => path.replace(/\{(\w+)\}/g, ':$1')

function serving(route: Route, { dependencies, pager }: RestParts) {
  const flags = flagsOf(route.input)
  const { secretInput } = route
  return async (c: Context<AppEnv>): Promise<Response> => {
    const exchange = c.get('exchange')
    const query = new URL(c.req.url).searchParams
    const full = route.paged && switchOf(query)
    // Nothing of the billing module comes in pages: there it is as unknown as any other.
    if (!isCoded(route.path)) query.delete('full')
    if (route.takes !== 'query') refuseQuery(query)
    const given = { ...(await inputsOf(c, route, query, flags)), ...c.req.param() }
    const secret = secretInput === undefined ? undefined : given[secretInput]
    if (typeof secret === 'string') {
      const blank = redactor([secret])
      const { redact } = exchange
      exchange.redact = (text) => blank(redact(text))
    }
    const context = { signal: exchange.signal, progress: () => {} }
    // By the name that the guard let pass: a request line may name any other.
    const { origin } = new URL(`http://${c.req.header('host') ?? ''}`)
    const { redact } = exchange
    const result = await route.run(given, { dependencies, pager, context, full, origin, redact })
    if (result instanceof FileAnswer) return fileResponse(result)
    return jsonResponse(outgoing(result, redact, route.output), route.statusOf?.(result) ?? 200)
  }
}

async function inputsOf(
  c: Context<AppEnv>,
  route: Route,
  query: URLSearchParams,
  flags: ReturnType<typeof flagsOf>,
): Promise<JsonObject> {
  const inPath = pathInputs(route.path)
  if (route.takes === 'query') {
    for (const name of inPath) refuseTwice(query.has(name), name)
    return inputOfQuery(route, query, flags)
  }
  const given = await (route.takes === 'form' ? readFormOrJson(c, flags) : readJsonObject(c))
  for (const name of inPath) refuseTwice(name in given, name)
  return given
}

function inputOfQuery(route: Route, query: URLSearchParams, flags: ReturnType<typeof flagsOf>): JsonObject {
  try {
    return inputOfTexts(query, flags)
  } catch (error) {
    throw isCoded(route.path) && error instanceof AuditError ? badQuery(error) : error
  }
}

/** What stands in the path stands nowhere else: two values could differ. */
function refuseTwice(given: boolean, name: string): void {
  if (!given) return
  throw new AuditError('input', `${name}: stands in the path; leave it out here`, { field: name, accepted: 'nothing' })
}

const fileResponse = ({ mediaType, fileName, bytes }: FileAnswer): Response =>
  new Response(Uint8Array.from(bytes), {
    headers: {
      ...PLAIN_HEADERS,
      'content-type': mediaType,
      'content-disposition': `inline; filename="${fileName}"`,
    },
  })

function switchOf(query: URLSearchParams): boolean {
  const text = query.get('full') ?? '0'
  if (text === '1' || text === 'true') return true
  if (text === '0' || text === 'false' || text === '') return false
  throw inputError('full', text, '1 or 0')
}

/** A key in a query would end up in the logs of every proxy on the way. */
function refuseQuery(query: URLSearchParams): void {
  const [name] = [...query.keys()]
  if (name === undefined) return
  throw new HttpRefusal({
    status: 422,
    type: 'input',
    message: `${shortened(name, 80)}: inputs of this route stand in the body, not in the query`,
    field: shortened(name, 80),
    accepted: 'inputs in the body',
  })
}

const listedTool = (tool: Tool) => ({
  name: tool.name,
  title: tool.title,
  description: tool.description,
  path: toolPath(tool.name),
  ...toolSchemas(tool),
})

function noSuchTool(name: string, tools: readonly Tool[]): HttpRefusal {
  const names = tools.map((tool) => tool.name)
  const { message, accepted, next = `GET ${TOOLS_PATH} lists them` } = unknownTool(name, names)
  return new HttpRefusal({ status: 404, type: 'not-found', message, field: 'name', accepted, next })
}
