import { isRequestId } from '../../schemas/fal.ts'
import { type Bytes, bytesWithView } from '../rows/bytes.ts'
import type { EventFields } from '../rows/event-records.ts'
import { wholeOf } from '../units/exact-sums.ts'
import { type InstantRange, instant } from '../units/instant.ts'
import { isFinerThanNano, parseUsd } from '../units/nano-usd.ts'
import { isLikeUuidAt, UUID_CHARS } from '../units/request-id.ts'
import { type Column, FIELD, type Field, type KnownValue } from './event-columns.ts'
import { type EventDraft, newEventFields } from './event-draft.ts'
import { countIn, decimalIn, timeOf } from './event-row.ts'
import { parseJson } from './json.ts'
import { addField, type Halves, hashBytes, hashField, hashJson, hashNumber, hashRecord, newHalves } from './row-hash.ts'
import { NumberReader, ODD, plainTextEnd, QUOTE, valueEnd } from './wire-scan.ts'
import { TimeReader } from './wire-time.ts'

export const NO_BODY: Bytes = bytesWithView(Buffer.alloc(0))

/** The stretch of the body that a request id stands in. */
interface OpenSpan extends Bytes {
  bytes: Buffer
  view: DataView
  from: number
  length: number
}

/**
 * The values of a row, read one after another. Each that was not met before, byte for byte, goes through JSON.parse and what
 * the reader of objects makes of it; the few that differ in each row (ids, times, amounts) are read digit by digit where they
 * are in the plainest form, and else in the same way.
 */
export class EventValues {
  /** The value that was read last, where it is one that was met before. */
  known: KnownValue | undefined
  readonly #number = new NumberReader()
  readonly #time = new TimeReader()
  readonly #sum = newHalves()
  readonly #hash = newHalves()
  readonly #fields: EventFields = newEventFields()
  readonly #id: OpenSpan = { ...NO_BODY, from: 0, length: 0 }
  #body = NO_BODY
  /** The id, where it is not a bare one among the bytes. */
  #written: string | null = null
  #hasModel = false
  #outputUnits: string | null = null
  #hasCount = false
  /** cost_total: NaN where there is none, or it is a text. */
  #total = Number.NaN
  #totalText: string | null = null

  /** The bytes that are read from now on. */
  begin(body: Bytes): void {
    this.#body = body
    this.#id.bytes = body.bytes
    this.#id.view = body.view
  }

  /** Begins a row. */
  clear(): void {
    const fields = this.#fields
    fields.at = Number.NaN
    fields.costRounded = false
    fields.quantity = null
    fields.unit = 0
    fields.unitPrice = 0
    fields.percentDiscount = 0
    fields.keyId = 0
    fields.login = 0
    this.#id.length = 0
    this.#written = null
    this.#hasModel = false
    this.#outputUnits = null
    this.#hasCount = false
    this.#total = Number.NaN
    this.#totalText = null
    this.#sum.high = 0
    this.#sum.low = 0
  }

