import { input, output } from '../schemas/fal-get-usage.ts'
import { getUsage } from '../src/operations/usage.ts'
import type { Tool } from '../src/tool.ts'

export const falGetUsageTool: Tool<typeof input, typeof output> = {
  name: 'fal-get-usage',
  title: 'Official fal usage and cost',
  description:
    'What fal billed: cost in USD and quantities by model, day, account, key, app or gpu_class. Step 1 of an audit. group_by account adds balances; app and gpu_class are the separate serverless bill. Quantities are billing units, not requests. Null: not read, not zero.',
  input,
  output,
  lists: ['rows', 'sources', 'quantities', 'endpointIdsWithoutRows'],
  run: (given, dependencies, context) => getUsage(given, dependencies, context),
}
