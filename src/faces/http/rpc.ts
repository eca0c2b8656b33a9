import { outgoingText, type Redact } from '../outgoing.ts'
import { invalidMessage } from '../rpc-message.ts'
import { HttpRefusal } from './problem.ts'

/** What the HTTP side reads in a JSON-RPC body; the protocol itself is read by the SDK. */
export type RequestId = string | number

export interface RpcSummary {
  readonly initializes: boolean
  /** Ids of requests that wait for an answer. */
  readonly requestIds: readonly RequestId[]
  /** Ids that the client gives up with notifications/cancelled. */
  readonly cancelledIds: readonly RequestId[]
  /** For the access log: method, and name of what is called, as long as it was sent. */
  readonly note: string
}

export function summaryOf(body: unknown): RpcSummary {
  const messages = (Array.isArray(body) ? body : [body]).filter(isObject)
  const requests = messages.filter(({ method, id }) => typeof method === 'string' && isId(id))
  const cancels = messages.filter(({ method }) => method === 'notifications/cancelled')
  const [first = {}] = messages
  const name = isObject(first.params) && typeof first.params.name === 'string' ? ` ${first.params.name}` : ''
  return {
    initializes: requests.some(({ method }) => method === 'initialize'),
    requestIds: requests.flatMap(({ id }) => (isId(id) ? [id] : [])),
    cancelledIds: cancels.flatMap(({ params }) =>
      isObject(params) && isId(params.requestId) ? [params.requestId] : [],
    ),
    note: typeof first.method === 'string' ? `${first.method}${name}` : '',
  }
}

/** Throws 400 where a body is neither a message nor a batch of them; the SDK would call it broken JSON. */
export function requireMessages(body: unknown, redact: Redact): void {
  const [invalid] = (Array.isArray(body) && body.length > 0 ? body : [body]).flatMap(
    (each) => invalidMessage(each) ?? [],
  )
  if (invalid === undefined) return
  throw new HttpRefusal({
    status: 400,
    type: 'invalid-request',
    message: outgoingText(invalid.message, redact),
    rpcId: invalid.id,
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isId = (value: unknown): value is RequestId => typeof value === 'string' || typeof value === 'number'
