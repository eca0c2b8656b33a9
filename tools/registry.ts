import type { Tool } from '../src/tool.ts'

/** Every operation, in the order in which an audit uses them. MCP tools, REST routes and commands are derived from it. */
export const TOOLS: readonly Tool[] = Object.freeze([])
