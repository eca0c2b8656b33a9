// The double of fal for measurements: a process of its own that sends pages out of files. It works nothing out but where a
// page begins, so that what is measured is who reads them. Arguments: --folder F [--latency MS] [--pages-an-account N].
// It says its port in one line on stdout, and ends with its stdin.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { DAY } from '../../src/units/instant.ts'
import { indexOfUuid } from '../world/chance.ts'
import { billedSpan, USAGE_TIMEZONES } from '../world/events.ts'
import { tasksOf } from '../world/shape.ts'
import { requestIdOf } from '../world/tasks.ts'
import { BETWEEN, eventsFile, indexFile, type PagesIndex, placesFile } from '../write-pages.ts'

const EVENT_ROWS_MAX = 10_000
const USAGE_ROWS_MAX = 1000

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: '.' },
    latency: { type: 'string', default: '0' },
    'pages-an-account': { type: 'string' },
  },
})
const latency = Number(values.latency)
const { shape, accounts } = JSON.parse(readFileSync(indexFile(values.folder), 'utf8')) as PagesIndex

interface Account {
  readonly username: string
  readonly usage: PagesIndex['accounts'][number]['usage']
  readonly usageRowsMax: number
  readonly file: number
  /** Time and beginning of each event, in turn. */
  readonly places: Float64Array
}

const byKey = new Map(
  accounts.map(({ apiKey, username, usage }, account): [string, Account] => {
    const bytes = readFileSync(placesFile(values.folder, account))
    const places = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
    const pages = values['pages-an-account']
    const usageRowsMax = pages === undefined ? USAGE_ROWS_MAX : Math.ceil(usage.length / Number(pages))
    return [apiKey, { username, usage, usageRowsMax, places, file: openSync(eventsFile(values.folder, account), 'r') }]
  }),
)

class Refusal extends Error {}

/** What a question asks for; the double understands what the program asks, and refuses the rest aloud. */
function rangeOf(query: URLSearchParams): { from: number; to: number } {
  const [from, to] = [Date.parse(query.get('start') ?? ''), Date.parse(query.get('end') ?? '')]
  if (Number.isNaN(from) || Number.isNaN(to)) throw new Refusal('start and end must be told')
  return { from, to }
}

const limitOf = (query: URLSearchParams, most: number): number => Math.min(most, Number(query.get('limit') ?? '100'))

const offsetOf = (query: URLSearchParams, first: number): number => {
  const cursor = query.get('cursor')
  return cursor === null ? first : Number(Buffer.from(cursor, 'base64url').toString('latin1'))
}

const pagingOf = (next: number, end: number): string =>
  next < end
    ? `"next_cursor":"${Buffer.from(String(next), 'latin1').toString('base64url')}","has_more":true`
    : '"next_cursor":null,"has_more":false'

function usagePage({ usage, usageRowsMax }: Account, query: URLSearchParams): string {
  const { from, to } = rangeOf(query)
  if (query.get('timeframe') !== 'day' || !USAGE_TIMEZONES.includes(query.get('timezone') ?? '')) {
    throw new Refusal(`this double only has usage by day in ${USAGE_TIMEZONES.join(' or ')}`)
  }
  const startOf = (date: string): number => Date.parse(`${date}T00:00:00+08:00`)
  const first = usage.findIndex(({ date }) => startOf(date) >= from)
  const open = usage.findIndex(({ date }) => startOf(date) >= to)
  const end = open < 0 ? usage.length : open
  if ((from - startOf('2026-01-01')) % DAY !== 0) throw new Refusal('this double only has whole days of usage')
  if (first < 0) return `{"time_series":[],${pagingOf(0, 0)}}`
  const offset = offsetOf(query, first)
  const next = Math.min(end, offset + limitOf(query, usageRowsMax))
  const buckets: string[] = []
  for (let at = offset; at < next; ) {
    const date = usage[at]?.date ?? ''
    const rows: string[] = []
    for (; at < next && usage[at]?.date === date; at++) rows.push(usage[at]?.json ?? '')
    buckets.push(`{"bucket":"${date}T00:00:00+08:00","results":[${rows.join(',')}]}`)
  }
  return `{"time_series":[${buckets.join(',')}],${pagingOf(next, end)}}`
}

