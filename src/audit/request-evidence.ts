import type { BillingEvent, FalReader, Fetched } from '../fal/reader.ts'
import type { AccountRow, LedgerSnapshot, TaskRow } from '../ledger/reader.ts'
import { LIMITS, SPANS } from '../limits.ts'
import { earlier, type Instant, plus, within } from '../units/instant.ts'
import { bareId } from '../units/request-id.ts'
import { accountFinder } from './account-keys.ts'
import type { AuditPlan } from './plan.ts'
import { isSettled } from './task-standing.ts'
import type { Attribution, SharedBill } from './whose-bill.ts'

/** Requests about which fal is asked by id, in one audit: 50 fit into one question. */
const ASKED_MAX = 5000

/** Requests that pages repeat, about which fal is asked by id; past it the bill counts as read in part. */
const REPEATS_ASKED_MAX = 50_000
const TOO_MANY: Fetched<BillingEvent[]> = {
  status: 'failed',
  failure: 'page-limit',
  reason: `pages repeat more than ${REPEATS_ASKED_MAX} requests`,
}

/** Requests of a window up to which the whole table is searched for others that share their ids. */
const SHARED_IDS_MAX = LIMITS.lookupIdsTotal

/** What was read about single requests, besides the tasks themselves. */
export interface RequestEvidence {
  /** Tasks of the window and those that may have crossed its edges. */
  readonly tasks: readonly TaskRow[]
  /** Events by bill, those found by asking for an id included; null where they were not read whole. */
  readonly events: ReadonlyMap<SharedBill, readonly BillingEvent[] | null>
  /** Tasks of any other time that bear the id of an event without a task. */
  readonly otherTasks: readonly TaskRow[]
  /** Request ids that were asked for and could not be answered. */
  readonly unanswered: ReadonlySet<string>
  /** Why questions by id were not answered, by bill: then its events count as read in part. */
  readonly gaps: ReadonlyMap<SharedBill, string>
  /** Events that fal, asked for their request by its id, gives more than once within one answer. */
  readonly repeated: readonly RepeatedEvent[]
  /** Whether the whole table was searched for other tasks with the window's request ids. */
  readonly sharedSearched: boolean
}

export interface RepeatedEvent {
  readonly event: BillingEvent
  readonly times: number
}

interface Questions {
  readonly unanswered: Set<string>
  readonly gaps: Map<SharedBill, string>
}

export interface RequestSources {
  readonly plan: AuditPlan
  readonly accounts: readonly AccountRow[]
  readonly tasks: readonly TaskRow[]
  readonly attribution: Attribution
  readonly snapshot: LedgerSnapshot
  readonly fal: FalReader
  readonly signal: AbortSignal
}

/**
 * Reads what the streams left open: the whole table is searched for events without a task before any is called
 * unrecorded, and fal is asked by id for settled tasks without an event before any is called unbilled.
 */
export async function readRequestEvidence(sources: RequestSources): Promise<RequestEvidence> {
  const { plan, tasks, attribution } = sources
  const events = new Map<SharedBill, BillingEvent[] | null>()
  for (const bill of attribution.workspaces) {
    const fetched = bill.source.events
    events.set(bill, fetched?.status === 'complete' ? fetched.value.map(withBareId).filter(upTo(plan.asOf)) : null)
  }
  const recorded = new Set(tasks.map(({ requestId }) => requestId))
  const orphanIds = new Set<string>()
  for (const own of events.values()) {
    for (const { requestId, at } of own ?? []) {
      if (!recorded.has(requestId) && within(at, plan.ranges.bill)) orphanIds.add(requestId)
    }
  }
  const { otherTasks, sharedSearched } = await readOtherTasks(sources, orphanIds)
  const questions: Questions = { unanswered: new Set(), gaps: new Map() }
  await askForUnbilled(sources, events, questions)
  const repeated = await askForRepeated(sources, events, questions)
  return { tasks, events, otherTasks, sharedSearched, repeated, ...questions }
}

/**
 * Tasks of any other time that bear an id without a task here or, where that is a question about few, an id of the window:
 * one request may be shared over its edges.
 */
async function readOtherTasks(
  sources: RequestSources,
  orphanIds: ReadonlySet<string>,
): Promise<Pick<RequestEvidence, 'otherTasks' | 'sharedSearched'>> {
  const { plan, tasks, snapshot } = sources
  const known = new Set(tasks.map(({ rowId }) => rowId))
  const ownIds = new Set<string>()
  for (const { requestId, createdAt } of tasks) {
    if (requestId !== '' && within(createdAt, plan.window)) ownIds.add(requestId)
  }
  const sharedSearched = ownIds.size <= SHARED_IDS_MAX
  const ids = sharedSearched ? [...orphanIds, ...ownIds] : [...orphanIds]
  const found = ids.length === 0 ? [] : await snapshot.tasksByRequestIds(ids)
  return { otherTasks: found.filter(({ rowId }) => !known.has(rowId)), sharedSearched }
}

/** An event under its bare request id, as tasks have it. */
export const withBareId = (event: BillingEvent): BillingEvent => ({ ...event, requestId: bareId(event.requestId) })

const upTo =
  (asOf: Instant) =>
  ({ at }: BillingEvent): boolean =>
    at <= asOf

