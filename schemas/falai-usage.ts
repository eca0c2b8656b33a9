import { z } from 'zod'
import { countInt, usdText } from './report.ts'

/**
 * POST /api/config/falai-usage, in the shape of the seed that names it. Its amounts are JSON numbers, made from exact decimals;
 * the exact text stands beside each. A form sends numbers as text, so both are taken.
 */
const wholeNumber = z.union([z.int(), z.string().max(20)])

export const input = z.strictObject({
  api_key: z.string().describe('an admin key of fal; used for this call alone and kept nowhere'),
  start_date: z
    .string()
    .max(40)
    .optional()
    .describe('YYYY-MM-DD or ISO 8601 instant; default 24 hours before end_date'),
  end_date: z.string().max(40).optional().describe('YYYY-MM-DD, that day included, or instant, excluded; default now'),
  endpoint_id: z.string().max(150).optional().describe('only this endpoint'),
  page: wholeNumber.optional().describe('page of endpoints, from 1'),
  page_size: wholeNumber.optional().describe('endpoints a page, at most 1000; default 100'),
})

const endpoint = z.strictObject({
  count: countInt.describe('distinct requests with a billing event'),
  cost: z.number().describe('USD'),
  cost_usd: usdText,
})

const success = z.strictObject({
  ok: z.literal(true),
  usage: z.strictObject({
    total_requests: countInt.describe('distinct requests with a billing event, of all pages'),
    total_cost: z.number().describe('USD, of all pages'),
    total_cost_usd: usdText,
    period: z.string(),
    endpoints: z.record(z.string(), endpoint).describe('costliest first'),
    page: countInt,
    page_size: countInt,
    pages: countInt,
  }),
  message: z.string(),
})

const refused = z.strictObject({ ok: z.literal(false), message: z.string() })

export const output = z.union([success, refused])
export type FalaiUsageAnswer = z.output<typeof output>
