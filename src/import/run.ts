import { stat } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BadLine, ImportedTable, ImportOutcome, ImportRequest } from '../../schemas/import.ts'
import { inputError, throwIfAborted } from '../errors.ts'
import type { TableMapping, TableRole } from '../ledger/mapping.ts'
import type { CallContext } from '../tool.ts'
import { openZone, type Zone } from '../units/zone.ts'
import { checkTableNames, type ImportColumn, type ImportTable, importTable, ROLES } from './columns.ts'
import { exportCommand } from './export-command.ts'
import { nextCommand } from './next-command.ts'
import { readTableFile } from './read-file.ts'
import { findSources, type SourceFile } from './sources.ts'
import { openTarget } from './target.ts'
import { type DatabaseWriter, openWriter } from './writer.ts'

export interface ImportParts {
  readonly mapping: TableMapping
  /** DB_TIMEZONE and AUDIT_TIMEZONE. */
  readonly dbZone: Zone | undefined
  readonly auditZone: Zone | undefined
  /** Milliseconds that never jump. */
  readonly now: () => number
  /** Has something done should the process end at once; returns what calls it off. */
  readonly onExit: (clean: () => void) => () => void
}

export const BAD_LINES_SHOWN = 20
const MEGABYTE = 1_000_000

interface BadLines {
  readonly first: BadLine[]
  count: number
}

/**
 * Reads files of the operator's tables into an embedded database. All or nothing: the file is written under a temporary
 * name beside its place, and gets there when every line of every file was good. Throws AuditError for what is wrong with
 * the request or a file as a whole.
 */
export async function importTables(
  request: ImportRequest,
  parts: ImportParts,
  context: CallContext,
): Promise<ImportOutcome> {
  const { mapping, now } = parts
  const startedAt = now()
  const zone = zoneOf(request.timezone) ?? parts.dbZone ?? parts.auditZone
  checkTableNames(mapping)
  const { files, missing } = await findSources(request, mapping)
  const target = await openTarget(
    request.output,
    request.overwrite ?? false,
    files.map(({ path }) => path),
  )
  const callOff = parts.onExit(target.discard)
  let writer: DatabaseWriter | undefined
  try {
    writer = await openWriter(target.temporary)
    const bytes = await bytesOf(files)
    const badLines: BadLines = { first: [], count: 0 }
    const tables: ImportedTable[] = []
    for (const role of ROLES.filter((each) => !missing.includes(each))) {
      const own = files.filter((file) => file.role === role)
      tables.push(await fill(importTable(role, mapping), own, { request, zone, context, writer, bytes, badLines }))
    }
    if (badLines.count > 0) return { status: 'refused', badLines: badLines.first, badLineCount: badLines.count }
    await index(writer, context)
    const { taskTimes } = writer
    writer.close()
    throwIfAborted(context.signal)
    await target.commit()
    return {
      status: 'written',
      output: request.output,
      tables,
      missingTables: missing.map((role) => mapping.tables[role]),
      taskTimes,
      bytesRead: bytes.done,
      seconds: Math.round((now() - startedAt) / 10) / 100,
      timezone: zone?.id ?? null,
      next: nextCommand({ path: target.path, zone, auditZone: parts.auditZone ?? zone, taskTimes }),
    }
  } finally {
    // The file is in its place, or is wanted no more.
    writer?.close()
    target.discard()
    callOff()
  }
}

function zoneOf(id: string | undefined): Zone | undefined {
  if (id === undefined) return undefined
  const zone = openZone(id)
  if (zone === undefined) throw inputError('timezone', id, 'an IANA time zone such as Asia/Shanghai, or an offset')
  return zone
}

const USD_TYPES = { auto: 'unknown', float: 'float', decimal: 'other' } as const

interface Bytes {
  done: number
  readonly total: number | undefined
}

/** Bytes of all files; not known where one is a pipe. */
async function bytesOf(files: readonly SourceFile[]): Promise<Bytes> {
  let total: number | undefined = 0
  for (const { path } of files) {
    const found = await stat(path)
    total = total === undefined || !found.isFile() ? undefined : total + found.size
  }
  return { done: 0, total }
}

interface Filling {
  readonly request: ImportRequest
  /** Of the stored times. */
  readonly zone: Zone | undefined
  readonly context: CallContext
  readonly writer: DatabaseWriter
  readonly bytes: Bytes
  readonly badLines: BadLines
}

async function fill(
  table: ImportTable,
  files: readonly SourceFile[],
  { request, zone, context, writer, bytes, badLines }: Filling,
): Promise<ImportedTable> {
  const inserting = writer.table(table)
  const skipped = new Set<string>()
  const cut = new Set<ImportColumn>()
  for (const file of files) {
    const format = await readTableFile(file, {
      table,
      wishes: { backslashEscapes: request.backslash_escapes ?? false, usdType: USD_TYPES[request.usd_type], zone },
      signal: context.signal,
      insert: inserting.insert,
      bad: (line, problem) => {
        badLines.count++
        if (badLines.first.length < BAD_LINES_SHOWN) badLines.first.push({ file: file.shown, line, problem })
      },
      progress: (more) => {
        bytes.done += more
        context.progress(progressOf(table.role, bytes))
      },
    })
    for (const name of format.skipped) skipped.add(name)
    for (const column of format.cutAmounts) cut.add(column)
  }
  return {
    table: table.name,
    rows: inserting.rows(),
    files: files.map(({ shown }) => shown),
    skippedColumns: [...skipped],
    ...(cut.size > 0 && {
      sixDigitColumns: [...cut].map(({ name }) => name),
      exportWhole: exportCommand(table, (column) => cut.has(column)),
    }),
  }
}

const progressOf = (role: TableRole, { done, total }: Bytes) => ({
  message: `importing ${role}, MB`,
  done: Math.round(done / MEGABYTE),
  ...(total !== undefined && { total: Math.round(total / MEGABYTE) }),
})

async function index(writer: DatabaseWriter, { signal, progress }: CallContext): Promise<void> {
  const steps = writer.indexing()
  for (const [done, step] of steps.entries()) {
    progress({ message: 'indexing', done, total: steps.length })
    // Each takes about a second a million rows, in which nothing else is heard.
    await nextTurn()
    throwIfAborted(signal)
    step()
  }
}
