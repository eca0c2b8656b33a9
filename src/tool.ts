import type { z } from 'zod'
import type { Report } from '../schemas/report.ts'
import type { BillingStore } from './billing/store.ts'
import type { AuditError } from './errors.ts'
import type { FalReader } from './fal/reader.ts'
import type { LedgerInspector } from './ledger/inspection.ts'
import type { TableMapping } from './ledger/mapping.ts'
import type { LedgerStore } from './ledger/reader.ts'
import type { BillingSettings, LedgerLinkSetting, Thresholds } from './settings.ts'
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
  readonly billing: BillingSettings
}

/** Reports of this process by id, newest kept, for resources and cursors. */
export interface ReportStore {
  /** How many of the newest are kept. */
  readonly kept: number
  /** `lang`: that of its messages; Chinese where nobody says. */
  put(report: Report, lang?: 'zh' | 'en'): string
  get(id: string): Report | undefined
  /** The language of its messages; undefined where it is not kept. */
  langOf(id: string): 'zh' | 'en' | undefined
  list(): { readonly id: string; readonly title: string }[]
}

/** How the program was set up: what the doctor looks at, and no other operation. */
export interface Setup {
  /** Settings that cannot be used, each with its environment variable as field; the defaults stand in for them. */
  readonly problems: readonly AuditError[]
  /** undefined: DATABASE_URL is not set, or is among the problems. */
  readonly inspector: LedgerInspector | undefined
  readonly mapping: TableMapping | undefined
  /** DB_TIMEZONE. */
  readonly dbZone: Zone | undefined
  /** Host and port of the proxy that fal's Platform API is asked through; undefined: none. */
  readonly falProxy?: string | undefined
}

/** Everything an operation works with; the faces build it once. */
export interface Dependencies {
  readonly clock: Clock
  /** undefined: DATABASE_URL is not set. Operations that need it say so through requireLedger. */
  readonly ledger: LedgerStore | undefined
  readonly fal: FalReader
  readonly settings: OperationSettings
  readonly reports: ReportStore
  /** Absent: nobody told. */
  readonly setup?: Setup
  /** Rules and settlements that this program itself keeps; nothing is opened before the first use. */
  readonly billing: BillingStore
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

/** clean: nothing is wrong; findings: something is; unverified: nothing is, as far as could be told. */
export type Verdict = 'clean' | 'findings' | 'unverified'

/** Makes ready what operations work with. `despite`: also where settings cannot be used, which Setup then tells. */
export type OpenDependencies = (how?: { readonly despiteProblems: boolean }) => Promise<Dependencies>

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
  /** Fields that a caller who follows nextCursor is told once, on the first page. */
  readonly firstPageOnly?: readonly string[]
  /** What only serves a caller who asks the same process again: a command line ends with its one answer, and offers none of it. */
  readonly kept?: {
    readonly inputs: readonly string[]
    readonly outputs: readonly string[]
    /** The sentence of the description that tells of it. */
    readonly told: string
  }
  /** What it means where `run` throws kind 'not-found'; absent where it never does. */
  readonly notFound?: string
  /** Whether it changes what it is asked to change. Such a tool is only there where the configuration allows it. */
  readonly writes?: true
  /** Whether it reads alone, but keeps some of what it saw in this program's own store. */
  readonly records?: true
  /** Whether it looks into the set-up itself: settings that cannot be used are told by it, and do not keep it from running. */
  readonly diagnoses?: true
  /** The exit code of its command; by default whether the result is complete. */
  verdictOf?(result: z.input<O>): Verdict
  /** The result as text for a terminal, for --format text. */
  render?(result: z.input<O>): string
  run(input: z.output<I>, dependencies: Dependencies, context: CallContext): Promise<z.input<O>>
}
