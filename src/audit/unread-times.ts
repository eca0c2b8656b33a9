import type { SourceStatus } from '../../schemas/report.ts'
import type { TimedTable, UnreadTimes } from '../ledger/reader.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { Lang } from '../render/vocabulary.ts'
import { type Reason, unknown } from './rules/books.ts'

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

/** How completely tables were read: in part, where rows of one could not be placed in time. */
export const withUnreadTimes = (tables: readonly SourceStatus[], unread: UnreadTimes, lang: Lang): SourceStatus[] =>
  tables.map((table) => {
    const { source, status, reason } = table
    const rows = source === 'tasks' || source === 'points' || source === 'cash' ? unread[source] : undefined
    if (rows === undefined || status === 'failed') return table
    const said = notEvaluatedText('times-unread', { rows: rows.rows, firstRowId: rows.firstRowId }, lang)
    return { ...table, status: 'partial', reason: reason === undefined ? said : `${reason}; ${said}` }
  })
