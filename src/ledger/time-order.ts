import { AuditError } from '../errors.ts'
import { inLists } from './batches.ts'
import { type Cell, withoutId } from './cells.ts'
import type { ColumnKind } from './column-kinds.ts'
import type { TableMapping } from './mapping.ts'
import type { IdColumn, LedgerQueries, Statement } from './queries.ts'
import type { TimedTable } from './reader.ts'
import type { Session } from './session.ts'
import type { TimeOrder } from './time-bounds.ts'

const ACCEPTED = 'DATETIME, TIMESTAMP or DATE, or a text YYYY-MM-DD HH:MM:SS'

interface Parts {
  readonly session: Session
  readonly queries: LedgerQueries
  readonly mapping: TableMapping
  /** Columns of ids that may hold texts: those of each table that is asked about are added. */
  readonly textIds: Set<IdColumn>
}

interface TimeOrders {
  timeOrderOf(table: TimedTable): Promise<TimeOrder>
  /** For the ids alone, whatever the times are. */
  noteIds(table: TimedTable): Promise<void>
}

/** Rows without a single text among their times: the column holds numbers. Of fewer one may be a slip. */
const NEWEST_ROWS = 100

/**
 * How the database compares the times of a table, told by the types of its columns; asked once a table. Throws where these are
 * no times: it compares numbers with a date as it likes, and the rows of a window would be none. Notes what ids may be texts:
 * they are compared by their numbers, for as texts 10 comes before 9. Throws, too, where a row has no id, as far as the database
 * does not tell that none can.
 */
export function timeOrdersOf({ session, queries, mapping, textIds }: Parts): TimeOrders {
  const known = new Map<TimedTable, TimeOrder>()
  const kindsKnown = new Map<TimedTable, readonly ColumnKind[]>()
  const shapeOf = async (statement: Statement) => {
    let kinds: readonly ColumnKind[] = []
    let neverNull: readonly boolean[] = []
    const rows: Cell[][] = []
    const inCells = inLists<Cell[]>(() => (cells) => [...cells])
    for await (const batch of session.read(statement, (types, announced = [], never = []) => {
      kinds = announced
      neverNull = never
      return inCells(types)
    })) {
      rows.push(...batch)
    }
    return { kinds, neverNull, rows }
  }

  const kindsOf = async (table: TimedTable): Promise<readonly ColumnKind[]> => {
    const noted = kindsKnown.get(table)
    if (noted !== undefined) return noted
    const { kinds, neverNull } = await shapeOf(queries.shapeOf(table))
    // A bound on ids leaves such rows out, and nobody would hear of them.
    const { rows } = neverNull[0] === true ? { rows: [] } : await shapeOf(queries.withoutId(table))
    if (rows.length > 0) throw withoutId({ table: mapping.tables[table], column: mapping.columns[table].id })
    kindsKnown.set(table, kinds)
    if (mayBeText(kinds[0])) textIds.add(`${table}.id`)
    if (mayBeText(kinds[1])) textIds.add(`${table}.userId`)
    return kinds
  }

  const orderOf = async (table: TimedTable): Promise<TimeOrder> => {
    const columns = timeColumnsOf(table, mapping)
    const fault = (column: string, type: string) => noTime(mapping.tables[table], column, type)
    const [, , ...timeKinds] = await kindsOf(table)
    if (session.looseTypes === true) {
      const { rows } = await shapeOf(queries.shapeOfNewest(table, NEWEST_ROWS))
      for (const [at, column] of columns.entries()) {
        const times = rows.flatMap(([, , ...cells]) => cells[at] ?? [])
        if (times.length > 0 && times.every(isNumber)) throw fault(column, 'number')
      }
      return 'anything'
    }
    timeKinds.forEach((kind, at) => {
      if (kind !== 'time' && kind !== 'text') throw fault(columns[at] ?? columns[0], kind)
    })
    return timeKinds[0] === 'text' ? 'texts' : 'times'
  }

  return {
    async noteIds(table) {
      await kindsOf(table)
    },
    async timeOrderOf(table) {
      const order = known.get(table) ?? (await orderOf(table))
      known.set(table, order)
      return order
    },
  }
}

const mayBeText = (kind: ColumnKind | undefined): boolean => kind === 'text' || kind === 'UNKNOWN'

const isNumber = (cell: Cell): boolean => typeof cell === 'number' || typeof cell === 'bigint'

/** The columns of times that `shapeOf` asks for. */
function timeColumnsOf(table: TimedTable, { columns }: TableMapping): readonly [string, ...string[]] {
  if (table === 'tasks') return [columns.tasks.createdAt, columns.tasks.completedAt]
  return [table === 'points' ? columns.points.createdAt : columns.cash.time]
}

function noTime(table: string, column: string, type: string): AuditError {
  return new AuditError('source', `${table}.${column} is of the type ${type}, which is no time`, {
    field: `${table}.${column}`,
    accepted: ACCEPTED,
    next: `name a column of the type ${ACCEPTED} in AUDIT_CONFIG (columns), such as one of a view that converts it`,
    failure: 'wrong-type',
  })
}
