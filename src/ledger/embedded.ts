import { existsSync, statSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AuditError, codeOf, shortened, type TableFailure } from '../errors.ts'
import type { Clock, Millis } from '../units/instant.ts'
import { BATCH_ROWS } from './batches.ts'
import type { Cell } from './cells.ts'
import { type ColumnKind, kindOfDeclared } from './column-kinds.ts'
import { type Bind, type EmbeddedHandle, openReadingHandle } from './embedded-handle.ts'
import type { Guard } from './guard.ts'
import type { TableMapping } from './mapping.ts'
import type { Statement } from './queries.ts'
import { CellRow } from './row-cells.ts'
import type { Session } from './session.ts'

// Libsql fetches 100 rows at once, so an interrupted statement says so within this many steps.
const STEPS_TO_INTERRUPT_MAX = 101
// A statement looks at the rows that it leaves out in one go: some milliseconds for so many, before anybody else has a turn.
const IDS_AT_ONCE = 10_000
// Reading and decoding, between two turns of the event loop; looked at every so many rows.
const TURN: Millis = 10
const ROWS_BETWEEN_LOOKS = 50
// The column types of SQLite bind nobody: a REAL is a double, whatever the column is called.
const NO_TYPES: readonly [] = []

/** Opens a read transaction on an embedded file. The file must exist: libsql would create an empty one. */
export async function openEmbeddedFile(
  path: string,
  mapping: TableMapping,
  guard: Guard,
  clock: Clock,
): Promise<Session> {
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new AuditError('source', `there is no database file at ${path}`, {
      field: 'DATABASE_URL',
      value: path,
      next: 'mend the path in DATABASE_URL (file:path), or try the `demo` command, which needs no database',
    })
  }
  let handle: EmbeddedHandle
  try {
    handle = await openReadingHandle(path)
  } catch (cause) {
    if (cause instanceof AuditError) throw cause
    throw new AuditError('source', `the database file ${path} cannot be opened`, {
      field: 'DATABASE_URL',
      value: path,
      next: 'see that this user may read the file and its folder',
    })
  }
  return embeddedSession(handle, mapping, guard, clock, () => handle.close())
}

/**
 * A read transaction on an open handle. The first read fixes the moment that all others see.
 * Statements run inside this thread: between batches the event loop has its turn, so that an abort is heard.
 */
export function embeddedSession(
  handle: EmbeddedHandle,
  mapping: TableMapping,
  guard: Guard,
  clock: Clock,
  release: () => void,
): Session {
  const takenAt = clock()
  let closed = false
  let endRead: (() => void) | undefined
  try {
    handle.exec('PRAGMA query_only = 1')
    handle.exec('BEGIN')
    // BEGIN alone takes no snapshot: the first read does.
    handle.prepare('SELECT count(*) FROM sqlite_master').raw().iterate().next()
  } catch (cause) {
    release()
    throw embeddedFailure(cause, 'the database file')
  }
  return {
    takenAt,
    databaseOffset: '+00:00',
    consistency: 'consistent',
    idsAtOnce: IDS_AT_ONCE,
    looseTypes: true,
    async *read(statement, batches) {
      if (closed) throw new AuditError('internal', 'the snapshot of the database is closed already')
      if (endRead !== undefined) throw new AuditError('internal', 'two reads of one snapshot at once')
      guard.check()
      let stopped: AuditError | undefined
      const unwatch = guard.watch((reason) => {
        stopped = reason
      })
      const rows = rowsOf(handle, statement, statement.subject ?? mapping.tables[statement.role])
      let over = false
      endRead = () => {
        unwatch()
        endRead = undefined
        // A statement left half read keeps its lock on the file, even after close.
        if (!over) interrupt(handle, rows)
      }
      try {
        const batcher = batches(NO_TYPES, rows.kinds)
        const row = new CellRow(NO_TYPES)
        while (!over) {
          const since = performance.now()
          for (let count = 0; count < BATCH_ROWS && !over; count++) {
            if (count % ROWS_BETWEEN_LOOKS === 0 && performance.now() - since > TURN) break
            // One that fails has ended by itself, and to interrupt it would interrupt the statements after it.
            over = true
            const cells = rows.next()
            over = cells === undefined
            if (cells !== undefined) batcher.add(row.of(cells))
          }
          if (batcher.count > 0) {
            yield batcher.take()
            batcher.release()
          }
          await nextTurn()
          if (stopped !== undefined) throw stopped
        }
      } finally {
        endRead?.()
      }
    },
    async close() {
      if (closed) return
      closed = true
      endRead?.()
      try {
        handle.exec('ROLLBACK')
        handle.exec('PRAGMA query_only = 0')
      } finally {
        release()
      }
    },
  }
}

