import type { Line } from '../../../schemas/doctor.ts'
import { shortened } from '../../errors.ts'
import type { TableMapping, TableRole } from '../../ledger/mapping.ts'
import { ACCEPTED_IDS, rowIdOf } from '../../units/row-id.ts'
import { counted, failure } from './lines.ts'
import type { Sampled } from './sample.ts'

/** Keys of the columns that rows and users are known by. */
export const ID_KEYS = ['id', 'userId'] as const

// As the errors of an audit do: of another column no more than an id has.
const CHARS_SHOWN = 24

/** One line for each table among whose newest rows are ids that no number holds: an audit ends at such a row. */
export function idLines(
  samples: { readonly tasks: Sampled; readonly points: Sampled; readonly cash: Sampled },
  mapping: TableMapping,
): Line[] {
  const lines: Line[] = []
  for (const role of ['tasks', 'points', 'cash'] as const) {
    const sampled = samples[role]
    if ('unread' in sampled) continue
    for (const key of ID_KEYS) {
      const cells = sampled.rows.map((row) => row.get(key) ?? null)
      const line = idLine(role, key, cells, mapping)
      if (line !== undefined) lines.push(line)
    }
  }
  return lines
}

/** Undefined where every id is one that an audit can read. NULL is no user; a row has to have an id. */
export function idLine(
  role: TableRole,
  key: 'id' | 'userId',
  cells: readonly (string | null)[],
  mapping: TableMapping,
): Line | undefined {
  const wrong = cells.flatMap((cell) => {
    const text = (cell ?? '').trim()
    if (text === '') return key === 'id' ? 'NULL' : []
    return rowIdOf(text) !== undefined ? [] : text
  })
  const [newest] = wrong
  if (newest === undefined) return undefined
  const column = Object.entries(mapping.columns[role]).find(([name]) => name === key)?.[1] ?? key
  return failure('column-types', {
    subject: mapping.tables[role],
    seen: `${column} holds "${shortened(newest, CHARS_SHOWN)}", and ${counted(wrong.length, 'row')} of the newest ${counted(cells.length, 'row')} an id that is not ${ACCEPTED_IDS}: an audit ends at such a row`,
    todo: `name a column of whole numbers in AUDIT_CONFIG (columns.${role}.${key}), such as one of a view that numbers the rows`,
  })
}
