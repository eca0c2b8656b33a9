import { and, asc, desc, eq, gt, gte, inArray, isNull, lt, max, min, not, or, type SQL, sql } from 'drizzle-orm'
import { type AnyMySqlColumn, QueryBuilder } from 'drizzle-orm/mysql-core'
import { among, isFilled } from './conditions.ts'
import type { Bind } from './embedded-handle.ts'
import type { TableMapping, TableRole } from './mapping.ts'
import { beginsOddly, justFew, namesOrder } from './order-names.ts'
import type { TimedTable, UserTable } from './reader.ts'
import { tablesOf } from './tables.ts'
import { formOf, type OtherForms, SEPARATOR_AT, type VagueStretch } from './time-forms.ts'

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
  /** Stretches below `from` that hold what may lie within as well: whoever reads it sees what it is. */
  readonly vague?: readonly VagueStretch[]
  /** Whether times of other forms lie within, too: whoever reads them sees what they are. */
  readonly otherForms?: OtherForms
  /** An id below which no row lies within: it spares the server those, where the time column has no index. */
  readonly fromId?: number | undefined
  /** Ids from this one on are left to another statement. */
  readonly untilId?: number | undefined
}

/** Rows whose time is earlier; of other forms those that begin with a date. */
interface Earlier {
  readonly time: string
  readonly otherForms: OtherForms | undefined
}

/** A column of ids of one of the long tables. */
export type IdColumn = `${TimedTable}.${'id' | 'userId'}`

export interface EntryFilter {
  readonly userIds?: readonly number[]
  /** Beside them, rows that name no user. */
  readonly ownerless?: boolean
  /** Only rows that came in, or do not tell their amount. */
  readonly cameIn?: boolean
  /** With balances or without, of points. */
  readonly wide: Wide
}

/** Which columns of a ledger are read beside those of every row: the balances of points, or these and the titles. */
export type Wide = 'balances' | 'titles' | 'none'

/** Below it lie 0000-00-00 and '', and no time that anybody means. A TIMESTAMP in any zone: servers find no other in its index. */
const FIRST_DAY = '1970-01-03'

type Select = { toSQL(): { sql: string; params: unknown[] } }

/**
 * Every query of the program. Each names its columns in the order in which the decoder of the same name reads them
 * (decode.ts), never input_params or output_params. They keep to what MySQL, MariaDB and SQLite read alike,
 * but for times of other forms (time-forms.ts).
 *
 * The ledgers are streamed in order of id: without an index on the time column the server walks the primary key anyway,
 * and continuity of balances needs that order.
 *
 * `textIds`: the columns of ids that may hold texts. They are compared and sorted by their numbers, which costs them their
 * index; it is looked at with each statement, so that a column may be added as soon as it is known.
 */
