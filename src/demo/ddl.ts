import type { StoredTables } from './stored-world.ts'

/** What a cell of a stored table may hold; money and times are text. */
export type StoredCell = string | number | null

/** Rows of one table, ready to be inserted. */
export interface StoredRows {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly StoredCell[])[]
}

// INTEGER is INT in MySQL, and makes the key the row id in the embedded database. Fresh installations have no other indexes:
// none on created_at, and none on the ledgers.
const TABLES: readonly { readonly name: string; readonly columns: string; readonly indexes: readonly string[] }[] = [
  {
    name: 'ts_fal_account',
    columns: `id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100), api_key VARCHAR(150) NOT NULL UNIQUE, balance FLOAT,
      use_cnt INT, error_cnt INT, status INT, remark TEXT`,
    indexes: [],
  },
  {
    name: 'ts_fal_tasks',
    columns: `id INTEGER NOT NULL PRIMARY KEY, user_id INT, task_id VARCHAR(100) NOT NULL UNIQUE,
      online_task_id VARCHAR(255), app_name VARCHAR(150), api_key VARCHAR(150), task_type VARCHAR(100),
      status VARCHAR(100), money INT, cost_money FLOAT, is_refund INT, input_params TEXT, output_params TEXT,
      created_at DATETIME, completed_at DATETIME`,
    indexes: ['user_id'],
  },
  { name: 'ts_users', columns: 'id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(100)', indexes: [] },
  {
    name: 'ts_points_detail',
    columns: `id INTEGER NOT NULL PRIMARY KEY, user_id INT, points INT, order_id VARCHAR(255), title VARCHAR(255),
      source_type VARCHAR(50), balance_before INT, balance_after INT, created_at DATETIME`,
    indexes: [],
  },
  {
    name: 'ts_financial_transactions',
    columns: `id INTEGER NOT NULL PRIMARY KEY, user_id INT, money INT, order_id VARCHAR(255), title VARCHAR(255),
      deployment_uuid VARCHAR(255), time DATETIME, transaction_type INT, pay_type INT, is_cash INT`,
    indexes: [],
  },
]

/** The statements that create the operator's five tables, in a MySQL server or in the embedded database. */
export function createStatements(dialect: 'mysql' | 'embedded'): string[] {
  const suffix = dialect === 'mysql' ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4' : ''
  return TABLES.flatMap(({ name, columns, indexes }) => [
    `CREATE TABLE ${name} (${columns})${suffix}`,
    ...indexes.map((column) => `CREATE INDEX ${name}_${column} ON ${name} (${column})`),
  ])
}

/** A world's tables as rows of columns, in the order in which they are created. */
export function storedRows(tables: StoredTables): StoredRows[] {
  return [
    {
      table: 'ts_fal_account',
      columns: ['id', 'name', 'api_key', 'balance', 'use_cnt', 'error_cnt', 'status'],
      rows: tables.accounts.map((row) => [row.id, row.name, row.apiKey, row.balance, 0, 0, row.status]),
    },
    {
      table: 'ts_fal_tasks',
      columns: [
        ...['id', 'user_id', 'task_id', 'online_task_id', 'app_name', 'api_key', 'task_type', 'status', 'money'],
        ...['cost_money', 'is_refund', 'input_params', 'output_params', 'created_at', 'completed_at'],
      ],
      rows: tables.tasks.map((row) => [
        ...[row.id, row.userId, row.taskId, row.onlineTaskId, row.appName, row.apiKey, row.taskType ?? 'image'],
        ...[row.status, row.money, row.costMoney, row.isRefund, '{}', '{}', row.createdAt, row.completedAt],
      ]),
    },
    {
      table: 'ts_users',
      columns: ['id', 'username'],
      rows: tables.users.map((row) => [row.id, row.username]),
    },
    {
      table: 'ts_points_detail',
      columns: [
        ...['id', 'user_id', 'points', 'order_id', 'title', 'source_type', 'balance_before', 'balance_after'],
        'created_at',
      ],
      rows: tables.points.map((row) => [
        ...[row.id, row.userId, row.points, row.orderId, row.title, row.sourceType, row.balanceBefore],
        ...[row.balanceAfter, row.createdAt],
      ]),
    },
    {
      table: 'ts_financial_transactions',
      columns: ['id', 'user_id', 'money', 'order_id', 'title', 'time', 'transaction_type', 'pay_type', 'is_cash'],
      rows: tables.cash.map((row) => [
        ...[row.id, row.userId, row.money, row.orderId, row.title, row.time, row.transactionType, 1, 1],
      ]),
    },
  ]
}
