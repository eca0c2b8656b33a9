import { type Instant, parseInstant } from '../units/instant.ts'
import { formatUsd, nanoUsd, parseUsd } from '../units/nano-usd.ts'
import {
  boundTo,
  bucketStart,
  cursorOf,
  eventRangeOf,
  expansionOf,
  limitOf,
  listOf,
  type Place,
  rangeOf,
  timeframeOf,
  zoneOfQuery,
} from './fal-double-query.ts'
import type { FalEvent, FalWorkspace } from './stored-world.ts'

/** A line of serverless usage. */
export interface ServerlessLine {
  readonly app: string
  readonly machineType: string
  /** ISO instant. */
  readonly timestamp: string
  /** Compute seconds, decimal text. */
  readonly quantity: string
  /** USD, decimal text. */
  readonly cost: string
}

/** How faults of paging change an answer. */
export interface PageTwist {
  readonly reorder?: boolean
  readonly repeatCursor?: boolean
  readonly withoutCursor?: boolean
  readonly ignoreRequestIds?: boolean
  /** Rows at the end of the page that the next page delivers again. */
  readonly repeatRows?: number
}

/** One question, with all that its answer depends on. */
export interface Question {
  readonly query: URLSearchParams
  readonly now: Instant
  readonly place: Place
  readonly twist: PageTwist
}

/** Something that cost money at a moment. Amounts count 1e-9. */
export interface Entry {
  readonly at: Instant
  readonly event: FalEvent
  readonly costNano: bigint
  readonly quantityNano: bigint
  readonly subtotalNano: bigint
}

const NANO = 10n ** 9n

/** A decimal of the world, counted in 1e-9. Throws a RangeError where it is none. */
export function nano(decimal: string): bigint {
  const amount = parseUsd(decimal)
  if (amount === undefined) throw new RangeError(`the double's world holds no decimal: ${decimal}`)
  return amount
}

/** JSON has numbers only; the shortest text of one is exact for up to 15 significant digits. */
const jsonNumber = (count: bigint): number => Number(formatUsd(nanoUsd(count)))

/** The events of a workspace in order of time, with their amounts read once. */
export function entriesOf(events: readonly FalEvent[]): Entry[] {
  return events
    .map((event) => {
      const at = parseInstant(event.timestamp)
      if (at === undefined) throw new RangeError(`the double's world holds no instant: ${event.timestamp}`)
      const quantityNano = nano(event.quantity)
      const subtotalNano = (quantityNano * nano(event.unitPrice)) / NANO
      return { at, event, costNano: nano(event.cost), quantityNano, subtotalNano }
    })
    .sort((a, b) => a.at - b.at)
}

export function serverlessEntriesOf(lines: readonly ServerlessLine[]): Entry[] {
  return entriesOf(
    lines.map((line) => ({
      ...line,
      requestId: line.machineType,
      endpointId: line.app,
      unit: 'second',
      unitPrice: '0',
    })),
  )
}

const authOf = ({ keyId, login }: FalEvent, asked: Set<string>): object => {
  const detail = keyId === undefined ? (login === undefined ? 'unknown' : `User ${login}`) : `Key ${keyId}`
  return {
    ...(asked.has('auth_method') && { auth_method: detail }),
    ...(asked.has('auth_method_structured') && {
      auth_method_structured: {
        detail,
        ...(keyId !== undefined && { api_key_id: keyId }),
        ...(login !== undefined && { login_username: login }),
      },
    }),
  }
}

const modelRow = ({ event }: Entry, asked: Set<string>): object => ({
  endpoint_id: event.endpointId,
  unit: event.unit,
  unit_price: Number(event.unitPrice),
  percent_discount: event.percentDiscount === undefined ? null : Number(event.percentDiscount),
  ...authOf(event, asked),
})

const serverlessRow = ({ event }: Entry): object => ({
  app: event.endpointId,
  machine_type: event.requestId,
  unit: event.unit,
})

export const answerUsage = (entries: readonly Entry[], question: Question): object =>
  answerSeries(entries, question, modelRow)

export const answerServerless = (entries: readonly Entry[], question: Question): object =>
  answerSeries(entries, question, serverlessRow)

