import type { UsageBreakdownRow } from '../../schemas/fal-get-usage.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import { fetchBills } from '../audit/bills/fetch-bills.ts'
import { attributeBills, withFilter } from '../audit/bills/whose-bill.ts'
import type { Bills } from '../audit/evidence.ts'
import type { Fetched, UsageRow } from '../fal/reader.ts'
import type { AccountRow } from '../ledger/reader.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { shortenKeyId } from '../units/api-key.ts'
import { endpointForm } from '../units/endpoint.ts'
import { formatUsd } from '../units/nano-usd.ts'
import { type BillScope, billSourceOf, type ScopeInput, type TaskAccounts, taskAccounts } from './bill-scope.ts'
import { Breakdown, CostTally } from './cost-tally.ts'
import { tasksDecide, withOtherRows } from './key-evidence.ts'
import { type OwnedBill, type Owner, ownedBill, ownedBills } from './owned-bills.ts'
import type { UsageReading } from './usage-reading.ts'
import { MAYBE_TWICE } from './workspaces.ts'

type GroupBy = 'model' | 'account' | 'key' | 'day'

interface Question {
  readonly groupBy: GroupBy
  readonly endpointIds: readonly string[]
  readonly given: ScopeInput
}

/** Model usage of the window: what fal bills by endpoint, each workspace once, as an audit attributes it. */
export async function readModelUsage(
  question: Question,
  scope: BillScope,
  dependencies: Dependencies,
  context: CallContext,
): Promise<UsageReading> {
  const { bills, sources, models } =
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
    ...noteOf(question.groupBy, bills, maybeTwice),
    withoutRows: models === undefined ? [] : question.endpointIds.filter((id) => !models.has(endpointForm(id))),
    sources,
  }
}

const DAYS_TORN =
  'fal cut days of its bill at other hours than the timezone asked for: a date may hold hours of the one beside it.'

function noteOf(groupBy: GroupBy, bills: readonly OwnedBill[], maybeTwice: boolean): { note?: string } {
  const isTorn = groupBy === 'day' && bills.some(({ rows = [] }) => rows.some(({ isNoDay }) => isNoDay))
  const notes = [...(maybeTwice ? [MAYBE_TWICE] : []), ...(isTorn ? [DAYS_TORN] : [])]
  return notes.length === 0 ? {} : { note: notes.join(' ') }
}

interface Read {
  readonly bills: readonly OwnedBill[]
  readonly sources: readonly BillSource[]
  /** Whatever any row names that was read, whosever it is; undefined: nothing was read. */
  readonly models: ReadonlySet<string> | undefined
}

function modelsIn(reads: readonly Fetched<readonly UsageRow[]>[]): ReadonlySet<string> | undefined {
  const rows = reads.flatMap((read) => (read.status === 'failed' ? [] : [read.value]))
  return rows.length === 0 ? undefined : new Set(rows.flatMap((each) => each.map(({ model }) => endpointForm(model))))
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
  const accounts = tasksDecide(bills, all) ? await taskAccounts(given, dependencies, context) : NO_TASKS
  const told =
    endpointIds.length > 0
      ? await withOtherRows(bills, all, accounts, queryOf(scope, []), dependencies.fal, context.signal)
      : { bills, sources: [] }
  const attribution = attributeBills(
    withFilter(told.bills, (given.ids ?? []).length > 0, all),
    all,
    accounts.recorded,
    accounts.active,
  )
  return {
    bills: ownedBills(told.bills, attribution),
    sources: [...sourcesOf(bills), ...told.sources],
    models: modelsIn(bills.workspaces.map(({ usage }) => usage)),
  }
}

/** Where the bills themselves tell whose every row is. */
const NO_TASKS: TaskAccounts = { recorded: () => false, active: () => false }

const queryOf = ({ range, window }: BillScope, endpointIds: readonly string[]) => ({
  range,
  zone: window.zone,
  timeframe: 'day' as const,
  ...(endpointIds.length > 0 && { endpointIds }),
})

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
  const sources: BillSource[] = [billSourceOf('fal-usage', usage)]
  if (billing.status !== 'complete') sources.push(billSourceOf('fal-balance', billing))
  return { bills: [ownedBill(owner, usage)], sources, models: modelsIn([usage]) }
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

/** Groups that a bill is part of which was not read whole, or which may be another one of the bills, have no sum. */
function breakDown(groupBy: Exclude<GroupBy, 'account'>, bills: readonly OwnedBill[]): UsageBreakdownRow[] {
  const groups = new Breakdown<Partial<UsageBreakdownRow>>()
  for (const { owner, rows, parts = [], reason = MAYBE_TWICE, maybeTwice } of bills) {
    // A row of a key tells its account by itself.
    const whose = groupBy !== 'key' && owner.accountId !== undefined ? `account ${owner.accountId}: ` : ''
    for (const row of rows ?? parts) {
      const key = keyOf(groupBy, row, owner)
      const fields = () => fieldsOf(groupBy, row, owner)
      if (rows === undefined || maybeTwice === true) groups.withhold(key, fields, `${whose}${reason}`)
      else groups.group(key, fields).add(row)
    }
  }
  return groups.rows()
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
