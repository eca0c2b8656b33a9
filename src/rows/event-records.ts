import type { BillingEvent } from '../fal/reader.ts'
import { type Whole, wholeOf } from '../units/exact-sums.ts'
import { type Instant, instant } from '../units/instant.ts'
import { nanoUsd } from '../units/nano-usd.ts'
import { hashOfBytes } from './bytes.ts'
import type { BytesOfId } from './id-bytes.ts'
import { Lexicon } from './lexicon.ts'
import {
  endOfText,
  putSpan,
  putText,
  type RecordKind,
  RecordList,
  RecordWriter,
  type Span,
  sizeOfText,
  spanOfText,
  textAt,
} from './record-list.ts'

/** An event on its way into a record: texts that many have in common are codes of the words of its writer, 0 for null. */
export interface EventFields {
  /** Milliseconds. */
  at: number
  costNanoUsd: Whole
  /** Whether the cost is the nearest nano-dollar to a finer amount. */
  costRounded: boolean
  model: number
  quantity: string | null
  unit: number
  unitPrice: number
  percentDiscount: number
  keyId: number
  login: number
}

/** A cost that no double holds: it stands as text at the end of the record. */
const LARGE_COST = 1
/** A quantity that is not among the texts kept: it stands behind the request id. */
const OWN_QUANTITY = 2
const COST_ROUNDED = 4

/** Different quantities kept once for all: there may be as many as events. */
const QUANTITIES_MAX = 20_000

/** The texts that many events have in common. Records that are put together share them. */
export class EventWords {
  readonly texts = new Lexicon()
  readonly #quantities = new Map<string, number>()

  /** The code of a quantity; undefined: it is not one of those that are kept. */
  quantityCode(quantity: string | null): number | undefined {
    if (quantity === null) return 0
    const known = this.#quantities.get(quantity)
    if (known !== undefined || this.#quantities.size >= QUANTITIES_MAX) return known
    const code = this.texts.codeOf(quantity)
    this.#quantities.set(quantity, code)
    return code
  }
}

/** Where each field begins in a record. The request id follows, then what the flags tell of. */
const AT = {
  flags: 4,
  lot: 8,
  requestHash: 12,
  at: 16,
  cost: 24,
  model: 32,
  quantity: 36,
  unit: 40,
  unitPrice: 44,
  percentDiscount: 48,
  keyId: 52,
  login: 56,
  requestBytes: 60,
  requestId: 64,
} as const

/** Writes events as records. */
export class EventWriter {
  readonly words: EventWords
  readonly #records = new RecordWriter()

  constructor(words: EventWords) {
    this.words = words
  }

  get count(): number {
    return this.#records.count
  }

  /** `requestId`: the bare id. */
  write(fields: EventFields, requestId: Span): void {
    const { costNanoUsd, quantity } = fields
    const isLarge = typeof costNanoUsd === 'bigint'
    const quantityCode = this.words.quantityCode(quantity)
    const ownQuantity = quantityCode === undefined ? quantity : null
    const extras =
      (isLarge ? sizeOfText(String(costNanoUsd)) : 0) + (ownQuantity === null ? 0 : sizeOfText(ownQuantity))
    const at = this.#records.begin(AT.requestId + requestId.length + extras)
    const { view } = this.#records
    const own = ownQuantity === null ? 0 : OWN_QUANTITY
    view.setUint32(at + AT.flags, (isLarge ? LARGE_COST : 0) | own | (fields.costRounded ? COST_ROUNDED : 0), true)
    view.setUint32(at + AT.lot, 0, true)
    view.setUint32(at + AT.requestHash, hashOfBytes(requestId.view, requestId.from, requestId.length), true)
    view.setFloat64(at + AT.at, fields.at, true)
    view.setFloat64(at + AT.cost, Number(costNanoUsd), true)
    view.setUint32(at + AT.model, fields.model, true)
    view.setUint32(at + AT.quantity, quantityCode ?? 0, true)
    view.setUint32(at + AT.unit, fields.unit, true)
    view.setUint32(at + AT.unitPrice, fields.unitPrice, true)
    view.setUint32(at + AT.percentDiscount, fields.percentDiscount, true)
    view.setUint32(at + AT.keyId, fields.keyId, true)
    view.setUint32(at + AT.login, fields.login, true)
    view.setUint32(at + AT.requestBytes, requestId.length, true)
    let end = putSpan(view, at + AT.requestId, requestId)
    if (ownQuantity !== null) end = putText(view, end, ownQuantity)
    if (isLarge) end = putText(view, end, String(costNanoUsd))
    this.#records.end(end - at)
  }

  /** Writes an event that is an object; its request id is the bare one. */
  writeRow(event: BillingEvent): void {
    const { texts } = this.words
    const fields: EventFields = {
      at: event.at,
      costNanoUsd: wholeOf(event.costNanoUsd),
      costRounded: event.costRounded === true,
      model: texts.codeOf(event.model),
      quantity: event.quantity,
      unit: texts.codeOf(event.unit),
      unitPrice: texts.codeOf(event.unitPrice),
      percentDiscount: texts.codeOf(event.percentDiscount),
      keyId: texts.codeOf(event.keyId),
      login: texts.codeOf(event.login),
    }
    this.write(fields, spanOfText(event.requestId))
  }

