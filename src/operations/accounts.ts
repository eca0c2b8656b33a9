import type { z } from 'zod'
import type { AccountListing, input, output } from '../../schemas/fal-list-accounts.ts'
import type { SourceStatus } from '../../schemas/report.ts'
import { keyForm } from '../audit/bills/account-keys.ts'
import type { AuditPlan } from '../audit/plan.ts'
import { failedTable, tableStatus } from '../audit/table-status.ts'
import type { AccountBilling, Fetched } from '../fal/reader.ts'
import type { AccountRow, LedgerSnapshot } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { readAccounts, withPlan } from '../operation.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { shortKeyId } from '../units/api-key.ts'
import { DAY, type Instant, MINUTE, type Millis, plus } from '../units/instant.ts'
import { type KeyUse, laterUse } from '../units/key-use.ts'
import { formatUsd } from '../units/nano-usd.ts'
import { billSourceOf, nextAfter, planOf } from './bill-scope.ts'

type AccountsInput = z.output<typeof input>
type AccountsOutput = z.input<typeof output>

/** How long a stretch of usage, and of single events, is asked for, only to see whether the key may. */
const PROBE = { usage: DAY, events: MINUTE }

interface Tables {
  readonly plan: AuditPlan
  readonly listed: readonly AccountRow[]
  /** Accounts whose keys are tried: the audited ones, or those given by id. */
  readonly askedIds: ReadonlySet<number>
  readonly auditedIds: ReadonlySet<number>
  /** Newest task by whole key, in the form in which an audit compares keys; null where its time, or the task table, could not be read. */
  readonly lastUse: ReadonlyMap<string, Instant | null> | null
  readonly sources: readonly SourceStatus[]
}

/** What fal answers to the key of one account. */
interface Access {
  readonly billing: Fetched<AccountBilling>
  readonly usage: Fetched<unknown>
  readonly events: Fetched<unknown>
}

/**
 * The accounts of the table, newest first, each with what its key may read at fal. Those beyond the limit of audited
 * accounts are listed and fal is not asked of them, but for ids given by name. What was not read is null.
 */
