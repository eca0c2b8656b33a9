import type { SourceStatus } from '../../schemas/report.ts'
import type { TimedTable, UnreadTasks, UnreadTimes, UnreadTimesOf } from '../ledger/reader.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { Lang } from '../render/vocabulary.ts'
import { keyDigest, shortKeyId } from '../units/api-key.ts'
import { accountFinder } from './account-keys.ts'
import type { Evidence } from './evidence.ts'
import { canonicalModel } from './model-name.ts'
import { type Reason, unknown } from './rules/books.ts'
import type { UnplacedTasks } from './rules/unplaced-tasks.ts'

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
}: Pick<Evidence, 'plan' | 'allAccounts' | 'bills' | 'unreadTimes'>): UnplacedTasks | undefined {
  const reason = unreadTimeReason(unreadTimes, ['tasks'])
  if (reason === undefined) return undefined
  const { sorts, chargedByUser, requests } = addUp([unreadTimes.tasks, unreadTimes.undatedTasks])
  const accountOf = accountFinder(allAccounts)
  const audited = new Set(bills.accounts.map(({ account }) => account.accountId))
  return {
    reason,
    sorts:
      sorts?.map(({ apiKey, model, costNanoUsd, keptPoints }) => {
        const accountId = accountOf(apiKey) ?? null
        // With a filter by account no task of such a key is looked at.
        const isUnknownKey = accountId === null && apiKey !== '' && plan.ids.size === 0
        return {
          accountId,
          stored: model,
          model: canonicalModel(model, plan.settings.modelAliases),
          costNanoUsd,
          keptPoints,
          selected: plan.ids.size === 0 || accountId === null || audited.has(accountId),
          ...(isUnknownKey && { unknownKey: { keyId: shortKeyId(apiKey), identity: keyDigest(apiKey) } }),
        }
      }) ?? null,
    byRequest: requests !== null,
    // A filter by user leaves no others.
    chargedByUser:
      chargedByUser === null || plan.userIds.size === 0
        ? chargedByUser
        : new Map([...chargedByUser].filter(([userId]) => plan.userIds.has(userId))),
  }
}

/** What all of them may add; null: too much to tell. */
function addUp(all: readonly (UnreadTimesOf | undefined)[]): UnreadTasks {
  let sorts: UnreadTasks['sorts'] = []
  let charged: Map<number, bigint | null> | null = new Map()
  let requests: UnreadTasks['requests'] = new Map()
  for (const each of all) {
    if (each === undefined) continue
    const { sorts: own = null, chargedByUser = null, requests: theirs = null } = each.tasks ?? {}
    requests = requests === null || theirs === null ? null : new Map([...requests, ...theirs])
    sorts = sorts === null || own === null ? null : [...sorts, ...own]
    if (chargedByUser === null) charged = null
    for (const [userId, amount] of chargedByUser ?? []) {
      const before: bigint | null = charged?.has(userId) === true ? (charged.get(userId) ?? null) : 0n
      charged?.set(userId, before === null || amount === null ? null : before + amount)
    }
  }
  return { sorts, chargedByUser: charged, requests }
}

/** The request ids that such tasks bear, as they are stored, by row id; empty where there are none, or too many to tell. */
export const unplacedRequests = ({ tasks, undatedTasks }: UnreadTimes): ReadonlyMap<number, string> =>
  addUp([tasks, undatedTasks]).requests ?? new Map()

/** How completely tables were read: in part, where rows of one could not be placed in time. Of tasks without any time it is said. */
export const withUnreadTimes = (tables: readonly SourceStatus[], unread: UnreadTimes, lang: Lang): SourceStatus[] =>
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
    return { ...table, status: rows === undefined ? status : 'partial', reason: said.join('; ') }
  })
