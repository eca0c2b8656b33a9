import { type Report, report as reportSchema } from '../../schemas/report.ts'
import { type PromptScope, promptArguments } from '../operations/prompt-arguments.ts'
import type { JsonObject, Pager } from '../paging.ts'
import { renderMarkdown } from '../render/markdown.ts'
import type { CallContext, OpenDependencies, Tool } from '../tool.ts'
import { outgoing, outgoingObject, type Redact } from './outgoing.ts'
import { runToolPaged, unknownTool } from './run-tool.ts'
import { type ToolSchemas, toolSchemas } from './tool-schemas.ts'

/** A tool as a client sees it. */
export interface ListedTool extends ToolSchemas {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly idempotentHint: boolean
  }
}

/** What a server over a registry needs only once it is asked about tools or reports. */
export interface ToolCalls {
  list(): ListedTool[]
  /** One page of a result, fit to leave. Throws what the tool throws, and AuditError where there is no such tool. */
  call(name: string, given: JsonObject, context: CallContext): Promise<JsonObject>
  /** The arguments of the prompt; throws an input error where no tool would take them. */
  promptArguments(given: Readonly<Record<string, string>>): PromptScope
  /** A report as text, secrets blanked out. */
  markdownOf(report: Report, lang: 'zh' | 'en'): string
  /** As JSON, in one line. */
  jsonOf(report: Report): string
}

export interface ToolCallsOptions {
  readonly tools: readonly Tool[]
  /** Made ready at the first call, never before; where it fails, that call says why, and the next one tries again. */
  readonly dependencies: OpenDependencies
  readonly pager: Pager
  readonly redact: Redact
}

export function createToolCalls({ tools, dependencies, pager, redact }: ToolCallsOptions): ToolCalls {
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  return {
    list: () => listedTools(tools),
    call: async (name, given, context) => {
      const tool = byName.get(name)
      if (tool === undefined) throw unknownTool(name, [...byName.keys()])
      return outgoingObject(await runToolPaged(tool, given, pager, dependencies, context), redact, tool.output)
    },
    promptArguments,
    markdownOf: (report, lang) => redact(renderMarkdown(report, { lang, redact })),
    jsonOf: (report) => JSON.stringify(outgoing(report, redact, reportSchema)),
  }
}

const listed = new WeakMap<readonly Tool[], ListedTool[]>()

/** Made once for all clients of a registry: over HTTP each session has a server of its own. */
function listedTools(tools: readonly Tool[]): ListedTool[] {
  const made = listed.get(tools) ?? tools.map(listedTool)
  listed.set(tools, made)
  return made
}

function listedTool(tool: Tool): ListedTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    ...toolSchemas(tool),
    // What is written is added to what is there, and nothing is lost by it.
    annotations: {
      readOnlyHint: tool.writes !== true && tool.records !== true,
      destructiveHint: false,
      idempotentHint: tool.writes !== true,
    },
  }
}
