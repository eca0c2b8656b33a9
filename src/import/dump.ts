import { readFile, stat } from 'node:fs/promises'
import { type Dialect, RecordSplitter } from './records.ts'
import { refusedFile, type SourceFile } from './sources.ts'
import type { UsdType } from './usd-text.ts'

/** A column as a CREATE TABLE has it. */
export interface DefinedColumn {
  readonly name: string
  readonly type: UsdType
  /** Whether MySQL prints six digits of it, of seven or more that it holds: a FLOAT without a number of decimals. */
  readonly losesDigits: boolean
  /** A TIMESTAMP in UTC: mysqldump has it so, unless it is told --skip-tz-utc, and every DATETIME as it is stored. */
  readonly inUtc: boolean
  /** In lower case; undefined where it is not told. */
  readonly charset: string | undefined
  readonly nullable: boolean
  /** Worked out by the database itself. */
  readonly generated: boolean
}

const TAB = 9
const DEFINITION_BYTES_MAX = 1024 * 1024
/** In the head of the .sql. */
const UTC_SESSION = /^\/\*!\d+ SET TIME_ZONE='\+00:00' \*\/;/m
const TABLE_CHARSET = /^\).* DEFAULT CHARSET=(\w+)/m
const COLUMN_CHARSET = /^\S* CHARACTER SET (\w+)/
/** Names stand in double quotes there. */
const ANSI_TABLE = /^\s*CREATE TABLE "/m
const COLUMN = /^\s*`((?:[^`]|``)+)`\s+(\w+)(.*)$/

/** SELECT … INTO OUTFILE as mysqldump --tab has it written: each column in its own character set, unless it is told one. */
export const DUMP: Dialect = {
  delimiter: TAB,
  quotes: false,
  escapes: true,
  nulls: ['\\N'],
  utf8By:
    'mysqldump --default-character-set=utf8mb4 --tab=… (without that option it writes gbk and latin1 as they are stored)',
}

/**
 * The columns of a file of mysqldump --tab, which stand in the CREATE TABLE of the .sql beside the .txt; undefined where
 * there is no .sql. MySQL leaves generated columns out of the .txt, MariaDB does not: the first record of the head tells.
 */
export async function dumpedColumns(file: SourceFile, head: Buffer): Promise<readonly DefinedColumn[] | undefined> {
  const beside = (path: string): string => `${path.slice(0, -'.txt'.length)}.sql`
  const definition = { ...file, path: beside(file.path), shown: beside(file.shown) }
  const found = await stat(definition.path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  const accepted = 'the .sql that mysqldump --tab wrote beside the .txt'
  if (found.size > DEFINITION_BYTES_MAX) throw refusedFile(definition, 'it is larger than 1 MB', accepted)
  const sql = await readFile(definition.path, 'utf8')
  // Whose character sets it does not tell, by which texts are seen to be no UTF-8.
  if (ANSI_TABLE.test(sql))
    throw refusedFile(definition, 'it is of --compatible=ansi', 'a dump made without that option')
  const columns = columnsIn(sql)
  if (columns.length === 0) throw refusedFile(definition, 'there is no CREATE TABLE with columns in it', accepted)
  const stored = columns.filter(({ generated }) => !generated)
  return stored.length < columns.length && widthOf(head) === stored.length ? stored : columns
}

function columnsIn(sql: string): DefinedColumn[] {
  const columns: DefinedColumn[] = []
  const lines = sql.split(/\r?\n/)
  const isUtc = UTC_SESSION.test(sql)
  const tableCharset = TABLE_CHARSET.exec(sql)?.[1]
  for (const line of lines.slice(lines.findIndex((each) => /^\s*CREATE TABLE\b/i.test(each)) + 1)) {
    if (/^\s*\)/.test(line)) break
    const [, name = '', type = '', more = ''] = COLUMN.exec(line) ?? []
    if (name === '') continue
    columns.push({
      name: name.replaceAll('``', '`'),
      type: /^float$/i.test(type) ? 'float' : 'other',
      losesDigits: /^float$/i.test(type) && !/^\s*\(\s*\d+\s*,/.test(more),
      inUtc: isUtc && /^timestamp$/i.test(type),
      charset: (COLUMN_CHARSET.exec(more)?.[1] ?? tableCharset)?.toLowerCase(),
      nullable: !/\bNOT NULL\b/i.test(more),
      generated: /\bGENERATED ALWAYS AS\b/i.test(more),
    })
  }
  return columns
}

/** How many fields the first record has. */
function widthOf(head: Buffer): number | undefined {
  let width: number | undefined
  const first = (found: number): void => {
    width ??= found
  }
  const splitter = new RecordSplitter(DUMP, undefined, {
    record: (_line, values) => first(values.length),
    // A record is bad where one of its fields is, not for how many they are.
    bad: () => first(Number.NaN),
  })
  splitter.push(head)
  return width
}
