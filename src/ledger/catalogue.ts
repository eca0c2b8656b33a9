import type { Bind } from './embedded-handle.ts'
import type { TableFacts, TextRow } from './inspection.ts'

/** Runs one short statement and gives all its rows. `about` names in errors what was read. */
export type Look = (sql: string, binds?: readonly Bind[], about?: string) => Promise<readonly TextRow[]>

/** How one kind of database tells of itself. SELECT, SHOW and EXPLAIN only. */
export interface Catalogue {
  grants(look: Look): Promise<readonly string[] | null>
  /** See LedgerInspection. */
  rolesInForce(look: Look): Promise<string>
  offsetsOfYear(look: Look): Promise<readonly number[]>
  table(look: Look, name: string): Promise<TableFacts>
  /** Table and column, row by row. */
  allColumns(look: Look): Promise<readonly TextRow[]>
  /** How a SELECT would be answered; null where that is not told. */
  plan(look: Look, select: string, binds: readonly Bind[], table: string): Promise<Plan | null>
  /** The same SELECT, which the database itself ends after `seconds`, where it can. */
  limited(select: string, seconds: number): string
}

export interface Plan {
  /** null: not told. */
  readonly rows: number | null
  /** Whether it sorts what an index does not keep in order. */
  readonly sorts: boolean
}

/** Backticks are read by MySQL, MariaDB and SQLite alike; no name holds one (tablesOf). */
export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
