import { input, output } from '../schemas/billing-usage.ts'
import { billingUsage } from '../src/operations/billing-usage.ts'
import type { Tool } from '../src/tool.ts'

export const billingUsageTool: Tool<typeof input, typeof output> = {
  name: 'billing-usage',
  title: 'What users were charged',
  description:
    'Net charge in the billing currency, points, tokens, fal cost and margin of all tasks of a period, by day, model or key on request. Null: not read, see coverage.',
  input,
  output,
  lists: ['items', 'coverage.sources'],
  run: (given, dependencies, context) => billingUsage(given, dependencies, context),
}