/** The first event at or after an instant. */
function firstAt(places: Float64Array, at: number): number {
  let low = 0
  let high = places.length / 2
  while (low < high) {
    const middle = (low + high) >> 1
    if ((places[middle * 2] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

/** The text of a run of events: the inside of a JSON array. */
function textOf({ file, places }: Account, from: number, to: number): Buffer {
  if (to <= from) return Buffer.alloc(0)
  const begin = places[from * 2 + 1] ?? 0
  const end = places[to * 2 + 1]
  const bytes = Buffer.allocUnsafe((end ?? begin + (to - from) * 1024) - begin)
  const read = readSync(file, bytes, 0, bytes.length, begin)
  return bytes.subarray(0, read - BETWEEN.length)
}

function eventsPage(account: Account, query: URLSearchParams): Buffer {
  const { from, to } = rangeOf(query)
  const asked = query.getAll('request_id').flatMap((ids) => ids.split(','))
  if (query.has('endpoint_id')) throw new Refusal('this double knows no filter by endpoint')
  if (asked.length > 0) {
    const found = asked.flatMap((id) => eventOf(account, id, from, to) ?? [])
    return page([Buffer.from(found.join(','))], pagingOf(0, 0))
  }
  const end = firstAt(account.places, to)
  const offset = offsetOf(query, firstAt(account.places, from))
  const next = Math.min(end, offset + limitOf(query, EVENT_ROWS_MAX))
  return page([textOf(account, offset, next)], pagingOf(next, end))
}

const page = (events: readonly Buffer[], paging: string): Buffer =>
  Buffer.concat([Buffer.from('{"billing_events":['), ...events, Buffer.from(`],${paging}}`)])

/** The event of one request: its id tells its task, and that when to look. */
function eventOf(account: Account, requestId: string, from: number, to: number): string | undefined {
  const task = indexOfUuid(shape.seed, requestId)
  if (task >= tasksOf(shape) || requestIdOf(shape, task) !== requestId) return undefined
  const span = billedSpan(shape, task)
  const first = firstAt(account.places, Math.max(span.from, from))
  const text = textOf(account, first, firstAt(account.places, Math.min(span.to + 1000, to))).toString('latin1')
  return text.split(BETWEEN).find((event) => event.startsWith(`{"request_id":"${requestId}"`))
}

function answerOf(path: string, account: Account, query: URLSearchParams): string | Buffer {
  switch (path) {
    case '/v1/account/billing':
      return `{"username":"${account.username}","credits":{"current_balance":123.45,"currency":"USD"}}`
    case '/v1/models/usage':
      return usagePage(account, query)
    case '/v1/models/billing-events':
      return eventsPage(account, query)
    default:
      throw new Refusal('this double does not know the path')
  }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://double')
  if (latency > 0) await delay(latency)
  const account = byKey.get((request.headers.authorization ?? '').replace(/^Key /, ''))
  if (account === undefined) return send(response, 401, '{"error":{"type":"authorization_error","message":"no key"}}')
  send(response, 200, answerOf(pathname, account, searchParams))
}

function send(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const server = createServer((request, response) => {
  handle(request, response).catch((cause: unknown) => {
    const message = cause instanceof Error ? cause.message : String(cause)
    process.stderr.write(`double: ${request.url?.slice(0, 200)}: ${message}\n`)
    const error = { type: cause instanceof Refusal ? 'validation_error' : 'server_error', message }
    send(response, cause instanceof Refusal ? 422 : 500, JSON.stringify({ error }))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
})
process.stdin.on('close', () => {
  for (const { file } of byKey.values()) closeSync(file)
  process.exit(0)
})
process.stdin.resume()
