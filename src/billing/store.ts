import type { Instant } from '../units/instant.ts'
import type { RuleChange, RuleDraft, RuleVersion } from './rule.ts'

/** A monthly statement as it was when it was first seen settled. */
export interface SettlementRecord {
  /** inv_202401, inv_202401_u101 */
  readonly invoiceId: string
  readonly settledAt: Instant
  /** The content as canonical JSON, and its SHA-256 in hex. */
  readonly content: string
  readonly hash: string
}

/**
 * What this program itself keeps: billing rules and settlements, never in the operator's tables. Nothing is opened before
 * the first use; reading where nothing was ever written yields nothing and creates nothing.
 *
 * Every method throws AuditError: kind 'configuration' where the place cannot be used as a store, 'source' where it
 * cannot be read or written now.
 */
export interface BillingStore {
  /** Every version of every rule, superseded ones too, by rule and revision. */
  rules(): Promise<readonly RuleVersion[]>
  /**
   * Records a new rule, as revision 1. Throws kind 'conflict' where a standing version of any rule has the same model,
   * level and instant.
   */
  create(draft: RuleDraft, recordedAt: Instant): Promise<RuleVersion>
  /**
   * Records the next version of a rule (see planChange for which instant it is for). Throws kind 'not-found' for an
   * unknown rule, 'conflict' where another version is in the way, and 'input' where the terms do not go together.
   */
  update(ruleId: string, change: RuleChange, recordedAt: Instant): Promise<RuleVersion>
  /** The settlements of these statements, as far as there are any. */
  settled(invoiceIds: readonly string[]): Promise<SettlementRecord[]>
  /** Records a settlement where there is none yet. The first one stays: what is returned is what stands. */
  recordSettled(record: SettlementRecord): Promise<SettlementRecord>
}
