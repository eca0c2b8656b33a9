import { pathToFileURL } from 'node:url'
import { AuditError } from '../errors.ts'

/** What a statement may be bound to. Anything else ends the whole process inside libsql, without an exception. */
export type Bind = string | number | bigint | null

/** The part of libsql's Database that this program uses. */
export interface EmbeddedHandle {
  prepare(sql: string): EmbeddedStatement
  exec(sql: string): unknown
  interrupt(): void
  close(): void
}

export interface EmbeddedStatement {
  raw(on?: boolean): this
  safeIntegers(on?: boolean): this
  /** The declared type of each column; null for an expression. */
  columns(): readonly { readonly type: string | null }[]
  iterate(...binds: Bind[]): Iterator<unknown>
  /** The first row. Alone of all resets the statement when it is done. */
  get(...binds: Bind[]): unknown
  run(...binds: Bind[]): unknown
}

/** Opens, or creates, an embedded database file by its absolute path or URL. Libsql is loaded only here, and only when needed. */
export async function openEmbeddedHandle(place: string): Promise<EmbeddedHandle> {
  const Database = await loadLibsql()
  return new Database(place) as unknown as EmbeddedHandle
}

/**
 * Opens a file that is there, only to read it. The driver's own option does nothing; told in an URL, SQLite itself neither takes
 * back what a writer left undone, nor moves what stands in a write-ahead log into the file when it is closed.
 */
export const openReadingHandle = (absolutePath: string): Promise<EmbeddedHandle> =>
  openEmbeddedHandle(`${pathToFileURL(absolutePath).href}?mode=ro`)

async function loadLibsql() {
  try {
    return (await import('libsql')).default
  } catch (cause) {
    throw new AuditError('configuration', 'the embedded database cannot be loaded: the package libsql is not usable', {
      field: 'DATABASE_URL',
      next: 'install it for this platform with `npm install libsql`, or give a mysql:// DATABASE_URL',
      cause,
    })
  }
}
