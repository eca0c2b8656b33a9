import type { TaskVerdict } from '../audit/rules/facts.ts'
import { addDecimals, type Decimal, ZERO_DECIMAL } from '../units/decimal.ts'
import { abs } from '../units/exact.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { addPoints, type Points, subPoints, ZERO_POINTS } from '../units/points.ts'
import { billedTokens } from './billed-tokens.ts'

/**
 * One task of the window with what the audit says of it. Tasks of accounts that are not audited come as `not-evaluated`.
 * `selected`: the filters leave it; the others teach what models are called on the bill, and count nowhere.
 */
export interface UsageFact extends TaskVerdict {
  readonly apiKey: string
  /** From the mapped columns; null where there is none, or it is NULL. */
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

/** Charges, cost and tokens of some tasks, added up exactly. */
export class UsageSums {
  requestCount = 0
  chargedPoints: Points = ZERO_POINTS
  refundedPoints: Points = ZERO_POINTS
  matchedCount = 0
  /** Tasks whose bill was not read: then nothing is said of the group's cost. */
  unreadCount = 0
  /** Cost of the matched requests. */
  billedNanoUsd: NanoUsd = ZERO_NANO_USD
  #inputTokens: bigint | null = null
  #outputTokens: bigint | null = null
  #totalTokens: Decimal | null = null
  /** Whether some total comes from the bill, so that tasks whose bill was not read may lack in it. */
  #tokensFromBill = false
  /** Whether some task has tokens that nobody tells whole. */
  #tokensUntold = false

  add(fact: UsageFact): void {
    const { task, standing, billedNanoUsd } = fact
    this.requestCount += 1
    this.chargedPoints = addPoints(this.chargedPoints, task.chargedPoints)
    if (task.refunded) this.refundedPoints = addPoints(this.refundedPoints, task.chargedPoints)
    if (standing === 'not-evaluated') this.unreadCount += 1
    if (standing === 'matched') {
      this.matchedCount += 1
      this.billedNanoUsd = addNanoUsd(this.billedNanoUsd, billedNanoUsd)
    }
    this.#addTokens(fact)
  }

  /** Takes another group's tasks in. */
  merge(other: UsageSums): void {
    this.requestCount += other.requestCount
    this.chargedPoints = addPoints(this.chargedPoints, other.chargedPoints)
    this.refundedPoints = addPoints(this.refundedPoints, other.refundedPoints)
    this.matchedCount += other.matchedCount
    this.unreadCount += other.unreadCount
    this.billedNanoUsd = addNanoUsd(this.billedNanoUsd, other.billedNanoUsd)
    this.#inputTokens = addToKnown(this.#inputTokens, other.#inputTokens)
    this.#outputTokens = addToKnown(this.#outputTokens, other.#outputTokens)
    if (other.#totalTokens !== null) {
      this.#totalTokens = addDecimals(this.#totalTokens ?? ZERO_DECIMAL, other.#totalTokens)
    }
    this.#tokensFromBill ||= other.#tokensFromBill
    this.#tokensUntold ||= other.#tokensUntold
  }

  get netPoints(): Points {
    return subPoints(this.chargedPoints, this.refundedPoints)
  }

  /** Cost at fal by the matched events; null where the bill of any task was not read. */
  get falCostNanoUsd(): NanoUsd | null {
    return this.unreadCount > 0 ? null : this.billedNanoUsd
  }

  get inputTokens(): bigint | null {
    return this.#inputTokens
  }

  get outputTokens(): bigint | null {
    return this.#outputTokens
  }

  /** Whole tokens; null where nobody tells them, or not of all tasks. */
  get totalTokens(): bigint | null {
    if (this.#totalTokens === null || this.#tokensUntold) return null
    if (this.#tokensFromBill && this.unreadCount > 0) return null
    return rounded(this.#totalTokens)
  }

  #addTokens({ inputTokens, outputTokens, events }: UsageFact): void {
    if (inputTokens !== null) this.#inputTokens = (this.#inputTokens ?? 0n) + BigInt(inputTokens)
    if (outputTokens !== null) this.#outputTokens = (this.#outputTokens ?? 0n) + BigInt(outputTokens)
    if (inputTokens !== null && outputTokens !== null) {
      const both = { digits: BigInt(inputTokens) + BigInt(outputTokens), scale: 0 }
      this.#totalTokens = addDecimals(this.#totalTokens ?? ZERO_DECIMAL, both)
      return
    }
    const billed = billedTokens(events)
    if (billed === 'none') {
      // One of the two alone is no total.
      if (inputTokens !== null || outputTokens !== null) this.#tokensUntold = true
      return
    }
    this.#tokensFromBill = true
    if (billed === undefined) this.#tokensUntold = true
    else this.#totalTokens = addDecimals(this.#totalTokens ?? ZERO_DECIMAL, billed)
  }
}

const addToKnown = (known: bigint | null, more: bigint | null): bigint | null =>
  known === null ? more : more === null ? known : known + more

/** Half away from zero: a bill may tell a part of a unit of many tokens. */
function rounded({ digits, scale }: Decimal): bigint {
  const one = 10n ** BigInt(scale)
  const magnitude = (abs(digits) * 2n + one) / (one * 2n)
  return digits < 0n ? -magnitude : magnitude
}
