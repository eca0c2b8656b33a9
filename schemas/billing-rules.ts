import { z } from 'zod'
import { instantInput, levelInput, modelIdInput, rule, ruleDetail, ruleIdInput } from './billing-shapes.ts'
import { cursorInput, pagedOutput } from './paging.ts'
import { instantText } from './report.ts'

const filters = {
  model_id: modelIdInput.optional().describe('of this model'),
  membership_level: levelInput.optional().describe('of this level'),
  at: instantInput.optional().describe('instant; default now'),
}

export const input = z.strictObject({
  ...filters,
  rule_id: ruleIdInput.optional().describe('one rule, with its history'),
  cursor: cursorInput,
})

/** Over REST, where one rule has a path of its own. */
export const listInput = z.strictObject(filters)
export const detailInput = z.strictObject({
  rule_id: ruleIdInput.describe('such as br_001'),
  at: filters.at,
})
export const listOutput = z.strictObject({ items: z.array(rule) })
export const detailOutput = ruleDetail

export const output = pagedOutput({
  at: instantText,
  items: z.array(ruleDetail.partial({ history: true })),
})
