import type { BillingEvent, FalReader, Fetched } from '../fal/reader.ts'
import type { AccountRow, LedgerSnapshot, TaskRow } from '../ledger/reader.ts'
import { SPANS } from '../limits.ts'
import { earlier, type Instant, plus, within } from '../units/instant.ts'
import { bareEventId } from './event-id.ts'
import type { AuditPlan } from './plan.ts'
import { isSettled } from './task-standing.ts'
import type { Attribution, SharedBill } from './whose-bill.ts'

/** Requests about which fal is asked by id, in one audit: 50 fit into one question. */
const ASKED_MAX = 5000

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
  /** Request ids that fal, asked for them, bills with the same event more than once, with that event. */
  readonly repeated: ReadonlyMap<string, { readonly event: BillingEvent; readonly times: number }>
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
  const { plan, tasks, attribution, snapshot } = sources
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
  const otherTasks = orphanIds.size === 0 ? [] : await snapshot.tasksByRequestIds([...orphanIds])
  const unanswered = await askForUnbilled(sources, events)
  const repeated = await askForRepeated(sources, events, unanswered)
  return { tasks, events, otherTasks, unanswered, repeated }
}

/** An event under its bare request id, as tasks have it. */
export const withBareId = (event: BillingEvent): BillingEvent => ({ ...event, requestId: bareEventId(event.requestId) })

const upTo =
  (asOf: Instant) =>
  ({ at }: BillingEvent): boolean =>
    at <= asOf

type Events = ReadonlyMap<SharedBill, BillingEvent[] | null>

/** Asks each bill by id for its settled tasks that cost something and have no event; adds what is found. */
async function askForUnbilled(sources: RequestSources, events: Events): Promise<Set<string>> {
  const { plan, tasks, accounts } = sources
  const billed = new Set<string>()
  for (const own of events.values()) for (const { requestId } of own ?? []) billed.add(requestId)
  const accountByKey = new Map(accounts.map(({ apiKey, accountId }) => [apiKey, accountId]))
  const unanswered = new Set<string>()
  for (const [bill, own] of events) {
    if (own === null) continue
    const open = tasks.filter(
      (task) =>
        within(task.createdAt, plan.window) &&
        isSettled(task, plan) &&
        task.costNanoUsd > 0n &&
        task.requestId !== '' &&
        !billed.has(task.requestId) &&
        bill.members.includes(accountByKey.get(task.apiKey) ?? -1),
    )
    if (open.length === 0) continue
    const since = open.reduce((first, { createdAt }) => earlier(first, createdAt), plan.asOf)
    const ids = [...new Set(open.map(({ requestId }) => requestId))]
    for (const id of ids.slice(ASKED_MAX)) unanswered.add(id)
    const answer = await askById(sources, bill, ids.slice(0, ASKED_MAX), since)
    if (answer.status === 'complete') own.push(...answer.value)
    else for (const id of ids) unanswered.add(id)
  }
  return unanswered
}

/** Asks by id for requests that carry the same event twice: pages may repeat, one answer about one request may not. */
async function askForRepeated(
  sources: RequestSources,
  events: Map<SharedBill, BillingEvent[] | null>,
  unanswered: Set<string>,
): Promise<RequestEvidence['repeated']> {
  const repeated = new Map<string, { event: BillingEvent; times: number }>()
  for (const [bill, own] of events) {
    if (own === null) continue
    const suspects = [...countSame(own).values()].filter(({ times }) => times > 1)
    if (suspects.length === 0) continue
    const since = suspects.reduce((first, { event }) => earlier(first, event.at), sources.plan.asOf)
    const ids = [...new Set(suspects.map(({ event }) => event.requestId))].slice(0, ASKED_MAX)
    const answer = await askById(sources, bill, ids, since)
    if (answer.status !== 'complete') {
      for (const id of ids) unanswered.add(id)
      continue
    }
    // What fal says of a request by its id is the truth about it; the pages may have said it twice.
    const asked = new Set(ids)
    events.set(bill, [...own.filter(({ requestId }) => !asked.has(requestId)), ...answer.value])
    for (const [requestId, same] of repeatedEvents(answer.value)) repeated.set(requestId, same)
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

/** By request id, the events that one answer to questions by id holds more than once. */
export function repeatedEvents(answered: readonly BillingEvent[]): RequestEvidence['repeated'] {
  const repeats = [...countSame(answered).values()].filter(({ times }) => times > 1)
  return new Map(repeats.map((same) => [same.event.requestId, same]))
}

function countSame(events: readonly BillingEvent[]): Map<string, { event: BillingEvent; times: number }> {
  const counts = new Map<string, { event: BillingEvent; times: number }>()
  for (const event of events) {
    const key = JSON.stringify([event.requestId, event.model, event.at, event.quantity, String(event.costNanoUsd)])
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { event, times: 1 })
    else known.times += 1
  }
  return counts
}
