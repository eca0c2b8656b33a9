import { setImmediate } from 'node:timers/promises'
import { Server, type ServerOptions } from '@modelcontextprotocol/sdk/server/index.js'
import type { AnyObjectSchema, SchemaOutput } from '@modelcontextprotocol/sdk/server/zod-compat.js'
import { Protocol, type RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  GetPromptRequestSchema,
  type GetPromptResult,
  type Implementation,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  type Notification,
  ReadResourceRequestSchema,
  type ReadResourceResult,
  type Request,
  type Result,
  type ServerNotification,
  type ServerRequest,
  type ServerResult,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { checklistPrompt, PROMPT_ARGUMENTS, serverInstructions } from '../checklist.ts'
import { AuditError, shortened } from '../errors.ts'
import type { JsonObject } from '../paging.ts'
import type { CallContext, ReportStore } from '../tool.ts'
import { parseOutside } from '../validation.ts'
import { failureOf, faultLog, outgoingText, type Redact } from './outgoing.ts'
import { type PacedProgress, pacedProgress } from './progress.ts'
import type { ToolCalls } from './tool-calls.ts'

const SERVER_NAME = 'fal-consumption-audit'
const PROMPT_NAME = 'consumption-audit'
const PROMPT_TITLE = '消耗审计'
/** Of an error of the protocol, in the log: it may quote what came in. */
const ERROR_CHARS = 300
const MEGABYTE = 1024 * 1024
/** Most bytes of a resource on the wire, where its text is escaped; the SDK's clients give up a message of 10 MB. */
const RESOURCE_BYTES_MAX = 8 * MEGABYTE
/** Code of the protocol for a resource that is not there. */
const RESOURCE_NOT_FOUND = -32002

type Extra = RequestHandlerExtra<ServerRequest | Request, ServerNotification | Notification>
type Answer = ServerResult | Result

export interface McpOptions {
  readonly version: string
  /** Loaded when tools are first asked about: no client waits for them before it has its answer to initialize. */
  readonly toolCalls: () => Promise<ToolCalls>
  readonly reports: ReportStore
  readonly redact: Redact
  /** One line for the operator, to stderr. */
  readonly log: (line: string) => void
}

export interface McpFace {
  /** Not yet connected. */
  readonly server: Server
  /** Settles once nothing is being loaded for a request that has come in. */
  loaded(): Promise<void>
  /** Settles once no request is being answered. */
  idle(): Promise<void>
  /** How many requests are being answered. */
  unanswered(): number
}

/** An MCP server over a registry of tools. The SDK's own validation of calls is not used: errors are ours. */
export function createMcpFace(options: McpOptions): McpFace {
  const server = new CheckedServer(
    { name: SERVER_NAME, title: PROMPT_TITLE, version: options.version },
    {
      // Nothing is logged over MCP, but clients that set a level are answered.
      capabilities: { tools: {}, prompts: {}, resources: {}, logging: {} },
      instructions: serverInstructions(),
      // The default one costs start-up time, and would only read answers to questions that this server never asks.
      jsonSchemaValidator: { getValidator: () => () => NOT_ASKED },
    },
    options,
  )
  server.onerror = (error) => options.log(`mcp: ${shortened(outgoingText(error.message, options.redact), ERROR_CHARS)}`)
  const running = new Set<Promise<unknown>>()
  const followed = <T>(answer: Promise<T>): Promise<T> => {
    running.add(answer)
    return answer.finally(() => running.delete(answer))
  }
  let loading: Promise<ToolCalls> | undefined
  const parts: Parts = {
    ...options,
    followed,
    toolCalls: () => {
      loading ??= options.toolCalls()
      return loading
    },
  }
  serveTools(server, parts)
  servePrompts(server, parts)
  serveReports(server, parts)
  return {
    server,
    loaded: async () => {
      // Requests read in the same turn as the end of the input reach their handlers only after it.
      await setImmediate()
      await Promise.allSettled([loading])
    },
    idle: async () => {
      await setImmediate()
      await Promise.allSettled(running)
      // What is answered is sent a few turns later, and closed before it would not be.
      await setImmediate()
    },
    unanswered: () => running.size,
  }
}

/**
 * The SDK's server, with errors of our own: params that do not fit a request are the caller's to mend (-32602, and one
 * sentence that says how), where the SDK answers with a fault of the server and the whole list of its schema's complaints.
 */
class CheckedServer extends Server {
  readonly #words: Pick<McpOptions, 'redact' | 'log'>

  constructor(info: Implementation, options: ServerOptions, words: Pick<McpOptions, 'redact' | 'log'>) {
    super(info, options)
    this.#words = words
  }

  override setRequestHandler<T extends AnyObjectSchema>(
    schema: T,
    handler: (request: SchemaOutput<T>, extra: Extra) => Answer | Promise<Answer>,
  ): void {
    const checked = async (request: unknown, extra: Extra): Promise<Answer> => {
      try {
        return await handler(parseOutside(schema as unknown as z.ZodType<SchemaOutput<T>>, request, CALLERS), extra)
      } catch (error) {
        throw this.#told(error)
      }
    }
    // Past the SDK's own check of tools/call, which would answer before this one.
    Protocol.prototype.setRequestHandler.call(this, anyParams(schema), checked as never)
  }

  #told(error: unknown): McpError {
    if (error instanceof McpError) return error
    const { redact, log } = this.#words
    const { kind, message, field, accepted, next } = failureOf(error, redact)
    if (kind === 'internal') log(faultLog(error, redact))
    const code = kind === 'input' ? ErrorCode.InvalidParams : ErrorCode.InternalError
    return new McpError(code, next === undefined ? message : `${message}. ${next}`, { field, accepted })
  }
}

