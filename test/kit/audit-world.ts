import { type Finding, type Report, report as reportSchema } from '../../schemas/report.ts'
import type { BillingStore } from '../../src/billing/store.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { type AuditInput, runAudit } from '../../src/operation.ts'
import { DEFAULT_BILLING, DEFAULT_THRESHOLDS } from '../../src/settings.ts'
import type { CallContext, Dependencies, OperationSettings } from '../../src/tool.ts'
import { type Instant, instant } from '../../src/units/instant.ts'
import type { Zone } from '../../src/units/zone.ts'
import { memoryBilling } from './billing.ts'
import { memoryFal, memoryLedger } from './memory-ports.ts'

/** The moment at which most tests read: two days after the window that MiniWorld fills. */
export const READ_AT: Instant = instant(Date.parse('2026-02-09T04:00:00Z'))

export interface WorldAudit extends Partial<AuditInput> {
  readonly now?: Instant
  readonly zone?: Zone
  readonly settings?: Partial<OperationSettings>
  /** An empty one by default. */
  readonly billing?: BillingStore
}

export const quietContext = (): CallContext => ({ signal: new AbortController().signal, progress: () => undefined })

export function settingsFor(overrides: Partial<OperationSettings> = {}): OperationSettings {
  return {
    auditZone: SHANGHAI,
    accountLimit: 20,
    pointsPerUsd: undefined,
    thresholds: DEFAULT_THRESHOLDS,
    ledgerLink: 'auto',
    modelAliases: new Map(),
    creditsBought: new Map(),
    falKey: undefined,
    billing: DEFAULT_BILLING,
    ...overrides,
  }
}

export function memoryDependencies(
  world: World,
  { now = READ_AT, zone = SHANGHAI, settings = {}, billing = memoryBilling() }: WorldAudit,
): Dependencies {
  return {
    clock: () => now,
    ledger: memoryLedger(world.tables, zone, now),
    fal: memoryFal(world.workspaces),
    settings: settingsFor({ auditZone: zone, ...settings }),
    reports: { kept: 0, put: () => 'report', get: () => undefined, langOf: () => undefined, list: () => [] },
    billing,
  }
}

/** What a test asks for, over the day that MiniWorld fills. A start or end of undefined is none. */
export function auditInput(options: WorldAudit): AuditInput {
  const day = { start: '2026-02-06', end: '2026-02-06' }
  return { ids: [], userIds: [], depth: 'summary', lang: 'en', ...day, ...options }
}

/** Audits a world in memory; by default its one day, 2026-02-06, read three days later. The report is held to its schema. */
export async function auditWorld(world: World, options: WorldAudit = {}): Promise<Report> {
  return reportSchema.parse(await runAudit(auditInput(options), memoryDependencies(world, options), quietContext()))
}

/** Findings in short: rule, classification and subject, to compare whole lists at once. */
export const inShort = ({ findings }: Report): string[] =>
  findings.map(
    ({ rule, classification, subject }: Finding) =>
      `${rule}${classification === 'TIMING' ? ' TIMING' : ''} ${Object.entries(subject)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ')}`,
  )
