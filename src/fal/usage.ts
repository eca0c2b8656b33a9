import {
  falServerlessUsage,
  falUsage,
  type WireServerlessRow,
  type WireUsageRow,
  wireInstant,
} from '../../schemas/fal.ts'
import { type Instant, instant, isoInstant } from '../units/instant.ts'
import { type CalendarDate, UTC, type Zone } from '../units/zone.ts'
import { type Answer, complete, failed, partial } from './answer.ts'
import { askPages, type Call } from './asking.ts'
import { bucketEnd, calendarSlices, type Slice, zoneNameFor } from './calendar.ts'
import { attributionOf, costOf, decimalOf } from './decode.ts'
import { decimalReader } from './event-row.ts'
import { jsonOf, readJson, shapeOf } from './json.ts'
import { NamedEndpoints } from './named-endpoints.ts'
import type { RowPage } from './pages.ts'
import { idParts, readParts } from './parts.ts'
import type { Fetched, ServerlessUsageRow, UsageQuery, UsageRow } from './reader.ts'
import { hashJson, newHalves, RowHashes } from './row-hash.ts'
import type { Params } from './transport.ts'
import { usualUsage } from './usual-usage.ts'

interface Bucket {
  readonly bucketStart: Instant
  readonly date: CalendarDate
  readonly isNoDay?: true
}

type WireNames = Pick<WireServerlessRow, 'endpoint_id'>

/** An answer of the form that usage and serverless usage share. */
interface Series<Wire> {
  readonly time_series: readonly { readonly bucket: string; readonly results: readonly Wire[] }[]
  readonly next_cursor?: string | null | undefined
  readonly has_more?: boolean | null | undefined
}

interface SeriesKind<Wire, Row> {
  readonly path: string
  readonly expand: readonly string[]
  readonly read: (text: string) => Answer<Series<Wire>>
  readonly row: (wire: Wire, bucket: Bucket) => Row
}

/** GET /models/usage over exactly the asked window, as rows of its time series; `summary` is never asked for. */
export function askUsage(call: Call, query: UsageQuery): Promise<Fetched<UsageRow[]>> {
  return askSeries(call, query, {
    path: '/models/usage',
    expand: ['time_series', 'auth_method', 'auth_method_structured'],
    read: usageReader(),
    row: usageRowReader(),
  })
}

/** GET /serverless/usage: a ledger of its own, of the same form as usage (inferred). */
export function askServerlessUsage(call: Call, query: UsageQuery): Promise<Fetched<ServerlessUsageRow[]>> {
  return askSeries(call, query, {
    path: '/serverless/usage',
    expand: ['time_series'],
    read: readJson(falServerlessUsage),
    row: serverlessRowOf,
  })
}

function askSeries<Wire extends WireNames, Row>(
  call: Call,
  query: UsageQuery,
  kind: SeriesKind<Wire, Row>,
): Promise<Fetched<Row[]>> {
  const { range, zone, timeframe, endpointIds } = query
  if (range.start >= range.end) return Promise.resolve(complete([]))
  const zoneName = zoneNameFor(zone)
  // Buckets of another zone would tear days apart, so where fal knows no name for ours each day is a question of its own.
  const slices: readonly Slice[] | undefined =
    zoneName === undefined ? calendarSlices(range, zone, timeframe) : [{ range }]
  if (slices === undefined) {
    const reason = `the window is too long to be asked for day by day, as the zone ${zone.id} needs: use a zone with a name`
    return Promise.resolve(failed('invalid', reason))
  }
  const idLists: readonly (readonly string[])[] = endpointIds === undefined ? [[]] : idParts(endpointIds)
  const parts = slices.flatMap((slice) => idLists.map((ids) => ({ slice, ids })))
  return readParts(parts, async ({ slice, ids }) => {
    const buckets = new Buckets(zone, zoneName === undefined ? UTC : zone, timeframe, slice)
    const named = new NamedEndpoints(ids)
    const fetched = await askPages(call, {
      path: kind.path,
      params: [
        ['start', isoInstant(slice.range.start)],
        ['end', isoInstant(slice.range.end)],
        // The default would widen the window to the edges of its buckets.
        ['bound_to_timeframe', 'false'],
        ['timeframe', timeframe],
        ['timezone', zoneName ?? 'UTC'],
        ...kind.expand.map((name): Params[number] => ['expand', name]),
        ...ids.map((id): Params[number] => ['endpoint_id', id]),
      ],
      pageRows: call.limits.usagePageRows,
      readPage: (body) => {
        const answer = kind.read(body.toString())
        if (answer.status === 'failed') return answer
        return complete(pageOf(answer.value, buckets, named, kind.row))
      },
    })
    return named.judge(buckets.judge(fetched))
  })
}

