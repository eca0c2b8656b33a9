import { createMcpFace, type McpOptions } from './mcp.ts'
import { type RpcId, rpcError } from './rpc-message.ts'

/** Of JSON-RPC as language servers speak it; MCP has no code for it. */
const REQUEST_CANCELLED = -32800

/** One client over Streamable HTTP. */
export interface McpSession {
  /** Answers one HTTP request whose body was read already. */
  answer(request: Request, body: unknown): Promise<Response>
  /** Cancels a request, as if the client had asked for it, and ends its stream unless others are answered in it too. */
  cancel(requestId: RpcId, together?: readonly RpcId[]): void
  close(): Promise<void>
}

/** Opens a session for one client over Streamable HTTP, which bears the given id. */
export async function openMcpSession(options: McpOptions, id: string): Promise<McpSession> {
  const { WebStandardStreamableHTTPServerTransport } = await import(
    '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
  )
  const { server } = createMcpFace(options)
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => id })
  await server.connect(transport)
  const { onmessage } = transport
  const send = transport.send.bind(transport)
  const unanswered = new Set<RpcId>()
  transport.onmessage = (message, extra) => {
    if ('method' in message && 'id' in message) unanswered.add(message.id)
    onmessage?.(message, extra)
  }
  transport.send = (message, options) => {
    if (!('method' in message) && message.id !== undefined) unanswered.delete(message.id)
    return send(message, options)
  }
  return {
    answer: (request, parsedBody) => transport.handleRequest(request, { parsedBody }),
    cancel: (requestId, together = [requestId]) => {
      // In a batch the answer may be out already, or another cancel was sooner: a second answer would break the protocol.
      if (!unanswered.delete(requestId)) return
      transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })
      // The protocol sends no answer to a cancelled request; its stream would stay open for nothing.
      if (together.length === 1) transport.closeSSEStream(requestId)
      // A batch is answered once each of its requests is, and the transport forgets none before. Where the stream is closed
      // nobody is told.
      transport.send({ ...rpcError(REQUEST_CANCELLED, 'cancelled', requestId), id: requestId }).catch(() => undefined)
    },
    close: () => server.close(),
  }
}
