import type { z } from 'zod'
import type { SourceStatus } from '../../schemas/report.ts'
import type { input, traceRole } from '../../schemas/task-trace.ts'
import { failedTable, tableStatus } from '../audit/table-status.ts'
import { TaskNames } from '../audit/tasks/task-names.ts'
import { AuditError, shortened } from '../errors.ts'
import type { LedgerEntry, LedgerSnapshot, TaskRow } from '../ledger/reader.ts'
import { isTooLarge, leftOut } from './ledger-rows.ts'

export type TraceKind = z.output<typeof input>['kind']
export type TraceRole = z.output<typeof traceRole>

/** Tasks that an id may name, and tasks that share their request ids, before the rest are only counted. */
const NAMED_MAX = 10
const TASKS_MAX = 20
/** Ledger rows of one id; a placeholder for no order may stand on any number of them. */
const ENTRIES_MAX = 500

/** What the task table holds of one id. */
export interface TaskSearch {
  /** As given, without blanks around it. */
  readonly id: string
  /** The id as fal knows requests: out of an URL or endpoint#id; '' where it can be none. */
  readonly bareId: string
  readonly kind: TraceKind
  readonly named: readonly TaskRow[]
  readonly moreTasks: number
  /** The named tasks, then those that share a request id with one of them; each once. */
  readonly tasks: readonly TaskRow[]
  /** Besides them all others that bear their request ids, shown or not: only of all is it told which one claims a request. */
  readonly bearing: readonly TaskRow[]
  /** Whether an order may be meant; and how often the id is that of a task, and a request id. */
  readonly mayBeOrder: boolean
  readonly asTask: number
  readonly asRequest: number
}

/** What the operator's tables hold of one id. */
export interface TraceSearch extends TaskSearch {
  /** Rows of both ledgers, of any time and any user, that bear an id of the tasks or the id itself. */
  readonly entries: readonly LedgerEntry[]
  readonly roles: ReadonlyMap<TraceRole, number>
  readonly sources: readonly SourceStatus[]
}

/** Looks an id up in the whole task table. Throws where that cannot be read. */
export async function searchTasks(given: string, kind: TraceKind, snapshot: LedgerSnapshot): Promise<TaskSearch> {
  const id = given.trim()
  const bareId = snapshot.bareRequestId(id)
  const byTask = kind === 'request' ? [] : await snapshot.tasksByTaskIds([id])
  const byRequest = kind === 'task' ? [] : await snapshot.tasksByRequestIds([id])
  const all = distinct([...byTask, ...byRequest])
  const found = all.slice(0, NAMED_MAX)
  const requestIds = [...new Set(found.map(({ requestId }) => requestId).filter((requestId) => requestId !== ''))]
  const known = kind !== 'task' && requestIds.every((requestId) => requestId === bareId)
  const sharing = known ? [] : await snapshot.tasksByRequestIds(requestIds)
  const named = new Set(all.map(({ rowId }) => rowId))
  const others = distinct(sharing).filter(({ rowId }) => !named.has(rowId))
  const tasks = [...found, ...others].slice(0, TASKS_MAX)
  return {
    ...{ id, bareId, kind, tasks },
    named: found,
    moreTasks: all.length + others.length - tasks.length,
    bearing: distinct([...all, ...others]),
    mayBeOrder: kind === 'auto' || kind === 'order',
    asTask: kind === 'order' ? 0 : byTask.length,
    asRequest: kind === 'order' ? 0 : byRequest.length,
  }
}

/**
 * Looks the id and those of its tasks up in both ledgers. After the days of the tasks were read: by then it is known whether rows
 * name requests in another form than the bare one.
 */
export async function searchLedgers(
  search: TaskSearch,
  snapshot: LedgerSnapshot,
  signal: AbortSignal,
): Promise<TraceSearch> {
  const { id, bareId, tasks, mayBeOrder, asTask, asRequest } = search
  // Of an id that is a task's own alone there is no other form: topup/17 is no order of the task 17.
  const askedRequest = asTask > 0 && asRequest === 0 ? '' : bareId
  const asked = new TaskNames(mayBeOrder ? [{ taskId: id, requestId: askedRequest }] : [])
  const named = new TaskNames(tasks)
  const isMeant = (orderId: string): boolean => asked.has(orderId) || named.has(orderId)
  const ids = tasks.flatMap(({ taskId, requestId }) => [taskId, requestId])
  const orderIds = new Set(mayBeOrder ? [id, bareId, ...ids] : ids)
  orderIds.delete('')
  const { entries, sources } = await readEntries([...orderIds], isMeant, snapshot, signal)
  const roles: [TraceRole, number][] = [
    ['task', asTask],
    ['request', asRequest],
    ['order', entries.filter(({ orderId }) => asked.has(orderId)).length],
  ]
  return {
    ...search,
    entries,
    roles: new Map(roles.filter(([, rows]) => rows > 0)),
    sources: [{ source: 'tasks', status: 'complete' }, ...sources],
  }
}

