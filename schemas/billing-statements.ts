import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import {
  countInt,
  idInt,
  instantText,
  pointsInt,
  severityCounts,
  sourceStatus,
  untrustedText,
  usdText,
} from './report.ts'
import { asOfShape, unknownUserId } from './tool-shapes.ts'

/** Statements listed at once, newest first. */
const LISTED_MAX = 36

export const input = z.strictObject({
  invoice_id: z.string().max(40).optional().describe('inv_YYYYMM, or inv_YYYYMM_uID'),
  user_id: idInt.optional().describe('list those of one user'),
  limit: z.int().min(1).max(LISTED_MAX).default(12).describe('months'),
  cursor: cursorInput,
})

/** What the routes of the billing module take. */
export const listInput = input.pick({ user_id: true, limit: true })
export const idInput = z.strictObject({ invoice_id: z.string().max(40).describe('inv_YYYYMM or inv_YYYYMM_uUSER') })
export const downloadInput = idInput.extend({ lang: z.enum(['zh', 'en']).default('zh').describe('of the PDF') })
/** Whatever is wrong with it, a link is refused in one way. */
export const fileInput = z.strictObject({
  file: z.string().max(60).describe('the id of a statement, and .pdf'),
  lang: z.string().max(10).optional().describe('of the link'),
  expires: z.string().max(20).optional().describe('of the link'),
  signature: z.string().max(100).optional().describe('of the link'),
})

const tokensInt = countInt.nullable().describe('null where no column and no token-billed event tells it of all tasks')
const moneyText = z.string().describe('exact decimal in the currency of the statement')

/** Why a statement is a draft. `unrecorded`: the local store cannot be read or written. */
const STATUS_REASONS = ['running', 'incomplete', 'pending', 'not-reconciled', 'unrecorded'] as const

const standing = {
  status: z.enum(['draft', 'settled']),
  status_reason: z.enum(STATUS_REASONS).nullable().describe('null where settled'),
  settled_at: instantText.nullable().describe('null while draft'),
}

/** What a statement and each of its lines say alike. */
const figures = {
  total_tokens: tokensInt,
  total_cost: moneyText.nullable().describe('net charge: charged less refunded'),
  charged_points: pointsInt.nullable().describe('refunded tasks included; null where a charge is not told'),
  refunded_points: pointsInt.nullable(),
  request_count: countInt.describe('tasks'),
}

const statementItem = z.strictObject({
  invoice_id: z.string(),
  period: z.string().describe('YYYY-MM'),
  ...figures,
  currency: z.string(),
  ...standing,
  restated: z.boolean().describe('whether charges are not those that were settled'),
})
export type StatementItem = z.output<typeof statementItem>

export const statementLine = z.strictObject({
  model_id: untrustedText,
  model_name: untrustedText,
  input_tokens: tokensInt,
  output_tokens: tokensInt,
  ...figures,
  net_points: pointsInt.nullable(),
  fal_cost_usd: usdText.nullable(),
  margin_usd: usdText.nullable(),
})
export type StatementLine = z.output<typeof statementLine>

export const restatedLine = z.strictObject({
  line: untrustedText.describe('total, or a model_id'),
  model_id: untrustedText.optional().describe('of a model that is called total'),
  field: z.string(),
  settled: z.string().nullable(),
  now: z.string().nullable(),
})
export type RestatedLine = z.output<typeof restatedLine>

/** One monthly statement, of the operator as a whole or of one user: what the JSON and the PDF show. */
export const statement = z.strictObject({
  invoice_id: z.string(),
  kind: z.enum(['operator', 'user']),
  user_id: idInt.nullable(),
  user_name: untrustedText.nullable(),
  period: z.string().describe('YYYY-MM'),
  timezone: z.string(),
  currency: z.string(),
  input_tokens: tokensInt,
  output_tokens: tokensInt,
  ...figures,
  net_points: pointsInt.nullable(),
  fal_cost_usd: usdText.nullable().describe('billing events matched to its tasks; null where not all were read'),
  margin_usd: usdText.nullable().describe('null without AUDIT_POINTS_PER_USD, fal_cost_usd or net_points'),
  ...standing,
  breakdown: z.array(statementLine).describe('by model_id, in order; adds up to the totals'),
  coverage: z.strictObject({ complete: z.boolean(), sources: z.array(sourceStatus) }),
  findings: severityCounts.describe('what the audit of the month finds; of a user: what names the user'),
  content_hash: z.string().describe('sha256 of the content: the same data, the same hash'),
  restatement: z
    .strictObject({ settled_at: instantText, settled_hash: z.string(), lines: z.array(restatedLine) })
    .nullable()
    .describe('what changed since it was settled; null where nothing did'),
})
export type Statement = z.output<typeof statement>

const chargeSources = z.array(sourceStatus).optional().describe('of charges: what was not read, or is of no month')

export const listOutput = z.strictObject({
  asOf: asOfShape,
  timezone: z.string(),
  unknown_user_id: unknownUserId,
  sources: chargeSources,
  items: z.array(statementItem),
})
export const downloadOutput = z.strictObject({ download_url: z.string(), expires_at: instantText })

export const output = pagedOutput({
  asOf: asOfShape,
  timezone: z.string(),
  unknown_user_id: unknownUserId,
  sources: chargeSources,
  items: z.array(statementItem).optional(),
  statement: statement.optional(),
})
