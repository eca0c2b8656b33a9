import type { SourceStatus } from '../../../schemas/report.ts'
import type { TimedTable, UnreadTasks, UnreadTasksOf, UnreadTimes, UnreadTimesOf } from '../../ledger/reader.ts'
import { notEvaluatedText } from '../../render/messages.ts'
import type { Lang } from '../../render/vocabulary.ts'
import { keyDigest, shortKeyId } from '../../units/api-key.ts'
import { accountFinder, keyForm } from '../bills/account-keys.ts'
import type { Evidence } from '../evidence.ts'
import type { AuditPlan } from '../plan.ts'
import { type Reason, unknown } from '../rules/books.ts'
import type { UnplacedSort, UnplacedTasks } from '../rules/unplaced-tasks.ts'
import { joinTasks, tasksUntold, type UntoldBook, type UntoldTasks } from '../rules/untold-tasks.ts'
import { canonicalModel } from './model-name.ts'
import { mayBeOld, wouldCross } from './task-standing.ts'

/** Why something is not known that such a row of a table, or of one of a user, may speak to; undefined where each row has a time. */
export function unreadTimeReason(
  unread: UnreadTimes,
  tables: readonly TimedTable[],
  userId?: number,
): Reason | undefined {
  const concerned = <Rows extends UnreadTimesOf>(rows: Rows | undefined): Rows | undefined =>
    userId === undefined || rows?.userIds?.includes(userId) !== false ? rows : undefined
  for (const table of tables) {
    const each = concerned(unread[table])
    const undated = table === 'tasks' ? concerned(unread.undatedTasks) : undefined
    if (each !== undefined) {
      const { rows, firstRowId } = each
      return unknown('times-unread', { table, rows, firstRowId, ...(undated && { undated: undated.rows }) }).reason
    }
    if (undated !== undefined) return undatedReason(undated)
  }
  return undefined
}

const undatedReason = ({ rows, firstRowId, fromRowId }: NonNullable<UnreadTimes['undatedTasks']>): Reason =>
  unknown('times-none', { rows, firstRowId, ...(fromRowId !== undefined && { fromRowId }) }).reason

/**
 * Tasks that have no time, or one that cannot be read, as the rules see them; undefined where there are none. A key of no account
 * may be of any.
 */
export function unplacedTasks({
  plan,
  allAccounts,
  bills,
  unreadTimes = {},
  requests: source,
}: Pick<Evidence, 'plan' | 'allAccounts' | 'bills' | 'unreadTimes' | 'requests'>): UnplacedTasks | undefined {
  const reason = unreadTimeReason(unreadTimes, ['tasks'])
  if (reason === undefined) return undefined
  const { sorts, owners, each } = addUp([unreadTimes.tasks, unreadTimes.undatedTasks])
  const accountOf = accountFinder(allAccounts)
  const audited = new Set(bills.accounts.map(({ account }) => account.accountId))
  const isSelected = (accountId: number | undefined): boolean =>
    plan.ids.size === 0 || (accountId !== undefined && audited.has(accountId))
  // A filter by user leaves no others, but those that may be of one of them.
  const left = owners?.filter(
    ({ apiKey, userId }) =>
      isSelected(accountOf(apiKey)) && (plan.userIds.size === 0 || userId === null || plan.userIds.has(userId)),
  )
  /** Whether such a task with the key is one of the tasks that are looked at for keys: with a filter, of a user who is named. */
  const isLookedAt = (apiKey: string): boolean =>
    plan.userIds.size === 0 || left?.some((owner) => owner.apiKey === apiKey && owner.userId !== null) !== false
  return {
    reason,
    sorts: sorts?.map((sort) => unplacedSort(sort, accountOf(sort.apiKey), plan, isSelected, isLookedAt)) ?? null,
    owners: left ?? null,
    byRequest: each !== null && (source?.gaps.size ?? 0) === 0,
  }
}

function unplacedSort(
  sort: UnreadTasksOf,
  accountId: number | undefined,
  plan: AuditPlan,
  isSelected: (accountId: number | undefined) => boolean,
  isLookedAt: (apiKey: string) => boolean,
): UnplacedSort {
  const { apiKey, model, status, costNanoUsd, toldNanoUsd, untold, keptPoints, refundedPoints, worth } = sort
  const ended = { status, completedAt: sort.endedSince, ...(sort.endUntold && { endUntold: true }) }
  const isOld = mayBeOld(ended, plan)
  // With a filter by account no task of such a key is looked at.
  const isUnknownKey = accountId === undefined && apiKey !== '' && plan.ids.size === 0 && isLookedAt(apiKey)
  return {
    accountId: accountId ?? null,
    ...(keyForm(apiKey) === '' && { keyless: true as const }),
    stored: model,
    model: canonicalModel(model, plan.settings.modelAliases),
    toldNanoUsd,
    untold,
    // Of a task that failed or still runs and tells no cost none is recorded as a rule.
    recordedNanoUsd: status === 'success' ? costNanoUsd : toldNanoUsd,
    isYoung: !isOld,
    keptPoints,
    refundedPoints,
    due: status === 'success' && isOld ? worth : 0,
    crosses: wouldCross(ended, plan),
    selected: isSelected(accountId),
    ...(isUnknownKey && { unknownKey: { keyId: shortKeyId(apiKey), identity: keyDigest(keyForm(apiKey)) } }),
  }
}

