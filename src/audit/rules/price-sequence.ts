import { formatDecimal, parseDecimal } from '../../units/decimal.ts'
import type { PricePoint } from './facts.ts'

/** Prices that are held against each other: of one workspace, model, unit and discount. */
export const sequenceKey = ({ workspace, model, unit, percentDiscount }: Omit<PricePoint, 'at'>): string =>
  `${workspace}\n${model}\n${unit}\n${percentDiscount === '0' ? '0' : canonicalPrice(percentDiscount)}`

/** "0.10" and "0.1" are one price. Text that is no plain decimal stands for itself. */
export function canonicalPrice(text: string): string {
  const decimal = parseDecimal(text)
  return decimal === undefined ? text.trim() : formatDecimal(decimal)
}

export const samePrice = (a: string, b: string): boolean => a === b || canonicalPrice(a) === canonicalPrice(b)
