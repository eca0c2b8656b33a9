import type { UsageRow } from '../fal/reader.ts'
import type { AccountRow } from '../ledger/reader.ts'
import { keyIdOf } from '../units/api-key.ts'
import type { Bills, WorkspaceBill } from './evidence.ts'
import { known, type Reading, type Reason, unknown } from './rules/books.ts'

/** A workspace's bill, given to those who caused it. */
export interface SharedBill {
  readonly name: string | null
  /** The bill itself, as it was fetched. */
  readonly source: WorkspaceBill
  readonly members: readonly number[]
  /** Rows of ids that no account row holds: tokens of people, rotated keys. */
  readonly unattributed: readonly UsageRow[]
  /**
   * Set where the bill does not tell the accounts of the workspace apart: then it is judged as a whole, and these are
   * all rows that its accounts together must answer for.
   */
  readonly undivided: readonly UsageRow[] | null
  /** Who answers for an event of this bill, by the same rules as for its rows. */
  ownerOf(who: Who): Owner
}

/** Whom a row or an event names. */
export type Who = Pick<UsageRow, 'keyId' | 'login'>

/** Who answers for a row or event: an account, known or not to this audit; nobody in the table; or the members together. */
export type Owner = { readonly accountId: number } | 'unattributed' | 'undivided'

export interface Attribution {
  readonly byAccount: ReadonlyMap<number, Reading<readonly UsageRow[]>>
  readonly workspaces: readonly SharedBill[]
}

/**
 * Gives the rows of each bill to accounts by api_key_id = the key id in the account table. Rows without any id belong to
 * the one account of their workspace, or to the workspace as a whole. That key ids equal api_key_ids is inferred, not
 * documented: where not one id in the whole run is known and `recorded` accounts show cost of their own, ids are taken
 * as saying nothing. Each row is given once; an account whose own bill was not read gets a reason instead of rows.
 */
export function attributeBills(
  bills: Bills,
  allAccounts: readonly AccountRow[],
  recorded: (accountId: number) => boolean,
): Attribution {
  const owners = ownersOf(allAccounts)
  const distinct = mergeSameBills(bills, owners)
  const idsAreKnown = distinct.some(({ rows }) => rows.some((row) => row.keyId !== null && owners.has(row.keyId)))
  const byAccount = new Map<number, Reading<readonly UsageRow[]>>()
  const workspaces: SharedBill[] = []
  const auditedRows = new Map<number, UsageRow[]>()
  for (const { account, usage } of bills.accounts) {
    if (usage.status === 'complete') auditedRows.set(account.accountId, [])
    else byAccount.set(account.accountId, { known: false, reason: unreadReason(usage) })
  }
  for (const { workspace, members, rows } of distinct) {
    const trusted = idsAreKnown || !members.some(recorded)
    const sorted = sortRows(rows, owners, trusted)
    for (const [accountId, own] of sorted.byAccount) auditedRows.get(accountId)?.push(...own)
    const undivided = shareAnonymous(sorted, members, auditedRows, byAccount, trusted)
    workspaces.push({
      name: workspace.name,
      source: workspace,
      members,
      unattributed: sorted.unattributed,
      undivided,
      ownerOf: (who) => ownerAmong(who, owners, members, trusted),
    })
  }
  for (const [accountId, rows] of auditedRows) {
    if (!byAccount.has(accountId)) byAccount.set(accountId, known(rows))
  }
  return { byAccount, workspaces }
}

function ownersOf(accounts: readonly AccountRow[]): Map<string, number> {
  const owners = new Map<string, number>()
  for (const { apiKey, accountId } of accounts) {
    const keyId = keyIdOf(apiKey)
    if (keyId !== null && !owners.has(keyId)) owners.set(keyId, accountId)
  }
  return owners
}

const unreadReason = (usage: { readonly status: string; readonly reason?: string }): Reason =>
  unknown('bill-unread', { detail: usage.reason ?? usage.status }).reason

interface SortedRows {
  readonly byAccount: ReadonlyMap<number, UsageRow[]>
  readonly unattributed: UsageRow[]
  readonly anonymous: UsageRow[]
}

