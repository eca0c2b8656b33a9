import { AuditError, shortened } from '../errors.ts'
import type { TaskFields } from '../rows/task-writer.ts'
import type { Place } from './cells.ts'
import type { TableMapping } from './mapping.ts'
import type { RowCells } from './row-cells.ts'

/** The columns behind all others of a task; those that are mapped, in the order in which they are selected. */
const FIRST_TOKENS_COLUMN = 12

const WHOLE = /^\+?(\d+)(?:\.0*)?$/

/** Reads a task's tokens out of its row; undefined where no column is mapped. */
export function tokensReader({
  tables,
  columns,
}: TableMapping): ((row: RowCells, into: TaskFields) => void) | undefined {
  const { inputTokens, outputTokens } = columns.tasks
  if (inputTokens === null && outputTokens === null) return undefined
  const outputAt = FIRST_TOKENS_COLUMN + (inputTokens === null ? 0 : 1)
  const table = tables.tasks
  return (row, into) => {
    if (inputTokens !== null) into.inputTokens = countOf(row, FIRST_TOKENS_COLUMN, { table, column: inputTokens })
    if (outputTokens !== null) into.outputTokens = countOf(row, outputAt, { table, column: outputTokens })
  }
}

/** NaN for NULL. Throws where the value is no whole number from 0 on. */
function countOf(row: RowCells, at: number, { table, column }: Place): number {
  if (row.isNull(at)) return Number.NaN
  const text = row.text(at)
  const count = Number(WHOLE.exec(text)?.[1] ?? Number.NaN)
  if (Number.isSafeInteger(count)) return count
  const accepted = 'a whole number from 0 on'
  throw new AuditError('source', `${table}.${column} holds "${shortened(text, 40)}", which is not ${accepted}`, {
    field: `${table}.${column}`,
    accepted,
    next: 'correct the row, or name the right column in AUDIT_CONFIG',
    failure: 'bad-value',
  })
}
