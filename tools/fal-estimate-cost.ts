import { input, output } from '../schemas/fal-estimate-cost.ts'
import { estimateCost } from '../src/operations/estimate.ts'
import type { Tool } from '../src/tool.ts'

export const falEstimateCostTool: Tool<typeof input, typeof output> = {
  name: 'fal-estimate-cost',
  title: "Cost ahead, by fal's prices",
  description:
    'What calls or units of models will cost at fal, with advertised prices beside those billed. Or before an event: participants x uses_per_head of one model against limit_usd or the live balance: what is left.',
  input,
  output,
  lists: ['models', 'unknownModels', 'sources'],
  run: (given, dependencies, context) => estimateCost(given, dependencies, context),
}
