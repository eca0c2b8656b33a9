import { cleanText } from '../render/clean.ts'
import { addDecimals, type Decimal, formatDecimal, parseDecimal, ZERO_DECIMAL } from '../units/decimal.ts'
import { addNanoUsd, formatUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'

/** One row of a bill, whichever it is. */
export interface BillLine {
  readonly unit: string
  /** Billing units, a plain decimal. */
  readonly quantity: string
  readonly costNanoUsd: NanoUsd
}

/** Adds up cost and, by unit, quantities. Exact. */
export class CostTally {
  #costNanoUsd: NanoUsd = ZERO_NANO_USD
  readonly #byUnit = new Map<string, Decimal>()

  add({ unit, quantity, costNanoUsd }: BillLine): void {
    this.#costNanoUsd = addNanoUsd(this.#costNanoUsd, costNanoUsd)
    this.#byUnit.set(unit, addDecimals(this.#byUnit.get(unit) ?? ZERO_DECIMAL, parseDecimal(quantity) ?? ZERO_DECIMAL))
  }

  get costNanoUsd(): NanoUsd {
    return this.#costNanoUsd
  }

  get costUsd(): string {
    return formatUsd(this.#costNanoUsd)
  }

  quantities(): { unit: string; quantity: string }[] {
    return [...this.#byUnit]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([unit, quantity]) => ({ unit: cleanText(unit), quantity: formatDecimal(quantity) }))
  }
}

/** What a group adds up to; null, with the reason, where its sum is not known. */
interface GroupSum {
  readonly costUsd: string | null
  readonly quantities: { unit: string; quantity: string }[]
  readonly reason?: string
}

/** Adds lines up by a key, keeping the fields that each group is shown with. */
export class Breakdown<Fields extends object> {
  readonly #groups = new Map<string, { readonly fields: Fields; readonly tally: CostTally }>()
  readonly #withheld = new Map<string, { readonly fields: Fields; readonly reason: string }>()

  /** The tally of a group; made where there is none yet. */
  group(key: string, fields: () => Fields): CostTally {
    const known = this.#groups.get(key)
    if (known !== undefined) return known.tally
    const tally = new CostTally()
    this.#groups.set(key, { fields: fields(), tally })
    return tally
  }

  /** A group has a part that cannot be added up, so that it has no sum, whatever else is added to it. */
  withhold(key: string, fields: () => Fields, reason: string): void {
    if (!this.#withheld.has(key)) this.#withheld.set(key, { fields: fields(), reason })
  }

  /** The groups, costliest first, then by key; at the end those without a sum. */
  rows(): (Fields & GroupSum)[] {
    const sums = [...this.#groups]
      .filter(([key]) => !this.#withheld.has(key))
      .sort(
        ([keyA, a], [keyB, b]) =>
          compareDown(a.tally.costNanoUsd, b.tally.costNanoUsd) || (keyA < keyB ? -1 : keyA > keyB ? 1 : 0),
      )
      .map(([, { fields, tally }]) => ({ ...fields, costUsd: tally.costUsd, quantities: tally.quantities() }))
    const withheld = [...this.#withheld.values()].map(({ fields, reason }) => ({
      ...fields,
      costUsd: null,
      quantities: [],
      reason,
    }))
    return [...sums, ...withheld]
  }
}

/** Order of bigints, largest first. */
export const compareDown = (a: bigint, b: bigint): number => (a > b ? -1 : a < b ? 1 : 0)
