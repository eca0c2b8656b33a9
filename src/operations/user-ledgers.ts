import type { z } from 'zod'
import type { LedgerRow } from '../../schemas/report.ts'
import type { input, output, UserLedgerRow } from '../../schemas/user-ledger.ts'
import { type OperatorBooks, openSpools, readBooks } from '../audit/collect.ts'
import { type UnknownUsers, unknownUsers } from '../audit/ledgers/asked-users.ts'
import type { LedgerBook } from '../audit/ledgers/ledger-book.ts'
import { wholeLedger } from '../audit/ledgers/ledger-source.ts'
import { linkedShare } from '../audit/ledgers/link-mode.ts'
import { withOwnerless } from '../audit/ledgers/ownerless-rows.ts'
import { withTooLarge, withUnknownKinds } from '../audit/ledgers/unknown-kinds.ts'
import { userBook } from '../audit/ledgers/user-book.ts'
import { type AuditPlan, withoutHistory } from '../audit/plan.ts'
import { ledgerLayer } from '../audit/report/layers.ts'
import { judgePayment } from '../audit/rules/a4-paid-not-charged.ts'
import type { Reason, UserBook } from '../audit/rules/books.ts'
import { foreignReason } from '../audit/rules/foreign-orders.ts'
import { failedTable, type TableStatus, tableStatus } from '../audit/table-status.ts'
import { unreadTimeReason, withUnreadTimes } from '../audit/tasks/unread-times.ts'
import { newUserTally } from '../audit/tasks/user-tallies.ts'
import { AuditError } from '../errors.ts'
import type { LedgerSnapshot } from '../ledger/reader.ts'
import { collecting, readAccounts, withPlan, withSpoolFile } from '../operation.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { readLedgerRows } from './ledger-rows.ts'

type LedgerInput = z.output<typeof input>
type LedgerOutput = z.input<typeof output>

/** Users whose ledger rows may be listed in one call. */
const ENTRY_USERS_MAX = 20
const NO_TASKS =
  'no fal task of this user lies in the window, so what was consumed has nothing to be compared with; it may be other products'

// Of rows that name their task; otherwise every row of the window counts.
const NOT_ADDING_UP =
  'entries are all rows of the window, whatever they are for; what rows call consumed and refunded was taken and given back for the tasks of the window, whenever it was: the two need not add up'

const SAY_UNREAD = 'say first what was not verified (sources, and the reason of a row)'
const NO_TASKS_AT_ALL =
  'see that start and end are the days in question (without them it is today): no fal task asked for lies in this window'
const LOOK_AT_ROWS =
  'user-ledger with entries true and start, end and timezone of window, and the userId of a difference in user_ids: its ledger rows, and the orderId of one as id of task-trace, with the same timezone: what its task charged'
const LOOK_AT_TASK =
  'task-trace with the orderId of an entry as id and the timezone of window: its task, and its other rows of any time'
const LOOK_AT_REFUNDS =
  'audit-reconcile, with user_id as filter and start, end and timezone of window: a charge or refund of a single task that is wrong need not show as a difference here (B6 to B10)'

const BY_EDGE = 'tasks and rows at an edge of the window explain the difference: it is one of timing, and no break'

/**
 * What users paid against what their fal tasks charged, by user, and on request the ledger rows themselves. Users asked for
 * by id are listed with or without tasks. A ledger that cannot be read leaves its figures null and is named in sources.
 */
