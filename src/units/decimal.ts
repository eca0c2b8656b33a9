import { abs } from './exact.ts'

/** An exact decimal: digits / 10^scale. For quantities, which have units of their own and are no money. */
export interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

const PLAIN = /^([+-]?)(\d+)(?:\.(\d*))?$/

export const ZERO_DECIMAL: Decimal = { digits: 0n, scale: 0 }

/** Reads plain decimal text. Undefined where it is none. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = PLAIN.exec(text.trim())
  if (match === null) return undefined
  const [, sign, whole = '', fraction = ''] = match
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, scale: fraction.length }
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  const widen = (value: Decimal): bigint => value.digits * 10n ** BigInt(scale - value.scale)
  return { digits: widen(a) + widen(b), scale }
}

export const subtractDecimals = (a: Decimal, b: Decimal): Decimal => addDecimals(a, { ...b, digits: -b.digits })

export const multiplyDecimals = (a: Decimal, b: Decimal): Decimal => ({
  digits: a.digits * b.digits,
  scale: a.scale + b.scale,
})

/** a / b to so many places, rounded half away from zero, and whether nothing was lost by that. Undefined where b is zero. */
export function divideDecimals(
  a: Decimal,
  b: Decimal,
  places: number,
): { readonly quotient: Decimal; readonly exact: boolean } | undefined {
  if (b.digits === 0n) return undefined
  const sign = a.digits < 0n !== b.digits < 0n ? -1n : 1n
  const over = abs(a.digits) * 10n ** BigInt(b.scale + places)
  const under = abs(b.digits) * 10n ** BigInt(a.scale)
  const rounded = (over * 2n + under) / (under * 2n)
  return { quotient: { digits: sign * rounded, scale: places }, exact: over % under === 0n }
}

/** Plain text without exponent or trailing zeros. */
export function formatDecimal({ digits, scale }: Decimal): string {
  const magnitude = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
  const whole = magnitude.slice(0, magnitude.length - scale)
  const fraction = magnitude.slice(magnitude.length - scale).replace(/0+$/, '')
  return `${digits < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
