import { LIMITS } from '../limits.ts'
import { type EventRecords, EventWords } from '../rows/event-records.ts'
import { DAY, earlier, type InstantRange, isoInstant, plus } from '../units/instant.ts'
import { bareId } from '../units/request-id.ts'
import { complete, failed, partial } from './answer.ts'
import { askEachPage, type Call, type PagedQuestion } from './asking.ts'
import { type EventPage, eventsAsWritten, onlyRecords } from './event-draft.ts'
import { EventPageReader } from './event-page.ts'
import { NamedEndpoints } from './named-endpoints.ts'
import type { Overlap } from './overlap.ts'
import { eachPart, idParts } from './parts.ts'
import type { BillingEvent, EventQuery, Fetched } from './reader.ts'
import type { Redact } from './redacting.ts'
import type { Params } from './transport.ts'

/** Given a page, and the places of its events that count; of all of them in order, mostly. */
type Take = (page: EventPage, places: readonly number[] | 'all') => void

/** GET /models/billing-events, all events at once, as objects. */
export async function askEvents(call: Call, query: EventQuery, redact: Redact): Promise<Fetched<BillingEvent[]>> {
  const parts = partsOf(query)
  const taken: BillingEvent[][] = parts.map(() => [])
  const late: BillingEvent[] = []
  const takeInto =
    (into: BillingEvent[] | undefined): Take =>
    (page, places) => {
      const events = eventsAsWritten(page)
      const counted = places === 'all' ? events : places.flatMap((place) => events[place] ?? [])
      for (const event of counted) into?.push(event)
    }
  const pages = new EventPageReader(new EventWords(), redact)
  const fetched = await readParts(
    { call, query, pages, redact },
    parts,
    (index) => takeInto(taken[index]),
    takeInto(late),
  )
  if (fetched.status === 'failed') return fetched
  const value = taken.flat()
  return { ...fetched, value: late.length === 0 ? value : [...value, ...late].sort((a, b) => a.at - b.at) }
}

/**
 * GET /models/billing-events: every event of the range, or those of the named requests within it, page by page as they come.
 * The start is always sent, since fal falls back to the last 24 h even when a request is named (seen); spans over 90 days are
 * asked for in pieces. Several pieces are read side by side, so pages come in no promised order.
 */
export function askEachEvent(
  call: Call,
  query: EventQuery,
  words: EventWords,
  redact: Redact,
  take: (page: EventRecords) => void,
): Promise<Fetched<null>> {
  const takePage: Take = ({ records }, places) => take(places === 'all' ? records : onlyRecords(records, places))
  const pages = new EventPageReader(words, redact)
  return readParts({ call, query, pages, redact }, partsOf(query), () => takePage, takePage)
}

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
  /** As fal wrote them: so it is asked about them. */
  readonly requestIds: ReadonlySet<string>
}

interface Reading {
  readonly call: Call
  readonly query: EventQuery
  readonly pages: EventPageReader
  /** Names of models are read through it. */
  readonly redact: Redact
}

async function readParts(
  reading: Reading,
  parts: readonly Part[],
  takeOf: (part: number) => Take,
  takeLate: Take,
): Promise<Fetched<null>> {
  const doubts: Doubt[] = []
  const fetched = await eachPart(parts, async (part, index) => {
    const requestIds = new Set<string>()
    const take = takeOf(index)
    const named = new NamedRequests(part.requestIds)
    const times = new AskedTimes()
    const endpoints = new NamedEndpoints(part.endpointIds.map(reading.redact))
    const read = await askEachPage(reading.call, questionOf(reading, part), (page, repeats) => {
      for (const place of repeats) {
        if (requestIds.size > REPEATS_ASKED_MAX) break
        requestIds.add(page.requestIdAsWritten(place))
      }
      times.note(page)
      const fresh = named.only(page, repeats.length === 0 ? 'all' : othersThan(repeats, page.records.count))
      take(page, part.endpointIds.length === 0 ? fresh : ofEndpoints(page, fresh, endpoints))
      reading.pages.takeBack(page)
    })
    if (read.overlap !== undefined && requestIds.size > 0) doubts.push({ part, overlap: read.overlap, requestIds })
    return endpoints.judge(named.judge(times.judge(read.fetched)))
  })
  const count = doubts.reduce((sum, { requestIds }) => sum + requestIds.size, 0)
  const isById = reading.query.requestIds !== undefined
  if (fetched.status !== 'complete' || isById || count > REPEATS_ASKED_MAX) return fetched
  for (const doubt of doubts) {
    const settled = await settle(reading, doubt, takeLate)
    if (settled.status !== 'complete') return settled
  }
  return fetched
}

