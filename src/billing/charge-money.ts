import { AuditError } from '../errors.ts'
import type { BillingCurrency } from '../settings.ts'
import { abs } from '../units/exact.ts'
import { formatUsd, NANO_PER_USD, type NanoUsd, nanoUsd, subNanoUsd } from '../units/nano-usd.ts'
import { POINTS_PER_CNY, type Points, points } from '../units/points.ts'
import type { Ratio } from '../units/ratio.ts'

/** How charges are told: in a currency, and against what fal costs. */
export interface MoneyTerms {
  readonly currency: BillingCurrency
  /** Points that one USD is worth; undefined where it is not configured. */
  readonly pointsPerUsd: Ratio | undefined
}

const CENT_DIGITS = 2

/**
 * Amounts of points in the currency, exact. In USD a rate may not come out even: then parts are rounded so that they add up to
 * the rounded whole, to the nano-dollar. Throws kind 'configuration' for USD without a rate.
 */
export function chargeTexts(parts: readonly Points[], { currency, pointsPerUsd }: MoneyTerms): string[] {
  if (currency === 'points') return parts.map(String)
  if (currency === 'CNY') return parts.map(centsText)
  if (pointsPerUsd === undefined) throw noRate()
  return usdShares(parts, pointsPerUsd).map((share) => atLeastCents(formatUsd(share)))
}

/** One amount; as chargeTexts. */
export const chargeText = (amount: Points, terms: MoneyTerms): string => chargeTexts([amount], terms)[0] ?? ''

/** What is left of each charge after fal's cost, in USD; null where cost or rate are not known. Adds up as chargeTexts does. */
export function marginTexts(
  parts: readonly { readonly netPoints: Points; readonly falCostNanoUsd: NanoUsd | null }[],
  { pointsPerUsd }: MoneyTerms,
): (string | null)[] {
  if (pointsPerUsd === undefined) return parts.map(() => null)
  const shares = usdShares(
    parts.map(({ netPoints }) => netPoints),
    pointsPerUsd,
  )
  return parts.map(({ falCostNanoUsd }, index) => {
    const share = shares[index]
    return falCostNanoUsd === null || share === undefined ? null : formatUsd(subNanoUsd(share, falCostNanoUsd))
  })
}

/** Each part is what the running sum grows by, so that the parts add up to the rounded whole. */
function usdShares(parts: readonly Points[], rate: Ratio): NanoUsd[] {
  let before = 0n
  return parts.map((part) => {
    const after = before + part
    const share = nanoUsd(nanoOf(points(after), rate) - nanoOf(points(before), rate))
    before = after
    return share
  })
}

/** Half away from zero. */
function nanoOf(amount: Points, { numerator, denominator }: Ratio): bigint {
  const over = abs(amount) * denominator * NANO_PER_USD
  const magnitude = (over * 2n + numerator) / (numerator * 2n)
  return amount < 0n ? -magnitude : magnitude
}

function centsText(amount: Points): string {
  const magnitude = abs(amount)
  const text = `${magnitude / POINTS_PER_CNY}.${String(magnitude % POINTS_PER_CNY).padStart(CENT_DIGITS, '0')}`
  return amount < 0n ? `-${text}` : text
}

function atLeastCents(text: string): string {
  const [whole = '', fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(CENT_DIGITS, '0')}`
}

const noRate = (): AuditError =>
  new AuditError('configuration', 'AUDIT_POINTS_PER_USD is not set, so charges cannot be told in USD', {
    field: 'AUDIT_POINTS_PER_USD',
    accepted: 'the number of points that one USD is worth',
    next: 'set it, or billing.currency to CNY or points',
  })
