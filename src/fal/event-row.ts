import { isRequestId, plainDecimal, wireInstant } from '../../schemas/fal.ts'
import { type Instant, instant } from '../units/instant.ts'
import { isFinerThanNano, type NanoUsd, nanoUsd, parseUsd } from '../units/nano-usd.ts'
import { parseWallHead } from '../units/wall.ts'
import { decimalOf, keyIdOf } from './decode.ts'
import type { BillingEvent } from './reader.ts'

export type Json = Readonly<Record<string, unknown>>

/** Numbers and key ids repeat: prices and keys are few. */
const REMEMBERED_MAX = 20_000
const WHOLE = /^[+-]?\d+$/
/** Characters of YYYY-MM-DDTHH:MM:SS. */
const TIME_CHARS = 19
const [POINT, LETTER_Z, ZERO, NINE] = [0x2e, 0x5a, 0x30, 0x39] as const

export const asRecord = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined

/**
 * A reader of one billing event as JSON. Undefined: something about it is unusual, and the schema must decide. It takes nothing
 * that the schema refuses, and makes of what it takes the same event.
 */
export function eventReader(): (wire: unknown) => BillingEvent | undefined {
  const decimalIn = decimalReader()
  const keyIds = new Map<string, string | null>()
  const keyIdIn = (text: string): string | null => {
    let known = keyIds.get(text)
    if (known === undefined) {
      known = keyIdOf(text)
      if (keyIds.size >= REMEMBERED_MAX) keyIds.clear()
      keyIds.set(text, known)
    }
    return known
  }
  return (wire) => {
    const row = asRecord(wire)
    if (row === undefined) return undefined
    const { request_id: requestId, endpoint_id: model, timestamp, unit, currency } = row
    if (typeof requestId !== 'string' || typeof model !== 'string' || typeof timestamp !== 'string') return undefined
    if (!isRequestId(requestId)) return undefined
    const at = timeOf(timestamp)
    const outputUnits = decimalIn(row.output_units)
    const quantity = decimalIn(row.quantity)
    const unitPrice = decimalIn(row.unit_price)
    const percentDiscount = decimalIn(row.percent_discount)
    if (quantity === undefined || outputUnits === undefined || unitPrice === undefined) return undefined
    if (at === undefined || percentDiscount === undefined || !isTextOrNone(unit) || !isUsdOrNone(currency))
      return undefined
    const costNanoUsd = costIn(row.cost_estimate_nano_usd, row.cost_total, decimalIn)
    if (costNanoUsd === undefined) return undefined
    const isRounded = row.cost_estimate_nano_usd == null && isFinerThanNano(decimalIn(row.cost_total) ?? '')
    const by = row.auth_method_structured ?? NOBODY
    const attribution = asRecord(by)
    if (attribution === undefined) return undefined
    const { api_key_id: keyId, login_username: login } = attribution
    if (!isTextOrNone(keyId) || !isTextOrNone(login)) return undefined
    return {
      keyId: keyId == null ? null : keyIdIn(keyId),
      login: login?.trim() || null,
      requestId,
      model,
      at,
      quantity: quantity ?? outputUnits,
      unit: unit ?? null,
      unitPrice,
      percentDiscount,
      costNanoUsd,
      ...(isRounded && { costRounded: true }),
    }
  }
}

const NOBODY: Json = {}

export const isTextOrNone = (value: unknown): value is string | null | undefined =>
  value == null || typeof value === 'string'

export const isUsdOrNone = (value: unknown): boolean =>
  value == null || value === 'USD' || (typeof value === 'string' && value.toUpperCase() === 'USD')

/** A plain decimal; null for none, undefined for what is no decimal. */
type DecimalReader = (value: unknown) => string | null | undefined

export const decimalIn: DecimalReader = (value) => {
  if (value == null) return null
  return typeof value === 'string' || typeof value === 'number' ? plainDecimal(value) : undefined
}

/** A reader that remembers what it read: prices are few. */
export function decimalReader(): DecimalReader {
  const remembered = new Map<unknown, string>()
  return (value) => {
    const known = remembered.get(value)
    if (known !== undefined) return known
    const text = decimalIn(value)
    if (text == null) return text
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(value, text)
    return text
  }
}

/** cost_estimate_nano_usd, or cost_total where that is absent. What is there must be right, even where it is not needed. */
function costIn(count: unknown, total: unknown, decimalIn: DecimalReader): NanoUsd | undefined {
  const totalText = decimalIn(total)
  if (totalText === undefined) return undefined
  if (count == null) return totalText === null ? undefined : parseUsd(totalText)
  return countIn(count)
}

/** A cost_estimate_nano_usd that is there. */
export function countIn(count: unknown): NanoUsd | undefined {
  if (typeof count === 'number') {
    if (!Number.isInteger(count)) return undefined
    // Past that a number is no longer written with all of its digits.
    return nanoUsd(BigInt(Number.isSafeInteger(count) ? count : decimalOf(count)))
  }
  return typeof count === 'string' && WHOLE.test(count) ? nanoUsd(BigInt(decimalOf(count))) : undefined
}

/** An instant of the wire: read by position in the form that fal sends, in UTC with a fraction or without. */
export function timeOf(text: string): Instant | undefined {
  const wall = parseWallHead(text)
  const millis = text.charCodeAt(text.length - 1) === LETTER_Z ? millisOf(text) : Number.NaN
  const at = wall + millis
  return Number.isNaN(at) ? wireInstant(text) : instant(at)
}

/** Milliseconds between the seconds and the Z, cut as everywhere; NaN where there is something else. */
function millisOf(text: string): number {
  const end = text.length - 1
  if (end === TIME_CHARS) return 0
  if (end < TIME_CHARS + 2 || text.charCodeAt(TIME_CHARS) !== POINT) return Number.NaN
  let millis = 0
  for (let place = TIME_CHARS + 1; place < Math.max(end, TIME_CHARS + 4); place++) {
    const code = place < end ? text.charCodeAt(place) : ZERO
    if (code < ZERO || code > NINE) return Number.NaN
    if (place < TIME_CHARS + 4) millis = millis * 10 + code - ZERO
  }
  return millis
}