type Events = ReadonlyMap<SharedBill, BillingEvent[] | null>

/** Asks each bill by id for its tasks that ought to be billed, or may have been late, and have no event; adds what is found. */
async function askForUnbilled(sources: RequestSources, events: Events, questions: Questions): Promise<void> {
  const { plan, tasks, accounts } = sources
  const billed = new Set<string>()
  for (const own of events.values()) for (const { requestId } of own ?? []) billed.add(requestId)
  const accountOf = accountFinder(accounts)
  for (const [bill, own] of events) {
    if (own === null) continue
    const open = tasks.filter(
      (task) =>
        within(task.createdAt, plan.window) &&
        (task.costNanoUsd > 0n || task.chargedPoints > 0n) &&
        mayBeLate(task, plan) &&
        task.requestId !== '' &&
        !billed.has(task.requestId) &&
        bill.members.includes(accountOf(task.apiKey) ?? -1),
    )
    if (open.length === 0) continue
    const since = open.reduce((first, { createdAt }) => earlier(first, createdAt), plan.asOf)
    // What was recorded to cost something comes first: only that is missed where it stays unanswered.
    const costly = open.filter(({ costNanoUsd }) => costNanoUsd > 0n).map(({ requestId }) => requestId)
    const ids = [...new Set([...costly, ...open.map(({ requestId }) => requestId)])]
    const left = [...new Set(costly)].slice(ASKED_MAX)
    if (left.length > 0) leaveOpen(questions, bill, left, `only ${ASKED_MAX} requests are asked for by id in one audit`)
    const answer = await askById(sources, bill, ids.slice(0, ASKED_MAX), since)
    if (answer.status === 'complete') for (const event of answer.value) own.push(event)
    else leaveOpen(questions, bill, ids, answer.reason)
  }
}

/** Whether a task without an event is old enough, or over in a way, that a rule would say something of its bill. */
function mayBeLate(task: TaskRow, plan: AuditPlan): boolean {
  if (task.status === 'success') return isSettled(task, plan)
  return task.status === 'failed' || task.createdAt <= plan.asOf - plan.settings.thresholds.stuckMillis
}

function leaveOpen({ unanswered, gaps }: Questions, bill: SharedBill, ids: readonly string[], reason: string): void {
  for (const id of ids) unanswered.add(id)
  gaps.set(bill, `${ids.length} requests asked for by id were not answered: ${reason}`)
}

/** Asks by id for requests that carry the same event twice: pages may repeat, one answer about one request may not. */
async function askForRepeated(
  sources: RequestSources,
  events: Map<SharedBill, BillingEvent[] | null>,
  questions: Questions,
): Promise<RepeatedEvent[]> {
  const repeated: RepeatedEvent[] = []
  for (const [bill, own] of events) {
    if (own === null) continue
    const suspects = [...countSame(own).values()].filter(({ times }) => times > 1)
    if (suspects.length === 0) continue
    const since = suspects.reduce((first, { event }) => earlier(first, event.at), sources.plan.asOf)
    const ids = [...new Set(suspects.map(({ event }) => event.requestId))]
    const answer = ids.length > REPEATS_ASKED_MAX ? TOO_MANY : await askById(sources, bill, ids, since)
    if (answer.status !== 'complete') {
      // What the pages say twice may be billed once or twice: nothing is said of a bill that leaves this open.
      leaveOpen(questions, bill, ids, answer.reason)
      events.set(bill, null)
      continue
    }
    // What fal says of a request by its id is the truth about it; the pages may have said it twice.
    const asked = new Set(ids)
    events.set(bill, [...own.filter(({ requestId }) => !asked.has(requestId)), ...answer.value])
    repeated.push(...repeatedEvents(answer.value))
  }
  return repeated
}

async function askById(
  { plan, fal, signal }: RequestSources,
  { source }: SharedBill,
  requestIds: readonly string[],
  since: Instant,
): Promise<Fetched<BillingEvent[]>> {
  // An explicit start: without one fal answers for the last day only, even when a request is named. A day early, so that
  // stored times misread by a wrong zone still find their events, and the self-check of the clocks sees it.
  const range = { start: plus(since, -SPANS.crossing), end: plan.asOf }
  const answer = await fal.events(source.apiKey, { range, requestIds }, signal)
  return answer.status === 'failed' ? answer : { ...answer, value: answer.value.map(withBareId) }
}

/** The events that one answer to questions by id holds more than once. */
export const repeatedEvents = (answered: readonly BillingEvent[]): RepeatedEvent[] =>
  [...countSame(answered).values()].filter(({ times }) => times > 1)

function countSame(events: readonly BillingEvent[]): Map<string, { event: BillingEvent; times: number }> {
  const counts = new Map<string, { event: BillingEvent; times: number }>()
  // Only requests with several events can hold one twice; of a million there are few.
  const seen = new Set<string>()
  const several = new Set<string>()
  for (const { requestId } of events) {
    if (seen.has(requestId)) several.add(requestId)
    else seen.add(requestId)
  }
  for (const event of events) {
    if (!several.has(event.requestId)) continue
    const key = JSON.stringify([event.requestId, event.model, event.at, event.quantity, String(event.costNanoUsd)])
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { event, times: 1 })
    else known.times += 1
  }
  return counts
}
