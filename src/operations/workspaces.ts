import type { FalReader, Fetched } from '../fal/reader.ts'
import type { KeyHolder } from './bill-scope.ts'

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

/**
 * Drops what was read twice because fal did not tell a key's workspace: the very same rows as another workspace has. Its
 * holders join that workspace.
 */
export function mergeUnnamed<T extends { readonly workspace: Workspace }>(
  reads: readonly T[],
  rowsOf: (read: T) => readonly unknown[],
): T[] {
  const merged: { read: T; print: string }[] = []
  const inOrder = [...reads].sort((a, b) => Number(a.workspace.name === null) - Number(b.workspace.name === null))
  for (const read of inOrder) {
    const rows = rowsOf(read)
    const print = rows.length === 0 ? '' : fingerprintOf(rows)
    const same =
      read.workspace.name === null && print !== '' ? merged.find((other) => other.print === print) : undefined
    if (same === undefined) {
      merged.push({ read, print })
      continue
    }
    const { name, holders } = same.read.workspace
    same.read = { ...same.read, workspace: { name, holders: [...holders, ...read.workspace.holders] } }
  }
  return merged.map(({ read }) => read)
}

const fingerprintOf = (rows: readonly unknown[]): string =>
  rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
    .sort()
    .join('\n')
