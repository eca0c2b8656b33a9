import { falBillingEvents, type WireBillingEvent, wireInstant } from '../../schemas/fal.ts'
import { type Bytes, bytesWithView } from '../rows/bytes.ts'
import type { EventWords } from '../rows/event-records.ts'
import { type InstantRange, instant } from '../units/instant.ts'
import { isFinerThanNano, nanoUsd } from '../units/nano-usd.ts'
import { type Answer, complete } from './answer.ts'
import { attributionOf, decimalOf, decimalOrNull, usdOf } from './decode.ts'
import { EventDraft, type EventPage, fieldsOf } from './event-draft.ts'
import { asRecord, eventReader, type Json } from './event-row.ts'
import { EventScanner } from './event-scan.ts'
import { isError, jsonOf, parseJson, shapeOf } from './json.ts'
import type { PageHead } from './pages.ts'
import type { BillingEvent } from './reader.ts'
import type { Redact } from './redacting.ts'
import { hashJson, newHalves } from './row-hash.ts'
import { BEGIN_LIST, BEGIN_OBJECT, blanksEnd, COLON, COMMA, END_OBJECT, ODD, valueEnd } from './wire-scan.ts'

const LIST = 'billing_events'
/** Bytes of what stands before the list, and of what stands behind it, that are looked at for a head ahead of the rows. */
const REST_BYTES_MAX = 16 * 1024

/**
 * Reads pages of GET /models/billing-events, which have up to 10,000 rows, out of their bytes. A page with anything unusual in
 * it is read as JSON, and what is unusual there too is left to the schema, which decides, and names what is wrong. All three
 * make the same events of a page, with the same hashes: a row may come on two pages that are read in different ways.
 */
export class EventPageReader {
  readonly #words: EventWords
  readonly #redact: Redact
  readonly #scanner: EventScanner
  readonly #eventOf = eventReader()
  readonly #hash = newHalves()
  readonly #free: EventDraft[] = []
  readonly #given = new Map<EventPage, EventDraft>()

  constructor(words: EventWords, redact: Redact) {
    this.#words = words
    this.#redact = redact
    this.#scanner = new EventScanner(words, redact)
  }

  /** The head that it tells ahead is a guess, most often right: what counts is that of the page. */
  read(body: Buffer, span: InstantRange, onHead: (head: PageHead) => void): Answer<EventPage> {
    const bytes = bytesWithView(body)
    const draft = this.#free.pop() ?? new EventDraft(this.#words)
    const guess = headAround(body)
    if (guess !== undefined) onHead(guess)
    const head = this.#scan(bytes, span, draft)
    if (head !== undefined) return complete(this.#give(draft, head))
    const answer = this.#readJson(body.toString(), span, draft, onHead)
    return answer.status === 'failed' ? answer : complete(this.#give(draft, answer.value))
  }

  /** Takes back a page that is needed no more: its place is written to again. */
  takeBack(page: EventPage): void {
    const draft = this.#given.get(page)
    if (draft === undefined) return
    this.#given.delete(page)
    draft.clear()
    this.#free.push(draft)
  }

  #give(draft: EventDraft, head: PageHead): EventPage {
    const page = draft.close(head)
    this.#given.set(page, draft)
    return page
  }

  /** The page by its bytes; undefined where it is not as usual. */
  #scan(body: Bytes, span: InstantRange, draft: EventDraft): PageHead | undefined {
    const { bytes } = body
    const scanner = this.#scanner
    if (!scanner.begin(body)) return undefined
    const told = new Map<string, unknown>()
    let isListed = false
    let at = blanksEnd(bytes, 0)
    if (bytes[at] !== BEGIN_OBJECT) return undefined
    do {
      at = blanksEnd(bytes, at + 1)
      const keyEnd = valueEnd(bytes, at)
      const key = keyEnd === ODD ? undefined : parseJson(bytes.toString('utf8', at, keyEnd))?.value
      // Of a key that comes twice the last one counts.
      if (typeof key !== 'string' || told.has(key)) return undefined
      at = blanksEnd(bytes, keyEnd)
      if (bytes[at] !== COLON) return undefined
      at = blanksEnd(bytes, at + 1)
      if (key === LIST && bytes[at] === BEGIN_LIST) {
        isListed = true
        told.set(key, undefined)
        at = scanner.readList(at + 1, span, draft)
        if (at === ODD) return undefined
      } else {
        const end = valueEnd(bytes, at)
        const json = end === ODD ? undefined : parseJson(bytes.toString('utf8', at, end))
        if (json === undefined) return undefined
        told.set(key, json.value)
        at = end
      }
      at = blanksEnd(bytes, at)
    } while (bytes[at] === COMMA)
    if (bytes[at] !== END_OBJECT || blanksEnd(bytes, at + 1) !== bytes.length || !isListed) return undefined
    if (isError(told.get('error'))) return undefined
    scanner.end()
    return headOf(Object.fromEntries(told))
  }

  #readJson(text: string, span: InstantRange, draft: EventDraft, onHead: (head: PageHead) => void): Answer<PageHead> {
    const json = jsonOf(text)
    if (json.status === 'failed') return json
    const whole = asRecord(json.value)
    const listed: unknown = whole?.[LIST]
    const wires: readonly unknown[] = Array.isArray(listed) ? listed : []
    const head = whole === undefined || wires !== listed ? undefined : headOf(whole)
    if (head !== undefined) {
      onHead(head)
      if (this.#takeAll(wires, this.#eventOf, span, draft)) return complete(head)
    }
    const answer = shapeOf(falBillingEvents, json.value)
    if (answer.status === 'failed') return answer
    const judged = answer.value.billing_events
    let row = 0
    this.#takeAll(wires, () => eventOfWire(judged[row++] as WireBillingEvent), span, draft)
    return complete(answer.value)
  }

  /** False where one of the rows is unusual. */
  #takeAll(
    wires: readonly unknown[],
    eventOf: (wire: unknown) => BillingEvent | undefined,
    span: InstantRange,
    draft: EventDraft,
  ): boolean {
    draft.clear()
    for (const wire of wires) {
      const event = eventOf(wire)
      if (event === undefined) return false
      if (!draft.isWithin(event.at, span)) continue
      hashJson(wire, this.#hash)
      draft.addAsWritten(fieldsOf(event, this.#words, this.#redact), event.requestId, this.#hash)
    }
    return true
  }
}

function headOf({ next_cursor, has_more }: Json): PageHead | undefined {
  const isCursor = next_cursor == null || typeof next_cursor === 'string'
  return isCursor && (has_more == null || typeof has_more === 'boolean') ? { next_cursor, has_more } : undefined
}

/** The head that a page seems to have by what stands before its first list and behind its last one. */
function headAround(body: Buffer): PageHead | undefined {
  const begin = body.indexOf('[')
  const end = body.lastIndexOf(']')
  if (begin < 0 || end < begin || begin > REST_BYTES_MAX || body.length - end > REST_BYTES_MAX) return undefined
  const around = asRecord(parseJson(body.toString('utf8', 0, begin + 1) + body.toString('utf8', end))?.value)
  return Array.isArray(around?.[LIST]) ? headOf(around) : undefined
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
    ...(count == null && isFinerThanNano(wire.cost_total ?? '') && { costRounded: true }),
  }
}
