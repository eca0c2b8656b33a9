import { estimate, input as estimateInput } from '../../../schemas/billing-estimate.ts'
import { detailInput, detailOutput, listInput, listOutput } from '../../../schemas/billing-rules.ts'
import { createInput, updateInput } from '../../../schemas/billing-rules-write.ts'
import { rule } from '../../../schemas/billing-shapes.ts'
import { estimateByRules } from '../../operations/billing-estimate.ts'
import { createRule, listRules, readRule, updateRule } from '../../operations/billing-rules.ts'
import type { Admission } from './admission.ts'
import { type BillingOperation, billingRoute, operation } from './billing-operation.ts'
import type { Route } from './routes.ts'
import { usageRoutes } from './usage-routes.ts'

const NO_RULE = { 404: 'There is no such rule' }
const CONFLICT = { 409: 'Another version begins at that instant, or the revision is not the one that stands' }
const ADMIN_ONLY = {
  403: 'ADMIN_TOKEN is not set, or this token only reads; or the Host or the Origin is not accepted',
}

const RULES: readonly BillingOperation[] = [
  operation({
    name: 'billing-rules',
    method: 'GET',
    path: '/api/v1/billing/rules',
    summary: 'The price rules',
    description: 'Each rule once: its version in effect at the instant, otherwise the next to come.',
    input: listInput,
    output: listOutput,
    run: async (given, dependencies) => ({ items: await listRules(given, dependencies) }),
  }),
  operation({
    name: 'billing-rules',
    method: 'GET',
    path: '/api/v1/billing/rules/{rule_id}',
    summary: 'One price rule with its history',
    description: 'All versions, superseded ones too.',
    statuses: NO_RULE,
    input: detailInput,
    output: detailOutput,
    run: (given, dependencies) => readRule(given, dependencies),
  }),
  operation({
    name: 'billing-estimate',
    method: 'POST',
    path: '/api/v1/billing/estimate',
    summary: 'What a use costs a user',
    description:
      "By the rule of the level, or else of the default level. Exact; for what fal charges see fal's estimate.",
    statuses: { 404: 'No rule covers the model' },
    input: estimateInput,
    output: estimate,
    run: (given, dependencies) => estimateByRules(given, dependencies),
  }),
  operation({
    name: 'billing-rules-write',
    method: 'POST',
    path: '/admin/v1/billing/rules',
    summary: 'Make a price rule',
    description: 'Answers with the rule, as revision 1.',
    access: 'admin',
    statuses: { ...ADMIN_ONLY, ...CONFLICT },
    input: createInput,
    output: rule,
    run: (given, dependencies) => createRule(given, dependencies),
  }),
  operation({
    name: 'billing-rules-write',
    method: 'PUT',
    path: '/admin/v1/billing/rules/{rule_id}',
    summary: 'Change a price rule',
    description:
      'What is left out stays. With effective_at from that instant on; without it from now on, or, where the newest version is yet to come, from its instant. Earlier instants keep their prices.',
    access: 'admin',
    statuses: { ...ADMIN_ONLY, ...NO_RULE, ...CONFLICT },
    input: updateInput,
    output: rule,
    run: (given, dependencies) => updateRule(given, dependencies),
  }),
]

/** The routes of the seed "计费模块", in its shape. */
export const billingRoutes = (admission: Admission): readonly Route[] => [
  ...RULES.map((each) => billingRoute(each, admission)),
  ...usageRoutes(admission),
]
