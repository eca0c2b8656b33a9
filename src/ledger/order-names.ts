import { and, gte, inArray, lt, ne, or, type SQL } from 'drizzle-orm'
import type { AnyMySqlColumn } from 'drizzle-orm/mysql-core'
import { LIMITS } from '../limits.ts'
import { isBareUuid } from '../units/request-id.ts'

/** What a row may bear before its order, whatever comes between: an URL, most endpoints of fal; and what sorts right behind that. */
const BEFORE = [
  ['http', 'httq'],
  ['fal-ai/', 'fal-ai0'],
] as const
/** Blanks, tabs and line breaks sort before it in every collation. */
const BEHIND_BLANKS = '!'
/** Blanks that it may bear behind it, just so, as texts are read in from files. */
const BEHIND = ['', ' ', '\t', '\n', '\r\n'] as const

/** Orders that one query names: in all forms it asks for they are as many texts as one query binds. */
export const ORDERS_NAMED_MAX = Math.floor(LIMITS.lookupIds / (BEHIND.length + 1))

/** With the blanks that may stand behind it, and a UUID in capitals, which not every collation calls equal. */
const formsOf = (order: string): string[] => [
  ...BEHIND.map((blanks) => `${order}${blanks}`),
  ...(isBareUuid(order) ? [order.toUpperCase()] : []),
]

/** Rows that bear one of some orders, as it is, with blanks behind it or in capitals. An index on the column serves it. */
export const namesOrder = (column: AnyMySqlColumn, orders: readonly string[]): SQL =>
  inArray(column, orders.flatMap(formsOf))

/**
 * Rows that bear any order behind blanks, in an URL or behind an endpoint, and by some collations others: whoever reads them sees
 * which. By ranges: an index on the column serves them, as it would not for a trimmed column, and without one they take two
 * thirds of the time of patterns.
 */
export const beginsOddly = (column: AnyMySqlColumn): SQL | undefined =>
  or(
    and(ne(column, ''), lt(column, BEHIND_BLANKS)),
    ...BEFORE.map(([from, until]) => and(gte(column, from), lt(column, until))),
  )

/** Rows of a ledger that begin so and are kept: an installation may have named millions of other times by URLs. */
export const ODD_ROWS_MAX = LIMITS.lookupIds

/** A statement without the rows beyond those that are kept and one, which tells that there are more. */
export const justFew = <Statement extends { readonly sql: string }>(statement: Statement): Statement => ({
  ...statement,
  sql: `${statement.sql} limit ${ODD_ROWS_MAX + 1}`,
})

/** Reads once what each ledger is asked for, however often; null where that is more than is kept. */
export function readOnce<Book, Row>(read: (book: Book) => Promise<Row[]>): (book: Book) => Promise<Row[] | null> {
  const known = new Map<Book, Row[] | null>()
  return async (book) => {
    let rows = known.get(book)
    if (rows === undefined) {
      rows = await read(book)
      if (rows.length > ODD_ROWS_MAX) rows = null
      known.set(book, rows)
    }
    return rows
  }
}
