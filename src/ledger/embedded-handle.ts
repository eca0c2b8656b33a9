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
  run(...binds: Bind[]): unknown
}

/** Opens, or creates, an embedded database file by its absolute path. Libsql is loaded only here, and only when needed. */
export async function openEmbeddedHandle(absolutePath: string): Promise<EmbeddedHandle> {
  const Database = await loadLibsql()
  return new Database(absolutePath) as unknown as EmbeddedHandle
}

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
