import type { z } from 'zod'
import type { input, output, Pace, WorkspaceBalance } from '../../schemas/fal-balance.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import { betterRead } from '../audit/bills/better-read.ts'
import type { AccountBilling, FalReader, Fetched, UsageRow } from '../fal/reader.ts'
import { LIMITS } from '../limits.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, CreditsBought, Dependencies } from '../tool.ts'
import { divideDecimals, formatDecimal } from '../units/decimal.ts'
import { addNanoUsd, formatUsd, NANO_DIGITS, type NanoUsd, subNanoUsd } from '../units/nano-usd.ts'
import {
  allRead,
  type BillScope,
  beyondLimitNotes,
  billSourceOf,
  nextAfter,
  openBillScope,
  tableSources,
} from './bill-scope.ts'
import { DASHBOARD, daysBefore, spentOf, sumQuery } from './bill-sums.ts'
import {
  MAYBE_TWICE,
  NO_KEY,
  openWorkspaces,
  readOnce,
  type SortedBill,
  sortKeyless,
  standsElsewhere,
  usageEvidence,
  type Workspace,
} from './workspaces.ts'

type BalanceInput = z.output<typeof input>
type BalanceOutput = z.input<typeof output>

const WEEK_DAYS = 7
const MONTH_DAYS = 30
/** How long bought credits last (fal's own rule). */
const CREDIT_DAYS = 365

const ESTIMATE =
  'fal-estimate-cost with models (endpoint=quantity), or with participants, uses_per_head and model: what calls or an event would cost'

type Spend = Fetched<readonly UsageRow[]>

/** What was read of one workspace. The stretches of time do not overlap, so that their sums agree. */
interface Reading {
  readonly workspace: Workspace
  readonly billing: Fetched<AccountBilling>
  readonly lastWeek: Spend
  readonly weeksBefore: Spend
  readonly bought: (CreditsBought & { readonly spent: Spend }) | undefined
}

/**
 * The credits of each workspace, what it spends in a day, and how long that lasts: from the live balance, or where fal tells
 * none from the credits bought that the configuration names. What was not read is null with its reason, never zero.
 * Throws a configuration error where there is neither DATABASE_URL nor FAL_KEY.
 */
