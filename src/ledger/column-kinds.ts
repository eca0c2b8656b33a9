/** What a server says that a column holds: points in time, texts, or neither, by the name of the type. */
export type ColumnKind =
  | 'time'
  | 'text'
  | ('DECIMAL' | 'TINYINT' | 'SMALLINT' | 'MEDIUMINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE')
  | ('YEAR' | 'TIME' | 'BIT' | 'UNKNOWN')

// Types of the protocol (MYSQL_TYPE_…): https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
const KINDS: ReadonlyMap<number, ColumnKind> = new Map<number, ColumnKind>([
  ...[7, 10, 12, 14, 17, 18].map((code) => [code, 'time'] as const),
  // A column that is NULL for all rows too: it has no type of its own.
  ...[6, 15, 245, 247, 248, 249, 250, 251, 252, 253, 254].map((code) => [code, 'text'] as const),
  ...([
    [0, 'DECIMAL'],
    [246, 'DECIMAL'],
    [1, 'TINYINT'],
    [2, 'SMALLINT'],
    [9, 'MEDIUMINT'],
  ] as const),
  ...([
    [3, 'INT'],
    [8, 'BIGINT'],
    [4, 'FLOAT'],
    [5, 'DOUBLE'],
    [13, 'YEAR'],
    [11, 'TIME'],
  ] as const),
  ...([
    [19, 'TIME'],
    [16, 'BIT'],
  ] as const),
])

/**
 * The same of a column that SQLite announces by its declared type (https://www.sqlite.org/datatype3.html, 3.1): what a number
 * is made of when it is stored. Columns without a type, and expressions, keep whatever they are given.
 */
export function kindOfDeclared(type: string | null): ColumnKind {
  if (type === null || type === '' || /BLOB/i.test(type)) return 'UNKNOWN'
  if (/INT/i.test(type)) return 'BIGINT'
  return /CHAR|CLOB|TEXT/i.test(type) ? 'text' : 'DECIMAL'
}

/** What kind of column a type of the protocol is. */
export const kindOf = (columnType: number | undefined): ColumnKind => KINDS.get(columnType ?? -1) ?? 'UNKNOWN'
