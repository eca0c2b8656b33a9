import type { SourceStatus } from '../../schemas/report.ts'
import type { TimedTable, UnreadTimes } from '../ledger/reader.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { Lang } from '../render/vocabulary.ts'
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
  for (const table of tables) {
    const each = unread[table]
    if (each === undefined) continue
    const { rows, firstRowId, userIds } = each
    if (userId !== undefined && userIds !== null && !userIds.includes(userId)) continue
    return unknown('times-unread', { table, rows, firstRowId }).reason
  }
  return undefined
}

/** Tasks whose time cannot be read, as the rules see them; undefined where there are none. A key of no account may be of any. */
export function unplacedTasks({
  plan,
  allAccounts,
  bills,
  unreadTimes = {},
}: Pick<Evidence, 'plan' | 'allAccounts' | 'bills' | 'unreadTimes'>): UnplacedTasks | undefined {
  const reason = unreadTimeReason(unreadTimes, ['tasks'])
  if (reason === undefined) return undefined
  const { sorts = null, chargedByUser = null } = unreadTimes.tasks?.tasks ?? {}
  const accountOf = accountFinder(allAccounts)
  const audited = new Set(bills.accounts.map(({ account }) => account.accountId))
  return {
    reason,
    sorts:
      sorts?.map(({ apiKey, model, costNanoUsd, keptPoints }) => {
        const accountId = accountOf(apiKey) ?? null
        return {
          accountId,
          stored: model,
          model: canonicalModel(model, plan.settings.modelAliases),
          costNanoUsd,
          keptPoints,
          selected: plan.ids.size === 0 || accountId === null || audited.has(accountId),
        }
      }) ?? null,
    // A filter by user leaves no others.
    chargedByUser:
      chargedByUser === null || plan.userIds.size === 0
        ? chargedByUser
        : new Map([...chargedByUser].filter(([userId]) => plan.userIds.has(userId))),
  }
}

/** How completely tables were read: in part, where rows of one could not be placed in time. */
export const withUnreadTimes = (tables: readonly SourceStatus[], unread: UnreadTimes, lang: Lang): SourceStatus[] =>
  tables.map((table) => {
    const { source, status, reason } = table
    const rows = source === 'tasks' || source === 'points' || source === 'cash' ? unread[source] : undefined
    if (rows === undefined || status === 'failed') return table
    const said = notEvaluatedText('times-unread', { rows: rows.rows, firstRowId: rows.firstRowId }, lang)
    return { ...table, status: 'partial', reason: reason === undefined ? said : `${reason}; ${said}` }
  })
