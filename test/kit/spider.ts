import { createConnection } from 'mysql2/promise'
import { createStatements, storedRows } from '../../src/demo/ddl.ts'
import type { StoredTables } from '../../src/demo/stored-world.ts'
import { type MariaDbServer, startMariaDb } from './mariadb.ts'

const SHARDS = 3
const ROWS_AN_INSERT = 1000
// Tables of a shard keep the name under which they were made; those of the front may be renamed.
const RENAME = /^ALTER TABLE (`[^`]+`|\w+) RENAME TO (`[^`]+`|\w+)$/
const DEFINITION = /^(CREATE TABLE|DROP TABLE|ALTER TABLE|CREATE INDEX \w+ ON) (`[^`]+`|\w+)/

/** A MariaDB whose tables lie on others: Spider in front, and shards that know nothing of each other. */
export interface SpiderServers {
  readonly front: MariaDbServer
  readonly shards: readonly MariaDbServer[]
}

export interface RunningSpider extends SpiderServers {
  stop(): Promise<void>
}

/** Starts a front and three shards on loopback, each a server of its own. They end with stop(), and with this process. */
export async function startSpider(): Promise<RunningSpider> {
  const servers = await Promise.all([
    startMariaDb({ arguments: ['--plugin-load-add=ha_spider'] }),
    ...Array.from({ length: SHARDS }, () => startMariaDb()),
  ])
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())))
  try {
    await Promise.all(servers.map(({ ready }) => ready))
    const [front, ...shards] = servers.map(({ stop: _, ready: __, ...server }) => server)
    if (front === undefined) throw new RangeError('no server')
    const { isMariaDb: _, ...login } = front
    const admin = await createConnection(login)
    for (const [index, { host, port, user, password }] of shards.entries()) {
      await admin.query(
        `CREATE SERVER shard${index} FOREIGN DATA WRAPPER mariadb OPTIONS (HOST ?, PORT ${port}, USER ?, PASSWORD ?)`,
        [host, user, password],
      )
    }
    await admin.end()
    return { front, shards, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

export interface ShardedDatabase {
  readonly url: string
  /** Creates the operator's five tables, each spread over all shards by its id, and fills them through the front. */
  write(tables: StoredTables): Promise<void>
  /** Runs a statement on the front; one that defines a table on the shards too. */
  exec(sql: string): Promise<void>
  /** Rows of a table on each shard. */
  spread(table: string): Promise<number[]>
  drop(): Promise<void>
}

/** Creates an empty database of one name on all servers. */
export async function freshShards(servers: SpiderServers | string | undefined): Promise<ShardedDatabase> {
  if (servers === undefined) throw new Error('no Spider runs: the tests of the project spider start one')
  if (typeof servers === 'string') throw new Error(`Spider does not start: ${servers}`)
  const database = `t_${process.pid}_${Date.now().toString(36)}_${Math.random().toString(36).slice(2, 7)}`
  const opened = await Promise.all(
    [servers.front, ...servers.shards].map(async ({ host, port, user, password }) => {
      const connection = await createConnection({ host, port, user, password })
      await connection.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
      await connection.changeUser({ database })
      return connection
    }),
  )
  const [front, ...shards] = opened
  if (front === undefined) throw new RangeError('no server')
  const namesOnShards = new Map<string, string>()

  const exec = async (sql: string): Promise<void> => {
    const [, from = '', to = ''] = RENAME.exec(sql) ?? []
    if (to !== '') namesOnShards.set(to, from)
    const [, verb = '', table = ''] = to === '' ? (DEFINITION.exec(sql) ?? []) : []
    if (table === '') return void (await front.query(sql))
    const there = namesOnShards.get(table) ?? table
    const onShard = sql.replace(`${verb} ${table}`, `${verb} ${there}`)
    await Promise.all(shards.map((shard) => shard.query(onShard)))
    await front.query(verb === 'CREATE TABLE' ? onShards(sql, database, table) : sql)
  }

  const { host, port, user, password } = servers.front
  return {
    url: `mysql://${user}:${password}@${host}:${port}/${database}`,
    async write(tables) {
      for (const statement of createStatements('mysql')) await exec(statement)
      for (const { table, columns, rows } of storedRows(tables)) {
        for (let at = 0; at < rows.length; at += ROWS_AN_INSERT) {
          const batch = rows.slice(at, at + ROWS_AN_INSERT)
          await front.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [batch])
        }
      }
    },
    exec,
    spread: (table) =>
      Promise.all(
        shards.map(async (shard) => {
          const [rows] = await shard.query({ sql: `SELECT count(*) FROM ${table}`, rowsAsArray: true })
          return Number((rows as unknown[][])[0]?.[0])
        }),
      ),
    async drop() {
      await Promise.all(
        opened.map(async (connection) => {
          await connection.query(`DROP DATABASE ${database}`)
          await connection.end()
        }),
      )
    },
  }
}

/**
 * A table of the front that holds no row. No key but the one that spreads the rows can be unique over all shards, so the
 * front promises none; each shard still keeps its own.
 */
function onShards(sql: string, database: string, table: string): string {
  const columns = sql.replace(/ ENGINE=.*$/, '').replaceAll(' UNIQUE', '')
  const partitions = Array.from(
    { length: SHARDS },
    (_, index) => `PARTITION p${index} COMMENT 'server "shard${index}", database "${database}", table "${table}"'`,
  )
  return `${columns} ENGINE=SPIDER DEFAULT CHARSET=utf8mb4 COMMENT='wrapper "mariadb"' PARTITION BY KEY (id) (${partitions.join(', ')})`
}
