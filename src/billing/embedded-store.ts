import { unitInput } from '../../schemas/billing-shapes.ts'
import { AuditError } from '../errors.ts'
import type { EmbeddedHandle } from '../ledger/embedded-handle.ts'
import { LIMITS } from '../limits.ts'
import { BILLING_CURRENCIES } from '../settings.ts'
import { type Decimal, parseDecimal } from '../units/decimal.ts'
import { type Instant, instant, isoInstant } from '../units/instant.ts'
import { numberIn, type OpenHandle, rowsOf, statementOf, storeFile } from './embedded-file.ts'
import { asGiven } from './price.ts'
import { checkedTerms, conflict, noSuchRule, planChange } from './revise.ts'
import { levelKey, type RuleDraft, type RuleVersion } from './rule.ts'
import type { BillingStore, SettlementRecord } from './store.ts'

export interface EmbeddedStoreOptions {
  /** Absolute. */
  readonly path: string
  readonly open: OpenHandle
  /** The name by which two models are one, from when a rule is recorded. */
  readonly modelKey: (model: string) => string
}

/** The store in a file of its own. Opens nothing, and creates nothing, before there is something to write. */
export function embeddedBillingStore({ path, open, modelKey }: EmbeddedStoreOptions): BillingStore {
  const file = storeFile(path, open)
  const record = (
    handle: EmbeddedHandle,
    draft: RuleDraft,
    { ruleNumber, revision, recordedAt }: Recorded,
  ): RuleVersion => {
    const { modelId, modelName, membershipLevel, inputPrice, outputPrice, unit, currency, effectiveAt } = draft
    const keys = [modelKey(modelId), levelKey(membershipLevel)] as const
    refuseTaken(handle, keys, effectiveAt)
    const names = [modelId, keys[0], modelName, membershipLevel, keys[1]]
    const terms = [asGiven(inputPrice), asGiven(outputPrice), unit, currency]
    statementOf(handle, `INSERT INTO rule_versions VALUES (${Array(14).fill('?').join(', ')})`).run(
      ruleNumber,
      revision,
      ...names,
      ...terms,
      effectiveAt,
      recordedAt,
      null,
    )
    return { ...draft, ruleId: ruleIdOf(ruleNumber), revision, recordedAt, supersededBy: null }
  }
  return {
    rules: async () => (await file.read(allVersions)) ?? [],
    create: async (draft, recordedAt) => {
      checkedTerms(draft)
      return file.write((handle) => {
        refuseBeyondLimit(handle)
        const ruleNumber = numberIn(handle, 'SELECT coalesce(max(rule_number), 0) + 1 FROM rule_versions')
        return record(handle, draft, { ruleNumber, revision: 1, recordedAt })
      })
    },
    update: async (ruleId, change, recordedAt) => {
      // Nothing is made for a rule that cannot be there.
      const known = (await file.read(allVersions)) ?? []
      if (!known.some((version) => version.ruleId === ruleId)) throw noSuchRule(ruleId)
      return file.write((handle) => {
        refuseBeyondLimit(handle)
        const versions = allVersions(handle).filter((version) => version.ruleId === ruleId)
        const { draft, revision, supersedes } = planChange(versions, change, recordedAt)
        const ruleNumber = Number(ruleId.slice(RULE_PREFIX.length))
        if (supersedes !== undefined) {
          statementOf(handle, 'UPDATE rule_versions SET superseded_by = ? WHERE rule_number = ? AND revision = ?').run(
            revision,
            ruleNumber,
            supersedes,
          )
        }
        return record(handle, draft, { ruleNumber, revision, recordedAt })
      })
    },
    settled: async (invoiceIds) => {
      const read = (handle: EmbeddedHandle): SettlementRecord[] => invoiceIds.flatMap((id) => settlementOf(handle, id))
      return invoiceIds.length === 0 ? [] : ((await file.read(read)) ?? [])
    },
    recordSettled: (settlement) =>
      file.write((handle) => {
        const { invoiceId, settledAt, content, hash } = settlement
        statementOf(handle, 'INSERT INTO settlements VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING').run(
          invoiceId,
          settledAt,
          content,
          hash,
        )
        return settlementOf(handle, invoiceId)[0] ?? settlement
      }),
  }
}

