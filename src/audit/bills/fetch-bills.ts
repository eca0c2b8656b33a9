import type { AccountBilling, FalReader, Fetched, UsageQuery, UsageRow } from '../../fal/reader.ts'
import type { AccountRow } from '../../ledger/reader.ts'
import type { AccountEvidence, Bills, WorkspaceBill } from '../evidence.ts'
import { keyIdOwners } from './account-keys.ts'
import { betterRead } from './better-read.ts'
import type { EventLot } from './event-lot.ts'
import type { Who } from './whose-bill.ts'

/** Accounts beyond the audited ones that may be asked for the workspace they belong to. */
const PROBES_MAX = 50

export interface BillQuery {
  /** null: no usage is wanted; it then counts as read, and empty. */
  readonly usage: UsageQuery | null
  /** null: no events are wanted. */
  readonly events: ((apiKey: string) => Promise<Fetched<EventLot>>) | null
}

const NO_USAGE: Fetched<readonly UsageRow[]> = { status: 'complete', value: [] }

interface Draft {
  readonly account: AccountRow
  readonly billing: Fetched<AccountBilling>
  readonly group: Group
}

interface Group {
  readonly name: string | null
  bill: Promise<Bill>
}

interface Bill {
  readonly usage: Fetched<readonly UsageRow[]>
  readonly events: Fetched<EventLot> | null
  readonly apiKey: string
}

/**
 * Fetches the bill of each audited account: whose workspace the key opens, then that workspace's usage and events, once,
 * by the first of its keys that may read them. No account waits for another workspace's answers.
 * `others` are asked for their workspace only where a bill names no keys, so that its owner is not guessed.
 */
export async function fetchBills(
  audited: readonly AccountRow[],
  others: readonly AccountRow[],
  fal: FalReader,
  query: BillQuery,
  signal: AbortSignal,
  onAccount: () => void,
): Promise<Bills> {
  const groups = new Map<string, Group>()
  const read = async (apiKey: string): Promise<Bill> => {
    const [usage, events] = await Promise.all([
      query.usage === null ? NO_USAGE : fal.usage(apiKey, query.usage, signal),
      query.events === null ? null : query.events(apiKey),
    ])
    return { usage, events, apiKey }
  }
  const drafts = await Promise.all(
    audited.map(async (account): Promise<Draft> => {
      const billing = await fal.billing(account.apiKey, signal)
      const name = billing.status === 'failed' ? null : billing.value.username
      const key = name === null ? `account ${account.accountId}` : `name ${name}`
      const earlier = groups.get(key)
      const group: Group = earlier ?? { name, bill: read(account.apiKey) }
      if (earlier === undefined) groups.set(key, group)
      else {
        const first = earlier.bill
        group.bill = first.then(async (bill) => (isWhole(bill) ? bill : better(bill, await read(account.apiKey))))
      }
      await group.bill
      onAccount()
      return { account, billing, group }
    }),
  )
  return assemble(drafts, others, fal, signal)
}

const isWhole = ({ usage, events }: Bill): boolean =>
  usage.status === 'complete' && (events === null || events.status === 'complete')

/** The better reading of two keys of one workspace, each part for itself. */
function better(first: Bill, second: Bill): Bill {
  const events = first.events === null || second.events === null ? null : betterRead(first.events, second.events)
  return {
    usage: betterRead(first.usage, second.usage),
    events,
    apiKey: events === first.events && events?.status === 'complete' ? first.apiKey : second.apiKey,
  }
}

async function assemble(
  drafts: readonly Draft[],
  others: readonly AccountRow[],
  fal: FalReader,
  signal: AbortSignal,
): Promise<Bills> {
  const groups = [...new Set(drafts.map((draft) => draft.group))]
  const bills = await Promise.all(groups.map((group) => group.bill))
  const members = groups.map((group) => drafts.filter((draft) => draft.group === group).map((d) => d.account.accountId))
  const known = keyIdOwners([...drafts.map(({ account }) => account), ...others])
  const asks = others.length > 0 && bills.some((bill) => leavesOpen(bill, known))
  const strangers = asks ? await addOthers(groups, members, others, fal, signal) : []
  const workspaces = groups.map(
    (group, index): WorkspaceBill => ({
      name: group.name,
      members: members[index] ?? [],
      ...(bills[index] as Bill),
    }),
  )
  const accounts = drafts.map((draft): AccountEvidence => {
    const workspace = groups.indexOf(draft.group)
    const { usage, events } = bills[workspace] as Bill
    return {
      account: draft.account,
      billing: draft.billing,
      workspace,
      usage: statusOnly(usage),
      events: events === null ? null : statusOnly(events),
    }
  })
  const dark = drafts.filter(({ billing }) => billing.status === 'failed').map(({ account }) => account.accountId)
  return { accounts, workspaces, unplaced: [...dark, ...strangers] }
}

const statusOnly = <T>(fetched: Fetched<T>): Fetched<null> =>
  fetched.status === 'failed' ? fetched : { ...fetched, value: null }

/** Whether a bill has rows or events that the known keys do not tell the owner of: either may name keys without the other. */
function leavesOpen({ usage, events }: Bill, known: ReadonlyMap<string, number | null>): boolean {
  const isOpen = ({ keyId, login }: Who): boolean => (keyId === null ? login === null : known.get(keyId) == null)
  if (usage.status !== 'failed' && usage.value.some(isOpen)) return true
  return events !== null && events.status !== 'failed' && events.value.who.some(isOpen)
}

/** Adds accounts outside the audit to their workspaces; returns those whose workspace stays unknown. */
async function addOthers(
  groups: readonly Group[],
  members: readonly number[][],
  others: readonly AccountRow[],
  fal: FalReader,
  signal: AbortSignal,
): Promise<number[]> {
  const probes = others.slice(0, PROBES_MAX)
  const answers = await Promise.all(probes.map((account) => fal.billing(account.apiKey, signal)))
  const unplaced = others.slice(PROBES_MAX).map(({ accountId }) => accountId)
  answers.forEach((answer, index) => {
    const account = probes[index]
    if (account === undefined) return
    if (answer.status === 'failed') {
      unplaced.push(account.accountId)
      return
    }
    const group = groups.findIndex(({ name }) => name === answer.value.username)
    members[group]?.push(account.accountId)
  })
  return unplaced
}
