import { setMaxListeners } from 'node:events'
import { AuditError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type Clock, instant, type Millis } from '../units/instant.ts'
import { askBilling } from './account.ts'
import type { Call, FalLimits } from './asking.ts'
import { askEachEvent, askEvents } from './events.ts'
import { askFocus } from './focus.ts'
import { askLegacyInvoices } from './legacy-invoices.ts'
import { askEstimate, askPricing } from './pricing.ts'
import type { Proxies } from './proxy.ts'
import type { FalReader } from './reader.ts'
import { type Redact, redactedRows, redactedTexts } from './redacting.ts'
import { createTransport } from './transport.ts'
import { askServerlessUsage, askUsage } from './usage.ts'
import { realSleep, type Sleep, steadyClock } from './waiting.ts'

export interface FalClientOptions {
  /** The Platform API, such as https://api.fal.ai/v1. */
  readonly baseUrl: string
  /** Below which the unconfirmed /billing/invoices is; undefined: it is never asked. */
  readonly legacyBillingBaseUrl?: string | undefined
  /** Through which proxy each origin is asked; without it all are asked directly. */
  readonly proxies?: Proxies
  /** Requests in flight at once, over all keys; besides them, those that hang for keys which were never answered. */
  readonly concurrency?: number
  /** Time of one request, from connecting to the last byte. */
  readonly requestTimeout?: Millis
  /** Time that one key may fail without a success before it is given up. */
  readonly failureBudget?: Millis
  /** Tries for one page, the first included. */
  readonly attempts?: number
  /** Bytes of one answer. */
  readonly answerBytes?: number
  readonly limits?: Partial<FalLimits>
  /** Blanks out the secrets that the program knows, in all texts of fal but ids, before any is cut. */
  readonly redact?: Redact
  /** Jitter of the back-off, in [0, 1). */
  readonly random?: () => number
  readonly sleep?: Sleep
  readonly clock?: Clock
  /** The time of this machine, to hold fal's against. */
  readonly wallClock?: Clock
}

export interface FalClient extends FalReader {
  /** Drops all connections. Calls under way fail; a later call connects anew. */
  close(): Promise<void>
}

/**
 * The client of fal's Platform API. Make one for the whole program: its limiter, its connections and the failure budget of
 * each key are shared by all calls. Failures are values; only an aborted signal throws, an AuditError of kind 'cancelled'.
 * Throws an AuditError of kind 'configuration' where the base URL is none. Source of all API facts: fal-platform-api.md.
 */
export function createFalClient(options: FalClientOptions): FalClient {
  const legacyBaseUrl =
    options.legacyBillingBaseUrl === undefined
      ? undefined
      : baseUrlOf(options.legacyBillingBaseUrl, 'legacyBillingBaseUrl', 'https://rest.alpha.fal.ai')
  const redact = options.redact ?? ((text: string) => text)
  const transport = createTransport({
    redact,
    baseUrl: baseUrlOf(options.baseUrl, 'FAL_API_BASE_URL', 'https://api.fal.ai/v1'),
    proxies: options.proxies ?? new Map(),
    concurrency: options.concurrency ?? LIMITS.falConcurrency,
    requestTimeout: options.requestTimeout ?? LIMITS.falRequestTimeout,
    failureBudget: options.failureBudget ?? LIMITS.falFailureBudget,
    attempts: options.attempts ?? LIMITS.falAttempts,
    answerBytes: options.answerBytes ?? LIMITS.falAnswerBytes,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? realSleep,
    clock: options.clock ?? steadyClock,
    wallClock: options.wallClock ?? (() => instant(Date.now())),
  })
  const limits: FalLimits = {
    pages: LIMITS.falPages,
    usagePageRows: LIMITS.falUsagePageRows,
    eventPageRows: LIMITS.falEventPageRows,
    pricingQuestions: LIMITS.falPricingQuestions,
    ...options.limits,
  }
  const call = (apiKey: string, signal: AbortSignal): Call => {
    // All questions of one audit wait on its one signal, far more than Node takes for a leak.
    setMaxListeners(0, signal)
    return { transport, limits, apiKey, signal }
  }
  return {
    usage: async (apiKey, query, signal) =>
      redactedRows(await askUsage(call(apiKey, signal), query), ['model', 'unit'], redact),
    events: (apiKey, query, signal) => askEvents(call(apiKey, signal), query, redact),
    eachEvents: (apiKey, query, signal, words, take) => askEachEvent(call(apiKey, signal), query, words, redact, take),
    billing: async (apiKey, signal) => {
      const answer = await askBilling(call(apiKey, signal))
      if (answer.status === 'failed') return answer
      return { ...answer, value: { ...answer.value, username: redact(answer.value.username) } }
    },
    serverlessUsage: async (apiKey, query, signal) =>
      redactedRows(await askServerlessUsage(call(apiKey, signal), query), ['app', 'gpuClass', 'unit'], redact),
    focus: async (apiKey, months, signal) =>
      redactedRows(await askFocus(call(apiKey, signal), months), ['invoiceId', 'service'], redact),
    legacyInvoices: async (apiKey, signal) => {
      const answer = await askLegacyInvoices(call(apiKey, signal), legacyBaseUrl)
      return redactedRows(answer, ['invoiceId', 'status'], redact)
    },
    pricing: async (apiKey, endpointIds, signal) => {
      const answer = await askPricing(call(apiKey, signal), endpointIds)
      if (answer.status === 'failed') return answer
      const prices = redactedTexts(answer.value.prices, ['unit', 'currency'], redact)
      return { ...answer, value: { ...answer.value, prices } }
    },
    estimate: async (apiKey, question, signal) => askEstimate(call(apiKey, signal), question),
    askAgain: async () => transport.endRests(),
    clockAhead: async () => transport.clockAhead() ?? null,
    close: transport.close,
  }
}

function baseUrlOf(text: string, field: string, example: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const http = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url !== undefined && http && url.username === '' && url.password === '' && url.search === '' && url.hash === '') {
    return url.href.replace(/\/+$/, '')
  }
  throw new AuditError('configuration', `${field} is no http or https address without user and query`, {
    field,
    accepted: `an address like ${example}`,
  })
}