export function userLedgers(
  given: LedgerInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<LedgerOutput> {
  const { start, end, timezone, ids = [], user_ids: userIds = [], entries } = given
  if (entries && (userIds.length === 0 || userIds.length > ENTRY_USERS_MAX)) {
    const problem = userIds.length === 0 ? 'is missing' : `has ${userIds.length} ids, too many`
    const accepted = `1 to ${ENTRY_USERS_MAX} user ids where entries is true`
    throw new AuditError('input', `user_ids: ${problem}; give ${accepted}`, { field: 'user_ids', accepted })
  }
  // Rows for tasks of others are looked for where single rows are, which for all users would be much for a small answer.
  const depth = userIds.length > 0 ? 'requests' : 'summary'
  const request = { start, end, timezone, ids, userIds, depth } as const
  return withPlan(request, dependencies, context, async (plan, snapshot) => {
    const { all, audited } = await readAccounts(plan, snapshot)
    const unknown = await unknownUsers(plan, snapshot, context.signal)
    const auditedIds = new Set(audited.map(({ accountId }) => accountId))
    const window = withoutHistory(plan)
    const read = await withSpoolFile(async (file) => {
      const each = await readBooks(window, snapshot, all, auditedIds, openSpools(window, file), collecting(context))
      return { ...each, ledger: wholeLedger(each.ledger) }
    })
    const books = await withTasklessUsers(plan, snapshot, read, context.signal)
    const rows = rowsOf(books, unknown)
    const tables: TableStatus[] = [...books.tables]
    const listed = entries ? await readLedgerRows(plan, snapshot, tables, context) : undefined
    const worded = tables.map((table) => tableStatus(table, 'en'))
    const timed = withUnreadTimes(worded, snapshot.unreadTimes?.() ?? {}, 'en')
    const placed = withOwnerless(timed, books.ledger.ownerless?.counts ?? {}, 'en')
    const open = [...books.ledger.users.values()].flatMap(({ payment }) => (payment.known ? [] : [payment.reason]))
    const named = withUnknownKinds(placed, snapshot.unknownKinds?.() ?? {}, open, 'en')
    const sources = withTooLarge(named, open, 'en')
    const { zone } = plan.window
    const timings = rows.filter(({ timing }) => timing === true).length
    const complete = sources.every(({ status }) => status === 'complete')
    const count = (wanted: LedgerRow['status']): number => rows.filter(({ status }) => status === wanted).length
    const unverified = count('UNVERIFIED')
    return {
      window: { start: zone.format(plan.window.start), end: zone.format(plan.window.end), timezone: zone.id },
      asOf: zone.format(plan.asOf),
      complete,
      ledgerLink: books.ledger.mode,
      ledgerLinkedRatio: linkedShare(books.ledger, plan.settings),
      summary: {
        ...{ ok: count('OK'), diff: count('DIFF'), unverified },
        ...(timings > 0 && { timing: timings }),
      },
      rows: rows.sort(tellingFirst),
      ...(listed !== undefined && { entries: listed, ...(books.ledger.mode === 'order' && { note: NOT_ADDING_UP }) }),
      sources,
      next: [...(complete && unverified === 0 ? [] : [SAY_UNREAD]), nextOf(rows, listed)].join('; '),
    }
  })
}

type ClosedBooks = Omit<OperatorBooks, 'ledger'> & { readonly ledger: LedgerBook }

/** Adds the users who were asked for and have no task of the window, with their names. */
async function withTasklessUsers(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  books: ClosedBooks,
  signal: AbortSignal,
): Promise<ClosedBooks> {
  const known = new Set(books.tasks.users.map(({ userId }) => userId))
  const missing = [...plan.userIds].filter((userId) => !known.has(userId))
  if (missing.length === 0) return books
  const users = [...books.tasks.users, ...missing.map((userId) => newUserTally(userId))].sort(
    (a, b) => a.userId - b.userId,
  )
  const tasks = { ...books.tasks, users }
  if (books.tables.some(({ source, status }) => source === 'users' && status !== 'complete')) return { ...books, tasks }
  try {
    const names = await snapshot.userNames(missing)
    return { ...books, tasks, userNames: new Map([...books.userNames, ...names]) }
  } catch (cause) {
    const others = books.tables.filter(({ source }) => source !== 'users')
    return { ...books, tasks, tables: [...others, failedTable('users', cause, signal)] }
  }
}

function rowsOf(books: ClosedBooks, unknown: UnknownUsers): UserLedgerRow[] {
  const users = books.tasks.users.map((user) => userBook(user, books))
  const foreign = new Map(books.ledger.foreign?.users.map((orders) => [orders.userId, foreignReason(orders)]))
  return ledgerLayer(books, users).rows.flatMap((row, index) => {
    const user = users[index]
    return user === undefined ? [] : [withForeign(withReason(row, user, books, unknown), foreign.get(user.userId))]
  })
}

/** What a user's rows took for tasks of others is no part of the difference: it is said beside it. */
function withForeign(row: UserLedgerRow, foreign: Reason | undefined): UserLedgerRow {
  if (foreign === undefined) return row
  const text = notEvaluatedText(foreign.code, foreign.params ?? {}, 'en')
  return { ...row, reason: row.reason === undefined ? text : `${row.reason}; ${text}` }
}

/** The row of the report, with the number of tasks and the reason where it is not verified. */
function withReason(
  row: LedgerRow,
  user: UserBook,
  { ledger: { mode }, unreadTimes = {} }: ClosedBooks,
  unknown: UnknownUsers,
): UserLedgerRow {
  const { taskCount, payment } = user
  if (unknown.userIds.has(user.userId)) {
    const { code, params = {} } = unknown.reason
    const reason = notEvaluatedText(code, params, 'en')
    return { ...row, taskCount, differencePoints: null, status: 'UNVERIFIED', reason }
  }
  if (taskCount === 0 && mode === 'order' && row.status === 'DIFF') {
    const { timing: _, ...untimed } = row
    return { ...untimed, taskCount, differencePoints: null, status: 'UNVERIFIED', reason: NO_TASKS }
  }
  // What was paid may have been for a task of which nobody can tell whether it is of the window.
  const unplaced = unreadTimeReason(unreadTimes, ['tasks'], user.userId)
  if (taskCount === 0 && row.status === 'DIFF' && unplaced !== undefined) {
    const { timing: _, ...untimed } = row
    const reason = notEvaluatedText(unplaced.code, unplaced.params ?? {}, 'en')
    return { ...untimed, taskCount, differencePoints: null, status: 'UNVERIFIED', reason }
  }
  const verdict = judgePayment(payment)
  const open = verdict.known ? (payment.known ? payment.value.bound?.reason : undefined) : verdict.reason
  if (row.timing === true) return { ...row, taskCount, reason: BY_EDGE }
  if (open === undefined) return { ...row, taskCount }
  return { ...row, taskCount, reason: notEvaluatedText(open.code, open.params ?? {}, 'en') }
}

/** A row that is OK says that sums agree, and of a window without tasks not even that. */
function nextOf(rows: readonly UserLedgerRow[], listed: LedgerOutput['entries']): string {
  if (rows.every(({ taskCount }) => taskCount === 0)) return NO_TASKS_AT_ALL
  if (listed?.some(({ orderId }) => orderId !== undefined) === true) return LOOK_AT_TASK
  return listed === undefined && rows.some(({ status }) => status === 'DIFF') ? LOOK_AT_ROWS : LOOK_AT_REFUNDS
}

const STATUS_ORDER: readonly LedgerRow['status'][] = ['DIFF', 'UNVERIFIED', 'OK']

/** Differences first, the largest of them at the top, then what could not be verified, and what something is to be said of. */
const tellingFirst = (a: UserLedgerRow, b: UserLedgerRow): number =>
  STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status) ||
  (a.status === 'OK' ? Number(b.reason !== undefined) - Number(a.reason !== undefined) : 0) ||
  Math.abs(b.differencePoints ?? 0) - Math.abs(a.differencePoints ?? 0) ||
  a.userId - b.userId
