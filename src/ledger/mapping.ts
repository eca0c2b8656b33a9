/** The five tables of the operator, by the part they play. */
export type TableRole = 'accounts' | 'tasks' | 'users' | 'points' | 'cash'

/** The name of every column that is read, by table. */
export interface ColumnNames {
  readonly accounts: Names<'id' | 'name' | 'apiKey' | 'balance' | 'status'>
  readonly tasks: Names<
    | 'id'
    | 'userId'
    | 'taskId'
    | 'onlineTaskId'
    | 'appName'
    | 'apiKey'
    | 'status'
    | 'money'
    | 'costMoney'
    | 'isRefund'
    | 'createdAt'
    | 'completedAt'
  > & {
    /** Tokens of a task; null: the installation stores none. */
    readonly inputTokens: string | null
    readonly outputTokens: string | null
  }
  /** A null name column: the installation has none, and users are shown by id. */
  readonly users: {
    readonly id: string
    readonly name: string | null
    /** The membership level; null: the installation stores none. */
    readonly level: string | null
  }
  readonly points: Names<
    'id' | 'userId' | 'points' | 'orderId' | 'title' | 'sourceType' | 'balanceBefore' | 'balanceAfter' | 'createdAt'
  >
  readonly cash: Names<'id' | 'userId' | 'money' | 'orderId' | 'title' | 'time' | 'transactionType'>
}

type Names<Key extends string> = { readonly [K in Key]: string }

/**
 * How an operator's database differs from the default one: names of tables and columns, and the words and numbers in
 * them. Words are compared without case and surrounding blanks.
 */
export interface TableMapping {
  readonly tables: { readonly [Role in TableRole]: string }
  readonly columns: ColumnNames
  readonly taskStatus: { readonly success: readonly string[]; readonly failed: readonly string[] }
  /** Words of source_type in the points ledger. */
  readonly sourceType: {
    readonly consume: readonly string[]
    readonly refund: readonly string[]
    readonly recharge: readonly string[]
    readonly gift: readonly string[]
  }
  /** Numbers of transaction_type in the cash ledger. */
  readonly transactionType: {
    readonly consume: readonly number[]
    readonly rechargeOrRefund: readonly number[]
    readonly income: readonly number[]
  }
  /** Words that installations store as a request id where there is none. */
  readonly placeholderRequestIds: readonly string[]
}

/** A mapping that names only what differs. */
export type MappingOverrides = {
  readonly [Key in keyof TableMapping]?: TableMapping[Key] extends readonly unknown[]
    ? TableMapping[Key]
    : Key extends 'columns'
      ? { readonly [Role in TableRole]?: Partial<ColumnNames[Role]> }
      : Partial<TableMapping[Key]>
}

/** The tables as operator-tables.md describes them, and the status words of audit-spec.md. */
export const DEFAULT_MAPPING: TableMapping = {
  tables: {
    accounts: 'ts_fal_account',
    tasks: 'ts_fal_tasks',
    users: 'ts_users',
    points: 'ts_points_detail',
    cash: 'ts_financial_transactions',
  },
  columns: {
    accounts: { id: 'id', name: 'name', apiKey: 'api_key', balance: 'balance', status: 'status' },
    tasks: {
      id: 'id',
      userId: 'user_id',
      taskId: 'task_id',
      onlineTaskId: 'online_task_id',
      appName: 'app_name',
      apiKey: 'api_key',
      status: 'status',
      money: 'money',
      costMoney: 'cost_money',
      isRefund: 'is_refund',
      createdAt: 'created_at',
      completedAt: 'completed_at',
      inputTokens: null,
      outputTokens: null,
    },
    users: { id: 'id', name: 'username', level: null },
    points: {
      id: 'id',
      userId: 'user_id',
      points: 'points',
      orderId: 'order_id',
      title: 'title',
      sourceType: 'source_type',
      balanceBefore: 'balance_before',
      balanceAfter: 'balance_after',
      createdAt: 'created_at',
    },
    cash: {
      id: 'id',
      userId: 'user_id',
      money: 'money',
      orderId: 'order_id',
      title: 'title',
      time: 'time',
      transactionType: 'transaction_type',
    },
  },
  taskStatus: {
    success: ['completed', 'success', 'succeeded', 'done', 'finished', 'ok'],
    failed: ['failed', 'failure', 'error', 'cancelled', 'canceled', 'timeout'],
  },
  sourceType: { consume: ['consume'], refund: ['refund'], recharge: ['recharge'], gift: ['gift'] },
  transactionType: { consume: [1], rechargeOrRefund: [0], income: [3] },
  placeholderRequestIds: ['null', 'none', 'nil', 'undefined', 'n/a', '0', '-'],
}

/** The default mapping with what an operator's configuration replaces in it. */
export function mappingWith(overrides: MappingOverrides): TableMapping {
  const base = DEFAULT_MAPPING
  const columns = overrides.columns ?? {}
  return {
    tables: { ...base.tables, ...overrides.tables },
    columns: {
      accounts: { ...base.columns.accounts, ...columns.accounts },
      tasks: { ...base.columns.tasks, ...columns.tasks },
      users: { ...base.columns.users, ...columns.users },
      points: { ...base.columns.points, ...columns.points },
      cash: { ...base.columns.cash, ...columns.cash },
    },
    taskStatus: { ...base.taskStatus, ...overrides.taskStatus },
    sourceType: { ...base.sourceType, ...overrides.sourceType },
    transactionType: { ...base.transactionType, ...overrides.transactionType },
    placeholderRequestIds: overrides.placeholderRequestIds ?? base.placeholderRequestIds,
  }
}

/** A word, or number, that stands in two lists of one kind, by the settings that name them. */
export interface DoubleMeaning {
  readonly setting: 'statusWords' | 'sourceTypes' | 'transactionTypes'
  readonly word: string
  readonly lists: readonly [string, string]
}

/** The first that would mean two things, compared as the rows are: one list alone would count, and the other be as if not given. */
export function doubleMeaningIn({ taskStatus, sourceType, transactionType }: TableMapping): DoubleMeaning | undefined {
  const kinds = { statusWords: taskStatus, sourceTypes: sourceType, transactionTypes: transactionType } as const
  for (const setting of ['statusWords', 'sourceTypes', 'transactionTypes'] as const) {
    const listOf = new Map<string, string>()
    for (const [list, words] of Object.entries<readonly (string | number)[]>(kinds[setting])) {
      for (const word of words.map((each) => String(each).trim().toLowerCase())) {
        const other = listOf.get(word) ?? list
        if (other !== list) return { setting, word, lists: [other, list] }
        listOf.set(word, list)
      }
    }
  }
  return undefined
}
