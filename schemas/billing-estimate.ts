import { z } from 'zod'
import { currencyInput, instantInput, levelInput, modelIdInput, ruleShape } from './billing-shapes.ts'
import { pagedOutput } from './paging.ts'
import { countInt, instantText } from './report.ts'

const UNITS_MAX = 1_000_000_000_000

export const input = z.strictObject({
  model_id: modelIdInput.describe('such as fal-ai/flux/dev'),
  membership_level: levelInput.optional().describe('default as configured'),
  input_tokens: countInt.optional().describe('of a rule per tokens'),
  output_tokens: countInt.optional().describe('of a rule per tokens'),
  units: z.number().min(0).max(UNITS_MAX).optional().describe('images, seconds, ...; instead of tokens'),
  at: instantInput.optional().describe('instant; default now'),
})

const costText = z.string().describe('exact decimal in currency')
const { rule_id, membership_level, input_price, output_price, unit, effective_at } = ruleShape

const estimateShape = {
  model_id: z.string(),
  model_name: z.string(),
  input_tokens: countInt.optional(),
  output_tokens: countInt.optional(),
  units: z.string().optional(),
  input_cost: costText,
  output_cost: costText,
  total_cost: costText,
  currency: currencyInput,
  at: instantText,
  applied_rule: z.strictObject({ rule_id, membership_level, input_price, output_price, unit, effective_at }),
}

/** Over REST. */
export const estimate = z.strictObject(estimateShape)

export const output = pagedOutput(estimateShape)
