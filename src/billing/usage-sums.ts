import type { TaskVerdict } from '../audit/rules/facts.ts'
import { addDecimals, type Decimal, ZERO_DECIMAL } from '../units/decimal.ts'
import { abs } from '../units/exact.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { addPoints, type Points, subPoints, ZERO_POINTS } from '../units/points.ts'
import { billedTokens } from './billed-tokens.ts'
import { namesUnit } from './unit-words.ts'

/**
 * One task of the window with what the audit says of it. Tasks of accounts that are not audited come as `not-evaluated`.
 * `selected`: the filters leave it; the others teach what models are called on the bill, and count nowhere.
 */
export interface UsageFact extends Omit<TaskVerdict, 'requestBilled'> {
  readonly apiKey: string
  /** From the mapped columns; null where there is none, or it is NULL. */
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

/** Charges, cost and tokens of some tasks, added up exactly. */
export class UsageSums {
  requestCount = 0
  /** Of the tasks that tell their charge. */
  chargedPoints: Points = ZERO_POINTS
  refundedPoints: Points = ZERO_POINTS
  /** Tasks that may be charged and do not tell it (NULL). Of the refunded ones nothing is left, whatever they were charged. */
  untoldKept = 0
  untoldRefunded = 0
  matchedCount = 0
  /** Tasks whose bill was not read: then nothing is said of the group's cost. */
  unreadCount = 0
  /** Cost of the matched requests. */
  billedNanoUsd: NanoUsd = ZERO_NANO_USD
  #inputTokens: bigint | null = null
  #outputTokens: bigint | null = null
  #totalTokens: Decimal | null = null
  /** Whether some task has, or may have, tokens that nobody tells: of its input, its output, or as a whole. */
  #inputUntold = false
  #outputUntold = false
  #tokensUntold = false
  /** Stored models with a task that neither the columns nor a bill say anything of: it may have tokens. */
  readonly #silentModels = new Set<string>()

  add(fact: UsageFact): void {
    const { task, standing, billedNanoUsd } = fact
    this.requestCount += 1
    this.chargedPoints = addPoints(this.chargedPoints, task.chargedPoints)
    if (task.refunded) this.refundedPoints = addPoints(this.refundedPoints, task.chargedPoints)
    if (isChargeOpen(task)) {
      if (task.refunded) this.untoldRefunded += 1
      else this.untoldKept += 1
    }
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
    this.untoldKept += other.untoldKept
    this.untoldRefunded += other.untoldRefunded
    this.matchedCount += other.matchedCount
    this.unreadCount += other.unreadCount
    this.billedNanoUsd = addNanoUsd(this.billedNanoUsd, other.billedNanoUsd)
    this.#inputTokens = addToKnown(this.#inputTokens, other.#inputTokens)
    this.#outputTokens = addToKnown(this.#outputTokens, other.#outputTokens)
    if (other.#totalTokens !== null) this.#addTotal(other.#totalTokens)
    this.#inputUntold ||= other.#inputUntold
    this.#outputUntold ||= other.#outputUntold
    this.#tokensUntold ||= other.#tokensUntold
    for (const model of other.#silentModels) this.#silentModels.add(model)
  }

  /** Once all tasks were taken: tasks of these models have no tokens, so that their silence leaves nothing untold. */
  settleTokens(hasNone: (storedModel: string) => boolean): void {
    for (const model of this.#silentModels) if (hasNone(model)) this.#silentModels.delete(model)
  }

  /** Of the tasks that tell their charge. */
  get netPoints(): Points {
    return subPoints(this.chargedPoints, this.refundedPoints)
  }

  /** Cost at fal by the matched events; null where the bill of any task was not read. */
  get falCostNanoUsd(): NanoUsd | null {
    return this.unreadCount > 0 ? null : this.billedNanoUsd
  }

  /** Null where nobody tells them, or not of all tasks: a part would pass for the whole. */
  get inputTokens(): bigint | null {
    return this.#inputUntold || this.#isSilent ? null : this.#inputTokens
  }

  get outputTokens(): bigint | null {
    return this.#outputUntold || this.#isSilent ? null : this.#outputTokens
  }

  /** Whole tokens; null where nobody tells them, or not of all tasks. */
  get totalTokens(): bigint | null {
    const exact = this.exactTokens
    return exact === null ? null : roundedTokens(exact)
  }

  /** The same, exact: a bill may tell a part of a unit of many tokens. */
  get exactTokens(): Decimal | null {
    return this.#tokensUntold || this.#isSilent ? null : this.#totalTokens
  }

  get #isSilent(): boolean {
    return this.#silentModels.size > 0
  }

  #addTokens({ task, inputTokens, outputTokens, events, standing }: UsageFact): void {
    if (inputTokens !== null) this.#inputTokens = (this.#inputTokens ?? 0n) + BigInt(inputTokens)
    if (outputTokens !== null) this.#outputTokens = (this.#outputTokens ?? 0n) + BigInt(outputTokens)
    if (inputTokens !== null && outputTokens !== null) {
      this.#addTotal({ digits: BigInt(inputTokens) + BigInt(outputTokens), scale: 0 })
      return
    }
    const billed = standing === 'not-evaluated' ? undefined : billedTokens(events)
    if (billed === 'none' && inputTokens === null && outputTokens === null) {
      // A bill per image says that there are none; no bill says nothing, and neither does what of it names no unit.
      if (events.length === 0 || !events.every(namesUnit)) this.#silentModels.add(task.model)
      return
    }
    this.#inputUntold ||= inputTokens === null
    this.#outputUntold ||= outputTokens === null
    // One of the two alone is no total.
    if (billed === undefined || billed === 'none') this.#tokensUntold = true
    else this.#addTotal(billed)
  }

  #addTotal(tokens: Decimal): void {
    this.#totalTokens = addDecimals(this.#totalTokens ?? ZERO_DECIMAL, tokens)
  }
}

/** A task that failed is charged nothing as a rule: what it was charged counts where it is told. */
const isChargeOpen = ({ chargeUntold, status }: UsageFact['task']): boolean =>
  chargeUntold === true && status !== 'failed'

const addToKnown = (known: bigint | null, more: bigint | null): bigint | null =>
  known === null ? more : more === null ? known : known + more

/** Half away from zero. */
export function roundedTokens({ digits, scale }: Decimal): bigint {
  const one = 10n ** BigInt(scale)
  const magnitude = (abs(digits) * 2n + one) / (one * 2n)
  return digits < 0n ? -magnitude : magnitude
}
