import type { EntryRecords } from '../rows/entry-records.ts'
import type { TaskRecords } from '../rows/task-records.ts'
import type { Instant, InstantRange } from '../units/instant.ts'
import type { KeyUse } from '../units/key-use.ts'
import type { NanoUsd } from '../units/nano-usd.ts'
import type { Points } from '../units/points.ts'
import type { Zone } from '../units/zone.ts'

/** A row of ts_fal_account. The key is secret: only its shortened id part may be shown. */
export interface AccountRow {
  readonly accountId: number
  readonly name: string
  readonly apiKey: string
  /** The balance the operator stored, read exactly from its FLOAT; null where NULL. */
  readonly balanceNanoUsd: NanoUsd | null
  readonly disabled: boolean
}

export type TaskStatus = 'success' | 'failed' | 'unfinished'

/** A row of ts_fal_tasks, without its wide columns. */
export interface TaskRow {
  readonly rowId: number
  readonly userId: number
  /** Where the row names no user (NULL), who is 0 then; absent of a user whose id is 0. */
  readonly userUntold?: true
  /** The operator's id of the task. */
  readonly taskId: string
  /** fal's request id, bare (taken out of an URL or endpoint#id); '' where the task has none. */
  readonly requestId: string
  /** app_name as stored, trimmed. */
  readonly model: string
  readonly apiKey: string
  readonly status: TaskStatus
  readonly chargedPoints: Points
  /** Where the row does not tell its charge (NULL), which is 0 then. */
  readonly chargeUntold?: true
  /** cost_money, read exactly. */
  readonly costNanoUsd: NanoUsd
  /** Where the row does not tell its cost (NULL), which is 0 then. */
  readonly costUntold?: true
  readonly refunded: boolean
  readonly createdAt: Instant
  /** null where it has none, and where that cannot be read. */
  readonly completedAt: Instant | null
  /** Where the row holds an end that cannot be read: it may have ended at any time since it was made. */
  readonly endUntold?: true
  /** Tokens, where a column is mapped; null for NULL. */
  readonly inputTokens?: number | null
  readonly outputTokens?: number | null
}

export type EntryKind = 'consume' | 'refund' | 'recharge' | 'gift' | 'income' | 'other'

/** A row of one of the two ledgers. */
export interface LedgerEntry {
  readonly book: 'points' | 'cash'
  readonly rowId: number
  readonly userId: number
  /** Where the row names no user (NULL, or an empty text), who is 0 then; absent of a user whose id is 0. */
  readonly userUntold?: true
  /** Points, or cents (one cent is one point); + in, − out. */
  readonly amountPoints: Points
  /** Where the row does not tell its amount (NULL), which is 0 then. */
  readonly amountUntold?: true
  /** '' where the row has none. */
  readonly orderId: string
  readonly kind: EntryKind
  /** Where the row has no type, or one that the mapping does not name; its kind is other then. */
  readonly kindUntold?: true
  readonly balanceBefore: Points | null
  readonly balanceAfter: Points | null
  readonly at: Instant
  /** Text from the database: untrusted. Only filled where asked for. */
  readonly title: string
}

/** A table whose rows are of users. */
export type UserTable = 'users' | 'tasks' | 'points' | 'cash'

export interface EntryRequest {
  /** Only these users; all where absent. */
  readonly userIds?: readonly number[]
  /** Whether titles are read; they are wide and untrusted. */
  readonly titles?: boolean
  /** Whether the balances of points are read, as they are where absent; they always are with titles. */
  readonly balances?: boolean
  /** Where users are named: also rows that name none. Such a stream looks back or ahead, and adds nothing to what is told of the others. */
  readonly ownerless?: boolean
  /** Only rows that came in, or do not tell their amount. */
  readonly cameIn?: boolean
}

/**
 * How far all that one snapshot reads is of one moment. per-shard: each server of several has a moment of its own, that of
 * its first read. none: each query sees what is there when it runs. unknown: the database does not tell.
 */
export type Consistency = 'consistent' | 'per-shard' | 'none' | 'unknown'

/** By table, the least id from which its rows were streamed, where a sample says that those with lower ids are older. */
export type ReadFrom = Readonly<Partial<Record<'tasks' | 'points' | 'cash', number>>>

/** A table whose rows are read by time. */
export type TimedTable = 'tasks' | 'points' | 'cash'

