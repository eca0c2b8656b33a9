/** Nano-USD: an exact integer count of 1e-9 US dollars. Money in USD has no other form inside the program. */
declare const nanoUsdBrand: unique symbol
export type NanoUsd = bigint & { readonly [nanoUsdBrand]: true }

/** Decimal places of a USD that a nano-USD is. */
export const NANO_DIGITS = 9
/** Nano-USD. */
export const NANO_PER_USD = 10n ** 9n
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

export const ZERO_NANO_USD = 0n as NanoUsd

/** Brands an integer that already counts 1e-9 USD. */
export const nanoUsd = (count: bigint): NanoUsd => count as NanoUsd

export const addNanoUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => (a + b) as NanoUsd

export const subNanoUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => (a - b) as NanoUsd

/**
 * Reads a decimal amount of USD exactly. Digits finer than a nano-dollar are rounded half away from zero.
 * A JSON number goes through its shortest decimal form, which is the text that was sent for up to 15 significant digits.
 * Returns undefined where the text is not a decimal number.
 */
export function parseUsd(amount: string | number): NanoUsd | undefined {
  const match = DECIMAL.exec(String(amount).trim())
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  const scale = NANO_DIGITS - fraction.length + Number(exponent)
  const magnitude = scale >= 0 ? BigInt(digits) * 10n ** BigInt(scale) : roundHalfAway(BigInt(digits), -scale)
  return nanoUsd(sign === '-' ? -magnitude : magnitude)
}

/** Whether parseUsd rounds such an amount: it has digits finer than a nano-dollar. */
export function isFinerThanNano(amount: string | number): boolean {
  const match = DECIMAL.exec(String(amount).trim())
  if (match === null) return false
  const [, , whole = '', fraction = '', exponent = '0'] = match
  const finer = fraction.length - NANO_DIGITS - Number(exponent)
  return finer > 0 && BigInt(whole + fraction) % 10n ** BigInt(finer) !== 0n
}

function roundHalfAway(digits: bigint, places: number): bigint {
  const unit = 10n ** BigInt(places)
  return (digits + unit / 2n) / unit
}

/** Writes USD as a decimal string without exponent and without trailing zeros: 12300000000n is "12.3". */
export function formatUsd(amount: NanoUsd): string {
  const magnitude = amount < 0n ? -amount : amount
  const fraction = (magnitude % NANO_PER_USD).toString().padStart(NANO_DIGITS, '0').replace(/0+$/, '')
  const text = `${magnitude / NANO_PER_USD}${fraction === '' ? '' : `.${fraction}`}`
  return amount < 0n ? `-${text}` : text
}
