import type { z } from 'zod'
import type { input, output } from '../../schemas/fal-get-usage.ts'
import { inputError } from '../errors.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { allRead, type BillScope, nextAfter, openBillScope } from './bill-scope.ts'
import { readModelUsage } from './model-usage.ts'
import { readServerlessUsage } from './serverless-usage.ts'
import type { UsageReading } from './usage-reading.ts'

type UsageInput = z.output<typeof input>
type UsageOutput = z.input<typeof output>

/**
 * What fal billed within a window, by one grouping: model usage, or for app and gpu_class the serverless ledger, which is
 * another bill. A bill that could not be read whole is null and named in sources, never zero.
 */
export async function getUsage(
  given: UsageInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<UsageOutput> {
  const { group_by: groupBy } = given
  const endpointIds = endpointsOf(given)
  const serverless = groupBy === 'app' || groupBy === 'gpu_class'
  if (serverless && endpointIds.length > 0) {
    throw inputError('endpoint_ids', endpointIds[0], `no endpoint_ids with group_by ${groupBy}: apps are no endpoints`)
  }
  const scope = await openBillScope(given, dependencies, context)
  const reading = serverless
    ? await readServerlessUsage(groupBy, scope, dependencies, context)
    : await readModelUsage({ groupBy, endpointIds, given }, scope, dependencies, context)
  return present(groupBy, serverless ? 'serverless-usage' : 'model-usage', scope, reading)
}

function present(
  groupBy: UsageOutput['groupBy'],
  ledger: UsageOutput['ledger'],
  { window, asOf, table }: BillScope,
  { rows, total, hasTotal, note: reading, withoutRows = [], sources }: UsageReading,
): UsageOutput {
  const { zone } = window
  const note = reading ?? noteOf(ledger, table === undefined)
  return {
    window: { start: zone.format(window.start), end: zone.format(window.end), timezone: zone.id },
    asOf: zone.format(asOf),
    scope: table === undefined ? 'fal-key' : 'accounts',
    ledger,
    groupBy,
    complete: allRead(sources),
    costUsd: hasTotal ? total.costUsd : null,
    requestCount: null,
    quantities: hasTotal ? total.quantities() : [],
    rows: [...rows],
    ...(withoutRows.length > 0 && { endpointIdsWithoutRows: withoutRows.map((id) => cleanText(id)) }),
    sources: [...sources],
    ...(note !== undefined && { note }),
    next: nextAfter(sources, withoutRows.length > 0 ? LOOK_AT_NAMES : TASKS),
  }
}

const TASKS = 'tasks-by-user with the same start and end: what the system recorded for it'
const LOOK_AT_NAMES =
  'see that endpointIdsWithoutRows are right: no row here is of them; without endpoint_ids the rows name every model'

/** A comma would name several endpoints in a query, and an empty one none, which is all. */
function endpointsOf({ endpoint_ids: given = [] }: UsageInput): string[] {
  const ids = given.flatMap((text) => text.split(',')).map((text) => text.trim())
  if (ids.includes('')) throw inputError('endpoint_ids', given.join(', '), 'endpoints of fal, such as fal-ai/flux/dev')
  return [...new Set(ids)]
}

function noteOf(ledger: UsageOutput['ledger'], keyAlone: boolean): string | undefined {
  if (ledger === 'serverless-usage') {
    return 'Serverless compute is billed apart from model usage, and for whole workspaces: it names no account.'
  }
  return keyAlone ? 'The whole workspace of FAL_KEY, with all of its keys.' : undefined
}
