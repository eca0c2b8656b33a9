import type { Line } from '../../../schemas/doctor.ts'
import type { ColumnFacts, LedgerInspection, ServerFacts, TableFacts } from '../../ledger/inspection.ts'
import type { TableMapping, TableRole } from '../../ledger/mapping.ts'
import { counted, failure, messageOf, nextOf, ok, unverified, warning } from './lines.ts'
import { columnCandidates, tableCandidates } from './names.ts'
import { type TypedColumn, typesLine } from './types.ts'

const ROLES: readonly TableRole[] = ['accounts', 'tasks', 'users', 'points', 'cash']

/** What is lost without a table. */
const LOSS: Readonly<Record<TableRole, string>> = {
  accounts: 'without it there is no report',
  tasks: 'without it there is no report',
  users: 'without it users are shown by id',
  points: 'without it points cannot be held against tasks, and reports are incomplete',
  cash: 'without it cash cannot be held against tasks, and reports are incomplete',
}
/** They are read only where somebody asks for the rows of a ledger. */
const LOSS_OF_TITLES = 'reports do not need it, but without it user-ledger cannot list the rows (entries)'
const NEEDED: ReadonlySet<TableRole> = new Set(['accounts', 'tasks'])

/** A table that can be read: which of the mapped columns it has, by key. */
export interface ReadableTable {
  readonly name: string
  readonly facts: TableFacts
  /** Column name by key of the mapping; those that the table has. */
  readonly columns: ReadonlyMap<string, string>
}

export type ReadableTables = ReadonlyMap<TableRole, ReadableTable>

export interface TablesParts {
  readonly inspection: LedgerInspection
  readonly mapping: TableMapping
  readonly engine: ServerFacts['engine']
  readonly zoneIsServers: boolean
  readonly signal: AbortSignal
}

/** Looks at the five tables under the mapping: are they there, have they the columns, do the types lose anything. */
export async function examineTables(
  parts: TablesParts,
): Promise<{ readonly lines: readonly Line[]; readonly readable: ReadableTables }> {
  const lines: Line[] = []
  const readable = new Map<TableRole, ReadableTable>()
  for (const role of ROLES) {
    const name = parts.mapping.tables[role]
    try {
      await parts.inspection.probe(role)
      lines.push(ok('table', { subject: name, seen: 'can be read' }))
    } catch (error) {
      lines.push(await missingTable(role, error, parts), ...unseenColumns(name))
      continue
    }
    try {
      const facts = await parts.inspection.table(role)
      const found = await columnsOf(role, facts, parts)
      readable.set(role, found.table)
      lines.push(found.line)
      const types = typesLine(role, name, found.typed, parts)
      if (types !== undefined) lines.push(types)
    } catch (error) {
      const seen = messageOf(error)
      for (const id of ['columns', 'column-types'] as const) lines.push(unverified(id, { subject: name, seen }))
    }
  }
  return { lines, readable }
}

const unseenColumns = (subject: string): Line[] =>
  (['columns', 'column-types'] as const).map((id) => unverified(id, { subject, seen: 'the table cannot be read' }))

const badOf = (role: TableRole) => (NEEDED.has(role) ? failure : warning)

/** The server reads it for nobody: a broken view, a table that crashed. */
const IS_BROKEN = / cannot be read: (?:it is a view of |.*marked as crashed)/

/** Servers say "denied" of a table that does not exist to users who may read only some: names are looked for then too. */
const NAME_MAY_BE_WRONG = /does not exist|may not read/

async function missingTable(role: TableRole, error: unknown, parts: TablesParts): Promise<Line> {
  const subject = parts.mapping.tables[role]
  const seen = messageOf(error)
  if (IS_BROKEN.test(seen))
    return badOf(role)('table', { subject, seen: `${seen}; ${LOSS[role]}`, todo: nextOf(error) })
  // A broken connection, or time that ran out, says nothing of the table.
  if (!NAME_MAY_BE_WRONG.test(seen)) return unverified('table', { subject, seen, todo: nextOf(error) })
  const near = await nearTables(role, parts)
  const use = near.length === 0 ? '' : `is it ${near.join(' or ')}? Then set tables.${role} in AUDIT_CONFIG; else `
  return badOf(role)('table', { subject, seen: `${seen}; ${LOSS[role]}`, todo: `${use}${nextOf(error) ?? ''}` })
}

async function nearTables(role: TableRole, { inspection, mapping }: TablesParts): Promise<string[]> {
  try {
    const taken = Object.values(mapping.tables)
    return tableCandidates(mapping.tables[role], mapping.columns[role], await inspection.allTables(), taken)
  } catch (error) {
    messageOf(error)
    return []
  }
}

interface FoundColumns {
  readonly line: Line
  readonly table: ReadableTable
  readonly typed: readonly TypedColumn[]
}

async function columnsOf(role: TableRole, facts: TableFacts, parts: TablesParts): Promise<FoundColumns> {
  const { mapping } = parts
  const subject = mapping.tables[role]
  const present = new Map(facts.columns.map((column): [string, ColumnFacts] => [column.name.toLowerCase(), column]))
  const wanted = Object.entries(mapping.columns[role]).filter((entry): entry is [string, string] => entry[1] !== null)
  const typed: TypedColumn[] = []
  const missing: { readonly key: string; readonly name: string }[] = []
  for (const [key, name] of wanted) {
    const column = present.get(name.toLowerCase())
    if (column === undefined) missing.push({ key, name })
    else typed.push({ key, name: column.name, type: column.type })
  }
  const table = { name: subject, facts, columns: new Map(typed.map(({ key, name }) => [key, name])) }
  if (missing.length === 0) {
    return { line: ok('columns', { subject, seen: `has all ${counted(wanted.length, 'column')}` }), table, typed }
  }
  const names = facts.columns.map(({ name }) => name)
  const taken = typed.map(({ name }) => name)
  const hints = missing.map(({ key, name }) => hintOf(role, key, name, columnCandidates(role, key, name, names, taken)))
  const loss = missing.every(({ key }) => key === 'title') ? LOSS_OF_TITLES : LOSS[role]
  const seen = `no column, or none this user may read: ${missing.map(({ name }) => name).join(', ')}; ${loss}`
  const grant = await missingGrant(
    role,
    missing.map(({ name }) => name),
    parts,
  )
  const todo = grant === undefined ? hints.join('; ') : `let an administrator run: ${grant}; or ${hints.join('; ')}`
  return { line: badOf(role)('columns', { subject, seen, todo }), table, typed }
}

/** The GRANT that a user lacks who was given single columns of a table; undefined for those who may read all of it. */
async function missingGrant(
  role: TableRole,
  columns: readonly string[],
  { inspection }: TablesParts,
): Promise<string | undefined> {
  const denied: string[] = []
  for (const column of columns) {
    const problem = await inspection.probe(role, column).then(() => '', messageOf)
    if (/may not read/.test(problem)) denied.push(column)
  }
  return denied.length === 0 ? undefined : (inspection.grantOf(role, denied) ?? undefined)
}

const SETTINGS_OF_USERS: Readonly<Record<string, string>> = {
  name: 'userNameColumn (null: none)',
  level: 'membershipLevelColumn (null: none)',
}

function hintOf(role: TableRole, key: string, name: string, candidates: readonly string[]): string {
  const setting = (role === 'users' && SETTINGS_OF_USERS[key]) || `columns.${role}.${key}`
  return candidates.length === 0
    ? `name the column for ${name} in AUDIT_CONFIG: ${setting}`
    : `is ${name} the column ${candidates.join(' or ')}? Then set ${setting} in AUDIT_CONFIG`
}
