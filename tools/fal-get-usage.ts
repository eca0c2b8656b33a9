import { input, output } from '../schemas/fal-get-usage.ts'
import { getUsage } from '../src/operations/usage.ts'
import type { Tool } from '../src/tool.ts'

export const falGetUsageTool: Tool<typeof input, typeof output> = {
  name: 'fal-get-usage',
  title: 'Official fal usage and cost',
  description:
    'What fal billed in a window: cost in USD, quantities, and rows by model, day, account, key, app or gpu_class. Use it for step 1 of an audit, or to ask what fal cost. group_by account adds balances; app and gpu_class read the separate serverless bill. Quantities are billing units, not requests. A null cost was not read and is not zero: sources say why.',
  input,
  output,
  lists: ['rows', 'sources', 'quantities'],
  run: (given, dependencies, context) => getUsage(given, dependencies, context),
}
