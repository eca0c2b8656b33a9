import type { z } from 'zod'
import type { input, output } from '../../schemas/billing-rules.ts'
import type { createInput, updateInput, input as writeInput } from '../../schemas/billing-rules-write.ts'
import type { RuleDetail, RuleOnWire } from '../../schemas/billing-shapes.ts'
import { canonicalModel } from '../audit/tasks/model-name.ts'
import { type ChooserOptions, ruleChooser } from '../billing/choose-rule.ts'
import { checkedTerms, noInputPrice, noSuchRule } from '../billing/revise.ts'
import { countsTokens, levelKey, type RuleVersion } from '../billing/rule.ts'
import { oneOfEach, ruleDetailOnWire, ruleOnWire } from '../billing/wire.ts'
import { AuditError, inputError } from '../errors.ts'
import type { Dependencies, OperationSettings } from '../tool.ts'
import { type Decimal, parseDecimal, ZERO_DECIMAL } from '../units/decimal.ts'
import { type Instant, isoInstant, parseInstant } from '../units/instant.ts'

type RulesInput = z.output<typeof input>
type RulesOutput = z.input<typeof output>

/** How rules are chosen by these settings. */
export const chooserOptions = ({ billing, modelAliases }: OperationSettings): ChooserOptions => ({
  defaultLevel: billing.defaultMembershipLevel,
  aliases: modelAliases,
})

/** The rules by filter, each once; with rule_id that one with its history. Throws kind 'not-found' for an unknown one. */
export async function readRules(given: RulesInput, dependencies: Dependencies): Promise<RulesOutput> {
  const at = instantOf(given.at, dependencies)
  if (given.rule_id !== undefined) {
    refuseFilters(given)
    const detail = await readRule({ rule_id: given.rule_id, at: given.at }, dependencies)
    const used = countsTokens(detail.unit) ? 'input_tokens and output_tokens' : 'units'
    const then = detail.in_force ? '' : ', at its effective_at'
    const next = `billing-estimate with its model_id and membership_level${then}, and ${used}: what a use costs by it`
    return { at: isoInstant(at), items: [detail], next }
  }
  const items = await listRules(given, dependencies)
  const isFiltered = given.model_id !== undefined || given.membership_level !== undefined
  const none = isFiltered ? NONE_MATCHES : NO_RULES
  const next = items.length === 0 ? none : 'billing-rules with rule_id: one rule with its history'
  return { at: isoInstant(at), items, next }
}

const NONE_MATCHES = 'no rule is for that; billing-rules without model_id and membership_level lists those there are'
const NO_RULES =
  'no rule is there; POST /admin/v1/billing/rules of serve makes one, or billing-rules-write where billing.allowWrite is true'

function refuseFilters({ model_id, membership_level }: RulesInput): void {
  if (model_id !== undefined) throw inputError('model_id', model_id, 'either rule_id or filters')
  if (membership_level !== undefined)
    throw inputError('membership_level', membership_level, 'either rule_id or filters')
}

export async function listRules(
  { model_id, membership_level, at: given }: Pick<RulesInput, 'model_id' | 'membership_level' | 'at'>,
  dependencies: Dependencies,
): Promise<RuleOnWire[]> {
  const at = instantOf(given, dependencies)
  const options = chooserOptions(dependencies.settings)
  const versions = await dependencies.billing.rules()
  const chooser = ruleChooser(versions, options)
  const sameModel = (id: string): boolean =>
    model_id === undefined || canonicalModel(id, options.aliases) === canonicalModel(model_id, options.aliases)
  const sameLevel = (level: string): boolean =>
    membership_level === undefined || levelKey(level) === levelKey(membership_level)
  return oneOfEach(versions, at)
    .filter(({ modelId, membershipLevel }) => sameModel(modelId) && sameLevel(membershipLevel))
    .map((version) => ruleOnWire(version, chooser, at))
}

/** One rule with its history. Throws kind 'not-found' where there is none with that id. */
export async function readRule(
  { rule_id, at: given }: { readonly rule_id: string; readonly at?: string | undefined },
  dependencies: Dependencies,
): Promise<RuleDetail> {
  const at = instantOf(given, dependencies)
  const versions = await dependencies.billing.rules()
  const ofRule = versions.filter(({ ruleId }) => ruleId === rule_id)
  const [shown] = oneOfEach(ofRule, at)
  if (shown === undefined) throw noSuchRule(rule_id)
  return ruleDetailOnWire(shown, ofRule, ruleChooser(versions, chooserOptions(dependencies.settings)), at)
}

