import type { Instant } from '../units/instant.ts'
import type { BatcherFactory } from './batches.ts'
import type { Statement } from './queries.ts'
import type { Consistency } from './reader.ts'

/**
 * One read transaction on either database: all that a snapshot needs of a driver.
 * Reads come one after another. A batch is never empty, and good until the next is asked for. Failures are AuditErrors that name the table.
 */
export interface Session {
  /** The program's clock when the transaction began. */
  readonly takenAt: Instant
  /** The database's own offset to UTC, like +08:00. */
  readonly databaseOffset: string
  readonly consistency: Consistency
  /** Ids that one statement may go through: statements of this session run in our thread. Undefined: any number. */
  readonly idsAtOnce?: number
  /** Whether a column may hold anything, whatever its type is called. */
  readonly looseTypes?: true
  read<Batch>(statement: Statement, batches: BatcherFactory<Batch>): AsyncGenerator<Batch>
  close(): Promise<void>
}
