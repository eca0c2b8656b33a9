import { type AuditError, shortened } from '../errors.ts'
import type { ImportTable } from './columns.ts'
import { type DefinedColumn, DUMP } from './dump.ts'
import { RecordSplitter } from './records.ts'
import { refusedFile, type SourceFile } from './sources.ts'

const LF = 10
/** Bytes of a file that are read before it is known how it is written, where it has so many. */
export const HEAD_BYTES_MAX = 65_536

const ACCEPTED = 'a file that mysqldump --tab wrote with its own separators'
const NEXT =
  'Dump it again without --fields-terminated-by, --fields-enclosed-by, --fields-optionally-enclosed-by, --fields-escaped-by and --lines-terminated-by.'
/** Whoever's texts read like that after all can have them told from NULL. */
const NEXT_OF_NULL = `${NEXT} Where a text truly is that, export the table with mysql --batch.`

/** What a mark would be: of numbers, dates and words none begins and ends with it. */
const ENCLOSED = /^([^\w\s.+-])[\s\S]*\1$/
/** NULL behind another escape than a backslash, and without one. */
const OTHER_NULL = /^(?:[^\w\s\\]N|NULL)$/

/**
 * Refuses a file of mysqldump --tab whose first record shows that it was written with other separators than its own: read as
 * it stands every line of it would be a bad one. Nothing in the .sql tells.
 */
export function checkMarks(
  head: Buffer,
  file: SourceFile,
  definition: readonly DefinedColumn[],
  { columns }: ImportTable,
  slots: readonly number[],
): void {
  const values = firstRecord(head)
  if (values === undefined) return
  // Of a record longer than the head there are fewer fields here.
  const isCut = head.length >= HEAD_BYTES_MAX && !head.includes(LF)
  if (values.length > definition.length || (values.length < definition.length && !isCut)) {
    const fields = `${values.length} field${values.length === 1 ? '' : 's'} between tabs`
    const why = `its first line has ${fields}, and the .sql beside it ${definition.length} columns: it was dumped with other separators, or is of another table`
    throw refusedFile(file, why, ACCEPTED, NEXT)
  }
  for (const [at, value] of values.entries()) {
    const column = columns[slots[at] ?? -1]
    if (column === undefined || column.kind === 'text' || column.kind === 'secret') continue
    const [, mark] = ENCLOSED.exec(value ?? '') ?? []
    if (mark === undefined) continue
    throw refusedFile(file, `${column.name} stands between ${mark} and ${mark} in its first line`, ACCEPTED, NEXT)
  }
}

/** The fields of the first record, as far as the head holds it; undefined where it cannot be read. */
function firstRecord(head: Buffer): readonly (string | null)[] | undefined {
  let first: readonly (string | null)[] | 'bad' | undefined
  const splitter = new RecordSplitter(DUMP, undefined, {
    record: (_line, values) => {
      first ??= [...values]
    },
    bad: () => {
      first ??= 'bad'
    },
  })
  splitter.push(head)
  splitter.end()
  return first === 'bad' ? undefined : first
}

/**
 * Watches a file of mysqldump --tab for what looks like NULL as another --fields-escaped-by writes it, which would be taken
 * for a text, such as the id of a request. A file with a NULL of its own form has no other.
 */
export class OtherNulls {
  readonly #columns: ImportTable['columns']
  readonly #nullable: readonly boolean[]
  #hasOwn = false
  #first: { readonly line: number; readonly slot: number; readonly text: string } | undefined

  /** `nullable`: by slot, whether its column may hold NULL; empty of a file that is none of mysqldump. */
  constructor({ role, columns }: ImportTable, nullable: readonly boolean[]) {
    this.#columns = columns
    // People may be called so.
    this.#nullable = role === 'users' ? [] : nullable
  }

  observe(line: number, values: readonly (string | null)[]): void {
    if (this.#hasOwn) return
    for (const [slot, nullable] of this.#nullable.entries()) {
      const text = values[slot] ?? null
      if (text === null) this.#hasOwn = true
      else if (nullable && this.#first === undefined && OTHER_NULL.test(text)) this.#first = { line, slot, text }
    }
  }

  /** The error for such a file, once all of it was seen. */
  refusal(file: SourceFile): AuditError | undefined {
    if (this.#hasOwn || this.#first === undefined) return undefined
    const { line, slot, text } = this.#first
    const why = `line ${line}: ${this.#columns[slot]?.name} is ${shortened(text, 4)}, as NULL is written with another --fields-escaped-by, and nowhere \\N`
    return refusedFile(file, why, ACCEPTED, NEXT_OF_NULL)
  }
}
