import { within } from '../../units/instant.ts'
import { openZone } from '../../units/zone.ts'
import { accountFinder } from '../bills/account-keys.ts'
import type { Evidence } from '../evidence.ts'
import { type Reason, unknown } from '../rules/books.ts'
import type { RequestBook } from '../rules/facts.ts'
import { userOf } from '../rules/task-subject.ts'
import { isShown } from '../tasks/cell-tally.ts'
import { unplacedRequests } from '../tasks/unread-times.ts'
import { delayTeller } from './delays.ts'
import { undividedOf } from './orphans.ts'
import { type Placement, placeRequests } from './period-bill.ts'
import type { RequestEvidence } from './request-evidence.ts'
import type { RequestGroup } from './request-group.ts'
import type { RequestPiece, RequestSource } from './request-source.ts'
import { type JoinScope, joinRequests, type RequestJoin } from './requests.ts'

/** Requests, joined, placed in periods, and as the rules see them: those of one piece. */
export interface RequestReconciliation {
  readonly join: RequestJoin
  readonly placements: readonly Placement[]
  readonly scope: JoinScope
  readonly book: RequestBook
}

/** What is alike in every piece. */
export interface RequestFrame {
  readonly evidence: Evidence
  readonly scope: JoinScope
  readonly unread: RequestBook['unread']
  readonly billsUnread: RequestBook['billsUnread']
}

export function frameOf(evidence: Evidence, requests: RequestSource): RequestFrame {
  const scope = scopeOf(evidence, requests)
  return {
    evidence,
    scope,
    unread: evidence.bills.accounts.flatMap(({ account: { accountId } }) =>
      scope.eventsRead(accountId) ? [] : [{ accountId, reason: unreadReason(evidence, requests, accountId) }],
    ),
    billsUnread: billsUnread(evidence, scope),
  }
}

/** Pure. What needs all requests at once (days, prices, margins) is empty here: RequestTotals adds it up. */
export function reconcilePiece(
  { scope, unread, billsUnread }: RequestFrame,
  piece: RequestPiece,
): RequestReconciliation {
  const join = joinRequests(piece, scope)
  const { verdicts, orphans, shared } = join
  const repeated = repeatedBills(join, piece, scope)
  const none = { dailyBills: [], prices: [], modelDays: [], refundLosses: [], unanswered: [] }
  const plain = piece.plain && { count: piece.plain.count, withCost: piece.plain.withCost }
  const book = { ...none, tasks: verdicts, orphans, shared, repeated, unread, billsUnread, ...(plain && { plain }) }
  return { join, placements: placeRequests(join, scope), scope, book }
}

function scopeOf(evidence: Evidence, { readBills, nameNobody }: RequestSource): JoinScope {
  const audited = new Set(evidence.bills.accounts.map(({ account }) => account.accountId))
  const read = new Set<number>()
  const sharing = new Set(
    evidence.attribution.workspaces.flatMap((bill) =>
      bill.undivided === null && !nameNobody.has(bill) ? [] : bill.members,
    ),
  )
  for (const bill of readBills) for (const accountId of bill.members) read.add(accountId)
  return {
    plan: evidence.plan,
    accountOf: accountFinder(evidence.allAccounts),
    audited,
    sharesBill: (accountId) => sharing.has(accountId),
    eventsRead: (accountId) => read.has(accountId),
    unplacedRows: unplacedRequests(evidence.unreadTimes ?? {}),
    tellsDelay: delayTeller(openZone(evidence.databaseZoneId) ?? evidence.plan.window.zone),
  }
}

function unreadReason({ bills }: Evidence, { gaps }: RequestSource, accountId: number): Reason {
  const events = bills.accounts.find(({ account }) => account.accountId === accountId)?.events
  const gap = [...gaps].find(([bill]) => bill.members.includes(accountId))?.[1]
  const why = events != null && events.status !== 'complete' ? events : gap
  if (why === undefined) return unknown('events-unread', { detail: 'its bill could not be read' }).reason
  return unknown('events-unread', { detail: why.reason, failure: why.failure }).reason
}

function repeatedBills(join: RequestJoin, { repeated }: RequestEvidence, scope: JoinScope): RequestBook['repeated'] {
  if (repeated.length === 0) return []
  const groupOf = new Map(join.groups.map((group) => [group.requestId, group]))
  const verdictOf = new Map(join.verdicts.filter(isMatched).map((verdict) => [verdict.task.requestId, verdict]))
  const orphans = new Set(join.orphans.map(({ requestId }) => requestId))
  return repeated.flatMap(({ event, times }) => {
    const { requestId } = event
    const verdict = verdictOf.get(requestId)
    // A request of another period is that period's.
    if (verdict === undefined && !orphans.has(requestId)) return []
    const group = groupOf.get(requestId)
    const owner = group?.owner
    const accountId = typeof owner === 'object' && scope.audited.has(owner.accountId) ? owner.accountId : null
    const ofWorkspace = group === undefined ? {} : undividedOf(group)
    const ofTask = { taskId: verdict?.task.taskId ?? null, ...(verdict && userOf(verdict.task)) }
    const leftOutToo = verdict?.selected === false && { leftOut: true as const }
    return [{ requestId, accountId, ...ofWorkspace, ...ofTask, event, times, ...leftOutToo }]
  })
}

const isMatched = ({ standing }: { standing: string }): boolean => standing === 'matched'

/** Accounts of which usage and events cannot be held against each other. */
function billsUnread({ bills, attribution }: Evidence, scope: JoinScope): RequestBook['billsUnread'] {
  return bills.accounts.flatMap(({ account: { accountId } }) => {
    const usage = attribution.byAccount.get(accountId)
    if (usage?.known !== true) return [{ accountId, reason: usage?.reason ?? unknown('bill-unread').reason }]
    if (usage.value.some(({ isNoDay }) => isNoDay)) return [{ accountId, reason: unknown('usage-days').reason }]
    return scope.eventsRead(accountId) ? [] : [{ accountId, reason: unknown('events-unread').reason }]
  })
}

/** Keys of accounts outside the audit are known, and left out. */
export function leftOut({ owner, claimedBy }: RequestGroup, scope: JoinScope): boolean {
  const shown = claimedBy !== null && isShown(scope.plan, scope.audited, scope.accountOf(claimedBy.apiKey) ?? null)
  if (shown && within(claimedBy.createdAt, scope.plan.window)) return false
  if (typeof owner === 'object') return !scope.audited.has(owner.accountId)
  // A bill that does not tell its accounts apart still tells them by the task that claims the request.
  const claimant = owner === 'undivided' && claimedBy !== null ? scope.accountOf(claimedBy.apiKey) : undefined
  return claimant !== undefined && !scope.audited.has(claimant)
}
