import type { Instant } from '../../units/instant.ts'
import type { NanoUsd } from '../../units/nano-usd.ts'
import type { Points } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import type { Evidence, Reason } from './books.ts'

/** A task of the window, as the request-level rules see it. */
export interface TaskFact {
  readonly rowId: number
  readonly userId: number
  /** Where the row names no user, who is 0 then. */
  readonly userUntold?: true
  readonly taskId: string
  /** fal's bare request id; '' where the task has none. */
  readonly requestId: string
  readonly model: string
  readonly status: 'success' | 'failed' | 'unfinished'
  readonly chargedPoints: Points
  /** Where the row does not tell its charge, which is 0 then; and its cost. */
  readonly chargeUntold?: true
  readonly costNanoUsd: NanoUsd
  readonly costUntold?: true
  readonly refunded: boolean
  readonly createdAt: Instant
  readonly completedAt: Instant | null
  /** Where the row holds an end that cannot be read; null then. */
  readonly endUntold?: true
  /** Where the installation stores them; null or absent: not known. */
  readonly inputTokens?: number | null
  readonly outputTokens?: number | null
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
  /** Whether its request is billed to a task of the window that the filters leave, whichever of them claims it. */
  readonly requestBilled: boolean
  /** What fal billed for its request, where that hangs on the time of another task, which has none, and which now counts as billed. */
  readonly mayBeBilledNanoUsd?: NanoUsd
  /** As what fal billed its request to its account, by canonical endpoint, where a task made outside the window claims it. Absent: not so. */
  readonly billedElsewhenAs?: ReadonlySet<string>
  /** Whether the filter by user leaves it: rules per task judge only these. */
  readonly selected: boolean
}

/** What fal billed one account within the window of a request that no task of any time records. */
export interface Orphan {
  readonly requestId: string
  /** null: the bill does not tell the accounts of its workspace apart. */
  readonly accountId: number | null
  /** The workspace whose bill that is, as fal names it; absent where an account is told, and where fal names none. */
  readonly workspace?: string
  readonly events: readonly EventFact[]
  readonly costNanoUsd: NanoUsd
  /** Of it, what was billed to keys that no account row holds, where ids say nothing: they may be the account's. Absent: nothing. */
  readonly strangeNanoUsd?: NanoUsd
}

/** A request id that several tasks bear, all of them, in order of creation. */
export interface SharedRequest {
  readonly requestId: string
  readonly accountId: number | null
  readonly tasks: readonly TaskFact[]
  /** Those of the period, and of the filters, tell no charge: they may be none of the charged ones. Absent: one was charged. */
  readonly ownUntold?: true
}

/** A request that fal, asked for it by id, bills with the same event more than once within one answer. */
export interface RepeatedBill {
  readonly requestId: string
  readonly accountId: number | null
  /** The workspace whose bill does not tell its accounts apart, as fal names it; absent otherwise. */
  readonly workspace?: string
  /** The task that claims the request, where there is one. */
  readonly taskId: string | null
  /** The user of that task, where it names one. */
  readonly userId?: number
  readonly event: EventFact
  readonly times: number
  /** The filters leave its task out: its verdict stands, and no rule accuses it. */
  readonly leftOut?: true
}

/**
 * Bill and task table, request by request. Requests come in pieces, all that bears one id in the same one: rules that
 * judge single requests see one piece after another, the others what all pieces add up to, without the tasks.
 */
export interface RequestBook {
  readonly tasks: readonly TaskVerdict[]
  /**
   * Matches of this piece that are not among the tasks: successes that were not refunded, billed once at what was recorded, and
   * those of them with a cost above 0. Of them there is nothing to say. Absent: all are among the tasks.
   */
  readonly plain?: { readonly count: number; readonly withCost: number }
  readonly orphans: readonly Orphan[]
  readonly shared: readonly SharedRequest[]
  readonly repeated: readonly RepeatedBill[]
  /** Accounts whose events were not read whole: nothing is said of their requests. */
  readonly unread: readonly { readonly accountId: number; readonly reason: Reason }[]
  /** Accounts whose bill was not read both ways, or not told apart: their days are not compared. */
  readonly billsUnread: readonly { readonly accountId: number; readonly reason: Reason }[]
  /** Bill of the window by account, model and closed day, twice: from usage rows and from events. */
  readonly dailyBills: readonly DailyBill[]
  /** Prices billed within what was fetched, in order of time; of a price that never changes, its first. */
  readonly prices: readonly PricePoint[]
  /** Charges and bill of the tasks whose requests are billed, by model and day; none where no rate tells what a charge is worth. */
  readonly modelDays: readonly ModelDay[]
  /** Matched tasks that were refunded, by user. */
  readonly refundLosses: readonly RefundLoss[]
  /** Tasks that have no time, of those that the filters leave or may leave, as far as fal billed them. Absent: none. */
  readonly undated?: readonly UndatedBill[]
  /** Accounts of which events were read, but not all that was asked by id was answered; null: keys in no account row. */
  readonly unanswered: readonly (number | null)[]
}

/** Tasks of one model and day of creation that the filters leave and whose requests are billed: each request once. */
export interface ModelDay {
  /** As stored: of several ways to write it the first. */
  readonly model: string
  /** The name by which models are compared. */
  readonly canonical: string
  readonly date: CalendarDate
  readonly taskCount: number
  /** Charged and not refunded. */
  readonly keptPoints: Points
  /** Tasks that were not refunded and tell no charge; absent: none. */
  readonly untoldCharges?: number
  readonly billedNanoUsd: NanoUsd
  /** Tasks of the day that may be billed as well: nobody could tell. Absent: none. */
  readonly unread?: UnreadTasks
  readonly evidence: Evidence
}

