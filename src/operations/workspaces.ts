import { keyIdOwners } from '../audit/account-keys.ts'
import { type BillEvidence, groupBills, keyIdsIn, usageLines } from '../audit/same-bill.ts'
import type { FalReader, Fetched, UsageRow } from '../fal/reader.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { BillScope, KeyHolder } from './bill-scope.ts'

/** A workspace of fal, and the keys of it that are at hand. */
export interface Workspace {
  /** null: fal did not tell. */
  readonly name: string | null
  readonly holders: readonly KeyHolder[]
}

export interface WorkspaceRead<T> {
  readonly workspace: Workspace
  readonly read: Fetched<readonly T[]>
}

/** Sorts keys by workspace, so that no bill is read twice. A key whose workspace is not told stands alone. */
export async function openWorkspaces(
  holders: readonly KeyHolder[],
  fal: FalReader,
  signal: AbortSignal,
): Promise<{ workspaces: Workspace[]; billings: Awaited<ReturnType<FalReader['billing']>>[] }> {
  const billings = await Promise.all(holders.map(({ apiKey }) => fal.billing(apiKey, signal)))
  const groups = new Map<string, { name: string | null; holders: KeyHolder[] }>()
  holders.forEach((holder, index) => {
    const billing = billings[index]
    const name = billing === undefined || billing.status === 'failed' ? null : billing.value.username
    const key = name === null ? `holder ${index}` : `name ${name}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { name, holders: [holder] })
    else group.holders.push(holder)
  })
  return { workspaces: [...groups.values()], billings }
}

/** Reads with one key of a workspace after another, until one may read all; otherwise the best that was had. */
export async function readOnce<T>(
  { holders }: Workspace,
  read: (apiKey: string) => Promise<Fetched<readonly T[]>>,
): Promise<Fetched<readonly T[]>> {
  let best: Fetched<readonly T[]> = { status: 'failed', failure: 'unauthorized', reason: 'there is no key to ask with' }
  for (const [index, { apiKey }] of holders.entries()) {
    const next = await read(apiKey)
    if (next.status === 'complete') return next
    if (index === 0 || best.status === 'failed') best = next
  }
  return best
}

/** Readings of one workspace. */
export interface SortedBill<T> {
  /** With the keys of all of them. */
  readonly workspace: Workspace
  readonly readings: readonly [T, ...T[]]
  /** Whether it is certain that no other one is the same workspace, read with another key. */
  readonly sure: boolean
}

/** Sorts readings by workspace where fal did not tell that of every key, as an audit does: see groupBills. */
export function sortBills<T extends { readonly workspace: Workspace }>(
  readings: readonly T[],
  table: BillScope['table'],
  evidenceOf: (reading: T) => Pick<BillEvidence, 'kind' | 'lines' | 'keyIds' | 'whole'>,
): SortedBill<T>[] {
  const owners = keyIdOwners(table?.all ?? [])
  const told = (reading: T): BillEvidence => ({
    name: reading.workspace.name,
    members: reading.workspace.holders.flatMap(({ accountId }) => accountId ?? []),
    ...evidenceOf(reading),
  })
  return groupBills(readings, told, owners).flatMap(({ readings: [first, ...others], sure }) => {
    if (first === undefined) return []
    const holders = [first, ...others].flatMap(({ workspace }) => workspace.holders)
    return [{ workspace: { name: first.workspace.name, holders }, readings: [first, ...others], sure }]
  })
}

/** What rows of usage tell, read whole or in part. */
export const usageEvidence = (...reads: readonly Fetched<readonly UsageRow[]>[]) =>
  ({
    kind: 'usage',
    lines: () => reads.flatMap((read) => usageLines(rowsIn(read))),
    keyIds: () => new Set(reads.flatMap((read) => [...keyIdsIn(rowsIn(read))])),
    whole: reads.every(({ status }) => status === 'complete'),
  }) as const

const rowsIn = (read: Fetched<readonly UsageRow[]>): readonly UsageRow[] => (read.status === 'failed' ? [] : read.value)

/** Why a figure is null that may be counted in another one already. */
export const MAYBE_TWICE: string = notEvaluatedText('bill-maybe-twice', {}, 'en')

/** A workspace that fal did not name and that may be another one: what it cost may stand there already. */
export const standsElsewhere = ({ workspace, sure }: Pick<SortedBill<unknown>, 'workspace' | 'sure'>): boolean =>
  !sure && workspace.name === null
