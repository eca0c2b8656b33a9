import { setTimeout as delay } from 'node:timers/promises'
import { AuditError } from '../errors.ts'
import { type Clock, SECOND } from '../units/instant.ts'
import type { MysqlAddress } from './database-url.ts'
import type { Guard } from './guard.ts'
import type { TableMapping } from './mapping.ts'
import { type Begun, beginReading } from './mysql-begin.ts'
import { mysqlFailure } from './mysql-failure.ts'
import { ask, connected, keepAwake, type Link, linkTo, loadMysql } from './mysql-link.ts'
import { streamRows } from './mysql-stream.ts'
import type { Session } from './session.ts'

// Ending a query takes milliseconds; a server that is gone must not hold up who gave up on it.
const FAREWELL = 2 * SECOND

/**
 * One read-only transaction with a consistent snapshot on a MySQL or MariaDB server. A second connection, opened
 * beforehand, ends the running query on abort: closing the first would leave the query running on the server. A user
 * with no more than SELECT may end queries of its own.
 */
export async function openMysqlSession(
  address: MysqlAddress,
  mapping: TableMapping,
  guard: Guard,
  clock: Clock,
): Promise<Session> {
  const create = await loadMysql()
  guard.check()
  const reader = linkTo(address, create)
  const killer = linkTo(address, create)
  const drop = () => {
    reader.drop()
    killer.drop()
  }
  try {
    const begun = await watched(guard, begin(reader, killer, clock, Object.values(mapping.tables)))
    return sessionOf({ address, mapping, guard, reader, killer, drop, ...begun })
  } catch (cause) {
    drop()
    throw mysqlFailure(cause, address, `the database "${address.database}"`)
  }
}

async function begin(reader: Link, killer: Link, clock: Clock, tables: readonly string[]): Promise<Begun> {
  await Promise.all([connected(reader), connected(killer)])
  return beginReading((sql) => ask(reader, sql), clock, tables)
}

interface Parts extends Begun {
  readonly address: MysqlAddress
  readonly mapping: TableMapping
  readonly guard: Guard
  readonly reader: Link
  readonly killer: Link
  readonly drop: () => void
}

function sessionOf({
  address,
  mapping,
  guard,
  reader,
  killer,
  drop,
  takenAt,
  readerId,
  databaseOffset,
  consistency,
}: Parts): Session {
  let closed = false
  let reading = false
  let ending: Promise<void> | undefined
  // Fal may be asked for minutes meanwhile.
  const letSleep = keepAwake(() => (reading ? [killer] : [reader, killer]))

  const killQuery = () => briefly(ask(killer, `KILL QUERY ${readerId}`))
  /** Ends what runs on the server, then both connections. Once. */
  const endAll = () => {
    letSleep()
    ending ??= (async () => {
      await killQuery()
      // A statement still on its way when KILL QUERY came would start after it; a killed connection starts none.
      await briefly(ask(killer, `KILL CONNECTION ${readerId}`))
      drop()
    })()
    return ending
  }

  return {
    takenAt,
    databaseOffset,
    consistency,
    async *read(statement, batches) {
      if (closed) throw new AuditError('internal', 'the snapshot of the database is closed already')
      if (reading) throw new AuditError('internal', 'two reads of one snapshot at once')
      guard.check()
      reading = true
      const stream = streamRows(reader, statement, batches)
      const unwatch = guard.watch((reason) => {
        stream.fail(reason)
        void endAll()
      })
      try {
        for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) yield batch
      } catch (cause) {
        // The server answers a killed query with an error of its own: what the caller wanted comes first.
        guard.check()
        throw mysqlFailure(cause, address, statement.subject ?? mapping.tables[statement.role])
      } finally {
        unwatch()
        await ending
        if (!stream.over() && ending === undefined) {
          // The reader stopped early, or a row was unreadable. The transaction outlives its query.
          await killQuery()
          await briefly(stream.drained())
          if (!stream.over()) await endAll()
          // A kill that came too late hits the next statement: this one.
          else await briefly(ask(reader, 'DO 0'))
        }
        reading = false
      }
    },
    async close() {
      if (closed) return
      closed = true
      letSleep()
      if (reading) await endAll()
      else if (ending === undefined) {
        await briefly(Promise.all([farewell(reader), farewell(killer)]))
        drop()
      } else await ending
    },
  }
}

/** Runs the work until the guard stops it. */
export async function watched<T>(guard: Guard, work: Promise<T>): Promise<T> {
  let unwatch = () => {}
  const stopped = new Promise<never>((_, reject) => {
    unwatch = guard.watch(reject)
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    unwatch()
  }
}

/** Waits for a courtesy to the server, not for long, and does not mind if it fails. */
export async function briefly(courtesy: Promise<unknown>): Promise<void> {
  const patience = new AbortController()
  const settled = courtesy.catch(() => undefined)
  await Promise.race([
    settled,
    delay(FAREWELL, undefined, { signal: patience.signal, ref: false }).catch(() => undefined),
  ])
  patience.abort()
}

/** Says goodbye to the server. */
export function farewell({ connection }: Link): Promise<void> {
  return new Promise((resolve) => {
    connection.end(() => resolve())
  })
}
