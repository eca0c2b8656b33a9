import type { RuleId, Severity, Subject } from '../../../schemas/report.ts'
import type { Depth, RuleSettings } from '../../settings.ts'
import type { Instant, Millis } from '../../units/instant.ts'
import type { NanoUsd } from '../../units/nano-usd.ts'
import type { Points } from '../../units/points.ts'
import type { Window } from '../../units/window.ts'
import type { CalendarDate } from '../../units/zone.ts'

/** Why something was not evaluated: a code that the languages turn into a sentence, with its values. */
export interface Reason {
  readonly code: string
  readonly params?: Readonly<Record<string, string | number>>
}

/** A figure that was read, or the reason why it was not. What is unknown is never zero. */
export type Reading<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly reason: Reason }

export const known = <T>(value: T): Reading<T> => ({ known: true, value })
export const unknown = (code: string, params?: Reason['params']): { known: false; reason: Reason } => ({
  known: false,
  reason: params === undefined ? { code } : { code, params },
})

/** Ids that prove a finding: the first few, and how many there are. */
export interface Evidence {
  readonly total: number
  readonly ids: readonly string[]
}

export const NO_EVIDENCE: Evidence = { total: 0, ids: [] }

/** What fal billed to one account or workspace within the window. */
export interface BillFigures {
  readonly costNanoUsd: NanoUsd
  /** By canonical model name; `model` is the endpoint id as billed. */
  readonly byModel: ReadonlyMap<string, { readonly model: string; readonly costNanoUsd: NanoUsd }>
}

/** What the system recorded of one model on one account or workspace. */
export interface ModelRecord {
  /** The model's name as stored with the tasks. */
  readonly model: string
  /** Tasks of the window, whatever their status. */
  readonly taskCount: number
  readonly costNanoUsd: NanoUsd
  /** Settled tasks of the window, not refunded, with cost or charge: what fal must have billed. */
  readonly due: {
    readonly count: number
    readonly costNanoUsd: NanoUsd
    readonly chargedPoints: Points
    /** How many of them could have been billed outside the window. */
    readonly crossingCount: number
    readonly evidence: Evidence
  }
  /** Cost of tasks of the window that could have been billed outside it. */
  readonly crossingOutNanoUsd: NanoUsd
  /** Cost of tasks outside the window that could have been billed within it. */
  readonly crossingInNanoUsd: NanoUsd
}

/** One account, or one workspace where the bill does not tell its accounts apart: bill and record side by side. */
export interface BillComparison {
  readonly subject: Subject
  /** By event time, as fal sums it up. */
  readonly bill: Reading<BillFigures>
  /** By the period of the tasks, where billing events were read whole: then edges explain nothing any more. */
  readonly period: PeriodBill | null
  readonly recordByModel: ReadonlyMap<string, ModelRecord>
}

/** byEventTime − carriedIn + carriedOut = byTaskPeriod, exactly. */
export interface Bridge {
  readonly byEventTimeNanoUsd: NanoUsd
  /** Billed within the window for tasks outside it. */
  readonly carriedInNanoUsd: NanoUsd
  /** Billed outside the window for tasks within it. */
  readonly carriedOutNanoUsd: NanoUsd
  readonly byTaskPeriodNanoUsd: NanoUsd
}

export interface PeriodBill {
  readonly figures: BillFigures
  readonly bridge: Bridge
  /** Recorded cost of successes of the window that are not settled and not billed yet. */
  readonly pendingNanoUsd: NanoUsd
}

export interface AccountBook {
  readonly accountId: number
  readonly disabled: boolean
  /** Official cost of the window by event time; null where not read. */
  readonly billNanoUsd: NanoUsd | null
  /** The live balance where it could be read, else the table's; null where neither is known. */
  readonly balance: { readonly nanoUsd: NanoUsd; readonly source: 'live' | 'table' } | null
}

