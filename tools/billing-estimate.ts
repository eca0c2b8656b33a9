import { input, output } from '../schemas/billing-estimate.ts'
import { billingEstimate } from '../src/operations/billing-estimate.ts'
import type { Tool } from '../src/tool.ts'

export const billingEstimateTool: Tool<typeof input, typeof output> = {
  name: 'billing-estimate',
  title: 'What a use costs a user',
  description:
    "What tokens or units of a model cost a user by the operator's price rules, and by which. What fal charges: fal-estimate-cost.",
  input,
  output,
  lists: [],
  notFound: 'No rule covers the model',
  run: (given, dependencies) => billingEstimate(given, dependencies),
}
