import type { BillingEvent } from '../fal/reader.ts'
import type { TaskRow } from '../ledger/reader.ts'
import { within } from '../units/instant.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import type { AuditPlan } from './plan.ts'
import type { RequestEvidence } from './request-evidence.ts'
import type { Orphan, SharedRequest, TaskStanding, TaskVerdict } from './rules/facts.ts'
import { isSettled } from './task-standing.ts'
import type { Owner, SharedBill } from './whose-bill.ts'

/** All events of one request in one bill, summed up, and who answers for them. */
export interface RequestGroup {
  readonly bill: SharedBill
  readonly requestId: string
  readonly owner: Owner
  readonly events: BillingEvent[]
  costNanoUsd: NanoUsd
  /** The task that claims the request: of the window, of around it, or of any other time; null for none at all. */
  readonly claimedBy: TaskRow | null
}

/** Bill and tasks of a window, joined by request id: each side is claimed once. */
export interface RequestJoin {
  readonly groups: readonly RequestGroup[]
  readonly verdicts: readonly TaskVerdict[]
  /** Tasks of accounts outside the audit that share an undivided bill with audited ones. */
  readonly outside: readonly TaskVerdict[]
  readonly orphans: readonly Orphan[]
  readonly shared: readonly SharedRequest[]
  /** Stored model name to the endpoint ids that its matches were billed as, in order. */
  readonly matchedNames: ReadonlyMap<string, readonly string[]>
  /** Event time − completed_at of matched requests, in milliseconds, in order. */
  readonly delays: readonly number[]
}

export interface JoinScope {
  readonly plan: AuditPlan
  /** Account of a key; undefined where no account row has it. */
  accountOf(apiKey: string): number | undefined
  /** Whether the account is one of layer 2. */
  audited(accountId: number): boolean
  /** Whether the account shares a bill that does not tell its accounts apart. */
  sharesBill(accountId: number): boolean
  /** Whether the account's events were read whole. */
  eventsRead(accountId: number): boolean
}

/**
 * Joins events and tasks on the request id, exactly and never fuzzily: one task claims a request, all its events count
 * together. A pair belongs to the period of its task's created_at, an event without task to its own time. Pure.
 */
export function joinRequests(evidence: RequestEvidence, scope: JoinScope): RequestJoin {
  const byRequest = tasksByRequest([...evidence.tasks, ...evidence.otherTasks])
  const groups = groupEvents(evidence, byRequest)
  const groupOf = new Map(groups.map((group) => [group.requestId, group]))
  const verdicts: TaskVerdict[] = []
  const outside: TaskVerdict[] = []
  for (const task of evidence.tasks) {
    if (!within(task.createdAt, scope.plan.window)) continue
    const accountId = scope.accountOf(task.apiKey) ?? null
    const shown = inLayer(accountId, scope)
    if (!shown && !(accountId !== null && scope.sharesBill(accountId))) continue
    const group = task.requestId === '' ? undefined : groupOf.get(task.requestId)
    const claims = byRequest.get(task.requestId)?.[0] === task
    const standing = standingOf(task, accountId, claims, group, evidence, scope)
    const events = standing === 'matched' && group !== undefined ? group.events : []
    const billedNanoUsd = standing === 'matched' && group !== undefined ? group.costNanoUsd : ZERO_NANO_USD
    const { userIds } = scope.plan
    const selected = userIds.size === 0 || userIds.has(task.userId)
    const verdict: TaskVerdict = { task, accountId, standing, events, billedNanoUsd, selected }
    if (shown) verdicts.push(verdict)
    else outside.push(verdict)
  }
  return {
    groups,
    verdicts,
    outside,
    orphans: orphansOf(groups, scope),
    shared: sharedOf(byRequest, scope),
    matchedNames: matchedNames(groups),
    delays: delaysOf(groups),
  }
}

/** Tasks of the audited accounts and, without a filter by account, of keys that no account row holds. */
export const inLayer = (accountId: number | null, { plan, audited }: Pick<JoinScope, 'plan' | 'audited'>): boolean =>
  accountId === null ? plan.ids.size === 0 : audited(accountId)

/** Tasks by request id, the one that claims it first: a success before others, then the earliest. */
function tasksByRequest(tasks: readonly TaskRow[]): Map<string, TaskRow[]> {
  const byRequest = new Map<string, TaskRow[]>()
  for (const task of tasks) {
    if (task.requestId === '') continue
    const known = byRequest.get(task.requestId)
    if (known === undefined) byRequest.set(task.requestId, [task])
    else known.push(task)
  }
  for (const sharing of byRequest.values()) {
    if (sharing.length > 1) sharing.sort(byClaim)
  }
  return byRequest
}