const CALLERS = { kind: 'input' } as const

/** A schema that says no more of a request than which method it is of. */
function anyParams(schema: AnyObjectSchema): AnyObjectSchema {
  const { method } = (schema as unknown as z.ZodObject).shape
  if (method === undefined) throw new AuditError('internal', 'a request without a method')
  return z.looseObject({ method }) as unknown as AnyObjectSchema
}

interface Parts extends McpOptions {
  /** Notes that an answer is under way. */
  readonly followed: <T>(answer: Promise<T>) => Promise<T>
}

const NOT_ASKED = { valid: false as const, data: undefined, errorMessage: 'this server asks its client nothing' }

function serveTools(server: Server, parts: Parts): void {
  const { toolCalls, followed, redact } = parts
  server.setRequestHandler(ListToolsRequestSchema, () =>
    followed(toolCalls().then((calls) => ({ tools: calls.list() }))),
  )
  const call = async (name: string, given: JsonObject, extra: Extra): Promise<CallToolResult> => {
    const progress = progressTo(extra, redact)
    try {
      const context: CallContext = { signal: extra.signal, progress: progress.tell }
      return resultOf(await (await toolCalls()).call(name, given, context))
    } catch (error) {
      return failed(error, name, parts)
    } finally {
      progress.stop()
    }
  }
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    followed(call(params.name, params.arguments ?? {}, extra)),
  )
}

const resultOf = (structuredContent: JsonObject): CallToolResult => ({
  structuredContent,
  content: [{ type: 'text', text: JSON.stringify(structuredContent, null, 2) }],
})

function failed(error: unknown, tool: string, options: McpOptions): CallToolResult {
  const { kind, ...failure } = failureOf(error, options.redact)
  if (kind === 'internal') options.log(`${tool}: ${faultLog(error, options.redact)}`)
  return { isError: true, content: [{ type: 'text', text: JSON.stringify(failure, null, 2) }] }
}

/** Progress for a caller that asked for it. */
function progressTo(extra: Extra, redact: Redact): PacedProgress {
  const progressToken = extra._meta?.progressToken
  if (progressToken === undefined) return { tell: () => {}, stop: () => {} }
  return pacedProgress(({ message, done, total }) => {
    if (extra.signal.aborted) return
    const params = {
      progressToken,
      progress: done,
      ...(total !== undefined && { total }),
      message: outgoingText(message, redact),
    }
    // A caller that has gone away hears no progress; the call itself learns of it through its signal.
    extra.sendNotification({ method: 'notifications/progress', params }).catch(() => {})
  })
}

