import { datetime, float, int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { AuditError } from '../errors.ts'
import type { TableMapping } from './mapping.ts'

// MySQL's own limit for the name of a table or a column.
const NAME_CHARS_MAX = 64

/**
 * The operator's tables under the names of one installation, with the columns that are read and no others.
 * Types serve the query builder alone: decoders go by the types the database announces. Datetimes are strings, because
 * drizzle's Date mode loses rows on the boundary second.
 */
export function tablesOf({ tables, columns }: TableMapping) {
  const names: readonly Readonly<Record<string, string | null>>[] = [tables, ...Object.values(columns)]
  for (const name of names.flatMap((record) => Object.values(record))) checkName(name)
  const { accounts, tasks, users, points, cash } = columns
  return {
    accounts: mysqlTable(tables.accounts, {
      id: int(accounts.id),
      name: varchar(accounts.name, { length: 100 }),
      apiKey: varchar(accounts.apiKey, { length: 150 }),
      balance: float(accounts.balance),
      status: int(accounts.status),
    }),
    tasks: mysqlTable(tables.tasks, {
      id: int(tasks.id),
      userId: int(tasks.userId),
      taskId: varchar(tasks.taskId, { length: 100 }),
      onlineTaskId: varchar(tasks.onlineTaskId, { length: 255 }),
      appName: varchar(tasks.appName, { length: 150 }),
      apiKey: varchar(tasks.apiKey, { length: 150 }),
      status: varchar(tasks.status, { length: 100 }),
      money: int(tasks.money),
      costMoney: float(tasks.costMoney),
      isRefund: int(tasks.isRefund),
      createdAt: datetime(tasks.createdAt, { mode: 'string' }),
      completedAt: datetime(tasks.completedAt, { mode: 'string' }),
      // As for names: where a column is not mapped nobody selects it.
      inputTokens: int(tasks.inputTokens ?? tasks.id),
      outputTokens: int(tasks.outputTokens ?? tasks.id),
    }),
    users: mysqlTable(tables.users, {
      id: int(users.id),
      // Where there is no name or level column nobody selects it; the builder only wants a name.
      name: varchar(users.name ?? users.id, { length: 100 }),
      level: varchar(users.level ?? users.id, { length: 100 }),
    }),
    points: mysqlTable(tables.points, {
      id: int(points.id),
      userId: int(points.userId),
      points: int(points.points),
      orderId: varchar(points.orderId, { length: 255 }),
      title: varchar(points.title, { length: 255 }),
      sourceType: varchar(points.sourceType, { length: 50 }),
      balanceBefore: int(points.balanceBefore),
      balanceAfter: int(points.balanceAfter),
      createdAt: datetime(points.createdAt, { mode: 'string' }),
    }),
    cash: mysqlTable(tables.cash, {
      id: int(cash.id),
      userId: int(cash.userId),
      money: int(cash.money),
      orderId: varchar(cash.orderId, { length: 255 }),
      title: varchar(cash.title, { length: 255 }),
      time: datetime(cash.time, { mode: 'string' }),
      transactionType: int(cash.transactionType),
    }),
  }
}

function checkName(name: string | null): void {
  if (name === null) return
  const printable = [...name].every((char) => char >= ' ' && char !== '`')
  if (printable && name.trim() !== '' && name.length <= NAME_CHARS_MAX) return
  throw new AuditError(
    'configuration',
    `"${name.slice(0, NAME_CHARS_MAX)}" cannot be the name of a table or a column`,
    {
      field: 'AUDIT_CONFIG',
      accepted: `a name of 1 to ${NAME_CHARS_MAX} characters without a backtick`,
      next: 'mend tables and columns in the file that AUDIT_CONFIG names',
    },
  )
}
