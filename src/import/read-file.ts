import { constants, createReadStream, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { addAbortSignal, type Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isatty, ReadStream as Terminal } from 'node:tty'
import { inputError, shortened, throwIfAborted } from '../errors.ts'
import type { Bind } from '../ledger/embedded-handle.ts'
import { strangerTo } from './charsets.ts'
import { hasSecretColumn, type ImportTable } from './columns.ts'
import { HEAD_BYTES_MAX, OtherNulls } from './dump-marks.ts'
import { EnclosedColumns } from './enclosed.ts'
import { type FileFormat, type FormatWishes, formatOf } from './format.ts'
import { RecordSplitter } from './records.ts'
import type { SourceFile } from './sources.ts'
import { isNumberOrDate, Refusal, type ValueReader, valueReader } from './values.ts'

const CHUNK_BYTES = 256 * 1024
const SHOWN_CHARS = 60
const AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK

export interface FileReading {
  readonly table: ImportTable
  readonly wishes: FormatWishes
  readonly signal: AbortSignal
  /** Takes one row, in the order of the table's columns. Says what is wrong where it is not accepted. */
  insert(row: readonly Bind[]): string | undefined
  bad(line: number, problem: string): void
  /** Bytes read since the last call. */
  progress(bytes: number): void
}

/** Reads one file from its start to its end, and nothing of it twice: it may be a pipe. */
export async function readTableFile(file: SourceFile, reading: FileReading): Promise<FileFormat> {
  const head: Buffer[] = []
  let headBytes = 0
  let rows: { readonly format: FileFormat; readonly nulls: OtherNulls; readonly splitter: RecordSplitter } | undefined
  const enclosed = new EnclosedColumns(reading.table)
  const begin = async () => {
    const whole = Buffer.concat(head)
    const format = await formatOf(whole, file, reading.table, reading.wishes)
    const nulls = new OtherNulls(reading.table, format.nullable)
    const splitter = splitterOf(format, reading, (line, values) => {
      if (!format.dialect.quotes) enclosed.observe(line, values)
      nulls.observe(line, values)
    })
    splitter.push(whole.subarray(format.headBytes))
    return { format, nulls, splitter }
  }
  for await (const chunk of chunksOf(file, reading.signal)) {
    throwIfAborted(reading.signal)
    reading.progress(chunk.length)
    if (rows === undefined) {
      head.push(chunk)
      headBytes += chunk.length
      // A first line may be empty: the head holds more than one line, or as much as a line may have.
      if (headBytes >= HEAD_BYTES_MAX) rows = await begin()
    } else {
      rows.splitter.push(chunk)
    }
    // A file that lies in memory is read without ever waiting; a signal is only heard in between.
    await nextTurn()
  }
  rows ??= await begin()
  rows.splitter.end()
  const refusal = rows.nulls.refusal(file)
  if (refusal !== undefined) throw refusal
  if (!rows.format.dialect.quotes) enclosed.tell(reading.bad)
  return rows.format
}

async function* chunksOf(file: SourceFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    const bytes = addAbortSignal(signal, await streamOf(file.path))
    for await (const chunk of bytes) yield chunk as Buffer
  } catch (cause) {
    throwIfAborted(signal)
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw inputError(file.role, file.path, `a file that can be read${code}`)
  }
}

/**
 * A pipe is read as a socket, and opened without waiting for its writer, and a terminal as one: a plain read or opening that waits for
 * somebody could not be ended, nor could the process.
 */
async function streamOf(path: string): Promise<Readable> {
  const kind = await stat(path)
  if (kind.isFIFO()) return new Socket({ fd: openSync(path, AT_ONCE), readable: true, writable: false })
  if (kind.isCharacterDevice()) {
    const fd = openSync(path, AT_ONCE | constants.O_NOCTTY)
    return isatty(fd) ? new Terminal(fd) : createReadStream(path, { fd, highWaterMark: CHUNK_BYTES })
  }
  return createReadStream(path, { highWaterMark: CHUNK_BYTES })
}

function splitterOf(
  format: FileFormat,
  { table, wishes, insert, bad }: FileReading,
  observe: (line: number, values: readonly (string | null)[]) => void,
): RecordSplitter {
  const { columns } = table
  const readers = columns.map(
    ({ kind }, slot): ValueReader =>
      valueReader(kind, format.usdTypes[slot] ?? 'unknown', format.utcTimes[slot] === true ? wishes.zone : undefined),
  )
  const strangers = columns.map(({ kind }, slot) => (kind === 'text' ? strangerTo(format.charsets[slot]) : undefined))
  const row: Bind[] = new Array(columns.length).fill(null)
  const nameOf = (slot: number): string => columns[slot]?.name ?? ''
  const holdsSecrets = hasSecretColumn(table)
  const refusal = (slot: number, text: string | null, { accepted }: Refusal): string => {
    const give = `; give ${accepted}`
    if (columns[slot]?.kind === 'secret') return `${nameOf(slot)}: its value is not accepted${give}`
    if (text === null) return `${nameOf(slot)}: NULL is not accepted${give}`
    // A delimiter too many, or too few, puts the key of the line into any other column.
    if (holdsSecrets && !isNumberOrDate(text)) {
      return `${nameOf(slot)}: what stands there is not accepted (its value is not shown: it could be a key)${give}`
    }
    return `${nameOf(slot)}: "${shortened(text, SHOWN_CHARS)}" is not accepted${give}`
  }
  const record = (line: number, values: readonly (string | null)[]): void => {
    observe(line, values)
    for (let slot = 0; slot < readers.length; slot++) {
      const text = values[slot] ?? null
      if (text !== null && strangers[slot]?.(text) === true) {
        const own = `its bytes are those of ${format.charsets[slot]}, though they look like UTF-8`
        bad(line, `${nameOf(slot)}: ${own}; export the file with ${format.dialect.utf8By}`)
        return
      }
      const read = readers[slot]?.(text) ?? null
      if (read instanceof Refusal) {
        bad(line, refusal(slot, text, read))
        return
      }
      row[slot] = read
    }
    const problem = insert(row)
    if (problem !== undefined) bad(line, problem)
  }
  const sink = {
    record,
    bad: (line: number, slot: number, problem: string) => bad(line, slot < 0 ? problem : `${nameOf(slot)}: ${problem}`),
  }
  return new RecordSplitter(format.dialect, format.slots, sink, format.firstLine)
}