interface Rows {
  readonly kinds: readonly ColumnKind[]
  /** The next row; undefined at the end. */
  next(): readonly Cell[] | undefined
}

function rowsOf(handle: EmbeddedHandle, statement: Statement, table: string): Rows {
  const told = <T>(step: () => T): T => {
    try {
      return step()
    } catch (cause) {
      throw embeddedFailure(cause, table)
    }
  }
  const prepared = told(() => handle.prepare(statement.sql).raw().safeIntegers())
  const binds = statement.binds.map(wholeAsInteger)
  const iterator = told(() => prepared.iterate(...binds))
  return {
    kinds: prepared.columns().map(({ type }) => kindOfDeclared(type)),
    next: () => {
      const step = told(() => iterator.next())
      if (step.done !== true) return step.value as readonly Cell[]
      // A plan told to its end still counts as read: until it is reset it keeps writers from the file, even after close.
      if (statement.sql.startsWith('EXPLAIN')) told(() => prepared.get(...binds))
      return undefined
    },
  }
}

/** Libsql binds a number as a double, and SQLite makes 42.0 of it where it is compared with a text. */
const wholeAsInteger = (bind: Bind): Bind => (Number.isSafeInteger(bind) ? BigInt(bind as number) : bind)

function interrupt(handle: EmbeddedHandle, rows: Rows): void {
  handle.interrupt()
  try {
    for (let step = 0; step < STEPS_TO_INTERRUPT_MAX && rows.next() !== undefined; step++);
  } catch {
    // The interruption itself: the statement has let go of the file.
  }
}

const SQLITE_HINTS: readonly (readonly [RegExp, TableFailure, string, string])[] = [
  [/no such table/, 'not-there', 'does not exist', 'name the table in AUDIT_CONFIG (tables), or mend DATABASE_URL'],
  [/no such column: (\S+)/, 'not-there', 'has no column $1', 'name the column in AUDIT_CONFIG (columns)'],
  [
    /not a database|malformed/,
    'damaged',
    'is no database file, or a damaged one',
    'mend the path in DATABASE_URL (file:path)',
  ],
  [
    // The first is how the driver calls the second; where a log is there already, SQLite says the third.
    /SQLITE_ERROR_1544|SQLITE_READONLY_DIRECTORY|unable to open database file/,
    'damaged',
    'keeps a write-ahead log, and SQLite may not open or make the files that this takes beside it (-wal, -shm)',
    'let this user write in the folder of the file and to those two, or name a copy of it, with its -wal where there is one, in another folder',
  ],
  [
    /readonly/,
    'damaged',
    'was left by a writer that ended in the middle of its work, and only one that may write can take that back',
    'start the program that writes it, or open it once with sqlite3; what it left stands in the -journal or -wal file beside it',
  ],
  [/locked|busy/, 'occupied', 'is locked by a writer', 'try again when the writer has finished'],
]

/** What libsql threw, as an error that says what to do. Its messages hold names of tables and columns, no values. */
function embeddedFailure(cause: unknown, subject: string): AuditError {
  const message = cause instanceof Error ? cause.message : String(cause)
  for (const [pattern, failure, says, next] of SQLITE_HINTS) {
    const match = pattern.exec(`${message} ${codeOf(cause)}`)
    if (match === null) continue
    const told = says.replace('$1', match[1] ?? '')
    return new AuditError('source', `${subject} ${told}`, { field: subject, next, failure })
  }
  return new AuditError('source', `${subject} cannot be read: ${shortened(message, 200)}`, {
    field: subject,
    next: 'see that DATABASE_URL names a whole and readable database file',
    failure: 'damaged',
  })
}