/** What all of them may add; null: too much to tell. */
function addUp(all: readonly (UnreadTimesOf | undefined)[]): UnreadTasks {
  let sorts: UnreadTasks['sorts'] = []
  let owners: UnreadTasks['owners'] = []
  let each: UnreadTasks['each'] = []
  for (const rows of all) {
    if (rows === undefined) continue
    const { sorts: own = null, owners: whose = null, each: theirs = null } = rows.tasks ?? {}
    each = each === null || theirs === null ? null : [...each, ...theirs]
    sorts = sorts === null || own === null ? null : [...sorts, ...own]
    owners = owners === null || whose === null ? null : [...owners, ...whose]
  }
  return { sorts, owners, each }
}

/** The request ids that such tasks bear, as they are stored, by row id; empty where there are none, or too many to tell. */
export const unplacedRequests = (unread: UnreadTimes): ReadonlyMap<number, string> =>
  new Map(eachUnplaced(unread)?.map(({ rowId, requestId }) => [rowId, requestId]))

/** Such tasks one by one; null: they are too many to tell. */
export const eachUnplaced = ({ tasks, undatedTasks }: UnreadTimes): UnreadTasks['each'] =>
  addUp([tasks, undatedTasks]).each

/**
 * How completely tables were read: in part, where rows of one could not be placed in time. Of tasks without any time it is said, and so
 * it is of rows that do not matter.
 */
export const withUnreadTimes = (
  tables: readonly SourceStatus[],
  unread: UnreadTimes,
  lang: Lang,
  matters: (table: TimedTable, rows: UnreadTimesOf) => boolean = () => true,
): SourceStatus[] =>
  tables.map((table) => {
    const { source, status, reason } = table
    const rows = source === 'tasks' || source === 'points' || source === 'cash' ? unread[source] : undefined
    const undated = source === 'tasks' ? unread.undatedTasks : undefined
    if ((rows === undefined && undated === undefined) || status === 'failed') return table
    const said = [
      ...(reason === undefined ? [] : [reason]),
      ...(rows === undefined
        ? []
        : [notEvaluatedText('times-unread', { rows: rows.rows, firstRowId: rows.firstRowId }, lang)]),
      ...(undated === undefined ? [] : [notEvaluatedText('times-none', undatedReason(undated).params ?? {}, lang)]),
    ]
    const isPartial = rows !== undefined && matters(source as TimedTable, rows)
    return { ...table, status: isPartial ? 'partial' : status, reason: said.join('; ') }
  })

/** Whether such a row may be one of these users: it is, or it is not told whose it is. */
export const mayBeOfUsers = ({ userIds }: Pick<UnreadTimesOf, 'userIds'>, users: ReadonlySet<number>): boolean =>
  userIds === null || userIds.some((userId) => users.has(userId))

/**
 * The task table is one that was read in part, too, where ends of tasks that are not told leave something open: of these, or of any.
 * Of `waiting`, of which a bill may still come for that alone, it is said where they leave no rule open.
 */
export function withUntoldEnds(
  tables: readonly SourceStatus[],
  { ends }: UntoldBook,
  reasons: readonly Reason[],
  lang: Lang,
  { told, waiting }: { readonly told?: UntoldTasks | undefined; readonly waiting?: UntoldTasks | undefined } = {},
): SourceStatus[] {
  const isOpen = reasons.some(({ code }) => code === 'end-untold')
  const tasks = isOpen ? (told ?? joinTasks([...(ends?.values() ?? [])])) : waiting
  if (tasks === undefined || tasks.count === 0) return [...tables]
  const { params = {} } = tasksUntold('end-untold', tasks)
  const said = notEvaluatedText('end-untold', params, lang)
  return tables.map((table) => {
    const { source, status, reason } = table
    if (source !== 'tasks' || status === 'failed') return table
    return { ...table, status: isOpen ? 'partial' : status, reason: reason === undefined ? said : `${reason}; ${said}` }
  })
}