  /** The events so far, good until `clear`. */
  written(): EventRecords {
    const { bytes, count, offsets } = this.#records.written()
    return new EventRecords(bytes, count, this.words, offsets)
  }

  clear(): void {
    this.#records.clear()
  }
}

/** Events that are objects, as records. */
export function eventRecordsOf(events: Iterable<BillingEvent>, words = new EventWords()): EventRecords {
  const writer = new EventWriter(words)
  for (const event of events) writer.writeRow(event)
  return writer.written()
}

export const EVENT_RECORDS: RecordKind<EventWords, EventRecords> = {
  words: () => new EventWords(),
  list: (...records) => new EventRecords(...records),
}

/** Many events as records: single fields of them are read without making objects. Indices begin at 0. */
export class EventRecords extends RecordList<EventWords> {
  #byLot: Map<number, number[]> | undefined

  /** The number of the reading of a bill that an event came from. */
  lot(index: number): number {
    return this.view.getUint32(this.at(index) + AT.lot, true)
  }

  setLot(index: number, lot: number): void {
    this.view.setUint32(this.at(index) + AT.lot, lot, true)
  }

  time(index: number): Instant {
    return instant(this.view.getFloat64(this.at(index) + AT.at, true))
  }

  /** The cost in nano-USD, of any size. */
  cost(index: number): Whole {
    if ((this.#flags(index) & LARGE_COST) !== 0) return this.event(index).costNanoUsd
    return this.view.getFloat64(this.at(index) + AT.cost, true)
  }

  /** Whether the cost is the nearest nano-dollar to a finer amount. */
  isCostRounded(index: number): boolean {
    return (this.#flags(index) & COST_ROUNDED) !== 0
  }

  /** Codes of words.texts; 0 for null. */
  modelCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.model, true)
  }

  unitCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.unit, true)
  }

  unitPriceCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.unitPrice, true)
  }

  percentDiscountCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.percentDiscount, true)
  }

  keyIdCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.keyId, true)
  }

  loginCode(index: number): number {
    return this.view.getUint32(this.at(index) + AT.login, true)
  }

  /** Those of one lot, in the order in which they were added. */
  ofLot(lot: number): readonly number[] {
    this.#byLot ??= this.#lots()
    return this.#byLot.get(lot) ?? NONE
  }

  /** Where the request id of an event stands. */
  requestId(index: number, into: BytesOfId): BytesOfId {
    const at = this.at(index)
    into.hash = this.view.getUint32(at + AT.requestHash, true)
    into.from = at + AT.requestId
    into.length = this.view.getUint32(at + AT.requestBytes, true)
    return into
  }

  requestHash(index: number): number {
    return this.view.getUint32(this.at(index) + AT.requestHash, true)
  }

  requestIdText(index: number): string {
    const at = this.at(index)
    const from = at + AT.requestId
    return this.bytes.toString('utf8', from, from + this.view.getUint32(at + AT.requestBytes, true))
  }

  event(index: number): BillingEvent {
    const { texts } = this.words
    const at = this.at(index)
    const flags = this.#flags(index)
    let end = at + AT.requestId + this.view.getUint32(at + AT.requestBytes, true)
    let quantity = texts.textOf(this.view.getUint32(at + AT.quantity, true))
    if ((flags & OWN_QUANTITY) !== 0) {
      quantity = textAt(this, end)
      end = endOfText(this, end)
    }
    const cost = (flags & LARGE_COST) === 0 ? this.view.getFloat64(at + AT.cost, true) : textAt(this, end)
    return {
      requestId: this.requestIdText(index),
      model: texts.textOf(this.modelCode(index)) ?? '',
      at: this.time(index),
      quantity,
      unit: texts.textOf(this.unitCode(index)),
      unitPrice: texts.textOf(this.unitPriceCode(index)),
      percentDiscount: texts.textOf(this.percentDiscountCode(index)),
      costNanoUsd: nanoUsd(BigInt(cost)),
      ...((flags & COST_ROUNDED) !== 0 && { costRounded: true }),
      keyId: texts.textOf(this.keyIdCode(index)),
      login: texts.textOf(this.loginCode(index)),
    }
  }

  /** Makes an object of each. */
  events(): BillingEvent[] {
    return Array.from({ length: this.count }, (_, index) => this.event(index))
  }

  #lots(): Map<number, number[]> {
    const byLot = new Map<number, number[]>()
    let lot = -1
    let own: number[] = []
    for (let index = 0; index < this.count; index++) {
      const next = this.lot(index)
      if (next !== lot) {
        lot = next
        own = byLot.get(lot) ?? []
        byLot.set(lot, own)
      }
      own.push(index)
    }
    return byLot
  }

  #flags(index: number): number {
    return this.view.getUint32(this.at(index) + AT.flags, true)
  }
}

const NONE: readonly number[] = []
