import type { EventRecords, EventWords } from '../rows/event-records.ts'
import type { Instant, InstantRange, Millis } from '../units/instant.ts'
import type { NanoUsd } from '../units/nano-usd.ts'
import type { CalendarDate, Zone } from '../units/zone.ts'

/** Why a source could not be read, in a form that rules, faces and people can act on. */
export type FetchFailure =
  | 'unauthorized' // 401: the key is wrong or revoked
  | 'forbidden' // 403: the key lacks billing read permission
  | 'not-found'
  | 'invalid' // 4xx that says our question is wrong
  | 'rate-limited'
  | 'server-error'
  | 'unreachable' // no connection, broken connection, time-out
  | 'untrusted' // a certificate on the way is not believed, and would not be if asked again
  | 'proxy-refused' // a proxy on the way does not let us through, and would not if asked again
  | 'bad-answer' // HTML, broken JSON, or JSON of another shape
  | 'repeating-cursor'
  | 'page-limit'
  | 'too-large'
  | 'not-configured' // never asked

/** Why something could not be read: what it comes to, and what was seen, in words. */
export interface UnreadBecause {
  readonly failure: FetchFailure
  readonly reason: string
}

/** What was read of a source, and whether it is the whole of it. Never silently short. */
export type Fetched<T> =
  | { readonly status: 'complete'; readonly value: T }
  | ({ readonly status: 'partial'; readonly value: T } & UnreadBecause)
  | ({ readonly status: 'failed' } & UnreadBecause)

/** Who caused a row of the bill, as far as fal tells. All null: the row carries no attribution at all. */
export interface Attribution {
  readonly keyId: string | null
  /** A person's login. Personal data: never shown. */
  readonly login: string | null
}

/** One row of GET /models/usage time_series. */
export interface UsageRow extends Attribution {
  /** Start of the bucket. */
  readonly bucketStart: Instant
  /** The bucket's date in the requested zone. */
  readonly date: CalendarDate
  /** fal cut the bucket at other hours than the days of the requested zone: part of it may belong to the date beside it. */
  readonly isNoDay?: true
  readonly model: string
  readonly unit: string
  /** Billing units, not requests; a plain decimal string. */
  readonly quantity: string
  /** USD per unit before discount, a plain decimal string; null where absent. */
  readonly unitPrice: string | null
  readonly percentDiscount: string | null
  /** cost_total, or the older cost. */
  readonly costNanoUsd: NanoUsd
}

/** One billing event of GET /models/billing-events. */
export interface BillingEvent extends Attribution {
  readonly requestId: string
  readonly model: string
  readonly at: Instant
  readonly quantity: string | null
  readonly unit: string | null
  readonly unitPrice: string | null
  readonly percentDiscount: string | null
  /** cost_estimate_nano_usd, or cost_total where that is absent. */
  readonly costNanoUsd: NanoUsd
  /** Where cost_total was finer than a nano-dollar: the cost is off by half of one at most. */
  readonly costRounded?: true
}

export interface AccountBilling {
  /** Names the workspace: keys with one username share one bill. */
  readonly username: string
  /** Live credits; null where the answer has none. */
  readonly balanceNanoUsd: NanoUsd | null
}

export interface ServerlessUsageRow {
  readonly bucketStart: Instant
  readonly date: CalendarDate
  readonly app: string
  /** Machine type; '' where absent. */
  readonly gpuClass: string
  readonly unit: string
  readonly quantity: string
  readonly costNanoUsd: NanoUsd
}

/** A line of GET /account/focus, from its FinOps FOCUS columns. */
export interface FocusRow {
  /** Invoice id, or '' where the report has none. */
  readonly invoiceId: string
  /** YYYY-MM of issue; '' where fal sent the line for several months and it names none. */
  readonly billingMonth: string
  /** YYYY-MM of the billing period that the line names; '' where it names none. Where it is not billingMonth, fal was asked for that. */
  readonly period: string
  /** YYYY-MM incurred; '' where the line does not tell it, which the month of issue does not either. */
  readonly chargeMonth: string
  readonly service: string
  readonly currency: string
  /** null: no line, but a month of which the lines are not known, for the reason given. */
  readonly billedCostNanoUsd: NanoUsd | null
  /** Where that was rounded: the cost as it was told, a plain decimal. */
  readonly billedCost?: string
  readonly reason?: string
}

