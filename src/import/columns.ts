import { AuditError } from '../errors.ts'
import type { ColumnNames, TableMapping, TableRole } from '../ledger/mapping.ts'

/** What a column holds, which decides what is accepted in it and how it is stored. */
export type ColumnKind = 'row-id' | 'natural' | 'integer' | 'flag' | 'usd' | 'time' | 'text' | 'secret'

export interface ImportColumn {
  /** Its key in AUDIT_CONFIG. */
  readonly key: string
  /** Its name, in the operator's files and in the database that is written. */
  readonly name: string
  readonly kind: ColumnKind
}

export interface ImportTable {
  readonly role: TableRole
  readonly name: string
  readonly columns: readonly ImportColumn[]
}

/** In the order in which they are imported: the small ones, whose faults show soonest, first. */
export const ROLES: readonly TableRole[] = ['accounts', 'users', 'tasks', 'points', 'cash']

const KINDS: { readonly [Role in TableRole]: { readonly [Key in keyof ColumnNames[Role]]: ColumnKind } } = {
  accounts: { id: 'row-id', name: 'text', apiKey: 'secret', balance: 'usd', status: 'flag' },
  tasks: {
    id: 'row-id',
    userId: 'natural',
    taskId: 'text',
    onlineTaskId: 'text',
    appName: 'text',
    apiKey: 'secret',
    status: 'text',
    money: 'integer',
    costMoney: 'usd',
    isRefund: 'flag',
    createdAt: 'time',
    completedAt: 'time',
    inputTokens: 'natural',
    outputTokens: 'natural',
  },
  users: { id: 'row-id', name: 'text', level: 'text' },
  points: {
    id: 'row-id',
    userId: 'natural',
    points: 'integer',
    orderId: 'text',
    title: 'text',
    sourceType: 'text',
    balanceBefore: 'integer',
    balanceAfter: 'integer',
    createdAt: 'time',
  },
  cash: {
    id: 'row-id',
    userId: 'natural',
    money: 'integer',
    orderId: 'text',
    title: 'text',
    time: 'time',
    transactionType: 'integer',
  },
}

/** What the audit looks rows up by (queries.ts). An index on all that a query reads spares it the table. */
const INDEXES: { readonly [Role in TableRole]: readonly (readonly string[])[] } = {
  accounts: [],
  tasks: [['createdAt'], ['onlineTaskId'], ['taskId'], ['apiKey', 'createdAt']],
  users: [],
  points: [['createdAt'], ['orderId'], ['userId', 'createdAt']],
  cash: [['time'], ['orderId'], ['userId', 'time']],
}

/**
 * The columns that the audit reads of one table, under the operator's names. Two keys may name one column, which is then
 * read and stored once.
 */
export function importTable(role: TableRole, mapping: TableMapping): ImportTable {
  const columns: ImportColumn[] = []
  const known = new Set<string>()
  const kinds: Readonly<Record<string, ColumnKind>> = KINDS[role]
  const names: Readonly<Record<string, string | null>> = mapping.columns[role]
  for (const [key, kind] of Object.entries(kinds)) {
    const name = names[key] ?? null
    if (name === null || known.has(sameName(name))) continue
    known.add(sameName(name))
    columns.push({ key, name, kind })
  }
  return { role, name: mapping.tables[role], columns }
}

/** Throws where two of the tables would be one: their rows could not be told apart. */
export function checkTableNames({ tables }: TableMapping): void {
  const names = ROLES.map((role) => sameName(tables[role]))
  const twice = ROLES.find((role, index) => names.indexOf(sameName(tables[role])) !== index)
  if (twice === undefined) return
  throw new AuditError('configuration', `AUDIT_CONFIG: two tables are called ${tables[twice]}; give five names`, {
    field: `tables.${twice}`,
    value: tables[twice],
    accepted: 'a name for each of the five tables',
  })
}

/** Names of columns and tables differ by more than case, in MySQL as in the embedded database. */
export const sameName = (name: string): string => name.trim().toLowerCase()

/** Whether a line of the table holds a key, which a fault of the line may put into any of its columns. */
export const hasSecretColumn = ({ columns }: ImportTable): boolean => columns.some(({ kind }) => kind === 'secret')

const STORED_AS: Readonly<Record<ColumnKind, string>> = {
  'row-id': 'INTEGER PRIMARY KEY',
  natural: 'INTEGER',
  integer: 'INTEGER',
  flag: 'INTEGER',
  // As text: the exact decimal, which no REAL could change.
  usd: 'TEXT',
  time: 'TEXT',
  text: 'TEXT',
  secret: 'TEXT',
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const createStatement = ({ name, columns }: ImportTable): string =>
  `CREATE TABLE ${quoted(name)} (${columns.map((column) => `${quoted(column.name)} ${STORED_AS[column.kind]}`).join(', ')})`

export const insertStatement = ({ name, columns }: ImportTable): string =>
  `INSERT INTO ${quoted(name)} (${columns.map((column) => quoted(column.name)).join(', ')}) VALUES (${columns
    .map(() => '?')
    .join(', ')})`

/** The statements that index a table which is filled already: one by one in order of its rows would take far longer. */
export function indexStatements({ role, name, columns }: ImportTable): string[] {
  return INDEXES[role].flatMap((keys, index) => {
    const names = keys.map((key) => columns.find((column) => column.key === key)?.name)
    const whole = names.filter((each) => each !== undefined)
    if (whole.length !== keys.length) return []
    return [`CREATE INDEX ${quoted(`import_${role}_${index}`)} ON ${quoted(name)} (${whole.map(quoted).join(', ')})`]
  })
}
