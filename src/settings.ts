import { SPANS } from './limits.ts'
import { HOUR, MINUTE, type Millis } from './units/instant.ts'
import { type NanoUsd, nanoUsd } from './units/nano-usd.ts'
import { type Points, points } from './units/points.ts'
import { type Ratio, ratio } from './units/ratio.ts'

/** Every threshold of the rules, with the default that the specification gives. Printed in every report. */
export interface Thresholds {
  /** A1: share of the official cost that the record may be off by. */
  readonly a1DeviationRatio: Ratio
  /** A5: share of a day's charged points that may belong to refunded tasks. */
  readonly a5RefundRatio: Ratio
  /** A6: how many times a user's mean day a day may reach. */
  readonly a6Multiple: Ratio
  /** A6: active days needed in the 30 days before. */
  readonly a6ActiveDays: number
  /** A6: how the usual day is measured. */
  readonly a6Method: 'mean' | 'robust'
  /** A8: balance below which an account is reported. */
  readonly a8BalanceNanoUsd: NanoUsd
  /** B3: share of a request's bill that its record may be off by. */
  readonly b3AmountRatio: Ratio
  /** B7, B8: how long after its end a refund of a task may take. */
  readonly refundLagMillis: Millis
  /** B18: how long after its creation a task may be unfinished. */
  readonly stuckMillis: Millis
  /** B15: unrecorded cost of an account from which on it is reported, where it is also a large share of the bill. */
  readonly b15NanoUsdMin: NanoUsd
  /** B15: share of an account's bill that may be unrecorded. */
  readonly b15Ratio: Ratio
  /** B19: what a day's usage rows and events may differ by, for each usage row. */
  readonly b19NanoUsdPerRow: NanoUsd
  /** B21: cost in a workspace by ids that no account row holds from which on it is reported. */
  readonly b21NanoUsdMin: NanoUsd
  /** B22: what a charge may be off by from what the price rule asks for. */
  readonly b22TolerancePoints: Points
  /** A4: share of charged tasks that must have a linked ledger row for link mode `order`. */
  readonly ledgerLinkRatio: Ratio
  /** A success older than this before fetching must be in the bill. */
  readonly settlementLagMillis: Millis
}

export const DEFAULT_THRESHOLDS: Thresholds = {
  a1DeviationRatio: ratio('0.1'),
  a5RefundRatio: ratio('0.3'),
  a6Multiple: ratio('5'),
  a6ActiveDays: 3,
  a6Method: 'mean',
  a8BalanceNanoUsd: nanoUsd(1_000_000_000n),
  b3AmountRatio: ratio('0.005'),
  refundLagMillis: 24 * HOUR,
  stuckMillis: 24 * HOUR,
  b15NanoUsdMin: nanoUsd(1_000_000_000n),
  b15Ratio: ratio('0.05'),
  b19NanoUsdPerRow: nanoUsd(1000n),
  b21NanoUsdMin: nanoUsd(1_000_000_000n),
  b22TolerancePoints: points(1n),
  ledgerLinkRatio: ratio('0.9'),
  settlementLagMillis: SPANS.settlementLag,
}

export type LedgerLinkSetting = 'auto' | 'order' | 'total'

export type Depth = 'summary' | 'requests'

/** What the rules need to know besides the evidence. */
export interface RuleSettings {
  readonly thresholds: Thresholds
  /** Points that one USD is worth; undefined where not configured. */
  readonly pointsPerUsd: Ratio | undefined
  readonly ledgerLink: LedgerLinkSetting
  /** app_name as stored → fal's endpoint id. */
  readonly modelAliases: ReadonlyMap<string, string>
}

/** How long after a task was charged a ledger row that names none may be dated and still have paid for it. */
export const LEDGER_EDGE: Millis = 10 * MINUTE

/** What amounts of the billing module are in. CNY: one is 100 points. USD: by AUDIT_POINTS_PER_USD. points: one is one. */
export const BILLING_CURRENCIES = ['CNY', 'USD', 'points'] as const
export type BillingCurrency = (typeof BILLING_CURRENCIES)[number]

/** What the billing module takes for granted where nobody says otherwise. */
export interface BillingSettings {
  /** Of usage and statements; each rule names its own. */
  readonly currency: BillingCurrency
  /** The level of users of whom no other is known, and the one whose rules stand in for a level without its own. */
  readonly defaultMembershipLevel: string
}

export const DEFAULT_BILLING: BillingSettings = { currency: 'CNY', defaultMembershipLevel: 'basic' }
