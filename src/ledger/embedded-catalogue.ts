import { type Catalogue, type Look, quoted } from './catalogue.ts'

const COLUMNS_MAX = 20_000

/** What the embedded database tells of itself. */
export const EMBEDDED_CATALOGUE: Catalogue = {
  grants: async () => null,
  rolesInForce: async () => '',
  offsetsOfYear: async () => [],
  async table(look, name) {
    const columns = await look('SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid', [name])
    const parts = await look(
      `SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i
       WHERE l.partial = 0 ORDER BY l.seq, i.seqno`,
      [name],
    )
    const views = await look("SELECT 1 FROM sqlite_master WHERE type = 'view' AND lower(name) = lower(?)", [name])
    const indexes = new Map<string, string[]>()
    for (const [index, column] of parts) {
      const names = indexes.get(index ?? '') ?? []
      names.push((column ?? '').toLowerCase())
      indexes.set(index ?? '', names)
    }
    // An INTEGER PRIMARY KEY is the row id itself and is in no list.
    const key = columns.filter(([, , pk]) => pk !== '0').sort((a, b) => Number(a[2]) - Number(b[2]))
    return {
      isView: views.length > 0,
      columns: columns.map(([column, type]) => ({ name: column ?? '', type: (type ?? '').toLowerCase() })),
      indexes: [
        ...(key.length === 0 ? [] : [key.map(([column]) => (column ?? '').toLowerCase())]),
        ...indexes.values(),
      ],
    }
  },
  allColumns: (look) =>
    look(
      `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
       WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' LIMIT ${COLUMNS_MAX}`,
    ),
  async plan(look, select, binds, table) {
    const steps = (await look(`EXPLAIN QUERY PLAN ${select}`, binds, table)).map((cells) => cells.at(-1) ?? '')
    const scans = steps.some((step) => /^SCAN\b/.test(step))
    const sorts = steps.some((step) => step.includes('USE TEMP B-TREE'))
    return { rows: scans ? await lastRowId(look, table) : null, sorts }
  },
  // It always tells its plan.
  limited: (select) => select,
}

/** The highest row id: no table has more rows, but for those that were given ids by hand. null where it has none. */
async function lastRowId(look: Look, table: string): Promise<number | null> {
  try {
    const [row] = await look(`SELECT max(rowid) FROM ${quoted(table)}`, [], table)
    return Number(row?.[0] ?? 0)
  } catch {
    // A view, or a table without row ids.
    return null
  }
}
