import { z } from 'zod'
import {
  currencyInput,
  instantInput,
  levelInput,
  modelIdInput,
  modelNameInput,
  priceInput,
  revisionInput,
  rule,
  ruleIdInput,
  unitInput,
} from './billing-shapes.ts'
import { pagedOutput } from './paging.ts'

const price = priceInput.describe('decimal text, such as "0.028"')

/** A new rule. A unit with one price has it as output_price. */
export const createInput = z.strictObject({
  model_id: modelIdInput.describe("fal's endpoint id, or the model name that tasks store"),
  model_name: modelNameInput.optional().describe('shown; default model_id'),
  membership_level: levelInput.describe('of users'),
  input_price: price.optional().describe('for units of tokens; otherwise "0" or left out'),
  output_price: price,
  unit: unitInput.describe('that the price is for'),
  currency: currencyInput.describe('CNY: 1 is 100 points'),
  effective_at: instantInput.describe('from when on, with offset'),
})

/** A change of a rule: what is left out stays. */
export const updateInput = z.strictObject({
  rule_id: ruleIdInput.describe('such as br_001'),
  model_id: modelIdInput.optional().describe('cannot be changed'),
  model_name: modelNameInput.optional().describe('shown'),
  membership_level: levelInput.optional().describe('cannot be changed'),
  input_price: price.optional().describe('for units of tokens'),
  output_price: price.optional(),
  unit: unitInput.optional().describe('that the price is for'),
  currency: currencyInput.optional().describe('CNY: 1 is 100 points'),
  effective_at: instantInput.optional().describe('from when on; default now'),
  revision: revisionInput.optional().describe('that the change starts from'),
})

export const input = updateInput.extend({
  rule_id: ruleIdInput.optional().describe('to change; leave out to create'),
  model_id: updateInput.shape.model_id.describe('to create'),
  membership_level: updateInput.shape.membership_level.describe('to create'),
  output_price: updateInput.shape.output_price.describe('or the one price'),
})

export const output = pagedOutput({ created: z.boolean(), rule })
