import type { BillingEvent } from '../../fal/reader.ts'
import type { TaskRow } from '../../ledger/reader.ts'
import { NO_REAL_TIME, within } from '../../units/instant.ts'
import { addNanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import type { SharedBill } from '../bills/whose-bill.ts'
import { entryOf } from '../nested.ts'
import type { AuditPlan } from '../plan.ts'
import type { Orphan, SharedRequest, TaskStanding, TaskVerdict } from '../rules/facts.ts'
import { isOfUsers, isShown } from '../tasks/cell-tally.ts'
import { endpointName } from '../tasks/model-name.ts'
import { isSettled } from '../tasks/task-standing.ts'
import type { TellsDelay } from './delays.ts'
import { orphansOf } from './orphans.ts'
import type { RequestEvidence } from './request-evidence.ts'
import { isSameOwner, type RequestGroup, type SharingTask } from './request-group.ts'

/** Bill and tasks of a window, joined by request id: each side is claimed once. */
export interface RequestJoin {
  readonly groups: readonly RequestGroup[]
  readonly verdicts: readonly TaskVerdict[]
  /** Tasks of accounts outside the audit that share an undivided bill with audited ones. */
  readonly outside: readonly TaskVerdict[]
  readonly orphans: readonly Orphan[]
  /** Tasks without a time of requests that were not billed, and that others may claim: they wait for no bill. */
  readonly unclaiming: readonly TaskRow[]
  readonly shared: readonly SharedRequest[]
  /** Stored model name to the endpoint ids that its matches were billed as, in order. */
  readonly matchedNames: ReadonlyMap<string, readonly string[]>
  /** Event time − completed_at of matched requests, in milliseconds, in any order. */
  readonly delays: readonly number[]
}

export interface JoinScope {
  readonly plan: AuditPlan
  /** Account of a key; undefined where no account row has it. */
  accountOf(apiKey: string): number | undefined
  /** The accounts of layer 2. */
  readonly audited: ReadonlySet<number>
  /** Whether the account shares a bill that does not tell its accounts apart. */
  sharesBill(accountId: number): boolean
  /** Whether the account's events were read whole. */
  eventsRead(accountId: number): boolean
  /** Ids of rows that the streams met, and that have no time or none that can be read. */
  readonly unplacedRows?: { has(rowId: number): boolean }
  readonly tellsDelay: TellsDelay
}

/**
 * Joins events and tasks on the request id, exactly and never fuzzily: one task claims a request, all its events count
 * together. A pair belongs to the period of its task's created_at, an event without task to its own time. Pure.
 */
export function joinRequests(evidence: RequestEvidence, scope: JoinScope): RequestJoin {
  const byRequest = new Map<string, RequestSides>()
  // Of the window and around it, in their order, so that each is looked up once.
  const sides = evidence.tasks.map((task) => addTask(byRequest, task))
  for (const task of evidence.otherTasks) addTask(byRequest, task)
  for (const each of byRequest.values()) settleClaim(each)
  const groups = groupEvents(evidence, byRequest)
  const verdicts: TaskVerdict[] = []
  const outside: TaskVerdict[] = []
  const { window } = scope.plan
  evidence.tasks.forEach((task, index) => {
    if (!within(task.createdAt, window)) return
    const accountId = scope.accountOf(task.apiKey) ?? null
    const shown = isShown(scope.plan, scope.audited, accountId)
    if (!shown && !(accountId !== null && scope.sharesBill(accountId))) return
    const own = sides[index] ?? null
    const group = own?.group ?? null
    const standing = standingOf(task, accountId, own, evidence, scope)
    const isMatched = standing === 'matched' && group !== null
    const verdict: TaskVerdict = {
      task,
      accountId,
      standing,
      events: isMatched ? group.events : NO_EVENTS,
      billedNanoUsd: isMatched ? group.costNanoUsd : ZERO_NANO_USD,
      // Its cost is told with the task that claims it: where that one is left out there is nothing to hold a charge against.
      requestBilled: group !== null && group.claimedBy !== null && countsHere(group.claimedBy, scope),
      ...(standing === 'duplicate' && billedElsewhen(accountId, group, scope)),
      ...(standing === 'duplicate' && mayClaim(task, group) && { mayBeBilledNanoUsd: group.costNanoUsd }),
      selected: isOfUsers(scope.plan, task.userId, task.userUntold),
    }
    if (shown) verdicts.push(verdict)
    else outside.push(verdict)
  })
  return {
    groups,
    verdicts,
    outside,
    orphans: orphansOf(groups, scope),
    unclaiming: unclaimingIn(byRequest),
    shared: sharedOf(byRequest, scope),
    matchedNames: matchedNames(groups),
    delays: delaysOf(groups, scope),
  }
}

const NO_EVENTS: readonly BillingEvent[] = []

/**
 * As what fal billed a task's request to its account, or to a workspace of which the bill does not tell the accounts apart, where
 * a task made outside the window counts as what was billed.
 */
function billedElsewhen(
  accountId: number | null,
  group: RequestGroup | null,
  { plan: { window } }: JoinScope,
): Pick<TaskVerdict, 'billedElsewhenAs'> {
  if (accountId === null || group === null || group.costNanoUsd === 0n) return {}
  const { owner, bill, claimedBy, events } = group
  if (claimedBy === null || within(claimedBy.createdAt, window)) return {}
  const isTheirs = typeof owner === 'object' ? owner.accountId === accountId : bill.members.includes(accountId)
  return isTheirs ? { billedElsewhenAs: new Set(events.map(({ model }) => endpointName(model))) } : {}
}

/** All that bears one request id. */
interface RequestSides {
  /** The task that claims it; null where only events bear it. */
  claimedBy: TaskRow | null
  /** Where several tasks bear it all of them, the one that claims it first. */
  sharing: TaskRow[] | null
  group: RequestGroup | null
}

/** null: the task has no request id. */
function addTask(byRequest: Map<string, RequestSides>, task: TaskRow): RequestSides | null {
  const { requestId } = task
  if (requestId === '') return null
  const known = byRequest.get(requestId)
  if (known === undefined) {
    const sides: RequestSides = { claimedBy: task, sharing: null, group: null }
    byRequest.set(requestId, sides)
    return sides
  }
  if (known.sharing !== null) known.sharing.push(task)
  else if (known.claimedBy !== null) known.sharing = [known.claimedBy, task]
  return known
}

function settleClaim(sides: RequestSides): void {
  if (sides.sharing !== null) sides.claimedBy = sides.sharing.sort(byClaim)[0] ?? null
}

/** Which of several tasks may claim their request, where some have no time: of these each, and of the others the first. */
function sharingOf({ sharing, claimedBy }: RequestSides): readonly SharingTask[] | undefined {
  if (sharing === null || !sharing.some(isUndated)) return undefined
  const first = sharing.find((task) => !isUndated(task) && isAlike(task, claimedBy))
  const isOpen = claimedBy !== null && isUndated(claimedBy)
  return sharing.map((task) => ({
    task,
    mayClaim: isOpen ? task === first || (isUndated(task) && isAlike(task, claimedBy)) : task === claimedBy,
  }))
}

function unclaimingIn(byRequest: ReadonlyMap<string, RequestSides>): TaskRow[] {
  const tasks: TaskRow[] = []
  for (const sides of byRequest.values()) {
    const sharing = sides.group === null ? sharingOf(sides) : undefined
    if (sharing === undefined) continue
    const isOpen = sharing.filter((each) => each.mayClaim).length > 1
    for (const { task, mayClaim } of sharing) if (isUndated(task) && (isOpen || !mayClaim)) tasks.push(task)
  }
  return tasks
}

/** Whether a task has no time that can be read. */
export const isUndated = ({ createdAt }: TaskRow): boolean => createdAt === NO_REAL_TIME

const isAlike = (a: TaskRow, b: TaskRow | null): boolean => (a.status === 'success') === (b?.status === 'success')

const mayClaim = (task: TaskRow, group: RequestGroup | null): group is RequestGroup =>
  group?.sharing?.some((each) => each.task === task && each.mayClaim) === true

/** Whether a task is one of the window that the filters leave. */
const countsHere = (task: TaskRow, scope: JoinScope): boolean =>
  within(task.createdAt, scope.plan.window) &&
  isShown(scope.plan, scope.audited, scope.accountOf(task.apiKey) ?? null) &&
  isOfUsers(scope.plan, task.userId, task.userUntold)

/** The one that claims a request first: a success before others, then the earliest. */
const byClaim = (a: TaskRow, b: TaskRow): number =>
  Number(b.status === 'success') - Number(a.status === 'success') || a.createdAt - b.createdAt || a.rowId - b.rowId

function groupEvents({ events }: RequestEvidence, byRequest: Map<string, RequestSides>): RequestGroup[] {
  const groups: RequestGroup[] = []
  for (const [bill, own] of events) {
    // In order of time, so that it is the first event that says whose the request is.
    for (const event of inTimeOrder(own ?? NO_EVENTS)) {
      const sides = byRequest.get(event.requestId)
      const known = sides?.group ?? null
      if (known !== null) {
        known.events.push(event)
        known.costNanoUsd = addNanoUsd(known.costNanoUsd, event.costNanoUsd)
        noteOwner(known, event, bill)
        continue
      }
      const sharing = sides === undefined ? undefined : sharingOf(sides)
      const group: RequestGroup = {
        bill,
        requestId: event.requestId,
        owner: bill.ownerOf(event),
        events: [event],
        costNanoUsd: event.costNanoUsd,
        claimedBy: sides?.claimedBy ?? null,
        ...(sharing !== undefined && { sharing }),
      }
      groups.push(group)
      if (sides === undefined) byRequest.set(event.requestId, { claimedBy: null, sharing: null, group })
      else sides.group = group
    }
  }
  return groups
}

function noteOwner(group: RequestGroup, event: BillingEvent, bill: SharedBill): void {
  const owner = bill.ownerOf(event)
  if (bill === group.bill && isSameOwner(owner, group.owner)) return
  group.elsewhere ??= new Map()
  group.elsewhere.set(event, { bill, owner })
}

/** Events as pages hand them out are in order of time already, as a rule. */
function inTimeOrder(events: readonly BillingEvent[]): readonly BillingEvent[] {
  let before: BillingEvent | undefined
  for (const event of events) {
    if (before !== undefined && byTime(before, event) > 0) return [...events].sort(byTime)
    before = event
  }
  return events
}

function byTime(a: BillingEvent, b: BillingEvent): number {
  return a.at !== b.at ? a.at - b.at : tieText(a) < tieText(b) ? -1 : 1
}

const tieText = ({ keyId, model, costNanoUsd }: BillingEvent): string => `${keyId} ${model} ${costNanoUsd}`

function standingOf(
  task: TaskRow,
  accountId: number | null,
  sides: RequestSides | null,
  evidence: RequestEvidence,
  { plan, eventsRead }: JoinScope,
): TaskStanding {
  const claims = sides?.claimedBy === task
  if (accountId !== null && !eventsRead(accountId)) return 'not-evaluated'
  if (evidence.unanswered.has(task.requestId)) return 'not-evaluated'
  if (claims && sides.group !== null) return 'matched'
  if (task.requestId !== '' && !claims) return 'duplicate'
  // A key that no account row holds has a bill that nobody here can read.
  if (accountId === null) return 'not-evaluated'
  if (task.status === 'failed') return 'failed'
  if (task.status === 'unfinished') return 'unfinished'
  if (!isSettled(task, plan)) return 'pending'
  return task.requestId === '' ? 'without-id' : 'unbilled'
}

function sharedOf(byRequest: ReadonlyMap<string, RequestSides>, scope: JoinScope): SharedRequest[] {
  const shared: SharedRequest[] = []
  for (const [requestId, { sharing: tasks }] of byRequest) {
    if (tasks === null) continue
    // One that was not charged makes nothing of this period of what was charged twice in another, or to others.
    const concerned = tasks.filter(
      (task) => (task.chargedPoints > 0n || task.chargeUntold === true) && countsHere(task, scope),
    )
    const first = concerned.find(({ chargedPoints }) => chargedPoints > 0n) ?? concerned[0]
    if (first === undefined) continue
    const inTime = [...tasks].sort((a, b) => a.createdAt - b.createdAt || a.rowId - b.rowId)
    const own = { requestId, accountId: scope.accountOf(first.apiKey) ?? null, tasks: inTime }
    shared.push(first.chargeUntold === true ? { ...own, ownUntold: true } : own)
  }
  return shared
}

/** What stored names are called on the bill. */
function matchedNames(groups: readonly RequestGroup[]): Map<string, string[]> {
  const names = new Map<string, Set<string>>()
  for (const { claimedBy, events } of groups) {
    if (claimedBy === null) continue
    const models = entryOf(names, claimedBy.model, newSet)
    for (const { model } of events) models.add(model)
  }
  const inOrder = [...names].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map(inOrder.map(([stored, models]) => [stored, [...models].sort()]))
}

const newSet = (): Set<string> => new Set()

function delaysOf(groups: readonly RequestGroup[], { tellsDelay }: JoinScope): number[] {
  const delays: number[] = []
  for (const { claimedBy, events } of groups) {
    const [first] = events
    // Others end when someone gives them up, whenever fal billed them.
    if (claimedBy?.status !== 'success' || first === undefined) continue
    const { createdAt, completedAt } = claimedBy
    if (completedAt !== null && tellsDelay(completedAt, createdAt)) delays.push(first.at - completedAt)
  }
  return delays
}