function servePrompts(server: Server, { redact, toolCalls, followed }: Parts): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: [
      {
        name: PROMPT_NAME,
        title: PROMPT_TITLE,
        description: 'The five steps of a consumption audit, for one window of time.',
        arguments: PROMPT_ARGUMENTS.map((argument) => ({ ...argument, required: false })),
      },
    ],
  }))
  const prompt = async (name: string, given: Readonly<Record<string, string>>): Promise<GetPromptResult> => {
    if (name !== PROMPT_NAME) {
      throw new AuditError('input', `there is no prompt "${shortened(name, 80)}"; accepted: ${PROMPT_NAME}`, {
        field: 'name',
        accepted: PROMPT_NAME,
      })
    }
    const known = Object.entries((await toolCalls()).promptArguments(given))
    const shown = known.map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value])
    const text = checklistPrompt(Object.fromEntries(shown))
    return { description: PROMPT_TITLE, messages: [{ role: 'user', content: { type: 'text', text } }] }
  }
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) =>
    followed(prompt(params.name, params.arguments ?? {})),
  )
}

const FOREIGN_URI =
  'this is no resource of this server; give audit://reports/{id}, or {id}.md or {id}.en.md, with the reportId that audit-reconcile returned'
const REPORT_URI = /^audit:\/\/reports\/([\w-]{1,64})(?:(\.en)?(\.md))?$/

function serveReports(server: Server, { reports, redact, toolCalls, followed }: Parts): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: reports.list().flatMap(({ id, title }) => [
      { uri: `audit://reports/${id}`, name: `report-${id}`, title, mimeType: 'application/json' },
      { uri: `audit://reports/${id}.md`, name: `report-${id}-markdown`, title, mimeType: 'text/markdown' },
    ]),
  }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [
      {
        uriTemplate: 'audit://reports/{id}',
        name: 'report',
        title: 'Audit report, whole, as JSON',
        mimeType: 'application/json',
      },
      {
        uriTemplate: 'audit://reports/{id}.md',
        name: 'report-markdown',
        title: 'Audit report, whole, as Markdown',
        description: 'In the language of its audit; with .en.md all but its messages in English.',
        mimeType: 'text/markdown',
      },
    ],
  }))
  const read = async (uri: string): Promise<ReadResourceResult> => {
    const [, id = '', english, markdown] = REPORT_URI.exec(uri) ?? []
    const report = reports.get(id)
    if (report === undefined) {
      throw new McpError(
        RESOURCE_NOT_FOUND,
        id === '' ? FOREIGN_URI : 'no such report is kept any more; run audit-reconcile again',
        {
          uri: outgoingText(uri, redact),
        },
      )
    }
    if (markdown === undefined) return contentsOf(uri, 'application/json', (await toolCalls()).jsonOf(report))
    const text = (await toolCalls()).markdownOf(report, english === undefined ? (reports.langOf(id) ?? 'zh') : 'en')
    return contentsOf(uri, 'text/markdown', text)
  }
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => followed(read(params.uri)))
}

/** Clients end a connection whose message is too long, so a report that would be one is told in parts. */
function contentsOf(uri: string, mimeType: string, text: string): ReadResourceResult {
  const bytes = Buffer.byteLength(JSON.stringify(text))
  if (bytes <= RESOURCE_BYTES_MAX) return { contents: [{ uri, mimeType, text }] }
  throw new McpError(
    ErrorCode.InvalidRequest,
    `this report is too large for one message (${Math.ceil(bytes / MEGABYTE)} MB); call audit-reconcile with its report_id and sections, and follow nextCursor with cursor; or write it to a file with: fal-consumption-audit audit --format json --output FILE`,
    { uri, bytes, accepted: RESOURCE_BYTES_MAX },
  )
}
