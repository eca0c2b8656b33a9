import type { Catalogue, Plan } from './catalogue.ts'
import type { TextRow } from './inspection.ts'
import { nameAsStored } from './table-names.ts'

// Databases of one service have some hundreds of tables; more are not looked through for a name.
const COLUMNS_MAX = 20_000

/** Instants in the middle of a winter and of a summer, by which clocks have changed wherever they do. */
const MID_SEASONS = ['2026-01-15', '2026-07-15'] as const

/** The offset of the session's zone at an instant, which needs no zone tables. */
const offsetAt = (date: string): string =>
  `TIMESTAMPDIFF(SECOND, '${date} 00:00:00', FROM_UNIXTIME(${Date.parse(date) / 1000}))`

/** Indexes of these types find no row by a value. */
const SEEKING = "INDEX_TYPE NOT IN ('FULLTEXT', 'SPATIAL')"

/** By its column of STATISTICS, what an index that queries may use has there: MySQL from 8.0 on, MariaDB from 10.6 on. */
const HIDING: Readonly<Record<string, string>> = { IS_VISIBLE: "IS_VISIBLE = 'YES'", IGNORED: "IGNORED = 'NO'" }
const HIDING_COLUMNS =
  "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'STATISTICS' AND COLUMN_NAME IN ('IS_VISIBLE', 'IGNORED')"

/** What MySQL and MariaDB tell of themselves. */
export const MYSQL_CATALOGUE: Catalogue = {
  grants: async (look) => (await look('SHOW GRANTS', [], 'the list of grants')).map(([line]) => line ?? ''),
  rolesInForce: async (look) => (await look('SELECT CURRENT_ROLE()', [], 'the roles in force'))[0]?.[0] ?? '',
  async offsetsOfYear(look) {
    const rows = await look(`SELECT ${MID_SEASONS.map(offsetAt).join(', ')}`, [], 'the zone of the server')
    return (rows[0] ?? []).flatMap((cell) => (cell === null ? [] : Number(cell)))
  },
  async table(look, name) {
    const of = 'WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?'
    const tables = await look(`SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES ${of}`, [name])
    const stored = nameAsStored(
      name,
      tables.map(([each]) => each ?? ''),
    )
    const ofTable = ([table]: TextRow): boolean => table === stored
    const columns = await look(
      `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS ${of} ORDER BY ORDINAL_POSITION`,
      [name],
    )
    const inUse = [SEEKING, ...(await look(HIDING_COLUMNS)).flatMap(([column]) => HIDING[column ?? ''] ?? [])]
    const parts = await look(
      `SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS ${of} AND ${inUse.join(' AND ')} ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
      [name],
    )
    const indexes = new Map<string, string[]>()
    for (const [, index, column] of parts.filter(ofTable)) {
      const names = indexes.get(index ?? '') ?? []
      // Empty: an expression.
      names.push((column ?? '').toLowerCase())
      indexes.set(index ?? '', names)
    }
    return {
      isView: /view/i.test(tables.find(ofTable)?.[1] ?? ''),
      columns: columns
        .filter(ofTable)
        .map(([, column, declared]) => ({ name: column ?? '', type: (declared ?? '').toLowerCase() })),
      indexes: [...indexes.values()],
    }
  },
  allColumns: (look) =>
    look(
      `SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() LIMIT ${COLUMNS_MAX}`,
    ),
  async plan(look, select, binds, table) {
    // MySQL may be set to another format (explain_format).
    const rows = await look(`EXPLAIN FORMAT=TRADITIONAL ${select}`, binds, table)
    return rows.length === 1 ? planOf(rows[0] ?? []) : null
  },
  // To MySQL the first comment is one, to MariaDB the second.
  limited: (select, seconds) =>
    `/*M!100100 SET STATEMENT max_statement_time=${seconds} FOR */ ${select.replace(/^SELECT /, `SELECT /*+ MAX_EXECUTION_TIME(${seconds * 1000}) */ `)}`,
}

/** Columns of EXPLAIN by their number: 10 in MariaDB, 12 in MySQL since 5.7, which has partitions and filtered too. */
function planOf(cells: readonly (string | null)[]): Plan | null {
  const rowsAt = { 10: 8, 12: 9 }[cells.length]
  if (rowsAt === undefined) return null
  const rows = cells[rowsAt] ?? null
  return { rows: rows === null ? null : Number(rows), sorts: /filesort/i.test(cells.at(-1) ?? '') }
}