/**
 * Holds an answer about named requests against the question. What it tells of others is left out, since whoever asks has it
 * already or wants none of it; and then nothing says that fal told all of those that were named.
 */
class NamedRequests {
  /** In the bare form; null: the question names none, and every request is asked for. */
  readonly #ids: ReadonlySet<string> | null
  #others = 0

  constructor(requestIds: readonly string[]) {
    this.#ids = requestIds.length === 0 ? null : new Set(requestIds.map(bareId))
  }

  /** Those of some places of a page whose requests were asked for. */
  only({ records }: EventPage, places: readonly number[] | 'all'): readonly number[] | 'all' {
    const ids = this.#ids
    if (ids === null) return places
    const all = places === 'all' ? othersThan([], records.count) : places
    const asked = all.filter((place) => ids.has(records.requestIdText(place)))
    this.#others += all.length - asked.length
    return asked.length === records.count ? 'all' : asked
  }

  judge(fetched: Fetched<null>): Fetched<null> {
    if (this.#others === 0 || fetched.status !== 'complete') return fetched
    const told = `fal was asked about ${this.#ids?.size} requests by id and told ${this.#others} events of others, which are left out`
    return partial(null, failed('bad-answer', told))
  }
}

/**
 * Holds an answer against the time that it was asked for. What it tells of other times is left out; and then nothing says that
 * fal told all of this one: it may have answered for its last day alone, or tell times of another clock.
 */
class AskedTimes {
  #others = 0

  note({ outside }: EventPage): void {
    this.#others += outside
  }

  judge(fetched: Fetched<null>): Fetched<null> {
    if (this.#others === 0 || fetched.status !== 'complete') return fetched
    const told = `fal told ${this.#others} events of other times than it was asked for, which are left out`
    return partial(null, failed('bad-answer', told))
  }
}

function ofEndpoints({ records }: EventPage, places: readonly number[] | 'all', endpoints: NamedEndpoints): number[] {
  const all = places === 'all' ? othersThan([], records.count) : places
  return all.filter((place) => endpoints.isAsked(records.words.texts.textOf(records.modelCode(place))))
}

function othersThan(repeats: readonly number[], count: number): number[] {
  const isRepeat = new Set(repeats)
  return Array.from({ length: count }, (_, place) => place).filter((place) => !isRepeat.has(place))
}

/**
 * An event that comes on two pages is either an overlap of the pages, or billed twice. One answer about the request alone
 * tells which: what it has more of than the pages delivered is taken too.
 */
async function settle(reading: Reading, { part, overlap, requestIds }: Doubt, take: Take): Promise<Fetched<null>> {
  const confirmed = new Set<string>()
  const asked = await eachPart(idParts([...requestIds]), async (ids) => {
    // All pages of the answer are kept until it is whole; pages of it may overlap too.
    const told: { readonly page: EventPage; readonly places: readonly number[] }[] = []
    const named = new NamedRequests(ids)
    const times = new AskedTimes()
    const question = questionOf(reading, { ...part, requestIds: ids })
    const read = await askEachPage(reading.call, question, (page, repeats) => {
      times.note(page)
      const fresh = othersThan(repeats, page.records.count)
      const asked = named.only(page, fresh)
      const places = asked === 'all' ? fresh : asked
      for (const place of places) if (overlap.has(page.hashes, place)) confirmed.add(page.requestIdAsWritten(place))
      told.push({ page, places })
    })
    const fetched = named.judge(times.judge(read.fetched))
    const beyond = overlap.beyond(told.map(({ page, places }) => page.hashes.only(places)))
    told.forEach(({ page, places }, index) => {
      const late = (beyond[index] ?? []).flatMap((each) => places[each] ?? [])
      // Where nothing is as the pages told it, it could be the same event in other words.
      const sure = late.filter((place) => confirmed.has(page.requestIdAsWritten(place)))
      if (fetched.status === 'complete' && sure.length > 0) take(page, sure)
      reading.pages.takeBack(page)
    })
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

const questionOf = ({ call, pages }: Reading, { span, requestIds, endpointIds }: Part): PagedQuestion<EventPage> => ({
  path: '/models/billing-events',
  params: [
    ['start', isoInstant(span.start)],
    ['end', isoInstant(span.end)],
    ['expand', 'auth_method_structured'],
    ...requestIds.map((id): Params[number] => ['request_id', id]),
    ...endpointIds.map((id): Params[number] => ['endpoint_id', id]),
  ],
  pageRows: call.limits.eventPageRows,
  readPage: (body, onHead) => pages.read(body, span, onHead),
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
