import type { BillingEvent } from '../fal/reader.ts'
import { Lexicon } from '../spool/bytes.ts'
import { hashOfText, type RowCodec } from '../spool/spool.ts'
import { type Instant, instant } from '../units/instant.ts'
import { nanoUsd } from '../units/nano-usd.ts'
import { type BytesOfId, idAt, sizeOfText, textAt } from './id-bytes.ts'

/** An event, and the number of the reading of a bill that it came from. */
export interface SpooledEvent {
  readonly lot: number
  readonly event: BillingEvent
}

/** A cost that no double holds: it stands as text at the end of the record. */
const LARGE_COST = 1
/** A quantity that is not among the texts kept: it stands at the end of the record, before a large cost. */
const OWN_QUANTITY = 2

/** Different quantities kept once for all: there may be as many as events. */
const QUANTITIES_MAX = 20_000

/** Where each field begins in a record. The request id follows, then what the flags tell of. */
const AT = {
  lot: 1,
  requestHash: 5,
  at: 9,
  cost: 17,
  model: 25,
  quantity: 29,
  unit: 33,
  unitPrice: 37,
  percentDiscount: 41,
  keyId: 45,
  login: 49,
  requestId: 53,
} as const

export function eventCodec(): RowCodec<SpooledEvent, EventRecords> {
  const words = new Lexicon()
  const quantities = new Set<string | null>()
  return {
    write({ lot, event }, to) {
      const { requestId, quantity } = event
      const cost = Number(event.costNanoUsd)
      const isLarge = !Number.isSafeInteger(cost)
      if (quantities.size < QUANTITIES_MAX) quantities.add(quantity)
      const isOwn = quantity !== null && quantities.size >= QUANTITIES_MAX && !quantities.has(quantity)
      to.byte((isLarge ? LARGE_COST : 0) | (isOwn ? OWN_QUANTITY : 0))
        .count(lot)
        .count(hashOfText(requestId))
        .number(event.at)
        .number(cost)
        .count(words.codeOf(event.model))
        .count(isOwn ? 0 : words.codeOf(quantity))
        .count(words.codeOf(event.unit))
        .count(words.codeOf(event.unitPrice))
        .count(words.codeOf(event.percentDiscount))
        .count(words.codeOf(event.keyId))
        .count(words.codeOf(event.login))
        .text(requestId)
      if (isOwn) to.text(quantity)
      if (isLarge) to.text(event.costNanoUsd.toString())
    },
    read: (bytes, count) => new EventRecords(bytes, count, words),
  }
}

/** Many events as they were spooled: single fields of them are read without making objects. Indices begin at 0. */
export class EventRecords {
  readonly count: number
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #words: Lexicon
  readonly #offsets: Uint32Array
  readonly #byLot = new Map<number, number[]>()

  constructor(bytes: Buffer, count: number, words: Lexicon) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#words = words
    this.count = count
    this.#offsets = new Uint32Array(count)
    let at = 0
    let lot = -1
    let own: number[] = []
    for (let index = 0; index < count; index++) {
      this.#offsets[index] = at
      const next = this.lot(index)
      if (next !== lot) {
        lot = next
        own = this.#byLot.get(lot) ?? []
        this.#byLot.set(lot, own)
      }
      own.push(index)
      at = this.#endOf(at)
    }
  }

  lot(index: number): number {
    return this.#view.getUint32(this.#offset(index) + AT.lot, true)
  }

  at(index: number): Instant {
    return instant(this.#view.getFloat64(this.#offset(index) + AT.at, true))
  }

  /** Those of one lot, in the order in which they were added. */
  ofLot(lot: number): readonly number[] {
    return this.#byLot.get(lot) ?? NONE
  }

  /** Where the request id of an event stands. */
  requestId(index: number, into: BytesOfId): BytesOfId {
    const at = this.#offset(index)
    return idAt(this.#view, this.#view.getUint32(at + AT.requestHash, true), at + AT.requestId, into)
  }

  /** The bytes that ids stand in. */
  get bytes(): Buffer {
    return this.#bytes
  }

  event(index: number): BillingEvent {
    const at = this.#offset(index)
    const view = this.#view
    const flags = view.getUint8(at)
    let end = at + AT.requestId
    const requestId = textAt(this.#bytes, end)
    let quantity = this.#words.textOf(view.getUint32(at + AT.quantity, true))
    let cost: number | string = view.getFloat64(at + AT.cost, true)
    if (flags !== 0) {
      end += sizeOfText(view, end)
      if ((flags & OWN_QUANTITY) !== 0) {
        quantity = textAt(this.#bytes, end)
        end += sizeOfText(view, end)
      }
      if ((flags & LARGE_COST) !== 0) cost = textAt(this.#bytes, end)
    }
    return {
      requestId,
      model: this.#words.textOf(view.getUint32(at + AT.model, true)) ?? '',
      at: instant(view.getFloat64(at + AT.at, true)),
      quantity,
      unit: this.#words.textOf(view.getUint32(at + AT.unit, true)),
      unitPrice: this.#words.textOf(view.getUint32(at + AT.unitPrice, true)),
      percentDiscount: this.#words.textOf(view.getUint32(at + AT.percentDiscount, true)),
      costNanoUsd: nanoUsd(BigInt(cost)),
      keyId: this.#words.textOf(view.getUint32(at + AT.keyId, true)),
      login: this.#words.textOf(view.getUint32(at + AT.login, true)),
    }
  }

  #offset(index: number): number {
    return this.#offsets[index] ?? 0
  }

  #endOf(start: number): number {
    const flags = this.#view.getUint8(start)
    let at = start + AT.requestId
    at += sizeOfText(this.#view, at)
    if ((flags & OWN_QUANTITY) !== 0) at += sizeOfText(this.#view, at)
    if ((flags & LARGE_COST) !== 0) at += sizeOfText(this.#view, at)
    return at
  }
}

const NONE: readonly number[] = []
