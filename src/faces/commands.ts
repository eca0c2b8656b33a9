import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import type { ImportOutcome, ImportRequest } from '../../schemas/import.ts'
import { type Report, report as reportSchema } from '../../schemas/report.ts'
import { endInput, idsInput, startInput, timezoneInput, userIdsInput } from '../../schemas/tool-shapes.ts'
import { throwIfAborted } from '../errors.ts'
import { SERVE } from '../limits.ts'
import { runAudit } from '../operation.ts'
import type { JsonObject } from '../paging.ts'
import type { CallContext, Dependencies, Tool } from '../tool.ts'
import { parseOutside } from '../validation.ts'
import { EXIT, exitCodeOf, FAIL_ON } from './exit-code.ts'
import { flagsOf } from './flags.ts'
import type { CommandHelp } from './help.ts'
import { importCommand } from './import-command.ts'
import { outgoing, outgoingJson, outgoingText, type Redact } from './outgoing.ts'
import { checkReportOutput, type KeptFile, writeWhole } from './output-file.ts'
import { progressLine } from './progress.ts'
import { runTool } from './run-tool.ts'
import type { Terminal } from './terminal.ts'

export interface CommandServices {
  readonly version: string
  readonly tools: readonly Tool[]
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly redact: Redact
  readonly dependencies: () => Promise<Dependencies>
  /** What no file that is written may replace. Told whatever is wrong with the configuration. */
  readonly keptFiles: () => Promise<readonly KeptFile[]>
  readonly runDemo: (options: { readonly lang: 'zh' | 'en'; readonly context: CallContext }) => Promise<Report>
  /** Reads the operator's tables from files into an embedded database. */
  readonly importTables: (request: ImportRequest, context: CallContext) => Promise<ImportOutcome>
  /** Serves MCP on stdio until the client goes away. */
  readonly serveMcp: () => Promise<void>
  /** Serves over HTTP until the program is told to stop. */
  readonly serve: (request: ServeRequest) => Promise<void>
}

export interface Command extends CommandHelp {
  run(input: Record<string, unknown>, services: CommandServices): Promise<number>
}

const view = {
  format: z.enum(['text', 'markdown', 'json']).default('text').describe('form of the report'),
  lang: z.enum(['zh', 'en']).default('zh').describe('language of the report'),
  models: z.boolean().default(false).describe('text, markdown: also the models of each account'),
  output: z.string().min(1).optional().describe('file to write the report to, instead of stdout'),
}
const viewInput = z.strictObject(view)

const auditInput = z.strictObject({
  start: startInput,
  end: endInput,
  ids: idsInput,
  user_ids: userIdsInput,
  timezone: timezoneInput,
  depth: z.enum(['summary', 'requests']).default('requests').describe('requests also reads single billing events'),
  ...view,
  fail_on: z.enum(FAIL_ON).default('high').describe('least severity that makes the exit code 1'),
})

const portInput = z.int().min(0).max(65_535)

const serveInput = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(255)
    .default('127.0.0.1')
    .describe('address to listen on; SERVE_TOKEN is needed off loopback'),
  mcp_port: portInput.default(9090).describe('port of MCP, at /mcp; 0 for any free one'),
  rest_port: portInput.default(8080).describe('port of REST; the same as --mcp-port: one port for both'),
  allow_hosts: z
    .array(z.string().min(1).max(255))
    .max(100)
    .optional()
    .describe('further host names that clients call it by'),
  requests_per_minute: z
    .int()
    .min(1)
    .max(100_000_000)
    .optional()
    .describe(
      `of one client address (default ${SERVE.requestsPerMinute}; from this machine ${SERVE.requestsPerMinuteOnLoopback})`,
    ),
  demo: z.boolean().optional().describe('the sample world, nothing to configure; on loopback only'),
})
export type ServeRequest = z.output<typeof serveInput>

const AUDIT_ALIASES = { start: ['since'], end: ['until'] }

/** Every command, in the order of help. */
export function commandsOf(tools: readonly Tool[]): Command[] {
  return [
    {
      name: 'audit',
      summary: 'the whole audit: five steps, one report',
      description:
        'Reads the official bill, the tasks and the ledgers of one window of time, and reports what does not agree.',
      flags: () => flagsOf(auditInput, AUDIT_ALIASES),
      run: audit,
    },
    ...tools.map(toolCommand),
    {
      name: 'demo',
      summary: 'an audit of a sample world; nothing to configure',
      description:
        'Audits a sample world on the embedded database and a double of fal on loopback. Leaves nothing behind.',
      flags: () => flagsOf(viewInput),
      run: demo,
    },
    importCommand,
    {
      name: 'mcp',
      summary: 'the MCP server on stdio',
      description: 'Serves the operations as MCP tools on stdin and stdout. Logs go to stderr.',
      flags: () => [],
      run: (_input, services) => services.serveMcp().then(() => EXIT.clean),
    },
    {
      name: 'serve',
      summary: 'MCP and REST over HTTP',
      description:
        'Serves the operations over HTTP: MCP (Streamable HTTP) at /mcp, and REST with its description at /docs and /openapi.json. With SERVE_TOKEN set, clients send it as bearer token. Logs go to stderr.',
      flags: () => flagsOf(serveInput),
      run: async (input, services) => {
        await services.serve(parseOutside(serveInput, input, { kind: 'input' }))
        return EXIT.clean
      },
    },
  ]
}

