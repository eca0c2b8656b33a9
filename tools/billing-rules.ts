import { input, output } from '../schemas/billing-rules.ts'
import { readRules } from '../src/operations/billing-rules.ts'
import type { Tool } from '../src/tool.ts'

export const billingRulesTool: Tool<typeof input, typeof output> = {
  name: 'billing-rules',
  title: 'What users pay for a use',
  description:
    "The operator's price rules: model, level, prices, unit, currency, from when on. Each once, as in effect then or next; with rule_id one and its history.",
  input,
  output,
  lists: ['items'],
  notFound: 'There is no such rule',
  run: (given, dependencies) => readRules(given, dependencies),
}
