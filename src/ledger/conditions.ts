import { type SQL, sql } from 'drizzle-orm'
import type { AnyMySqlColumn } from 'drizzle-orm/mysql-core'

/** Whether a text holds more than blanks. */
export const isFilled = (column: AnyMySqlColumn): SQL => sql`length(trim(${column})) > 0`

/** Whether a column is one of some numbers. They are written out: thousands of binds take longer than the search for them. */
export function among(column: AnyMySqlColumn | SQL, ids: readonly number[]): SQL {
  const odd = ids.find((id) => !Number.isSafeInteger(id))
  if (odd !== undefined) throw new RangeError(`${odd} is no id`)
  return ids.length === 0 ? sql`false` : sql`${column} in (${sql.raw(ids.join(', '))})`
}