export async function readBalances(
  { ids }: BalanceInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<BalanceOutput> {
  const scope = await openBillScope({ ids }, dependencies, context)
  const { zone } = scope.window
  const readings = await readAll(scope, dependencies, context)
  const { bills, warning } = await sortKeyless(
    readings,
    scope.table,
    ({ lastWeek, weeksBefore }) => usageEvidence(lastWeek, weeksBefore),
    // It is known already.
    async (workspace) => readings.find((reading) => reading.workspace === workspace)?.lastWeek ?? NO_KEY,
  )
  const merged = bills.map(mergedOf)
  const rows = merged.map((reading) => ({ row: rowOf(reading), rank: rankOf(reading) }))
  rows.sort((a, b) => a.rank - b.rank || compareText(a.row.workspace ?? '', b.row.workspace ?? ''))
  const sources = [...tableSources(scope), ...readings.flatMap(sourcesOf)]
  return {
    asOf: zone.format(scope.asOf),
    timezone: zone.id,
    scope: scope.table === undefined ? 'fal-key' : 'accounts',
    complete: readings.every((reading) => allRead(sourcesOf(reading))),
    workspaces: rows.map(({ row }) => row),
    sources,
    dashboard: DASHBOARD,
    notes: [...notesOf(merged), ...(warning === undefined ? [] : [warning]), ...beyondLimitNotes(scope)],
    next: nextAfter(sources, ESTIMATE),
  }
}

async function readAll(
  { holders, asOf, window: { zone } }: BillScope,
  { fal, settings }: Dependencies,
  { signal, progress }: CallContext,
): Promise<Reading[]> {
  const { workspaces, billings } = await openWorkspaces(holders, fal, signal)
  const billingOf = new Map(holders.map((holder, index) => [holder, billings[index]]))
  const lastWeek = daysBefore(asOf, WEEK_DAYS)
  const weeksBefore = { start: daysBefore(asOf, MONTH_DAYS).start, end: lastWeek.start }
  let answered = 0
  return Promise.all(
    workspaces.map(async (workspace): Promise<Reading> => {
      const billing = bestBilling(workspace.holders.flatMap((holder) => billingOf.get(holder) ?? []))
      const bought = workspace.name === null ? undefined : settings.creditsBought.get(workspace.name)
      const spend = spendReader(workspace, zone, fal, signal)
      const [week, before, boughtRead] = await Promise.all([
        spend(lastWeek),
        spend(weeksBefore),
        bought === undefined || balanceIn(billing) !== null
          ? undefined
          : spend({ start: zone.startOfDate(bought.since), end: asOf }).then((spent) => ({ ...bought, spent })),
      ])
      progress({ message: 'fal workspaces read', done: ++answered, total: workspaces.length })
      return { workspace, billing, lastWeek: week, weeksBefore: before, bought: boughtRead }
    }),
  )
}

const NOT_BEGUN = {
  status: 'failed',
  failure: 'invalid',
  reason: 'creditsBought names a day that has not come',
} as const

const spendReader =
  (workspace: Workspace, zone: BillScope['window']['zone'], fal: FalReader, signal: AbortSignal) =>
  async (range: BillScope['range']): Promise<Spend> =>
    range.start >= range.end
      ? NOT_BEGUN
      : readOnce(workspace, (apiKey) => fal.usage(apiKey, sumQuery(range, zone), signal))

/** The answer of the keys of one workspace that tells most. */
function bestBilling(billings: readonly Fetched<AccountBilling>[]): Fetched<AccountBilling> {
  const told = billings.find((billing) => balanceIn(billing) !== null)
  const read = told ?? billings.find(({ status }) => status !== 'failed') ?? billings[0]
  return read ?? NO_KEY
}

const balanceIn = (billing: Fetched<AccountBilling>): NanoUsd | null =>
  billing.status === 'failed' ? null : billing.value.balanceNanoUsd

/** One workspace, whose key fal did not always tell it of: the better of each part, but no spend that may be another's. */
function mergedOf(bill: SortedBill<Reading>): Reading {
  const { workspace, readings } = bill
  const [{ bought }] = readings
  const best = (part: (reading: Reading) => Spend): Spend =>
    standsElsewhere(bill) ? NOT_ITS_OWN : readings.map(part).reduce(betterRead)
  return {
    workspace,
    billing: bestBilling(readings.map(({ billing }) => billing)),
    lastWeek: best(({ lastWeek }) => lastWeek),
    weeksBefore: best(({ weeksBefore }) => weeksBefore),
    bought,
  }
}

const NOT_ITS_OWN = { status: 'failed', failure: 'bad-answer', reason: MAYBE_TWICE } as const

function rowOf(reading: Reading): WorkspaceBalance {
  const { workspace, billing, lastWeek, weeksBefore, bought } = reading
  const { name, holders } = workspace
  const accountIds = holders.flatMap(({ accountId }) => accountId ?? []).sort((a, b) => a - b)
  const live = balanceIn(billing)
  const { remaining, source } = remainingOf(reading)
  const { week, month } = spendOf(reading)
  const spendReason = reasonOf(lastWeek, weeksBefore, ...(bought === undefined ? [] : [bought.spent]))
  return {
    ...(name !== null && { workspace: cleanText(name) }),
    ...(accountIds.length > 0 && { accountIds }),
    balanceUsd: usdOrNull(live),
    ...(live === null && { balanceReason: reasonOf(billing) ?? NO_CREDITS }),
    remainingUsd: usdOrNull(remaining),
    remainingSource: source,
    ...(bought !== undefined && {
      creditsBoughtUsd: formatUsd(bought.nanoUsd),
      boughtSince: bought.since,
      spentSinceUsd: usdOrNull(spentOf(bought.spent)),
    }),
    last7Days: paceOf(week, WEEK_DAYS, remaining),
    last30Days: paceOf(month, MONTH_DAYS, remaining),
    ...(spendReason !== undefined && { spendReason }),
  }
}

const NO_CREDITS = `fal's answer tells no credits for this account; see ${DASHBOARD}`

const usdOrNull = (amount: NanoUsd | null): string | null => (amount === null ? null : formatUsd(amount))

function reasonOf(...reads: readonly Fetched<unknown>[]): string | undefined {
  const reasons = new Set(reads.flatMap((read) => ('reason' in read ? [read.reason] : [])))
  return reasons.size === 0 ? undefined : cleanText([...reasons].join('; '), LIMITS.reasonChars)
}

function spendOf({ lastWeek, weeksBefore }: Reading): { week: NanoUsd | null; month: NanoUsd | null } {
  const week = spentOf(lastWeek)
  const before = spentOf(weeksBefore)
  return { week, month: week === null || before === null ? null : addNanoUsd(week, before) }
}

function remainingOf({ billing, bought }: Reading): {
  readonly remaining: NanoUsd | null
  readonly source: WorkspaceBalance['remainingSource']
} {
  const live = balanceIn(billing)
  if (live !== null) return { remaining: live, source: 'live' }
  const spent = bought === undefined ? null : spentOf(bought.spent)
  if (bought === undefined || spent === null) return { remaining: null, source: 'unknown' }
  return { remaining: subNanoUsd(bought.nanoUsd, spent), source: 'bought-minus-spent' }
}

function paceOf(spent: NanoUsd | null, days: number, remaining: NanoUsd | null): Pace {
  const tenths = tenthsLeft(spent, days, remaining)
  return {
    spentUsd: usdOrNull(spent),
    perDayUsd: spent === null ? null : perDay(spent, days),
    daysLeft: tenths === null ? null : `${tenths / 10n}.${tenths % 10n}`,
  }
}

function perDay(spent: NanoUsd, days: number): string | null {
  const mean = divideDecimals({ digits: spent, scale: NANO_DIGITS }, { digits: BigInt(days), scale: 0 }, NANO_DIGITS)
  return mean === undefined ? null : formatDecimal(mean.quotient)
}

/** Tenths of days, rounded down from the exact sums, so that nothing lasts longer than it does. */
function tenthsLeft(spent: NanoUsd | null, days: number, remaining: NanoUsd | null): bigint | null {
  if (spent === null || remaining === null || spent <= 0n) return null
  return remaining <= 0n ? 0n : (remaining * BigInt(days) * 10n) / spent
}

/** Tenths of days left at the faster pace; those that are not known come last. */
function rankOf(reading: Reading): number {
  const { remaining } = remainingOf(reading)
  const { week, month } = spendOf(reading)
  const known = [tenthsLeft(week, WEEK_DAYS, remaining), tenthsLeft(month, MONTH_DAYS, remaining)].flatMap(
    (tenths) => tenths ?? [],
  )
  // As a rank alone: no amount is shown from it.
  return known.length === 0 ? Number.MAX_VALUE : Math.min(...known.map(Number))
}

function sourcesOf({ workspace, billing, lastWeek, weeksBefore, bought }: Reading): BillSource[] {
  const spends = [lastWeek, weeksBefore, ...(bought === undefined ? [] : [bought.spent])]
  const spend = spends.find(({ status }) => status === 'failed') ?? spends.find(({ status }) => status === 'partial')
  return workspace.holders.flatMap(({ accountId }) => [
    billSourceOf('fal-balance', billing, accountId),
    billSourceOf('fal-usage', spend ?? lastWeek, accountId),
  ])
}

function notesOf(readings: readonly Reading[]): string[] {
  const bought = readings.some(({ billing, bought: credits }) => balanceIn(billing) === null && credits !== undefined)
  return [
    `Credits bought expire after ${CREDIT_DAYS} days; promotional credits may expire at other times. The dashboard tells when.`,
    ...(bought
      ? [
          'bought-minus-spent is what AUDIT_CONFIG names less all usage since that day: it knows no expiry, no promotional credits and no later purchase.',
        ]
      : []),
  ]
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
