import { AuditError } from '../../errors.ts'
import type { LedgerSnapshot, UserTable } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import type { AuditPlan } from '../plan.ts'
import { type Reason, unknown } from '../rules/books.ts'
import { failedTable, type TableStatus } from '../table-status.ts'

/** The users table first: its ids are its key. The others are asked only about whom it does not have. */
const TABLES: readonly UserTable[] = ['users', 'points', 'cash', 'tasks']

type UserLookup = Pick<LedgerSnapshot, 'usersIn'>

/** Users who were asked for and of whom no table has a row: nothing is known of them, so nobody may call them fine. */
export interface UnknownUsers {
  readonly userIds: ReadonlySet<number>
  readonly reason: Reason
}

/**
 * Looks for the users of the filter in whole tables, whatever the window. Throws an input error where none of them is known:
 * then the filter is wrong. Where some are, the others are told with what was found of these.
 */
export async function unknownUsers(plan: AuditPlan, snapshot: UserLookup, signal: AbortSignal): Promise<UnknownUsers> {
  const { left, unread } = await nowhereFound(plan.userIds, snapshot, signal)
  if (left.size > 0 && left.size === plan.userIds.size && unread.length === 0) throw noSuchUsers([...left])
  const params = { unread: unread.map(({ source }) => source).join(', ') }
  return { userIds: left, reason: unknown('user-unknown', unread.length === 0 ? undefined : params).reason }
}

/** The user, where each table says that it has no row of them. */
export async function unknownUser(
  userId: number,
  snapshot: UserLookup,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { left, unread } = await nowhereFound(new Set([userId]), snapshot, signal)
  return left.has(userId) && unread.length === 0 ? userId : undefined
}

async function nowhereFound(userIds: ReadonlySet<number>, snapshot: UserLookup, signal: AbortSignal) {
  const left = new Set(userIds)
  const unread: TableStatus[] = []
  for (const table of TABLES) {
    if (left.size === 0) break
    try {
      for (const userId of await snapshot.usersIn(table, [...left])) left.delete(userId)
    } catch (cause) {
      unread.push(failedTable(table, cause, signal))
    }
  }
  return { left, unread }
}

function noSuchUsers(userIds: readonly number[]): AuditError {
  const more = userIds.length - LIMITS.evidenceIds
  const shown = `${userIds.slice(0, LIMITS.evidenceIds).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const accepted = 'ids of users who have a row in the tables of users, tasks, points or cash'
  return new AuditError('input', `user_ids: no row of any of these tables has ${shown}; give ${accepted}`, {
    field: 'user_ids',
    value: shown,
    accepted,
    next: 'tasks-by-user without user_ids lists the users with tasks of a window.',
  })
}
