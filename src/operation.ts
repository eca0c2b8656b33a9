import type { Report } from '../schemas/report.ts'
import { chooseAccounts, collectEvidence } from './audit/collect.ts'
import { unknownUsers } from './audit/ledgers/asked-users.ts'
import { type AuditPlan, type AuditRequest, planAudit, windowOf } from './audit/plan.ts'
import { buildReport } from './audit/report/report.ts'
import { AuditError, inputError } from './errors.ts'
import type { AccountRow, LedgerSnapshot, LedgerStore } from './ledger/reader.ts'
import { checkFirst, type InputCheck } from './operations/input-check.ts'
import { priceReader } from './operations/price-reading.ts'
import { readingAgain } from './operations/read-again.ts'
import type { Lang } from './render/vocabulary.ts'
import type { RuleSettings, Thresholds } from './settings.ts'
import { SpoolFile } from './spool/spool-file.ts'
import type { CallContext, Dependencies, OperationSettings } from './tool.ts'
import { openZone, type Zone } from './units/zone.ts'

export interface AuditInput extends AuditRequest {
  /** Zone of the audit for this call: an IANA name or an offset. */
  readonly timezone?: string | undefined
  readonly lang: Lang
  /** Thresholds for this call only, over the configured ones. */
  readonly thresholds?: Partial<Thresholds> | undefined
  /** How many rows are joined at once, where not the usual number: the report is the same. */
  readonly pieceRows?: number | undefined
}

/** The five steps: reads, reconciles, reports. Throws where accounts or tasks cannot be read at all. */
export async function runAudit(input: AuditInput, dependencies: Dependencies, context: CallContext): Promise<Report> {
  return withPlan(input, dependencies, context, (plan, snapshot) =>
    withSpoolFile(async (file) => {
      const unknown = await unknownUsers(plan, snapshot, context.signal)
      const prices = priceReader(dependencies, context)
      const reading = { ...collecting(context), pieceRows: input.pieceRows, prices }
      const evidence = await collectEvidence(plan, snapshot, dependencies.fal, file, reading)
      return buildReport({ ...evidence, unknownUsers: unknown }, input.lang, reading)
    }),
  )
}

/** A place for the rows of one audit that do not fit into memory, gone when `use` has ended however it ends. */
export async function withSpoolFile<T>(use: (file: SpoolFile) => Promise<T>): Promise<T> {
  const file = new SpoolFile()
  try {
    return await use(file)
  } finally {
    file.close()
  }
}

export interface PlanInput extends AuditRequest {
  /** Of the inputs that the plan does not know. */
  readonly check?: InputCheck
  readonly timezone?: string | undefined
  readonly thresholds?: Partial<Thresholds> | undefined
}

/**
 * Opens one snapshot of the database, settles the window in its zone, and closes the snapshot whatever happens. Bad inputs are
 * told before. `use` may run more than once, see read-again.ts: it must begin with nothing.
 */
export async function withPlan<T>(
  input: PlanInput,
  dependencies: Dependencies,
  context: CallContext,
  use: (plan: AuditPlan, snapshot: LedgerSnapshot) => Promise<T>,
): Promise<T> {
  const { settings, clock } = dependencies
  const { check = () => undefined } = input
  const asked = zoneOf(input.timezone)
  const auditZone = asked ?? settings.auditZone
  const checks: InputCheck = (zone, asOf) => [windowOf(input, zone, asOf), check(zone, asOf)]
  checkFirst(checks, auditZone, clock())
  // Whichever days one call asks for, the stored times are of the zone that the installation is set to.
  const snapshot = await requireLedger(dependencies).snapshot(context.signal, settings.auditZone ?? asked)
  try {
    const zone = auditZone ?? openZone(snapshot.databaseOffset) ?? snapshot.zone
    const rules = ruleSettings(settings, input.thresholds)
    const plan = planAudit(input, zone, snapshot.takenAt, rules, settings.accountLimit)
    return await readingAgain(snapshot, context, () => use(plan, snapshot))
  } finally {
    await snapshot.close()
  }
}

/** The audited accounts and all others, by one plan. */
export async function readAccounts(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
): Promise<{ all: AccountRow[]; audited: AccountRow[] }> {
  const all = await snapshot.accounts()
  return { all, audited: chooseAccounts(all, plan) }
}

/** The database, or an error that says how to set one. */
function requireLedger({ ledger }: Pick<Dependencies, 'ledger'>): LedgerStore {
  if (ledger !== undefined) return ledger
  throw new AuditError('configuration', 'DATABASE_URL is not set, so there are no tables to read', {
    field: 'DATABASE_URL',
    accepted: 'mysql://user:pass@host:port/db, or file:path of an embedded database',
    next: 'set DATABASE_URL for this program, or see a sample with: fal-consumption-audit demo',
  })
}

/** A zone that a caller named. Throws an input error where there is no such zone. */
export function zoneOf(timezone: string | undefined): Zone | undefined {
  if (timezone === undefined) return undefined
  const zone = openZone(timezone)
  if (zone === undefined)
    throw inputError('timezone', timezone, 'an IANA name like Asia/Shanghai, or an offset like +08:00')
  return zone
}

function ruleSettings(settings: OperationSettings, thresholds: Partial<Thresholds> = {}): RuleSettings {
  return {
    thresholds: { ...settings.thresholds, ...thresholds },
    pointsPerUsd: settings.pointsPerUsd,
    ledgerLink: settings.ledgerLink,
    modelAliases: settings.modelAliases,
  }
}

/** Progress of reading, as the faces want it. */
export const collecting = (context: CallContext) => ({
  signal: context.signal,
  progress: (message: string, done: number, total?: number): void =>
    context.progress(total === undefined ? { message, done } : { message, done, total }),
})
