import type { z } from 'zod'
import type { input, output } from '../../schemas/fal-get-usage.ts'
import { inputError } from '../errors.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { allRead, type BillScope, beyondLimitNotes, nextAfter, openBillScope } from './bill-scope.ts'
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
  scope: BillScope,
  reading: UsageReading,
): UsageOutput {
  const { window, asOf, table } = scope
  const { rows, total, hasTotal, withoutRows = [], sources } = reading
  const { zone } = window
  const notes = [
    reading.note ?? noteOf(ledger, table === undefined),
    table === undefined ? undefined : ownerlessNote(groupBy, rows),
    lackingNote(groupBy, reading),
    ...beyondLimitNotes(scope),
  ]
  const note = notes.filter((each) => each !== undefined).join(' ')
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
    ...(note !== '' && { note }),
    next: nextAfter(sources, withoutRows.length > 0 ? LOOK_AT_NAMES : table === undefined ? CREDITS : TASKS),
  }
}

const TASKS = 'tasks-by-user with start, end and timezone of window (and ids as here): what the system recorded for it'
// Without a database there are no tasks to be had.
const CREDITS = 'fal-balance: credits left and how long they last'
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

// Such a row names a workspace, and would pass for all that it spent, which it is where its bill names no keys.
const OF_NO_ACCOUNT =
  'A row without accountId need not be its whole workspace: it is what was spent there by keys or logins that no account row holds, or what the bill gives to none of its accounts, which may be all of it.'

const ownerlessNote = (groupBy: UsageOutput['groupBy'], rows: UsageReading['rows']): string | undefined =>
  (groupBy === 'account' || groupBy === 'key') && rows.some(({ accountId }) => accountId === undefined)
    ? OF_NO_ACCOUNT
    : undefined

/** Accounts shown whose bills were not read: each is in sources as well. */
const LACKING_SHOWN = 10

/** What a sum may be without; undefined where all was read, or there is no sum. A key that was refused may share a bill that was read. */
function lackingNote(groupBy: UsageOutput['groupBy'], { rows, hasTotal, sources }: UsageReading): string | undefined {
  const unread = sources.filter(({ source, status }) => BILLS.has(source) && status !== 'complete')
  const lacking = [...new Set(unread.flatMap(({ accountId }) => accountId ?? []))]
  if (!hasTotal || lacking.length === 0) return undefined
  const more = lacking.length - LACKING_SHOWN
  const whose = `${lacking.slice(0, LACKING_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const ofMany = groupBy !== 'account' && groupBy !== 'key'
  const isWithheld = ofMany && rows.some(({ costUsd }) => costUsd === null)
  return [
    `Not all was read: costUsd${ofMany ? ', and each row that has one,' : ''} may lack what these accounts spent: ${whose}.`,
    ...(isWithheld ? ['With ids of accounts that were read, their rows have sums.'] : []),
  ].join(' ')
}

const BILLS: ReadonlySet<string> = new Set(['fal-usage', 'fal-serverless'])
