import type { AuditError, ErrorKind } from '../../errors.ts'
import { failureOf, outgoingFailure, type Redact } from '../outgoing.ts'
import { INVALID_REQUEST, PARSE_ERROR, type RpcId, rpcError } from '../rpc-message.ts'

/** A refusal or failure as HTTP tells it. */
export interface Problem {
  readonly status: number
  /** One word for programs. */
  readonly type: string
  readonly message: string
  readonly field?: string | undefined
  readonly accepted?: string | undefined
  readonly next?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** The id of the JSON-RPC message that it answers; none where that is not known. */
  readonly rpcId?: RpcId | null
}

/** Thrown where HTTP itself refuses a request, before any operation runs. */
export class HttpRefusal extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.name = 'HttpRefusal'
    this.problem = problem
  }
}

const STATUS: Readonly<Record<ErrorKind, number>> = {
  input: 422,
  'not-found': 404,
  conflict: 409,
  configuration: 503,
  source: 503,
  cancelled: 503,
  internal: 500,
}

/** A query that is no question at all, as routes with codes tell it: 400. */
export const badQuery = ({ message, field, accepted, next }: AuditError): HttpRefusal =>
  new HttpRefusal({ status: 400, type: 'input', message, field, accepted, next })

/** Whatever was thrown, as a problem without secrets. */
export function problemOf(error: unknown, redact: Redact): Problem {
  // A refusal may quote what was asked: a tool, a field, a value of a query.
  if (error instanceof HttpRefusal) return outgoingFailure(error.problem, redact)
  const { kind, ...told } = failureOf(error, redact)
  return { status: STATUS[kind], type: kind, ...told }
}

/** Routes of one origin answer in one shape, and so do their errors. */
interface Family {
  readonly holds: (path: string) => boolean
  readonly body: (problem: Problem) => object
}

/** The paths of the seed "计费模块": success is code 0, and the code of an error is its status. */
export function isCoded(path: string): boolean {
  return path.startsWith('/api/v1/billing/') || path.startsWith('/admin/v1/')
}

const JSON_RPC_SERVER_ERROR = -32000
/** Problems that JSON-RPC has a code for, by type. */
const JSON_RPC_CODES: Readonly<Record<string, number>> = {
  'bad-json': PARSE_ERROR,
  'bad-encoding': PARSE_ERROR,
  'invalid-request': INVALID_REQUEST,
}

/** Where an error has but one text for both. */
const withNext = (message: string, next: string | undefined): string =>
  next === undefined ? message : `${message}. ${next}`

const FAMILIES: readonly Family[] = [
  {
    holds: (path) => path === '/mcp',
    body: ({ type, message, field, accepted, next, rpcId = null }) => {
      const { error, ...told } = rpcError(JSON_RPC_CODES[type] ?? JSON_RPC_SERVER_ERROR, withNext(message, next), rpcId)
      return { ...told, error: field === undefined ? error : { ...error, data: { field, accepted } } }
    },
  },
  {
    holds: isCoded,
    body: ({ status, message, field, accepted, next }) => ({
      code: status,
      message,
      data: null,
      field,
      accepted,
      next,
    }),
  },
  {
    holds: (path) => path.startsWith('/api/config/'),
    body: ({ message, next }) => ({ ok: false, message: withNext(message, next) }),
  },
  {
    holds: () => true,
    body: ({ type, message, field, accepted, next }) => ({ error: { type, message, field, accepted, next } }),
  },
]

/** The answer that tells a problem, in the shape of the path it was asked at. */
export function problemResponse(problem: Problem, path: string): Response {
  const family = FAMILIES.find(({ holds }) => holds(path))
  return jsonResponse(family?.body(problem) ?? {}, problem.status, problem.headers)
}

export function jsonResponse(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...PLAIN_HEADERS, ...headers },
  })
}

/** Answers hold money and names: nobody on the way keeps them, and no browser takes them for something else. */
export const PLAIN_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const