/** What a user paid for the fal tasks of the window, in one of the two link modes. */
export interface Payment {
  readonly mode: 'order' | 'total'
  /** Charge of the tasks that have a linked row (mode order), or of all tasks (mode total). */
  readonly comparedChargedPoints: Points
  /** Paid in linked rows (mode order), or in all consume rows of the window (mode total). */
  readonly comparedPaidPoints: Points
  /** Mode order: charge of the tasks without a linked row, and the user's consume rows of the window that link to no task. */
  readonly unlinkedChargedPoints: Points
  readonly unlinkedPaidPoints: Points
  readonly pointsConsumed: Points
  readonly cashConsumed: Points
  /** Mode total: rows and tasks right at the window's edge explain the difference to the point. */
  readonly explainedByEdge: boolean
}

export interface UserBook {
  readonly userId: number
  readonly taskCount: number
  readonly chargedPoints: Points
  readonly payment: Reading<Payment>
  /** Task ids whose linked rows do not add up to their charge, or have none. */
  readonly unpaid: Evidence
  /** Tasks with money = 0 and cost_money > 0, not refunded. */
  readonly free: { readonly count: number; readonly costNanoUsd: NanoUsd; readonly evidence: Evidence }
  /** Charged points by day of the audit's zone: the window's days and the history before them. */
  readonly chargedByDate: ReadonlyMap<CalendarDate, Points>
}

export interface DayBook {
  readonly date: CalendarDate
  readonly chargedPoints: Points
  readonly refundedPoints: Points
  readonly refundedCount: number
  readonly evidence: Evidence
}

/** A task of the window, as the request-level rules see it. */
export interface TaskFact {
  readonly rowId: number
  readonly userId: number
  readonly taskId: string
  /** fal's bare request id; '' where the task has none. */
  readonly requestId: string
  readonly model: string
  readonly status: 'success' | 'failed' | 'unfinished'
  readonly chargedPoints: Points
  readonly costNanoUsd: NanoUsd
  readonly refunded: boolean
  readonly createdAt: Instant
  readonly completedAt: Instant | null
}

/** One billing event of fal. */
export interface EventFact {
  readonly requestId: string
  readonly model: string
  readonly at: Instant
  readonly quantity: string | null
  readonly unit: string | null
  readonly unitPrice: string | null
  readonly percentDiscount: string | null
  readonly costNanoUsd: NanoUsd
}

/**
 * Where a task of the window stands against the bill. Each has exactly one: matched wins over all but not-evaluated
 * (its account's events were not read whole); failed and unfinished have no event; pending is a success that is not
 * settled; duplicate shares the request id of a task that claimed it.
 */
export type TaskStanding =
  | 'matched'
  | 'unbilled'
  | 'pending'
  | 'failed'
  | 'unfinished'
  | 'without-id'
  | 'duplicate'
  | 'not-evaluated'

export interface TaskVerdict {
  readonly task: TaskFact
  /** null: the task's key is in no account row. */
  readonly accountId: number | null
  readonly standing: TaskStanding
  /** The events of its request, where matched. */
  readonly events: readonly EventFact[]
  readonly billedNanoUsd: NanoUsd
  /** Whether the filter by user leaves it: rules per task judge only these. */
  readonly selected: boolean
}

/** A request that fal billed within the window and that no task of any time records. */
export interface Orphan {
  readonly requestId: string
  /** null: the bill does not tell the accounts of its workspace apart. */
  readonly accountId: number | null
  readonly events: readonly EventFact[]
  readonly costNanoUsd: NanoUsd
}

/** A request id that several tasks bear, all of them, in order of creation. */
export interface SharedRequest {
  readonly requestId: string
  readonly accountId: number | null
  readonly tasks: readonly TaskFact[]
}

/** A request that fal, asked for it by id, bills with the same event more than once within one answer. */
export interface RepeatedBill {
  readonly requestId: string
  readonly accountId: number | null
  /** The task that claims the request, where there is one. */
  readonly taskId: string | null
  readonly event: EventFact
  readonly times: number
}

/** Bill and task table, request by request. */
export interface RequestBook {
  readonly tasks: readonly TaskVerdict[]
  readonly orphans: readonly Orphan[]
  readonly shared: readonly SharedRequest[]
  readonly repeated: readonly RepeatedBill[]
  /** Accounts whose events were not read whole: nothing is said of their requests. */
  readonly unread: readonly { readonly accountId: number; readonly reason: Reason }[]
  /** Bill of the window by account, model and closed day, twice: from usage rows and from events. */
  readonly dailyBills: readonly DailyBill[]
  /** Prices billed within what was fetched, in order of time. */
  readonly prices: readonly PricePoint[]
}

