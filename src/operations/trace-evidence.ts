import type { SourceStatus } from '../../schemas/report.ts'
import { openSpools, type PriceReader, readBooks } from '../audit/collect.ts'
import type { Evidence } from '../audit/evidence.ts'
import type { LedgerBook } from '../audit/ledgers/ledger-book.ts'
import { ledgerInOnePiece, wholeLedger } from '../audit/ledgers/ledger-source.ts'
import { withOwnerless } from '../audit/ledgers/ownerless-rows.ts'
import { type AuditPlan, planWindow, withoutHistory } from '../audit/plan.ts'
import { inOnePiece } from '../audit/requests/request-source.ts'
import { known } from '../audit/rules/books.ts'
import { NO_PRICES } from '../audit/rules/prices.ts'
import { tableStatus } from '../audit/table-status.ts'
import { layerOf } from '../audit/tasks/cell-tally.ts'
import { TaskTally } from '../audit/tasks/task-book.ts'
import { withUnreadTimes } from '../audit/tasks/unread-times.ts'
import type { AccountRow, LedgerSnapshot, TaskRow } from '../ledger/reader.ts'
import { collecting, withSpoolFile } from '../operation.ts'
import type { Lang } from '../render/vocabulary.ts'
import { taskRecordsOf } from '../rows/task-writer.ts'
import type { CallContext } from '../tool.ts'
import type { CalendarDate } from '../units/zone.ts'
import type { TraceBill } from './trace-bill.ts'

/** Evidence of some tasks of one day, but for their bill. */
export interface DayEvidence
  extends Pick<
    Evidence,
    'plan' | 'databaseZoneId' | 'allAccounts' | 'tasks' | 'layer' | 'ledger' | 'userNames' | 'priceRules' | 'tables'
  > {
  readonly traced: readonly TaskRow[]
}

/**
 * Reads the ledgers of the tasks' users as an audit of these users and that day would, one day after another: only so
 * are link mode, refunds of any time and rows without a task judged as the audit judges them.
 */
export async function readDays(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  allAccounts: readonly AccountRow[],
  tasks: readonly TaskRow[],
  context: CallContext & { readonly lang: Lang },
  prices: PriceReader,
): Promise<DayEvidence[]> {
  const { zone } = plan.window
  const byDate = new Map<CalendarDate, TaskRow[]>()
  for (const task of tasks) {
    const date = zone.dateOf(task.createdAt)
    byDate.set(date, [...(byDate.get(date) ?? []), task])
  }
  const days: DayEvidence[] = []
  for (const [date, own] of byDate) {
    const userIds = [...new Set(own.flatMap(({ userId, userUntold }) => (userUntold === true ? [] : userId)))]
    // A task that names no user is of none who could be asked for.
    const asked = own.every(({ userUntold }) => userUntold !== true) ? userIds : []
    const day = await readDay(planDays(plan, date, date, asked), snapshot, allAccounts, own, context)
    days.push({ ...day, priceRules: await prices(snapshot, userIds) })
  }
  return days
}

/** The plan of an audit of whole days of the zone, both included. */
export function planDays(
  plan: AuditPlan,
  first: CalendarDate,
  last: CalendarDate,
  userIds: readonly number[],
): AuditPlan {
  const { zone } = plan.window
  const window = { start: zone.startOfDate(first), end: zone.startOfDate(zone.addDays(last, 1)), zone }
  return planWindow(window, { ids: [], userIds, depth: 'requests' }, plan.asOf, plan.settings, plan.accountLimit)
}

async function readDay(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  allAccounts: readonly AccountRow[],
  traced: readonly TaskRow[],
  context: CallContext & { readonly lang: Lang },
): Promise<Omit<DayEvidence, 'priceRules'>> {
  const accountIds = new Set(allAccounts.map(({ accountId }) => accountId))
  const day = withoutHistory(plan)
  const [books, ledger] = await withSpoolFile(async (file) => {
    const read = await readBooks(day, snapshot, allAccounts, accountIds, openSpools(day, file), collecting(context))
    return [read, wholeLedger(read.ledger)] as const
  })
  const { lang } = context
  const tables = books.tables.map((table) => tableStatus(table, lang))
  const timed = withUnreadTimes(tables, books.unreadTimes ?? {}, lang)
  const byRow = new Map(traced.map((task) => [task.rowId, task]))
  const taskEntries = ledger.taskEntries.flatMap((ledger) => {
    const task = byRow.get(ledger.task.rowId)
    return task === undefined ? [] : [{ ...ledger, task }]
  })
  return {
    plan,
    databaseZoneId: snapshot.zone.id,
    allAccounts,
    ...tallied(plan, allAccounts, traced),
    ledger: ledgerInOnePiece({ ...ledger, taskEntries }),
    userNames: books.userNames,
    tables: withOwnerless(timed, ledger.ownerless?.counts ?? {}, lang),
    traced,
  }
}

function tallied(
  plan: AuditPlan,
  allAccounts: readonly AccountRow[],
  traced: readonly TaskRow[],
): Pick<Evidence, 'tasks' | 'layer'> {
  const audited = new Set(allAccounts.map(({ accountId }) => accountId))
  const tally = new TaskTally(plan, allAccounts, audited)
  const tasks = taskRecordsOf(traced)
  for (let task = 0; task < tasks.count; task++) tally.add(tasks, task)
  return { tasks: tally.close(), layer: layerOf(plan, allAccounts, audited, tasks) }
}

const NO_LEDGER: LedgerBook = {
  mode: null,
  chargedTasks: 0,
  linkedTasks: 0,
  users: new Map(),
  taskEntries: [],
  everyOrder: true,
  balances: null,
}

/** Evidence of a request that no task bears: its events are all there is. */
export const withoutTasks = (
  plan: AuditPlan,
  databaseZoneId: string,
  allAccounts: readonly AccountRow[],
): DayEvidence => ({
  plan,
  databaseZoneId,
  allAccounts,
  ...tallied(plan, allAccounts, []),
  ledger: ledgerInOnePiece(NO_LEDGER),
  userNames: new Map(),
  priceRules: known(NO_PRICES),
  tables: [],
  traced: [],
})

/** The whole evidence of a day: all traced tasks count for who claims a request, those of the day are judged. */
export const completeDay = (
  { traced: _, ...day }: DayEvidence,
  { bills, attribution, events, repeated, unanswered }: TraceBill,
  allTasks: readonly TaskRow[],
): Evidence => ({
  ...day,
  bills,
  attribution,
  requests: inOnePiece({
    tasks: allTasks,
    events,
    otherTasks: [],
    unanswered,
    gaps: new Map(),
    sharedSearched: true,
    repeated,
  }),
})

const STATUS_ORDER: readonly SourceStatus['status'][] = ['failed', 'partial', 'not-configured', 'complete']

/** One status for each source and account, the worst of all that were had. */
export function worstSources(sources: readonly SourceStatus[]): SourceStatus[] {
  const worst = new Map<string, SourceStatus>()
  for (const status of sources) {
    const key = `${status.source} ${status.accountId ?? ''}`
    const known = worst.get(key)
    const isWorse = known === undefined || STATUS_ORDER.indexOf(status.status) < STATUS_ORDER.indexOf(known.status)
    if (isWorse) worst.set(key, status)
  }
  return [...worst.values()]
}
