import pLimit from 'p-limit'
import { inputError } from '../errors.ts'
import type { FalReader, Fetched } from '../fal/reader.ts'
import type { AccountRow, LedgerSnapshot } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { EventWords } from '../rows/event-records.ts'
import type { SpoolFile } from '../spool/spool-file.ts'
import { accountFinder } from './bills/account-keys.ts'
import { type EventLot, EventLotTally } from './bills/event-lot.ts'
import { fetchBills } from './bills/fetch-bills.ts'
import { attributeBills, withFilter } from './bills/whose-bill.ts'
import type { Evidence } from './evidence.ts'
import { BalanceTrailTally } from './ledgers/balance-trail.ts'
import { LedgerSpools } from './ledgers/ledger-source.ts'
import { type CollectContext, readLedgers } from './ledgers/read-ledgers.ts'
import type { AuditPlan } from './plan.ts'
import type { AskingTerms } from './requests/asking-terms.ts'
import { readRequestEvidence } from './requests/request-evidence.ts'
import { RequestSpools } from './requests/request-source.ts'
import { known, type Reading, unknown } from './rules/books.ts'
import { NO_PRICES, type PriceBook } from './rules/prices.ts'
import { failedTable, type TableStatus } from './table-status.ts'
import { CellTally } from './tasks/cell-tally.ts'
import { hasTasks, mayBeBilledWithoutId, recordsCost } from './tasks/model-records.ts'
import { type TaskBook, TaskTally } from './tasks/task-book.ts'
import { undatedTasks } from './tasks/undated-tasks.ts'
import { tasksTeller, tellingSeconds } from './waiting.ts'

/** Reads the price rules, with the levels of these users. Throws only for faults of the program, and where cancelled. */
export type PriceReader = (
  snapshot: Pick<LedgerSnapshot, 'userLevels'>,
  userIds: readonly number[],
) => Promise<Reading<PriceBook>>

export interface EvidenceContext extends CollectContext {
  /** Absent: there are no price rules. */
  readonly prices?: PriceReader
  /** Absent: fal is asked by id about what the rules need. */
  readonly asking?: AskingTerms
}

/**
 * Reads everything one audit needs, in one snapshot of the database while fal is asked at the same time. Rows beyond what
 * fits into memory are in `file`, which must stay open as long as the evidence is used.
 * Throws where accounts or tasks cannot be read; whatever else fails is evidence that says so.
 */
export async function collectEvidence(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  fal: FalReader,
  file: SpoolFile,
  context: EvidenceContext,
): Promise<Evidence> {
  const allAccounts = await snapshot.accounts()
  const audited = chooseAccounts(allAccounts, plan)
  const auditedIds = new Set(audited.map(({ accountId }) => accountId))
  // The bills are of no use once the database has failed, so both end together.
  const ends = new AbortController()
  const signal = AbortSignal.any([context.signal, ends.signal])
  let answered = 0
  const spools = openSpools(plan, file, context.pieceRows)
  let lots = 0
  const fetching = fetchBills(
    audited,
    allAccounts.filter(({ accountId }) => !auditedIds.has(accountId)),
    fal,
    {
      usage: { range: plan.ranges.bill, zone: plan.window.zone, timeframe: 'day' },
      events: spools.requests && spoolEvents(plan, fal, spools.requests, () => lots++, signal),
    },
    signal,
    () => context.progress('fal accounts read', ++answered, audited.length),
  )
  fetching.then(() => spools.requests?.endEvents()).catch(() => undefined)
  try {
    const cells = new CellTally(plan, allAccounts, auditedIds)
    const books = await readBooks(plan, snapshot, allAccounts, auditedIds, spools, context, cells)
    const priceRules = await readPrices(plan, snapshot, books.tasks, context)
    const fetched = await tellingSeconds(context.progress, 'bills of fal waited for', () => fetching)
    const bills = withFilter(fetched, plan.ids.size > 0, allAccounts)
    const attribution = attributeBills(bills, allAccounts, recordsCost(books.tasks), hasTasks(books.tasks, allAccounts))
    const requests =
      spools.requests === null
        ? null
        : await readRequestEvidence({
            plan,
            withoutId: mayBeBilledWithoutId(books.tasks),
            accounts: allAccounts,
            spools: spools.requests,
            bills,
            attribution,
            snapshot,
            fal,
            signal,
            progress: context.progress,
            ...(context.asking && { asking: context.asking }),
          })
    return {
      plan,
      databaseZoneId: snapshot.zone.id,
      consistency: snapshot.consistency,
      readFrom: snapshot.readFrom?.() ?? {},
      allAccounts,
      bills,
      attribution,
      requests,
      priceRules,
      layer: cells.close(),
      ...books,
    }
  } catch (cause) {
    ends.abort()
    throw cause
  }
}

/** Where rows wait until they are joined. */
export interface AuditSpools {
  readonly ledgers: LedgerSpools
  /** null at depth summary. */
  readonly requests: RequestSpools | null
}

/** `pieceRows`: how many rows are joined at once, where not the usual number. */
export const openSpools = (plan: AuditPlan, file: SpoolFile, pieceRows?: number): AuditSpools => ({
  ledgers: new LedgerSpools(plan, file, pieceRows),
  requests: plan.depth === 'summary' ? null : new RequestSpools(file, pieceRows),
})

/**
 * Bills whose events are read at once: of each its events so far are remembered by eight bytes or more, until it was read. Two
 * pages of each are on their way, so that more would only wait for a socket.
 */
const EVENT_READINGS_MAX = 5

