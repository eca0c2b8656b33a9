import type { z } from 'zod'
import type { InvoiceRow, input, output } from '../../schemas/fal-list-invoices.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import type { Fetched, FocusRow, LegacyInvoice, UsageRow } from '../fal/reader.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { earlier, type Instant } from '../units/instant.ts'
import { addNanoUsd, formatUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import type { Zone } from '../units/zone.ts'
import { allRead, type BillScope, billSourceOf, openBillScope } from './bill-scope.ts'
import { formatMonth, instantsOf, type MonthRange, monthRangeOf, monthsOf } from './months.ts'
import { mergeUnnamed, openWorkspaces, readOnce, type Workspace } from './workspaces.ts'

type InvoicesInput = z.output<typeof input>
type InvoicesOutput = z.input<typeof output>

const NOTE =
  'Rows with source derived-from-usage are monthly sums of usage, and no invoices: fal opens its invoice report (FOCUS) to enterprise accounts only. Each row is a whole workspace, with all of its keys.'
const NOT_ASKED = 'The unconfirmed address /billing/invoices was not asked.'
const ASKED =
  'Rows with source unconfirmed-billing-invoices come from the address /billing/invoices, which fal does not document: they are unconfirmed, may repeat what other rows show, and are not to be added to them. What they do not tell plainly is left out, costs are null.'

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
  const merged = mergeUnnamed(reads, rowsRead)
  const invoices = merged.flatMap((read) => rowsOf(read, months))
  invoices.sort((a, b) => compareText(b.billingMonth, a.billingMonth) || compareText(labelOf(a), labelOf(b)))
  return {
    months: { from: formatMonth(months.from), to: formatMonth(months.to), timezone: zone.id },
    asOf: zone.format(scope.asOf),
    scope: scope.table === undefined ? 'fal-key' : 'accounts',
    complete: allRead(sources),
    invoices,
    sources,
    note: `${NOTE} ${reads.some(({ legacy }) => isAsked(legacy)) ? ASKED : NOT_ASKED}`,
  }
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
  const sources: BillSource[] = table === undefined ? [] : [{ source: 'accounts', status: 'complete' }]
  for (const { workspace, focus, usage, legacy } of reads) {
    for (const { accountId } of workspace.holders) {
      sources.push(focusSource(focus, accountId))
      if (usage !== undefined) sources.push(billSourceOf('fal-usage', usage, accountId))
      if (isAsked(legacy)) sources.push(billSourceOf('fal-billing-invoices', legacy, accountId))
    }
  }
  billings.forEach((billing, index) => {
    if (billing.status !== 'complete') sources.push(billSourceOf('fal-balance', billing, holders[index]?.accountId))
  })
  return { reads, sources }
}

function usageQueryOf(months: Months, zone: Zone, asOf: BillScope['asOf']) {
  const { start, end } = instantsOf(months, zone)
  return { range: { start, end: earlier(end, asOf) }, zone, timeframe: 'month' } as const
}

const isAsked = (legacy: WorkspaceInvoices['legacy']): boolean =>
  legacy.status !== 'failed' || legacy.failure !== 'not-configured'

/** An account without access to FOCUS has no such source; any other failure is a gap. */
function focusSource(focus: WorkspaceInvoices['focus'], accountId: number | undefined): BillSource {
  const source = billSourceOf('fal-focus', focus, accountId)
  const closed = focus.status === 'failed' && (focus.failure === 'forbidden' || focus.failure === 'not-found')
  return closed ? { ...source, status: 'not-configured' } : source
}

const rowsRead = ({ focus, usage }: WorkspaceInvoices): readonly unknown[] => {
  if (usage === undefined) return focus.status === 'failed' ? [] : focus.value
  return usage.status === 'complete' ? usage.value : []
}

function rowsOf({ workspace, focus, usage, legacy }: WorkspaceInvoices, months: Months): InvoiceRow[] {
  const accountIds = workspace.holders.flatMap(({ accountId }) => accountId ?? []).sort((a, b) => a - b)
  const head = {
    ...(workspace.name !== null && { workspace: cleanText(workspace.name) }),
    ...(accountIds.length > 0 && { accountIds }),
  }
  const known =
    focus.status === 'failed'
      ? statements(head, usage?.status === 'complete' ? usage.value : undefined, months)
      : focusRows(head, focus.value)
  return legacy.status === 'failed' ? known : [...known, ...unconfirmedRows(head, legacy.value, months)]
}

type Head = Pick<InvoiceRow, 'workspace' | 'accountIds'>

function focusRows(head: Head, lines: readonly FocusRow[]): InvoiceRow[] {
  const invoices = new Map<string, { first: FocusRow; costNanoUsd: NanoUsd; lines: number }>()
  for (const line of lines) {
    const key = JSON.stringify([line.billingMonth, line.invoiceId])
    const invoice = invoices.get(key) ?? { first: line, costNanoUsd: ZERO_NANO_USD, lines: 0 }
    invoice.costNanoUsd = addNanoUsd(invoice.costNanoUsd, line.billedCostNanoUsd)
    invoice.lines += 1
    invoices.set(key, invoice)
  }
  return [...invoices.values()].map(({ first, costNanoUsd, lines: count }) => ({
    source: 'focus',
    billingMonth: first.billingMonth,
    ...head,
    ...(first.invoiceId !== '' && { invoiceId: cleanText(first.invoiceId) }),
    costUsd: formatUsd(costNanoUsd),
    lines: count,
  }))
}

/** One statement a month; null where usage was not read whole. */
function statements(head: Head, usage: readonly UsageRow[] | undefined, months: Months): InvoiceRow[] {
  const byMonth = new Map<string, NanoUsd>()
  for (const { date, costNanoUsd } of usage ?? []) {
    const month = date.slice(0, 7)
    byMonth.set(month, addNanoUsd(byMonth.get(month) ?? ZERO_NANO_USD, costNanoUsd))
  }
  return monthsOf(months).map((month) => ({
    source: 'derived-from-usage',
    billingMonth: formatMonth(month),
    ...head,
    costUsd: usage === undefined ? null : formatUsd(byMonth.get(formatMonth(month)) ?? ZERO_NANO_USD),
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
