import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { billingEstimateTool } from '../../tools/billing-estimate.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { at, decimal, memoryBilling, ruleVersion } from '../kit/billing.ts'
import { call, refusal } from './call.ts'

const one = { inputPrice: decimal('0'), currency: 'points' } as const
const versions = [
  ruleVersion({ effectiveAt: at('2024-01-01T00:00:00Z') }),
  ruleVersion({ ruleId: 'br_002', membershipLevel: 'vip', outputPrice: decimal('0.06') }),
  ruleVersion({
    ...one,
    ruleId: 'br_003',
    modelId: 'fal-ai/flux/dev',
    modelName: null,
    unit: 'per_megapixel',
    outputPrice: decimal('12.5'),
  }),
  ruleVersion({ ...one, ruleId: 'br_004', modelId: 'a/request', unit: 'per_request', outputPrice: decimal('100') }),
  ruleVersion({ ...one, ruleId: 'br_005', modelId: 'vip/only', membershipLevel: 'vip', unit: 'per_image' }),
  ruleVersion({
    revision: 2,
    effectiveAt: at('2026-02-16T00:00:00+08:00'),
    inputPrice: decimal('0.03'),
    outputPrice: decimal('0.09'),
  }),
]
const dependencies = memoryDependencies(new MiniWorld().build(), {
  now: at('2026-02-10T12:00:00Z'),
  billing: memoryBilling(versions),
})
const SEED = { model_id: 'gpt-4o', input_tokens: 1000, output_tokens: 500 }

describe('billing-estimate', () => {
  it("answers as the seed's example", async () => {
    expect(await call(billingEstimateTool, SEED, dependencies)).toEqual({
      model_id: 'gpt-4o',
      model_name: 'GPT-4o',
      input_tokens: 1000,
      output_tokens: 500,
      input_cost: '0.028',
      output_cost: '0.042',
      total_cost: '0.070',
      currency: 'CNY',
      at: '2026-02-10T12:00:00Z',
      applied_rule: {
        rule_id: 'br_001',
        membership_level: 'basic',
        input_price: '0.028',
        output_price: '0.084',
        unit: 'per_1k_tokens',
        effective_at: '2024-01-01T00:00:00Z',
      },
      next: 'billing-rules with rule_id br_001: its history; fal-estimate-cost with models (endpoint=quantity): what fal charges',
    })
  })

  it.each([
    ['2026-02-15T15:59:59.999Z', '0.070'],
    ['2026-02-15T16:00:00Z', '0.075'],
    ['2026-02-16T00:00:00+08:00', '0.075'],
  ])('at %s takes the price of that side of a change in mid-month', async (when, total_cost) => {
    expect(await call(billingEstimateTool, { ...SEED, at: when }, dependencies)).toMatchObject({ total_cost })
  })

  it.each([
    ['vip', 'br_002', '0.058'],
    ['VIP', 'br_002', '0.058'],
    ['gold', 'br_001', '0.070'],
  ])('for the level %s applies %s', async (membership_level, rule_id, total_cost) => {
    const result = await call(billingEstimateTool, { ...SEED, membership_level }, dependencies)
    expect(result).toMatchObject({ total_cost, applied_rule: { rule_id } })
  })

  it.each([
    [
      { model_id: 'flux/dev', units: 1.05 },
      { units: '1.05', total_cost: '13.125', model_name: 'fal-ai/flux/dev' },
    ],
    [{ model_id: 'a/request' }, { units: '1', total_cost: '100.00' }],
    [
      { model_id: 'a/request', units: 3 },
      { units: '3', output_cost: '300.00', input_cost: '0.00' },
    ],
    [
      { model_id: 'a/request', units: 0.0000001 },
      { units: '0.0000001', total_cost: '0.00001' },
    ],
    [
      { model_id: 'gpt-4o', output_tokens: 500 },
      { input_tokens: 0, total_cost: '0.042' },
    ],
    [
      { model_id: 'gpt-4o', input_tokens: 1000 },
      { output_tokens: 0, total_cost: '0.028' },
    ],
  ])('of %j', async (given, expected) => {
    expect(await call(billingEstimateTool, given, dependencies)).toMatchObject(expected)
  })

  it.each([
    [{ model_id: 'nothing', input_tokens: 1 }, 'not-found', 'model_id', /"nothing" at level "basic"/],
    [
      { model_id: 'vip/only', units: 1, membership_level: 'gold' },
      'not-found',
      'model_id',
      /"gold" or the default level "basic"/,
    ],
    [
      { model_id: 'nothing', units: 1, membership_level: 'Basic' },
      'not-found',
      'model_id',
      /at level "Basic" is in force/,
    ],
    [{ ...SEED, at: '2023-12-31T23:59:59Z' }, 'not-found', 'model_id', /2023-12-31T23:59:59Z/],
    [{ model_id: 'gpt-4o' }, 'input', 'input_tokens', /per_1k_tokens/],
    [{ ...SEED, units: 1 }, 'input', 'units', /input_tokens and output_tokens/],
    [{ model_id: 'flux/dev' }, 'input', 'units', /is missing/],
    [{ model_id: 'flux/dev', output_tokens: 1 }, 'input', 'output_tokens', /give units/],
    [{ model_id: 'flux/dev', input_tokens: 1, units: 1 }, 'input', 'input_tokens', /give units/],
    [{ model_id: 'flux/dev', units: -1 }, 'input', 'units', /at least 0/],
    [{ ...SEED, input_tokens: 1.5 }, 'input', 'input_tokens', /whole number/],
    [{ input_tokens: 1 }, 'input', 'model_id', /is missing/],
  ])('refuses %j', async (given, kind, field, message) => {
    const error = await refusal(billingEstimateTool, given, dependencies)
    expect(error).toMatchObject({ kind, field })
    expect(error.message).toMatch(message)
  })
})
