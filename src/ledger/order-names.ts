import { inArray, like, or, type SQL } from 'drizzle-orm'
import type { AnyMySqlColumn } from 'drizzle-orm/mysql-core'
import { LIMITS } from '../limits.ts'

/** Blanks that one row may bear before its order, of any length; and behind it, just so, as texts are read in from files. */
const BEFORE = [' ', '\t', '\n', '\r'] as const
const BEHIND = ['', ' ', '\t', '\n', '\r\n'] as const

/** Orders that one query names: with the blanks that may stand behind them they are as many texts as one query binds. */
export const ORDERS_NAMED_MAX = LIMITS.lookupIds / BEHIND.length

/**
 * Rows that bear one of some orders, as it is or with blanks around it, and others with blanks before theirs: whoever reads them
 * sees what they are. An index on the column serves all of it, as it would not for a trimmed column.
 */
export const namesOrder = (column: AnyMySqlColumn, orders: readonly string[]): SQL | undefined =>
  or(
    inArray(
      column,
      orders.flatMap((order) => BEHIND.map((blanks) => `${order}${blanks}`)),
    ),
    ...BEFORE.map((blank) => like(column, `${blank}%`)),
  )
