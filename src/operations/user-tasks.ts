import type { z } from 'zod'
import type { SourceStatus } from '../../schemas/report.ts'
import type { input, output, UserTaskRow } from '../../schemas/tasks-by-user.ts'
import { accountFinder } from '../audit/bills/account-keys.ts'
import { type UnknownUsers, unknownUsers } from '../audit/ledgers/asked-users.ts'
import type { AuditPlan } from '../audit/plan.ts'
import { taskLayer } from '../audit/report/layers.ts'
import { failedTable, tableStatus } from '../audit/table-status.ts'
import { CellTally, isShown, type TaskCell, type TaskLayerSums } from '../audit/tasks/cell-tally.ts'
import { canonicalModel, endpointName } from '../audit/tasks/model-name.ts'
import { type TaskBook, TaskTally } from '../audit/tasks/task-book.ts'
import { withUnreadTimes } from '../audit/tasks/unread-times.ts'
import { tasksTeller } from '../audit/waiting.ts'
import type { AccountRow, LedgerSnapshot } from '../ledger/reader.ts'
import { collecting, readAccounts, withPlan } from '../operation.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { jsonPoints, sum } from '../units/exact.ts'
import { formatUsd, nanoUsd, parseUsd } from '../units/nano-usd.ts'
import { compareDown } from './cost-tally.ts'

type TasksInput = z.output<typeof input>
type TasksOutput = z.input<typeof output>

/** Models named with a user; modelCount has them all. */
const MODELS_SHOWN = 10

/**
 * Tasks of a window by account, user and model, and by user, from the task table alone. Throws where accounts or tasks
 * cannot be read; names of users may be missing, and then sources say so.
 */
export function tasksByUser(given: TasksInput, dependencies: Dependencies, context: CallContext): Promise<TasksOutput> {
  const { start, end, timezone, ids = [], user_ids: userIds = [], model, sort } = given
  const request = { start, end, timezone, ids, userIds, depth: 'summary' } as const
  return withPlan(request, dependencies, context, async (plan, snapshot) => {
    const { all, audited } = await readAccounts(plan, snapshot)
    const unknown = await unknownUsers(plan, snapshot, context.signal)
    const { book, layer, free } = await readTasks(plan, snapshot, all, audited, model, context)
    const names = await readNames(layer, snapshot, context.signal)
    const tables: SourceStatus[] = [
      { source: 'accounts', status: 'complete' },
      { source: 'tasks', status: 'complete' },
      names.source,
    ]
    const sources = withUnreadTimes(tables, snapshot.unreadTimes?.() ?? {}, 'en')
    const { rows, totals } = taskLayer(layer, book.outside, names.byId)
    const users = userRows(layer.cells, names.byId, free)
    const { zone } = plan.window
    const none = model === undefined ? NO_TASKS : NO_SUCH_MODEL
    return {
      window: { start: zone.format(plan.window.start), end: zone.format(plan.window.end), timezone: zone.id },
      asOf: zone.format(plan.asOf),
      complete: sources.every(({ status }) => status === 'complete'),
      users: users.sort(largestFirst(sort)),
      rows: rows.sort(largestFirst(sort)),
      totals,
      sources,
      ...unknownIds(unknown),
      next: isEmpty(totals) ? none : [...beyondLimitSteps(totals, ids), paidForIt(ids)].join('; '),
    }
  })
}

const paidForIt = (ids: readonly number[]): string =>
  `user-ledger with start, end and timezone of window, ${ids.length === 0 ? 'and' : 'the same ids (without them it is of all accounts), and'} the user_ids in question: what they paid for it`
const NO_TASKS =
  'see that start and end are the days in question (without them it is today): no task asked for lies in this window'
// The task table alone does not tell what a stored name is billed as.
const NO_SUCH_MODEL =
  "see that the model is right: no task here is stored under it. By fal's name a task is found where that is the stored one but for fal-ai/, or modelAliases has it; settings.learnedAliases of audit-reconcile tells which stored names fal bills as what. Without model the rows name every stored name"

/** What of a user's tasks no row has, though the ledgers and what users were charged have it. With ids that is what was asked for. */
const beyondLimitSteps = (
  { outsideAccounts: { taskCount } }: Pick<TasksOutput['totals'], 'outsideAccounts'>,
  ids: readonly number[],
): string[] =>
  taskCount === 0 || ids.length > 0
    ? []
    : [
        `say that ${taskCount} tasks are of accounts beyond AUDIT_ACCOUNT_LIMIT and in no row of tasks, totals.outsideAccounts alone, though user-ledger and billing-usage count them: ids of these accounts (fal-list-accounts) show them`,
      ]

const isEmpty = ({ taskCount, outsideAccounts }: TasksOutput['totals']): boolean =>
  taskCount === 0 && outsideAccounts.taskCount === 0

/** Said where there are any: a user of whom there is no row is another matter than one without tasks in the window. */
const unknownIds = ({ userIds }: UnknownUsers): Pick<TasksOutput, 'unknownUserIds'> =>
  userIds.size === 0 ? {} : { unknownUserIds: [...userIds].sort((a, b) => a - b) }

