import { falEstimate, falPricing } from '../../schemas/fal.ts'
import { endpointForm } from '../units/endpoint.ts'
import type { NanoUsd } from '../units/nano-usd.ts'
import { type Answer, complete, failed, partial } from './answer.ts'
import type { Call } from './asking.ts'
import { decimalOf, usdOf } from './decode.ts'
import { readJson } from './json.ts'
import { idParts } from './parts.ts'
import type { EstimateQuestion, Fetched, ModelPrice, Pricing } from './reader.ts'
import type { Params } from './transport.ts'

/**
 * GET /models/pricing: advertised prices, 50 endpoints a question. One unknown id can fail the whole question with 404 (seen),
 * so a question that fails so, or that leaves ids unanswered, is asked again in halves: an id counts as unknown only when it
 * was asked about alone. Partial where the limit of questions or a failure ends the search.
 */
export async function askPricing(call: Call, endpointIds: readonly string[]): Promise<Fetched<Pricing>> {
  const prices: ModelPrice[] = []
  const unknown: string[] = []
  const open = idParts(endpointIds)
  const given = new Map([...new Set(endpointIds)].map((id, index) => [id, index]))
  const found = (): Pricing => ({
    prices: prices.sort((a, b) => (given.get(a.endpointId) ?? 0) - (given.get(b.endpointId) ?? 0)),
    unknown: unknown.sort((a, b) => (given.get(a) ?? 0) - (given.get(b) ?? 0)),
  })
  for (let asked = 0; asked < call.limits.pricingQuestions; asked++) {
    const ids = open.shift()
    if (ids === undefined) return complete(found())
    const answer = await askPrices(call, ids)
    if (answer.status === 'failed' && answer.failure !== 'not-found') {
      return prices.length + unknown.length === 0 ? answer : partial(found(), answer)
    }
    const told = new Map(
      answer.status === 'failed' ? [] : answer.value.map((price) => [endpointForm(price.endpointId), price]),
    )
    const missing: string[] = []
    for (const id of ids) {
      const price = told.get(endpointForm(id))
      if (price === undefined) missing.push(id)
      else prices.push({ ...price, endpointId: id })
    }
    if (ids.length === 1) unknown.push(...missing)
    else open.push(...halvesOf(missing))
  }
  if (open.length === 0) return complete(found())
  const reason = `fal does not know some of the models, and finding out which takes more than ${call.limits.pricingQuestions} questions: ask for fewer models`
  return partial(found(), failed('page-limit', reason))
}

function halvesOf(ids: readonly string[]): string[][] {
  const middle = Math.ceil(ids.length / 2)
  return [ids.slice(0, middle), ids.slice(middle)].filter((half) => half.length > 0)
}

async function askPrices(call: Call, ids: readonly string[]): Promise<Answer<ModelPrice[]>> {
  const answer = await call.transport.ask(
    {
      apiKey: call.apiKey,
      path: '/models/pricing',
      params: ids.map((id): Params[number] => ['endpoint_id', id]),
      accept: 'application/json',
      read: readJson(falPricing),
    },
    call.signal,
  )
  if (answer.status === 'failed') return answer
  return complete(
    answer.value.prices.map(({ endpoint_id, unit_price, unit, currency }) => ({
      endpointId: endpoint_id,
      unitPrice: decimalOf(unit_price),
      unit: unit ?? '',
      currency: (currency ?? 'USD').toUpperCase(),
    })),
  )
}

const ESTIMATES = {
  calls: { type: 'historical_api_price', quantity: 'call_quantity' },
  units: { type: 'unit_price', quantity: 'unit_quantity' },
} as const

/**
 * POST /models/pricing/estimate: the total of all quantities, without a split. It changes nothing at fal, so it is asked again
 * after rate limits, failures of fal and broken connections, as a read is. An unknown endpoint fails the whole (inferred).
 */
export async function askEstimate(call: Call, { kind, quantities }: EstimateQuestion): Promise<Answer<NanoUsd>> {
  const { type, quantity } = ESTIMATES[kind]
  // Written by hand: a decimal keeps all of its digits, which a JavaScript number might not.
  const endpoints = [...quantities].map(([id, count]) => `${JSON.stringify(id)}:{"${quantity}":${decimalOf(count)}}`)
  const answer = await call.transport.ask(
    {
      apiKey: call.apiKey,
      path: '/models/pricing/estimate',
      params: [],
      accept: 'application/json',
      body: `{"estimate_type":"${type}","endpoints":{${endpoints.join(',')}}}`,
      read: readJson(falEstimate),
    },
    call.signal,
  )
  return answer.status === 'failed' ? answer : complete(usdOf(answer.value.total_cost))
}
