import { z } from 'zod'
import { BILLING_CURRENCIES } from '../src/settings.ts'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, dateText, idInt, pointsInt, sourceStatus, untrustedText, usdText } from './report.ts'
import { asOfShape, idsInput, timezoneInput, unknownUserId, windowShape } from './tool-shapes.ts'

export const USAGE_PERIODS = ['today', 'week', 'month', 'custom'] as const
const USAGE_GROUPS = ['none', 'day', 'model', 'key'] as const

/** What asks for a time and filters alike, whatever it is grouped by. */
const usageQuery = {
  period: z.enum(USAGE_PERIODS).default('month').describe('up to now'),
  start_date: z.string().max(40).optional().describe('YYYY-MM-DD, with custom'),
  end_date: z.string().max(40).optional().describe('last day'),
  user_id: idInt.optional().describe('one'),
  ids: idsInput,
  timezone: timezoneInput,
}

export const input = z.strictObject({
  ...usageQuery,
  group_by: z.enum(USAGE_GROUPS).default('none').describe('of items'),
  cursor: cursorInput,
})

const tokensInt = countInt.nullable().describe('null where no column and no token-billed event tells it of all tasks')

/** Usage of some tasks. */
const usageFigures = z.strictObject({
  input_tokens: tokensInt,
  output_tokens: tokensInt,
  total_tokens: tokensInt,
  request_count: countInt.describe('tasks'),
  total_cost: z.string().nullable().describe('net charge in the currency: charged less refunded'),
  charged_points: pointsInt.nullable().describe('refunded tasks included; null where a charge is not told'),
  refunded_points: pointsInt.nullable(),
  net_points: pointsInt.nullable(),
  fal_cost_usd: usdText.nullable().describe('billing events of matched tasks; null where not all were read'),
  margin_usd: usdText.nullable().describe('null without AUDIT_POINTS_PER_USD, fal_cost_usd or net_points'),
  matched_request_count: countInt.nullable(),
  unmatched_request_count: countInt.nullable(),
  unread_request_count: countInt.describe('tasks whose bill was not read'),
})
export type UsageFigures = z.output<typeof usageFigures>

const usageItem = z.strictObject({
  date: dateText.optional(),
  model_id: untrustedText
    .optional()
    .describe("fal's endpoint id by the bills read (with ids: theirs alone), else as stored"),
  model_name: untrustedText.optional().describe('as stored'),
  key_id: z.string().nullable().optional().describe('shortened; null: tasks without a key'),
  key_name: untrustedText.nullable().optional().describe('account name; null: a key in no account row'),
  key_prefix: z.string().nullable().optional(),
  account_id: idInt.nullable().optional(),
  ...usageFigures.shape,
})
export type UsageItem = z.output<typeof usageItem>

const coverage = z.strictObject({ complete: z.boolean(), sources: z.array(sourceStatus) })

const head = {
  period: z.enum(USAGE_PERIODS),
  window: windowShape,
  asOf: asOfShape,
  currency: z.enum(BILLING_CURRENCIES),
  unknown_user_id: unknownUserId,
}

export const output = pagedOutput({
  ...head,
  totals: usageFigures,
  items: z.array(usageItem).optional(),
  coverage,
})

/** What the routes of the billing module take and answer with. */
export const routeInput = z.strictObject(usageQuery)
export const usageWhole = z.strictObject({ ...head, ...usageFigures.shape, coverage })
export const usageByGroup = z.strictObject({ ...head, items: z.array(usageItem), coverage })