/** One pass over the window. `free` counts, by user, shown tasks that cost fal's price and charged nothing. */
async function readTasks(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  all: readonly AccountRow[],
  audited: readonly AccountRow[],
  model: string | undefined,
  context: CallContext,
): Promise<{ book: TaskBook; layer: TaskLayerSums; free: Map<number | null, number> }> {
  const auditedIds = new Set(audited.map(({ accountId }) => accountId))
  const tally = new TaskTally(plan, all, auditedIds)
  // Its rows come page by page, so all of them are kept.
  const cells = new CellTally(plan, all, auditedIds, Number.POSITIVE_INFINITY)
  const wanted = modelFilter(plan, model)
  const accountOf = accountFinder(all)
  const free = new Map<number | null, number>()
  let rows = 0
  const tell = await tasksTeller(collecting(context).progress, snapshot, plan.window)
  for await (const batch of snapshot.tasks(plan.window)) {
    for (let index = 0; index < batch.count; index++) {
      if (!wanted(batch.model(index))) continue
      tally.add(batch, index)
      cells.add(batch, index)
      if (
        batch.isChargeUntold(index) ||
        batch.charged(index) !== 0 ||
        batch.cost(index) <= 0 ||
        batch.isRefunded(index)
      )
        continue
      const task = batch.row(index)
      const userId = task.userUntold === true ? null : task.userId
      if (isShown(plan, auditedIds, accountOf(task.apiKey) ?? null)) free.set(userId, (free.get(userId) ?? 0) + 1)
    }
    rows += batch.count
    tell(rows)
  }
  return { book: tally.close(), layer: cells.close(), free }
}

/** Stored names that mean the wanted model, which is named as tasks store it, as rows tell it or as fal bills it; each decided once. */
function modelFilter({ settings }: AuditPlan, model: string | undefined): (stored: string) => boolean {
  if (model === undefined) return () => true
  const endpoint = endpointName(model)
  const wanted = new Set([endpoint, canonicalModel(model, settings.modelAliases)])
  const decided = new Map<string, boolean>()
  return (stored) => {
    const known = decided.get(stored)
    if (known !== undefined) return known
    const isNamed = endpointName(stored) === endpoint || wanted.has(canonicalModel(stored, settings.modelAliases))
    // Rows tell a long name cut, and several blanks as one.
    const same = isNamed || cleanText(stored) === model
    decided.set(stored, same)
    return same
  }
}

async function readNames(
  { cells }: TaskLayerSums,
  snapshot: LedgerSnapshot,
  signal: AbortSignal,
): Promise<{ byId: Map<number, string>; source: SourceStatus }> {
  try {
    const byId = await snapshot.userNames([...new Set(cells.flatMap(({ userId }) => userId ?? []))])
    return { byId, source: { source: 'users', status: 'complete' } }
  } catch (cause) {
    return { byId: new Map(), source: tableStatus(failedTable('users', cause, signal), 'en') }
  }
}

function userRows(
  cells: readonly TaskCell[],
  names: ReadonlyMap<number, string>,
  free: ReadonlyMap<number | null, number>,
): UserTaskRow[] {
  const byUser = new Map<number | null, TaskCell[]>()
  for (const cell of cells) {
    const own = byUser.get(cell.userId)
    if (own === undefined) byUser.set(cell.userId, [cell])
    else own.push(cell)
  }
  return [...byUser].map(([userId, own]) =>
    userRow(userId, own, userId === null ? undefined : names.get(userId), free.get(userId) ?? 0),
  )
}

function userRow(
  userId: number | null,
  cells: readonly TaskCell[],
  name: string | undefined,
  free: number,
): UserTaskRow {
  const count = (amountOf: (cell: TaskCell) => number): number =>
    cells.reduce((total, cell) => total + amountOf(cell), 0)
  const accounts = [...new Set(cells.flatMap(({ accountId }) => accountId ?? []))].sort((a, b) => a - b)
  const models = [...new Set(cells.map(({ model }) => model))].sort()
  const untold = { charges: count((cell) => cell.untoldCharges), costs: count((cell) => cell.untoldCosts) }
  const unknownKeyTasks = count((cell) => (cell.accountId === null ? cell.taskCount : 0))
  return {
    userId,
    ...(name !== undefined && { userName: cleanText(name) }),
    taskCount: count((cell) => cell.taskCount),
    chargedPoints: jsonPoints(sum(cells, (cell) => cell.chargedPoints)),
    costUsd: formatUsd(nanoUsd(sum(cells, (cell) => cell.costNanoUsd))),
    refundCount: count((cell) => cell.refundCount),
    refundedPoints: jsonPoints(sum(cells, (cell) => cell.refundedPoints)),
    ...(untold.charges > 0 && { untoldCharges: untold.charges }),
    ...(untold.costs > 0 && { untoldCosts: untold.costs }),
    freeTaskCount: free,
    accounts,
    ...(unknownKeyTasks > 0 && { unknownKeyTasks }),
    models: models.slice(0, MODELS_SHOWN).map((model) => cleanText(model)),
    modelCount: models.length,
  }
}

type Sortable = Pick<UserTaskRow, 'userId' | 'taskCount' | 'chargedPoints' | 'costUsd'> & {
  readonly accountId?: number | null
  readonly model?: string
}

/** Largest first; equal ones by user, account and model, so that pages never overlap. */
function largestFirst(sort: TasksInput['sort']): (a: Sortable, b: Sortable) => number {
  const by = {
    tasks: (a: Sortable, b: Sortable) => b.taskCount - a.taskCount,
    points: (a: Sortable, b: Sortable) => b.chargedPoints - a.chargedPoints,
    cost: (a: Sortable, b: Sortable) => compareDown(parseUsd(a.costUsd) ?? 0n, parseUsd(b.costUsd) ?? 0n),
  }[sort]
  return (a, b) =>
    by(a, b) ||
    (a.userId ?? Number.MAX_SAFE_INTEGER) - (b.userId ?? Number.MAX_SAFE_INTEGER) ||
    (a.accountId ?? Number.MAX_SAFE_INTEGER) - (b.accountId ?? Number.MAX_SAFE_INTEGER) ||
    ((a.model ?? '') < (b.model ?? '') ? -1 : 1)
}
