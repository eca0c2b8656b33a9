import { resolve } from 'node:path'
import { openEmbeddedHandle } from '../ledger/embedded-handle.ts'
import { createStatements, storedRows } from './ddl.ts'
import type { StoredTables } from './stored-world.ts'

/**
 * Creates the operator's five tables in an embedded database file and fills them, in one transaction.
 * The file may exist, its tables may not.
 */
export async function writeEmbedded(path: string, tables: StoredTables): Promise<void> {
  const handle = await openEmbeddedHandle(resolve(path))
  try {
    // The demo throws its file away: waiting for the disk would be most of the time.
    handle.exec('PRAGMA synchronous = OFF')
    handle.exec('BEGIN')
    for (const statement of createStatements('embedded')) handle.exec(statement)
    for (const { table, columns, rows } of storedRows(tables)) {
      const marks = columns.map(() => '?').join(', ')
      const insert = handle.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`)
      for (const row of rows) insert.run(...row)
    }
    handle.exec('COMMIT')
  } finally {
    handle.close()
  }
}