async function audit(given: Record<string, unknown>, services: CommandServices): Promise<number> {
  const input = parseOutside(auditInput, given, { kind: 'input' })
  if (input.output !== undefined) await checkReportOutput(input.output, await services.keptFiles())
  const { ids, user_ids: userIds, ...request } = input
  const asked = { ...request, ids: ids ?? [], userIds: userIds ?? [] }
  const report = await runAudit(asked, await services.dependencies(), contextOf(services))
  await present(report, input, services)
  return exitCodeOf(report, input.fail_on)
}

async function demo(given: Record<string, unknown>, services: CommandServices): Promise<number> {
  const input = parseOutside(viewInput, given, { kind: 'input' })
  if (input.output !== undefined) await checkReportOutput(input.output, await services.keptFiles())
  const report = await services.runDemo({ lang: input.lang, context: contextOf(services) })
  await present(report, input, services)
  return EXIT.clean
}

function toolCommand(tool: Tool): Command {
  return {
    name: tool.name,
    summary: tool.title,
    description: tool.description.replace(tool.kept?.told ?? '', ''),
    flags: () =>
      flagsOf(tool.render === undefined ? tool.input : tool.input.extend(resultView.shape)).filter(
        ({ key }) => !isKept(key, tool.kept?.inputs),
      ),
    run: async ({ format, ...input }, services) => {
      const view = format === undefined || tool.render === undefined ? { format: 'json' } : { format }
      const { format: form } = parseOutside(resultView, view, { kind: 'input' })
      const result = await runTool(tool, input, services.dependencies, contextOf(services))
      services.terminal.status('')
      const told = outgoing(without(result, tool.kept?.outputs), services.redact, tool.output)
      const text = form === 'text' ? tool.render?.(told as typeof result) : undefined
      await services.terminal.write(text ?? `${JSON.stringify(told, null, 2)}\n`)
      return EXIT_OF[tool.verdictOf?.(result) ?? (isIncomplete(result) ? 'unverified' : 'clean')]
    },
  }
}

const resultView = z.strictObject({
  format: z.enum(['json', 'text']).default('json').describe('form of the result'),
})
/** The whole result is printed and the process ends, so there is no next part to ask for, nor anything that was kept. */
const isKept = (key: string, kept: readonly string[] = []): boolean => key === 'cursor' || kept.includes(key)

const without = (result: JsonObject, keys: readonly string[] = []): JsonObject =>
  Object.fromEntries(Object.entries(result).filter(([key]) => !keys.includes(key)))

const EXIT_OF = { clean: EXIT.clean, findings: EXIT.findings, unverified: EXIT.unverified } as const

/** Whether a result says itself that some source could not be verified. */
function isIncomplete({ complete, coverage }: Readonly<Record<string, unknown>>): boolean {
  const covered = typeof coverage === 'object' && coverage !== null && 'complete' in coverage ? coverage.complete : true
  return complete === false || covered === false
}

type View = z.output<typeof viewInput>

/** Writes the report to stdout or to the file that was asked for. */
async function present(report: Report, view: View, { terminal, redact, signal }: CommandServices): Promise<void> {
  const text = await rendered(report, view, redact, signal)
  terminal.status('')
  if (view.output === undefined) return terminal.write(text)
  await writeWhole(view.output, text)
  terminal.note(outgoingText(`report written to ${view.output}`, redact))
}

async function rendered(
  report: Report,
  { format, lang, models }: View,
  redact: Redact,
  signal: AbortSignal,
): Promise<string | AsyncIterable<string>> {
  const options = { lang, modelsPerAccount: models, redact }
  switch (format) {
    case 'json':
      return inTurns(outgoingJson(report, redact, reportSchema), signal)
    case 'markdown': {
      const { renderMarkdown } = await import('../render/markdown.ts')
      return redact(renderMarkdown(report, options))
    }
    case 'text': {
      const { renderText } = await import('../render/text.ts')
      return redact(renderText(report, options))
    }
  }
}

/** Lets others have their turn before each piece, and ends where the work was cancelled. */
async function* inTurns(pieces: Iterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  for (const piece of pieces) {
    await nextTurn()
    throwIfAborted(signal)
    yield piece
  }
}

const contextOf = ({ signal, terminal }: CommandServices): CallContext => ({
  signal,
  progress: (update) => terminal.status(progressLine(update)),
})
