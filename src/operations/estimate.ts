import type { z } from 'zod'
import type { ModelEstimate, output } from '../../schemas/fal-estimate-cost.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import { betterRead } from '../audit/bills/better-read.ts'
import type { AccountBilling, Fetched, ModelPrice, Pricing, UsageRow } from '../fal/reader.ts'
import { LIMITS } from '../limits.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { formatDecimal, multiplyDecimals, parseDecimal } from '../units/decimal.ts'
import { endpointForm } from '../units/endpoint.ts'
import { formatUsd, type NanoUsd, subNanoUsd } from '../units/nano-usd.ts'
import {
  allRead,
  type BillScope,
  billSourceOf,
  nextAfter,
  openBillScope,
  tableSources,
  unreadBalances,
} from './bill-scope.ts'
import { daysBefore, sumQuery } from './bill-sums.ts'
import { billedPrices } from './billed-prices.ts'
import { type EstimateInput, type EstimatePlan, planEstimate } from './estimate-input.ts'
import {
  firstWhole,
  MAYBE_TWICE,
  NO_KEY,
  openWorkspaces,
  readOnce,
  type SortedBill,
  sortKeyless,
  usageEvidence,
  type WorkspaceRead,
} from './workspaces.ts'

type EstimateOutput = z.input<typeof output>

const BILLED_DAYS = 30
/** Keys that are tried for prices, which are the same for all: the first that may read them is enough. */
const KEYS_TRIED_MAX = 3

/** All that fal told. */
interface Reading {
  readonly pricing: Fetched<Pricing>
  /** undefined: fal knows no model of the question. */
  readonly estimate: Fetched<NanoUsd> | undefined
  /** Usage of the models by workspace: as read, and sorted so that none comes twice. */
  readonly reads: readonly WorkspaceRead<UsageRow>[]
  readonly bills: readonly SortedBill<WorkspaceRead<UsageRow>>[]
  /** That two of the bills may be one. */
  readonly warning: string | undefined
  readonly billings: readonly Fetched<AccountBilling>[]
}

/**
 * What models will cost: advertised unit prices beside what the last 30 days were billed at, fal's own estimate of the total,
 * and what it leaves of a limit or of the live balance. What is not known is null, never zero.
 * Throws an input error that names the field, and a configuration error where there is neither DATABASE_URL nor FAL_KEY.
 */