/** Tasks of the filters whose bill was not read: fal may have billed them anything, or nothing. */
export interface UnreadTasks {
  /** The first of their accounts; null: keys in no account row. */
  readonly accountId: number | null
  /** Charged and not refunded, of those above 0; null: one of them tells no charge. */
  readonly keptPoints: Points | null
}

/** Matched tasks of one user that were refunded, of those that the filters leave: what fal billed of them. */
export interface RefundLoss {
  readonly userId: number
  /** Those that fal billed; the amounts are theirs. */
  readonly billedCount: number
  readonly billedNanoUsd: NanoUsd
  readonly refundedPoints: Points
  readonly evidence: Evidence
}

/**
 * A task that has no time, or none that can be read, or one of the window that bears the request id of such a task: and what fal
 * billed for it, whenever it was, or may have.
 */
export interface UndatedBill {
  readonly task: TaskFact
  /** The canonical name of its model. */
  readonly canonical: string
  readonly billedNanoUsd: NanoUsd
  /** Users were asked for, and it names none. */
  readonly userOpen?: true
  /** Another task may be billed for it in its stead. */
  readonly orOther?: true
}

export interface DailyBill {
  readonly accountId: number
  readonly model: string
  readonly date: CalendarDate
  readonly usageNanoUsd: NanoUsd
  readonly usageRows: number
  readonly eventsNanoUsd: NanoUsd
  /** How many of the events cost a part of a nano-dollar more or less than is counted. Absent: none. */
  readonly roundedEvents?: number
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
  /** Where the row does not tell its amount (NULL), which is 0 then. */
  readonly amountUntold?: true
  readonly at: Instant
}

/** Rows of no known type that bear a task's id: each may have done what rows of a known type do, or nothing of that. */
export interface KindlessRows {
  readonly count: number
  /** What went out by some of them, and came in by others, both positive; null where one does not tell how much. */
  readonly outPoints: Points | null
  readonly inPoints: Points | null
}

/** What rows come to that name an id which several tasks of one user bear: of each task they may be rows, or of another. */
export interface SharedLedger {
  readonly paidPoints: Points
  readonly refundedPoints: Points
  /** Whether all that was taken for the tasks that bear the id, by whatever rows, is what they charged together. */
  readonly addsUp: boolean
  /** What rows did of which one does not tell its amount. Absent: none. */
  readonly untold?: ReadonlySet<LinkedEntry['kind']>
  /** Absent: none of them is of no known type. */
  readonly kindless?: KindlessRows
  /** Those of them that tell no user, and may be rows of somebody else's task; absent: none. */
  readonly ownerless?: OwnerlessEntries
  /** Absent where one of the tasks that ids bind to it is none of those that are told of. */
  readonly group?: SharedGroup
}

/** Ledger rows that name a task and tell no user. */
export interface OwnerlessEntries {
  readonly rows: readonly LinkedEntry[]
  /** What such rows may have done of which one does not tell how much, or took something back. */
  readonly open: ReadonlySet<LinkedEntry['kind']>
  /** Whether all rows that are shared are such, and name no other task of the user. */
  readonly isAll: boolean
}

/** All tasks of a user that ids they share bind together, and what the rows that name such ids come to, each counted once. */
export interface SharedGroup {
  /** The smallest row id of the tasks: no other group has it. */
  readonly firstRowId: number
  readonly taskCount: number
  readonly paidPoints: Points
  readonly refundedPoints: Points
  readonly refundRows: Evidence
  /** Absent: none of them is of no known type. */
  readonly kindless?: KindlessRows
}

/** A user's charge and what stands in the ledgers for it, task by task. Only in link mode order. */
export interface TaskLedger {
  readonly task: TaskFact
  readonly accountId: number | null
  /** Of a failed task, the sum of its billing events; null where its bill was not read whole, and of all others. */
  readonly billedNanoUsd: NanoUsd | null
  readonly entries: readonly LinkedEntry[]
  /** Absent: no row names an id of the task that others of its user's tasks bear. */
  readonly shared?: SharedLedger
  /** Rows of no known type that bear an id of the task, none of the entries. Absent: none. */
  readonly kindless?: KindlessRows
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
  /** Users of whom nothing could be compared, by what would have been: balances of their rows are NULL. In order. */
  readonly untold: Readonly<Record<'arithmetic' | 'continuity' | 'negative', readonly number[]>>
  /** Users with a row that does not tell its amount, so that it adds up to nothing. In order. */
  readonly amountUntold: readonly number[]
  /**
   * Rows of the window that tell no user, and are followed for nobody; and users of whom they, or others of any time, may lie where
   * a row is missing. Absent: none.
   */
  readonly ownerless?: { readonly rows: number; readonly firstRowId: number; readonly users: readonly number[] }
  /** Users with rows that could not be placed in time, and may be of the window; null: it is not told whose they are. Absent: none. */
  readonly unplaced?: { readonly userIds: readonly number[] | null; readonly reason: Reason }
  /** The first id that several rows have: in what order they and others were made is not known. Absent: none. */
  readonly repeatedRowId?: number
  /** Users of whom there was more in doubt than is looked up. */
  readonly unsettled: readonly number[]
  /** How many of these had nothing that could be compared without a look-up. */
  readonly unsettledWhole: number
}