/**
 * By table, how many streamed rows had a time that cannot be read, and the least id of them: they were handed out by no stream.
 * Tables without such rows are absent.
 */
export type UnreadTimes = Readonly<Partial<Record<TimedTable, UnreadTimesOf>>> & {
  /** The same of tasks that have no time: NULL, '' or 0000-00-00. */
  readonly undatedTasks?: UnreadTimesOf & {
    /** Where a stream began at some id: those with lower ids are not among them. */
    readonly fromRowId?: number
  }
}

export interface UnreadTimesOf {
  readonly rows: number
  readonly firstRowId: number
  /** Whose they are; null: it is not told. */
  readonly userIds: readonly number[] | null
  /** Of tasks alone. */
  readonly tasks?: UnreadTasks
}

/** What tasks whose time cannot be read may add to sums; null: of too many to tell. */
export interface UnreadTasks {
  readonly sorts: readonly UnreadTasksOf[] | null
  readonly owners: readonly UnreadTasksOfUser[] | null
  /** One by one. */
  readonly each: readonly UnreadTask[] | null
}

/** One of them, as far as ledger rows, bills and charges may be held against it. */
export interface UnreadTask {
  readonly rowId: number
  /** null: it names none. */
  readonly userId: number | null
  /** Secret, likewise. */
  readonly apiKey: string
  readonly taskId: string
  /** In whatever form it is stored. */
  readonly requestId: string
  /** undefined: the row does not tell it (NULL); null: it cannot be read. */
  readonly chargedPoints: bigint | null | undefined
}

/**
 * Those of one key and model, as stored, of one status, and of one end; where they are many, of any end, or of none. An amount is null
 * where one of them cannot be read, or is a cost below 0.
 */
export interface UnreadTasksOf {
  /** Secret, like that of an account; '' where they name none. */
  readonly apiKey: string
  readonly model: string
  readonly status: TaskStatus
  /** The first end; null: they tell none. */
  readonly endedSince: Instant | null
  /** The end of one of them cannot be read. */
  readonly endUntold?: true
  readonly costNanoUsd: bigint | null
  /** Of those that tell it, and how many do not, or tell one below 0. */
  readonly toldNanoUsd: bigint
  readonly untold: number
  /** Charged above 0, and not refunded; and refunded. */
  readonly keptPoints: bigint | null
  readonly refundedPoints: bigint | null
  /** Those that were not refunded and have a cost or a charge, or may have. */
  readonly worth: number
}

/** Those of one key and user. */
export interface UnreadTasksOfUser {
  readonly apiKey: string
  /** null: they name none. */
  readonly userId: number | null
  readonly keptPoints: bigint | null
  readonly refundedPoints: bigint | null
  /** Those that were refunded. */
  readonly refunded: number
  /** Those that were not refunded and cost something while nothing was charged, or may have. */
  readonly free: number
}

/**
 * By ledger, streamed rows of no type, or of one that the mapping does not name, that may have paid for something or given it back:
 * they bear an order, or took something. Ledgers without such rows are absent.
 */
export type UnknownKinds = Readonly<Partial<Record<'points' | 'cash', UnknownKindsOf>>>

export interface UnknownKindsOf {
  readonly rows: number
  /** The first few types, whole: untrusted texts from the database. */
  readonly words: readonly string[]
}

/** Where a user's points ledger stands after a row. There may be one for each user: nothing else is kept of the row. */
export type LastPoints = Pick<LedgerEntry, 'userId' | 'rowId' | 'balanceAfter'>

/**
 * One moment of the operator's database, as far as that keeps one. Every method reads the same snapshot, one after another,
 * never two at once. Batches come in no promised order unless said. A failing read throws AuditError of kind 'source' that
 * names the table. Where a row turns up that a stream left out by its id, any read throws BoundContradicted: see readWhole.
 */