export async function estimateCost(
  given: EstimateInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<EstimateOutput> {
  const plan = planEstimate(given)
  const scope = await openBillScope({ ids: given.ids }, dependencies, context)
  const reading = await readAll(plan, scope, dependencies, context)
  const { pricing, estimate } = reading
  const unknown = pricing.status === 'failed' ? [] : pricing.value.unknown
  const sources = sourcesOf(reading, scope)
  const event = plan.requests !== undefined
  return {
    asOf: scope.window.zone.format(scope.asOf),
    scope: scope.table === undefined ? 'fal-key' : 'accounts',
    mode: event ? 'event' : 'models',
    kind: plan.kind,
    complete: allRead(sources),
    costUsd: estimate?.status === 'complete' ? formatUsd(estimate.value) : null,
    ...(estimate?.status !== 'complete' && { costReason: reasonOf(estimate) ?? UNKNOWN_ALL }),
    ...(plan.requests !== undefined && { requests: Number(plan.requests) }),
    ...comparison(plan, reading, unknown.length),
    models: modelsOf(plan, reading, unknown),
    unknownModels: unknown.map((id) => cleanText(id)),
    sources,
    note: [
      NOTES[plan.kind],
      ...(unknown.length > 0 && estimate?.status === 'complete' ? [WITHOUT_UNKNOWN] : []),
      ...(reading.warning === undefined ? [] : [reading.warning]),
    ].join(' '),
    next: nextAfter(sources, unknown.length > 0 ? NAMES : 'fal-balance: credits left and how long they last'),
  }
}

const UNKNOWN_ALL = 'fal knows none of these models; check their names, and FAL_API_BASE_URL'

const WITHOUT_UNKNOWN =
  'It lacks unknownModels, which fal does not know, whatever they cost: nothing is said of what is left.'
const NAMES =
  'see that unknownModels are right: fal-get-usage with start, end and group_by model names the endpoints that were billed'

const NOTES = {
  calls:
    "costUsd is fal's estimate from what calls have cost so far; billed prices are per unit, and a call may take several units.",
  units: "costUsd is fal's estimate at advertised prices, before discount; what is billed may differ.",
} as const

async function readAll(
  { kind, quantities }: EstimatePlan,
  { holders, asOf, window, table }: BillScope,
  { fal }: Dependencies,
  { signal, progress }: CallContext,
): Promise<Reading> {
  const models = [...quantities.keys()]
  const { workspaces, billings } = await openWorkspaces(holders, fal, signal)
  const answering = holders.filter((_, index) => billings[index]?.status === 'complete')
  const keys = [...new Set([...answering, ...holders])].slice(0, KEYS_TRIED_MAX).map(({ apiKey }) => apiKey)
  const query = { ...sumQuery(daysBefore(asOf, BILLED_DAYS), window.zone), endpointIds: models }
  let answered = 0
  const usage = Promise.all(
    workspaces.map(async (workspace): Promise<WorkspaceRead<UsageRow>> => {
      const read = await readOnce(workspace, (apiKey) => fal.usage(apiKey, query, signal))
      progress({ message: 'fal workspaces read', done: ++answered, total: workspaces.length })
      return { workspace, read }
    }),
  )
  const [priced, reads] = await Promise.all([
    firstWhole(keys, (apiKey) => fal.pricing(apiKey, models, signal)).then(async (pricing) => {
      const unknown = new Set(pricing.status === 'failed' ? [] : pricing.value.unknown)
      const known = new Map([...quantities].filter(([id]) => !unknown.has(id)))
      if (known.size === 0) return { pricing, estimate: undefined }
      const question = { kind, quantities: known }
      return { pricing, estimate: await firstWhole(keys, (apiKey) => fal.estimate(apiKey, question, signal)) }
    }),
    usage,
  ])
  const sorted = await sortKeyless(
    reads,
    table,
    ({ read }) => usageEvidence(read),
    // It is known already.
    async (workspace) => reads.find((each) => each.workspace === workspace)?.read ?? NO_KEY,
  )
  return { ...priced, reads, ...sorted, billings }
}

function modelsOf(
  { kind, quantities }: EstimatePlan,
  { pricing, bills }: Reading,
  unknown: readonly string[],
): ModelEstimate[] {
  const prices = new Map(
    pricing.status === 'failed' ? [] : pricing.value.prices.map((price) => [price.endpointId, price]),
  )
  const billedOf = billedReader(bills)
  return [...quantities]
    .filter(([id]) => !unknown.includes(id))
    .map(([id, quantity]): ModelEstimate => {
      const price = prices.get(id)
      return {
        model: cleanText(id),
        quantity,
        unitPrice: price?.unitPrice ?? null,
        ...(price !== undefined && { unit: cleanText(price.unit), currency: cleanText(price.currency) }),
        ...(kind === 'units' && { costUsd: costOf(quantity, price) }),
        ...billedOf(id),
      }
    })
}

/** What a model was billed at, over the workspaces that were read whole; null where one of them may be counted twice. */
function billedReader(bills: Reading['bills']): (model: string) => Pick<ModelEstimate, 'billed' | 'billedReason'> {
  const whole = bills.flatMap(({ readings, sure }) => {
    const read = readings.map((reading) => reading.read).reduce(betterRead)
    return read.status === 'complete' ? [{ rows: read.value, sure }] : []
  })
  const billed = billedPrices(whole.flatMap(({ rows }) => rows))
  const doubtful = new Set(
    whole.flatMap(({ rows, sure }) => (sure ? [] : rows.map(({ model }) => endpointForm(model)))),
  )
  return (endpoint) => {
    if (whole.length === 0) return { billed: null }
    const model = endpointForm(endpoint)
    return doubtful.has(model) ? { billed: null, billedReason: MAYBE_TWICE } : { billed: billed.get(model) ?? [] }
  }
}

/** Exact: quantity × unit price. Null where the price is not known, or in another currency. */
function costOf(quantity: string, price: ModelPrice | undefined): string | null {
  const each = price?.currency === 'USD' ? parseDecimal(price.unitPrice) : undefined
  const count = parseDecimal(quantity)
  return each === undefined || count === undefined ? null : formatDecimal(multiplyDecimals(each, count))
}

type Comparison = Pick<EstimateOutput, 'availableUsd' | 'availableSource' | 'availableReason' | 'leftUsd' | 'enough'>

/** Nothing is said to be enough while a model of the question has no price. */
function comparison(plan: EstimatePlan, reading: Reading, unknownCount: number): Comparison {
  const { nanoUsd, ...available } = availableOf(plan, reading)
  const { estimate } = reading
  const cost = estimate?.status === 'complete' && unknownCount === 0 ? estimate.value : null
  const left = nanoUsd === null || cost === null ? null : subNanoUsd(nanoUsd, cost)
  return {
    availableUsd: nanoUsd === null ? null : formatUsd(nanoUsd),
    ...available,
    leftUsd: left === null ? null : formatUsd(left),
    enough: left === null ? null : left >= 0n,
  }
}

type Available = Pick<Comparison, 'availableSource' | 'availableReason'> & { readonly nanoUsd: NanoUsd | null }

function availableOf({ limitNanoUsd, requests }: EstimatePlan, { bills, billings }: Reading): Available {
  if (limitNanoUsd !== undefined) return { nanoUsd: limitNanoUsd, availableSource: 'limit' }
  if (requests === undefined) return none('there is nothing to compare with; give limit_usd')
  if (bills.length > 1) {
    const several = bills.every(({ sure }) => sure)
      ? `${bills.length} workspaces have a balance each`
      : `fal did not tell the workspaces of all keys, and these may be ${bills.length} or fewer`
    return none(`${several}; name the accounts of one with ids, or give limit_usd`)
  }
  const told = billings.flatMap((billing) => (billing.status === 'failed' ? [] : [billing.value.balanceNanoUsd]))
  const live = told.find((balance) => balance !== null)
  if (live != null) return { nanoUsd: live, availableSource: 'live-balance' }
  return none(reasonOf(billings.find(({ status }) => status === 'failed')) ?? 'fal tells no credits for this account')
}

const none = (availableReason: string): Available => ({ nanoUsd: null, availableSource: 'none', availableReason })

const reasonOf = (read: Fetched<unknown> | undefined): string | undefined =>
  read !== undefined && 'reason' in read ? cleanText(read.reason, LIMITS.reasonChars) : undefined

function sourcesOf({ pricing, estimate, reads, billings }: Reading, { holders, table }: BillScope): BillSource[] {
  const sources = tableSources({ table })
  sources.push(billSourceOf('fal-pricing', pricing))
  if (estimate !== undefined) sources.push(billSourceOf('fal-estimate', estimate))
  for (const { workspace, read } of reads) {
    for (const { accountId } of workspace.holders) sources.push(billSourceOf('fal-usage', read, accountId))
  }
  sources.push(...unreadBalances(holders, billings))
  return sources
}
