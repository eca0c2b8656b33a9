import type { Fetched, UsageRow } from '../../fal/reader.ts'
import type { AccountRow } from '../../ledger/reader.ts'
import { keyIdOf } from '../../units/api-key.ts'
import type { Bills, WorkspaceBill } from '../evidence.ts'
import { known, type Reading, type Reason, unknown } from '../rules/books.ts'
import { keyIdOwners } from './account-keys.ts'
import { betterRead } from './better-read.ts'
import { type BillEvidence, groupBills, keyIdsIn, usageLines } from './same-bill.ts'

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
  /** Members that would answer for what is unattributed, had they recorded cost of their own: ids of keys would say nothing then. */
  readonly hangsOn: readonly number[]
  /** A name to print: the workspace's own, or that of a member where fal did not tell it. */
  readonly label: string
  /** Whether it is known which accounts share the bill. Where not, nobody answers for rows without an owner. */
  readonly membersKnown: boolean
  /** Whether another bill here may be this one, read with another key: then the two must not be added up. */
  readonly maybeTwice: boolean
  /** Who answers for an event of this bill, by the same rules as for its rows. */
  ownerOf(who: Who): Owner
  /** Whether it names a key that no account row holds. */
  isStranger(who: Who): boolean
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
 * Gives the rows of each bill to accounts by api_key_id = the key id in the account table. Rows that no id tells the owner
 * of belong to the one account of their workspace, or to its accounts together; to nobody where an account that spends may
 * be one more of them. That key ids equal api_key_ids is inferred, not documented: where not one id in the whole run is
 * known and `recorded` accounts show cost of their own, ids are taken as saying nothing; `active` accounts have tasks. Each row is given once; an account
 * whose own bill was not read gets a reason instead of rows.
 */
export function attributeBills(
  bills: Bills,
  allAccounts: readonly AccountRow[],
  recorded: (accountId: number) => boolean,
  active: (accountId: number) => boolean = recorded,
): Attribution {
  const owners = keyIdOwners(allAccounts)
  const distinct = mergeSameBills(bills, owners)
  const isStrange = ({ keyId }: Who): boolean => keyId !== null && !owners.has(keyId)
  const idsAreKnown =
    bills.otherRows === 'name-known-keys' ||
    distinct.some((bill) => namedIn(bill).some(({ keyId }) => keyId !== null && owners.has(keyId)))
  const withoutId = new Set(allAccounts.filter(({ apiKey }) => keyIdOf(apiKey) === null).map((a) => a.accountId))
  const byAccount = new Map<number, Reading<readonly UsageRow[]>>()
  const workspaces: SharedBill[] = []
  const auditedRows = new Map<number, UsageRow[]>()
  for (const { account, usage } of bills.accounts) {
    const shared = distinct.find(({ members }) => members.includes(account.accountId))?.workspace.usage ?? usage
    if (shared.status === 'complete') auditedRows.set(account.accountId, [])
    else byAccount.set(account.accountId, { known: false, reason: unreadReason(shared) })
  }
  for (const bill of distinct) {
    const { workspace, members, rows, sure } = bill
    const spending = members.filter(recorded)
    // A key without an id may be billed by any: of such, what others' bills show tells nothing.
    const mayTell = !spending.some((accountId) => withoutId.has(accountId))
    const trusted = (idsAreKnown || spending.length === 0) && mayTell
    // Of a workspace without a name nothing tells who belongs to it, but that others' bills were read and are other ones.
    const others = workspace.name === null ? distinct.filter((each) => areComparable(each, bill)) : []
    const placed = new Set([...members, ...others.flatMap((each) => each.members)])
    const doubtful = workspace.name === null ? allAccounts.map((account) => account.accountId) : bills.unplaced
    const strangers = doubtful.some((accountId) => !placed.has(accountId) && active(accountId))
    // Whether the ids say anything is itself not known: then they give a row to nobody, and to no member either.
    const idsUnread = bills.otherRows === 'unread' && mayTell && !trusted && namedIn(bill).some(isStrange)
    const membersKnown = sure && !strangers && !idsUnread && !namesSomeoneAlone(bill, { owners, trusted })
    const scope: SharingScope = { owners, members, trusted, membersKnown, maybeTwice: !sure }
    const sorted = sortRows(rows, scope)
    for (const [accountId, own] of sorted.byAccount) append(auditedRows.get(accountId), own)
    const undivided = shareAnonymous(sorted, namesNobody(workspace, scope), scope, auditedRows, byAccount)
    workspaces.push({
      name: workspace.name,
      label: workspace.name ?? labelOfUnnamed(Math.min(...members)),
      source: workspace,
      members,
      membersKnown: scope.membersKnown,
      maybeTwice: scope.maybeTwice,
      unattributed: sorted.unattributed,
      undivided,
      hangsOn: trusted ? members.filter((accountId) => !idsAreKnown || withoutId.has(accountId)) : [],
      ownerOf: (who) => ownerAmong(who, scope),
      isStranger: isStrange,
    })
  }
  for (const [accountId, rows] of auditedRows) {
    if (!byAccount.has(accountId)) byAccount.set(accountId, known(rows))
  }
  return { byAccount, workspaces }
}