/** Reads the events around the window with one key, page by page; each reading is a lot of its own. */
function spoolEvents(
  plan: AuditPlan,
  fal: FalReader,
  spools: RequestSpools,
  nextLot: () => number,
  signal: AbortSignal,
): (apiKey: string) => Promise<Fetched<EventLot>> {
  const places = pLimit(EVENT_READINGS_MAX)
  const words = new EventWords()
  const read = async (apiKey: string): Promise<Fetched<EventLot>> => {
    const lot = nextLot()
    const tally = new EventLotTally(lot)
    const fetched = await fal.eachEvents(apiKey, { range: plan.ranges.events }, signal, words, (page) => {
      for (let event = 0; event < page.count; event++) {
        tally.add(page, event)
        // Later than the snapshot of the database nothing can be compared.
        if (page.time(event) <= plan.asOf) spools.addEvent(lot, page, event)
      }
    })
    if (fetched.status === 'failed') return fetched
    return { ...fetched, value: tally.close() }
  }
  return (apiKey) => places(() => read(apiKey))
}

/** What the operator's own tables say, added up; without asking fal. */
export type OperatorBooks = Pick<Evidence, 'tasks' | 'ledger' | 'userNames' | 'tables' | 'unreadTimes' | 'unknownKinds'>

/** Reads tasks, both ledgers and the users' names. Throws where tasks cannot be read; the others may fail. `cells`: takes all tasks. */
export async function readBooks(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  allAccounts: readonly AccountRow[],
  auditedIds: ReadonlySet<number>,
  spools: AuditSpools,
  context: CollectContext,
  cells?: CellTally,
): Promise<OperatorBooks> {
  // What other periods met that were read before in this snapshot says nothing of this one.
  snapshot.forgetMet?.()
  const tally = new TaskTally(plan, allAccounts, auditedIds)
  const accountOf = accountFinder(allAccounts)
  const isSelected = (apiKey: string): boolean => plan.ids.size === 0 || auditedIds.has(accountOf(apiKey) ?? Number.NaN)
  const tasks = await readTasks(plan, snapshot, tally, spools, { ...context, isSelected })
  const tables: TableStatus[] = [
    { source: 'accounts', status: 'complete' },
    { source: 'tasks', status: 'complete' },
  ]
  const trail = new BalanceTrailTally(plan.window, concernedUsers(plan, tasks))
  let userNames: ReadonlyMap<number, string> = new Map()
  const meanwhile = async (): Promise<void> => {
    userNames = await readNames(snapshot, tasks, tables, context.signal)
  }
  const ledger = await readLedgers(plan, snapshot, spools.ledgers, trail, tables, context, { cells, meanwhile })
  const [unreadTimes, unknownKinds] = [snapshot.unreadTimes?.() ?? {}, snapshot.unknownKinds?.() ?? {}]
  return { tasks, ledger, userNames, tables, unreadTimes, unknownKinds }
}

/** The accounts of the audit: those asked for, or the newest by id, whatever their status. */
export function chooseAccounts(accounts: readonly AccountRow[], { ids, accountLimit }: AuditPlan): AccountRow[] {
  const newestFirst = [...accounts].sort((a, b) => b.accountId - a.accountId)
  if (ids.size === 0) return newestFirst.slice(0, accountLimit)
  const known = new Set(accounts.map(({ accountId }) => accountId))
  for (const id of ids) {
    if (known.has(id)) continue
    const some = newestFirst.slice(0, LIMITS.evidenceIds).map(({ accountId }) => accountId)
    throw inputError('ids', id, `ids of the account table, such as ${some.join(', ') || '(it is empty)'}`)
  }
  return newestFirst.filter(({ accountId }) => ids.has(accountId))
}

async function readTasks(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  tally: TaskTally,
  { ledgers, requests }: AuditSpools,
  context: CollectContext & { readonly isSelected: (apiKey: string) => boolean },
): Promise<TaskBook> {
  let rows = 0
  const tell = await tasksTeller(context.progress, snapshot, plan.ranges.tasks)
  for await (const batch of snapshot.tasks(plan.ranges.tasks)) {
    for (let task = 0; task < batch.count; task++) {
      batch.select(task, tally.add(batch, task))
      if (batch.createdAt(task) < plan.ranges.crossingSince) continue
      ledgers.addTask(batch, task)
      requests?.addTask(batch, task)
    }
    rows += batch.count
    tell(rows)
  }
  ledgers.endTasks(undatedTasks(snapshot, context.isSelected))
  requests?.endTasks()
  return tally.close()
}

/** Whose points ledger is followed: everybody's, but for a filter by user, or by account: then those with tasks of it. */
function concernedUsers({ ids, userIds }: AuditPlan, { users }: TaskBook): (userId: number) => boolean {
  if (userIds.size > 0) return (userId) => userIds.has(userId)
  if (ids.size === 0) return () => true
  const withTasks = new Set(users.map(({ userId }) => userId))
  return (userId) => withTasks.has(userId)
}

/** Single tasks are held against the rules, which depth summary does not look at. */
async function readPrices(
  { depth }: AuditPlan,
  snapshot: LedgerSnapshot,
  { users }: TaskBook,
  { prices }: EvidenceContext,
): Promise<Reading<PriceBook>> {
  if (depth === 'summary') return unknown('depth-summary')
  if (prices === undefined) return known(NO_PRICES)
  return prices(
    snapshot,
    users.map(({ userId }) => userId),
  )
}

async function readNames(
  snapshot: LedgerSnapshot,
  tasks: TaskBook,
  tables: TableStatus[],
  signal: AbortSignal,
): Promise<Map<number, string>> {
  try {
    const names = await snapshot.userNames(tasks.users.map(({ userId }) => userId))
    tables.push({ source: 'users', status: 'complete' })
    return names
  } catch (cause) {
    tables.push(failedTable('users', cause, signal))
    return new Map()
  }
}