function sortRows(rows: readonly UsageRow[], owners: ReadonlyMap<string, number>, trusted: boolean): SortedRows {
  const byAccount = new Map<number, UsageRow[]>()
  const unattributed: UsageRow[] = []
  const anonymous: UsageRow[] = []
  for (const row of rows) {
    const owner = namedOwner(row, owners, trusted)
    if (owner === 'unattributed') unattributed.push(row)
    else if (owner === 'undivided') anonymous.push(row)
    else {
      const own = byAccount.get(owner.accountId)
      if (own === undefined) byAccount.set(owner.accountId, [row])
      else own.push(row)
    }
  }
  return { byAccount, unattributed, anonymous }
}

/** Whom the ids of a row name; undivided where it has none that say anything. */
function namedOwner({ keyId, login }: Who, owners: ReadonlyMap<string, number>, trusted: boolean): Owner {
  const accountId = keyId === null ? undefined : owners.get(keyId)
  if (accountId !== undefined) return { accountId }
  return login !== null || (keyId !== null && trusted) ? 'unattributed' : 'undivided'
}

function ownerAmong(
  who: Who,
  owners: ReadonlyMap<string, number>,
  members: readonly number[],
  trusted: boolean,
): Owner {
  const named = namedOwner(who, owners, trusted)
  const [only] = members
  return named === 'undivided' && members.length === 1 && only !== undefined ? { accountId: only } : named
}

/** Gives rows without an owner to the one member, or returns what the members must answer for together. */
function shareAnonymous(
  sorted: SortedRows,
  members: readonly number[],
  auditedRows: ReadonlyMap<number, UsageRow[]>,
  byAccount: Map<number, Reading<readonly UsageRow[]>>,
  trusted: boolean,
): readonly UsageRow[] | null {
  if (sorted.anonymous.length === 0) return null
  const [only] = members
  if (members.length === 1 && only !== undefined) {
    auditedRows.get(only)?.push(...sorted.anonymous)
    return null
  }
  const together = [...sorted.anonymous]
  for (const accountId of members) {
    together.push(...(sorted.byAccount.get(accountId) ?? []))
    if (auditedRows.has(accountId)) byAccount.set(accountId, unknown(trusted ? 'no-key-ids' : 'key-ids-unmatched'))
  }
  return together
}

interface DistinctBill {
  readonly workspace: WorkspaceBill
  readonly members: readonly number[]
  readonly rows: readonly UsageRow[]
}

/**
 * Bills that were read whole or in part, each workspace once. Where fal did not tell the workspace of a key, its bill is
 * the same as another's if one names the other's key, or if both hold the very same rows.
 */
function mergeSameBills(bills: Bills, owners: ReadonlyMap<string, number>): DistinctBill[] {
  const distinct: { workspace: WorkspaceBill; members: number[]; rows: readonly UsageRow[] }[] = []
  // Named workspaces first, so that a bill without a name joins them and not the other way round.
  const inOrder = [...bills.workspaces].sort((a, b) => Number(a.name === null) - Number(b.name === null))
  for (const workspace of inOrder) {
    if (workspace.usage.status === 'failed') continue
    const rows = workspace.usage.value
    const same =
      workspace.name === null
        ? distinct.find(
            (other) =>
              namesOneOf(other.rows, workspace.members, owners) ||
              namesOneOf(rows, other.members, owners) ||
              sameRows(other.rows, rows),
          )
        : undefined
    if (same === undefined) distinct.push({ workspace, members: [...workspace.members], rows })
    else same.members.push(...workspace.members)
  }
  return distinct
}

const namesOneOf = (rows: readonly UsageRow[], members: readonly number[], owners: ReadonlyMap<string, number>) =>
  rows.some((row) => row.keyId !== null && members.includes(owners.get(row.keyId) ?? -1))

function sameRows(a: readonly UsageRow[], b: readonly UsageRow[]): boolean {
  if (a.length === 0 || a.length !== b.length) return false
  return fingerprintOf(a) === fingerprintOf(b)
}

const fingerprintOf = (rows: readonly UsageRow[]): string =>
  rows
    .map((row) =>
      [row.bucketStart, row.model, row.unit, row.quantity, row.unitPrice, row.costNanoUsd, row.keyId, row.login].join(
        '|',
      ),
    )
    .sort()
    .join('\n')
