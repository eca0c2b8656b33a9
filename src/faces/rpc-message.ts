/** Codes of JSON-RPC for what is no message at all. */
export const PARSE_ERROR = -32700
export const INVALID_REQUEST = -32600

export type RpcId = string | number

/** Why a value is no message, in words for whoever sent it, and the id to answer it under. */
export interface InvalidMessage {
  readonly id: RpcId | null
  readonly message: string
  /** It is an answer to a question; answering that could go on for ever. */
  readonly answers: boolean
}

type Json = Readonly<Record<string, unknown>>

const REQUEST_KEYS = ['jsonrpc', 'id', 'method', 'params']
const RELATED_TASK = 'io.modelcontextprotocol/related-task'

/**
 * Undefined where a value is a JSON-RPC message, as strictly as the SDK takes it, which drops what it does not know without an
 * answer. Its texts may quote the value: they are not clean.
 */
export function invalidMessage(value: unknown): InvalidMessage | undefined {
  if (!isObject(value)) {
    return { id: null, answers: false, message: 'a message is one JSON object with jsonrpc, id, method and params' }
  }
  const answers = !('method' in value) && ('result' in value || 'error' in value)
  const message = answers ? problemOfAnswer(value) : problemOfRequest(value)
  return message === undefined ? undefined : { id: isId(value.id) ? value.id : null, answers, message }
}

function problemOfRequest(request: Json): string | undefined {
  if (request.jsonrpc !== '2.0') return 'jsonrpc: give "2.0"'
  if (typeof request.method !== 'string') return 'method: give a text, such as tools/list'
  if ('id' in request && !isId(request.id)) return 'id: give a text or a whole number'
  const { params } = request
  if (params !== undefined && !isObject(params)) return 'params: give an object'
  const unknown = Object.keys(request).find((key) => !REQUEST_KEYS.includes(key))
  if (unknown !== undefined) return `${unknown}: there is no such field; give ${REQUEST_KEYS.join(', ')}`
  const meta = params?._meta
  if (meta === undefined) return undefined
  if (!isObject(meta)) return 'params._meta: give an object'
  const { progressToken: token, [RELATED_TASK]: task } = meta
  if (token !== undefined && !isId(token)) return 'params._meta.progressToken: give a text or a whole number'
  const isTask = task === undefined || (isObject(task) && typeof task.taskId === 'string')
  return isTask ? undefined : `params._meta.${RELATED_TASK}: give an object with a taskId`
}

function problemOfAnswer({ jsonrpc, result, error }: Json): string | undefined {
  if (jsonrpc !== '2.0') return 'jsonrpc: give "2.0"'
  if (isObject(result)) return undefined
  const isError = isObject(error) && Number.isSafeInteger(error.code) && typeof error.message === 'string'
  return isError ? undefined : 'an answer has a result, or an error with code and message'
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const isId = (value: unknown): value is RpcId => typeof value === 'string' || Number.isSafeInteger(value)

/** The answer to what is no message. */
export const rpcError = (code: number, message: string, id: RpcId | null = null) => ({
  jsonrpc: '2.0' as const,
  id,
  error: { code, message },
})