export interface LedgerSnapshot {
  /** The program's clock when the snapshot was taken. */
  readonly takenAt: Instant
  /** Zone of the stored DATETIMEs. */
  readonly zone: Zone
  /** What the database says of its own zone: the offset between NOW() and UTC_TIMESTAMP(), like +08:00. */
  readonly databaseOffset: string
  readonly consistency: Consistency
  /** All accounts, newest id first. */
  accounts(): Promise<AccountRow[]>
  /** Tasks with created_at in the range, one streamed pass. A batch is good until the next is asked for; all share their words. */
  tasks(range: InstantRange): AsyncIterable<TaskRecords>
  /** Rows of the points ledger with created_at in the range, in order of id. A batch is good until the next is asked for. */
  points(range: InstantRange, request?: EntryRequest): AsyncIterable<EntryRecords>
  /** Rows of the cash ledger with time in the range, in order of id. */
  cash(range: InstantRange, request?: EntryRequest): AsyncIterable<EntryRecords>
  /** Tasks, of any time, by the operator's task id (task_id). */
  tasksByTaskIds(ids: readonly string[]): Promise<TaskRow[]>
  /** The same by fal's request id in any stored form; those within `taken`, which were streamed, may be left out. */
  tasksByRequestIds(ids: readonly string[], taken?: InstantRange): Promise<TaskRow[]>
  /** The same by either of the two. */
  tasksByEitherId(ids: readonly string[], taken?: InstantRange): Promise<TaskRow[]>
  /**
   * Ledger rows of any time, by order id; those within `taken`, which were streamed, may be left out. Where a streamed row of either
   * ledger names a request id in another form than the bare one, or none was streamed, so may these.
   */
  pointsByOrderIds(ids: readonly string[], taken?: InstantRange): Promise<LedgerEntry[]>
  cashByOrderIds(ids: readonly string[], taken?: InstantRange): Promise<LedgerEntry[]>
  /** The last row of each user's points ledger before an instant, for continuity of balances. */
  lastPointsBefore(userIds: readonly number[], before: Instant): Promise<LastPoints[]>
  /**
   * When each key made its newest task, by whole key, in one aggregate pass; null where that cannot be read, undefined where none of its
   * tasks has a time. Keys without a task are absent.
   */
  lastUse(): Promise<Map<string, KeyUse>>
  /** fal's request id out of any form in which this installation stores it; '' for none. Reads nothing. */
  bareRequestId(stored: string): string
  /** Of each user the last row of the points ledger whose id is smaller than the given one, or than each of several; of whatever time. */
  pointsRowsBefore(rows: readonly { readonly userId: number; readonly rowId: number }[]): Promise<LedgerEntry[]>
  /** The users of whom there is such a row, in one pass over the ids of the whole ledger, of however many. */
  pointsUsersBefore(rows: readonly { readonly userId: number; readonly rowId: number }[]): Promise<Set<number>>
  /** Rows of the points ledger by their ids, in order of id: of an id that several rows share, all of them. */
  pointsByRowIds(ids: readonly number[]): Promise<LedgerEntry[]>
  /** Names by user id. Ids without a row are absent; the map is empty where the mapping names no name column. */
  userNames(ids: readonly number[]): Promise<Map<number, string>>
  /**
   * Which of these users a table has a row of, whatever its time. The users table answers for nobody where the mapping names no
   * column of it: an installation without names may have no such table.
   */
  usersIn(table: UserTable, ids: readonly number[]): Promise<Set<number>>
  /** Membership levels by user id. Users without one are absent; the map is empty where the mapping names no such column. */
  userLevels(ids: readonly number[]): Promise<Map<number, string>>
  /**
   * About how many rows of a table lie in a range, told in milliseconds by a sample; for progress, not for sums. Undefined where
   * the table does not tell.
   */
  expectedRows?(table: 'tasks' | 'points' | 'cash', range: InstantRange): Promise<number | undefined>
  /** Where streams began; a table that was read whole is absent. */
  readFrom?(): ReadFrom
  /** Of the streams so far. Rows of the ledgers without any time, NULL or 0000-00-00, are among those whose time cannot be read. */
  unreadTimes?(): UnreadTimes
  /** Of the streams so far. */
  unknownKinds?(): UnknownKinds
  /** Has both tell of the streams from now on alone: what one period met says nothing of another one that is read after it. */
  forgetMet?(): void
  /** Has a table read without a bound on its ids from now on; whoever calls it reads everything again. */
  readWhole?(table: keyof ReadFrom): void
  /** Ends the snapshot and its connections. Safe to call twice. */
  close(): Promise<void>
}

/** Opens a snapshot. Aborting the signal ends a running query on the server too. */
export interface LedgerStore {
  /** `auditZone`: the zone of the stored DATETIMEs where DB_TIMEZONE does not say otherwise; AUDIT_TIMEZONE before that of a call. */
  snapshot(signal: AbortSignal, auditZone?: Zone): Promise<LedgerSnapshot>
}
