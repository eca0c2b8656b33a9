import type { EventWords } from '../rows/event-records.ts'
import { keyIdOf } from './decode.ts'
import { FIELD, type Meaning, type MeaningOf } from './event-columns.ts'
import { asRecord, decimalIn, isTextOrNone, isUsdOrNone } from './event-row.ts'
import type { Redact } from './redacting.ts'

const NOTHING: Meaning = { code: 0, otherCode: 0, text: null }

/** What the values of fields mean that many events have in common, in codes of some words; by what the reader of objects says. */
export function meaningReader({ texts }: EventWords, redact: Redact): MeaningOf {
  const textOf = (value: unknown): Meaning | undefined => {
    if (!isTextOrNone(value)) return undefined
    return value == null ? NOTHING : { ...NOTHING, code: texts.codeOf(redact(value)) }
  }
  const decimalOf = (value: unknown): Meaning | undefined => {
    const text = decimalIn(value)
    return text === undefined ? undefined : { ...NOTHING, text, code: texts.codeOf(text) }
  }
  const attributionOf = (value: unknown): Meaning | undefined => {
    if (value === null) return NOTHING
    const wire = asRecord(value)
    if (wire === undefined) return undefined
    const { api_key_id: keyId, login_username: login } = wire
    if (!isTextOrNone(keyId) || !isTextOrNone(login)) return undefined
    return {
      code: texts.codeOf(keyIdOf(keyId ?? '')),
      otherCode: texts.codeOf(login?.trim() || null),
      text: null,
    }
  }
  return (field, value) => {
    switch (field) {
      case FIELD.endpoint_id:
        return typeof value === 'string' ? textOf(value) : undefined
      case FIELD.unit:
        return textOf(value)
      case FIELD.output_units:
      case FIELD.quantity: {
        // There may be as many as events: the words decide which they keep.
        const text = decimalIn(value)
        return text === undefined ? undefined : { ...NOTHING, text }
      }
      case FIELD.unit_price:
      case FIELD.percent_discount:
        return decimalOf(value)
      case FIELD.currency:
        return isUsdOrNone(value) ? NOTHING : undefined
      case FIELD.auth_method_structured:
        return attributionOf(value)
      case FIELD.other:
        return NOTHING
      default:
        return undefined
    }
  }
}
