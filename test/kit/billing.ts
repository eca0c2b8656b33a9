import { canonicalModel } from '../../src/audit/tasks/model-name.ts'
import { checkedTerms, conflict, noSuchRule, planChange } from '../../src/billing/revise.ts'
import { levelKey, type RuleDraft, type RuleVersion } from '../../src/billing/rule.ts'
import type { BillingStore, SettlementRecord } from '../../src/billing/store.ts'
import { parseDecimal } from '../../src/units/decimal.ts'
import { type Instant, parseInstant } from '../../src/units/instant.ts'

/** A billing store in memory: the port's promises, without a file. What a file does is tested on the real one. */
export function memoryBilling(versions: readonly RuleVersion[] = []): BillingStore {
  const held: RuleVersion[] = [...versions]
  const settlements = new Map<string, SettlementRecord>()
  const record = (version: RuleVersion): RuleVersion => {
    const keyOf = (each: RuleDraft): string =>
      JSON.stringify([canonicalModel(each.modelId, new Map()), levelKey(each.membershipLevel), each.effectiveAt])
    const taken = held.some((each) => each.supersededBy === null && keyOf(each) === keyOf(version))
    if (taken) throw conflict('effective_at', 'another version begins then', 'another instant')
    held.push(version)
    return version
  }
  return {
    rules: async () => [...held],
    create: async (draft, recordedAt) => {
      const number = new Set(held.map(({ ruleId }) => ruleId)).size + 1
      const ruleId = `br_${String(number).padStart(3, '0')}`
      return record({ ...checkedTerms(draft), ruleId, revision: 1, recordedAt, supersededBy: null })
    },
    update: async (ruleId, change, recordedAt) => {
      const ofRule = held.filter((version) => version.ruleId === ruleId)
      if (ofRule.length === 0) throw noSuchRule(ruleId)
      const { draft, revision, supersedes } = planChange(ofRule, change, recordedAt)
      const at = held.findIndex((each) => each.ruleId === ruleId && each.revision === supersedes)
      const old = held[at]
      if (old !== undefined) held[at] = { ...old, supersededBy: revision }
      return record({ ...draft, ruleId, revision, recordedAt, supersededBy: null })
    },
    settled: async (ids) => ids.flatMap((id) => settlements.get(id) ?? []),
    recordSettled: async (settlement) => {
      const stands = settlements.get(settlement.invoiceId) ?? settlement
      settlements.set(settlement.invoiceId, stands)
      return stands
    },
  }
}

export const decimal = (text: string) => parseDecimal(text)!
export const at = (text: string): Instant => parseInstant(text)!

/** The rule of the seed's first example. */
export const ruleDraft = (overrides: Partial<RuleDraft> = {}): RuleDraft => ({
  modelId: 'gpt-4o',
  modelName: 'GPT-4o',
  membershipLevel: 'basic',
  inputPrice: decimal('0.028'),
  outputPrice: decimal('0.084'),
  unit: 'per_1k_tokens',
  currency: 'CNY',
  effectiveAt: at('2024-01-01T00:00:00Z'),
  ...overrides,
})

export const ruleVersion = (overrides: Partial<RuleVersion> = {}): RuleVersion => ({
  ...ruleDraft(),
  ruleId: 'br_001',
  revision: 1,
  recordedAt: at('2023-12-31T00:00:00Z'),
  supersededBy: null,
  ...overrides,
})
