import { falBillingEvents, type WireBillingEvent, wireInstant } from '../../schemas/fal.ts'
import { type InstantRange, instant, within } from '../units/instant.ts'
import { nanoUsd } from '../units/nano-usd.ts'
import { type Answer, complete } from './answer.ts'
import { attributionOf, decimalOf, decimalOrNull, usdOf } from './decode.ts'
import { asRecord, eventReader } from './event-row.ts'
import { jsonOf, shapeOf } from './json.ts'
import type { Page, PageHead } from './pages.ts'
import type { BillingEvent } from './reader.ts'

/**
 * A reader of pages of GET /models/billing-events, which have up to 10,000 rows: the schema takes five times as long to look at
 * them. A page with anything unusual in it is left to the schema, which decides, and names what is wrong.
 */
export function eventPageReader(
  span: InstantRange,
): (text: string, onHead: (head: PageHead) => void) => Answer<Page<BillingEvent>> {
  const eventOf = eventReader()
  return (text, onHead) => {
    const json = jsonOf(text)
    if (json.status === 'failed') return json
    const page = asRecord(json.value)
    const listed: unknown = page?.billing_events
    const wires: readonly unknown[] = Array.isArray(listed) ? listed : []
    const head = page === undefined || wires !== listed ? undefined : headOf(page)
    if (head !== undefined) onHead(head)
    const events: BillingEvent[] = []
    for (const wire of head === undefined ? [] : wires) {
      const event = eventOf(wire)
      if (event === undefined) break
      events.push(event)
    }
    if (head !== undefined && events.length === wires.length) return complete(pageOf(head, events, wires, span))
    const answer = shapeOf(falBillingEvents, json.value)
    if (answer.status === 'failed') return answer
    return complete(pageOf(answer.value, answer.value.billing_events.map(eventOfWire), wires, span))
  }
}

function headOf({ next_cursor, has_more }: Readonly<Record<string, unknown>>): PageHead | undefined {
  const isCursor = next_cursor == null || typeof next_cursor === 'string'
  return isCursor && (has_more == null || typeof has_more === 'boolean') ? { next_cursor, has_more } : undefined
}

/** An event on the edge of two spans must not be counted in both, whatever fal makes of the edge. */
function pageOf(
  { next_cursor, has_more }: PageHead,
  events: readonly BillingEvent[],
  wires: readonly unknown[],
  span: InstantRange,
): Page<BillingEvent> {
  const inside = (event: BillingEvent | undefined): boolean => event !== undefined && within(event.at, span)
  const all = events.every(inside)
  return {
    rows: all ? events : events.filter(inside),
    wires: all ? wires : wires.filter((_, at) => inside(events[at])),
    next_cursor,
    has_more,
  }
}

/** One event that the schema has let through. */
export function eventOfWire(wire: WireBillingEvent): BillingEvent {
  const count = wire.cost_estimate_nano_usd
  return {
    ...attributionOf(wire.auth_method_structured),
    requestId: wire.request_id,
    model: wire.endpoint_id,
    at: wireInstant(wire.timestamp) ?? instant(Number.NaN),
    quantity: decimalOrNull(wire.quantity ?? wire.output_units),
    unit: wire.unit ?? null,
    unitPrice: decimalOrNull(wire.unit_price),
    percentDiscount: decimalOrNull(wire.percent_discount),
    costNanoUsd: count == null ? usdOf(wire.cost_total ?? '') : nanoUsd(BigInt(decimalOf(count))),
  }
}
