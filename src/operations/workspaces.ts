import { keyIdOwners } from '../audit/bills/account-keys.ts'
import { alikeReadings, type BillEvidence, groupBills, keyIdsIn, usageLines } from '../audit/bills/same-bill.ts'
import type { FalReader, Fetched, UsageRow } from '../fal/reader.ts'
import { cleanText } from '../render/clean.ts'
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
export const readOnce = <T>(
  { holders }: Workspace,
  read: (apiKey: string) => Promise<Fetched<readonly T[]>>,
): Promise<Fetched<readonly T[]>> =>
  firstWhole(
    holders.map(({ apiKey }) => apiKey),
    read,
  )

/**
 * The answer to the first key that gets a whole one; otherwise the best that was had. Where all failed, fal is said to have refused
 * only if it refused every key: one that failed otherwise might have read.
 */
export async function firstWhole<T>(
  keys: readonly string[],
  read: (apiKey: string) => Promise<Fetched<T>>,
): Promise<Fetched<T>> {
  let best: Fetched<T> | undefined
  for (const apiKey of keys) {
    const next = await read(apiKey)
    if (next.status === 'complete') return next
    if (best === undefined || (best.status === 'failed' && (isRefused(best) || !isRefused(next)))) best = next
  }
  return best ?? NO_KEY
}

export const NO_KEY = { status: 'failed', failure: 'unauthorized', reason: 'there is no key to ask with' } as const

/** Whether it is the key, or what its account is, that cannot read: told so, and not failed on the way. */
export const isRefused = <T>(read: Fetched<T>): read is Extract<Fetched<T>, { status: 'failed' }> =>
  read.status === 'failed' && (read.failure === 'forbidden' || read.failure === 'not-found')

/** Readings of one workspace. */
export interface SortedBill<T> {
  /** With the keys of all of them. */
  readonly workspace: Workspace
  readonly readings: readonly [T, ...T[]]
  /** Whether it is certain that no other one is the same workspace, read with another key. */
  readonly sure: boolean
}

/** Sorts readings by workspace where fal did not tell that of every key, as an audit does: see groupBills. */
function sortBills<T extends { readonly workspace: Workspace }>(
  readings: readonly T[],
  table: BillScope['table'],
  evidenceOf: (reading: T) => Evidence,
): SortedBill<T>[] {
  return groupBills(readings, tellOf(evidenceOf), keyIdOwners(table?.all ?? [])).flatMap(
    ({ readings: [first, ...others], sure }) => {
      if (first === undefined) return []
      const holders = [first, ...others].flatMap(({ workspace }) => workspace.holders)
      return [{ workspace: { name: first.workspace.name, holders }, readings: [first, ...others], sure }]
    },
  )
}

type Evidence = Pick<BillEvidence, 'kind' | 'lines' | 'keyIds' | 'whole'>

const tellOf =
  <T extends { readonly workspace: Workspace }>(evidenceOf: (reading: T) => Evidence) =>
  (reading: T): BillEvidence => ({
    name: reading.workspace.name,
    members: reading.workspace.holders.flatMap(({ accountId }) => accountId ?? []),
    ...evidenceOf(reading),
  })

/**
 * Sorts readings whose lines name no keys. Where two are alike that fal gave two names, what usage tells of the keys of both
 * decides, and fal is asked for it; where that tells nothing they count as two, and a warning says so.
 */
export async function sortKeyless<T extends { readonly workspace: Workspace }>(
  readings: readonly T[],
  table: BillScope['table'],
  evidenceOf: (reading: T) => Evidence,
  usageOf: (workspace: Workspace) => Promise<Fetched<readonly UsageRow[]>>,
): Promise<{ readonly bills: SortedBill<T>[]; readonly warning: string | undefined }> {
  const owners = keyIdOwners(table?.all ?? [])
  const named = readings.filter(({ workspace }) => workspace.name !== null)
  const open = [...new Set(alikeReadings(named, tellOf(evidenceOf), owners).flat())]
  const usage = new Map<T, ReturnType<typeof usageEvidence>>()
  const ask = async (reading: T) => usage.set(reading, usageEvidence(await usageOf(reading.workspace)))
  await Promise.all(open.map(ask))
  const withUsage = (reading: T): Evidence => {
    const told = evidenceOf(reading)
    const more = usage.get(reading)
    if (more === undefined) return told
    const lines = () => [...told.lines(), ...more.lines()]
    return { kind: told.kind, lines, keyIds: more.keyIds, whole: told.whole && more.whole }
  }
  const bills = sortBills(readings, table, withUsage)
  const apart = alikeReadings(open, tellOf(withUsage), owners).filter(
    ([a, b]) => !bills.some(({ readings: each }) => each.includes(a) && each.includes(b)),
  )
  return { bills, warning: warningOf(apart.map(([a, b]) => [a.workspace, b.workspace])) }
}

/** Of bills that count as two by their names alone, two by two. */
function warningOf([two, ...others]: readonly (readonly { readonly name: string | null }[])[]): string | undefined {
  if (two === undefined) return undefined
  const names = two.map(({ name }) => cleanText(name ?? '')).join(' and ')
  const more = others.length > 0 ? ', and of others,' : ''
  return `The bills of ${names}${more} look alike, and no keys tell them apart: if these usernames are of one workspace, it is counted twice here. Ask with ids of one of their accounts to see it once.`
}

/** What rows of usage tell, read whole or in part. */
export const usageEvidence = (...reads: readonly Fetched<readonly UsageRow[]>[]) =>
  ({
    kind: 'usage',
    // fal's names are doubted for what usage alone bills, not for what it is asked about besides.
    lines: () => reads.flatMap((read) => usageLines(rowsIn(read)).map(({ keyId, mark }) => ({ keyId, mark }))),
    keyIds: () => new Set(reads.flatMap((read) => [...keyIdsIn(rowsIn(read))])),
    whole: reads.every(({ status }) => status === 'complete'),
  }) as const

const rowsIn = (read: Fetched<readonly UsageRow[]>): readonly UsageRow[] => (read.status === 'failed' ? [] : read.value)

/** Why a figure is null that may be counted in another one already. */
export const MAYBE_TWICE: string = notEvaluatedText('bill-maybe-twice', {}, 'en')

/** A workspace that fal did not name and that may be another one: what it cost may stand there already. */
export const standsElsewhere = ({ workspace, sure }: Pick<SortedBill<unknown>, 'workspace' | 'sure'>): boolean =>
  !sure && workspace.name === null
