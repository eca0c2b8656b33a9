import { falBillingEvents, type WireBillingEvent, wireInstant } from '../../schemas/fal.ts'
import { type InstantRange, instant, within } from '../units/instant.ts'
import { nanoUsd } from '../units/nano-usd.ts'
import { type Answer, complete } from './answer.ts'
import { attributionOf, decimalOf, decimalOrNull, usdOf } from './decode.ts'
import { asRecord, eventReader, type Json } from './event-row.ts'
import { jsonOf, shapeOf } from './json.ts'
import { slicedList } from './list-slices.ts'
import type { Page, PageHead } from './pages.ts'
import type { BillingEvent } from './reader.ts'
import { type RowHasher, RowHashes } from './row-hash.ts'

/**
 * A reader of pages of GET /models/billing-events, which have up to 10,000 rows: the schema takes five times as long to look at
 * them. A page with anything unusual in it is left to the schema, which decides, and names what is wrong. A long page is read
 * slice by slice, so that the JSON of no more than a slice is in memory at once.
 * The head that it tells ahead is then a guess, most often right: what counts is that of the page.
 */
export function eventPageReader(
  span: InstantRange,
  hashOf: RowHasher,
): (text: string, onHead: (head: PageHead) => void) => Answer<Page<BillingEvent>> {
  const eventOf = eventReader()
  const pageOf = (head: PageHead, slices: Iterable<readonly unknown[]>): Page<BillingEvent> | undefined => {
    const page = new PageDraft(span, hashOf)
    for (const wires of slices) {
      for (const wire of wires) {
        const event = eventOf(wire)
        if (event === undefined) return undefined
        page.add(event, wire)
      }
    }
    return page.close(head)
  }
  return (text, onHead) => {
    const sliced = slicedList(text, 'billing_events')
    const slicedHead = sliced && headOf(sliced.rest)
    if (sliced !== undefined && slicedHead !== undefined) {
      onHead(slicedHead)
      const page = pageOf(slicedHead, sliced.slices())
      if (page !== undefined && !sliced.isBroken()) return complete(page)
    }
    const json = jsonOf(text)
    if (json.status === 'failed') return json
    const whole = asRecord(json.value)
    const listed: unknown = whole?.billing_events
    const wires: readonly unknown[] = Array.isArray(listed) ? listed : []
    const head = whole === undefined || wires !== listed ? undefined : headOf(whole)
    if (head !== undefined) onHead(head)
    const page = head && pageOf(head, [wires])
    if (page !== undefined) return complete(page)
    const answer = shapeOf(falBillingEvents, json.value)
    if (answer.status === 'failed') return answer
    const judged = new PageDraft(span, hashOf)
    for (const [at, wire] of answer.value.billing_events.entries()) judged.add(eventOfWire(wire), wires[at])
    return complete(judged.close(answer.value))
  }
}

function headOf({ next_cursor, has_more }: Json): PageHead | undefined {
  const isCursor = next_cursor == null || typeof next_cursor === 'string'
  return isCursor && (has_more == null || typeof has_more === 'boolean') ? { next_cursor, has_more } : undefined
}

class PageDraft {
  readonly #span: InstantRange
  readonly #hashOf: RowHasher
  readonly #rows: BillingEvent[] = []
  readonly #hashes = new RowHashes()

  constructor(span: InstantRange, hashOf: RowHasher) {
    this.#span = span
    this.#hashOf = hashOf
  }

  /** An event on the edge of two spans must not be counted in both, whatever fal makes of the edge. */
  add(event: BillingEvent, wire: unknown): void {
    if (!within(event.at, this.#span)) return
    this.#rows.push(event)
    this.#hashes.push(this.#hashOf(wire))
  }

  close({ next_cursor, has_more }: PageHead): Page<BillingEvent> {
    return { rows: this.#rows, hashes: this.#hashes, next_cursor, has_more }
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
