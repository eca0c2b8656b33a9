import { addNanoUsd, formatUsd, type NanoUsd, parseUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { addPoints, points, ZERO_POINTS } from '../units/points.ts'
import { cleanText } from './clean.ts'

/** What stands for a figure that was not read. Never 0. */
export const UNKNOWN = '–'

const PLAIN_DECIMAL = /^(-?\d+)(?:\.(\d+))?$/
const DECIMALS_MIN = 2

/**
 * USD for tables and messages, from its exact decimal text: all its digits, trailing zeros trimmed down to two decimals,
 * thousands not grouped. Nothing is rounded, so amounts that differ never look equal. Null is UNKNOWN.
 */
export function usdCell(amount: string | null): string {
  if (amount === null) return UNKNOWN
  const plain = PLAIN_DECIMAL.exec(amount.trim()) ?? PLAIN_DECIMAL.exec(decimalOf(amount))
  if (plain === null) return cleanText(amount) || UNKNOWN
  const [, whole = '', fraction = ''] = plain
  return `${whole}.${fraction.replace(/0+$/, '').padEnd(DECIMALS_MIN, '0')}`
}

function decimalOf(amount: string): string {
  const parsed = parseUsd(amount)
  return parsed === undefined ? '' : formatUsd(parsed)
}

/** Points and counts: the integer as it is. Null is UNKNOWN. */
export const countCell = (count: number | null): string => (count === null ? UNKNOWN : String(count))

/** The exact sum of points, or UNKNOWN where one of them was not read. */
export function sumPointsCell(amounts: readonly (number | null)[]): string {
  let sum = ZERO_POINTS
  for (const amount of amounts) {
    if (amount === null) return UNKNOWN
    sum = addPoints(sum, points(BigInt(amount)))
  }
  return sum.toString()
}

/** The exact sum of USD amounts, or UNKNOWN where one of them is no amount. */
export function sumUsdCell(amounts: readonly string[]): string {
  let sum: NanoUsd = ZERO_NANO_USD
  for (const amount of amounts) {
    const parsed = parseUsd(amount)
    if (parsed === undefined) return UNKNOWN
    sum = addNanoUsd(sum, parsed)
  }
  return usdCell(formatUsd(sum))
}
