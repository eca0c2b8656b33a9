import { AuditError } from '../errors.ts'
import { inLists } from './batches.ts'
import { type Cell, textOf } from './cells.ts'
import type { ColumnKind } from './column-kinds.ts'
import type { TableMapping } from './mapping.ts'
import type { LedgerQueries, Statement } from './queries.ts'
import type { TimedTable } from './reader.ts'
import { isComparableTime } from './row-cells.ts'
import type { Session } from './session.ts'
import type { TimeOrder } from './time-bounds.ts'

const ACCEPTED = 'DATETIME, TIMESTAMP or DATE, or a text YYYY-MM-DD HH:MM:SS'

interface Parts {
  readonly session: Session
  readonly queries: LedgerQueries
  readonly mapping: TableMapping
}

/**
 * How the database compares the times of a table, told by the types of its columns; asked once a table. Throws where these are
 * no times: it compares numbers with a date as it likes, and the rows of a window would be none. And where the ids of the
 * points ledger are texts: its rows are read in order of id, where a text 10 comes before 9.
 */
export function timeOrdersOf({ session, queries, mapping }: Parts): (table: TimedTable) => Promise<TimeOrder> {
  const known = new Map<TimedTable, TimeOrder>()
  const shapeOf = async (statement: Statement) => {
    let kinds: readonly ColumnKind[] = []
    const rows: Cell[][] = []
    const inCells = inLists<Cell[]>(() => (cells) => [...cells])
    for await (const batch of session.read(statement, (types, announced = []) => {
      kinds = announced
      return inCells(types)
    })) {
      rows.push(...batch)
    }
    return { kinds, rows }
  }

  const orderOf = async (table: TimedTable): Promise<TimeOrder> => {
    const columns = timeColumnsOf(table, mapping)
    const fault = (column: string, type: string) => noTime(mapping.tables[table], column, type)
    const { kinds } = await shapeOf(queries.shapeOf(table))
    const [idKind, ...timeKinds] = kinds
    if (idKind === undefined) {
      // The types of the embedded database bind nobody, and it announces none.
      const cell = (await shapeOf(queries.newestTime(table))).rows[0]?.[0] ?? null
      if (typeof cell === 'number' || typeof cell === 'bigint') throw fault(columns[0], 'number')
      return textOf(cell) === '' || isComparableTime(cell) ? 'times' : 'texts'
    }
    timeKinds.forEach((kind, at) => {
      if (kind !== 'time' && kind !== 'text') throw fault(columns[at] ?? columns[0], kind)
    })
    if (table === 'points' && idKind === 'text') throw unordered(mapping)
    return timeKinds[0] === 'text' ? 'texts' : 'times'
  }

  return async (table) => {
    const order = known.get(table) ?? (await orderOf(table))
    known.set(table, order)
    return order
  }
}

/** The columns that `shapeOf` asks for behind the id. */
function timeColumnsOf(table: TimedTable, { columns }: TableMapping): readonly [string, ...string[]] {
  if (table === 'tasks') return [columns.tasks.createdAt, columns.tasks.completedAt]
  return [table === 'points' ? columns.points.createdAt : columns.cash.time]
}

function noTime(table: string, column: string, type: string): AuditError {
  return new AuditError('source', `${table}.${column} is of the type ${type}, which is no time`, {
    field: `${table}.${column}`,
    accepted: ACCEPTED,
    next: `name a column of the type ${ACCEPTED} in AUDIT_CONFIG (columns), such as one of a view that converts it`,
  })
}

function unordered({ tables, columns }: TableMapping): AuditError {
  const place = `${tables.points}.${columns.points.id}`
  return new AuditError('source', `${place} is a text, by which rows are not in the order of their numbers`, {
    field: place,
    accepted: 'a column of a number type, like INT or BIGINT',
    next: 'name a column of a number type in AUDIT_CONFIG (columns.points.id), such as one of a view that converts it',
  })
}
