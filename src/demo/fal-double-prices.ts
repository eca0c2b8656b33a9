import { formatUsd, nanoUsd } from '../units/nano-usd.ts'
import { nano } from './fal-double-answers.ts'
import { listOf, Refusal } from './fal-double-query.ts'
import type { FalWorkspace } from './stored-world.ts'

/** A line of the advertised price list. Amounts in USD, decimal text. */
export interface ListedPrice {
  readonly endpointId: string
  readonly unitPrice: string
  readonly unit: string
  /** What a call has cost so far; the unit price unless told. */
  readonly callPrice?: string
  /** USD unless told. */
  readonly currency?: string
}

/** The list prices of a world that names none: of each endpoint, what its last event was billed at. */
export function pricesBilled(workspaces: readonly FalWorkspace[]): ListedPrice[] {
  const events = workspaces.flatMap((workspace) => workspace.events)
  const inTime = [...events].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))
  const last = new Map(inTime.map((event) => [event.endpointId, event]))
  return [...last.values()].map(({ endpointId, unitPrice, unit, cost }) => ({
    endpointId,
    unitPrice,
    unit,
    callPrice: cost,
  }))
}

const unknownIds = (ids: readonly string[]): Refusal =>
  new Refusal(404, 'not_found', `Endpoint id(s) not found: ${ids.join(', ')}`)

const NANO = 10n ** 9n

/** One unknown id fails the whole question, as it was seen of fal. */
export function answerPricing(prices: readonly ListedPrice[], query: URLSearchParams): object {
  const ids = listOf(query, 'endpoint_id') ?? []
  const listed = new Map(prices.map((price) => [price.endpointId, price]))
  const unknown = ids.filter((id) => !listed.has(id))
  if (unknown.length > 0) throw unknownIds(unknown)
  const asked = ids.length === 0 ? prices : ids.flatMap((id) => listed.get(id) ?? [])
  return {
    prices: asked.map(({ endpointId, unitPrice, unit, currency = 'USD' }) => ({
      endpoint_id: endpointId,
      unit_price: Number(unitPrice),
      unit,
      currency,
    })),
    next_cursor: null,
    has_more: false,
  }
}

const QUANTITIES: Readonly<Record<string, string>> = {
  historical_api_price: 'call_quantity',
  unit_price: 'unit_quantity',
}

export function answerEstimate(prices: readonly ListedPrice[], body: unknown): object {
  const { estimate_type: type, endpoints } = recordOf(body)
  const field = QUANTITIES[String(type)]
  if (field === undefined) throw new Refusal(422, 'validation_error', 'estimate_type is unknown')
  const listed = new Map(prices.map((price) => [price.endpointId, price]))
  const asked = Object.entries(recordOf(endpoints))
  if (asked.length === 0) throw new Refusal(422, 'validation_error', 'endpoints is empty')
  const unknown = asked.map(([id]) => id).filter((id) => !listed.has(id))
  if (unknown.length > 0) throw unknownIds(unknown)
  const total = asked.reduce((sum, [id, given]) => {
    const quantity = recordOf(given)[field]
    if (typeof quantity !== 'number' || !(quantity > 0)) {
      throw new Refusal(422, 'validation_error', `${field} is no number above 0`)
    }
    const { unitPrice = '0', callPrice = unitPrice } = listed.get(id) ?? {}
    return sum + (nano(type === 'unit_price' ? unitPrice : callPrice) * nano(String(quantity))) / NANO
  }, 0n)
  return { estimate_type: type, total_cost: Number(formatUsd(nanoUsd(total))), currency: 'USD' }
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new Refusal(422, 'validation_error', 'an object is expected')
}
