import { LIMITS } from '../limits.ts'
import { DAY, earlier, type InstantRange, plus } from '../units/instant.ts'
import { complete, failed, partial } from './answer.ts'
import { askEachPage, type Call, isoUtc, type PagedQuestion } from './asking.ts'
import { eventPageReader } from './event-page.ts'
import type { Delivered, Overlap } from './overlap.ts'
import { eachPart, idParts } from './parts.ts'
import type { BillingEvent, EventQuery, Fetched } from './reader.ts'
import { createRowHasher, type RowHasher } from './row-hash.ts'
import type { Params } from './transport.ts'

type Take = (events: readonly BillingEvent[]) => void

/** GET /models/billing-events, all events at once. */
export async function askEvents(call: Call, query: EventQuery): Promise<Fetched<BillingEvent[]>> {
  const parts = partsOf(query)
  const taken: BillingEvent[][] = parts.map(() => [])
  const late: BillingEvent[] = []
  const takeInto =
    (events: BillingEvent[] | undefined): Take =>
    (page) => {
      for (const event of page) events?.push(event)
    }
  const fetched = await readParts(call, query, parts, (index) => takeInto(taken[index]), takeInto(late))
  if (fetched.status === 'failed') return fetched
  const value = taken.flat()
  return { ...fetched, value: late.length === 0 ? value : [...value, ...late].sort((a, b) => a.at - b.at) }
}

/**
 * GET /models/billing-events: every event of the range, or those of the named requests within it, page by page as they come.
 * The start is always sent, since fal falls back to the last 24 h even when a request is named (seen); spans over 90 days are
 * asked for in pieces. Several pieces are read side by side, so pages come in no promised order.
 */
export const askEachEvent = (call: Call, query: EventQuery, take: Take): Promise<Fetched<null>> =>
  readParts(call, query, partsOf(query), () => take, take)

/** Requests that are asked for by id because pages told of them twice; past it an overlap of pages is all it can be. */
const REPEATS_ASKED_MAX = 2500

/** One question: a span, and the ids that it names. */
interface Part {
  readonly span: InstantRange
  readonly requestIds: readonly string[]
  readonly endpointIds: readonly string[]
}

/** Requests of which a page told again what an earlier one had told. */
interface Doubt {
  readonly part: Part
  readonly overlap: Overlap
  /** What its rows were hashed by. */
  readonly hashOf: RowHasher
  readonly requestIds: ReadonlySet<string>
}

async function readParts(
  call: Call,
  query: EventQuery,
  parts: readonly Part[],
  takeOf: (part: number) => Take,
  takeLate: Take,
): Promise<Fetched<null>> {
  const doubts: Doubt[] = []
  const fetched = await eachPart(parts, async (part, index) => {
    const requestIds = new Set<string>()
    const take = takeOf(index)
    const hashOf = createRowHasher()
    const read = await askEachPage(
      call,
      questionOf(call, part, hashOf),
      ({ rows }) => take(rows),
      ({ requestId }) => requestIds.size <= REPEATS_ASKED_MAX && requestIds.add(requestId),
    )
    if (read.overlap !== undefined && requestIds.size > 0) {
      doubts.push({ part, overlap: read.overlap, hashOf, requestIds })
    }
    return read.fetched
  })
  const count = doubts.reduce((sum, { requestIds }) => sum + requestIds.size, 0)
  if (fetched.status !== 'complete' || query.requestIds !== undefined || count > REPEATS_ASKED_MAX) return fetched
  for (const doubt of doubts) {
    const settled = await settle(call, doubt, takeLate)
    if (settled.status !== 'complete') return settled
  }
  return fetched
}

/**
 * An event that comes on two pages is either an overlap of the pages, or billed twice. One answer about the request alone
 * tells which: what it has more of than the pages delivered is taken too.
 */
async function settle(call: Call, { part, overlap, hashOf, requestIds }: Doubt, take: Take): Promise<Fetched<null>> {
  const confirmed = new Set<string>()
  const asked = await eachPart(idParts([...requestIds]), async (ids) => {
    const pages: Delivered<BillingEvent>[] = []
    const collect = (page: Delivered<BillingEvent>): void => {
      pages.push(page)
      page.rows.forEach(({ requestId }, at) => {
        if (overlap.has(page.hashes, at)) confirmed.add(requestId)
      })
    }
    const { fetched } = await askEachPage(
      call,
      questionOf(call, { ...part, requestIds: ids }, hashOf),
      collect,
      () => undefined,
    )
    const late = overlap.beyond(pages)
    // Where nothing is as the pages told it, it could be the same event in other words.
    if (fetched.status === 'complete') take(late.filter(({ requestId }) => confirmed.has(requestId)))
    return fetched
  })
  if (asked.status !== 'complete') {
    return partial(null, failed(asked.failure, `pages repeat events, and ${asked.reason}`))
  }
  const open = requestIds.size - confirmed.size
  if (open === 0) return complete(null)
  const told = `pages repeat events of ${open} requests, of which fal tells otherwise when it is asked about them alone`
  return partial(null, failed('bad-answer', told))
}

function partsOf({ range, requestIds, endpointIds }: EventQuery): Part[] {
  const requestLists = idLists(requestIds)
  const endpointLists = idLists(endpointIds)
  return spansOf(range).flatMap((span) =>
    requestLists.flatMap((requests) =>
      endpointLists.map((endpoints) => ({ span, requestIds: requests, endpointIds: endpoints })),
    ),
  )
}

const questionOf = (
  call: Call,
  { span, requestIds, endpointIds }: Part,
  hashOf: RowHasher,
): PagedQuestion<BillingEvent> => ({
  path: '/models/billing-events',
  params: [
    ['start', isoUtc(span.start)],
    ['end', isoUtc(span.end)],
    ['expand', 'auth_method_structured'],
    ...requestIds.map((id): Params[number] => ['request_id', id]),
    ...endpointIds.map((id): Params[number] => ['endpoint_id', id]),
  ],
  pageRows: call.limits.eventPageRows,
  read: eventPageReader(span, hashOf),
})

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
