import type { UsageFigures } from '../../schemas/billing-usage.ts'
import { addDecimals, ZERO_DECIMAL } from '../units/decimal.ts'
import { jsonPoints } from '../units/exact.ts'
import { formatUsd } from '../units/nano-usd.ts'
import { chargeTexts, type MoneyTerms, marginTexts } from './charge-money.ts'
import { roundedTokens, type UsageSums } from './usage-sums.ts'

/** Groups as they are told; in whatever currency, they add up to what their whole is told as. */
export function usageFigures(groups: readonly UsageSums[], terms: MoneyTerms): UsageFigures[] {
  const costs = chargeTexts(
    groups.map(({ netPoints }) => netPoints),
    terms,
  )
  const margins = marginTexts(groups, terms)
  const totalTokens = tokenShares(groups)
  return groups.map((sums, index) => {
    const read = sums.unreadCount === 0
    const { falCostNanoUsd, matchedCount, requestCount } = sums
    return {
      input_tokens: tokensFigure(sums.inputTokens),
      output_tokens: tokensFigure(sums.outputTokens),
      total_tokens: tokensFigure(totalTokens[index] ?? null),
      request_count: requestCount,
      ...chargeFigures(sums, costs[index] ?? null),
      fal_cost_usd: falCostNanoUsd === null ? null : formatUsd(falCostNanoUsd),
      margin_usd: sums.untoldKept > 0 ? null : (margins[index] ?? null),
      matched_request_count: read ? matchedCount : null,
      unmatched_request_count: read ? requestCount - matchedCount : null,
      unread_request_count: sums.unreadCount,
    }
  })
}

type ChargeFigures = Pick<UsageFigures, 'total_cost' | 'charged_points' | 'refunded_points' | 'net_points'>

/** What a group was charged, with its net charge in the currency; null is what hangs on a charge that a task does not tell. */
export function chargeFigures(sums: UsageSums, netText: string | null): ChargeFigures {
  const { chargedPoints, refundedPoints, netPoints, untoldKept, untoldRefunded } = sums
  return {
    total_cost: untoldKept > 0 ? null : netText,
    charged_points: untoldKept + untoldRefunded > 0 ? null : jsonPoints(chargedPoints),
    refunded_points: untoldRefunded > 0 ? null : jsonPoints(refundedPoints),
    net_points: untoldKept > 0 ? null : jsonPoints(netPoints),
  }
}

/** Whole tokens of each group. Each is what the running sum grows by, so that they add up to the rounded whole. */
function tokenShares(groups: readonly UsageSums[]): (bigint | null)[] {
  let before = ZERO_DECIMAL
  return groups.map(({ exactTokens }) => {
    if (exactTokens === null) return null
    const after = addDecimals(before, exactTokens)
    const share = roundedTokens(after) - roundedTokens(before)
    before = after
    return share
  })
}

/** Tokens as JSON tells them; null also where there are more than it tells exactly. No money hangs on them. */
export const tokensFigure = (count: bigint | null): number | null =>
  count === null || count > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(count)
