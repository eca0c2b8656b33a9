import type { EventFact } from '../audit/rules/facts.ts'
import { addDecimals, type Decimal, multiplyDecimals, parseDecimal, ZERO_DECIMAL } from '../units/decimal.ts'
import { billedUnit, namesUnit } from './unit-words.ts'

/** Tokens in one unit of a bill; undefined where the unit is no count of tokens. */
export function tokensPerUnit(unit: string | null): bigint | undefined {
  const counted = billedUnit(unit)
  return counted?.measure === 'token' ? counted.each : undefined
}

/**
 * Tokens of one request by its bill; `none` where nothing was billed per token. Undefined where a quantity is missing, or the
 * unit of a part, which may be tokens too, or where more was taken back than used.
 */
export function billedTokens(events: readonly EventFact[]): Decimal | 'none' | undefined {
  let total: Decimal | 'none' = 'none'
  const isWhole = events.every(namesUnit)
  for (const { unit, quantity } of events) {
    const factor = tokensPerUnit(unit)
    if (factor === undefined) continue
    const units = quantity === null ? undefined : parseDecimal(quantity)
    if (units === undefined) return undefined
    const tokens = multiplyDecimals(units, { digits: factor, scale: 0 })
    total = addDecimals(total === 'none' ? ZERO_DECIMAL : total, tokens)
  }
  if (total === 'none') return total
  return isWhole && total.digits >= 0n ? total : undefined
}
