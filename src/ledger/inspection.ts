import type { Millis } from '../units/instant.ts'
import type { TableRole } from './mapping.ts'
import type { Consistency } from './reader.ts'

/** What a database says of itself. */
export interface ServerFacts {
  /** other: it speaks MySQL's protocol, and is neither MySQL nor MariaDB. */
  readonly engine: 'mysql' | 'mariadb' | 'embedded' | 'other'
  /** Text from the database: untrusted. */
  readonly version: string
  /** How far its UTC clock is ahead of this program's; null where it has none of its own. */
  readonly clockAhead: Millis | null
}

export interface ColumnFacts {
  readonly name: string
  /** As declared, in lower case, such as decimal(10,2). */
  readonly type: string
}

export interface TableFacts {
  /** Whether it is a view, which can have no index. */
  readonly isView: boolean
  /** Empty: there is no such table, or this user may not see it. */
  readonly columns: readonly ColumnFacts[]
  /** The columns of each index in order, in lower case; the primary key is one of them. */
  readonly indexes: readonly (readonly string[])[]
}

/** Cells of a row as text; null for NULL. */
export type TextRow = readonly (string | null)[]

/**
 * A look at the operator's database in which nothing is read from end to end: its own catalogue, plans, and the newest rows
 * by primary key. One question after another, never two at once. Failures are AuditErrors of kind 'source'.
 */
export interface LedgerInspection {
  /** How far all that is read is of one moment. */
  readonly consistency: Consistency
  /** The database's own offset to UTC, like +08:00. */
  readonly databaseOffset: string
  /** Its offsets to UTC in winter and in summer, in seconds; none where it has no zone of its own, or does not tell. */
  offsetsOfYear(): Promise<readonly number[]>
  /** What SHOW GRANTS says, line by line; null where the engine knows no users. May hold the digest of a password. */
  grants(): Promise<readonly string[] | null>
  /** The roles in force, as CURRENT_ROLE() tells them: `reader`@`%`,`writer`@`%` of MySQL; NONE or '' without any. */
  rolesInForce(): Promise<string>
  /** Settles where the table, or that column of it, can be read; rejects with the reason where not. */
  probe(role: TableRole, column?: string): Promise<void>
  /** The statement by which an administrator lets this user read columns of a table; null where the engine knows no users. */
  grantOf(role: TableRole, columns: readonly string[]): string | null
  table(role: TableRole): Promise<TableFacts>
  /** Every table this user may see, with its columns. Bounded. */
  allTables(): Promise<ReadonlyMap<string, readonly string[]>>
  /** Rows the database expects to read to find those with one value in a column; null where it does not tell. */
  rowsScanned(role: TableRole, column: string, value: string): Promise<number | null>
  /** The newest rows by primary key. Rejects where that would mean to read and sort a large table, or takes too long. */
  newest(role: TableRole, columns: readonly string[], limit: number): Promise<readonly TextRow[]>
  /** fal's request id out of any form in which this installation stores it; '' for none. Reads nothing. */
  bareRequestId(stored: string): string
  /** Safe to call twice. */
  close(): Promise<void>
}

/** Nothing is opened before it is asked. */
export interface LedgerInspector {
  /** Which database it is, without secrets. */
  readonly target: string
  /** The name of the database; '' where it is a file. */
  readonly database: string
  /** Logs in, asks the server who it is, and leaves. */
  server(signal: AbortSignal): Promise<ServerFacts>
  /** Opens a read-only transaction, as an audit does. */
  open(signal: AbortSignal): Promise<LedgerInspection>
}
