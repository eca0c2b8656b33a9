import { falBillingEvents, type WireBillingEvent, type WireBillingEvents, wireInstant } from '../../schemas/fal.ts'
import { LIMITS } from '../limits.ts'
import { DAY, earlier, type InstantRange, instant, plus, within } from '../units/instant.ts'
import { type NanoUsd, nanoUsd } from '../units/nano-usd.ts'
import { complete, failed, partial } from './answer.ts'
import { askPages, type Call, isoUtc } from './asking.ts'
import { attributionOf, decimalOf, decimalOrNull, usdOf } from './decode.ts'
import { readJson } from './json.ts'
import { idParts, readParts } from './parts.ts'
import type { BillingEvent, EventQuery, Fetched } from './reader.ts'
import type { Params } from './transport.ts'

/**
 * GET /models/billing-events: every event of the range, or those of the named requests within it. The start is always sent,
 * since fal falls back to the last 24 h even when a request is named (seen); spans over 90 days are asked for in pieces.
 */
export async function askEvents(call: Call, query: EventQuery): Promise<Fetched<BillingEvent[]>> {
  const repeated = new Set<string>()
  const fetched = await askRange(call, query, ({ requestId }) => repeated.add(requestId))
  const settles = query.requestIds === undefined && repeated.size > 0 && repeated.size <= REPEATS_ASKED_MAX
  return settles && fetched.status === 'complete' ? settleRepeats(call, query, fetched.value, repeated) : fetched
}

/** Requests that are asked for by id because pages told of them twice; past it an overlap of pages is all it can be. */
const REPEATS_ASKED_MAX = 2500

/**
 * An event that comes on two pages is either an overlap of the pages, or billed twice. One answer about the request alone
 * tells which: it replaces what the pages said.
 */
async function settleRepeats(
  call: Call,
  query: EventQuery,
  events: readonly BillingEvent[],
  repeated: ReadonlySet<string>,
): Promise<Fetched<BillingEvent[]>> {
  const asked = await askRange(call, { ...query, requestIds: [...repeated] }, () => undefined)
  if (asked.status !== 'complete')
    return partial([...events], failed(asked.failure, `pages repeat events, and ${asked.reason}`))
  const others = events.filter(({ requestId }) => !repeated.has(requestId))
  return complete([...others, ...asked.value].sort((a, b) => a.at - b.at))
}

function askRange(
  call: Call,
  query: EventQuery,
  onRepeat: (event: BillingEvent) => void,
): Promise<Fetched<BillingEvent[]>> {
  const requestLists = idLists(query.requestIds)
  const endpointLists = idLists(query.endpointIds)
  const parts = spansOf(query.range).flatMap((span) =>
    requestLists.flatMap((requestIds) => endpointLists.map((endpointIds) => ({ span, requestIds, endpointIds }))),
  )
  if (parts.length === 0) return Promise.resolve(complete([]))
  return readParts(parts, ({ span, requestIds, endpointIds }) =>
    askPages<WireBillingEvents, BillingEvent>(call, {
      path: '/models/billing-events',
      params: [
        ['start', isoUtc(span.start)],
        ['end', isoUtc(span.end)],
        ['expand', 'auth_method_structured'],
        ...requestIds.map((id): Params[number] => ['request_id', id]),
        ...endpointIds.map((id): Params[number] => ['endpoint_id', id]),
      ],
      pageRows: call.limits.eventPageRows,
      read: readJson(falBillingEvents),
      page: (wire) => ({
        rows: wire.billing_events
          .map((event) => ({ row: eventOf(event), wire: event }))
          // An event on the edge of two spans must not be counted in both, whatever fal makes of the edge.
          .filter(({ row }) => within(row.at, span)),
        next_cursor: wire.next_cursor,
        has_more: wire.has_more,
      }),
      onRepeat,
    }),
  )
}

/** Lists of ids that one question may name. No filter is one empty list; a filter that names nothing is no list at all. */
const idLists = (ids: readonly string[] | undefined): readonly (readonly string[])[] =>
  ids === undefined ? [[]] : idParts(ids.filter((id) => id !== ''))

function spansOf(range: InstantRange): InstantRange[] {
  const spans: InstantRange[] = []
  for (let { start } = range; start < range.end; ) {
    const end = earlier(range.end, plus(start, LIMITS.falEventSpanDays * DAY))
    spans.push({ start, end })
    start = end
  }
  return spans
}

function eventOf(wire: WireBillingEvent): BillingEvent {
  return {
    ...attributionOf(wire.auth_method_structured),
    requestId: wire.request_id,
    model: wire.endpoint_id,
    at: wireInstant(wire.timestamp) ?? instant(Number.NaN),
    quantity: decimalOrNull(wire.quantity ?? wire.output_units),
    unit: wire.unit ?? null,
    unitPrice: decimalOrNull(wire.unit_price),
    percentDiscount: decimalOrNull(wire.percent_discount),
    costNanoUsd: eventCostOf(wire),
  }
}

function eventCostOf(wire: WireBillingEvent): NanoUsd {
  const count = wire.cost_estimate_nano_usd
  return count == null ? usdOf(wire.cost_total ?? '') : nanoUsd(BigInt(decimalOf(count)))
}
