import { notLike, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { AnyMySqlColumn } from 'drizzle-orm/mysql-core'

/** What a column of times holds that is no column of DATETIMEs: texts, or in the embedded database numbers and bytes as well. */
export type OtherForms = 'texts' | 'anything'

/** Between two times, neither of which is in, databases sort dates whose month or day is 0, and no real time. */
export interface VagueStretch {
  readonly after: string
  readonly until: string
}

/** Where a text has a blank or a T between day and hour. */
export const SEPARATOR_AT = 11

/** What a text that is a time begins with; the second is for the embedded database. */
const DATE_LIKE = '____-__-__%'
const DATE_GLOB = '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'

interface ComparedTime {
  readonly at: SQLWrapper
  /** True of a time that does not begin with a date in ASCII: digits of other scripts would come behind every bound. */
  readonly isOther?: SQL
}

/** A column of times as it is compared with a text. */
export function formOf(at: AnyMySqlColumn, forms: OtherForms | undefined): ComparedTime {
  if (forms === undefined) return { at }
  if (forms === 'texts') return { at, isOther: sql`(${notLike(at, DATE_LIKE)} or length(${at}) > char_length(${at}))` }
  const text = sql`cast(${at} as char)`
  return { at: text, isOther: sql`${text} not glob ${DATE_GLOB}` }
}
