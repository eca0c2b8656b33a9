import { AuditError, shortened } from '../errors.ts'
import { type Cell, type Place, textOf } from './cells.ts'
import type { TableMapping } from './mapping.ts'
import type { TaskRow } from './reader.ts'

type Tokens = Pick<TaskRow, 'inputTokens' | 'outputTokens'>

/** The columns behind all others of a task; those that are mapped, in the order in which they are selected. */
const FIRST_TOKENS_COLUMN = 12

const WHOLE = /^\+?(\d+)(?:\.0*)?$/

/** Reads a task's tokens out of its row; undefined where no column is mapped. */
export function tokensReader({ tables, columns }: TableMapping): ((cells: readonly Cell[]) => Tokens) | undefined {
  const { inputTokens, outputTokens } = columns.tasks
  if (inputTokens === null && outputTokens === null) return undefined
  const outputAt = FIRST_TOKENS_COLUMN + (inputTokens === null ? 0 : 1)
  const table = tables.tasks
  return (cells) => ({
    ...(inputTokens !== null && { inputTokens: countOf(cells[FIRST_TOKENS_COLUMN], { table, column: inputTokens }) }),
    ...(outputTokens !== null && { outputTokens: countOf(cells[outputAt], { table, column: outputTokens }) }),
  })
}

/** null for NULL. Throws where the value is no whole number from 0 on. */
function countOf(cell: Cell | undefined, { table, column }: Place): number | null {
  if (cell === null || cell === undefined) return null
  const count = Number(WHOLE.exec(textOf(cell))?.[1] ?? Number.NaN)
  if (Number.isSafeInteger(count)) return count
  const accepted = 'a whole number from 0 on'
  throw new AuditError(
    'source',
    `${table}.${column} holds "${shortened(textOf(cell), 40)}", which is not ${accepted}`,
    {
      field: `${table}.${column}`,
      accepted,
      next: 'correct the row, or name the right column in AUDIT_CONFIG',
    },
  )
}
