import type { SourceStatus } from '../../schemas/report.ts'
import { accountFinder, keyIdOwners } from '../audit/bills/account-keys.ts'
import { type EventLot, lotOf } from '../audit/bills/event-lot.ts'
import { fetchBills } from '../audit/bills/fetch-bills.ts'
import { type Attribution, attributeBills, type Owner, type SharedBill } from '../audit/bills/whose-bill.ts'
import type { AccountEvidence, Bills } from '../audit/evidence.ts'
import { type RepeatedEvent, repeatedEvents, withBareId } from '../audit/requests/answered-events.ts'
import type { RequestEvidence } from '../audit/requests/request-evidence.ts'
import type { BillingEvent, FalReader, Fetched } from '../fal/reader.ts'
import type { AccountRow, TaskRow } from '../ledger/reader.ts'
import { SPANS } from '../limits.ts'
import { DAY, earlier, type Instant, plus } from '../units/instant.ts'
import { billSourceOf } from './bill-scope.ts'

/** How far back fal is asked for a request of which no task tells the time: four of its longest spans. */
export const LOOK_BACK_DAYS = 360

export interface BillQuestion {
  readonly requestIds: readonly string[]
  readonly tasks: readonly TaskRow[]
  readonly allAccounts: readonly AccountRow[]
  readonly audited: readonly AccountRow[]
  readonly asOf: Instant
}

/** An event and whose it is, as far as fal tells. */
export interface OwnedEvent {
  readonly event: BillingEvent
  readonly owner: Owner
  readonly workspace: string | null
}

/** What fal bills for some requests, asked for by id, in the form in which the audit judges it. */
export interface TraceBill {
  readonly bills: Bills
  readonly attribution: Attribution
  readonly events: RequestEvidence['events']
  readonly repeated: RequestEvidence['repeated']
  /** Requests that a bill holds of which not all was told: nothing is said of them. */
  readonly unanswered: RequestEvidence['unanswered']
  /** Everything that was read, also of an answer that broke off. */
  readonly owned: readonly OwnedEvent[]
  readonly status: 'read' | 'partial' | 'unread' | 'not-asked'
  /** Events were asked for from here on; null where nothing was asked. */
  readonly since: Instant | null
  readonly sources: readonly SourceStatus[]
}

/** Bills, and the events of each reading of one. */
interface Readings {
  readonly bills: Bills
  readonly lots: readonly (readonly BillingEvent[])[]
}

/**
 * Asks fal for requests by id in every bill that an audit joins with the task table, each workspace once, by the first of its
 * keys that may read it: a request may be billed to another account than its task names. Failures are values: an account
 * that cannot be read has no events of null, not none.
 */
export async function askBill(question: BillQuestion, fal: FalReader, signal: AbortSignal): Promise<TraceBill> {
  const { requestIds, tasks, allAccounts, asOf } = question
  const holders = holdersOf(question)
  if (requestIds.length === 0) return assemble(unasked(holders), allAccounts, null)
  const since = sinceOf(tasks, asOf)
  const read = (of: readonly AccountRow[]) => readBills(of, question, since, fal, signal)
  const first = await read(holders)
  // Whose key an event names answers for it: then his bill is read as well, as an audit of his account would.
  const named = namedBeyond(holders, first, allAccounts)
  return assemble(named.length === 0 ? first : await read([...holders, ...named]), allAccounts, since)
}

async function readBills(
  holders: readonly AccountRow[],
  { requestIds, allAccounts, asOf }: BillQuestion,
  since: Instant,
  fal: FalReader,
  signal: AbortSignal,
): Promise<Readings> {
  const lots: (readonly BillingEvent[])[] = []
  const events = async (apiKey: string): Promise<Fetched<EventLot>> => {
    const fetched = await fal.events(apiKey, { range: { start: since, end: asOf }, requestIds }, signal)
    if (fetched.status === 'failed') return fetched
    const own = fetched.value.map(withBareId)
    const lot = lots.push(own) - 1
    return { ...fetched, value: lotOf(own, lot) }
  }
  const others = allAccounts.filter((account) => !holders.includes(account))
  const bills = await fetchBills(holders, others, fal, { usage: null, events }, signal, () => undefined)
  return { bills, lots }
}

