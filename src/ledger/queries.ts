import {
  and,
  asc,
  desc,
  eq,
  gt,
  gte,
  inArray,
  isNull,
  like,
  lt,
  max,
  min,
  notLike,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import { QueryBuilder } from 'drizzle-orm/mysql-core'
import type { Bind } from './embedded-handle.ts'
import type { TableMapping, TableRole } from './mapping.ts'
import type { TimedTable, UserTable } from './reader.ts'
import { tablesOf } from './tables.ts'

/** One SELECT in MySQL's dialect, which the embedded database reads too. */
export interface Statement {
  readonly role: TableRole
  /** What errors name instead of the table. */
  readonly subject?: string
  readonly sql: string
  readonly binds: readonly Bind[]
}

/** Bounds on a naive DATETIME: from is in, until is not. */
export interface NaiveBounds {
  readonly from: string
  readonly until: string
  /** Whether texts that do not begin with a date lie within, too: whoever reads them sees that they are none. */
  readonly otherForms?: boolean
  /** An id below which no row lies within: it spares the server those, where the time column has no index. */
  readonly fromId?: number | undefined
  /** Ids from this one on are left to another statement. */
  readonly untilId?: number | undefined
}

/** What a text that is a time begins with. */
const DATE_FIRST = '____-__-__%'

/** Rows whose time is earlier; of texts those that begin with a date. */
interface Earlier {
  readonly time: string
  readonly datesFirst: boolean
}

export interface EntryFilter {
  readonly userIds?: readonly number[]
  readonly titles: boolean
}

type Select = { toSQL(): { sql: string; params: unknown[] } }

/**
 * Every query of the program. Each names its columns in the order in which the decoder of the same name reads them
 * (decode.ts), never input_params or output_params. They keep to what MySQL, MariaDB and SQLite read alike.
 *
 * The ledgers are streamed in order of id: without an index on the time column the server walks the primary key anyway,
 * and continuity of balances needs that order.
 */
export function queriesOf(mapping: TableMapping) {
  const { accounts, tasks, users, points, cash } = tablesOf(mapping)
  const query = new QueryBuilder()

  const taskColumns = {
    id: tasks.id,
    createdAt: tasks.createdAt,
    userId: tasks.userId,
    taskId: tasks.taskId,
    onlineTaskId: tasks.onlineTaskId,
    appName: tasks.appName,
    apiKey: tasks.apiKey,
    status: tasks.status,
    money: tasks.money,
    costMoney: tasks.costMoney,
    isRefund: tasks.isRefund,
    completedAt: tasks.completedAt,
    ...(mapping.columns.tasks.inputTokens !== null && { inputTokens: tasks.inputTokens }),
    ...(mapping.columns.tasks.outputTokens !== null && { outputTokens: tasks.outputTokens }),
  }
  const pointsColumns = {
    id: points.id,
    createdAt: points.createdAt,
    userId: points.userId,
    points: points.points,
    orderId: points.orderId,
    sourceType: points.sourceType,
    balanceBefore: points.balanceBefore,
    balanceAfter: points.balanceAfter,
  }
  const cashColumns = {
    id: cash.id,
    time: cash.time,
    userId: cash.userId,
    money: cash.money,
    orderId: cash.orderId,
    transactionType: cash.transactionType,
  }
  const selectTasks = (where: SQL | undefined) => statement('tasks', query.select(taskColumns).from(tasks).where(where))
  const selectPoints = (where: SQL | undefined, titles: boolean) =>
    statement(
      'points',
      query
        .select(titles ? { ...pointsColumns, title: points.title } : pointsColumns)
        .from(points)
        .where(where)
        .orderBy(asc(points.id)),
    )
  const selectCash = (where: SQL | undefined, titles: boolean) =>
    statement(
      'cash',
      query
        .select(titles ? { ...cashColumns, title: cash.title } : cashColumns)
        .from(cash)
        .where(where)
        .orderBy(asc(cash.id)),
    )

  const timed = (table: TimedTable) =>
    ({
      tasks: [tasks, { id: tasks.id, at: tasks.createdAt }] as const,
      points: [points, { id: points.id, at: points.createdAt }] as const,
      cash: [cash, { id: cash.id, at: cash.time }] as const,
    })[table]

  /** What lies within some bounds of a table. */
  const withinOf = (table: TimedTable, { from, until, otherForms, fromId, untilId }: NaiveBounds) => {
    const [, { id, at }] = timed(table)
    const inTime = and(gte(at, from), lt(at, until))
    return and(
      otherForms === true ? or(inTime, and(notLike(at, DATE_FIRST), gt(sql`length(${at})`, 0))) : inTime,
      fromId === undefined ? undefined : gte(id, fromId),
      untilId === undefined ? undefined : lt(id, untilId),
    )
  }

  const isEarlier = ({ time, datesFirst }: Earlier) =>
    and(lt(points.createdAt, time), datesFirst ? like(points.createdAt, DATE_FIRST) : undefined)

  /** What lies outside some bounds of a table; undefined: of all of it. */
  const outsideOf = (table: TimedTable, outside: NaiveBounds | undefined) => {
    const [, { id, at }] = timed(table)
    return (
      outside &&
      or(
        isNull(at),
        lt(at, outside.from),
        gte(at, outside.until),
        outside.fromId === undefined ? undefined : lt(id, outside.fromId),
      )
    )
  }

  return {
    accounts: () =>
      statement(
        'accounts',
        query
          .select({
            id: accounts.id,
            name: accounts.name,
            apiKey: accounts.apiKey,
            balance: accounts.balance,
            status: accounts.status,
          })
          .from(accounts)
          .orderBy(desc(accounts.id)),
      ),
    tasks: (bounds: NaiveBounds) => selectTasks(withinOf('tasks', bounds)),
    /** No rows, for what the server says of the columns: id and times. */
    shapeOf: (table: TimedTable) => {
      const [source, { id, at }] = timed(table)
      const columns = { id, at, ...(table === 'tasks' && { completedAt: tasks.completedAt }) }
      return statement(table, query.select(columns).from(source).where(sql`1 = 0`))
    },
    /** The time of the newest row, for a database that says nothing of its columns. */
    newestTime: (table: TimedTable) => {
      const [source, { id, at }] = timed(table)
      return statement(table, query.select({ at }).from(source).orderBy(desc(id)).limit(1))
    },
    /** The least and the greatest id of a table; NULL where it is empty. */
    idSpan: (table: TimedTable) => {
      const [source, { id }] = timed(table)
      return statement(table, query.select({ least: min(id), greatest: max(id) }).from(source))
    },
    /** Ids and times of those rows that there are. */
    timesOf: (table: TimedTable, ids: readonly number[]) => {
      const [source, { id, at }] = timed(table)
      return statement(
        table,
        query
          .select({ id, at })
          .from(source)
          .where(inArray(id, [...ids])),
      )
    },
    tasksByRowIds: (ids: readonly number[]) => selectTasks(inArray(tasks.id, [...ids])),
    tasksByTaskIds: (ids: readonly string[]) => selectTasks(inArray(tasks.taskId, [...ids])),
    /** The newest task of each key. Keys are random: none differ by case alone, which a collation would call equal. */
    lastUse: () =>
      statement(
        'tasks',
        query
          .select({ apiKey: tasks.apiKey, createdAt: max(tasks.createdAt) })
          .from(tasks)
          .groupBy(tasks.apiKey),
      ),
    /** Row id and the text that rows are looked up by, of the whole table or of what lies outside some bounds. */
    keysOf: (table: TimedTable, outside?: NaiveBounds) => {
      const [source, { id }] = timed(table)
      // By its length: a server that takes '' for NULL finds no text other than ''.
      const key = { tasks: tasks.onlineTaskId, points: points.orderId, cash: cash.orderId }[table]
      return statement(
        table,
        query
          .select({ id, key })
          .from(source)
          .where(and(gt(sql`length(${key})`, 0), outsideOf(table, outside))),
      )
    },
    /** Row id, task id and request id of tasks; likewise. */
    taskKeys: (outside?: NaiveBounds) =>
      statement(
        'tasks',
        query
          .select({ id: tasks.id, taskId: tasks.taskId, onlineTaskId: tasks.onlineTaskId })
          .from(tasks)
          .where(outsideOf('tasks', outside)),
      ),
    points: (bounds: NaiveBounds, { userIds, titles }: EntryFilter) =>
      selectPoints(
        and(withinOf('points', bounds), userIds === undefined ? undefined : inArray(points.userId, [...userIds])),
        titles,
      ),
    pointsByOrderIds: (ids: readonly string[]) => selectPoints(inArray(points.orderId, [...ids]), false),
    pointsByRowIds: (ids: readonly number[]) => selectPoints(inArray(points.id, [...ids]), false),
    /** The highest row id of each of these users with a time before the bound. */
    lastPointsRowIds: (userIds: readonly number[], before: Earlier) =>
      statement(
        'points',
        query
          .select({ userId: points.userId, id: max(points.id) })
          .from(points)
          .where(and(inArray(points.userId, [...userIds]), isEarlier(before)))
          .groupBy(points.userId),
      ),
    /** Whose each row is that has a smaller id, or an earlier time. */
    pointsOwners: (before: { readonly id: number } | Earlier) =>
      statement(
        'points',
        query
          .select({ id: points.id, userId: points.userId })
          .from(points)
          .where('id' in before ? lt(points.id, before.id) : isEarlier(before)),
      ),
    /** Of each user the last row below an id; each user at most once. */
    pointsRowIdsBefore: (rows: readonly { readonly userId: number; readonly rowId: number }[]) =>
      statement(
        'points',
        query
          .select({ userId: points.userId, id: max(points.id) })
          .from(points)
          .where(or(...rows.map(({ userId, rowId }) => and(eq(points.userId, userId), lt(points.id, rowId)))))
          .groupBy(points.userId),
      ),
    cash: (bounds: NaiveBounds, { userIds, titles }: EntryFilter) =>
      selectCash(
        and(withinOf('cash', bounds), userIds === undefined ? undefined : inArray(cash.userId, [...userIds])),
        titles,
      ),
    cashByOrderIds: (ids: readonly string[]) => selectCash(inArray(cash.orderId, [...ids]), false),
    cashByRowIds: (ids: readonly number[]) => selectCash(inArray(cash.id, [...ids]), false),
    userNames: (ids: readonly number[]) =>
      statement(
        'users',
        query
          .select({ id: users.id, name: users.name })
          .from(users)
          .where(inArray(users.id, [...ids])),
      ),
    /** Those of these users of whom there is a row, each once. */
    usersIn: (table: UserTable, ids: readonly number[]) => {
      const [source, userId] = {
        users: [users, users.id] as const,
        tasks: [tasks, tasks.userId] as const,
        points: [points, points.userId] as const,
        cash: [cash, cash.userId] as const,
      }[table]
      return statement(
        table,
        query
          .selectDistinct({ userId })
          .from(source)
          .where(inArray(userId, [...ids])),
      )
    },
    userLevels: (ids: readonly number[]) =>
      statement(
        'users',
        query
          .select({ id: users.id, level: users.level })
          .from(users)
          .where(inArray(users.id, [...ids])),
      ),
  }
}

export type LedgerQueries = ReturnType<typeof queriesOf>

function statement(role: TableRole, select: Select): Statement {
  const { sql: text, params } = select.toSQL()
  return { role, sql: text, binds: params.map(toBind) }
}

// A boolean, Date or object would end the process inside libsql, so nothing but these ever leaves this file.
function toBind(value: unknown): Bind {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return String(value)
}
