import type { BillSource } from '../../schemas/tool-shapes.ts'
import { windowOf, withoutHistory } from '../audit/plan.ts'
import { hasTasks, recordsCost } from '../audit/tasks/model-records.ts'
import { TaskTally } from '../audit/tasks/task-book.ts'
import { tasksTeller } from '../audit/waiting.ts'
import { AuditError, inputError } from '../errors.ts'
import type { Fetched } from '../fal/reader.ts'
import type { AccountRow } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { collecting, readAccounts, withPlan, zoneOf } from '../operation.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { earlier, type Instant, type InstantRange } from '../units/instant.ts'
import type { Window } from '../units/window.ts'
import { UTC } from '../units/zone.ts'
import type { InputCheck } from './input-check.ts'

/** A key that opens a bill, and the account that holds it; none where it is FAL_KEY. */
export interface KeyHolder {
  readonly accountId?: number
  readonly apiKey: string
}

/** Whose bill is read, and for which time. */
export interface BillScope {
  readonly window: Window
  readonly asOf: Instant
  /** The window as far as it has come. */
  readonly range: InstantRange
  readonly holders: readonly KeyHolder[]
  /** The account table; undefined: FAL_KEY alone. */
  readonly table: { readonly all: readonly AccountRow[]; readonly audited: readonly AccountRow[] } | undefined
  /** Accounts that were left out for being older than the limit takes, not for the ids that were asked for. */
  readonly beyondLimit: number
}

export interface ScopeInput {
  readonly start?: string | undefined
  readonly end?: string | undefined
  readonly timezone?: string | undefined
  readonly ids?: readonly number[] | undefined
  /** Of the other inputs of the operation. */
  readonly check?: InputCheck
}

/**
 * The accounts of the table where a database is configured, otherwise the workspace of FAL_KEY. The database is left before
 * fal is asked. Throws a configuration error where there is neither, an input error for ids that name nothing.
 */
export async function openBillScope(
  input: ScopeInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<BillScope> {
  if (dependencies.ledger === undefined) return keyScope(input, dependencies)
  return withPlan(planOf(input), dependencies, context, async (plan, snapshot) => {
    const table = await readAccounts(plan, snapshot)
    const { window, asOf, ranges, ids } = plan
    const beyondLimit = ids.size > 0 ? 0 : table.all.length - table.audited.length
    return { window, asOf, range: ranges.bill, holders: table.audited, table, beyondLimit }
  })
}

/** What withPlan needs to know of an operation that only looks at bills. */
export const planOf = ({ start, end, timezone, ids = [], check }: ScopeInput) =>
  ({ start, end, timezone, ids, userIds: [], depth: 'summary', ...(check && { check }) }) as const

function keyScope(input: ScopeInput, { settings, clock }: Dependencies): BillScope {
  const zone = zoneOf(input.timezone) ?? settings.auditZone ?? UTC
  const asOf = clock()
  const window = windowOf(input, zone, asOf)
  input.check?.(zone, asOf)
  const { falKey } = settings
  if (falKey === undefined) {
    throw new AuditError('configuration', 'neither DATABASE_URL nor FAL_KEY is set, so there is no bill to read', {
      field: 'DATABASE_URL, FAL_KEY',
      accepted: 'DATABASE_URL as mysql://user:pass@host:port/db or file:path, or FAL_KEY with an admin key of fal',
      next: 'set one of them for this program, or see a sample with: fal-consumption-audit demo',
    })
  }
  const [id] = input.ids ?? []
  if (id !== undefined) {
    throw inputError('ids', id, 'no ids: without DATABASE_URL only the workspace of FAL_KEY can be read')
  }
  const range = { start: window.start, end: earlier(window.end, asOf) }
  return { window, asOf, range, holders: [{ apiKey: falKey }], table: undefined, beyondLimit: 0 }
}

/** Said of figures that may pass for those of all accounts. */
export const beyondLimitNotes = ({ holders, beyondLimit }: Pick<BillScope, 'holders' | 'beyondLimit'>): string[] =>
  beyondLimit === 0
    ? []
    : [
        `Of ${holders.length + beyondLimit} accounts the newest ${holders.length} were asked (AUDIT_ACCOUNT_LIMIT): ids of others (fal-list-accounts) ask for theirs.`,
      ]

/** Accounts by what the task table tells of the window and its edges, as an audit asks. */
export interface TaskAccounts {
  /** Whether tasks of it have cost, or may have. */
  recorded(accountId: number): boolean
  /** Whether it has any task. */
  active(accountId: number): boolean
}

/** Reads the tasks of the window and its edges for the accounts they name: only where a bill does not tell whose its rows are. */
export function taskAccounts(
  input: ScopeInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<TaskAccounts> {
  return withPlan(planOf(input), dependencies, context, async (whole, snapshot) => {
    const plan = withoutHistory(whole)
    const accounts = await snapshot.accounts()
    const tally = new TaskTally(plan, accounts, new Set())
    const tell = await tasksTeller(collecting(context).progress, snapshot, plan.ranges.tasks)
    let rows = 0
    for await (const batch of snapshot.tasks(plan.ranges.tasks)) {
      for (let task = 0; task < batch.count; task++) tally.add(batch, task)
      rows += batch.count
      tell(rows)
    }
    const book = tally.close()
    return { recorded: recordsCost(book), active: hasTasks(book, accounts) }
  })
}

/** How a source was read, as a fact of the result. */
export function billSourceOf<Source extends string>(
  source: Source,
  fetched: Pick<Fetched<unknown>, 'status'> & { readonly reason?: string },
  accountId?: number,
): Omit<BillSource, 'source'> & { source: Source } {
  const { status, reason } = fetched
  return {
    source,
    ...(accountId !== undefined && { accountId }),
    status,
    ...(reason !== undefined && { reason: cleanText(reason, LIMITS.reasonChars) }),
  }
}

/** Where a result starts to tell its sources: with the account table, where there is one. */
export const tableSources = ({ table }: Pick<BillScope, 'table'>): BillSource[] =>
  table === undefined ? [] : [{ source: 'accounts', status: 'complete' }]

/** The balances that were not read whole, of the holders in their order, of a result that shows none where all were. */
export const unreadBalances = (holders: readonly KeyHolder[], billings: readonly Fetched<unknown>[]): BillSource[] =>
  billings.flatMap((billing, index) =>
    billing.status === 'complete' ? [] : [billSourceOf('fal-balance', billing, holders[index]?.accountId)],
  )

/** The call that is of use next: where fal answered for nobody, the one that says why. */
export function nextAfter(
  sources: readonly { readonly source: string; readonly status: BillSource['status'] }[],
  next: string,
): string {
  const asked = sources.filter(({ source, status }) => source.startsWith('fal-') && status !== 'not-configured')
  const noneAnswered = asked.length > 0 && asked.every(({ status }) => status === 'failed')
  return noneAnswered ? 'doctor: why fal answered for none of the keys, and what to do' : next
}

/** FOCUS is not open to every account; that is no gap in what was asked for. */
export const allRead = (sources: readonly { readonly status: BillSource['status'] }[]): boolean =>
  sources.every(({ status }) => status === 'complete' || status === 'not-configured')
