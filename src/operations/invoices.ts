import type { z } from 'zod'
import type { InvoiceRow, input, output } from '../../schemas/fal-list-invoices.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import { betterRead } from '../audit/bills/better-read.ts'
import type { BillLine } from '../audit/bills/same-bill.ts'
import type { Fetched, FocusRow, LegacyInvoice, UsageRow } from '../fal/reader.ts'
import { LIMITS } from '../limits.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { addDecimals, type Decimal, formatDecimal, parseDecimal, ZERO_DECIMAL } from '../units/decimal.ts'
import { earlier, type Instant } from '../units/instant.ts'
import { addNanoUsd, formatUsd, type NanoUsd, parseUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import type { Zone } from '../units/zone.ts'
import {
  allRead,
  type BillScope,
  beyondLimitNotes,
  billSourceOf,
  nextAfter,
  openBillScope,
  tableSources,
  unreadBalances,
} from './bill-scope.ts'
import { formatMonth, instantsOf, type MonthRange, monthRangeOf, monthsOf } from './months.ts'
import {
  isRefused,
  MAYBE_TWICE,
  openWorkspaces,
  readOnce,
  type SortedBill,
  sortKeyless,
  standsElsewhere,
  usageEvidence,
  type Workspace,
} from './workspaces.ts'

type InvoicesInput = z.output<typeof input>
type InvoicesOutput = z.input<typeof output>

const NOTE =
  'Rows with source derived-from-usage are monthly sums of usage, and no invoices: fal opens its invoice report (FOCUS) to enterprise accounts only. Each row is a whole workspace, with all of its keys.'
const NOT_ASKED = 'The unconfirmed address /billing/invoices was not asked.'
const ASKED =
  'Rows with source unconfirmed-billing-invoices come from the address /billing/invoices, which fal does not document: they are unconfirmed, may repeat what other rows show, and are not to be added to them. What they do not tell plainly is left out, costs are null.'

const NO_MONTH = 'fal sent these lines for several months alike, and they name neither invoice nor billing period'
const MONTH_UNNAMED =
  'Some lines of the invoice report name no billing period: their month is the one that fal was asked for.'
const MONTH_OTHERWISE =
  'Some lines of the invoice report name a billing period other than the month of issue that fal sent them for, which is the one shown.'
const MONTHS_TORN =
  'fal cut some months of usage at other hours than the timezone asked for: a monthly sum may hold hours of the month beside it.'

const MONTH_OF_ISSUE =
  'billingMonth of source focus is the month of issue, which may be later than when it was spent: chargeMonths, where fal tells them. Its months are of UTC, as all times of FOCUS are: what was spent within hours of their edges is of the month beside it in another timezone.'

// An invoice tells no models; two are held together by what each was spent on.
const WHAT_IT_WAS_FOR =
  'fal-get-usage with the first and last day of the month in which it was spent as start and end (of focus chargeMonths, and timezone UTC; of derived-from-usage billingMonth, and the timezone of months), and once more for another: what each was spent on, by model, day or account'

type Months = MonthRange & { readonly current: number }

interface WorkspaceInvoices {
  readonly workspace: Workspace
  readonly focus: Fetched<readonly FocusRow[]>
  /** undefined: the invoice report was read, so usage was not asked for. */
  readonly usage: Fetched<readonly UsageRow[]> | undefined
  readonly legacy: Fetched<readonly LegacyInvoice[]>
}

/**
 * Invoices by workspace and month of issue from the FOCUS report; where an account has none, monthly statements added up
 * from usage, named as such. What could not be read is null and named in sources.
 */
export async function listInvoices(
  given: InvoicesInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<InvoicesOutput> {
  const { from, to, timezone, ids } = given
  const monthsIn = (zone: Zone, asOf: Instant): Months => monthRangeOf({ from, to }, zone, asOf)
  const scope = await openBillScope({ timezone, ids, check: monthsIn }, dependencies, context)
  const { zone } = scope.window
  const months = monthsIn(zone, scope.asOf)
  const { reads, sources } = await readInvoices(months, scope, dependencies, context)
  const query = usageQueryOf(months, zone, scope.asOf)
  const { bills, warning } = await sortKeyless(
    reads,
    scope.table,
    evidenceOf,
    async (workspace) =>
      reads.find((read) => read.workspace === workspace)?.usage ??
      readOnce(workspace, (apiKey) => dependencies.fal.usage(apiKey, query, context.signal)),
  )
  const invoices = bills.flatMap((bill) => rowsOf(bill, months))
  invoices.sort((a, b) => compareText(b.billingMonth, a.billingMonth) || compareText(labelOf(a), labelOf(b)))
  return {
    months: { from: formatMonth(months.from), to: formatMonth(months.to), timezone: zone.id },
    asOf: zone.format(scope.asOf),
    scope: scope.table === undefined ? 'fal-key' : 'accounts',
    complete: allRead(sources),
    invoices,
    sources,
    note: [noteOf(reads), ...(warning === undefined ? [] : [warning]), ...beyondLimitNotes(scope)].join(' '),
    next: nextAfter(sources, WHAT_IT_WAS_FOR),
  }
}

function noteOf(reads: readonly WorkspaceInvoices[]): string {
  const lines = reads
    .flatMap(({ focus }) => (focus.status === 'failed' ? [] : focus.value))
    .filter(({ billingMonth, billedCostNanoUsd }) => billingMonth !== '' && billedCostNanoUsd !== null)
  const unnamed = lines.some(({ period }) => period === '')
  const otherwise = lines.some(({ period, billingMonth }) => period !== '' && period !== billingMonth)
  const torn = reads.some(({ usage }) => usage?.status === 'complete' && usage.value.some(({ isNoDay }) => isNoDay))
  const asked = reads.some(({ legacy }) => isAsked(legacy))
  return [
    NOTE,
    ...(lines.length > 0 ? [MONTH_OF_ISSUE] : []),
    ...(unnamed ? [MONTH_UNNAMED] : []),
    ...(otherwise ? [MONTH_OTHERWISE] : []),
    ...(torn ? [MONTHS_TORN] : []),
    asked ? ASKED : NOT_ASKED,
  ].join(' ')
}

async function readInvoices(
  months: Months,
  { holders, asOf, window, table }: BillScope,
  { fal }: Dependencies,
  { signal, progress }: CallContext,
): Promise<{ reads: WorkspaceInvoices[]; sources: BillSource[] }> {
  const { workspaces, billings } = await openWorkspaces(holders, fal, signal)
  const usageQuery = usageQueryOf(months, window.zone, asOf)
  const focusMonths = { from: formatMonth(months.from), to: formatMonth(months.to) }
  let answered = 0
  const reads = await Promise.all(
    workspaces.map(async (workspace): Promise<WorkspaceInvoices> => {
      const [focus, legacy] = await Promise.all([
        readOnce(workspace, (apiKey) => fal.focus(apiKey, focusMonths, signal)),
        readOnce(workspace, (apiKey) => fal.legacyInvoices(apiKey, signal)),
      ])
      const derived = focus.status === 'failed'
      const usage = derived ? await readOnce(workspace, (apiKey) => fal.usage(apiKey, usageQuery, signal)) : undefined
      progress({ message: 'fal workspaces read', done: ++answered, total: workspaces.length })
      return { workspace, focus, usage, legacy }
    }),
  )
  const sources = tableSources({ table })
  for (const { workspace, focus, usage, legacy } of reads) {
    for (const { accountId } of workspace.holders) {
      sources.push(focusSource(focus, accountId))
      if (usage !== undefined) sources.push(billSourceOf('fal-usage', usage, accountId))
      if (isAsked(legacy)) sources.push(billSourceOf('fal-billing-invoices', legacy, accountId))
    }
  }
  sources.push(...unreadBalances(holders, billings))
  return { reads, sources }
}

function usageQueryOf(months: Months, zone: Zone, asOf: BillScope['asOf']) {
  const { start, end } = instantsOf(months, zone)
  return { range: { start, end: earlier(end, asOf) }, zone, timeframe: 'month' } as const
}

const isAsked = (legacy: WorkspaceInvoices['legacy']): boolean =>
  legacy.status !== 'failed' || legacy.failure !== 'not-configured'

const CLOSED = 'no invoice report: fal opens FOCUS to enterprise accounts only'

/** An account without access to FOCUS has no such source; any other failure is a gap. */
function focusSource(focus: WorkspaceInvoices['focus'], accountId: number | undefined): BillSource {
  if (!isRefused(focus)) return billSourceOf('fal-focus', focus, accountId)
  // The same answer comes where a key may read all else: whoever reads of keys alone would go and change them.
  const told = { status: focus.status, reason: `${CLOSED} (${focus.reason})` }
  return { ...billSourceOf('fal-focus', told, accountId), status: 'not-configured' }
}

function evidenceOf({ focus, usage }: WorkspaceInvoices) {
  return usage === undefined && focus.status !== 'failed'
    ? ({ kind: 'focus', lines: () => linesOf(focus.value), whole: focus.status === 'complete' } as const)
    : usageEvidence(usage ?? NOT_READ)
}

const NOT_READ = { status: 'failed', failure: 'not-configured', reason: 'not asked for' } as const

/** No id of an invoice is promised to be of one workspace alone. */
const linesOf = (rows: readonly FocusRow[]): BillLine[] =>
  rows
    .filter(({ billedCostNanoUsd }) => billedCostNanoUsd !== null)
    .map(({ invoiceId, billingMonth, chargeMonth, service }) => ({
      keyId: null,
      mark: JSON.stringify([invoiceId, billingMonth, chargeMonth, service]),
    }))

/** One workspace: the better of each part. Where it may stand in another one's rows already, its own have no figures. */
function rowsOf(bill: SortedBill<WorkspaceInvoices>, months: Months): InvoiceRow[] {
  const { workspace, readings } = bill
  const accountIds = workspace.holders.flatMap(({ accountId }) => accountId ?? []).sort((a, b) => a - b)
  const head = {
    ...(workspace.name !== null && { workspace: cleanText(workspace.name) }),
    ...(accountIds.length > 0 && { accountIds }),
  }
  const focus = readings.map((reading) => reading.focus).reduce(betterRead)
  const usage = readings.map((reading) => reading.usage ?? NOT_READ).reduce(betterRead)
  const legacy = readings.map((reading) => reading.legacy).reduce(betterRead)
  const rows = focus.status === 'failed' ? statements(head, usage, months) : focusRows(head, focus.value)
  if (legacy.status !== 'failed') rows.push(...unconfirmedRows(head, legacy.value, months))
  return standsElsewhere(bill) ? rows.map((row) => ({ ...row, costUsd: null, reason: MAYBE_TWICE })) : rows
}

type Head = Pick<InvoiceRow, 'workspace' | 'accountIds'>

/** One row an invoice, and one for each month whose invoices are not known. */
function focusRows(head: Head, lines: readonly FocusRow[]): InvoiceRow[] {
  const invoices = new Map<string, { first: FocusRow; cost: Decimal; lines: number; charged: Set<string> }>()
  const rows: InvoiceRow[] = []
  for (const line of lines) {
    const { billingMonth, billedCostNanoUsd, reason } = line
    if (billedCostNanoUsd === null) {
      rows.push({
        source: 'focus',
        billingMonth,
        ...head,
        costUsd: null,
        ...(reason !== undefined && { reason: cleanText(reason, LIMITS.reasonChars) }),
      })
      continue
    }
    const key = JSON.stringify([billingMonth, line.invoiceId])
    const invoice = invoices.get(key) ?? { first: line, cost: ZERO_DECIMAL, lines: 0, charged: new Set() }
    const cost = parseDecimal(line.billedCost ?? formatUsd(billedCostNanoUsd)) ?? ZERO_DECIMAL
    invoice.cost = addDecimals(invoice.cost, cost)
    invoice.lines += 1
    if (line.chargeMonth !== '') invoice.charged.add(line.chargeMonth)
    invoices.set(key, invoice)
  }
  for (const { first, cost, lines: count, charged } of invoices.values()) {
    // Without month and invoice nothing tells whether lines that came several times are one.
    const isKnown = first.billingMonth !== '' || first.invoiceId !== ''
    rows.push({
      source: 'focus',
      billingMonth: first.billingMonth,
      ...(charged.size > 0 && { chargeMonths: spanOf(charged) }),
      ...head,
      ...(first.invoiceId !== '' && { invoiceId: cleanText(first.invoiceId) }),
      ...(isKnown ? { costUsd: roundedUsd(cost) } : { costUsd: null, reason: NO_MONTH }),
      lines: count,
    })
  }
  return rows
}

function spanOf(months: ReadonlySet<string>): string {
  const [first = '', ...others] = [...months].sort(compareText)
  const last = others.at(-1)
  return last === undefined ? first : `${first} to ${last}`
}

/** Lines finer than a nano-dollar are added up first: each rounded for itself, many would be off by more than one. */
const roundedUsd = (cost: Decimal): string => formatUsd(parseUsd(formatDecimal(cost)) ?? ZERO_NANO_USD)

/** One statement a month; null where usage was not read whole. */
function statements(head: Head, usage: Fetched<readonly UsageRow[]>, months: Months): InvoiceRow[] {
  const byMonth = new Map<string, NanoUsd>()
  const whole = usage.status === 'complete'
  const first = formatMonth(months.from)
  for (const { date, costNanoUsd } of whole ? usage.value : []) {
    // A bucket that fal cut at other hours may begin before the months asked for: it ends in the first of them.
    const month = date < first ? first : date.slice(0, 7)
    byMonth.set(month, addNanoUsd(byMonth.get(month) ?? ZERO_NANO_USD, costNanoUsd))
  }
  return monthsOf(months).map((month) => ({
    source: 'derived-from-usage',
    billingMonth: formatMonth(month),
    ...head,
    costUsd: whole ? formatUsd(byMonth.get(formatMonth(month)) ?? ZERO_NANO_USD) : null,
    ...(!whole && { reason: cleanText(usage.reason, LIMITS.reasonChars) }),
    ...(month === months.current && { partial: true }),
  }))
}

/** Those of the months asked for, and those that tell no month: they may be of any. */
function unconfirmedRows(head: Head, invoices: readonly LegacyInvoice[], { from, to }: Months): InvoiceRow[] {
  return invoices
    .filter(({ month }) => month === '' || (month >= formatMonth(from) && month <= formatMonth(to)))
    .map(({ invoiceId, month, amountNanoUsd, currency, status }) => ({
      source: 'unconfirmed-billing-invoices',
      billingMonth: month,
      ...head,
      ...(invoiceId !== '' && { invoiceId: cleanText(invoiceId) }),
      costUsd: amountNanoUsd === null ? null : formatUsd(amountNanoUsd),
      ...(currency !== '' && { currency }),
      ...(status !== '' && { status: cleanText(status) }),
    }))
}

const labelOf = ({ workspace, accountIds, invoiceId }: InvoiceRow): string =>
  JSON.stringify([workspace ?? '', accountIds ?? [], invoiceId ?? ''])

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
