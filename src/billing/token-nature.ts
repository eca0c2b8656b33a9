import { tokensPerUnit } from './billed-tokens.ts'
import { namesUnit } from './unit-words.ts'
import type { UsageFact } from './usage-sums.ts'

/** What bills and columns say of whether tasks of one model have tokens at all. */
export class TokenNature {
  #hasTokens = false
  #billedOtherwise = false

  learn({ inputTokens, outputTokens, events }: Pick<UsageFact, 'inputTokens' | 'outputTokens' | 'events'>): void {
    // A column may hold 0 for whatever has none.
    if ((inputTokens ?? 0) > 0 || (outputTokens ?? 0) > 0) this.#hasTokens = true
    for (const event of events) {
      if (tokensPerUnit(event.unit) !== undefined) this.#hasTokens = true
      else if (namesUnit(event)) this.#billedOtherwise = true
    }
  }

  merge(other: TokenNature): void {
    this.#hasTokens ||= other.#hasTokens
    this.#billedOtherwise ||= other.#billedOtherwise
  }

  /** Whether the model is billed, per image say, and never by tokens. Of one that is not billed nothing is known. */
  get hasNone(): boolean {
    return this.#billedOtherwise && !this.#hasTokens
  }
}
