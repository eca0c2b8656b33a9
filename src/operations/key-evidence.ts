import type { BillSource } from '../../schemas/tool-shapes.ts'
import { keyIdOwners } from '../audit/bills/account-keys.ts'
import type { Bills, WorkspaceBill } from '../audit/evidence.ts'
import type { FalReader, Fetched, UsageQuery, UsageRow } from '../fal/reader.ts'
import type { AccountRow } from '../ledger/reader.ts'
import { keyIdOf } from '../units/api-key.ts'
import { billSourceOf, type TaskAccounts } from './bill-scope.ts'

/** Whether tasks have to be read to tell whose the rows of some bills are, by the rules of attributeBills. */
export function tasksDecide({ workspaces, unplaced }: Bills, accounts: readonly AccountRow[]): boolean {
  const owners = keyIdOwners(accounts)
  const rows = workspaces.flatMap(({ usage }) => (usage.status === 'failed' ? [] : usage.value))
  const unplacedKeys = unplaced.length > 0 || workspaces.some(({ name }) => name === null)
  const keysWithoutId = accounts.some(({ apiKey }) => keyIdOf(apiKey) === null)
  const isOpen = ({ keyId, login }: UsageRow): boolean => (keyId === null ? login === null : owners.get(keyId) === null)
  const isStrange = ({ keyId }: UsageRow): boolean => keyId !== null && !owners.has(keyId)
  if (namesStrangersOnly(workspaces, owners)) return true
  return (unplacedKeys && rows.some(isOpen)) || (keysWithoutId && rows.some(isStrange))
}

/** Whether some bills name keys, but not one of the account table. */
function namesStrangersOnly(workspaces: readonly WorkspaceBill[], owners: ReadonlyMap<string, number | null>): boolean {
  const named = workspaces.flatMap(({ usage }) =>
    usage.status === 'failed' ? [] : usage.value.flatMap(({ keyId }) => keyId ?? []),
  )
  return named.length > 0 && !named.some((keyId) => owners.has(keyId))
}

/**
 * Bills of some endpoints alone, with what the whole bills tell of their keys: rows of the other endpoints may name keys of the
 * account table though these do not. fal is asked for them only where that decides, month by month, for the fewest rows.
 */
export async function withOtherRows(
  bills: Bills,
  accounts: readonly AccountRow[],
  { recorded }: TaskAccounts,
  query: Omit<UsageQuery, 'endpointIds'>,
  fal: FalReader,
  signal: AbortSignal,
): Promise<{ readonly bills: Bills; readonly sources: readonly BillSource[] }> {
  const owners = keyIdOwners(accounts)
  const decides =
    namesStrangersOnly(bills.workspaces, owners) && bills.workspaces.some(({ members }) => members.some(recorded))
  if (!decides) return { bills, sources: [] }
  const read = bills.workspaces.filter(({ usage }) => usage.status !== 'failed')
  const whole = { ...query, timeframe: 'month' } as const
  const answers = await Promise.all(read.map(({ apiKey }) => fal.usage(apiKey, whole, signal)))
  const named = answers.some(
    (answer) => answer.status !== 'failed' && answer.value.some(({ keyId }) => keyId !== null && owners.has(keyId)),
  )
  if (named) return { bills: { ...bills, otherRows: 'name-known-keys' }, sources: [] }
  const sources = answers.flatMap((answer, index) => unreadSources(answer, read[index]?.members ?? []))
  return { bills: { ...bills, otherRows: sources.length === 0 ? 'name-none' : 'unread' }, sources }
}

function unreadSources(answer: Fetched<readonly UsageRow[]>, members: readonly number[]): BillSource[] {
  if (answer.status === 'complete') return []
  const reason = `what all endpoints cost, which tells whether its keys are those of accounts: ${answer.reason}`
  return members.map((accountId) => billSourceOf('fal-usage', { status: answer.status, reason }, accountId))
}
