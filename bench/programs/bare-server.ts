// The least MCP server that one would write with the same SDK: one trivial tool. Built twice: with the whole SDK, as anyone
// has it, and as lean as this program is, without the SDK's validator of schemas and zod's messages in other languages.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { z } from 'zod'

declare const LEAN: boolean

const UNUSED = { getValidator: () => () => ({ valid: false as const, data: undefined, errorMessage: 'is not used' }) }
const server = new McpServer({ name: 'bare', version: '1.0.0' }, LEAN ? { jsonSchemaValidator: UNUSED } : {})
server.registerTool(
  'echo',
  { description: 'Says what it is told.', inputSchema: { text: z.string() } },
  async ({ text }) => ({ content: [{ type: 'text', text }] }),
)
await server.connect(new StdioServerTransport())
