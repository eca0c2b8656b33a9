import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { Dependencies } from '../../src/tool.ts'
import type { Instant } from '../../src/units/instant.ts'
import { billingEstimateTool } from '../../tools/billing-estimate.ts'
import { billingRulesTool } from '../../tools/billing-rules.ts'
import { billingRulesWriteTool } from '../../tools/billing-rules-write.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { at, memoryBilling, ruleVersion } from '../kit/billing.ts'
import { call, refusal } from './call.ts'

const NOW = at('2026-02-10T12:00:00Z')
const versions = [
  ruleVersion({ effectiveAt: at('2026-01-01T00:00:00Z') }),
  ruleVersion({ revision: 2, effectiveAt: at('2026-03-01T00:00:00Z'), modelName: null }),
  ruleVersion({ ruleId: 'br_002', membershipLevel: 'VIP', effectiveAt: at('2026-04-01T00:00:00Z') }),
  ruleVersion({ ruleId: 'br_003', modelId: 'fal-ai/flux/dev', effectiveAt: at('2026-01-01T00:00:00Z') }),
]

const open = (now: Instant = NOW): Dependencies =>
  memoryDependencies(new MiniWorld().build(), {
    now,
    billing: memoryBilling(versions),
    settings: { modelAliases: new Map([['flux', 'fal-ai/flux/dev']]) },
  })

const inShort = async (given: Record<string, unknown>, dependencies = open()) =>
  (await call(billingRulesTool, given, dependencies)).items.map(
    ({ rule_id, revision, in_force }) => `${rule_id} ${revision}${in_force ? '' : ' not in force'}`,
  )

describe('billing-rules', () => {
  it('tells each rule once, as the seed writes it', async () => {
    const { items, at: looked } = await call(billingRulesTool, {}, open())
    expect(looked).toBe('2026-02-10T12:00:00Z')
    expect(items[0]).toEqual({
      rule_id: 'br_001',
      model_id: 'gpt-4o',
      model_name: 'GPT-4o',
      membership_level: 'basic',
      input_price: '0.028',
      output_price: '0.084',
      unit: 'per_1k_tokens',
      currency: 'CNY',
      effective_at: '2026-01-01T00:00:00Z',
      revision: 1,
      in_force: true,
    })
    expect(await inShort({})).toEqual(['br_001 1', 'br_002 1 not in force', 'br_003 1'])
  })

  it.each([
    [{ model_id: 'GPT-4o' }, ['br_001 1', 'br_002 1 not in force']],
    [{ model_id: 'flux' }, ['br_003 1']],
    [{ membership_level: 'vip' }, ['br_002 1 not in force']],
    [{ model_id: 'gpt-4o', membership_level: 'BASIC' }, ['br_001 1']],
    [{ model_id: 'nothing' }, []],
    [{ at: '2026-03-01T00:00:00Z' }, ['br_001 2', 'br_002 1 not in force', 'br_003 1']],
    [{ at: '2026-03-01T07:59:59.999+08:00' }, ['br_001 1', 'br_002 1 not in force', 'br_003 1']],
    [{ at: '2020-01-01T00:00:00Z', model_id: 'flux' }, ['br_003 1 not in force']],
  ])('filters by %j', async (given, expected) => {
    expect(await inShort(given)).toEqual(expected)
  })

  it('tells one rule with its history', async () => {
    const { items } = await call(billingRulesTool, { rule_id: 'br_001' }, open())
    expect(items).toHaveLength(1)
    expect(items[0]?.history).toEqual([
      expect.objectContaining({
        revision: 1,
        model_name: 'GPT-4o',
        recorded_at: '2023-12-31T00:00:00Z',
        superseded: false,
      }),
      expect.objectContaining({ revision: 2, model_name: 'gpt-4o', effective_at: '2026-03-01T00:00:00Z' }),
    ])
  })

  it.each([
    [{ rule_id: 'br_009' }, 'not-found', 'rule_id'],
    [{ rule_id: '9' }, 'input', 'rule_id'],
    [{ rule_id: 'br_001', model_id: 'x' }, 'input', 'model_id'],
    [{ at: '2026-03-01' }, 'input', 'at'],
    [{ modelid: 'x' }, 'input', 'modelid'],
  ])('refuses %j', async (given, kind, field) => {
    expect(await refusal(billingRulesTool, given, open())).toMatchObject({ kind, field })
  })

  it('says how a rule is made where there is none', async () => {
    const none = memoryDependencies(new MiniWorld().build(), {})
    const { items, next } = await call(billingRulesTool, {}, none)
    expect(items).toEqual([])
    expect(next).toMatch(/^no rule is there; POST \/admin\/v1\/billing\/rules .*, or billing-rules-write where/)
  })

  it.each([
    ['br_001', ''],
    ['br_002', ', at its effective_at'],
  ])('leads from %s to what a use costs by it, with the inputs that this takes', async (rule_id, then) => {
    const dependencies = open()
    const { items, next } = await call(billingRulesTool, { rule_id }, dependencies)
    expect(next).toBe(
      `billing-estimate with its model_id and membership_level${then}, and input_tokens and output_tokens: what a use costs by it`,
    )
    for (const { model_id, membership_level, effective_at } of items) {
      const given = { model_id, membership_level, input_tokens: 1, output_tokens: 1, ...(then && { at: effective_at }) }
      const { applied_rule: applied } = await call(billingEstimateTool, given, dependencies)
      expect(applied.rule_id).toBe(rule_id)
    }
    const billing = memoryBilling([ruleVersion({ unit: 'per_image' })])
    const byImage = memoryDependencies(new MiniWorld().build(), { now: NOW, billing })
    expect((await call(billingRulesTool, { rule_id: 'br_001' }, byImage)).next).toContain('and units:')
  })

  it.each([{ model_id: 'no/such' }, { model_id: 'gpt-4o', membership_level: 'gold' }])(
    'does not say that there is none where only none is for %j',
    async (given) => {
      const { items, next } = await call(billingRulesTool, given, open())
      expect(items).toEqual([])
      expect(next).toBe(
        'no rule is for that; billing-rules without model_id and membership_level lists those there are',
      )
    },
  )
})

