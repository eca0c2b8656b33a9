import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, dateText, idInt, untrustedText, usdText } from './report.ts'
import {
  asOfShape,
  billScope,
  billSource,
  endInput,
  idsInput,
  startInput,
  timezoneInput,
  windowShape,
} from './tool-shapes.ts'

const ENDPOINTS_MAX = 50

export const input = z.strictObject({
  start: startInput,
  end: endInput,
  timezone: timezoneInput,
  group_by: z
    .enum(['model', 'app', 'gpu_class', 'account', 'key', 'day'])
    .default('model')
    .describe('one row for each'),
  ids: idsInput,
  endpoint_ids: z.array(z.string().min(1).max(150)).max(ENDPOINTS_MAX).optional().describe('such as fal-ai/flux/dev'),
  cursor: cursorInput,
})

const quantities = z.array(z.strictObject({ unit: z.string(), quantity: z.string() }))
const costUsd = usdText.nullable()

const row = z.strictObject({
  model: untrustedText.optional(),
  app: untrustedText.optional(),
  gpuClass: untrustedText.optional(),
  date: dateText.optional(),
  accountId: idInt.optional().describe('absent: spent by keys or logins that no account row holds'),
  accountName: untrustedText.optional(),
  keyId: z.string().optional().describe('start of the key id'),
  workspace: untrustedText.optional(),
  costUsd,
  quantities,
  balanceUsd: usdText.optional(),
  balanceSource: z.enum(['live', 'table']).optional(),
  reason: z.string().optional().describe('why costUsd is null'),
})
export type UsageBreakdownRow = z.output<typeof row>

export const output = pagedOutput({
  window: windowShape,
  asOf: asOfShape,
  scope: billScope,
  ledger: z.enum(['model-usage', 'serverless-usage']).describe('two separate bills, never added up'),
  groupBy: input.shape.group_by.unwrap(),
  complete: z.boolean().describe('false: some source was not read, see sources'),
  costUsd: costUsd.describe('sum of what was read; null: nothing was read, or two bills may be one, see note'),
  requestCount: countInt.nullable().describe('null: not known from usage'),
  quantities: quantities.describe('billing units, not requests'),
  rows: z.array(row),
  endpointIdsWithoutRows: z.array(z.string()).optional().describe('endpoint_ids that no row read names'),
  sources: z.array(billSource),
  note: z.string().optional(),
})
