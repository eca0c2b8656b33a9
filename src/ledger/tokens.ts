import type { TaskFields } from '../rows/task-writer.ts'
import { type Place, wrongInRow } from './cells.ts'
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
  const place = (column: string): Place => ({ table: tables.tasks, column, besideKeys: true })
  return (row, into) => {
    if (inputTokens !== null) into.inputTokens = countOf(row, FIRST_TOKENS_COLUMN, place(inputTokens))
    if (outputTokens !== null) into.outputTokens = countOf(row, outputAt, place(outputTokens))
  }
}

/** NaN for NULL. Throws where the value is no whole number from 0 on. */
function countOf(row: RowCells, at: number, place: Place): number {
  if (row.isNull(at)) return Number.NaN
  const text = row.text(at)
  const count = Number(WHOLE.exec(text)?.[1] ?? Number.NaN)
  if (Number.isSafeInteger(count)) return count
  throw wrongInRow(text, place, 'a whole number from 0 on')
}
