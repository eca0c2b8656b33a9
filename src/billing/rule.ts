import type { z } from 'zod'
import type { unitInput } from '../../schemas/billing-shapes.ts'
import type { BillingCurrency } from '../settings.ts'
import type { Decimal } from '../units/decimal.ts'
import type { Instant } from '../units/instant.ts'

export type BillingUnit = z.output<typeof unitInput>

/** What a user pays for a use. Prices are in `currency` for one `unit`, exact, with the decimals that were given. */
export interface RuleTerms {
  /** null: none was given; the model id is shown. */
  readonly modelName: string | null
  /** Zero for units with one price. */
  readonly inputPrice: Decimal
  readonly outputPrice: Decimal
  readonly unit: BillingUnit
  readonly currency: BillingCurrency
}

/** A rule as it is asked for, before the store gives it an id. */
export interface RuleDraft extends RuleTerms {
  readonly modelId: string
  readonly membershipLevel: string
  readonly effectiveAt: Instant
}

/**
 * One version of a rule: its terms from an instant on. A rule is a series of versions; model and level never change.
 * Versions are kept for ever: a corrected one stays, superseded by its correction.
 */
export interface RuleVersion extends RuleDraft {
  /** br_001 */
  readonly ruleId: string
  /** Counts the versions of the rule in the order in which they were recorded, from 1. */
  readonly revision: number
  readonly recordedAt: Instant
  /** The revision that corrected this one, at the same instant; null: the version stands. */
  readonly supersededBy: number | null
}

/** What an update names; the rest stays as it was. */
export interface RuleChange {
  readonly modelName?: string | undefined
  readonly inputPrice?: Decimal | undefined
  readonly outputPrice?: Decimal | undefined
  readonly unit?: BillingUnit | undefined
  readonly currency?: BillingCurrency | undefined
  readonly effectiveAt?: Instant | undefined
  /** The version that the change starts from, as the caller knows it: another one is refused. */
  readonly revision?: number | undefined
}

/** Whether uses are counted in input and output tokens, each with a price of its own. */
export const countsTokens = (unit: BillingUnit): boolean => unit === 'per_1k_tokens' || unit === 'per_1m_tokens'

/** Levels are compared without case and surrounding blanks. */
export const levelKey = (membershipLevel: string): string => membershipLevel.trim().toLowerCase()
