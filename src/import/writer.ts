import { AuditError, shortened } from '../errors.ts'
import { type Bind, type EmbeddedHandle, openEmbeddedHandle } from '../ledger/embedded-handle.ts'
import { createStatement, type ImportTable, indexStatements, insertStatement } from './columns.ts'

/** Writes a new embedded database, in one transaction. */
export interface DatabaseWriter {
  table(table: ImportTable): TableWriter
  /** First and last real time of creation among the tasks. */
  readonly taskTimes: { readonly first: string; readonly last: string } | null
  /** The last steps: indexes, and the end of the transaction. */
  indexing(): readonly (() => void)[]
  /** Safe to call twice. What was not committed is lost. */
  close(): void
}

export interface TableWriter {
  /** Says what is wrong with a row that is not accepted. */
  insert(row: readonly Bind[]): string | undefined
  rows(): number
}

/** Rows mostly come in order of id, and then need no more; those that do not find their page in this. */
const CACHE_KIBIBYTES = 16 * 1024
/** Rows of each index that the planner learns from. */
const ANALYSIS_ROWS = 1000

export async function openWriter(path: string): Promise<DatabaseWriter> {
  const handle = await openEmbeddedHandle(path)
  // The file has a temporary name until it is whole: nothing of a broken-off import is ever read again.
  handle.exec('PRAGMA journal_mode = MEMORY')
  handle.exec('PRAGMA synchronous = OFF')
  // Libsql would sort an index in memory: 100 MB more with each million rows.
  handle.exec('PRAGMA temp_store = FILE')
  handle.exec(`PRAGMA cache_size = -${CACHE_KIBIBYTES}`)
  handle.exec('BEGIN')
  const tables: ImportTable[] = []
  const times = createSpan()
  let open = true
  return {
    table(table) {
      tables.push(table)
      told(() => handle.exec(createStatement(table)))
      return tableWriter(handle, table, times.add)
    },
    get taskTimes() {
      return times.get()
    },
    indexing: () => [
      ...tables.flatMap(indexStatements).map((statement) => () => void told(() => handle.exec(statement), SORTING)),
      () => {
        handle.exec(`PRAGMA analysis_limit = ${ANALYSIS_ROWS}`)
        told(() => handle.exec('ANALYZE'))
      },
      () => void told(() => handle.exec('COMMIT')),
    ],
    close() {
      if (open) handle.close()
      open = false
    },
  }
}

function tableWriter(handle: EmbeddedHandle, table: ImportTable, seen: (time: Bind) => void): TableWriter {
  const statement = handle.prepare(insertStatement(table))
  const idAt = table.columns.findIndex(({ kind }) => kind === 'row-id')
  const timeAt = table.role === 'tasks' ? table.columns.findIndex(({ key }) => key === 'createdAt') : -1
  let rows = 0
  return {
    insert(row) {
      try {
        statement.run(...row)
      } catch (cause) {
        if (!isDuplicate(cause)) throw failure(cause)
        return `${table.columns[idAt]?.name}: ${row[idAt]} is there already, in a line before`
      }
      rows++
      if (timeAt >= 0) seen(row[timeAt] ?? null)
      return undefined
    },
    rows: () => rows,
  }
}

/** The first and the last of some naive times. Times with a part of 0 are no real ones. */
function createSpan() {
  let first = ''
  let last = ''
  return {
    add(time: Bind): void {
      if (typeof time !== 'string' || time.startsWith('0000') || time.includes('-00')) return
      if (first === '' || time < first) first = time
      if (time > last) last = time
    },
    get: () => (first === '' ? null : { first, last }),
  }
}

const isDuplicate = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'SQLITE_CONSTRAINT_PRIMARYKEY'

function told<T>(step: () => T, also = ''): T {
  try {
    return step()
  } catch (cause) {
    throw failure(cause, also)
  }
}

/** An index of many rows is sorted beside the file; which of the two had no room nobody tells. */
const SORTING = ', and for half of what they hold in the folder for temporary files (TMPDIR), where indexes are sorted'

const failure = (cause: unknown, also = ''): AuditError =>
  new AuditError('source', `the database cannot be written: ${shortened(String(cause), 200)}`, {
    field: 'output',
    next: `see that there is room for it, up to twice what the files hold${also}`,
    cause,
  })
