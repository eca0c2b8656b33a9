import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuditError } from '../errors.ts'
import { keyIdOf } from '../units/api-key.ts'
import { type Clock, instant } from '../units/instant.ts'
import {
  answerBilling,
  answerEvents,
  answerServerless,
  answerUsage,
  type Entry,
  entriesOf,
  type Question,
  type ServerlessLine,
  serverlessEntriesOf,
} from './fal-double-answers.ts'
import { createFaults, type FalFault, misbehave, send, sendError, sendJson, twistOf } from './fal-double-faults.ts'
import { answerEstimate, answerPricing, type ListedPrice, pricesBilled } from './fal-double-prices.ts'
import { placeOf, Refusal } from './fal-double-query.ts'
import type { FalWorkspace } from './stored-world.ts'

export interface FalDoubleOptions {
  readonly workspaces: readonly FalWorkspace[]
  /** What the double takes for now: decides its default windows. */
  readonly clock?: Clock
  readonly latencyMs?: number
  readonly faults?: readonly FalFault[]
  /** FOCUS reports as CSV, by username and month of issue (YYYY-MM); null: 404. A workspace without any gets 403, as fal has it. */
  readonly focus?: Readonly<Record<string, Readonly<Record<string, string | null>>>>
  /** What the unconfirmed /billing/invoices answers, as JSON by username. A workspace without any gets 404. */
  readonly legacyInvoices?: Readonly<Record<string, object>>
  /** Serverless usage by username. */
  readonly serverless?: Readonly<Record<string, readonly ServerlessLine[]>>
  /** The advertised price list; what the world's events were billed at unless told. */
  readonly prices?: readonly ListedPrice[]
}

/** A question the double was asked, for asserts. Holds no key. */
export interface LoggedRequest {
  readonly method: string
  /** Below the base, such as /models/usage. */
  readonly path: string
  readonly query: Readonly<Record<string, readonly string[]>>
  /** Whose key asked; null where no workspace has it. */
  readonly workspace: string | null
  /** What was sent with POST, read as JSON. */
  readonly body?: unknown
}

export interface FalDouble {
  /** The base URL, with its /v1. */
  readonly url: string
  /** Every question so far, in order of arrival. */
  readonly requests: readonly LoggedRequest[]
  close(): Promise<void>
}

interface Served {
  readonly workspace: FalWorkspace
  readonly entries: readonly Entry[]
  readonly serverless: readonly Entry[]
}

const BASE = '/v1'
/** The one path that takes POST. */
const ESTIMATE = '/models/pricing/estimate'
const BODY_BYTES_MAX = 1024 * 1024

/**
 * Starts a stand-in for fal's Platform API on a free port of 127.0.0.1, after fal-platform-api.md: nothing but loopback is ever
 * reached. Usage is added up exactly from the events of each workspace, so that bill and events agree unless a world says not.
 */
export async function startFalDouble(options: FalDoubleOptions): Promise<FalDouble> {
  const served = servedByKey(options)
  const prices = options.prices ?? pricesBilled(options.workspaces)
  const strike = createFaults(options.faults ?? [])
  const clock = options.clock ?? (() => instant(Date.now()))
  const requests: LoggedRequest[] = []

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://double')
    const path = pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : pathname
    const apiKey = /^Key (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const mine = served.get(apiKey)
    const method = request.method ?? 'GET'
    const body = method === 'POST' ? await readBody(request) : undefined
    const workspace = mine?.workspace.username ?? null
    requests.push({ method, path, query: valuesOf(query), workspace, ...(body !== undefined && { body }) })
    if (options.latencyMs !== undefined) await sleep(options.latencyMs)
    const place = placeOf(query)
    const fault = strike({ keyId: keyIdOf(apiKey), path, page: place.page })
    if (fault !== undefined && misbehave(response, fault)) return
    if (mine === undefined) throw new Refusal(401, 'authorization_error', 'Invalid API key')
    if (method !== (path === ESTIMATE ? 'POST' : 'GET')) throw new Refusal(404, 'not_found', 'no such operation')
    const question = { query, now: clock(), place, twist: twistOf(fault) }
    const answer = path === ESTIMATE ? answerEstimate(prices, body) : answerOf(path, mine, question)
    if (typeof answer === 'string') send(response, 200, 'text/csv', answer)
    else sendJson(response, 200, answer)
  }

  /** An object is sent as JSON, a text as CSV. */
  function answerOf(path: string, mine: Served, question: Question): object | string {
    switch (path) {
      case '/models/usage':
        return answerUsage(mine.entries, question)
      case '/models/billing-events':
        return answerEvents(mine.entries, question)
      case '/serverless/usage':
        return answerServerless(mine.serverless, question)
      case '/account/billing':
        return answerBilling(mine.workspace, question)
      case '/models/pricing':
        return answerPricing(prices, question.query)
      case '/account/focus':
        return focusCsv(mine.workspace.username, question.query)
      case '/billing/invoices':
        return legacyOf(mine.workspace.username)
      default:
        throw new Refusal(404, 'not_found', 'no such path')
    }
  }

  function legacyOf(username: string): object {
    const answer = options.legacyInvoices?.[username]
    if (answer === undefined) throw new Refusal(404, 'not_found', 'no such path')
    return answer
  }

  function focusCsv(username: string, query: URLSearchParams): string {
    const reports = options.focus?.[username]
    if (reports === undefined) throw new Refusal(403, 'authorization_error', 'FOCUS is for enterprise accounts')
    const report = reports[query.get('billing_month') ?? '']
    if (report === null) throw new Refusal(404, 'not_found', 'no invoice was issued in that month')
    const [header = FOCUS_HEADER] = Object.values(reports).flatMap((each) => each?.split(/\r?\n/, 1) ?? [])
    return report ?? `${header}\n`
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((cause: unknown) => {
      if (cause instanceof Refusal) sendError(response, cause.status, cause.type, cause.message)
      else sendError(response, 500, 'server_error', 'the double failed')
    })
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) resolve(address.port)
      else reject(new AuditError('internal', 'the fal double has no port'))
    })
  })
  return {
    url: `http://127.0.0.1:${port}${BASE}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The JSON of a request. What is none, or too large, is refused as fal refuses a bad question. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, 'validation_error', 'the body is too large')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Refusal(422, 'validation_error', 'the body is no JSON')
  }
}

const FOCUS_HEADER = 'BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,InvoiceId,ServiceName'

function servedByKey(options: FalDoubleOptions): Map<string, Served> {
  return new Map(
    options.workspaces.flatMap((workspace) => {
      const entries = entriesOf(workspace.events)
      const serverless = serverlessEntriesOf(options.serverless?.[workspace.username] ?? [])
      return workspace.apiKeys.map((apiKey): [string, Served] => [apiKey, { workspace, entries, serverless }])
    }),
  )
}

const valuesOf = (query: URLSearchParams): Record<string, string[]> =>
  Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]))
