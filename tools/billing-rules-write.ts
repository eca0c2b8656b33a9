import { input, output } from '../schemas/billing-rules-write.ts'
import { writeRule } from '../src/operations/billing-rules.ts'
import type { Tool } from '../src/tool.ts'

export const billingRulesWriteTool: Tool<typeof input, typeof output> = {
  name: 'billing-rules-write',
  title: 'Make or change a price rule',
  description:
    'Records a price rule, or with rule_id its next version; earlier instants keep their prices. The audited database is not written.',
  input,
  output,
  lists: [],
  writes: true,
  run: (given, dependencies) => writeRule(given, dependencies),
}
