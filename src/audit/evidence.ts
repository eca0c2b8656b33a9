import type { AccountBilling, Fetched, UsageRow } from '../fal/reader.ts'
import type { AccountRow, Consistency, ReadFrom, UnknownKinds, UnreadTimes } from '../ledger/reader.ts'
import type { EventLot } from './bills/event-lot.ts'
import type { Attribution } from './bills/whose-bill.ts'
import type { UnknownUsers } from './ledgers/asked-users.ts'
import type { LedgerSource } from './ledgers/ledger-source.ts'
import type { AuditPlan } from './plan.ts'
import type { RequestSource } from './requests/request-source.ts'
import type { Reading } from './rules/books.ts'
import type { PriceBook } from './rules/prices.ts'
import type { TableStatus } from './table-status.ts'
import type { TaskLayerSums } from './tasks/cell-tally.ts'
import type { TaskBook } from './tasks/task-book.ts'

/** The bill of one workspace, fetched once whatever number of its keys the operator holds. */
export interface WorkspaceBill {
  /** The username that fal gives; null where it could not be read. */
  readonly name: string | null
  /** Accounts whose key belongs to the workspace, audited or not, as far as fal told. */
  readonly members: readonly number[]
  readonly usage: Fetched<readonly UsageRow[]>
  /** Events around the window; null where the depth does not need them. */
  readonly events: Fetched<EventLot> | null
  /** The key that may be asked for more of this bill. */
  readonly apiKey: string
}

export interface AccountEvidence {
  readonly account: AccountRow
  readonly billing: Fetched<AccountBilling>
  /** Index into the workspaces. */
  readonly workspace: number
  /** Whether this account's own bill was read, by its key or another of its workspace. */
  readonly usage: Fetched<null>
  readonly events: Fetched<null> | null
}

export interface Bills {
  readonly accounts: readonly AccountEvidence[]
  readonly workspaces: readonly WorkspaceBill[]
  /** Accounts of which fal did not tell, or was not asked, whose workspace they belong to. */
  readonly unplaced: readonly number[]
  /**
   * Where only rows of some endpoints were asked for, and these name no key of the account table: what the other rows of the
   * bills tell of that; 'unread' too where a filter leaves out accounts, whose bills may. Absent: nothing was left out, or it does
   * not matter.
   */
  readonly otherRows?: 'name-known-keys' | 'name-none' | 'unread'
}

/** Everything one audit read, with how completely: the rules and the report are a pure function of this. */
export interface Evidence {
  readonly plan: AuditPlan
  readonly databaseZoneId: string
  /** How far the tables were read as of one moment; absent where no report is made. */
  readonly consistency?: Consistency
  /** From which ids on tables were read, where not whole. */
  readonly readFrom?: ReadFrom
  /** All rows of the account table, newest first. */
  readonly allAccounts: readonly AccountRow[]
  readonly bills: Bills
  /** Whose bill is whose. */
  readonly attribution: Attribution
  /** Single requests; null at depth summary. */
  readonly requests: RequestSource | null
  readonly tasks: TaskBook
  /** Layer 2: tasks of the window by account, user and model. */
  readonly layer: TaskLayerSums
  readonly ledger: LedgerSource
  readonly userNames: ReadonlyMap<number, string>
  /** Users of the filter of whom no row was found; absent: nobody was asked for by id. */
  readonly unknownUsers?: UnknownUsers
  /** The operator's own price rules; not known at depth summary. */
  readonly priceRules: Reading<PriceBook>
  /** How completely each table was read. Accounts and tasks are whole, or there is no report; but for `unreadTimes`. */
  readonly tables: readonly TableStatus[]
  /** Rows of the tables that could not be placed in time; absent: none. */
  readonly unreadTimes?: UnreadTimes
  /** Rows of the ledgers of which nothing tells what they are; absent: none. */
  readonly unknownKinds?: UnknownKinds
}
