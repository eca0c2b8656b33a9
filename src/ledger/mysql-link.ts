import type { Duplex } from 'node:stream'
import type { Connection, ConnectionOptions, QueryOptions } from 'mysql2'
import { AuditError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type Millis, SECOND } from '../units/instant.ts'
import type { MysqlAddress } from './database-url.ts'
import { refuseStrangers, tlsOptions } from './mysql-tls.ts'

/** One connection that tells when it breaks: mysql2 leaves a stream waiting for ever, and an unheard error ends the process. */
export interface Link {
  readonly connection: Connection
  /** What broke the connection; undefined while it holds. */
  brokenBy(): Error | undefined
  /** Calls back when the connection breaks, at once where it has. Returns what ends the listening. */
  whenBroken(listener: (cause: Error) => void): () => void
  /** Closes the socket without a word. What runs on the server goes on: end it first. */
  drop(): void
}

type CreateConnection = (options: ConnectionOptions) => Connection

// Prepared statements kept on the server: look-ups differ in length, and each length is one.
const PREPARED_MAX = 20

/** Loads mysql2, only when a MySQL database is configured. */
export async function loadMysql(): Promise<CreateConnection> {
  try {
    return (await import('mysql2')).createConnection
  } catch (cause) {
    throw new AuditError('internal', 'the MySQL driver cannot be loaded', {
      next: 'build or install the program anew',
      cause,
    })
  }
}

/** Begins to connect. The link exists at once, so that a caller who gives up can drop it. */
export function linkTo(address: MysqlAddress, create: CreateConnection): Link {
  // Public but untyped in mysql2; destroy() alone leaves the socket half open.
  const connection = create({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    connectTimeout: LIMITS.databaseConnectTimeout,
    supportBigNumbers: true,
    dateStrings: true,
    maxPreparedStatements: PREPARED_MAX,
    ...tlsOptions(address),
  }) as Connection & { readonly stream: Duplex }
  refuseStrangers(connection, address)
  let broken: Error | undefined
  const listeners = new Set<(cause: Error) => void>()
  const breakDown = (cause: Error) => {
    if (broken !== undefined) return
    broken = cause
    for (const listener of listeners) listener(cause)
    connection.stream.destroy()
  }
  connection.on('error', breakDown)
  connection.on('end', () => breakDown(connectionLost()))
  connection.stream.on('close', () => breakDown(connectionLost()))
  return {
    connection,
    brokenBy: () => broken,
    whenBroken(listener) {
      if (broken !== undefined) listener(broken)
      else listeners.add(listener)
      return () => listeners.delete(listener)
    },
    drop() {
      connection.destroy()
      connection.stream.destroy()
    },
  }
}

/** Settles when the login is through. */
export function connected(link: Link): Promise<void> {
  return answered(link, (resolve, reject) =>
    link.connection.connect((error) => (error === null || error === undefined ? resolve() : reject(error))),
  )
}

/** Runs a short statement in the text protocol, and gives its rows as arrays. */
export function ask(link: Link, sql: string): Promise<readonly (readonly unknown[])[]> {
  const options: QueryOptions = { sql, rowsAsArray: true }
  return answered(link, (resolve, reject) =>
    link.connection.query(options, (error, rows) => {
      if (error !== null) reject(error)
      else resolve(Array.isArray(rows) ? (rows as unknown[][]) : [])
    }),
  )
}

/** Less than any server, or proxy on the way, lets a connection be idle (wait_timeout, idle_transaction_timeout). */
const AWAKE_EVERY: Millis = 2 * SECOND

/** Says something to the server from time to time on links that are idle, so that it ends none. Returns what stops that. */
export function keepAwake(idle: () => readonly Link[]): () => void {
  const timer = setInterval(() => {
    // One that broke is told of by whoever reads from it next.
    for (const link of idle()) ask(link, 'DO 0').catch(() => undefined)
  }, AWAKE_EVERY)
  timer.unref()
  return () => clearInterval(timer)
}

/** A promise that also ends when the connection breaks. */
function answered<T>(
  link: Link,
  start: (resolve: (value: T) => void, reject: (cause: Error) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const off = link.whenBroken(reject)
    const settle =
      <A>(done: (value: A) => void) =>
      (value: A) => {
        off()
        done(value)
      }
    if (link.brokenBy() === undefined) start(settle(resolve), settle(reject))
  })
}

const connectionLost = (): Error =>
  Object.assign(new Error('the server closed the connection'), { code: 'PROTOCOL_CONNECTION_LOST' })