/** Stands for the name of a workspace that fal does not name: by the first of the accounts that its bill was read for. */
export const labelOfUnnamed = (accountId: number): string => `unknown (account ${accountId})`

/** Where a filter by account leaves some out, their bills could have shown whether ids of keys say anything. */
export function withFilter(bills: Bills, isFiltered: boolean, allAccounts: readonly AccountRow[]): Bills {
  if (!isFiltered || bills.otherRows === 'name-known-keys') return bills
  const here = new Set(bills.accounts.map(({ account }) => account.accountId))
  const mayShow = allAccounts.some(({ accountId, apiKey }) => !here.has(accountId) && keyIdOf(apiKey) !== null)
  return mayShow ? { ...bills, otherRows: 'unread' } : bills
}

/** Row by row: an argument list has a length that a large bill passes. */
function append<T>(to: T[] | undefined, rows: readonly T[]): void {
  if (to !== undefined) for (const row of rows) to.push(row)
}

const unreadReason = (usage: {
  readonly status: string
  readonly failure?: string
  readonly reason?: string
}): Reason => unknown('bill-unread', { detail: usage.reason ?? usage.status, failure: usage.failure ?? '' }).reason

/** What decides whom an id names. */
interface NamingScope {
  /** null: several accounts have this key id. */
  readonly owners: ReadonlyMap<string, number | null>
  /** Whether an id that no account has means somebody else. */
  readonly trusted: boolean
}

/** What decides whose a row of one bill is. */
interface SharingScope extends NamingScope {
  readonly members: readonly number[]
  readonly membersKnown: boolean
  readonly maybeTwice: boolean
}

interface SortedRows {
  readonly byAccount: ReadonlyMap<number, UsageRow[]>
  readonly unattributed: UsageRow[]
  readonly anonymous: UsageRow[]
}

