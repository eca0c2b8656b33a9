import { AuditError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Clock, Millis } from '../units/instant.ts'
import { openZone, type Zone } from '../units/zone.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { embeddedSession, openEmbeddedFile } from './embedded.ts'
import type { EmbeddedHandle } from './embedded-handle.ts'
import { guardOf } from './guard.ts'
import type { TableMapping } from './mapping.ts'
import { openMysqlSession } from './mysql.ts'
import type { LedgerStore } from './reader.ts'
import type { Session } from './session.ts'
import { snapshotOf } from './snapshot.ts'
import { tablesOf } from './tables.ts'

export interface StoreOptions {
  /** `mysql://user:pass@host:port/db`, `file:path`, or an open embedded handle, which stays open. */
  readonly url: string | EmbeddedHandle
  readonly mapping: TableMapping
  /** Zone of the stored DATETIMEs (DB_TIMEZONE); otherwise the audit's, otherwise the database's own offset. */
  readonly dbZone?: Zone | undefined
  readonly clock: Clock
  /** Time one snapshot may spend reading. */
  readonly deadlineMs?: Millis
}

/**
 * The operator's database, opened anew for each snapshot.
 * Throws AuditError: kind configuration for the form of the URL or the mapping, at once; kind source when a snapshot
 * cannot be had or a table cannot be read. No message holds the password or the URL.
 */
export function openLedgerStore({ url, mapping, dbZone, clock, deadlineMs }: StoreOptions): LedgerStore {
  // For its errors alone: a name that could end a quoted identifier goes no further.
  tablesOf(mapping)
  const address = typeof url === 'string' ? parseDatabaseUrl(url) : url
  return {
    async snapshot(signal, auditZone) {
      const guard = guardOf(signal, deadlineMs ?? LIMITS.databaseDeadline)
      guard.check()
      const open = (): Promise<Session> | Session => {
        if (!('engine' in address)) return embeddedSession(address, mapping, guard, clock, () => undefined)
        if (address.engine === 'embedded') return openEmbeddedFile(address.path, mapping, guard, clock)
        return openMysqlSession(address, mapping, guard, clock)
      }
      const session = await open()
      const zone = dbZone ?? auditZone ?? openZone(session.databaseOffset)
      if (zone === undefined) {
        await session.close()
        throw new AuditError('source', `the database says its offset to UTC is ${session.databaseOffset}`, {
          field: 'DB_TIMEZONE',
          next: 'set DB_TIMEZONE to the zone of the stored times, like Asia/Shanghai',
        })
      }
      return snapshotOf({ session, mapping, zone })
    },
  }
}
