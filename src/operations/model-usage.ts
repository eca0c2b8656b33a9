import type { UsageBreakdownRow } from '../../schemas/fal-get-usage.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import { balanceOf } from '../audit/books.ts'
import type { AccountEvidence, Bills } from '../audit/evidence.ts'
import { fetchBills } from '../audit/fetch-bills.ts'
import type { Reason } from '../audit/rules/books.ts'
import { type Attribution, attributeBills } from '../audit/whose-bill.ts'
import type { Fetched, UsageRow } from '../fal/reader.ts'
import type { AccountRow } from '../ledger/reader.ts'
import { cleanText } from '../render/clean.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { keyIdOf, shortenKeyId, shortKeyId } from '../units/api-key.ts'
import { formatUsd } from '../units/nano-usd.ts'
import { type BillScope, billSourceOf, recordedAccounts, type ScopeInput } from './bill-scope.ts'
import { Breakdown, CostTally } from './cost-tally.ts'
import type { UsageReading } from './usage-reading.ts'

type GroupBy = 'model' | 'account' | 'key' | 'day'

interface Question {
  readonly groupBy: GroupBy
  readonly endpointIds: readonly string[]
  readonly given: ScopeInput
}

/** Who a part of the bill belongs to: an account row, or a workspace beyond those. */
type Owner = Pick<UsageBreakdownRow, 'accountId' | 'accountName' | 'keyId' | 'workspace'> &
  Pick<UsageBreakdownRow, 'balanceUsd' | 'balanceSource'>

interface OwnedBill {
  readonly owner: Owner
  /** undefined: not read, for the reason given. */
  readonly rows: readonly UsageRow[] | undefined
  readonly reason?: string
  /** Whether another of the bills may be this one: then the two must not be added up. */
  readonly maybeTwice?: boolean
}

/** Model usage of the window: what fal bills by endpoint, each workspace once, as an audit attributes it. */
export async function readModelUsage(
  question: Question,
  scope: BillScope,
  dependencies: Dependencies,
  context: CallContext,
): Promise<UsageReading> {
  const { bills, sources } =
    scope.table === undefined
      ? await readKey(question, scope, dependencies, context)
      : await readTable(question, scope, scope.table, dependencies, context)
  const total = new CostTally()
  for (const { rows = [] } of bills) for (const row of rows) total.add(row)
  const maybeTwice = bills.some((bill) => bill.maybeTwice === true)
  return {
    rows: question.groupBy === 'account' ? accountRows(bills) : breakDown(question.groupBy, bills),
    total,
    hasTotal: !maybeTwice && bills.some(({ rows }) => rows !== undefined),
    ...(maybeTwice && { note: reasonText(MAYBE_TWICE) }),
    sources,
  }
}

interface Read {
  readonly bills: readonly OwnedBill[]
  readonly sources: readonly BillSource[]
}

async function readTable(
  { endpointIds, given }: Question,
  scope: BillScope,
  { all, audited }: { readonly all: readonly AccountRow[]; readonly audited: readonly AccountRow[] },
  dependencies: Dependencies,
  context: CallContext,
): Promise<Read> {
  const auditedIds = new Set(audited.map(({ accountId }) => accountId))
  let answered = 0
  const bills = await fetchBills(
    audited,
    all.filter(({ accountId }) => !auditedIds.has(accountId)),
    dependencies.fal,
    { usage: queryOf(scope, endpointIds), events: null },
    context.signal,
    () => context.progress({ message: 'fal accounts read', done: ++answered, total: audited.length }),
  )
  const recorded = namesStrangersOnly(bills, all) ? await recordedAccounts(given, dependencies, context) : undefined
  const attribution = attributeBills(bills, all, (accountId) => recorded?.has(accountId) ?? false)
  return { bills: ownedBills(bills, attribution), sources: sourcesOf(bills) }
}

const queryOf = ({ range, window }: BillScope, endpointIds: readonly string[]) => ({
  range,
  zone: window.zone,
  timeframe: 'day' as const,
  ...(endpointIds.length > 0 && { endpointIds }),
})

/** Whether the bills name keys, but not one of the account table: then what was recorded decides whether ids can be trusted. */
function namesStrangersOnly({ workspaces }: Bills, accounts: readonly AccountRow[]): boolean {
  const known = new Set(accounts.map(({ apiKey }) => keyIdOf(apiKey)))
  const named = workspaces.flatMap(({ usage }) =>
    usage.status === 'failed' ? [] : usage.value.flatMap(({ keyId }) => keyId ?? []),
  )
  return named.length > 0 && !named.some((keyId) => known.has(keyId))
}

function ownedBills(bills: Bills, { byAccount, workspaces }: Attribution): OwnedBill[] {
  const owned = bills.accounts.map((entry): OwnedBill => {
    const bill = byAccount.get(entry.account.accountId)
    const owner = ownerOf(entry, bills.workspaces[entry.workspace]?.name ?? null)
    if (bill?.known === true) return { owner, rows: bill.value }
    return { owner, rows: undefined, reason: reasonText(bill?.reason ?? { code: 'bill-unread' }) }
  })
  for (const { name, undivided, unattributed, maybeTwice } of workspaces) {
    const rows = [...(undivided ?? []), ...unattributed]
    if (rows.length > 0) owned.push({ owner: { workspace: cleanText(name ?? 'unknown') }, rows, maybeTwice })
  }
  return owned
}

