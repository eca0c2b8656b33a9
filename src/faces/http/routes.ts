import type { z } from 'zod'
import * as falai from '../../../schemas/falai-usage.ts'
import { AuditError } from '../../errors.ts'
import { falaiUsage } from '../../operations/falai-usage.ts'
import type { JsonObject, Pager } from '../../paging.ts'
import type { CallContext, Dependencies, Tool } from '../../tool.ts'
import type { Redact } from '../outgoing.ts'
import { runTool, runToolPaged } from '../run-tool.ts'
import type { Admission } from './admission.ts'
import { billingRoutes } from './billing-routes.ts'
import type { FileAnswer } from './file-answer.ts'

export interface RouteCall {
  readonly dependencies: () => Promise<Dependencies>
  readonly pager: Pager
  readonly context: CallContext
  /** The whole result at once, instead of pages. */
  readonly full: boolean
  /** Under which the caller reached this server, such as http://127.0.0.1:8080. */
  readonly origin: string
  /** Blanks secrets. Done to every JSON answer; a route that answers with a file does it to what it writes. */
  readonly redact: Redact
}

/** Who may call: everybody who may read (the default), whoever holds ADMIN_TOKEN, or anybody, since the route checks itself. */
export type Access = 'admin' | 'open'

/** One REST operation as data: the server mounts it, and /openapi.json describes it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Inputs in it stand in braces, each a whole segment: /rules/{rule_id}. They are keys of `input` too. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description: string
  /** Where its inputs stand; `form` is a form or JSON. */
  readonly takes: 'query' | 'json' | 'form'
  readonly input: z.ZodObject
  readonly output: z.ZodType
  /** Where the answer is a file: of this type. */
  readonly mediaType?: string
  /** Whether a long answer comes in pages, and `full=1` asks for the whole. */
  readonly paged: boolean
  readonly access?: Access
  /** Statuses that this route answers with, beside those of every route, and what they mean. */
  readonly statuses?: Readonly<Record<number, string>>
  /** An input that is a secret: it is blanked out of everything that leaves. */
  readonly secretInput?: string
  run(given: JsonObject, call: RouteCall): Promise<JsonObject | FileAnswer>
  /** The status of a result; 200 where it is not given. */
  statusOf?(result: JsonObject): number
}

type Place = Pick<Route, 'method' | 'path' | 'tag' | 'takes'>

const toolRoute = (tool: Tool, place: Place): Route => ({
  ...place,
  summary: tool.title,
  description: tool.description,
  input: tool.input,
  output: tool.output,
  paged: 'cursor' in tool.input.shape,
  ...(tool.notFound !== undefined && { statuses: { 404: tool.notFound } }),
  run: async (given, { dependencies, pager, context, full }) => {
    if (!full) return runToolPaged(tool, given, pager, dependencies, context)
    refuseCursor(given)
    return runTool(tool, given, dependencies, context)
  },
})

/** The whole is asked for with inputs: without those of the first call it would be the answer to another question. */
function refuseCursor({ cursor }: JsonObject): void {
  if (cursor === undefined || cursor === null || cursor === '') return
  const accepted = 'full with the inputs of the first call, or cursor without full'
  throw new AuditError(
    'input',
    `cursor: goes on with a result in pages, and full asks for the whole; give ${accepted}`,
    {
      field: 'cursor',
      accepted,
    },
  )
}

/** Under which other names tools are known: those of the seed capability "fal Usage and Billing API". */
const BILLING: readonly (Pick<Place, 'method' | 'takes'> & { readonly tool: string; readonly path: string })[] = [
  { tool: 'fal-get-usage', method: 'GET', path: '/v1/billing/usage', takes: 'query' },
  { tool: 'fal-list-invoices', method: 'GET', path: '/v1/billing/invoices', takes: 'query' },
  { tool: 'fal-balance', method: 'GET', path: '/v1/billing/balance', takes: 'query' },
  { tool: 'fal-estimate-cost', method: 'POST', path: '/v1/billing/estimate', takes: 'json' },
]

export const TOOLS_PATH = '/v1/tools'
export const toolPath = (name: string): string => `${TOOLS_PATH}/${name}`

/** The route of the seed "Consulta de Uso y Creditos de fal.ai", for the key that is sent along. */
const falaiRoute = (admission: Admission): Route => ({
  method: 'POST',
  path: '/api/config/falai-usage',
  tag: 'billing',
  takes: 'form',
  summary: 'Requests and cost of the workspace whose key is sent',
  description:
    'Takes a fal key with admin permission, uses it once and keeps it nowhere. Requests are counted by billing events, not by quantities. Without that permission: ok false, and what to do.',
  input: falai.input,
  output: falai.output,
  paged: false,
  secretInput: 'api_key',
  run: (given, { dependencies, context }) =>
    admission.run('falai-usage', context, async (within) => falaiUsage(given, await dependencies(), within)),
  statusOf: ({ ok }) => (ok === true ? 200 : 403),
})

/** The names of the inputs that stand in a path. */
export const pathInputs = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

/**
 * Every operation over REST: the billing routes of the seeds, then each tool under its own name. Tools that write are not
 * among them: what they do is done by routes that ask for ADMIN_TOKEN.
 */
export function routesOf(tools: readonly Tool[], admission: Admission): readonly Route[] {
  const billing = BILLING.flatMap(({ tool: name, ...place }) => {
    const tool = tools.find((each) => each.name === name)
    return tool === undefined ? [] : [toolRoute(tool, { ...place, tag: 'billing' })]
  })
  const each = tools.map((tool) =>
    toolRoute(tool, { method: 'POST', path: toolPath(tool.name), tag: 'tools', takes: 'json' }),
  )
  return [...billing, falaiRoute(admission), ...billingRoutes(admission), ...each]
}
