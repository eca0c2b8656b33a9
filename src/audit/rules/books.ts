import type { RuleId, Severity, Subject } from '../../../schemas/report.ts'
import type { RuleSettings } from '../../settings.ts'
import type { Decimal } from '../../units/decimal.ts'
import type { Whole } from '../../units/exact-sums.ts'
import type { Instant, Millis } from '../../units/instant.ts'
import type { NanoUsd } from '../../units/nano-usd.ts'
import type { Points } from '../../units/points.ts'
import type { Window } from '../../units/window.ts'
import type { CalendarDate } from '../../units/zone.ts'
import type { ChargedByDate, DayBook } from './day-book.ts'
import type { BalanceTrail, RequestBook, TaskLedger } from './facts.ts'
import type { ForeignBook } from './foreign-orders.ts'
import type { KeylessTasks } from './keyless-tasks.ts'
import type { OwnerlessRows } from './ownerless-rows.ts'
import type { PriceBook } from './prices.ts'
import type { UnattributedBill, UnknownKey } from './strange-keys.ts'
import type { BilledWithoutId, TasksWithoutId } from './tasks-without-id.ts'
import type { UndatedPart, UnplacedTasks } from './unplaced-tasks.ts'
import type { UntoldAmounts, UntoldBook, UntoldRecord } from './untold-tasks.ts'

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
  /** By canonical name of the endpoint; `model` is its id as billed, the first of several. */
  readonly byModel: ReadonlyMap<string, { readonly model: string; readonly costNanoUsd: NanoUsd }>
}

/** Names that the matches of all accounts connect, canonical ones, the asked one among them. */
export interface ModelMatches {
  /** What tasks of this stored name were billed as. */
  endpointsOf(name: string): readonly string[]
  /** What tasks that were billed as this endpoint are stored as. */
  storedNamesOf(endpoint: string): readonly string[]
  /** What tasks that name no model were billed as: any stored name may be that of this endpoint. */
  readonly namelessEndpoints: ReadonlySet<string>
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
    readonly untold?: UntoldAmounts
  }
  /** Cost of tasks of the window that could have been billed outside it. */
  readonly crossingOutNanoUsd: NanoUsd
  /** Cost of tasks outside the window that could have been billed within it. */
  readonly crossingInNanoUsd: NanoUsd
  /** What the stored FLOATs of all these tasks may be off by. */
  readonly roundingNanoUsd: NanoUsd
  /** What the dearest task of the window cost. Absent: nothing, or none tells. */
  readonly dearestNanoUsd?: NanoUsd
  /** How many of all these tasks are successes that tell no cost, and are in no sum. Absent: none. */
  readonly untoldCosts?: number
  /** What others of these tasks do not tell. Absent: nothing. */
  readonly untold?: UntoldRecord
  /** Those that bear no request id and could have been billed across an edge. Absent: none. */
  readonly withoutId?: TasksWithoutId
  /** Cost of tasks of the window that are pending for certain. Absent: nothing. */
  readonly youngNanoUsd?: NanoUsd
  /** Of what could have been billed outside the window, the cost of tasks that only could since their end is not told. Absent: nothing. */
  readonly endOpenOutNanoUsd?: NanoUsd
}

/** One account, or one workspace where the bill does not tell its accounts apart: bill and record side by side. */
export interface BillComparison {
  readonly subject: Subject
  /** By event time, as fal sums it up. */
  readonly bill: Reading<BillFigures>
  /** By the period of the tasks, where billing events were read whole: then edges explain nothing any more. */
  readonly period: PeriodBill | null
  /** By canonical stored name. */
  readonly recordByModel: ReadonlyMap<string, ModelRecord>
  /** What fal's usage tells beyond its events, by canonical model name: the two contradict each other there. Absent: nothing. */
  readonly missing?: ReadonlyMap<string, NanoUsd>
  /** Of a workspace, the accounts that share it. */
  readonly members?: readonly number[]
  /** By canonical stored name, how many due tasks bear a request that fal billed and a task made outside the window claims. Absent: none. */
  readonly twins?: ReadonlyMap<string, number>
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
  /** By canonical endpoint, what was billed for tasks whose time is none, in no figure here. Absent: nothing. */
  readonly undated?: ReadonlyMap<string, NanoUsd>
  /** Of it, what lies beyond the cost that these tasks would add to the record, request by request. Absent: nothing. */
  readonly undatedBeyondNanoUsd?: NanoUsd
  /** Of it, what lies within that cost. Absent: nothing. */
  readonly undatedWithinNanoUsd?: NanoUsd
  /** The same, task by task. Absent: none. */
  readonly undatedTasks?: readonly UndatedPart[]
  /** Recorded cost of tasks of the window that may not be billed yet: of pending ones, and of those that still run. */
  readonly youngNanoUsd: NanoUsd
  /** Of it, that of the tasks that still run: they are not pending, which only a success is; that of pending ones whose end cannot be read. */
  readonly runningNanoUsd: NanoUsd
  readonly endOpenNanoUsd?: NanoUsd
  /** Tasks of the window that name no model and that no event was matched with. */
  readonly namelessOpen: number
  /** What fal billed for tasks of the window that tell no cost: absent: nothing. */
  readonly untoldNanoUsd?: NanoUsd
  /** Successes of the window that tell no cost, and that fal did not bill though it should have by now. Absent: none. */
  readonly untoldUnbilled?: number
  /** What may have been billed for tasks without a request id at the edges. Absent: there are none. */
  readonly withoutId?: BilledWithoutId
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
  /** Rows right after an edge of the window, and tasks right before it that they may have paid, explain the difference to the point. */
  readonly explainedByEdge: boolean
  /** Charges below 0 of tasks without a linked row: whether the ledgers gave that back, and how, they do not tell. */
  readonly negativeChargedPoints: Points
  /** Whether tasks tell no charge, and whether rows took something for one of them; absent: all tell theirs. */
  readonly untold?: 'paid' | 'unpaid' | undefined
  /** Absent: all of this is what was paid, no more and no less. */
  readonly bound?: PaymentBound
}

