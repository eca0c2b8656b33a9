import { type AuditError, shortened } from '../errors.ts'
import type { Zone } from '../units/zone.ts'
import { type ImportColumn, type ImportTable, sameName } from './columns.ts'
import { type DefinedColumn, DUMP, dumpedColumns } from './dump.ts'
import { checkMarks, HEAD_BYTES_MAX } from './dump-marks.ts'
import { emptyFileCommand } from './export-command.ts'
import { type Dialect, RecordSplitter } from './records.ts'
import { refusedFile, type SourceFile } from './sources.ts'
import type { UsdType } from './usd-text.ts'
import { isNumberOrDate } from './values.ts'

/** How one file is to be read. */
export interface FileFormat {
  readonly dialect: Dialect
  /** By the place of a field: the place of its column in the table, -1 for a column that is not read. */
  readonly slots: readonly number[]
  readonly skipped: readonly string[]
  /** The type of each column of the table, where it holds USD. */
  readonly usdTypes: readonly UsdType[]
  /** Whether a column of the table holds times in UTC, which are to be those of the zone. */
  readonly utcTimes: readonly boolean[]
  /** The character set in which the database stores a column of the table, where the file tells it. */
  readonly charsets: readonly (string | undefined)[]
  /** Whether a column of the table may hold NULL, where the file tells it: in mysqldump --tab. */
  readonly nullable: readonly boolean[]
  /** Columns of USD of which the file holds six digits, and the database more. */
  readonly cutAmounts: readonly ImportColumn[]
  /** Bytes at the start of the file that hold no row, and the line behind them. */
  readonly headBytes: number
  readonly firstLine: number
}

/** What a file itself cannot tell. */
export interface FormatWishes {
  readonly backslashEscapes: boolean
  readonly usdType: UsdType
  /** Of the stored times, where anybody told it. */
  readonly zone: Zone | undefined
}

const [LF, CR, TAB, QUOTE, COMMA, SEMICOLON] = [10, 13, 9, 34, 44, 59] as const
const CSV_NULLS = ['', '\\N', 'NULL']

