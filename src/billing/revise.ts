import { AuditError, shortened } from '../errors.ts'
import { ZERO_DECIMAL } from '../units/decimal.ts'
import { type Instant, isoInstant } from '../units/instant.ts'
import { byEffect } from './choose-rule.ts'
import { countsTokens, type RuleChange, type RuleDraft, type RuleTerms, type RuleVersion } from './rule.ts'

/** The next version of a rule, and the revision that it corrects. */
export interface PlannedVersion {
  readonly draft: RuleDraft
  readonly revision: number
  readonly supersedes: number | undefined
}

/**
 * What a change makes of a rule, whose versions are given.
 *
 * The change is for `effectiveAt`; without one it corrects the newest version where that is yet to come, and is for `now`
 * otherwise. It starts from the version in force at its instant. Where a version begins at that very instant it is
 * corrected, but only by who names its revision: anybody else may not know it. Throws kind 'conflict' there, and where the
 * revision named is not the one that the change starts from; kind 'input' where the terms do not go together.
 */
export function planChange(versions: readonly RuleVersion[], change: RuleChange, now: Instant): PlannedVersion {
  const standing = versions.filter(({ supersededBy }) => supersededBy === null).sort(byEffect)
  const newest = standing.at(-1)
  const [first] = standing
  if (newest === undefined || first === undefined) throw new AuditError('internal', 'a rule without a standing version')
  const upcoming = change.effectiveAt === undefined && newest.effectiveAt > now
  const effectiveAt = change.effectiveAt ?? (upcoming ? newest.effectiveAt : now)
  const base = standing.filter((version) => version.effectiveAt <= effectiveAt).at(-1) ?? first
  if (change.revision !== undefined && change.revision !== base.revision) {
    throw conflict(
      'revision',
      `revision ${change.revision} is not the one that stands then; revision ${base.revision} is, in effect from ${isoInstant(base.effectiveAt)}`,
      String(base.revision),
    )
  }
  const corrects = base.effectiveAt === effectiveAt
  if (corrects && !upcoming && change.revision === undefined) {
    throw conflict(
      'effective_at',
      `a version of this rule is in effect from ${isoInstant(effectiveAt)} already: revision ${base.revision}`,
      `another instant, or this one with revision ${base.revision}, which is then corrected`,
    )
  }
  return {
    draft: {
      ...checkedTerms(changedTerms(base, change)),
      modelId: base.modelId,
      membershipLevel: base.membershipLevel,
      effectiveAt,
    },
    revision: Math.max(...versions.map(({ revision }) => revision)) + 1,
    supersedes: corrects ? base.revision : undefined,
  }
}

function changedTerms(base: RuleTerms, change: RuleChange): RuleTerms {
  const unit = change.unit ?? base.unit
  if (countsTokens(unit) && !countsTokens(base.unit) && change.inputPrice === undefined) throw noInputPrice()
  // The price of input means nothing any more where the new unit has one price.
  const keptInput = countsTokens(unit) ? base.inputPrice : ZERO_DECIMAL
  return {
    modelName: change.modelName ?? base.modelName,
    inputPrice: change.inputPrice ?? keptInput,
    outputPrice: change.outputPrice ?? base.outputPrice,
    unit,
    currency: change.currency ?? base.currency,
  }
}

/** Terms that go together. Throws kind 'input' where a unit with one price is given a second one. */
export function checkedTerms<T extends Pick<RuleTerms, 'unit' | 'inputPrice'>>(terms: T): T {
  if (!countsTokens(terms.unit) && terms.inputPrice.digits !== 0n) {
    throw new AuditError(
      'input',
      `input_price: ${terms.unit} has one price, which is output_price; give "0" or leave it out`,
      {
        field: 'input_price',
        accepted: '"0", or nothing',
      },
    )
  }
  return terms
}

/** The error for tokens without a price of their input. */
export const noInputPrice = (): AuditError =>
  new AuditError('input', 'input_price: is missing; units of tokens have a price for input and one for output', {
    field: 'input_price',
    accepted: 'a decimal text such as "0.028"',
  })

/** The error for a standing version that is in the way. */
export const conflict = (field: string, message: string, accepted: string): AuditError =>
  new AuditError('conflict', `${field}: ${message}`, {
    field,
    accepted,
    next: 'read the rule again (billing-rules with rule_id), and decide by what it says now',
  })

/** The error for a rule that is not there. */
export const noSuchRule = (ruleId: string): AuditError =>
  new AuditError('not-found', `rule_id: there is no rule ${shortened(ruleId, 40)}`, {
    field: 'rule_id',
    next: 'billing-rules lists those that there are',
  })