/** What a payment is where some rows may as well have paid tasks that are not told of, or those of somebody else. */
export interface PaymentBound {
  /** Whether at least or at most so much was paid: never what was charged, nor anything on the other side of it. */
  readonly paid: 'least' | 'most'
  /** Why that is not known exactly. */
  readonly reason: Reason
  /** In which ledgers such rows stand. */
  readonly open: Readonly<Record<'points' | 'cash', boolean>>
}

/**
 * Rows of a user's ledgers that link to no task of the user, and of which one may be the row that a task lacks. They are
 * told apart from the payment: where nobody can say what a user paid, these may be known all the same.
 */
export interface UnlinkedRows {
  /**
   * Consume rows of the window without an order or of one that is no task; and those right after its end without one, as far as
   * tasks after it do not need them.
   */
  readonly paidPoints: Points
  readonly nearbyPoints: Points
  /** Whether there are consume rows of which it was not found out whether their orders are tasks, or that do not tell their amount. */
  readonly paidOpen: boolean
  /** Refund rows since the window's start without an order or of one that is no task, what they took back again subtracted. */
  readonly refundedPoints: Points
  /** Of these rows, each that gave something back. */
  readonly refunds: readonly LooseAmount[]
  /** Each amount of cash that came in without an order since the window's start: it may be a refund or a recharge. */
  readonly cashIn: readonly LooseAmount[]
  /** What refund rows gave back of which it was not found out whether their orders are tasks, where that matters. */
  readonly refundsOpenPoints: Points
  /** Whether a row that gave something back, or may have, does not tell its amount, and links to no task as far as is known. */
  readonly refundUntold: boolean
  /** Whether refunds may have come so late that they were not read: there were too many rows to look for them. */
  readonly lateOpen: boolean
}

/** An amount above 0 that came in for no task that it names; `at`: null where it is not known any more when. */
export interface LooseAmount {
  readonly points: Points
  readonly at: Instant | null
}

export interface UserBook {
  readonly userId: number
  readonly taskCount: number
  readonly chargedPoints: Points
  readonly payment: Reading<Payment>
  /** Tasks of the window that tell no charge; absent: none. */
  readonly untoldCharges?: number
  /** The days, of all that were read, with such tasks; absent: none. */
  readonly untoldDates?: ReadonlySet<CalendarDate> | undefined
  /** Only in link mode order. */
  readonly unlinked: Reading<UnlinkedRows>
  /** Task ids whose linked rows do not add up to their charge, or have none. */
  readonly unpaid: Evidence
  /** Tasks with money = 0 and cost_money > 0, not refunded. */
  readonly free: { readonly count: number; readonly costNanoUsd: NanoUsd; readonly evidence: Evidence }
  /** Charged points by day of the audit's zone: the window's days and the history before them. */
  readonly chargedByDate: ChargedByDate
  /** Of these, what was charged on the window's first day before the window began: 0 where it begins with the day. */
  readonly chargedEarly: Whole
}