export async function listAccounts(
  { ids = [] }: AccountsInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<AccountsOutput> {
  const tables = await readTables(ids, dependencies, context)
  const { plan, listed, askedIds } = tables
  const { zone } = plan.window
  let answered = 0
  const answers = await Promise.all(
    listed.map(async (account) => {
      if (!askedIds.has(account.accountId)) return undefined
      const access = await askAccess(account, plan, dependencies, context.signal)
      context.progress({ message: 'fal accounts read', done: ++answered, total: askedIds.size })
      return access
    }),
  )
  const accounts = listed.map((account, index) => accountRow(account, answers[index], tables))
  const sources = [...tables.sources, ...listed.flatMap((account, index) => sourcesOf(account, answers[index]))]
  const count = (isCounted: (account: AccountListing) => boolean): number => accounts.filter(isCounted).length
  return {
    asOf: zone.format(plan.asOf),
    timezone: zone.id,
    complete: sources.every(({ status }) => status === 'complete'),
    accountLimit: plan.accountLimit,
    counts: {
      accounts: accounts.length,
      audited: count(({ audited }) => audited),
      disabled: count(({ status }) => status === 'disabled'),
      unread: count(({ reason }) => reason !== undefined),
    },
    accounts,
    sources,
    next: nextAfter(sources, 'fal-get-usage with group_by account: what each of them spent'),
  }
}

const idsOf = (accounts: readonly AccountRow[]): ReadonlySet<number> =>
  new Set(accounts.map(({ accountId }) => accountId))

function readTables(ids: readonly number[], dependencies: Dependencies, context: CallContext): Promise<Tables> {
  return withPlan(planOf({ ids }), dependencies, context, async (plan, snapshot) => {
    const { all, audited } = await readAccounts(plan, snapshot)
    const listed = ids.length > 0 ? audited : all
    const { lastUse, source } = await readLastUse(snapshot, listed, context.signal)
    return {
      plan,
      listed,
      askedIds: idsOf(audited),
      // Newest first, as an audit without ids takes them.
      auditedIds: idsOf(all.slice(0, plan.accountLimit)),
      lastUse,
      sources: [{ source: 'accounts', status: 'complete' }, source],
    }
  })
}

async function readLastUse(
  snapshot: LedgerSnapshot,
  listed: readonly AccountRow[],
  signal: AbortSignal,
): Promise<{ lastUse: Map<string, Instant | null> | null; source: SourceStatus }> {
  try {
    const uses = new Map<string, KeyUse>()
    for (const [apiKey, at] of await snapshot.lastUse()) {
      const form = keyForm(apiKey)
      // An empty key belongs to nobody.
      if (form === '') continue
      uses.set(form, laterUse(uses.get(form), at))
    }
    const lastUse = new Map([...uses].map(([form, at]) => [form, at ?? null] as const))
    const unread = listed.filter(({ apiKey }) => lastUse.get(keyForm(apiKey)) === null).length
    return { lastUse, source: unread === 0 ? { source: 'tasks', status: 'complete' } : unreadUse(unread) }
  } catch (cause) {
    return { lastUse: null, source: tableStatus(failedTable('tasks', cause, signal), 'en') }
  }
}

const unreadUse = (accounts: number): SourceStatus => ({
  source: 'tasks',
  status: 'partial',
  reason: `the newest task has a time that cannot be read, or none has a time, for the key of ${accounts} account${accounts === 1 ? '' : 's'}`,
})

/** Three questions a key, as an audit asks, each with its own permission; all are asked even where one fails. */
async function askAccess(
  { apiKey }: AccountRow,
  { asOf, window }: AuditPlan,
  { fal }: Dependencies,
  signal: AbortSignal,
): Promise<Access> {
  const last = (span: Millis) => ({ start: plus(asOf, -span), end: asOf })
  const [billing, usage, events] = await Promise.all([
    fal.billing(apiKey, signal),
    fal.usage(apiKey, { range: last(PROBE.usage), zone: window.zone, timeframe: 'day' }, signal),
    fal.events(apiKey, { range: last(PROBE.events) }, signal),
  ])
  return { billing, usage, events }
}

function accountRow(
  account: AccountRow,
  access: Access | undefined,
  { plan, lastUse, auditedIds }: Tables,
): AccountListing {
  const { accountId, name, apiKey, balanceNanoUsd, disabled } = account
  const told = access === undefined || access.billing.status === 'failed' ? undefined : access.billing.value
  const live = told?.balanceNanoUsd ?? null
  const reason = reasonOf(access)
  const used = lastUse?.get(keyForm(apiKey))
  return {
    accountId,
    name: cleanText(name),
    keyId: shortKeyId(apiKey),
    status: disabled ? 'disabled' : 'normal',
    audited: auditedIds.has(accountId),
    ...(told !== undefined && { workspace: cleanText(told.username) }),
    tableBalanceUsd: balanceNanoUsd === null ? null : formatUsd(balanceNanoUsd),
    liveBalanceUsd: live === null ? null : formatUsd(live),
    billing: accessOf(access?.billing),
    usage: accessOf(access?.usage),
    events: accessOf(access?.events),
    ...(reason !== undefined && { reason }),
    ...((lastUse === null || used === null) && { lastUsedAt: null }),
    ...(used !== undefined && used !== null && { lastUsedAt: plan.window.zone.format(used) }),
  }
}

function accessOf(answer: Fetched<unknown> | undefined): AccountListing['billing'] {
  if (answer === undefined) return 'not-asked'
  return answer.status === 'complete' ? 'ok' : answer.status
}

/** Why a key could not read what it was asked for; all reasons where they differ. */
function reasonOf(access: Access | undefined): string | undefined {
  if (access === undefined) return undefined
  const answers = [access.billing, access.usage, access.events]
  const reasons = answers.flatMap((answer) => ('reason' in answer ? [answer.reason] : []))
  return reasons.length === 0 ? undefined : cleanText([...new Set(reasons)].join('; '), LIMITS.reasonChars)
}

const sourcesOf = ({ accountId }: AccountRow, access: Access | undefined): SourceStatus[] =>
  access === undefined
    ? []
    : [
        billSourceOf('fal-balance', access.billing, accountId),
        billSourceOf('fal-usage', access.usage, accountId),
        billSourceOf('fal-events', access.events, accountId),
      ]