function ownerOf(entry: AccountEvidence, workspace: string | null): Owner {
  const { account } = entry
  const balance = balanceOf(entry)
  return {
    accountId: account.accountId,
    accountName: cleanText(account.name),
    keyId: shortKeyId(account.apiKey),
    ...(workspace !== null && { workspace: cleanText(workspace) }),
    ...(balance !== null && { balanceUsd: formatUsd(balance.nanoUsd), balanceSource: balance.source }),
  }
}

const MAYBE_TWICE: Reason = { code: 'bill-maybe-twice' }

const reasonText = ({ code, params = {} }: Reason): string => notEvaluatedText(code, params, 'en')

/** Each account's usage, and its balance where that could not be read. */
function sourcesOf({ accounts }: Bills): BillSource[] {
  const sources: BillSource[] = [{ source: 'accounts', status: 'complete' }]
  const byId = [...accounts].sort((a, b) => a.account.accountId - b.account.accountId)
  for (const { account, usage, billing } of byId) {
    sources.push(billSourceOf('fal-usage', usage, account.accountId))
    if (billing.status !== 'complete') sources.push(billSourceOf('fal-balance', billing, account.accountId))
  }
  return sources
}

/** The bill of FAL_KEY: a whole workspace, whichever of its keys spent it. */
async function readKey(
  { endpointIds }: Question,
  scope: BillScope,
  { fal }: Dependencies,
  { signal, progress }: CallContext,
): Promise<Read> {
  const apiKey = scope.holders[0]?.apiKey ?? ''
  progress({ message: 'fal is being asked', done: 0, total: 1 })
  const [billing, usage] = await Promise.all([
    fal.billing(apiKey, signal),
    fal.usage(apiKey, queryOf(scope, endpointIds), signal),
  ])
  const balance = billing.status === 'failed' ? null : billing.value.balanceNanoUsd
  const owner: Owner = {
    ...(billing.status !== 'failed' && { workspace: cleanText(billing.value.username) }),
    ...(balance !== null && { balanceUsd: formatUsd(balance), balanceSource: 'live' }),
  }
  const sources = [billSourceOf('fal-usage', usage)]
  if (billing.status !== 'complete') sources.push(billSourceOf('fal-balance', billing))
  return { bills: [billOf(owner, usage)], sources }
}

function billOf(owner: Owner, usage: Fetched<UsageRow[]>): OwnedBill {
  if (usage.status === 'complete') return { owner, rows: usage.value }
  return { owner, rows: undefined, reason: reasonText({ code: 'bill-unread', params: { detail: usage.reason } }) }
}

/** One row for each account, also where nothing was spent or nothing could be read, and one for what lies beyond them. */
function accountRows(bills: readonly OwnedBill[]): UsageBreakdownRow[] {
  const read = new Breakdown<Owner>()
  const unread: UsageBreakdownRow[] = []
  bills.forEach(({ owner, rows, reason }, index) => {
    if (rows === undefined) {
      unread.push({ ...owner, costUsd: null, quantities: [], ...(reason !== undefined && { reason }) })
      return
    }
    const tally = read.group(String(index).padStart(6, '0'), () => owner)
    for (const row of rows) tally.add(row)
  })
  return [...read.rows(), ...unread]
}

function breakDown(groupBy: Exclude<GroupBy, 'account'>, bills: readonly OwnedBill[]): UsageBreakdownRow[] {
  const groups = new Breakdown<Partial<UsageBreakdownRow>>()
  const uncertain = uncertainGroups(groupBy, bills)
  for (const { owner, rows = [] } of bills) {
    for (const row of rows) {
      const key = keyOf(groupBy, row, owner)
      if (!uncertain.has(key)) groups.group(key, () => fieldsOf(groupBy, row, owner)).add(row)
    }
  }
  return [...groups.rows(), ...uncertain.values()]
}

/** Groups that a bill is part of which may be another one of the bills: they have no sum. */
function uncertainGroups(
  groupBy: Exclude<GroupBy, 'account'>,
  bills: readonly OwnedBill[],
): ReadonlyMap<string, UsageBreakdownRow> {
  const uncertain = new Map<string, UsageBreakdownRow>()
  for (const { owner, rows = [], maybeTwice } of bills) {
    if (maybeTwice !== true) continue
    for (const row of rows) {
      const fields = fieldsOf(groupBy, row, owner)
      uncertain.set(keyOf(groupBy, row, owner), {
        ...fields,
        costUsd: null,
        quantities: [],
        reason: reasonText(MAYBE_TWICE),
      })
    }
  }
  return uncertain
}

function keyOf(groupBy: Exclude<GroupBy, 'account'>, row: UsageRow, { accountId, workspace }: Owner): string {
  if (groupBy === 'model') return row.model
  return groupBy === 'day' ? row.date : JSON.stringify([accountId, workspace, row.keyId])
}

/** Who is behind a row without a key is a person's login, which is never shown. */
function fieldsOf(groupBy: Exclude<GroupBy, 'account'>, row: UsageRow, owner: Owner): Partial<UsageBreakdownRow> {
  if (groupBy === 'model') return { model: cleanText(row.model) }
  if (groupBy === 'day') return { date: row.date }
  const { accountId, accountName, workspace } = owner
  return {
    ...(row.keyId !== null && { keyId: shortenKeyId(cleanText(row.keyId)) }),
    ...(accountId !== undefined && { accountId }),
    ...(accountName !== undefined && { accountName }),
    ...(workspace !== undefined && { workspace }),
  }
}
