import { AuditError } from '../errors.ts'
import type { Decimal } from '../units/decimal.ts'
import { type Instant, isoInstant } from '../units/instant.ts'
import { type ChooserOptions, ruleChooser } from './choose-rule.ts'
import { type Cost, costOf, type Used } from './price.ts'
import { countsTokens, levelKey, type RuleVersion } from './rule.ts'

export interface EstimateQuestion {
  readonly modelId: string
  /** undefined: the default level. */
  readonly membershipLevel: string | undefined
  readonly inputTokens: bigint | undefined
  readonly outputTokens: bigint | undefined
  readonly units: Decimal | undefined
  readonly at: Instant
}

export interface Estimate {
  readonly rule: RuleVersion
  readonly used: Used
  readonly cost: Cost
}

/**
 * What a use costs a user by our rules, and by which. Throws kind 'not-found' where no rule covers it, and 'input' where
 * the use is not given as the rule counts it.
 */
export function estimateUse(
  question: EstimateQuestion,
  versions: readonly RuleVersion[],
  options: ChooserOptions,
): Estimate {
  const { modelId, at } = question
  const membershipLevel = question.membershipLevel ?? options.defaultLevel
  const rule = ruleChooser(versions, options).choose({ model: modelId, membershipLevel, at })
  if (rule === undefined) throw notCovered(question, membershipLevel, options.defaultLevel)
  const used = usedBy(question, rule)
  return { rule, used, cost: costOf(rule, used) }
}

function notCovered({ modelId, at }: EstimateQuestion, level: string, defaultLevel: string): AuditError {
  const levels =
    levelKey(level) === levelKey(defaultLevel)
      ? `level "${level}"`
      : `level "${level}" or the default level "${defaultLevel}"`
  return new AuditError(
    'not-found',
    `model_id: no billing rule for "${modelId}" at ${levels} is in force at ${isoInstant(at)}`,
    {
      field: 'model_id',
      next: 'billing-rules lists the rules that there are',
    },
  )
}

const ONE: Decimal = { digits: 1n, scale: 0 }

function usedBy({ inputTokens, outputTokens, units }: EstimateQuestion, { unit, ruleId }: RuleVersion): Used {
  if (countsTokens(unit)) {
    if (units !== undefined) throw refused('units', `${ruleId} is ${unit}`, 'input_tokens and output_tokens')
    if (inputTokens === undefined && outputTokens === undefined) {
      throw refused('input_tokens', `is missing, and ${ruleId} is ${unit}`, 'input_tokens, output_tokens or both')
    }
    return { kind: 'tokens', inputTokens: inputTokens ?? 0n, outputTokens: outputTokens ?? 0n }
  }
  const tokens = inputTokens === undefined ? 'output_tokens' : 'input_tokens'
  if (inputTokens !== undefined || outputTokens !== undefined) throw refused(tokens, `${ruleId} is ${unit}`, 'units')
  if (units !== undefined) return { kind: 'units', units }
  if (unit === 'per_request') return { kind: 'units', units: ONE }
  throw refused('units', `is missing, and ${ruleId} is ${unit}`, 'a number of units')
}

const refused = (field: string, why: string, accepted: string): AuditError =>
  new AuditError('input', `${field}: ${why}; give ${accepted}`, { field, accepted })
