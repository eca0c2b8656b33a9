import type { Ratio } from '../../units/ratio.ts'
import type { EventFact, TaskFact } from './facts.ts'

/** What one use owes by the operator's price rules. */
export type DueCharge =
  /** No rule covers the model at that level and instant. */
  | { readonly kind: 'uncovered' }
  /** The rule is in USD, and nobody says what one is worth. */
  | { readonly kind: 'rate-missing' }
  /** The rule counts what neither the task nor its bill tells. `model` and `unit` as the rule has them. */
  | { readonly kind: 'quantity-unknown'; readonly model: string; readonly unit: string }
  | { readonly kind: 'due'; readonly points: Ratio; terms(): ChargeTerms }

/** How a charge comes about, to be shown: exact plain decimals, cut only where marked with an ellipsis. */
export interface ChargeTerms {
  readonly ruleId: string
  readonly unit: string
  /** Both parts with a plus sign between them, where there are two prices. */
  readonly quantity: string
  readonly price: string
  readonly currency: string
  /** The level whose rule it is: the user's own, or the default one. */
  readonly level: string
  readonly exactPoints: string
}

/** The operator's own price rules, with the levels of the users who are judged. Pure, and the same for all pieces. */
export interface PriceBook {
  /** Versions of rules; 0: there are no rules. */
  readonly versions: number
  /** What a task owes at its creation. `events`: what fal billed for its request; none where it is not matched. */
  chargeOf(task: TaskFact, events: readonly EventFact[]): DueCharge
}

export const NO_PRICES: PriceBook = { versions: 0, chargeOf: () => ({ kind: 'uncovered' }) }
