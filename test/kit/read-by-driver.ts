import { type ConnectionOptions, createConnection } from 'mysql2/promise'
import type { Cell } from '../../src/ledger/cells.ts'

/** The rows of a statement as mysql2 reads them by itself, on a connection of their own. */
export async function readByDriver(options: ConnectionOptions, sql: string): Promise<Cell[][]> {
  const plain = await createConnection({ ...options, supportBigNumbers: true, dateStrings: true })
  try {
    const [rows] = await plain.execute({ sql, rowsAsArray: true })
    return rows as Cell[][]
  } finally {
    await plain.end()
  }
}
