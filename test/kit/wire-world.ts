import { expect, inject } from 'vitest'
import { inLists } from '../../src/ledger/batches.ts'
import type { Cell } from '../../src/ledger/cells.ts'
import { parseDatabaseUrl } from '../../src/ledger/database-url.ts'
import { connected, type Link, linkTo, loadMysql } from '../../src/ledger/mysql-link.ts'
import { type RowStream, streamRows } from '../../src/ledger/mysql-stream.ts'
import { freshDatabase, numbersTo, type TestDatabase } from './mariadb.ts'
import { readByDriver } from './read-by-driver.ts'
import { Rechunked } from './rechunked.ts'

interface Opened {
  readonly link: Link
  readonly wire: Rechunked
  /** Packets that the driver had to handle itself. */
  packets(): number
}

/** Rows of mixed columns on a server, and connections to it whose bytes come in whatever chunks a test wants. */
export interface WireWorld {
  readonly database: TestDatabase
  /** Another connection; all end with `dropLinks`. */
  open(): Promise<Opened>
  /** Ends all connections, of which none may have been warned of packets out of order. */
  dropLinks(): void
  /** Rows as the driver reads them by itself. */
  readByDriver(sql: string): Promise<Cell[][]>
}

/** All rows of the table, and few of them with a text longer than one byte tells. */
export const MIXED = 'SELECT id, big, word, at, note, cost FROM mixed ORDER BY id'
export const FEW = `SELECT id, word, at, IF(id = 4, REPEAT('x', 260), note) FROM mixed WHERE id < 9 ORDER BY id`

export async function wireWorld(): Promise<WireWorld> {
  const database = await freshDatabase(inject('mariadb'))
  await database.admin.query(
    'CREATE TABLE mixed (id INT PRIMARY KEY, big BIGINT NULL, word VARCHAR(20) NULL, at DATETIME(6) NULL, note TEXT NULL, cost FLOAT NULL)',
  )
  await database.admin.query(`INSERT INTO mixed
    SELECT seq, IF(seq % 5 = 0, NULL, (CAST(seq AS SIGNED) - 1500) * 4503599627370496), IF(seq % 7 = 0, NULL, ELT(1 + seq % 4, 'done', '状态', '', 'failed')),
      IF(seq % 3 = 0, NULL, '2026-02-03 12:00:00' + INTERVAL seq * 1000001 MICROSECOND),
      IF(seq % 11 = 0, NULL, REPEAT('é', seq * 37 % 400)), seq / 3
    FROM ${numbersTo(3000)}`)
  const links: Link[] = []
  const warnings: string[] = []
  return {
    database,
    async open() {
      const address = parseDatabaseUrl(database.urlFor())
      if (address.engine !== 'mysql') throw new Error('not the server')
      const create = await loadMysql()
      const wire = new Rechunked(address.host, address.port)
      const link = linkTo(address, (options) => create({ ...options, stream: wire }))
      links.push(link)
      await connected(link)
      const inner = link.connection as unknown as { handlePacket(packet: unknown): void }
      const handle = inner.handlePacket.bind(inner)
      let packets = 0
      inner.handlePacket = (packet) => {
        packets += 1
        handle(packet)
      }
      link.connection.on('warn', (cause: Error) => warnings.push(cause.message))
      return { link, wire, packets: () => packets }
    },
    dropLinks() {
      for (const link of links.splice(0)) link.drop()
      expect(warnings.splice(0)).toEqual([])
    },
    readByDriver: (sql) => readByDriver(database.options, sql),
  }
}

const copyOf = (cells: readonly Cell[]): Cell[] =>
  cells.map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : typeof cell === 'bigint' ? String(cell) : cell))
/** The rows of a statement as they come, each a list of its cells. */
export const streamOf = (
  link: Link,
  sql: string,
  binds: readonly (string | number)[] = [],
): RowStream<readonly Cell[][]> =>
  streamRows(
    link,
    { role: 'tasks', sql, binds },
    inLists(() => copyOf),
  )

/** All of them. */
export async function rowsOf(link: Link, sql: string, binds?: readonly (string | number)[]): Promise<Cell[][]> {
  const stream = streamOf(link, sql, binds)
  const rows: Cell[][] = []
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) rows.push(...batch)
  expect(stream.over()).toBe(true)
  return rows
}