interface Recorded {
  readonly ruleNumber: number
  readonly revision: number
  readonly recordedAt: Instant
}

const RULE_PREFIX = 'br_'
const ruleIdOf = (ruleNumber: number): string => `${RULE_PREFIX}${String(ruleNumber).padStart(3, '0')}`

function refuseTaken(handle: EmbeddedHandle, [model, level]: readonly [string, string], effectiveAt: Instant): void {
  const [taken] = rowsOf(
    handle,
    'SELECT rule_number, revision FROM rule_versions WHERE model_key = ? AND level_key = ? AND effective_at = ? AND superseded_by IS NULL',
    model,
    level,
    effectiveAt,
  )
  if (taken === undefined) return
  const [ruleNumber, revision] = taken
  const id = ruleIdOf(Number(ruleNumber))
  throw conflict(
    'effective_at',
    `${id} (revision ${revision}) prices this model and level from ${isoInstant(effectiveAt)} on already`,
    `another instant, or an update of ${id}`,
  )
}

function refuseBeyondLimit(handle: EmbeddedHandle): void {
  if (numberIn(handle, 'SELECT count(*) FROM rule_versions') < LIMITS.billingRuleVersions) return
  throw new AuditError(
    'conflict',
    `the billing store holds ${LIMITS.billingRuleVersions} versions of rules, the most it takes`,
    {
      next: 'name another file in BILLING_STORE',
    },
  )
}

function settlementOf(handle: EmbeddedHandle, invoiceId: string): SettlementRecord[] {
  const sql = 'SELECT invoice_id, settled_at, content, hash FROM settlements WHERE invoice_id = ?'
  return rowsOf(handle, sql, invoiceId).map(([id, settledAt, content, hash]) => ({
    invoiceId: String(id),
    settledAt: instant(Number(settledAt)),
    content: String(content),
    hash: String(hash),
  }))
}

const COLUMNS = `rule_number, revision, model_id, model_name, membership_level, input_price, output_price, unit, currency,
  effective_at, recorded_at, superseded_by`

const allVersions = (handle: EmbeddedHandle): RuleVersion[] =>
  rowsOf(handle, `SELECT ${COLUMNS} FROM rule_versions ORDER BY rule_number, revision`).map(versionOf)

function versionOf(cells: readonly unknown[]): RuleVersion {
  const [ruleNumber, revision, modelId, modelName, level, input, output, unitCell, currencyCell, ...rest] = cells
  const [effectiveAt, recordedAt, supersededBy] = rest
  const unit = unitInput.safeParse(unitCell).data
  const currency = BILLING_CURRENCIES.find((each) => each === currencyCell)
  const [inputPrice, outputPrice] = [priceOf(input), priceOf(output)]
  if (unit === undefined || currency === undefined || inputPrice === undefined || outputPrice === undefined) {
    throw new AuditError(
      'source',
      `the billing store holds a version that cannot be read: ${ruleIdOf(Number(ruleNumber))}`,
      {
        field: 'BILLING_STORE',
        next: 'put a copy of it in its place, or name another file in BILLING_STORE',
      },
    )
  }
  return {
    ruleId: ruleIdOf(Number(ruleNumber)),
    revision: Number(revision),
    modelId: String(modelId),
    modelName: modelName === null ? null : String(modelName),
    membershipLevel: String(level),
    inputPrice,
    outputPrice,
    unit,
    currency,
    effectiveAt: instant(Number(effectiveAt)),
    recordedAt: instant(Number(recordedAt)),
    supersededBy: supersededBy === null ? null : Number(supersededBy),
  }
}

const priceOf = (cell: unknown): Decimal | undefined => (typeof cell === 'string' ? parseDecimal(cell) : undefined)