  /** Adds what was read to a page, if it lies within a span. */
  addTo(draft: EventDraft, span: InstantRange, count: number): void {
    if (!draft.isWithin(instant(this.#fields.at), span)) return
    hashRecord(this.#sum, count, this.#hash)
    if (this.#written === null) draft.add(this.#fields, this.#id, this.#hash)
    else draft.addAsWritten(this.#fields, this.#written, this.#hash)
  }

  /** Whether a row has all that an event must have. */
  finish(): boolean {
    const fields = this.#fields
    const hasId = this.#id.length > 0 || this.#written !== null
    if (!hasId || !this.#hasModel || Number.isNaN(fields.at)) return false
    fields.quantity ??= this.#outputUnits
    if (this.#hasCount) return true
    const total = this.#totalText ?? decimalIn(this.#total)
    const cost = total == null ? undefined : parseUsd(total)
    if (cost === undefined) return false
    fields.costNanoUsd = wholeOf(cost)
    fields.costRounded = isFinerThanNano(total ?? '')
    return true
  }

  /** Reads the value of a field, and tells where it ends. */
  read(column: Column, at: number): number {
    this.known = undefined
    switch (column.field) {
      case FIELD.request_id:
        return this.#readRequestId(column, at)
      case FIELD.timestamp:
        return this.#readTime(column, at)
      case FIELD.cost_estimate_nano_usd:
        return this.#readCount(column, at)
      case FIELD.cost_total:
        return this.#readTotal(column, at)
      case FIELD.other:
        return this.#readOther(column, at)
      default:
        return this.#readKnown(column, at)
    }
  }

  #readRequestId(column: Column, at: number): number {
    const { bytes, view } = this.#body
    const from = at + 1
    if (bytes[from + UUID_CHARS] !== QUOTE || bytes[at] !== QUOTE || !isLikeUuidAt(bytes, view, from)) {
      return this.#readOtherId(column, at)
    }
    this.#id.from = from
    this.#id.length = UUID_CHARS
    this.#addText(column, from, UUID_CHARS)
    return from + UUID_CHARS + 1
  }

  #readOtherId(column: Column, at: number): number {
    const end = valueEnd(this.#body.bytes, at)
    const id = this.#parsed(column, at, end)
    if (typeof id !== 'string' || !isRequestId(id)) return ODD
    this.#written = id
    return end
  }

  #readTime(column: Column, at: number): number {
    const { bytes, view } = this.#body
    const from = at + 1
    let end = bytes[at] === QUOTE ? this.#time.read(bytes, view, from) : ODD
    if (end !== ODD) {
      this.#fields.at = this.#time.value
      this.#addText(column, from, end - from)
      return end + 1
    }
    end = valueEnd(bytes, at)
    const text = this.#parsed(column, at, end)
    if (typeof text !== 'string') return ODD
    this.#fields.at = timeOf(text) ?? Number.NaN
    return end
  }

  #readCount(column: Column, at: number): number {
    const { bytes } = this.#body
    let end: number
    let value: unknown
    if (NumberReader.isBegin(bytes[at] as number)) {
      end = this.#number.read(bytes, at)
      if (end === ODD) return ODD
      this.#addNumber(column)
      const count = this.#number.value
      if (Number.isSafeInteger(count)) {
        this.#fields.costNanoUsd = count
        this.#hasCount = true
        return end
      }
      value = count
    } else {
      end = valueEnd(bytes, at)
      value = this.#parsed(column, at, end)
      if (value === null) return end
    }
    const count = countIn(value)
    if (count === undefined) return ODD
    this.#fields.costNanoUsd = wholeOf(count)
    this.#hasCount = true
    return end
  }

  #readTotal(column: Column, at: number): number {
    const { bytes } = this.#body
    if (NumberReader.isBegin(bytes[at] as number)) {
      const end = this.#number.read(bytes, at)
      if (end === ODD || !Number.isFinite(this.#number.value)) return ODD
      this.#addNumber(column)
      this.#total = this.#number.value
      return end
    }
    const end = valueEnd(bytes, at)
    const value = this.#parsed(column, at, end)
    const text = value === undefined ? undefined : decimalIn(value)
    if (text === undefined) return ODD
    this.#totalText = text
    return end
  }

  #readOther(column: Column, at: number): number {
    const { bytes } = this.#body
    const code = bytes[at] as number
    if (NumberReader.isBegin(code)) {
      const end = this.#number.read(bytes, at)
      if (end !== ODD) this.#addNumber(column)
      return end
    }
    if (code === QUOTE) {
      const from = at + 1
      const end = plainTextEnd(bytes, from)
      if (end !== ODD) {
        this.#addText(column, from, end - from)
        return end + 1
      }
    }
    return this.#readKnown(column, at)
  }

  #readKnown(column: Column, at: number): number {
    const value = column.valueAt(this.#body, at)
    if (value === undefined) return ODD
    this.known = value
    this.take(column.field, value)
    addField(this.#sum, value.hash)
    return at + value.written.length
  }

  /** Takes a value that was met before. */
  take(field: Field, value: KnownValue): void {
    const fields = this.#fields
    switch (field) {
      case FIELD.endpoint_id:
        fields.model = value.code
        this.#hasModel = true
        break
      case FIELD.output_units:
        this.#outputUnits = value.text
        break
      case FIELD.quantity:
        fields.quantity = value.text
        break
      case FIELD.unit:
        fields.unit = value.code
        break
      case FIELD.unit_price:
        fields.unitPrice = value.code
        break
      case FIELD.percent_discount:
        fields.percentDiscount = value.code
        break
      case FIELD.auth_method_structured:
        fields.keyId = value.code
        fields.login = value.otherCode
        break
    }
  }

  /** Adds the hash of fields that were taken. */
  addHash(hash: Halves): void {
    addField(this.#sum, hash)
  }

  /** A value that is nothing but JSON yet, added to the hash; undefined where it is none. */
  #parsed(column: Column, at: number, end: number): unknown {
    const json = end === ODD ? undefined : parseJson(this.#body.bytes.toString('utf8', at, end))
    if (json === undefined) return undefined
    hashJson(json.value, this.#hash)
    this.#addValue(column)
    return json.value
  }

  #addText(column: Column, from: number, length: number): void {
    hashBytes(this.#body.view, from, length, this.#hash)
    this.#addValue(column)
  }

  #addNumber(column: Column): void {
    hashNumber(this.#number.value, this.#hash)
    this.#addValue(column)
  }

  #addValue({ seed }: Column): void {
    hashField(seed, this.#hash, this.#hash)
    addField(this.#sum, this.#hash)
  }
}