export interface DailyBill {
  readonly accountId: number
  readonly model: string
  readonly date: CalendarDate
  readonly usageNanoUsd: NanoUsd
  readonly usageRows: number
  readonly eventsNanoUsd: NanoUsd
}

export interface PricePoint {
  readonly workspace: string
  readonly model: string
  readonly unit: string
  readonly percentDiscount: string
  readonly unitPrice: string
  readonly at: Instant
}

/** Rows of both ledgers that bear a task's id, of any time. */
export interface LinkedEntry {
  readonly book: 'points' | 'cash'
  readonly rowId: number
  /** consume and refund only; cash that came in for a task is a refund. */
  readonly kind: 'consume' | 'refund'
  /** As stored: + in, − out. */
  readonly amountPoints: Points
  readonly at: Instant
}

/** A user's charge and what stands in the ledgers for it, task by task. Only in link mode order. */
export interface TaskLedger {
  readonly task: TaskFact
  readonly accountId: number | null
  /** Sum of its billing events; null where its bill was not read whole. */
  readonly billedNanoUsd: NanoUsd | null
  readonly entries: readonly LinkedEntry[]
}

/** A break in a user's points ledger within the window: the first row that shows it, and how many do. */
export interface LedgerBreak {
  readonly userId: number
  readonly rowId: number
  readonly count: number
  readonly expectedPoints: Points
  readonly actualPoints: Points
}

export interface BalanceTrail {
  /** Users whose rows of the window were followed. */
  readonly users: number
  readonly arithmetic: readonly LedgerBreak[]
  readonly continuity: readonly LedgerBreak[]
  readonly negative: readonly LedgerBreak[]
}

export interface UnknownKey {
  /** Shortened. */
  readonly keyId: string
  readonly taskCount: number
  readonly costNanoUsd: NanoUsd
  readonly evidence: Evidence
}

/** What fal billed in a workspace to ids that no account row holds. */
export interface UnattributedBill {
  readonly workspace: string
  readonly costNanoUsd: NanoUsd
  readonly keyIds: Evidence
}

/** Everything the rules see: sums and lists of one window, free of any way to read more. */
export interface Books {
  readonly window: Window
  readonly asOf: Instant
  readonly depth: Depth
  readonly comparisons: readonly BillComparison[]
  readonly accounts: readonly AccountBook[]
  readonly users: readonly UserBook[]
  readonly days: readonly DayBook[]
  readonly unknownKeys: readonly UnknownKey[]
  readonly unattributed: Reading<readonly UnattributedBill[]>
  /** Not known at depth summary. */
  readonly requests: Reading<RequestBook>
  /** Not known without a ledger, or in link mode total. */
  readonly taskLedgers: Reading<readonly TaskLedger[]>
  readonly balances: Reading<BalanceTrail>
  /** Median of event time − completed_at over the matched requests, where there are enough of them. */
  readonly clockOffset: { readonly medianMillis: Millis; readonly matched: number } | null
}

export interface FindingDraft {
  readonly subject: Subject
  readonly expected: bigint | null
  readonly actual: bigint | null
  readonly unit: 'USD' | 'points' | 'count'
  readonly count: number
  readonly timing?: boolean
  /** Where it differs from the rule's own. */
  readonly severity?: Severity
  readonly evidence: Evidence
  readonly detail: Readonly<Record<string, string | number>>
  /** Whose it is besides the subject, so that findings can be looked for by account, user, model or day. */
  readonly context?: FindingContext
}

export type FindingContext = Pick<Subject, 'accountId' | 'userId' | 'model' | 'date'>

export interface RuleOutcome {
  /** How many subjects were judged. */
  readonly examined: number
  readonly findings: readonly FindingDraft[]
  readonly notEvaluated: readonly { readonly subject: Subject; readonly reason: Reason }[]
}

/** A rule: a pure function from the books to findings, with one id whether it passes or fails. */
export interface Rule {
  readonly id: RuleId
  readonly severity: Severity
  /** Whether a finding is about the window as a whole, so that its fingerprint needs the window's dates. */
  readonly perWindow: boolean
  evaluate(books: Books, settings: RuleSettings): RuleOutcome
}
