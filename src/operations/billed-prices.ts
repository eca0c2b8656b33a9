import type { BilledPrice } from '../../schemas/fal-estimate-cost.ts'
import type { UsageRow } from '../fal/reader.ts'
import { cleanText } from '../render/clean.ts'
import {
  addDecimals,
  type Decimal,
  divideDecimals,
  formatDecimal,
  parseDecimal,
  ZERO_DECIMAL,
} from '../units/decimal.ts'
import { endpointForm } from '../units/endpoint.ts'
import { addNanoUsd, formatUsd, NANO_DIGITS, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'

/** What a unit of each model was billed at over some usage rows: cost / quantity, by model as endpointForm has it, then by unit. */
export function billedPrices(rows: readonly UsageRow[]): Map<string, BilledPrice[]> {
  const byModel = new Map<string, Map<string, { quantity: Decimal; costNanoUsd: NanoUsd }>>()
  for (const { model: named, unit, quantity, costNanoUsd } of rows) {
    const model = endpointForm(named)
    const units = byModel.get(model) ?? new Map<string, { quantity: Decimal; costNanoUsd: NanoUsd }>()
    const sum = units.get(unit) ?? { quantity: ZERO_DECIMAL, costNanoUsd: ZERO_NANO_USD }
    units.set(unit, {
      quantity: addDecimals(sum.quantity, parseDecimal(quantity) ?? ZERO_DECIMAL),
      costNanoUsd: addNanoUsd(sum.costNanoUsd, costNanoUsd),
    })
    byModel.set(model, units)
  }
  return new Map(
    [...byModel].map(([model, units]) => [
      model,
      [...units].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([unit, sum]) => priceOf(unit, sum) ?? []),
    ]),
  )
}

/** Undefined where the quantity is zero: then nothing can be said of a unit. */
function priceOf(unit: string, sum: { quantity: Decimal; costNanoUsd: NanoUsd }): BilledPrice | undefined {
  const divided = divideDecimals({ digits: sum.costNanoUsd, scale: NANO_DIGITS }, sum.quantity, NANO_DIGITS)
  if (divided === undefined) return undefined
  return {
    unit: cleanText(unit),
    quantity: formatDecimal(sum.quantity),
    costUsd: formatUsd(sum.costNanoUsd),
    unitPriceUsd: formatDecimal(divided.quotient),
    rounded: !divided.exact,
  }
}
