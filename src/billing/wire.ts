import type { RuleDetail, RuleOnWire } from '../../schemas/billing-shapes.ts'
import { type Instant, isoInstant } from '../units/instant.ts'
import { byEffect, type RuleChooser } from './choose-rule.ts'
import { asGiven } from './price.ts'
import type { RuleVersion } from './rule.ts'

/** A version as it is told, and whether it prices its model and level at that instant. */
export const ruleOnWire = (version: RuleVersion, chooser: RuleChooser, at: Instant): RuleOnWire => ({
  rule_id: version.ruleId,
  model_id: version.modelId,
  model_name: version.modelName ?? version.modelId,
  membership_level: version.membershipLevel,
  ...termsOnWire(version),
  effective_at: isoInstant(version.effectiveAt),
  revision: version.revision,
  in_force: isSame(chooser.inForce({ model: version.modelId, membershipLevel: version.membershipLevel, at }), version),
})

/** The same with all versions of the rule, by instant and then as they were recorded. */
export const ruleDetailOnWire = (
  version: RuleVersion,
  ofRule: readonly RuleVersion[],
  chooser: RuleChooser,
  at: Instant,
): RuleDetail => ({
  ...ruleOnWire(version, chooser, at),
  history: [...ofRule].sort(byEffect).map((each) => ({
    revision: each.revision,
    model_name: each.modelName ?? each.modelId,
    ...termsOnWire(each),
    effective_at: isoInstant(each.effectiveAt),
    recorded_at: isoInstant(each.recordedAt),
    superseded: each.supersededBy !== null,
  })),
})

const termsOnWire = ({ inputPrice, outputPrice, unit, currency }: RuleVersion) => ({
  input_price: asGiven(inputPrice),
  output_price: asGiven(outputPrice),
  unit,
  currency,
})

const isSame = (a: RuleVersion | undefined, b: RuleVersion): boolean =>
  a?.ruleId === b.ruleId && a.revision === b.revision

/** Each rule once: its version in effect at the instant, otherwise the first that comes after it. In order of rule id. */
export function oneOfEach(versions: readonly RuleVersion[], at: Instant): RuleVersion[] {
  const byRule = new Map<string, RuleVersion[]>()
  for (const version of versions) {
    if (version.supersededBy !== null) continue
    byRule.set(version.ruleId, [...(byRule.get(version.ruleId) ?? []), version])
  }
  return [...byRule.values()].flatMap((series) => {
    const sorted = series.sort(byEffect)
    return sorted.filter(({ effectiveAt }) => effectiveAt <= at).at(-1) ?? sorted[0] ?? []
  })
}