export function queriesOf(mapping: TableMapping, textIds: ReadonlySet<IdColumn> = new Set()) {
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
  }
  const balances = { balanceBefore: points.balanceBefore, balanceAfter: points.balanceAfter }
  const widePoints = { none: {}, balances, titles: { ...balances, title: points.title } }
  const cashColumns = {
    id: cash.id,
    time: cash.time,
    userId: cash.userId,
    money: cash.money,
    orderId: cash.orderId,
    transactionType: cash.transactionType,
  }
  const byNumber = (name: IdColumn, column: AnyMySqlColumn): SQL =>
    textIds.has(name) ? sql`cast(${column} as signed)` : sql`${column}`
  const idOf = (table: TimedTable) => byNumber(`${table}.id`, { tasks, points, cash }[table].id)
  /** A text that is empty names nobody; as a number it would be user 0. */
  const userOf = (table: TimedTable) => {
    const { userId } = { tasks, points, cash }[table]
    const number = byNumber(`${table}.userId`, userId)
    return textIds.has(`${table}.userId`) ? sql`case when ${isFilled(userId)} then ${number} end` : number
  }
  /** Rows of a ledger that a filter leaves. */
  const leftBy = (book: 'points' | 'cash', { userIds, ownerless, cameIn }: EntryFilter): (SQL | undefined)[] => {
    const [userId, amount] = book === 'points' ? [points.userId, points.points] : [cash.userId, cash.money]
    // Whatever the type of the column, an embedded database may hold texts; as a number an empty one is a user 0 too many.
    const isEmpty = textIds.has(`${book}.userId`) ? not(isFilled(userId)) : eq(sql`${userId}`, '')
    const nobodys = or(isNull(userId), isEmpty)
    const named = userIds && among(userOf(book), userIds)
    return [named && ownerless ? or(named, nobodys) : named, cameIn ? or(gt(amount, 0), isNull(amount)) : undefined]
  }
  const selectTasks = (where: SQL | undefined) => statement('tasks', query.select(taskColumns).from(tasks).where(where))
  const selectPoints = (where: SQL | undefined, wide: Wide) =>
    statement(
      'points',
      query
        .select({ ...pointsColumns, ...widePoints[wide] })
        .from(points)
        .where(where)
        .orderBy(asc(idOf('points'))),
    )
  const selectCash = (where: SQL | undefined, wide: Wide) =>
    statement(
      'cash',
      query
        .select(wide === 'titles' ? { ...cashColumns, title: cash.title } : cashColumns)
        .from(cash)
        .where(where)
        .orderBy(asc(idOf('cash'))),
    )

  const timed = (table: TimedTable) =>
    ({
      tasks: [tasks, { id: tasks.id, at: tasks.createdAt }] as const,
      points: [points, { id: points.id, at: points.createdAt }] as const,
      cash: [cash, { id: cash.id, at: cash.time }] as const,
    })[table]

  /** Ids and times, the columns that may be of other types than they should. */
  const shapesIn = (table: TimedTable) => {
    const [source, { id, at }] = timed(table)
    const columns = { id, userId: source.userId, at, ...(table === 'tasks' && { completedAt: tasks.completedAt }) }
    return query.select(columns).from(source)
  }

  const withinIds = (id: AnyMySqlColumn, { fromId, untilId }: Pick<NaiveBounds, 'fromId' | 'untilId'>) =>
    and(fromId === undefined ? undefined : gte(id, fromId), untilId === undefined ? undefined : lt(id, untilId))

  /** What lies within some bounds of a table, and those without a time too, since they are to be told of. */
  const withinOf = (table: TimedTable, { from, until, vague = [], otherForms, ...ids }: NaiveBounds) => {
    const [, { id, at }] = timed(table)
    const form = formOf(at, otherForms)
    const inTime = and(gte(form.at, from), lt(form.at, until))
    const inOtherForm = form.isOther && and(form.isOther, gt(sql`length(${at})`, 0))
    const mayBeInTime = vague.map((stretch) => and(gt(form.at, stretch.after), lt(form.at, stretch.until)))
    return and(or(inTime, ...mayBeInTime, inOtherForm, isNull(at), lt(form.at, FIRST_DAY)), withinIds(id, ids))
  }

  const isEarlier = ({ time, otherForms }: Earlier) => {
    const { at, isOther } = formOf(points.createdAt, otherForms)
    return and(lt(at, time), isOther && not(isOther))
  }

  const isBelow = (id: number) => (textIds.has('points.id') ? undefined : lt(points.id, id))

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
    /** No rows, for what the database says of the columns. */
    shapeOf: (table: TimedTable) => statement(table, shapesIn(table).where(sql`1 = 0`)),
    /** The newest rows, where the types of the columns tell nothing of them. */
    shapeOfNewest: (table: TimedTable, rows: number) =>
      statement(
        table,
        shapesIn(table)
          .orderBy(desc(timed(table)[1].id))
          .limit(rows),
      ),
    /** A row of a table that has no id. */
    withoutId: (table: TimedTable) => {
      const [source, { id }] = timed(table)
      return statement(table, query.select({ id }).from(source).where(isNull(id)).limit(1))
    },
    /** The least and the greatest id of a table; NULL where it is empty. */
    idSpan: (table: TimedTable) => {
      const [source, { id }] = timed(table)
      return statement(table, query.select({ least: min(id), greatest: max(id) }).from(source))
    },
    /** Ids and times of those rows that there are. */
    timesOf: (table: TimedTable, ids: readonly number[]) => {
      const [source, { id, at }] = timed(table)
      return statement(table, query.select({ id, at }).from(source).where(among(id, ids)))
    },
    tasksByRowIds: (ids: readonly number[]) => selectTasks(among(idOf('tasks'), ids)),
    tasksByTaskIds: (ids: readonly string[]) => selectTasks(inArray(tasks.taskId, [...ids])),
    /**
     * The newest task of each key, by each form of time where there are several: within one, texts come in the order of their
     * times. Keys are random: none differ by case alone, which a collation would call equal.
     */
    lastUse: (otherForms: OtherForms | undefined, ids?: Pick<NaiveBounds, 'fromId' | 'untilId'>) => {
      const { at } = formOf(tasks.createdAt, otherForms)
      const forms = otherForms === undefined ? [] : [sql`length(${at})`, sql`substr(${at}, ${SEPARATOR_AT}, 1)`]
      return statement(
        'tasks',
        query
          .select({ apiKey: tasks.apiKey, createdAt: max(at) })
          .from(tasks)
          .where(ids && withinIds(tasks.id, ids))
          .groupBy(tasks.apiKey, ...forms),
      )
    },
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
    /** Row id and task id of all tasks. */
    ownTaskIds: () => statement('tasks', query.select({ id: tasks.id, taskId: tasks.taskId }).from(tasks)),
    points: (bounds: NaiveBounds, filter: EntryFilter) =>
      selectPoints(and(withinOf('points', bounds), ...leftBy('points', filter)), filter.wide),
    pointsByOrderIds: (ids: readonly string[]) => selectPoints(namesOrder(points.orderId, ids), 'balances'),
    pointsByRowIds: (ids: readonly number[]) => selectPoints(among(idOf('points'), ids), 'balances'),
    /** The highest row id of each of these users with a time before the bound. */
    lastPointsRowIds: (userIds: readonly number[], before: Earlier) =>
      statement(
        'points',
        query
          .select({ userId: userOf('points'), id: max(points.id) })
          .from(points)
          .where(and(among(userOf('points'), userIds), isEarlier(before)))
          .groupBy(userOf('points')),
      ),
    /** Whose each row is that has a smaller id, or an earlier time. Of ids that are texts all: each is to be seen to be a number. */
    pointsOwners: (before: { readonly id: number } | Earlier) =>
      statement(
        'points',
        query
          .select({ id: points.id, userId: points.userId })
          .from(points)
          .where('id' in before ? isBelow(before.id) : isEarlier(before)),
      ),
    /** Of each user the last row below an id; each user at most once. */
    pointsRowIdsBefore: (rows: readonly { readonly userId: number; readonly rowId: number }[]) =>
      statement(
        'points',
        query
          .select({ userId: userOf('points'), id: max(points.id) })
          .from(points)
          .where(or(...rows.map(({ userId, rowId }) => and(eq(userOf('points'), userId), lt(points.id, rowId)))))
          .groupBy(userOf('points')),
      ),
    cash: (bounds: NaiveBounds, filter: EntryFilter) =>
      selectCash(and(withinOf('cash', bounds), ...leftBy('cash', filter)), filter.wide),
    cashByOrderIds: (ids: readonly string[]) => selectCash(namesOrder(cash.orderId, ids), 'none'),
    /** Rows whose order begins otherwise than ids do, as many as are kept and one more. */
    oddPoints: () => justFew(selectPoints(beginsOddly(points.orderId), 'balances')),
    oddCash: () => justFew(selectCash(beginsOddly(cash.orderId), 'none')),
    cashByRowIds: (ids: readonly number[]) => selectCash(among(idOf('cash'), ids), 'none'),
    userNames: (ids: readonly number[]) =>
      statement('users', query.select({ id: users.id, name: users.name }).from(users).where(among(users.id, ids))),
    /** Those of these users of whom there is a row, each once. */
    usersIn: (table: UserTable, ids: readonly number[]) => {
      const [source, userId] = {
        users: [users, users.id] as const,
        tasks: [tasks, tasks.userId] as const,
        points: [points, points.userId] as const,
        cash: [cash, cash.userId] as const,
      }[table]
      const wanted = among(table === 'users' ? userId : userOf(table), ids)
      return statement(table, query.selectDistinct({ userId }).from(source).where(wanted))
    },
    userLevels: (ids: readonly number[]) =>
      statement('users', query.select({ id: users.id, level: users.level }).from(users).where(among(users.id, ids))),
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
