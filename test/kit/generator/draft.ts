import type { RuleVersion } from '../../../src/billing/rule.ts'
import type { Depth, LedgerLinkSetting } from '../../../src/settings.ts'
import type { Instant } from '../../../src/units/instant.ts'
import type { Window } from '../../../src/units/window.ts'
import type { CalendarDate } from '../../../src/units/zone.ts'
import type { Model } from './models.ts'

/**
 * A world that can still be edited: rows without row ids and running balances, times as instants. Tasks, events and ledger
 * entries are joined by their ids only, as in life, so that any of them can be bent alone.
 */
export interface Draft {
  readonly seed: number
  /** What the audit will read; at summary the events are not among it. */
  readonly depth: Depth
  readonly window: Window
  readonly firstDate: CalendarDate
  readonly lastDate: CalendarDate
  /** The moment of reading. */
  readonly now: Instant
  readonly accounts: DraftAccount[]
  readonly workspaces: DraftWorkspace[]
  readonly users: DraftUser[]
  readonly tasks: DraftTask[]
  readonly events: DraftEvent[]
  readonly entries: DraftEntry[]
  readonly settings: DraftSettings
  /** Endpoint → name in app_name, where the installation stores another. */
  readonly storedNames: ReadonlyMap<string, string>
  /** Percent off, by `workspace endpoint`. */
  readonly discounts: ReadonlyMap<string, number>
  /** The operator's price rules, as they were recorded. */
  readonly prices: RuleVersion[]
  /** Endpoints whose charges rules can judge: what a unit costs by them, in cents of a point. */
  readonly priced: Map<string, number>
  /** Tasks made so far, for their ids. */
  serial: number
  /** Moves every stored time: an installation whose zone is not the one that the audit was told. */
  storedShift: number
  /** What a fault has claimed, so that a second one looks elsewhere: `user 101`, `account 5`, `date 2026-02-06`. */
  readonly claimed: Set<string>
}

export interface DraftSettings {
  readonly links: 'all' | 'most' | 'none'
  readonly ledgerLink: LedgerLinkSetting
  /** Whether rows of the bill name a key. */
  readonly attribution: 'keys' | 'none'
  accountLimit: number
  /** undefined: no rate is configured. */
  readonly pointsPerUsd: string | undefined
  /** Aliases that the configuration knows; others must be learned. */
  readonly modelAliases: ReadonlyMap<string, string>
}

export interface DraftAccount {
  readonly id: number
  readonly apiKey: string
  readonly workspace: string
  /** USD text. */
  balance: string | null
  status: 0 | 1
}

export interface DraftWorkspace {
  readonly username: string
  /** Live credits. */
  balance: string | null
}

export interface DraftUser {
  readonly id: number
  /** Points before the first row of the ledger. */
  opening: number
  readonly models: readonly Model[]
  /** Membership level; absent: none is stored. */
  level?: string
}

export interface DraftTask {
  readonly taskId: string
  userId: number
  apiKey: string
  /** As stored in app_name. */
  model: string
  /** Bare; '' for none. */
  requestId: string
  /** As stored. */
  onlineTaskId: string | null
  status: string
  points: number
  costNanoUsd: bigint | null
  refunded: boolean
  createdAt: Instant
  completedAt: Instant | null
}

export interface DraftEvent {
  readonly workspace: string
  requestId: string
  endpoint: string
  at: Instant
  quantity: number
  unit: string
  unitPriceNanoUsd: bigint
  percentDiscount: number
  costNanoUsd: bigint
  keyId?: string
  login?: string
  /** Where usage rows and billing events tell different stories: only usage has it, or usage has it at another time. */
  usageOnly?: boolean
  usageAt?: Instant
}

export interface DraftEntry {
  readonly book: 'points' | 'cash'
  readonly userId: number
  /** Points or cents, + in, − out. */
  amount: number
  orderId: string | null
  readonly kind: 'consume' | 'refund' | 'recharge' | 'gift' | 'income'
  at: Instant
  /** Points: balance_before lies this much off the previous balance_after. */
  jump?: number
  /** Points: balance_after lies this much off balance_before + points. */
  miscount?: number
}

export const taskEvents = (draft: Draft, { requestId }: DraftTask): DraftEvent[] =>
  requestId === '' ? [] : draft.events.filter((event) => event.requestId === requestId)

export const taskEntries = (draft: Draft, { taskId }: DraftTask, kind: DraftEntry['kind'] = 'consume'): DraftEntry[] =>
  draft.entries.filter((entry) => entry.orderId === taskId && entry.kind === kind)

/** Takes the items out of the list. */
export function remove<T>(from: T[], items: readonly T[]): void {
  const gone = new Set(items)
  const kept = from.filter((item) => !gone.has(item))
  from.splice(0, from.length, ...kept)
}

export const accountOf = (draft: Draft, { apiKey }: DraftTask): DraftAccount | undefined =>
  draft.accounts.find((account) => account.apiKey === apiKey)

/** The accounts that the audit looks at: the newest ones. */
export const auditedAccounts = ({ accounts, settings }: Draft): DraftAccount[] =>
  [...accounts].sort((a, b) => b.id - a.id).slice(0, settings.accountLimit)
