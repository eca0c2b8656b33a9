import { AuditError } from '../../errors.ts'
import type { LedgerEntry, TaskRow } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import type { TaskIds } from '../tasks/task-names.ts'
import type { UndatedTask } from '../tasks/undated-tasks.ts'
import { NamedRows } from './ownerless-links.ts'

/** Which tasks: those of the window, those of them that the filters leave, or of these those whose rows come to too much. */
export type TaskScope = 'window' | 'selected' | 'doubtful'

/** What was looked up of other times. */
export interface LookedUp {
  /** Rows, by their order. */
  readonly rows: readonly LedgerEntry[]
  /** Tasks that bear ids of tasks of the window, and are of other times or name no user. */
  readonly bearers: readonly TaskRow[]
  /** Refunds that name no task, later than all that was read. */
  readonly late: readonly LedgerEntry[]
  /** Rows that tell no user and name tasks, of any time. */
  readonly named: NamedRows
  /** What came back by rows that tell neither user nor task: points. */
  readonly refundsOfAnybody: number
  /** Tasks without a time that can be read; those of users who are told of. */
  readonly undated: readonly UndatedTask[]
}

export const NOTHING_LOOKED_UP: LookedUp = {
  ...{ rows: [], bearers: [], late: [], refundsOfAnybody: 0, undated: [] },
  named: new NamedRows([]),
}

/** Rows that are looked up before it is known which all are to be. */
export interface EarlyLookUp {
  readonly ids: ReadonlySet<string>
  readonly entries: Promise<readonly LedgerEntry[]>
  /** What is known of some orders: after the entries, since one thing is read after another. */
  readonly orders: Promise<KnownOrders>
}

/** Orders that tasks of other times were looked for by, and those that were found. */
export interface KnownOrders {
  readonly asked: ReadonlySet<string>
  readonly tasks: readonly TaskIds[]
}

/** Tasks up to which the ledger rows of all of them are looked up, at any time. */
const EVERY_ORDER_MAX = LIMITS.lookupIdsTotal / 2

/** Whether a window has few enough tasks to look up the rows of each. */
export const looksUpEveryOrder = (windowTasks: number): boolean => windowTasks <= EVERY_ORDER_MAX

/** Ids that may be looked up, all of them. */
export function withinLimit(ids: readonly string[]): readonly string[] {
  if (ids.length <= LIMITS.lookupIdsTotal) return ids
  throw new AuditError('source', `more than ${LIMITS.lookupIdsTotal} order ids would have to be looked up`, {
    next: 'audit fewer days at a time, or set ledgerLink to total in AUDIT_CONFIG',
    failure: 'too-much',
  })
}
