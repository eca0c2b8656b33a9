import type { z } from 'zod'
import type { input } from '../../schemas/audit-reconcile.ts'
import { inputError } from '../errors.ts'
import type { Thresholds } from '../settings.ts'
import { HOUR } from '../units/instant.ts'
import { parseUsd } from '../units/nano-usd.ts'
import { exceeds, parseRatio, type Ratio } from '../units/ratio.ts'

type ThresholdInput = Pick<
  z.output<typeof input>,
  | 'a1_deviation_ratio'
  | 'a5_refund_ratio'
  | 'a6_multiple'
  | 'a6_active_days'
  | 'a8_balance_usd'
  | 'settlement_lag_hours'
>
type RatioField = 'a1_deviation_ratio' | 'a5_refund_ratio' | 'a6_multiple'

const ONE: Ratio = { numerator: 1n, denominator: 1n }
const SHARE = 'a share from 0 to 1, such as "0.1"'
const MULTIPLE = 'a number above 0, such as "5"'

/** The thresholds given with one call. Throws an input error that names the field. */
export function thresholdsOf(given: ThresholdInput): Partial<Thresholds> {
  const a1DeviationRatio = shareOf('a1_deviation_ratio', given)
  const a5RefundRatio = shareOf('a5_refund_ratio', given)
  const a6Multiple = multipleOf('a6_multiple', given)
  const { a6_active_days: a6ActiveDays, settlement_lag_hours: lagHours } = given
  const a8BalanceNanoUsd = balanceOf(given)
  return {
    ...(a1DeviationRatio !== undefined && { a1DeviationRatio }),
    ...(a5RefundRatio !== undefined && { a5RefundRatio }),
    ...(a6Multiple !== undefined && { a6Multiple }),
    ...(a6ActiveDays !== undefined && { a6ActiveDays }),
    ...(a8BalanceNanoUsd !== undefined && { a8BalanceNanoUsd }),
    ...(lagHours !== undefined && { settlementLagMillis: lagHours * HOUR }),
  }
}

function shareOf(field: RatioField, given: ThresholdInput): Ratio | undefined {
  const share = ratioOf(field, given, SHARE)
  if (share !== undefined && exceeds(share.numerator, share.denominator, ONE)) {
    throw inputError(field, given[field], SHARE)
  }
  return share
}

function multipleOf(field: RatioField, given: ThresholdInput): Ratio | undefined {
  const multiple = ratioOf(field, given, MULTIPLE)
  if (multiple?.numerator === 0n) throw inputError(field, given[field], MULTIPLE)
  return multiple
}

function ratioOf(field: RatioField, given: ThresholdInput, accepted: string): Ratio | undefined {
  const text = given[field]
  if (text === undefined) return undefined
  const read = parseRatio(text)
  if (read === undefined) throw inputError(field, text, accepted)
  return read
}

function balanceOf({ a8_balance_usd: text }: ThresholdInput) {
  if (text === undefined) return undefined
  // Through the ratio's plain form: no sign, no exponent.
  const amount = parseRatio(text) === undefined ? undefined : parseUsd(text)
  if (amount === undefined) throw inputError('a8_balance_usd', text, 'an amount of USD from 0 up, such as "1.00"')
  return amount
}
