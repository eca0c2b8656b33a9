import type { SourceStatus } from '../../schemas/report.ts'
import { accountFinder, keyIdOwners } from '../audit/account-keys.ts'
import { type EventLot, lotOf } from '../audit/event-lot.ts'
import type { AccountEvidence, Bills, WorkspaceBill } from '../audit/evidence.ts'
import { type RepeatedEvent, type RequestEvidence, repeatedEvents, withBareId } from '../audit/request-evidence.ts'
import { type Attribution, attributeBills, type Owner, type SharedBill } from '../audit/whose-bill.ts'
import type { BillingEvent, FalReader, Fetched } from '../fal/reader.ts'
import type { AccountRow, TaskRow } from '../ledger/reader.ts'
import { SPANS } from '../limits.ts'
import { cleanText } from '../render/clean.ts'
import { DAY, earlier, type Instant, plus } from '../units/instant.ts'
import { mergeUnnamed, openWorkspaces, readOnce, type Workspace } from './workspaces.ts'

/** How far back fal is asked for a request of which no task tells the time: four of its longest spans. */
export const LOOK_BACK_DAYS = 360
const REASON_CHARS = 300

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
  /** Everything that was read, also of an answer that broke off. */
  readonly owned: readonly OwnedEvent[]
  readonly status: 'read' | 'partial' | 'unread' | 'not-asked'
  /** Events were asked for from here on; null where nothing was asked. */
  readonly since: Instant | null
  readonly sources: readonly SourceStatus[]
}

interface Read {
  readonly workspace: Workspace
  readonly read: Fetched<readonly BillingEvent[]>
}

/**
 * Asks fal for requests by id with the keys of their tasks' accounts; where an account is not known, with those of all
 * audited ones, each workspace once. Failures are values: an account that cannot be read has no events of null, not none.
 */
export async function askBill(question: BillQuestion, fal: FalReader, signal: AbortSignal): Promise<TraceBill> {
  const { requestIds, tasks, asOf } = question
  const holders = holdersOf(question)
  const asked = requestIds.length > 0
  const since = asked ? sinceOf(tasks, asOf) : null
  const { workspaces } =
    asked && holders.length > 1
      ? await openWorkspaces(holders, fal, signal)
      : { workspaces: holders.map((holder): Workspace => ({ name: null, holders: [holder] })) }
  const reads = await Promise.all(
    workspaces.map(async (workspace): Promise<Read> => {
      if (since === null) return { workspace, read: { status: 'complete', value: [] } }
      const query = { range: { start: since, end: asOf }, requestIds }
      return { workspace, read: await readOnce(workspace, (apiKey) => fal.events(apiKey, query, signal)) }
    }),
  )
  const merged = mergeUnnamed(reads, ({ read }) => (read.status === 'failed' ? [] : read.value))
  return assemble(merged, question.allAccounts, since)
}

function holdersOf({ tasks, allAccounts, audited }: BillQuestion): AccountRow[] {
  const accountOf = accountFinder(allAccounts)
  const ids = tasks.map(({ apiKey }) => accountOf(apiKey))
  const known = allAccounts.filter(({ accountId }) => ids.includes(accountId))
  const unknown = tasks.length === 0 || ids.includes(undefined)
  return [...new Set([...known, ...(unknown ? audited : [])])]
}

/** A day before the first of the tasks, so that stored times misread by a wrong zone still find their events. */
function sinceOf(tasks: readonly TaskRow[], asOf: Instant): Instant {
  const earliest = tasks.reduce<Instant>((first, { createdAt }) => earlier(first, createdAt), asOf)
  // Without a task, or with one of no real time (the epoch), nothing tells when.
  return tasks.length === 0 || earliest <= 0 ? plus(asOf, -LOOK_BACK_DAYS * DAY) : plus(earliest, -SPANS.crossing)
}

function assemble(reads: readonly Read[], allAccounts: readonly AccountRow[], since: Instant | null): TraceBill {
  const lots = reads.map(({ read }) => (read.status === 'failed' ? [] : read.value.map(withBareId)))
  const bills = billsOf(reads, lots, allAccounts)
  const attribution = attributeBills(bills, allAccounts, () => false)
  const events = new Map<SharedBill, readonly BillingEvent[] | null>()
  const repeated: RepeatedEvent[] = []
  const owned: OwnedEvent[] = []
  for (const bill of attribution.workspaces) {
    const fetched = bill.source.events
    const own = fetched === null || fetched.status === 'failed' ? [] : (lots[fetched.value.lot] ?? [])
    events.set(bill, fetched?.status === 'complete' ? own : null)
    repeated.push(...repeatedEvents(own))
    for (const event of own) owned.push({ event, owner: bill.ownerOf(event), workspace: bill.name })
  }
  owned.sort((a, b) => a.event.at - b.event.at)
  const sources = since === null ? [] : reads.flatMap(sourcesOf)
  return { bills, attribution, events, repeated, owned, status: statusOf(reads, since), since, sources }
}

function statusOf(reads: readonly Read[], since: Instant | null): TraceBill['status'] {
  if (since === null) return 'not-asked'
  if (reads.length > 0 && reads.every(({ read }) => read.status === 'complete')) return 'read'
  return reads.some(({ read }) => read.status !== 'failed') ? 'partial' : 'unread'
}

const sourcesOf = ({ workspace, read }: Read): SourceStatus[] =>
  workspace.holders.map(({ accountId }) => ({
    source: 'fal-events',
    ...(accountId !== undefined && { accountId }),
    status: read.status,
    ...(read.status !== 'complete' && { reason: cleanText(read.reason, REASON_CHARS) }),
  }))

/** The bills as an audit has them, with events alone: of usage there is none, and no rule that needs it is run. */
function billsOf(
  reads: readonly Read[],
  lots: readonly (readonly BillingEvent[])[],
  allAccounts: readonly AccountRow[],
): Bills {
  const byId = new Map(allAccounts.map((account) => [account.accountId, account]))
  const owners = keyIdOwners(allAccounts)
  const workspaces: WorkspaceBill[] = []
  const accounts = new Map<number, AccountEvidence>()
  for (const [index, { workspace, read }] of reads.entries()) {
    const own = lots[index] ?? []
    const events: Fetched<EventLot> = read.status === 'failed' ? read : { ...read, value: lotOf(own, index) }
    // Whoever an event names answers for it, whether or not the audit would ask with its key.
    const keyIds = own.map(({ keyId }) => keyId ?? '')
    const ids = [...workspace.holders.map(({ accountId }) => accountId), ...keyIds.map((keyId) => owners.get(keyId))]
    const members = [...new Set(ids.flatMap((id) => byId.get(id ?? -1) ?? []))]
    for (const account of members) {
      if (accounts.has(account.accountId)) continue
      accounts.set(account.accountId, evidenceOf(account, index, events))
    }
    workspaces.push({
      name: workspace.name,
      members: members.map(({ accountId }) => accountId),
      usage: { status: 'complete', value: [] },
      events,
      apiKey: workspace.holders[0]?.apiKey ?? '',
    })
  }
  return { accounts: [...accounts.values()], workspaces, unplaced: [] }
}

const NOT_ASKED: Extract<Fetched<never>, { status: 'failed' }> = {
  status: 'failed',
  failure: 'not-found',
  reason: 'not asked for',
}

const evidenceOf = (account: AccountRow, workspace: number, events: Fetched<EventLot>): AccountEvidence => ({
  account,
  billing: NOT_ASKED,
  workspace,
  usage: { status: 'complete', value: null },
  events: events.status === 'failed' ? events : { ...events, value: null },
})
