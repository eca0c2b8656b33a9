import type { AccountBilling, FalReader, Fetched, UsageQuery, UsageRow } from '../fal/reader.ts'
import type { AccountRow } from '../ledger/reader.ts'
import type { AccountEvidence, Bills, WorkspaceBill } from './evidence.ts'

/** Accounts beyond the audited ones that may be asked for the workspace they belong to. */
const PROBES_MAX = 50

interface Draft {
  readonly account: AccountRow
  readonly billing: Fetched<AccountBilling>
  readonly group: Group
}

interface Group {
  readonly name: string | null
  usage: Promise<Fetched<UsageRow[]>>
}

/**
 * Fetches the bill of each audited account: whose workspace the key opens, then that workspace's usage, once, by the
 * first of its keys that may read it. No account waits for another workspace's answers.
 * `others` are asked for their workspace only where a bill names no keys, so that its owner is not guessed.
 */
export async function fetchBills(
  audited: readonly AccountRow[],
  others: readonly AccountRow[],
  fal: FalReader,
  query: UsageQuery,
  signal: AbortSignal,
  onAccount: () => void,
): Promise<Bills> {
  const groups = new Map<string, Group>()
  const drafts = await Promise.all(
    audited.map(async (account): Promise<Draft> => {
      const billing = await fal.billing(account.apiKey, signal)
      const name = billing.status === 'failed' ? null : billing.value.username
      const key = name === null ? `account ${account.accountId}` : `name ${name}`
      const earlier = groups.get(key)
      const group: Group = earlier ?? { name, usage: fal.usage(account.apiKey, query, signal) }
      if (earlier === undefined) groups.set(key, group)
      else {
        group.usage = earlier.usage.then((usage) =>
          usage.status === 'complete' ? usage : better(usage, fal.usage(account.apiKey, query, signal)),
        )
      }
      await group.usage
      onAccount()
      return { account, billing, group }
    }),
  )
  return assemble(drafts, others, fal, signal)
}

async function better(first: Fetched<UsageRow[]>, second: Promise<Fetched<UsageRow[]>>): Promise<Fetched<UsageRow[]>> {
  const other = await second
  if (other.status === 'complete' || first.status === 'failed') return other
  return first
}

async function assemble(
  drafts: readonly Draft[],
  others: readonly AccountRow[],
  fal: FalReader,
  signal: AbortSignal,
): Promise<Bills> {
  const groups = [...new Set(drafts.map((draft) => draft.group))]
  const usages = await Promise.all(groups.map((group) => group.usage))
  const members = groups.map((group) => drafts.filter((draft) => draft.group === group).map((d) => d.account.accountId))
  if (usages.some(namesNoKeys)) await addOthers(groups, members, others, fal, signal)
  const workspaces = groups.map(
    (group, index): WorkspaceBill => ({
      name: group.name,
      members: members[index] ?? [],
      usage: usages[index] as Fetched<UsageRow[]>,
    }),
  )
  const accounts = drafts.map((draft): AccountEvidence => {
    const workspace = groups.indexOf(draft.group)
    const usage = usages[workspace] as Fetched<UsageRow[]>
    return {
      account: draft.account,
      billing: draft.billing,
      workspace,
      usage: usage.status === 'failed' ? usage : { ...usage, value: null },
    }
  })
  return { accounts, workspaces }
}

const namesNoKeys = (usage: Fetched<UsageRow[]>): boolean =>
  usage.status !== 'failed' && usage.value.some((row) => row.keyId === null && row.login === null)

async function addOthers(
  groups: readonly Group[],
  members: readonly number[][],
  others: readonly AccountRow[],
  fal: FalReader,
  signal: AbortSignal,
): Promise<void> {
  const probes = others.slice(0, PROBES_MAX)
  const answers = await Promise.all(probes.map((account) => fal.billing(account.apiKey, signal)))
  answers.forEach((answer, index) => {
    const account = probes[index]
    if (answer.status === 'failed' || account === undefined) return
    const group = groups.findIndex(({ name }) => name === answer.value.username)
    members[group]?.push(account.accountId)
  })
}
