import { input, output } from '../schemas/fal-balance.ts'
import { readBalances } from '../src/operations/balance.ts'
import type { Tool } from '../src/tool.ts'

export const falBalanceTool: Tool<typeof input, typeof output> = {
  name: 'fal-balance',
  title: 'Credits left at fal',
  description:
    'Live credits by workspace, spend per day over the last 7 and 30 days, and days left at either pace. Null: not read, not zero.',
  input,
  output,
  lists: ['workspaces', 'sources'],
  run: (given, dependencies, context) => readBalances(given, dependencies, context),
}