/** The audited accounts, and those of the tasks where an audit must be asked for them by id. */
function holdersOf({ tasks, allAccounts, audited }: BillQuestion): AccountRow[] {
  const accountOf = accountFinder(allAccounts)
  const ids = new Set(tasks.map(({ apiKey }) => accountOf(apiKey)))
  return [...new Set([...audited, ...allAccounts.filter(({ accountId }) => ids.has(accountId))])]
}

function namedBeyond(holders: readonly AccountRow[], { lots }: Readings, allAccounts: readonly AccountRow[]) {
  const owners = keyIdOwners(allAccounts)
  const named = new Set(lots.flat().map(({ keyId }) => owners.get(keyId ?? '')))
  return allAccounts.filter((account) => named.has(account.accountId) && !holders.includes(account))
}

/** A day before the first of the tasks, so that stored times misread by a wrong zone still find their events. */
function sinceOf(tasks: readonly TaskRow[], asOf: Instant): Instant {
  const earliest = tasks.reduce<Instant>((first, { createdAt }) => earlier(first, createdAt), asOf)
  // Without a task, or with one of no real time (the epoch), nothing tells when.
  return tasks.length === 0 || earliest <= 0 ? plus(asOf, -LOOK_BACK_DAYS * DAY) : plus(earliest, -SPANS.crossing)
}

function assemble({ bills, lots }: Readings, allAccounts: readonly AccountRow[], since: Instant | null): TraceBill {
  // Any account of which fal did not tell the workspace may share a bill.
  const attribution = attributeBills(
    bills,
    allAccounts,
    () => false,
    () => true,
  )
  const events = new Map<SharedBill, readonly BillingEvent[] | null>()
  const repeated: RepeatedEvent[] = []
  const owned: OwnedEvent[] = []
  const unanswered = new Set<string>()
  for (const bill of attribution.workspaces) {
    const fetched = bill.source.events
    const own = fetched === null || fetched.status === 'failed' ? [] : (lots[fetched.value.lot] ?? [])
    const isWhole = fetched?.status === 'complete'
    events.set(bill, isWhole ? own : null)
    if (isWhole) repeated.push(...repeatedEvents(own))
    else for (const { requestId } of own) unanswered.add(requestId)
    for (const event of own) owned.push({ event, owner: bill.ownerOf(event), workspace: bill.name })
  }
  owned.sort((a, b) => a.event.at - b.event.at)
  const sources = since === null ? [] : bills.accounts.flatMap(sourceOf)
  const status = since === null ? 'not-asked' : statusOf(bills)
  return { bills, attribution, events, repeated, unanswered, owned, status, since, sources }
}

function statusOf({ workspaces }: Bills): TraceBill['status'] {
  if (workspaces.length > 0 && workspaces.every(({ events }) => events?.status === 'complete')) return 'read'
  return workspaces.some(({ events }) => events !== null && events.status !== 'failed') ? 'partial' : 'unread'
}

const sourceOf = ({ account: { accountId }, events }: AccountEvidence): SourceStatus[] =>
  events === null ? [] : [billSourceOf('fal-events', events, accountId)]

/** Bills of which nothing had to be asked: no task has a request id. */
function unasked(holders: readonly AccountRow[]): Readings {
  const nothing = { status: 'complete', value: null } as const
  const accounts = holders.map(
    (account, workspace): AccountEvidence => ({
      account,
      billing: { status: 'failed', failure: 'not-configured', reason: 'not asked for' },
      workspace,
      usage: nothing,
      events: nothing,
    }),
  )
  const workspaces = holders.map(({ accountId, apiKey }, lot) => ({
    name: null,
    members: [accountId],
    usage: { status: 'complete', value: [] } as const,
    events: { status: 'complete', value: lotOf([], lot) } as const,
    apiKey,
  }))
  return { bills: { accounts, workspaces, unplaced: [] }, lots: [] }
}