/** Records a new rule. Throws kind 'conflict' where its model and level have one from that instant on. */
export async function createRule(given: z.output<typeof createInput>, dependencies: Dependencies): Promise<RuleOnWire> {
  if (countsTokens(given.unit) && given.input_price === undefined) throw noInputPrice()
  const draft = checkedTerms({
    modelId: given.model_id,
    modelName: given.model_name ?? null,
    membershipLevel: given.membership_level,
    inputPrice: priceOf('input_price', given.input_price) ?? ZERO_DECIMAL,
    outputPrice: priceOf('output_price', given.output_price) ?? ZERO_DECIMAL,
    unit: given.unit,
    currency: given.currency,
    effectiveAt: instantOf(given.effective_at, dependencies),
  })
  return recorded(await dependencies.billing.create(draft, dependencies.clock()), dependencies)
}

/** Records the next version of a rule (planChange). Throws kinds 'not-found', 'conflict' and 'input'. */
export async function updateRule(given: z.output<typeof updateInput>, dependencies: Dependencies): Promise<RuleOnWire> {
  const { rule_id, model_id, membership_level, revision, ...changed } = given
  await refuseMoved(given, dependencies)
  if (Object.values(changed).every((value) => value === undefined)) {
    const accepted = 'at least one of model_name, input_price, output_price, unit, currency and effective_at'
    throw new AuditError('input', `body: there is nothing to change; give ${accepted}`, { field: 'body', accepted })
  }
  const change = {
    modelName: changed.model_name,
    inputPrice: priceOf('input_price', changed.input_price),
    outputPrice: priceOf('output_price', changed.output_price),
    unit: changed.unit,
    currency: changed.currency,
    effectiveAt: changed.effective_at === undefined ? undefined : instantOf(changed.effective_at, dependencies),
    revision,
  }
  return recorded(await dependencies.billing.update(rule_id, change, dependencies.clock()), dependencies)
}

/** A rule is of one model and one level for ever: what it priced before could not be told otherwise. */
async function refuseMoved(
  { rule_id, model_id, membership_level }: z.output<typeof updateInput>,
  { billing, settings: { modelAliases } }: Dependencies,
): Promise<void> {
  if (model_id === undefined && membership_level === undefined) return
  const version = (await billing.rules()).find(({ ruleId }) => ruleId === rule_id)
  if (version === undefined) throw noSuchRule(rule_id)
  const key = (model: string): string => canonicalModel(model, modelAliases)
  const accepted = (held: string): string => `"${held}", or create another rule`
  if (model_id !== undefined && key(model_id) !== key(version.modelId)) {
    throw inputError('model_id', model_id, accepted(version.modelId))
  }
  if (membership_level !== undefined && levelKey(membership_level) !== levelKey(version.membershipLevel)) {
    throw inputError('membership_level', membership_level, accepted(version.membershipLevel))
  }
}

async function recorded(version: RuleVersion, dependencies: Dependencies): Promise<RuleOnWire> {
  const chooser = ruleChooser(await dependencies.billing.rules(), chooserOptions(dependencies.settings))
  return ruleOnWire(version, chooser, dependencies.clock())
}

/** Creates where no rule is named, and changes the named one otherwise. */
export async function writeRule(
  given: z.output<typeof writeInput>,
  dependencies: Dependencies,
): Promise<{ created: boolean; rule: RuleOnWire }> {
  const { rule_id, ...terms } = given
  if (rule_id !== undefined) return { created: false, rule: await updateRule({ rule_id, ...terms }, dependencies) }
  const { model_id, membership_level, output_price, unit, currency, effective_at, revision } = terms
  if (revision !== undefined) throw inputError('revision', revision, 'nothing: a new rule has none yet')
  const rule = await createRule(
    {
      model_id: needed('model_id', model_id),
      model_name: terms.model_name,
      membership_level: needed('membership_level', membership_level),
      input_price: terms.input_price,
      output_price: needed('output_price', output_price),
      unit: needed('unit', unit),
      currency: needed('currency', currency),
      effective_at: needed('effective_at', effective_at),
    },
    dependencies,
  )
  return { created: true, rule }
}

function needed<T>(field: string, value: T | undefined): T {
  if (value !== undefined) return value
  const accepted = 'a value: without rule_id a rule is created, which needs it'
  throw new AuditError('input', `${field}: is missing; give ${accepted}`, { field, accepted })
}

/** An instant that the schema has let through. */
function instantOf(text: string | undefined, { clock }: Dependencies): Instant {
  if (text === undefined) return clock()
  const at = parseInstant(text)
  if (at === undefined) throw inputError('at', text, 'an instant with its offset, such as 2026-02-01T00:00:00Z')
  return at
}

function priceOf(field: string, text: string | undefined): Decimal | undefined {
  if (text === undefined) return undefined
  const price = parseDecimal(text)
  if (price === undefined) throw inputError(field, text, 'a decimal text such as "0.028"')
  return price
}
