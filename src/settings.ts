import { SPANS } from './limits.ts'
import { MINUTE, type Millis } from './units/instant.ts'
import { type NanoUsd, nanoUsd } from './units/nano-usd.ts'
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

/** How long after a cash or points row of a task its charge may be dated and still belong to it, in link mode total. */
export const LEDGER_EDGE: Millis = 10 * MINUTE