describe('billing-rules-write', () => {
  const terms = {
    model_id: 'claude-3-5-sonnet',
    membership_level: 'free',
    input_price: '0.045',
    output_price: '0.135',
    unit: 'per_1k_tokens',
    currency: 'CNY',
    effective_at: '2024-02-01T00:00:00Z',
  }

  it('makes a rule, and changes it', async () => {
    const dependencies = open()
    const made = await call(billingRulesWriteTool, terms, dependencies)
    expect(made).toMatchObject({ created: true, rule: { ...terms, rule_id: 'br_004', revision: 1, in_force: true } })
    const changed = await call(billingRulesWriteTool, { rule_id: 'br_004', output_price: '0.1' }, dependencies)
    expect(changed).toMatchObject({
      created: false,
      rule: { ...terms, output_price: '0.1', revision: 2, effective_at: '2026-02-10T12:00:00Z' },
    })
  })

  it.each([
    [{ ...terms, model_id: undefined }, 'input', 'model_id'],
    [{ ...terms, output_price: undefined }, 'input', 'output_price'],
    [{ ...terms, input_price: undefined }, 'input', 'input_price'],
    [{ ...terms, unit: 'per_image' }, 'input', 'input_price'],
    [{ ...terms, unit: 'per_gallon' }, 'input', 'unit'],
    [{ ...terms, currency: 'EUR' }, 'input', 'currency'],
    [{ ...terms, output_price: '-1' }, 'input', 'output_price'],
    [{ ...terms, output_price: 0.135 }, 'input', 'output_price'],
    [{ ...terms, output_price: '1e3' }, 'input', 'output_price'],
    [{ ...terms, output_price: '0.1234567890123' }, 'input', 'output_price'],
    [{ ...terms, effective_at: '2024-02-01' }, 'input', 'effective_at'],
    [{ ...terms, model_id: 'two\nlines' }, 'input', 'model_id'],
    [{ ...terms, model_id: ' ' }, 'input', 'model_id'],
    [{ ...terms, revision: 1 }, 'input', 'revision'],
    [{ rule_id: 'br_001' }, 'input', 'body'],
    [{ rule_id: 'br_001', revision: 1 }, 'input', 'body'],
    [{ rule_id: 'br_001', model_id: 'other', output_price: '1' }, 'input', 'model_id'],
    [{ rule_id: 'br_001', membership_level: 'vip', output_price: '1' }, 'input', 'membership_level'],
    [{ rule_id: 'br_009', output_price: '1' }, 'not-found', 'rule_id'],
    [{ rule_id: 'br_009', model_id: 'other', output_price: '1' }, 'not-found', 'rule_id'],
    [{ rule_id: 'br_001', output_price: '1', effective_at: '2026-01-01T00:00:00Z' }, 'conflict', 'effective_at'],
    [{ rule_id: 'br_001', output_price: '1', revision: 7 }, 'conflict', 'revision'],
  ])('refuses %j', async (given, kind, field) => {
    const held = open()
    expect(await refusal(billingRulesWriteTool, given, held)).toMatchObject({ kind, field })
    expect(await held.billing.rules()).toEqual(versions)
  })

  it('takes model and level of the rule as they are', async () => {
    const same = { rule_id: 'br_003', model_id: 'flux', membership_level: ' Basic'.trim(), output_price: '1' }
    expect(await call(billingRulesWriteTool, same, open())).toMatchObject({ rule: { model_id: 'fal-ai/flux/dev' } })
  })
})