const distinct = (tasks: readonly TaskRow[]): TaskRow[] => [
  ...new Map([...tasks].sort((a, b) => a.rowId - b.rowId).map((task) => [task.rowId, task])).values(),
]

async function readEntries(
  orderIds: readonly string[],
  isMeant: (orderId: string) => boolean,
  snapshot: LedgerSnapshot,
  signal: AbortSignal,
): Promise<{ entries: LedgerEntry[]; sources: SourceStatus[] }> {
  const entries: LedgerEntry[] = []
  const sources: SourceStatus[] = []
  const readers = { points: snapshot.pointsByOrderIds, cash: snapshot.cashByOrderIds }
  for (const source of ['points', 'cash'] as const) {
    try {
      const found = (await readers[source](orderIds)).filter(({ orderId }) => isMeant(orderId))
      const rows = found.filter((entry) => !isTooLarge(entry))
      entries.push(...rows.slice(0, ENTRIES_MAX))
      const cut = rows.length > ENTRIES_MAX
      const large = found.find(isTooLarge)
      if (large !== undefined && !cut) {
        sources.push(leftOut(large))
        continue
      }
      const reason = `only the first ${ENTRIES_MAX} of ${rows.length} rows are listed`
      sources.push(cut ? { source, status: 'partial', reason } : { source, status: 'complete' })
    } catch (cause) {
      sources.push(tableStatus(failedTable(source, cause, signal), 'en'))
    }
  }
  return { entries, sources }
}

const SEARCHED: Readonly<Record<TraceKind, string>> = {
  auto: 'task ids and request ids of the whole task table, order ids of both ledgers, and billing events of fal',
  task: 'task ids of the whole task table',
  request: 'request ids of the whole task table, and billing events of fal',
  order: 'order ids of both ledgers',
}

/** What is asked instead of an id that no row holds as it is told: text of the database is told without what nobody sees. */
const AS_TOLD =
  '; as answers tell it, it may lack invisible characters or blanks that the stored one has: then give the request id of its task, or read its days with user-ledger, user_ids and entries true'

/** How far fal was asked: so many days back, and of how many accounts of the table not. */
interface Reach {
  readonly days: number
  readonly unaskedAccounts: number
}

/** The error for an id that is nowhere: what was searched, what could not be, and what to do. */
export function notFound(
  { id, kind }: TraceSearch,
  sources: readonly SourceStatus[],
  { days, unaskedAccounts }: Reach,
): AuditError {
  const unread = sources.filter(({ status }) => status !== 'complete')
  const names = unread.map(({ source, accountId }) =>
    accountId === undefined ? source : `${source} of account ${accountId}`,
  )
  const said =
    unread.length === 0
      ? ''
      : `; not read: ${names.slice(0, NAMED_MAX).join(', ')}${names.length > NAMED_MAX ? ' and more' : ''}`
  const isOfBills = kind === 'auto' || kind === 'request'
  const since = isOfBills ? ` (of the last ${days} days, in the workspaces of the audited accounts)` : ''
  const unasked =
    isOfBills && unaskedAccounts > 0
      ? ` Of accounts beyond the limit (AUDIT_ACCOUNT_LIMIT) ${unaskedAccounts} were not asked: name the one that it may be billed to in ids.`
      : ''
  const shown = shortened(id, 80)
  const other =
    kind === 'auto' ? 'copy it whole from a finding, a task or a ledger row' : 'leave out kind to search everywhere'
  return new AuditError('input', `id: "${shown}" was not found. Searched: ${SEARCHED[kind]}${since}${said}`, {
    field: 'id',
    value: shown,
    accepted: 'a task id, a fal request id (bare, as an URL or as endpoint#id), or the order id of a ledger row',
    next: `Check the id: ${other}${kind === 'request' ? '' : AS_TOLD}${unread.length === 0 ? '' : '; see fal-list-accounts for what could not be read'}.${unasked}`,
  })
}
