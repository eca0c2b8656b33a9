import type { UsageRow } from '../fal/reader.ts'
import { type Instant, within } from '../units/instant.ts'
import { addNanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { datesOf } from '../units/window.ts'
import type { CalendarDate } from '../units/zone.ts'
import { accountFinder } from './account-keys.ts'
import type { Evidence } from './evidence.ts'
import { type ModelNames, namesFrom, type Placement, placeRequests } from './period-bill.ts'
import type { RequestEvidence } from './request-evidence.ts'
import { inLayer, type JoinScope, joinRequests, type RequestGroup, type RequestJoin } from './requests.ts'
import { type Reason, unknown } from './rules/books.ts'
import type { DailyBill, PricePoint, RequestBook } from './rules/facts.ts'

/** The requests of one audit: joined, placed in periods, and as the rules see them. */
export interface RequestReconciliation {
  readonly join: RequestJoin
  readonly placements: readonly Placement[]
  readonly names: ModelNames
  readonly scope: JoinScope
  readonly book: RequestBook
}

/** Pure. Null at depth summary. */
export function reconcileRequests(evidence: Evidence): RequestReconciliation | null {
  if (evidence.requests === null) return null
  const scope = scopeOf(evidence, evidence.requests)
  const join = joinRequests(evidence.requests, scope)
  const book: RequestBook = {
    tasks: join.verdicts,
    orphans: join.orphans,
    shared: join.shared,
    repeated: repeatedBills(join, evidence.requests, scope),
    unread: evidence.bills.accounts.flatMap(({ account: { accountId } }) =>
      scope.eventsRead(accountId) ? [] : [{ accountId, reason: unreadReason(evidence, accountId) }],
    ),
    billsUnread: billsUnread(evidence, scope),
    dailyBills: dailyBills(evidence, join, scope),
    prices: pricesOf(join, scope),
  }
  const names = namesFrom(join, evidence.plan.settings.modelAliases)
  return { join, placements: placeRequests(join, scope), names, scope, book }
}

function scopeOf(evidence: Evidence, requests: RequestEvidence): JoinScope {
  const audited = new Set(evidence.bills.accounts.map(({ account }) => account.accountId))
  const read = new Set<number>()
  const sharing = new Set(
    evidence.attribution.workspaces.flatMap((bill) => (bill.undivided === null ? [] : bill.members)),
  )
  for (const [bill, events] of requests.events) {
    if (events !== null) for (const accountId of bill.members) read.add(accountId)
  }
  return {
    plan: evidence.plan,
    accountOf: accountFinder(evidence.allAccounts),
    audited: (accountId) => audited.has(accountId),
    sharesBill: (accountId) => sharing.has(accountId),
    eventsRead: (accountId) => read.has(accountId),
  }
}

function unreadReason({ bills, requests }: Evidence, accountId: number): Reason {
  const events = bills.accounts.find(({ account }) => account.accountId === accountId)?.events
  const gap = [...(requests?.gaps ?? [])].find(([bill]) => bill.members.includes(accountId))?.[1]
  const detail = events == null || events.status === 'complete' ? (gap ?? 'its bill could not be read') : events.reason
  return unknown('events-unread', { detail }).reason
}

function repeatedBills(join: RequestJoin, { repeated }: RequestEvidence, scope: JoinScope): RequestBook['repeated'] {
  const groupOf = new Map(join.groups.map((group) => [group.requestId, group]))
  const verdictOf = new Map(join.verdicts.filter(isMatched).map((verdict) => [verdict.task.requestId, verdict]))
  const orphans = new Set(join.orphans.map(({ requestId }) => requestId))
  return repeated.flatMap(({ event, times }) => {
    const { requestId } = event
    const verdict = verdictOf.get(requestId)
    // A request of another period is that period's.
    if (verdict === undefined ? !orphans.has(requestId) : !verdict.selected) return []
    const owner = groupOf.get(requestId)?.owner
    const accountId = typeof owner === 'object' && scope.audited(owner.accountId) ? owner.accountId : null
    return [{ requestId, accountId, taskId: verdict?.task.taskId ?? null, event, times }]
  })
}

const isMatched = ({ standing }: { standing: string }): boolean => standing === 'matched'

/** The bill twice, by account, model and day: only days of the zone that are over, and lie in the window as a whole. */
function dailyBills(evidence: Evidence, join: RequestJoin, scope: JoinScope): DailyBill[] {
  const { window, ranges } = evidence.plan
  const closed = new Set<CalendarDate>(
    datesOf(window).filter((date) => {
      const end: Instant = window.zone.startOfDate(window.zone.addDays(date, 1))
      return window.zone.startOfDate(date) >= window.start && end <= ranges.bill.end
    }),
  )
  const days = new Map<string, { -readonly [Key in keyof DailyBill]: DailyBill[Key] }>()
  const dayOf = (accountId: number, model: string, date: CalendarDate) => {
    const key = JSON.stringify([accountId, model, date])
    const none = {
      accountId,
      model,
      date,
      usageNanoUsd: ZERO_NANO_USD,
      usageRows: 0,
      eventsNanoUsd: ZERO_NANO_USD,
    }
    const day = days.get(key) ?? none
    days.set(key, day)
    return day
  }
  for (const [accountId, rows] of readUsage(evidence, scope)) {
    for (const { model, date, costNanoUsd } of rows) {
      if (!closed.has(date)) continue
      const day = dayOf(accountId, model, date)
      day.usageNanoUsd = addNanoUsd(day.usageNanoUsd, costNanoUsd)
      day.usageRows += 1
    }
  }
  for (const { owner, events } of join.groups) {
    if (typeof owner !== 'object' || !readsUsage(evidence, scope, owner.accountId)) continue
    for (const { model, at, costNanoUsd } of events) {
      const date = window.zone.dateOf(at)
      if (!closed.has(date)) continue
      const day = dayOf(owner.accountId, model, date)
      day.eventsNanoUsd = addNanoUsd(day.eventsNanoUsd, costNanoUsd)
    }
  }
  return [...days.values()]
}

/** Accounts of which usage and events cannot be held against each other. */
function billsUnread({ bills, attribution }: Evidence, scope: JoinScope): RequestBook['billsUnread'] {
  return bills.accounts.flatMap(({ account: { accountId } }) => {
    const usage = attribution.byAccount.get(accountId)
    if (usage?.known !== true) return [{ accountId, reason: usage?.reason ?? unknown('bill-unread').reason }]
    return scope.eventsRead(accountId) ? [] : [{ accountId, reason: unknown('events-unread').reason }]
  })
}

/** Accounts whose bill was read both ways. */
function readUsage({ attribution }: Evidence, scope: JoinScope): [number, readonly UsageRow[]][] {
  return [...attribution.byAccount].flatMap(([accountId, rows]): [number, readonly UsageRow[]][] =>
    rows.known && scope.eventsRead(accountId) ? [[accountId, rows.value]] : [],
  )
}

const readsUsage = ({ attribution }: Evidence, scope: JoinScope, accountId: number): boolean =>
  attribution.byAccount.get(accountId)?.known === true && scope.eventsRead(accountId)

function pricesOf(join: RequestJoin, scope: JoinScope): PricePoint[] {
  const prices: PricePoint[] = []
  for (const group of join.groups) {
    const { bill, events } = group
    if (leftOut(group, scope)) continue
    for (const { model, unit, unitPrice, percentDiscount, at } of events) {
      if (unitPrice === null) continue
      const workspace = bill.label
      prices.push({ workspace, model, unit: unit ?? '', percentDiscount: percentDiscount ?? '0', unitPrice, at })
    }
  }
  return prices.sort((a, b) => a.at - b.at)
}

/** Keys of accounts outside the audit are known, and left out. */
export function leftOut({ owner, claimedBy }: RequestGroup, scope: JoinScope): boolean {
  const shown = claimedBy !== null && inLayer(scope.accountOf(claimedBy.apiKey) ?? null, scope)
  if (shown && within(claimedBy.createdAt, scope.plan.window)) return false
  if (typeof owner === 'object') return !scope.audited(owner.accountId)
  // A bill that does not tell its accounts apart still tells them by the task that claims the request.
  const claimant = owner === 'undivided' && claimedBy !== null ? scope.accountOf(claimedBy.apiKey) : undefined
  return claimant !== undefined && !scope.audited(claimant)
}

/** Cost of the requests of an account within the window, by event time: distinct requests and their sum. */
export function requestCounts(
  { join, scope }: RequestReconciliation,
  belongs: (group: RequestGroup) => boolean,
): number {
  const { start, end } = scope.plan.ranges.bill
  return join.groups.filter((group) => belongs(group) && group.events.some(({ at }) => at >= start && at < end)).length
}