function pageOf<Wire extends WireNames, Row>(
  series: Series<Wire>,
  buckets: Buckets,
  named: NamedEndpoints,
  rowOf: (wire: Wire, bucket: Bucket) => Row,
): RowPage<Row> {
  const rows: Row[] = []
  const hashes = new RowHashes()
  const hash = newHalves()
  for (const { bucket, results } of series.time_series) {
    const read = buckets.read(bucket, results.length)
    if (read === undefined) continue
    for (const wire of results) {
      if (!named.isAsked(wire.endpoint_id)) continue
      rows.push(rowOf(wire, read))
      hashJson([bucket, wire], hash)
      hashes.push(hash)
    }
  }
  return { rows, hashes, next_cursor: series.next_cursor, has_more: series.has_more }
}

/** The buckets of one question. What lies outside the time that it names is no answer to it, and not counted. */
class Buckets {
  readonly #zone: Zone
  /** The zone that fal was asked to cut them in. */
  readonly #cutIn: Zone
  readonly #timeframe: UsageQuery['timeframe']
  readonly #slice: Slice
  #rowsOutside = 0

  constructor(zone: Zone, cutIn: Zone, timeframe: UsageQuery['timeframe'], slice: Slice) {
    this.#zone = zone
    this.#cutIn = cutIn
    this.#timeframe = timeframe
    this.#slice = slice
  }

  /** Undefined: it lies outside as a whole. One that begins before the time asked for and ends in it does not. */
  read(text: string, rows: number): Bucket | undefined {
    const { range, date } = this.#slice
    const bucketStart = wireInstant(text, this.#cutIn) ?? instant(Number.NaN)
    if (bucketStart >= range.end || bucketEnd(bucketStart, this.#cutIn, this.#timeframe) <= range.start) {
      this.#rowsOutside += rows
      return undefined
    }
    if (date !== undefined) return { bucketStart: this.#zone.startOfDate(date), date }
    const bucket = { bucketStart, date: this.#zone.dateOf(bucketStart) }
    return this.#isCutAtBorder(bucketStart) ? bucket : { ...bucket, isNoDay: true }
  }

  /** Whether a bucket begins with a day of the zone, or with the time asked for. */
  #isCutAtBorder(start: Instant): boolean {
    const day = this.#cutIn.startOfDate(this.#cutIn.dateOf(start))
    return start === day || start === this.#slice.range.start
  }

  judge<Row>(fetched: Fetched<Row[]>): Fetched<Row[]> {
    if (this.#rowsOutside === 0 || fetched.status !== 'complete') return fetched
    const told = `fal told ${this.#rowsOutside} rows of buckets outside the time that it was asked for, which are left out`
    return partial(fetched.value, failed('bad-answer', told))
  }
}

/** Reads a page: one with anything unusual in it is left to the schema. */
function usageReader(): (text: string) => Answer<Series<WireUsageRow>> {
  const isUsual = usualUsage()
  return (text) => {
    const json = jsonOf(text)
    if (json.status === 'failed') return json
    return isUsual(json.value) ? complete(json.value) : shapeOf(falUsage, json.value)
  }
}

/** Texts, each kept once: rows of many days say the same few, and are kept to the end. */
function textsOnce(): (text: string) => string {
  const texts = new Map<string, string>()
  return (text) => {
    const known = texts.get(text)
    if (known === undefined) texts.set(text, text)
    return known ?? text
  }
}

function usageRowReader(): (wire: WireUsageRow, bucket: Bucket) => UsageRow {
  const decimalIn = decimalReader()
  const once = textsOnce()
  return (wire, { bucketStart, date, isNoDay }) => {
    const { keyId, login } = attributionOf(wire.auth_method_structured)
    return {
      bucketStart,
      date,
      keyId: keyId && once(keyId),
      login: login && once(login),
      model: once(wire.endpoint_id),
      unit: once(wire.unit ?? ''),
      quantity: decimalIn(wire.quantity) ?? decimalOf(wire.quantity),
      unitPrice: decimalIn(wire.unit_price) ?? null,
      percentDiscount: decimalIn(wire.percent_discount) ?? null,
      costNanoUsd: costOf(wire),
      ...(isNoDay && { isNoDay }),
    }
  }
}

function serverlessRowOf(wire: WireServerlessRow, bucket: Bucket): ServerlessUsageRow {
  return {
    ...bucket,
    app: wire.app ?? wire.endpoint_id ?? '',
    gpuClass: wire.machine_type ?? wire.gpu_class ?? '',
    unit: wire.unit ?? '',
    quantity: decimalOf(wire.quantity),
    costNanoUsd: costOf(wire),
  }
}
