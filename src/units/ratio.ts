import { percentSteps, percentText } from './exact.ts'

/** An exact decimal factor, held as a numerator over a power of ten, so that thresholds never meet a float. */
export interface Ratio {
  readonly numerator: bigint
  readonly denominator: bigint
}

const PLAIN_DECIMAL = /^(\d{1,12})(?:\.(\d{1,12}))?$/

/** Reads a non-negative decimal such as "0.1" or "5". Returns undefined for anything else. */
export function parseRatio(text: string | number): Ratio | undefined {
  const match = PLAIN_DECIMAL.exec(String(text).trim())
  if (match === null) return undefined
  const [, whole = '', fraction = ''] = match
  return { numerator: BigInt(whole + fraction), denominator: 10n ** BigInt(fraction.length) }
}

/** A ratio from a literal in the code. Throws where the literal is no plain decimal. */
export function ratio(text: string): Ratio {
  const parsed = parseRatio(text)
  if (parsed === undefined) throw new RangeError(`not a decimal ratio: ${text}`)
  return parsed
}

/** Whether amount > base × factor, exactly. */
export const exceeds = (amount: bigint, base: bigint, factor: Ratio): boolean =>
  amount * factor.denominator > base * factor.numerator

/** base × factor, rounded towards zero. */
export const scaleDown = (base: bigint, factor: Ratio): bigint => (base * factor.numerator) / factor.denominator

/** Decimals by which a share may be told from its limit: those that a limit may have, in percent, and as many again. */
const PLACES_MAX = 20

/**
 * part / whole in percent, beside a limit: with as many decimals as show on which side of it the share lies, and that it is not
 * 0.
 */
export function percentBeside(part: bigint, whole: bigint, limit: Ratio): string {
  const isAbove = exceeds(part, whole, limit)
  const isTold = (places: number): boolean => {
    const scale = 10n ** BigInt(places)
    const steps = percentSteps(part, whole, scale)
    return exceeds(steps, 100n * scale, limit) === isAbove && (steps !== 0n || part === 0n)
  }
  let places = 1
  while (places < PLACES_MAX && !isTold(places)) places += 1
  return percentText(part, whole, places)
}

/** part / whole as a factor, to the nearest with three decimals, or as many more as show whether it reaches a limit. */
export function shareBeside(part: bigint, whole: bigint, limit: Ratio): string {
  const reaches = (amount: bigint, base: bigint): boolean => amount * limit.denominator >= base * limit.numerator
  const stepsAt = (places: number): bigint => percentSteps(part, whole, 10n ** BigInt(places - 2))
  let places = 3
  while (places < PLACES_MAX && reaches(stepsAt(places), 10n ** BigInt(places)) !== reaches(part, whole)) places += 1
  const digits = String(stepsAt(places)).padStart(places + 1, '0')
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`
}

export function formatRatio(factor: Ratio): string {
  const places = factor.denominator.toString().length - 1
  const digits = factor.numerator.toString().padStart(places + 1, '0')
  if (places === 0) return digits
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '')
}

/** The ratio in percent: 0.1 is "10". */
export const ratioPercent = (factor: Ratio): string =>
  formatRatio({ numerator: factor.numerator * 100n, denominator: factor.denominator })
