import type { z } from 'zod'
import type { estimate, input, output } from '../../schemas/billing-estimate.ts'
import { plainDecimal } from '../../schemas/fal.ts'
import { type Estimate, estimateUse } from '../billing/estimate.ts'
import { asGiven, costTexts, decimalText } from '../billing/price.ts'
import { inputError } from '../errors.ts'
import type { Dependencies } from '../tool.ts'
import { type Decimal, parseDecimal } from '../units/decimal.ts'
import { isoInstant, parseInstant } from '../units/instant.ts'
import { chooserOptions } from './billing-rules.ts'

type EstimateInput = z.output<typeof input>

/** The estimate, and where its rule comes from. */
export async function billingEstimate(
  given: EstimateInput,
  dependencies: Dependencies,
): Promise<z.input<typeof output>> {
  const told = await estimateByRules(given, dependencies)
  const { rule_id: ruleId } = told.applied_rule
  const next = `billing-rules with rule_id ${ruleId}: its history; fal-estimate-cost with models (endpoint=quantity): what fal charges`
  return { ...told, next }
}

/**
 * What a use costs a user by our rules, exact, with the rule that was applied. Throws kind 'not-found' where no rule
 * covers the model, and an input error where the use is not given as the rule counts it.
 */
export async function estimateByRules(
  given: EstimateInput,
  dependencies: Dependencies,
): Promise<z.input<typeof estimate>> {
  const { billing, clock, settings } = dependencies
  const at = (given.at === undefined ? undefined : parseInstant(given.at)) ?? clock()
  const question = {
    modelId: given.model_id,
    membershipLevel: given.membership_level,
    inputTokens: tokensOf(given.input_tokens),
    outputTokens: tokensOf(given.output_tokens),
    units: unitsOf(given.units),
    at,
  }
  const { rule, used, cost } = estimateUse(question, await billing.rules(), chooserOptions(settings))
  const texts = costTexts(cost)
  return {
    model_id: given.model_id,
    model_name: rule.modelName ?? rule.modelId,
    ...usedOnWire(used),
    input_cost: texts.input,
    output_cost: texts.output,
    total_cost: texts.total,
    currency: rule.currency,
    at: isoInstant(at),
    applied_rule: {
      rule_id: rule.ruleId,
      membership_level: rule.membershipLevel,
      input_price: asGiven(rule.inputPrice),
      output_price: asGiven(rule.outputPrice),
      unit: rule.unit,
      effective_at: isoInstant(rule.effectiveAt),
    },
  }
}

const usedOnWire = (used: Estimate['used']) =>
  used.kind === 'tokens'
    ? { input_tokens: Number(used.inputTokens), output_tokens: Number(used.outputTokens) }
    : { units: decimalText(used.units, 0) }

const tokensOf = (count: number | undefined): bigint | undefined => (count === undefined ? undefined : BigInt(count))

/** The shortest decimal that names the same number is the one that was written. */
function unitsOf(given: number | undefined): Decimal | undefined {
  if (given === undefined) return undefined
  const units = parseDecimal(plainDecimal(given) ?? '')
  if (units === undefined) throw inputError('units', given, 'a decimal number')
  return units
}
