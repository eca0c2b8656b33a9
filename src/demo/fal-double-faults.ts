import type { ServerResponse } from 'node:http'
import type { PageTwist } from './fal-double-answers.ts'

/** What goes wrong, as it was seen or must be expected of fal, its proxies and the network. */
type FaultKind =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly message?: string }
  /** A page of a proxy, with status 200 unless told. */
  | { readonly kind: 'html'; readonly status?: number }
  /** Any text, with status 200 unless told. */
  | { readonly kind: 'body'; readonly text: string; readonly status?: number }
  | { readonly kind: 'broken-json' | 'wrong-shape' }
  /** Half an answer, then a broken connection. */
  | { readonly kind: 'break-off' }
  /** A connection dropped without an answer. */
  | { readonly kind: 'refuse' }
  /** No answer at all. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'repeat-cursor' | 'has-more-without-cursor' | 'reorder' }
  /** Events of all requests, whichever are named. */
  | { readonly kind: 'ignore-request-ids' }
  /** The last rows of the page (all unless told) come again on the next. */
  | { readonly kind: 'repeat-page'; readonly rows?: number }

/** A fault, and the questions it strikes: of one key, on one path, on one page (from 1), the first n times. All, unless told. */
export type FalFault = FaultKind & {
  readonly keyId?: string
  readonly path?: string
  readonly page?: number
  readonly times?: number
}

export interface Struck {
  readonly keyId: string | null
  readonly path: string
  readonly page: number
}

/** Picks the fault that strikes a question, and counts how often each has. */
export function createFaults(faults: readonly FalFault[]): (struck: Struck) => FalFault | undefined {
  const left = faults.map((fault) => fault.times ?? Number.POSITIVE_INFINITY)
  return (struck) => {
    const at = faults.findIndex(
      (fault, index) =>
        (left[index] ?? 0) > 0 &&
        (fault.keyId === undefined || fault.keyId === struck.keyId) &&
        (fault.path === undefined || fault.path === struck.path) &&
        (fault.page === undefined || fault.page === struck.page),
    )
    if (at < 0) return undefined
    left[at] = (left[at] ?? 0) - 1
    return faults[at]
  }
}

export function twistOf(fault: FalFault | undefined): PageTwist {
  switch (fault?.kind) {
    case 'repeat-cursor':
      return { repeatCursor: true }
    case 'has-more-without-cursor':
      return { withoutCursor: true }
    case 'ignore-request-ids':
      return { ignoreRequestIds: true }
    case 'reorder':
      return { reorder: true }
    case 'repeat-page':
      return { repeatRows: fault.rows ?? Number.MAX_SAFE_INTEGER }
    default:
      return {}
  }
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: object = {}): void {
  send(response, status, 'application/json', JSON.stringify(body), headers)
}

export function send(response: ServerResponse, status: number, type: string, text: string, headers: object = {}): void {
  response.writeHead(status, { 'content-type': type, ...headers }).end(text)
}

export function sendError(response: ServerResponse, status: number, type: string, message: string, headers = {}): void {
  sendJson(response, status, { error: { type, message, request_id: 'double' } }, headers)
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authorization_error',
  403: 'authorization_error',
  404: 'not_found',
  422: 'validation_error',
  429: 'rate_limited',
}

/** Answers as the fault has it. False where the fault only twists an answer that is otherwise right. */
export function misbehave(response: ServerResponse, fault: FalFault): boolean {
  switch (fault.kind) {
    case 'status': {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
      const type = ERROR_TYPES[fault.status] ?? 'server_error'
      sendError(response, fault.status, type, fault.message ?? `a fault of status ${fault.status}`, headers)
      return true
    }
    case 'html':
      send(response, fault.status ?? 200, 'text/html', '<!DOCTYPE html><html><body>Sign in</body></html>')
      return true
    case 'body':
      send(response, fault.status ?? 200, 'application/json', fault.text)
      return true
    case 'broken-json':
      send(response, 200, 'application/json', '{"time_series":[{"bucket":')
      return true
    case 'wrong-shape':
      sendJson(response, 200, { data: [] })
      return true
    case 'break-off':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      response.write('{"time_series":[', () => response.destroy())
      return true
    case 'refuse':
      response.destroy()
      return true
    case 'hang':
      return true
    default:
      return false
  }
}
