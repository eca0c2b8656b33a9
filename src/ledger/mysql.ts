import { setTimeout as delay } from 'node:timers/promises'
import { AuditError } from '../errors.ts'
import { type Clock, MINUTE, SECOND } from '../units/instant.ts'
import type { MysqlAddress } from './database-url.ts'
import type { Guard } from './guard.ts'
import type { TableMapping } from './mapping.ts'
import { mysqlFailure } from './mysql-failure.ts'
import { ask, connected, type Link, linkTo, loadMysql } from './mysql-link.ts'
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
    const begun = await watched(guard, begin(reader, killer, clock))
    return sessionOf({ address, mapping, guard, reader, killer, drop, ...begun })
  } catch (cause) {
    drop()
    throw mysqlFailure(cause, address, `the database "${address.database}"`)
  }
}

async function begin(reader: Link, killer: Link, clock: Clock) {
  await Promise.all([connected(reader), connected(killer)])
  await ask(reader, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  const takenAt = clock()
  await ask(reader, 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
  const rows = await ask(reader, 'SELECT CONNECTION_ID(), TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())')
  const [readerId, offsetSeconds] = (rows[0] ?? []).map(Number)
  if (!Number.isInteger(readerId) || !Number.isInteger(offsetSeconds)) {
    throw new AuditError('source', 'the database server does not say who it is', { field: 'DATABASE_URL' })
  }
  return { takenAt, readerId, databaseOffset: offsetText(Number(offsetSeconds)) }
}

interface Begun {
  readonly address: MysqlAddress
  readonly mapping: TableMapping
  readonly guard: Guard
  readonly reader: Link
  readonly killer: Link
  readonly drop: () => void
  readonly takenAt: Session['takenAt']
  readonly readerId: number | undefined
  readonly databaseOffset: string
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
}: Begun): Session {
  let closed = false
  let reading = false
  let ending: Promise<void> | undefined

  const killQuery = () => briefly(ask(killer, `KILL QUERY ${readerId}`))
  /** Ends what runs on the server, then both connections. Once. */
  const endAll = () => {
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
    async *read(statement, decoder) {
      if (closed) throw new AuditError('internal', 'the snapshot of the database is closed already')
      if (reading) throw new AuditError('internal', 'two reads of one snapshot at once')
      guard.check()
      reading = true
      const stream = streamRows(reader, statement, decoder)
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

/** Seconds east of UTC as +08:00, to the minute. */
function offsetText(seconds: number): string {
  const minutes = Math.round((seconds * SECOND) / MINUTE)
  const pad = (value: number) => String(value).padStart(2, '0')
  const magnitude = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(magnitude / 60))}:${pad(magnitude % 60)}`
}