const byClaim = (a: TaskRow, b: TaskRow): number =>
  Number(b.status === 'success') - Number(a.status === 'success') || a.createdAt - b.createdAt || a.rowId - b.rowId

function groupEvents(evidence: RequestEvidence, byRequest: ReadonlyMap<string, readonly TaskRow[]>): RequestGroup[] {
  const groups = new Map<string, RequestGroup>()
  for (const [bill, events] of evidence.events) {
    // In order of time, so that it is the first event that says whose the request is.
    for (const event of [...(events ?? [])].sort(byTime)) {
      const known = groups.get(event.requestId)
      if (known !== undefined) {
        known.events.push(event)
        known.costNanoUsd = addNanoUsd(known.costNanoUsd, event.costNanoUsd)
        continue
      }
      groups.set(event.requestId, {
        bill,
        requestId: event.requestId,
        owner: bill.ownerOf(event),
        events: [event],
        costNanoUsd: event.costNanoUsd,
        claimedBy: byRequest.get(event.requestId)?.[0] ?? null,
      })
    }
  }
  return [...groups.values()]
}

function byTime(a: BillingEvent, b: BillingEvent): number {
  if (a.at !== b.at) return a.at - b.at
  const [left, right] = [a, b].map(({ keyId, model, costNanoUsd }) => `${keyId} ${model} ${costNanoUsd}`)
  return (left ?? '') < (right ?? '') ? -1 : 1
}

function standingOf(
  task: TaskRow,
  accountId: number | null,
  claims: boolean,
  group: RequestGroup | undefined,
  evidence: RequestEvidence,
  { plan, eventsRead }: JoinScope,
): TaskStanding {
  if (accountId !== null && !eventsRead(accountId)) return 'not-evaluated'
  if (evidence.unanswered.has(task.requestId)) return 'not-evaluated'
  if (claims && group !== undefined) return 'matched'
  if (task.requestId !== '' && !claims) return 'duplicate'
  // A key that no account row holds has a bill that nobody here can read.
  if (accountId === null) return 'not-evaluated'
  if (task.status === 'failed') return 'failed'
  if (task.status === 'unfinished') return 'unfinished'
  if (!isSettled(task, plan)) return 'pending'
  return task.requestId === '' ? 'without-id' : 'unbilled'
}

function orphansOf(groups: readonly RequestGroup[], scope: JoinScope): Orphan[] {
  const orphans: Orphan[] = []
  for (const { claimedBy, owner, events, requestId } of groups) {
    if (claimedBy !== null || owner === 'unattributed') continue
    const accountId = owner === 'undivided' ? null : owner.accountId
    // Keys of accounts outside the audit are known, and left out.
    if (accountId !== null && !scope.audited(accountId)) continue
    const inWindow = events.filter(({ at }) => within(at, scope.plan.ranges.bill))
    if (inWindow.length === 0) continue
    const costNanoUsd = inWindow.reduce((total, event) => addNanoUsd(total, event.costNanoUsd), ZERO_NANO_USD)
    orphans.push({ requestId, accountId, events: inWindow, costNanoUsd })
  }
  return orphans
}

function sharedOf(byRequest: ReadonlyMap<string, readonly TaskRow[]>, scope: JoinScope): SharedRequest[] {
  const shared: SharedRequest[] = []
  for (const [requestId, tasks] of byRequest) {
    if (tasks.length < 2) continue
    const { window, userIds } = scope.plan
    const concerned = tasks.find(
      (task) =>
        within(task.createdAt, window) &&
        inLayer(scope.accountOf(task.apiKey) ?? null, scope) &&
        (userIds.size === 0 || userIds.has(task.userId)),
    )
    if (concerned === undefined) continue
    const inTime = [...tasks].sort((a, b) => a.createdAt - b.createdAt || a.rowId - b.rowId)
    shared.push({ requestId, accountId: scope.accountOf(concerned.apiKey) ?? null, tasks: inTime })
  }
  return shared
}

/** What stored names are called on the bill. */
function matchedNames(groups: readonly RequestGroup[]): Map<string, string[]> {
  const names = new Map<string, Set<string>>()
  for (const { claimedBy, events } of groups) {
    if (claimedBy === null) continue
    const models = names.get(claimedBy.model) ?? new Set()
    for (const { model } of events) models.add(model)
    names.set(claimedBy.model, models)
  }
  const inOrder = [...names].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map(inOrder.map(([stored, models]) => [stored, [...models].sort()]))
}

function delaysOf(groups: readonly RequestGroup[]): number[] {
  const delays: number[] = []
  for (const { claimedBy, events } of groups) {
    const [first] = events
    if (claimedBy === null || claimedBy.completedAt === null || first === undefined) continue
    delays.push(first.at - claimedBy.completedAt)
  }
  return delays.sort((a, b) => a - b)
}