/** Everything the rules see: sums and lists of one window, free of any way to read more. */
export interface Books {
  readonly window: Window
  readonly asOf: Instant
  readonly comparisons: readonly BillComparison[]
  readonly modelMatches: ModelMatches
  /** Tasks that name no key. Absent: there are none. */
  readonly keyless?: KeylessTasks
  readonly accounts: readonly AccountBook[]
  readonly users: readonly UserBook[]
  readonly days: readonly DayBook[]
  readonly unknownKeys: readonly UnknownKey[]
  readonly unattributed: Reading<readonly UnattributedBill[]>
  /** Not known at depth summary. */
  readonly requests: Reading<RequestBook>
  /** The operator's own price rules; not known at depth summary, nor where they could not be read. */
  readonly priceRules: Reading<PriceBook>
  /** Not known without a ledger, or in link mode total. */
  readonly taskLedgers: Reading<readonly TaskLedger[]>
  /** Tasks that are not among these since all is well: rows took exactly their charge, gave nothing back, and had no cause to. */
  readonly settledTasks: number
  /** What ledger rows may have done that name neither a user nor a task; absent: none. */
  readonly ownerless?: OwnerlessRows
  /** What ledger rows took from users for orders that are tasks of others; absent: it was not looked for. */
  readonly foreign?: ForeignBook
  readonly balances: Reading<BalanceTrail>
  /** Whether rows of any time were looked up for every task, and tasks of any time for every request id of the window. */
  readonly lookedUp: { readonly everyOrder: boolean; readonly everyRequest: boolean }
  /** Median of event time − completed_at over the matched requests, where there are enough of them. */
  readonly clockOffset: { readonly medianMillis: Millis; readonly matched: number } | null
  /** Tasks that could not be placed in time, and so are in no sum; absent: none. */
  readonly unplaced?: UnplacedTasks
  /** Tasks that do not tell something of themselves; absent: none. */
  readonly untold?: UntoldBook
}

export interface FindingDraft {
  readonly subject: Subject
  readonly expected: bigint | null
  readonly actual: bigint | null
  readonly unit: 'USD' | 'points' | 'count'
  readonly count: number
  /** Expected and actual as exact decimals of USD, where those are finer than a nano-dollar: prices may be, and are then told so. */
  readonly exactUsd?: { readonly expected: Decimal; readonly actual: Decimal }
  readonly timing?: boolean
  /** Where it differs from the rule's own. */
  readonly severity?: Severity
  readonly evidence: Evidence
  readonly detail: Readonly<Record<string, string | number>>
  /** Where subjects as they are shown may be alike, what tells them apart; goes into the fingerprint alone. */
  readonly identity?: string
  /** Whose it is besides the subject, so that findings can be looked for by account, user, model or day. */
  readonly context?: FindingContext
  /** The users whom it concerns, where they are several: subject and context name none of them then. */
  readonly users?: readonly number[]
}

export type FindingContext = Pick<Subject, 'workspace' | 'accountId' | 'userId' | 'model' | 'date'>

/** Findings that are counted and not kept, for being too many; absent: none. `users`: whom they concern. */
export interface OmittedFindings {
  readonly breaks: number
  readonly timing: number
  /** Those of the breaks that are HIGH, and those that are MEDIUM. */
  readonly critical: number
  readonly medium: number
  readonly users: ReadonlySet<number>
}

export interface RuleOutcome {
  /** How many subjects were judged. */
  readonly examined: number
  readonly omitted?: OmittedFindings
  readonly findings: readonly FindingDraft[]
  /** `userId`: whom it concerns, where the subject names none. */
  readonly notEvaluated: readonly { readonly subject: Subject; readonly reason: Reason; readonly userId?: number }[]
}

/**
 * `amount`: what the finding is off by, without its sign. Findings of one account and model whose amounts have equally many
 * binary digits are all in doubt or none of them: most are counted alone, and told apart by no more.
 */
export type Doubt = (context: FindingContext, amount: bigint) => Reason | undefined

/** A rule: a pure function from the books to findings, with one id whether it passes or fails. */
export interface Rule {
  readonly id: RuleId
  readonly severity: Severity
  /** Whether a finding is about the window as a whole, so that its fingerprint needs the window's dates. */
  readonly perWindow: boolean
  /**
   * Absent: the rule judges sums, once, over all. Otherwise it judges each request, or each task by its ledger rows, for
   * itself, and is given them piece by piece: books that hold nothing else.
   */
  readonly pieces?: 'requests' | 'ledgers'
  /**
   * Of a rule that judges piece by piece, now that all is added up: why its finding about such a subject does not stand, undefined
   * where nothing is in doubt, or not that finding; and what it says nothing of. `canonicalOf` names models as tasks store them.
   */
  doubts?(books: Books, canonicalOf: (stored: string) => string): Doubt | undefined
  leavesOpen?(books: Books): RuleOutcome['notEvaluated']
  evaluate(books: Books, settings: RuleSettings): RuleOutcome
}
