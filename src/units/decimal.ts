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

/** Plain text without exponent or trailing zeros. */
export function formatDecimal({ digits, scale }: Decimal): string {
  const magnitude = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
  const whole = magnitude.slice(0, magnitude.length - scale)
  const fraction = magnitude.slice(magnitude.length - scale).replace(/0+$/, '')
  return `${digits < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
