import { type EventFields, EventRecords, type EventWords, EventWriter } from '../rows/event-records.ts'
import { type Span, spanOfText } from '../rows/record-list.ts'
import { wholeOf } from '../units/exact-sums.ts'
import { type Instant, type InstantRange, plus, SECOND, within } from '../units/instant.ts'
import { bareId } from '../units/request-id.ts'
import type { Page, PageHead } from './pages.ts'
import type { BillingEvent } from './reader.ts'
import type { Redact } from './redacting.ts'
import { type Halves, RowHashes } from './row-hash.ts'

/** A page of events as records, whose request ids are the bare ones. Good until it is given back. */
export interface EventPage extends Page {
  readonly records: EventRecords
  /** Events that it told of other times than those asked for, which are not among its records. */
  readonly outside: number
  /** The request id of an event as fal wrote it, which is how fal must be asked about it. */
  requestIdAsWritten(index: number): string
}

/** An event of which nothing is known yet. */
export const newEventFields = (): EventFields => ({
  at: Number.NaN,
  costNanoUsd: 0,
  costRounded: false,
  model: 0,
  quantity: null,
  unit: 0,
  unitPrice: 0,
  percentDiscount: 0,
  keyId: 0,
  login: 0,
})

/** A page that is being read. */
export class EventDraft {
  readonly #writer: EventWriter
  readonly #hashes = new RowHashes()
  /** Ids that are not written as records have them: as a rule there are none. */
  readonly #asWritten = new Map<number, string>()
  #outside = 0

  constructor(words: EventWords) {
    this.#writer = new EventWriter(words)
  }

  /**
   * Whether an event is of the time that was asked for. One on the edge of two spans must not be counted in both, whatever fal
   * makes of the edge, which it may cut to the second; any other is counted as told of another time.
   */
  isWithin(at: Instant, span: InstantRange): boolean {
    if (within(at, span)) return true
    if (at <= plus(span.start, -SECOND) || at >= plus(span.end, SECOND)) this.#outside++
    return false
  }

  /** Adds an event under an id that is a bare one as fal wrote it. */
  add(fields: EventFields, requestId: Span, hash: Halves): void {
    this.#writer.write(fields, requestId)
    this.#hashes.push(hash)
  }

  /** Adds an event under an id as fal wrote it. */
  addAsWritten(fields: EventFields, written: string, hash: Halves): void {
    const id = spanOfText(bareId(written))
    // Also where a letter of it has no bytes.
    if (id.bytes.toString() !== written) this.#asWritten.set(this.#hashes.length, written)
    this.add(fields, id, hash)
  }

  close({ next_cursor, has_more }: PageHead): EventPage {
    const asWritten = this.#asWritten
    const records = this.#writer.written()
    return {
      records,
      outside: this.#outside,
      hashes: this.#hashes,
      next_cursor,
      has_more,
      requestIdAsWritten: (index) => asWritten.get(index) ?? records.requestIdText(index),
    }
  }

  clear(): void {
    this.#writer.clear()
    this.#hashes.clear()
    this.#asWritten.clear()
    this.#outside = 0
  }
}

/** The fields of an event that is an object. */
export function fieldsOf(event: BillingEvent, { texts }: EventWords, redact: Redact): EventFields {
  return {
    at: event.at,
    costNanoUsd: wholeOf(event.costNanoUsd),
    costRounded: event.costRounded === true,
    model: texts.codeOf(redact(event.model)),
    quantity: event.quantity,
    unit: texts.codeOf(event.unit === null ? null : redact(event.unit)),
    unitPrice: texts.codeOf(event.unitPrice),
    percentDiscount: texts.codeOf(event.percentDiscount),
    keyId: texts.codeOf(event.keyId),
    login: texts.codeOf(event.login),
  }
}

/** The events of a page as objects, under the ids that fal wrote. */
export function eventsAsWritten(page: EventPage): BillingEvent[] {
  return page.records.events().map((event, index) => {
    const requestId = page.requestIdAsWritten(index)
    return requestId === event.requestId ? event : { ...event, requestId }
  })
}

/** Some records of a page, in bytes of their own. */
export function onlyRecords(records: EventRecords, places: readonly number[]): EventRecords {
  const total = places.reduce((sum, place) => sum + records.sizeOf(place), 0)
  const bytes = Buffer.allocUnsafeSlow(total)
  let end = 0
  for (const place of places) {
    const from = records.at(place)
    end += records.bytes.copy(bytes, end, from, from + records.sizeOf(place))
  }
  return new EventRecords(bytes, places.length, records.words)
}