function sortRows(rows: readonly UsageRow[], scope: SharingScope): SortedRows {
  const byAccount = new Map<number, UsageRow[]>()
  const unattributed: UsageRow[] = []
  const anonymous: UsageRow[] = []
  for (const row of rows) {
    const owner = namedOwner(row, scope)
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

/** Tells those apart whom rows and events name. */
export const idOf = ({ keyId, login }: Who): string => (keyId === null ? `login ${login}` : `key ${keyId}`)

/**
 * Whether one book, usage rows or events, names keys, and with them somebody who is no account and whom the other does not name, while
 * some of the other name nobody: these may be of that one.
 */
function namesSomeoneAlone(bill: DistinctBill, scope: NamingScope): boolean {
  const { events } = bill.workspace
  const ofEvents = events === null || events.status === 'failed' ? [] : events.value.who
  const isNameless = ({ keyId, login }: Who): boolean => keyId === null && login === null
  const namesAlone = (named: readonly Who[], other: readonly Who[]): boolean => {
    if (!other.some(isNameless) || !named.some(({ keyId }) => keyId !== null)) return false
    const known = new Set(other.map(idOf))
    return named.some((who) => namedOwner(who, scope) === 'unattributed' && !known.has(idOf(who)))
  }
  return namesAlone(bill.rows, ofEvents) || namesAlone(ofEvents, bill.rows)
}

/** Whom the ids of a row name; undivided where it has none that say anything. */
function namedOwner({ keyId, login }: Who, { owners, trusted }: NamingScope): Owner {
  const accountId = keyId === null ? undefined : owners.get(keyId)
  if (accountId === null) return 'undivided'
  if (accountId !== undefined) return { accountId }
  return login !== null || (keyId !== null && trusted) ? 'unattributed' : 'undivided'
}

function ownerAmong(who: Who, scope: SharingScope): Owner {
  const named = namedOwner(who, scope)
  const [only] = scope.members
  const isTheirs = scope.membersKnown && scope.members.length === 1 && only !== undefined
  return named === 'undivided' && isTheirs ? { accountId: only } : named
}

/** Whether events around the window leave open whose they are, though no row within it does. */
const namesNobody = ({ events }: WorkspaceBill, scope: SharingScope): boolean =>
  events !== null &&
  events.status !== 'failed' &&
  events.value.who.some((who) => ownerAmong(who, scope) === 'undivided')

/** Gives rows without an owner to the one member, or returns what the members must answer for together. */
function shareAnonymous(
  sorted: SortedRows,
  eventsNameNobody: boolean,
  { members, owners, membersKnown, maybeTwice }: SharingScope,
  auditedRows: ReadonlyMap<number, UsageRow[]>,
  byAccount: Map<number, Reading<readonly UsageRow[]>>,
): readonly UsageRow[] | null {
  if (sorted.anonymous.length === 0 && !eventsNameNobody) return null
  const [only] = members
  if (membersKnown && members.length === 1 && only !== undefined) {
    append(auditedRows.get(only), sorted.anonymous)
    return null
  }
  const strange = sorted.anonymous.some(({ keyId }) => keyId !== null && !owners.has(keyId))
  // Where rows of the bill tell nothing, events around the window do not name their key.
  const isShared = sorted.anonymous.length > 0 && sorted.anonymous.every(({ keyId }) => keyId !== null)
  const unsplit = strange ? 'key-ids-unmatched' : isShared ? 'key-ids-shared' : 'no-key-ids'
  const reason = maybeTwice ? 'bill-maybe-twice' : unsplit
  const together = [...sorted.anonymous]
  for (const accountId of members) {
    append(together, sorted.byAccount.get(accountId) ?? [])
    if (auditedRows.has(accountId)) byAccount.set(accountId, unknown(reason))
  }
  return together
}

interface DistinctBill {
  readonly workspace: WorkspaceBill
  readonly members: readonly number[]
  /** Empty where the usage was not read, though the events were. */
  readonly rows: readonly UsageRow[]
  /** Whether it is certain that no other bill here is the same one. */
  readonly sure: boolean
}

/** Bills of which anything was read, each workspace once. */
function mergeSameBills({ workspaces }: Bills, owners: ReadonlyMap<string, number | null>): DistinctBill[] {
  const read = workspaces.filter(({ usage, events }) => usage.status !== 'failed' || events?.status === 'complete')
  return groupBills(read, evidenceOf, owners).map(({ readings, sure }) => {
    const workspace = readings.reduce(betterBill)
    return { workspace, members: readings.flatMap(({ members }) => members), rows: rowsOf(workspace), sure }
  })
}

/**
 * Whether two bills show enough to be told apart: the rows of both, or the events of both. What holds nothing, and was not read
 * whole, may be any bill.
 */
function areComparable({ workspace: a }: DistinctBill, { workspace: b }: DistinctBill): boolean {
  if (showsOf(a.usage, b.usage) || showsOf(a.events, b.events)) return true
  return [a.usage, b.usage, a.events, b.events].every((read) => read === null || read.status === 'complete')
}

type Read = Fetched<{ readonly length: number }> | null

/** Whether two readings of one kind show what they hold, and it is not nothing of both. */
function showsOf(a: Read, b: Read): boolean {
  if (a === null || b === null || a.status === 'failed' || b.status === 'failed') return false
  const isShown = (read: typeof a): boolean => read.status === 'complete' || read.value.length > 0
  return isShown(a) && isShown(b) && a.value.length + b.value.length > 0
}

/** Whom a bill names: in its rows, and in events around the window, which may name others. */
function namedIn({ rows, workspace: { events } }: DistinctBill): readonly Who[] {
  return events === null || events.status === 'failed' ? rows : [...rows, ...events.value.who]
}

const rowsOf = ({ usage }: WorkspaceBill): readonly UsageRow[] => (usage.status === 'failed' ? [] : usage.value)

/** What a bill of usage tells of the workspace whose bill it is. */
function evidenceOf(bill: WorkspaceBill): BillEvidence {
  const { name, members, usage, events } = bill
  const requests =
    events === null || events.status === 'failed'
      ? undefined
      : { ids: events.value.sample, whole: events.status === 'complete' }
  return {
    name,
    members,
    kind: 'usage',
    lines: () => usageLines(rowsOf(bill)),
    keyIds: () => keyIdsIn(rowsOf(bill)),
    whole: usage.status === 'complete',
    ...(requests !== undefined && { requests }),
  }
}

/** One bill, read by two keys: the better part of each. */
function betterBill(a: WorkspaceBill, b: WorkspaceBill): WorkspaceBill {
  const usage = betterRead(a.usage, b.usage)
  const events = a.events === null || b.events === null ? a.events : betterRead(a.events, b.events)
  return { ...a, usage, events, apiKey: events === b.events && events !== a.events ? b.apiKey : a.apiKey }
}
