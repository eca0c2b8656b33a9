import { z } from 'zod'
import { type Instant, parseInstant } from '../src/units/instant.ts'
import { bareId } from '../src/units/request-id.ts'
import { UTC, type Zone } from '../src/units/zone.ts'

/**
 * What fal's Platform API answers, as it crosses the wire. Unknown keys are let through, since fal may add fields; rows keep
 * them, so that two rows which differ only in a new field are not taken for one. Source: fal-platform-api.md.
 */
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Writes a JSON number or a decimal text as a plain decimal: no exponent, no sign but minus, no superfluous zeros.
 * 1e-7 is "0.0000001". Undefined where the text is no decimal number.
 */
export function plainDecimal(value: string | number): string | undefined {
  const match = DECIMAL.exec(String(value).trim())
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const padded = '0'.repeat(Math.max(0, -point)) + digits + '0'.repeat(Math.max(0, point - digits.length))
  const at = Math.max(0, point)
  const wholeText = padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0'
  const fractionText = padded.slice(at).replace(/0+$/, '')
  const text = fractionText === '' ? wholeText : `${wholeText}.${fractionText}`
  return sign === '-' && text !== '0' ? `-${text}` : text
}

/** Reads a time of the wire. One without an offset is wall-clock time of the zone (inferred: fal documents ISO 8601 alone). */
export function wireInstant(text: string, zone: Zone = UTC): Instant | undefined {
  return parseInstant(text) ?? zone.fromNaive(text)
}

const decimal = z.union([
  z.number(),
  z.string().refine((text) => plainDecimal(text) !== undefined, 'is no decimal number'),
])
/** An id of nothing names no request: an event under it could be told apart from no other, and would be nobody's. */
export const isRequestId = (text: string): boolean => bareId(text) !== ''
const time = z.string().refine((text) => wireInstant(text) !== undefined, 'is no time')
const usd = z
  .string()
  .refine((currency) => currency.toUpperCase() === 'USD', 'is another currency than USD')
  .nullish()
const wholeNumber = z.union([z.number().refine(Number.isInteger, 'is no whole number'), z.string().regex(/^[+-]?\d+$/)])

const attribution = z.looseObject({
  api_key_id: z.string().nullish(),
  login_username: z.string().nullish(),
})
export type WireAttribution = z.output<typeof attribution>

const paging = { next_cursor: z.string().nullish(), has_more: z.boolean().nullish() }

/** A row of usage tells cost_total; older answers have only cost. */
const cost = { cost_total: decimal.nullish(), cost: decimal.nullish(), currency: usd }
const hasCost = (row: { cost_total?: unknown; cost?: unknown }): boolean => (row.cost_total ?? row.cost) != null
const costMissing = { path: ['cost_total'], error: 'is missing, and so is cost' }

const usageRow = z
  .looseObject({
    endpoint_id: z.string(),
    unit: z.string().nullish(),
    quantity: decimal,
    unit_price: decimal.nullish(),
    percent_discount: decimal.nullish(),
    ...cost,
    auth_method_structured: attribution.nullish(),
  })
  .refine(hasCost, costMissing)
export type WireUsageRow = z.output<typeof usageRow>

/** GET /models/usage. `summary` is not read: how it behaves across pages is not documented. */
export const falUsage = z.object({
  time_series: z.array(z.object({ bucket: time, results: z.array(usageRow) })),
  ...paging,
})

const serverlessRow = z
  .looseObject({
    app: z.string().nullish(),
    endpoint_id: z.string().nullish(),
    machine_type: z.string().nullish(),
    gpu_class: z.string().nullish(),
    unit: z.string().nullish(),
    quantity: decimal,
    ...cost,
  })
  .refine(hasCost, costMissing)
  .refine((row) => (row.app ?? row.endpoint_id) != null, { path: ['app'], error: 'is missing' })
export type WireServerlessRow = z.output<typeof serverlessRow>

/** GET /serverless/usage: as usage, per app and machine type (inferred). */
export const falServerlessUsage = z.object({
  time_series: z.array(z.object({ bucket: time, results: z.array(serverlessRow) })),
  ...paging,
})

const billingEvent = z
  .looseObject({
    request_id: z.string().refine(isRequestId, 'is empty'),
    endpoint_id: z.string(),
    timestamp: time,
    output_units: decimal.nullish(),
    quantity: decimal.nullish(),
    unit: z.string().nullish(),
    unit_price: decimal.nullish(),
    percent_discount: decimal.nullish(),
    cost_total: decimal.nullish(),
    cost_estimate_nano_usd: wholeNumber.nullish(),
    currency: usd,
    auth_method_structured: attribution.nullish(),
  })
  .refine((row) => (row.cost_estimate_nano_usd ?? row.cost_total) != null, {
    path: ['cost_estimate_nano_usd'],
    error: 'is missing, and so is cost_total',
  })
export type WireBillingEvent = z.output<typeof billingEvent>

/** GET /models/billing-events. */
export const falBillingEvents = z.object({ billing_events: z.array(billingEvent), ...paging })

/** GET /account/billing?expand=credits. */
export const falBilling = z.object({
  username: z.string().min(1),
  credits: z.object({ current_balance: decimal.nullish(), currency: usd }).nullish(),
})

/** GET /models/pricing. Prices may be in another currency, which is told; whether answers are paged is not documented. */
export const falPricing = z.object({
  prices: z.array(
    z.object({
      endpoint_id: z.string(),
      unit_price: decimal,
      unit: z.string().nullish(),
      currency: z.string().nullish(),
    }),
  ),
})

/** POST /models/pricing/estimate: one total over all endpoints. */
export const falEstimate = z.object({ total_cost: decimal, currency: usd })

/** GET /billing/invoices of an address that fal does not document: no more of its shape is taken for known than this. */
const legacyInvoices = z.array(z.looseObject({}))
export const falLegacyInvoices = z.union([legacyInvoices, z.looseObject({ invoices: legacyInvoices })])

/** The body of an error. Proxies may answer something else. */
export const falError = z.object({ error: z.object({ type: z.string().optional(), message: z.string() }) })
