import { createMcpFace, type McpOptions } from './mcp.ts'

/** One client over Streamable HTTP. */
export interface McpSession {
  /** Answers one HTTP request whose body was read already. */
  answer(request: Request, body: unknown): Promise<Response>
  /** Cancels requests, as if the client had asked for it, and ends their streams. */
  cancel(requestIds: readonly (string | number)[]): void
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
  return {
    answer: (request, parsedBody) => transport.handleRequest(request, { parsedBody }),
    cancel: (requestIds) => {
      for (const requestId of requestIds) {
        transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })
        // The protocol sends no answer to a cancelled request; its stream would stay open for nothing.
        transport.closeSSEStream(requestId)
      }
    },
    close: () => server.close(),
  }
}