/** Adds entries up, exactly, by bucket and by all that their rows tell. */
function answerSeries(
  entries: readonly Entry[],
  question: Question,
  describe: (entry: Entry, asked: Set<string>) => object,
): object {
  const { query, now } = question
  const zone = zoneOfQuery(query)
  const asked = expansionOf(query, true)
  const exact = rangeOf(query, zone, now)
  const timeframe = timeframeOf(query, exact)
  const range = query.get('bound_to_timeframe') === 'false' ? exact : boundTo(exact, timeframe, zone)
  const mine = entries.filter((entry) => entry.at >= range.start && entry.at < range.end).filter(filterOf(query))
  const sum = (bucketOf: (entry: Entry) => string): { bucket: string; row: object }[] => {
    const groups = new Map<
      string,
      { bucket: string; about: object; quantity: bigint; subtotal: bigint; cost: bigint }
    >()
    for (const entry of mine) {
      const bucket = bucketOf(entry)
      const about = describe(entry, asked)
      const key = JSON.stringify([bucket, about])
      const group = groups.get(key) ?? { bucket, about, quantity: 0n, subtotal: 0n, cost: 0n }
      group.quantity += entry.quantityNano
      group.subtotal += entry.subtotalNano
      group.cost += entry.costNano
      groups.set(key, group)
    }
    return [...groups.values()].map(({ bucket, about, quantity, subtotal, cost }) => ({
      bucket,
      row: {
        ...about,
        quantity: jsonNumber(quantity),
        cost_subtotal: jsonNumber(subtotal),
        cost_discount: jsonNumber(subtotal - cost),
        cost_total: jsonNumber(cost),
        cost: jsonNumber(cost),
        currency: 'USD',
      },
    }))
  }
  const series = sum((entry) => zone.format(bucketStart(entry.at, timeframe, zone)))
  const { rows, paging } = pageOf(series, question, limitOf(query, 1000))
  const buckets: { bucket: string; results: object[] }[] = []
  for (const { bucket, row } of rows) {
    const last = buckets.at(-1)
    if (last?.bucket === bucket) last.results.push(row)
    else buckets.push({ bucket, results: [row] })
  }
  return {
    ...(asked.has('time_series') && { time_series: buckets }),
    ...(asked.has('summary') && { summary: sum(() => '').map(({ row }) => row) }),
    ...paging,
  }
}

function filterOf(query: URLSearchParams, { ignoreRequestIds }: PageTwist = {}): (entry: Entry) => boolean {
  const endpoints = listOf(query, 'endpoint_id')
  const keys = listOf(query, 'api_key_id')
  const logins = listOf(query, 'login_username')
  const requests = ignoreRequestIds === true ? undefined : listOf(query, 'request_id')
  return ({ event }) =>
    (endpoints?.includes(event.endpointId) ?? true) &&
    (keys?.includes(event.keyId ?? '') ?? true) &&
    (logins?.includes(event.login ?? '') ?? true) &&
    (requests?.includes(event.requestId) ?? true)
}

export function answerEvents(entries: readonly Entry[], question: Question): object {
  const { query, now } = question
  const asked = expansionOf(query, false)
  const range = eventRangeOf(query, zoneOfQuery(query), now)
  const mine = entries
    .filter((entry) => entry.at >= range.start && entry.at < range.end)
    .filter(filterOf(query, question.twist))
  const { rows, paging } = pageOf(mine, question, limitOf(query, 10_000))
  const events = rows.map((entry) => ({
    request_id: entry.event.requestId,
    timestamp: entry.event.timestamp,
    output_units: Number(entry.event.quantity),
    quantity: Number(entry.event.quantity),
    ...modelRow(entry, asked),
    cost_subtotal: jsonNumber(entry.subtotalNano),
    cost_discount: jsonNumber(entry.subtotalNano - entry.costNano),
    cost_total: jsonNumber(entry.costNano),
    cost_estimate_nano_usd: Number(entry.costNano),
  }))
  return { billing_events: events, ...paging }
}

export function answerBilling(workspace: FalWorkspace, question: Question): object {
  const credits = listOf(question.query, 'expand')?.includes('credits') && workspace.balance !== null
  return {
    username: workspace.username,
    ...(credits && { credits: { current_balance: Number(workspace.balance), currency: 'USD' } }),
  }
}

function pageOf<T>(all: readonly T[], { query, place, twist }: Question, limit: number) {
  const end = place.offset + limit
  const page = all.slice(place.offset, end)
  const more = end < all.length || (twist.repeatRows ?? 0) > 0
  const next = {
    offset: Math.min(end, all.length) - Math.min(twist.repeatRows ?? 0, page.length),
    page: place.page + 1,
  }
  const stuck = twist.repeatCursor ? query.get('cursor') : null
  const cursor = more || stuck !== null ? (stuck ?? cursorOf(next)) : null
  return {
    rows: twist.reorder ? page.reverse() : page,
    paging: {
      next_cursor: twist.withoutCursor ? null : cursor,
      has_more: cursor !== null || twist.withoutCursor === true,
    },
  }
}
