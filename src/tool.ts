import type { z } from 'zod'
import type { Report } from '../schemas/report.ts'
import type { FalReader } from './fal/reader.ts'
import type { LedgerStore } from './ledger/reader.ts'
import type { LedgerLinkSetting, Thresholds } from './settings.ts'
import type { Clock } from './units/instant.ts'
import type { NanoUsd } from './units/nano-usd.ts'
import type { Ratio } from './units/ratio.ts'
import type { CalendarDate, Zone } from './units/zone.ts'

/** Credits that a workspace bought from the start of a day on, in the audit's zone. */
export interface CreditsBought {
  readonly nanoUsd: NanoUsd
  readonly since: CalendarDate
}

/** What the configuration settles for every operation. Holds no secret but the key, which only fal ever sees. */
export interface OperationSettings {
  /** AUDIT_TIMEZONE; undefined: the database's own offset. */
  readonly auditZone: Zone | undefined
  readonly accountLimit: number
  readonly pointsPerUsd: Ratio | undefined
  readonly thresholds: Thresholds
  readonly ledgerLink: LedgerLinkSetting
  readonly modelAliases: ReadonlyMap<string, string>
  /** By the workspace's username at fal. */
  readonly creditsBought: ReadonlyMap<string, CreditsBought>
  /** FAL_KEY, for reading a bill without the account table. */
  readonly falKey: string | undefined
}

/** Reports of this process by id, newest kept, for resources and cursors. */
export interface ReportStore {
  put(report: Report): string
  get(id: string): Report | undefined
  list(): { readonly id: string; readonly title: string }[]
}

/** Everything an operation works with; the faces build it once. */
export interface Dependencies {
  readonly clock: Clock
  /** undefined: DATABASE_URL is not set. Operations that need it say so through requireLedger. */
  readonly ledger: LedgerStore | undefined
  readonly fal: FalReader
  readonly settings: OperationSettings
  readonly reports: ReportStore
}

export interface Progress {
  /** What is being done, one short sentence without data from outside. */
  readonly message: string
  readonly done: number
  /** undefined: not known yet. */
  readonly total?: number
}

export interface CallContext {
  readonly signal: AbortSignal
  progress(update: Progress): void
}

/**
 * One operation as pure data: MCP tool, REST route and CLI command are derived from it.
 * run returns the whole result; the faces cut it to size along `lists`.
 */
export interface Tool<I extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly title: string
  /** Plain ASCII words for an agent: what it answers, when to use it, what comes back. */
  readonly description: string
  readonly input: I
  /** Strict. Built with pagedOutput, so that it also holds nextCursor, truncated, omitted and next. */
  readonly output: O
  /** Dotted paths of the arrays that may be cut, the most telling first. */
  readonly lists: readonly string[]
  run(input: z.output<I>, dependencies: Dependencies, context: CallContext): Promise<z.input<O>>
}
