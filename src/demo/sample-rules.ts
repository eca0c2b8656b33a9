import type { RuleDraft } from '../billing/rule.ts'
import type { BillingStore } from '../billing/store.ts'
import { type Decimal, parseDecimal } from '../units/decimal.ts'
import { type Instant, instant } from '../units/instant.ts'

const BASIC = 'basic'
const FROM = instant(Date.parse('2026-01-01T00:00:00+08:00'))

/** What the users of the sample pay for one request, in CNY: what its ordinary tasks are charged. */
const REQUESTS: readonly (readonly [model: string, name: string, price: string])[] = [
  ['fal-ai/sora-2/image-to-video', 'Sora 2 图生视频', '1.00'],
  ['fal-ai/kling/v2.1/image-to-video', '可灵 2.1 图生视频', '2.80'],
  ['fal-ai/seedream/v4/text-to-image', '即梦 4 文生图', '0.30'],
  ['fal-ai/flux/schnell', 'FLUX schnell', '0.10'],
  ['fal-ai/wan/v2.2/text-to-video', '万相 2.2 文生视频', '1.20'],
]

/** A model whose price rises when February begins, and which is cheaper for some. */
const FLUX = { modelId: 'fal-ai/flux/dev', modelName: 'FLUX dev', before: '0.18', price: '0.20', vip: '0.16' }
const FEBRUARY = instant(Date.parse('2026-02-01T00:00:00+08:00'))

/** Records the price rules of the sample: first that of the seed's example, then those of the sample's own models. */
export async function writeSampleRules(store: BillingStore, recordedAt: Instant): Promise<void> {
  const tokens = { input: '0.028', output: '0.084', unit: 'per_1k_tokens' } as const
  const seed = { modelId: 'gpt-4o', modelName: 'GPT-4o', membershipLevel: BASIC, currency: 'CNY' } as const
  const [inputPrice, outputPrice] = [price(tokens.input), price(tokens.output)]
  const effectiveAt = instant(Date.parse('2024-01-01T00:00:00Z'))
  await store.create({ ...seed, inputPrice, outputPrice, unit: tokens.unit, effectiveAt }, recordedAt)
  for (const [modelId, modelName, text] of REQUESTS)
    await store.create(perRequest(modelId, modelName, text), recordedAt)
  const { ruleId } = await store.create(perRequest(FLUX.modelId, FLUX.modelName, FLUX.before), recordedAt)
  await store.update(ruleId, { outputPrice: price(FLUX.price), effectiveAt: FEBRUARY }, recordedAt)
  await store.create(perRequest(FLUX.modelId, FLUX.modelName, FLUX.vip, 'vip'), recordedAt)
}

const perRequest = (modelId: string, modelName: string, text: string, membershipLevel = BASIC): RuleDraft => ({
  modelId,
  modelName,
  membershipLevel,
  inputPrice: price('0'),
  outputPrice: price(text),
  unit: 'per_request',
  currency: 'CNY',
  effectiveAt: FROM,
})

function price(text: string): Decimal {
  const read = parseDecimal(text)
  if (read === undefined) throw new RangeError(`not a decimal price: ${text}`)
  return read
}
