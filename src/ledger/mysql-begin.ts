import { AuditError } from '../errors.ts'
import { type Clock, type Instant, MINUTE, SECOND } from '../units/instant.ts'
import type { Consistency } from './reader.ts'
import { nameAsStored } from './table-names.ts'

/** Runs a short statement and gives its rows. */
export type Ask = (sql: string) => Promise<readonly (readonly unknown[])[]>

/** A read transaction that has begun. */
export interface Begun {
  readonly takenAt: Instant
  readonly readerId: number
  /** The server's own offset to UTC, like +08:00. */
  readonly databaseOffset: string
  readonly consistency: Consistency
}

// Servers of other makers that speak the protocol; they tell their name in either of the two texts.
const OTHERS = /tidb|vitess|oceanbase|starrocks|doris|singlestore|memsql|clickhouse|dolt|polardb-x|databend|greptime/i

/** Whether it is neither MySQL nor MariaDB, by VERSION() and @@version_comment. */
export const isOtherServer = (version: string, comment: string): boolean => OTHERS.test(`${version} ${comment}`)

/** MySQL and MariaDB know the first. TiDB knows no two of these words together, and others no more than the last. */
const BEGINNINGS = [
  'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT',
  'START TRANSACTION',
] as const

/**
 * What a session is told before it reads. Text is to come as utf8mb4 also from a server that passes over what the login asks
 * for, or sets another character set itself (init_connect): ids in any other are garbled. And no limit that the server puts on
 * every SELECT is to cut a table short without a word: this number is none. Nor is a SELECT to be refused for the rows that it
 * looks at, as shared hosts do (max_join_size).
 */
const SETTINGS = [
  'SET NAMES utf8mb4',
  'SET SESSION sql_select_limit = 18446744073709551615',
  'SET SESSION sql_big_selects = 1',
] as const

// What a server answers to words that it does not know, or knows and does not do.
const UNKNOWN_WORDS = new Set(['1064', '1149', '1193', '1231', '1235', '1105', '8108'])

/**
 * Begins a read-only transaction with a consistent snapshot, or the next best that the server knows, and says how far all
 * that is read in it is of one moment. `tables`: names of those that are read.
 */
export async function beginReading(ask: Ask, clock: Clock, tables: readonly string[]): Promise<Begun> {
  for (const setting of SETTINGS) await understood(ask(setting))
  const repeatable = await understood(ask('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ'))
  const takenAt = clock()
  const snapshot = await started(ask)
  const rows = await ask('SELECT CONNECTION_ID(), TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())')
  const [readerId, offsetSeconds] = (rows[0] ?? []).map(Number)
  if (readerId === undefined || !Number.isInteger(readerId) || !Number.isInteger(offsetSeconds)) {
    throw new AuditError('source', 'the database server does not say who it is', { field: 'DATABASE_URL' })
  }
  const consistency = repeatable && snapshot ? await consistencyOf(ask, tables) : 'unknown'
  return { takenAt, readerId, databaseOffset: offsetText(Number(offsetSeconds)), consistency }
}

/** Whether a transaction began with a snapshot. Where the server knows no transaction at all, reading goes on without. */
async function started(ask: Ask): Promise<boolean> {
  for (const beginning of BEGINNINGS) {
    if (await understood(ask(beginning))) return beginning.includes('SNAPSHOT')
  }
  return false
}

/** Whether the server knew the words; any other failure is thrown. */
async function understood(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked
    return true
  } catch (cause) {
    if (isUnknownWords(cause)) return false
    throw cause
  }
}

const isUnknownWords = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'errno' in cause && UNKNOWN_WORDS.has(String(cause.errno))

/**
 * How far the tables share one moment, by the engines they are stored in. InnoDB keeps one; Spider begins on each shard when
 * that is first read; MyISAM and its like know no transactions. Of views, of other engines, and of servers of other makers,
 * which may call every engine InnoDB, it is not known.
 */
async function consistencyOf(ask: Ask, tables: readonly string[]): Promise<Consistency> {
  try {
    const [server = []] = await ask('SELECT VERSION(), @@version_comment')
    if (isOtherServer(String(server[0]), String(server[1]))) return 'unknown'
    // As hexadecimal: no server reads them otherwise than as they stand.
    const names = tables.map((name) => `CONVERT(x'${Buffer.from(name, 'utf8').toString('hex')}' USING utf8mb4)`)
    const rows = await ask(
      `SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${names.join(', ')})`,
    )
    const engines = new Map(rows.map(([name, engine]) => [String(name), String(engine ?? '').toLowerCase()]))
    return worstOf(tables.flatMap((name) => engines.get(nameAsStored(name, [...engines.keys()]) ?? '') ?? []))
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'errno' in cause) return 'unknown'
    throw cause
  }
}

const NO_TRANSACTIONS = new Set([
  'myisam',
  'aria',
  'memory',
  'csv',
  'archive',
  'mrg_myisam',
  'columnstore',
  'federated',
])

function worstOf(engines: readonly string[]): Consistency {
  if (engines.length === 0) return 'unknown'
  if (engines.some((engine) => NO_TRANSACTIONS.has(engine))) return 'none'
  if (engines.includes('spider')) return 'per-shard'
  return engines.every((engine) => engine === 'innodb') ? 'consistent' : 'unknown'
}

/** Seconds east of UTC as +08:00, to the minute. */
function offsetText(seconds: number): string {
  const minutes = Math.round((seconds * SECOND) / MINUTE)
  const pad = (value: number) => String(value).padStart(2, '0')
  const magnitude = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(magnitude / 60))}:${pad(magnitude % 60)}`
}
