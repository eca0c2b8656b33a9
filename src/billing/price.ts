import { addDecimals, type Decimal, multiplyDecimals, ZERO_DECIMAL } from '../units/decimal.ts'
import { POINTS_PER_CNY } from '../units/points.ts'
import type { Ratio } from '../units/ratio.ts'
import type { BillingUnit, RuleTerms } from './rule.ts'

/** How much of a model was used, as its rule counts it. */
export type Used =
  | { readonly kind: 'tokens'; readonly inputTokens: bigint; readonly outputTokens: bigint }
  /** Of what the unit names: images, seconds, characters, … */
  | { readonly kind: 'units'; readonly units: Decimal }

/** In the currency of the rule, exact. Where there is one price it all is output. */
export interface Cost {
  readonly input: Decimal
  readonly output: Decimal
  readonly total: Decimal
}

/** What a price is for, as a power of ten of what is counted. */
const POWER_OF_TEN: Readonly<Record<BillingUnit, number>> = {
  per_1k_tokens: 3,
  per_1m_tokens: 6,
  per_image: 0,
  per_second: 0,
  per_minute: 0,
  per_megapixel: 0,
  per_video: 0,
  per_1k_characters: 3,
  per_request: 0,
}

/** What a use costs by these terms. Exact: prices are for powers of ten, so that dividing moves the point. */
export function costOf({ unit, inputPrice, outputPrice }: RuleTerms, used: Used): Cost {
  const part = (price: Decimal, count: Decimal): Decimal => {
    const { digits, scale } = multiplyDecimals(price, count)
    return trimmed({ digits, scale: scale + POWER_OF_TEN[unit] })
  }
  const input = used.kind === 'tokens' ? part(inputPrice, whole(used.inputTokens)) : ZERO_DECIMAL
  const output = part(outputPrice, used.kind === 'tokens' ? whole(used.outputTokens) : used.units)
  return { input, output, total: addDecimals(input, output) }
}

/**
 * A cost in points, as an exact fraction. Undefined for USD where nobody says what one is worth.
 */
export function pointsOfCost(
  cost: Decimal,
  currency: RuleTerms['currency'],
  pointsPerUsd: Ratio | undefined,
): Ratio | undefined {
  const denominator = 10n ** BigInt(cost.scale)
  switch (currency) {
    case 'points':
      return { numerator: cost.digits, denominator }
    case 'CNY':
      return { numerator: cost.digits * POINTS_PER_CNY, denominator }
    case 'USD':
      return pointsPerUsd === undefined
        ? undefined
        : { numerator: cost.digits * pointsPerUsd.numerator, denominator: denominator * pointsPerUsd.denominator }
  }
}

const PLACES_MIN = 2

/** The parts of a cost as text: trimmed, with at least two decimals. The total has as many as the longer of its parts. */
export function costTexts({ input, output, total }: Cost): { input: string; output: string; total: string } {
  const texts = [input, output].map((part) => decimalText(part, PLACES_MIN))
  const [inputText = '', outputText = ''] = texts
  const places = Math.max(...texts.map((text) => text.length - 1 - text.indexOf('.')))
  return { input: inputText, output: outputText, total: decimalText(total, places) }
}

/** Plain text with at least so many decimals, and no zeros behind those that are needed. */
export function decimalText(value: Decimal, placesMin: number): string {
  const { digits, scale } = trimmed(value)
  return asGiven(
    scale >= placesMin ? { digits, scale } : { digits: digits * 10n ** BigInt(placesMin - scale), scale: placesMin },
  )
}

/** Plain text with all decimals of the value, zeros at its end too: a price as it was given. */
export function asGiven({ digits, scale }: Decimal): string {
  const magnitude = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
  const at = magnitude.length - scale
  return `${digits < 0n ? '-' : ''}${magnitude.slice(0, at)}${scale === 0 ? '' : `.${magnitude.slice(at)}`}`
}

const whole = (digits: bigint): Decimal => ({ digits, scale: 0 })

function trimmed(value: Decimal): Decimal {
  let { digits, scale } = value
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n
    scale--
  }
  return { digits, scale }
}