/** An invoice of GET /billing/invoices, an address that fal does not document. What could not be read is '' or null. */
export interface LegacyInvoice {
  readonly invoiceId: string
  /** YYYY-MM, as written. */
  readonly month: string
  /** null: not told plainly, or in another currency. */
  readonly amountNanoUsd: NanoUsd | null
  /** Such as USD. */
  readonly currency: string
  readonly status: string
}

export interface UsageQuery {
  readonly range: InstantRange
  readonly zone: Zone
  readonly timeframe: 'day' | 'month'
  readonly endpointIds?: readonly string[]
}

export interface EventQuery {
  readonly range: InstantRange
  /** Only these requests; asked 50 at a time. */
  readonly requestIds?: readonly string[]
  readonly endpointIds?: readonly string[]
}

/** The advertised price of one endpoint, GET /models/pricing. What is billed may differ (seen). */
export interface ModelPrice {
  readonly endpointId: string
  /** Price of one unit before discount, a plain decimal. */
  readonly unitPrice: string
  /** Billing unit; '' where absent. */
  readonly unit: string
  /** Such as USD. */
  readonly currency: string
}

export interface Pricing {
  readonly prices: readonly ModelPrice[]
  /** Endpoints that fal says it does not know, each asked about alone. */
  readonly unknown: readonly string[]
}

/** What POST /models/pricing/estimate is asked. */
export interface EstimateQuestion {
  /** calls: at the historical price of a call; units: at the unit price. */
  readonly kind: 'calls' | 'units'
  /** Plain decimals by endpoint; whole numbers for calls. */
  readonly quantities: ReadonlyMap<string, string>
}

/**
 * Reads fal's Platform API. Each call takes the API key it acts for and answers for that key's whole workspace.
 * Failures are values; only a cancelled signal throws.
 */
export interface FalReader {
  usage(apiKey: string, query: UsageQuery, signal: AbortSignal): Promise<Fetched<UsageRow[]>>
  events(apiKey: string, query: EventQuery, signal: AbortSignal): Promise<Fetched<BillingEvent[]>>
  /**
   * The same events as records, whose request ids are the bare ones, handed out page by page as they come, in no promised order.
   * A page is good until `take` returns; its texts are codes of `words`. Nothing of a page is kept but 8 bytes an event, by which
   * an event that comes on two pages is told and given once. Where fal, asked about its request alone, tells it several times,
   * the others are given last. What was given before a failure stays given: the answer is then partial.
   */
  eachEvents(
    apiKey: string,
    query: EventQuery,
    signal: AbortSignal,
    words: EventWords,
    take: (page: EventRecords) => void,
  ): Promise<Fetched<null>>
  billing(apiKey: string, signal: AbortSignal): Promise<Fetched<AccountBilling>>
  serverlessUsage(apiKey: string, query: UsageQuery, signal: AbortSignal): Promise<Fetched<ServerlessUsageRow[]>>
  focus(apiKey: string, months: { from: string; to: string }, signal: AbortSignal): Promise<Fetched<FocusRow[]>>
  /** Where its address is not configured it fails as 'not-configured', and nothing is asked. */
  legacyInvoices(apiKey: string, signal: AbortSignal): Promise<Fetched<LegacyInvoice[]>>
  pricing(apiKey: string, endpointIds: readonly string[], signal: AbortSignal): Promise<Fetched<Pricing>>
  /** The total of all quantities in nano-USD; fal tells no split. */
  estimate(apiKey: string, question: EstimateQuestion, signal: AbortSignal): Promise<Fetched<NanoUsd>>
  /** A key that was given up a short while ago is asked again at the next question. */
  askAgain?(): Promise<void>
  /** How far fal's clock was ahead of this machine's at its last answer, to a second; null: no answer told. */
  clockAhead?(): Promise<Millis | null>
}