/** What the first bytes of a file tell of it, where that is not CSV. */
const OTHER_FILES: readonly (readonly [readonly number[], string])[] = [
  [[0xff, 0xfe], 'UTF-16'],
  [[0xfe, 0xff], 'UTF-16'],
  [[0x1f, 0x8b], 'a gzip archive'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive or a workbook'],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20], 'an SQLite database'],
]

/**
 * Finds out how a file is written, from its first bytes: all of it, or at least its first line. A .txt with a .sql beside it
 * is a file of mysqldump --tab, whose columns stand in the .sql; any other file names them in its first line.
 */
export async function formatOf(
  head: Buffer,
  file: SourceFile,
  table: ImportTable,
  { backslashEscapes, usdType, zone }: FormatWishes,
): Promise<FileFormat> {
  const other = OTHER_FILES.find(([magic]) => magic.every((byte, at) => head[at] === byte))
  if (other !== undefined) throw refusedFile(file, `it is ${other[1]}`, 'CSV or tab-separated text in UTF-8')
  const definition = /\.txt$/i.test(file.path) ? await dumpedColumns(file, head) : undefined
  if (definition !== undefined) {
    const names = definition.map(({ name }) => name)
    const definedAs = table.columns.map(({ name }) => definition.find((each) => sameName(each.name) === sameName(name)))
    const usdTypes = definedAs.map((column): UsdType => column?.type ?? 'unknown')
    const charsets = definedAs.map((column) => column?.charset)
    const nullable = definedAs.map((column) => column?.nullable === true)
    const cutAmounts = cutAmountsOf(definition, table)
    const utcTimes = utcTimesOf(definition, table)
    if (zone === undefined && utcTimes.includes(true)) throw inUtc(file, table, utcTimes)
    const selection = selectionOf(names, file, table)
    checkMarks(head, file, definition, table, selection.slots)
    const places = { headBytes: 0, firstLine: 1 }
    return { dialect: DUMP, ...selection, usdTypes, utcTimes, charsets, nullable, cutAmounts, ...places }
  }
  const { line, headBytes, firstLine } = firstLineOf(head, file, table)
  const dialect = dialectOf(line, backslashEscapes)
  const usdTypes = table.columns.map(() => usdType)
  const selection = selectionOf(headerOf(line, dialect, file), file, table)
  const untold = { utcTimes: [], charsets: [], nullable: [], cutAmounts: [] }
  return { dialect, ...selection, usdTypes, ...untold, headBytes, firstLine }
}

function utcTimesOf(definition: readonly DefinedColumn[], table: ImportTable): boolean[] {
  const utc = definition.filter(({ inUtc }) => inUtc).map((column) => sameName(column.name))
  return table.columns.map(({ kind, name }) => kind === 'time' && utc.includes(sameName(name)))
}

/** Beside them other tables have DATETIMEs, and a database file has one zone for all. */
function inUtc(file: SourceFile, { columns }: ImportTable, utcTimes: readonly boolean[]): AuditError {
  const names = columns.filter((_, slot) => utcTimes[slot] === true).map(({ name }) => name)
  return refusedFile(
    file,
    `${names.join(', ')} is TIMESTAMP, which mysqldump writes in UTC`,
    'the zone of the stored times with --timezone, or a dump made with --skip-tz-utc',
  )
}

/** Amounts that have lost digits on their way into the file: nothing in it tells which, and how many. */
function cutAmountsOf(definition: readonly DefinedColumn[], table: ImportTable): ImportColumn[] {
  const short = definition.filter(({ losesDigits }) => losesDigits).map((column) => sameName(column.name))
  return table.columns.filter(({ kind, name }) => kind === 'usd' && short.includes(sameName(name)))
}

/** The first line that is not empty, without a byte order mark. */
function firstLineOf(head: Buffer, file: SourceFile, table: ImportTable) {
  let from = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  let lineNumber = 1
  for (; from < head.length && (head[from] === LF || head[from] === CR); from++) if (head[from] === LF) lineNumber++
  if (from >= head.length) {
    throw refusedFile(
      file,
      'it is empty',
      'a file whose first line names its columns',
      `Export the table again; if it has no rows, of which mysql --batch prints nothing, run: ${emptyFileCommand(table, file.shown)}`,
    )
  }
  const end = head.indexOf(LF, from)
  const until = end < 0 ? head.length : end
  const line = head.subarray(from, until)
  // What stands behind a CR would be taken for more names of columns: all rows, it may be.
  if (line.some((byte, at) => byte === CR && (line[at + 1] ?? CR) !== CR)) {
    throw refusedFile(file, 'its lines end with CR alone', 'a file whose lines end with LF or CRLF')
  }
  if (end < 0 && head.length >= HEAD_BYTES_MAX) {
    throw refusedFile(
      file,
      `its first line is longer than ${HEAD_BYTES_MAX} bytes`,
      'a file whose first line names its columns',
    )
  }
  return { line, headBytes: end < 0 ? until : end + 1, firstLine: lineNumber + 1 }
}

/** What separates the names of the columns separates the fields too. */
function dialectOf(line: Buffer, backslashEscapes: boolean): Dialect {
  const count = (mark: number): number => line.reduce((sum, byte) => sum + (byte === mark ? 1 : 0), 0)
  const counts = [COMMA, TAB, SEMICOLON].map((mark) => ({ mark, count: count(mark) }))
  const delimiter = counts.reduce((most, each) => (each.count > most.count ? each : most)).mark
  // The mysql client, with --batch, escapes and never quotes; programs that quote do not escape.
  const escapes = delimiter === TAB && line[0] !== QUOTE
  const utf8By = 'mysql --batch --default-character-set=utf8mb4'
  if (escapes) return { delimiter, quotes: false, escapes, nulls: ['\\N', 'NULL'], utf8By }
  return { delimiter, quotes: true, escapes: backslashEscapes, nulls: CSV_NULLS }
}

function headerOf(line: Buffer, dialect: Dialect, file: SourceFile): string[] {
  const names: string[] = []
  const fail = (problem: string): never => {
    throw refusedFile(file, `its first line cannot be read: ${problem}`, 'a file whose first line names its columns')
  }
  const splitter = new RecordSplitter(dialect, undefined, {
    record: (_line, values) => void names.push(...values.map((value) => value?.trim() ?? '')),
    bad: (_line, _slot, problem) => fail(problem),
  })
  splitter.push(line)
  splitter.end()
  return names
}

/** Numbers and dates, and words as names of columns are. */
const isNoKey = (text: string): boolean => isNumberOrDate(text) || /^[a-z]{1,15}(?:_[a-z]{1,15}){0,3}$/i.test(text)

/** Which field fills which column. Throws where a column is not there, or there twice. */
function selectionOf(names: readonly string[], file: SourceFile, { columns }: ImportTable) {
  const slots = names.map((name) => columns.findIndex((column) => sameName(column.name) === sameName(name)))
  const accepted = `the columns ${columns.map(({ name }) => name).join(', ')}, in any order`
  const missing = columns.filter((_, slot) => !slots.includes(slot))
  if (missing.length === columns.length) {
    // Without a header this is a row, which may hold a key: of any table, where files were mixed up.
    const shown = names.map((name) => (isNoKey(name) ? name : '…'))
    throw refusedFile(file, `its first line names none of the columns (${shortened(shown.join(', '), 80)})`, accepted)
  }
  const [first] = missing
  if (first !== undefined) {
    const { key } = first
    throw refusedFile(
      file,
      `there is no column ${missing.map(({ name }) => name).join(', ')}`,
      accepted,
      `Export it too, or say in AUDIT_CONFIG how it is called there (columns.${file.role}.${key}).`,
    )
  }
  const twice = slots.find((slot, at) => slot >= 0 && slots.indexOf(slot) !== at)
  if (twice !== undefined) throw refusedFile(file, `the column ${columns[twice]?.name} is there twice`, accepted)
  return { slots, skipped: names.filter((_, at) => slots[at] === -1) }
}
