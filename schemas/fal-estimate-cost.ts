import { z } from 'zod'
import { cursorInput, pagedOutput } from './paging.ts'
import { countInt, untrustedText, usdText } from './report.ts'
import { asOfShape, billScope, billSource, idsInput } from './tool-shapes.ts'

/** Models of one question; fal takes as many in one. */
const MODELS_MAX = 50
const PARTICIPANTS_MAX = 10_000_000
const USES_MAX = 10_000

export const input = z.strictObject({
  models: z
    .array(z.string().min(1).max(200))
    .max(MODELS_MAX)
    .optional()
    .describe('endpoint=quantity, such as fal-ai/flux/dev=100'),
  kind: z.enum(['calls', 'units']).default('calls').describe('of quantities'),
  participants: z.int().min(1).max(PARTICIPANTS_MAX).optional().describe('of an event, not models'),
  uses_per_head: z.number().positive().max(USES_MAX).optional().describe('with participants'),
  model: z.string().min(1).max(150).optional().describe('with participants'),
  limit_usd: z.string().max(30).optional().describe('such as 100; default live balance'),
  ids: idsInput,
  cursor: cursorInput,
})

const unreadable = usdText.nullable()

const billed = z.strictObject({
  unit: z.string(),
  quantity: z.string(),
  costUsd: usdText,
  unitPriceUsd: usdText.describe('costUsd / quantity, after discount'),
  rounded: z.boolean().describe('true: unitPriceUsd is rounded to nine decimals'),
})
export type BilledPrice = z.output<typeof billed>

const model = z.strictObject({
  model: untrustedText,
  quantity: z.string(),
  unitPrice: z.string().nullable().describe('advertised, before discount; null: not known'),
  unit: untrustedText.optional(),
  currency: untrustedText.optional(),
  costUsd: unreadable.optional().describe('quantity at unitPrice; only where kind is units'),
  billed: z.array(billed).nullable().describe('what the last 30 days were billed at; null: not read'),
  billedReason: z.string().optional().describe('why billed is null, though it was read'),
})
export type ModelEstimate = z.output<typeof model>

export const output = pagedOutput({
  asOf: asOfShape,
  scope: billScope,
  mode: z.enum(['models', 'event']),
  kind: input.shape.kind.unwrap(),
  complete: z.boolean(),
  costUsd: unreadable.describe("fal's estimate for all models that it knows"),
  costReason: z.string().optional().describe('why costUsd is null'),
  requests: countInt.optional().describe('participants x uses_per_head, rounded up'),
  availableUsd: unreadable.describe('limit_usd, or for an event the live balance'),
  availableSource: z.enum(['limit', 'live-balance', 'none']),
  availableReason: z.string().optional().describe('why availableUsd is null'),
  leftUsd: unreadable.describe('availableUsd - costUsd'),
  enough: z.boolean().nullable(),
  models: z.array(model),
  unknownModels: z.array(untrustedText).describe('not known to fal, and in no cost'),
  sources: z.array(billSource),
  note: z.string(),
})
