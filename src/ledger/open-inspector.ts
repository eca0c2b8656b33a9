import { AuditError } from '../errors.ts'
import type { Clock, Millis } from '../units/instant.ts'
import { type DecoderFactory, inLists } from './batches.ts'
import { type Catalogue, type Look, quoted } from './catalogue.ts'
import { textOf } from './cells.ts'
import { type MysqlAddress, parseDatabaseUrl, targetOf } from './database-url.ts'
import { openEmbeddedFile } from './embedded.ts'
import { EMBEDDED_CATALOGUE } from './embedded-catalogue.ts'
import { guardOf } from './guard.ts'
import type { LedgerInspection, LedgerInspector, TextRow } from './inspection.ts'
import type { TableMapping, TableRole } from './mapping.ts'
import { openMysqlSession } from './mysql.ts'
import { MYSQL_CATALOGUE } from './mysql-catalogue.ts'
import { grantOf } from './mysql-failure.ts'
import { probeMysql } from './mysql-probe.ts'
import { bareRequestId, placeholderSet } from './request-id.ts'
import type { Session } from './session.ts'
import { tablesOf } from './tables.ts'

export interface InspectorOptions {
  readonly url: string
  readonly mapping: TableMapping
  readonly clock: Clock
  /** Time one inspection may spend reading. */
  readonly deadlineMs: Millis
}

/** Rows of a table without an index on its id up to which its newest ones are looked for all the same. */
const SORTED_ROWS_MAX = 50_000

/** A SELECT whose plan is not told may turn out to read a whole table, and is ended then. */
const SECONDS_WITHOUT_PLAN = 3

/** Servers keep the plan of a view from those who may not read the tables beneath. Another failure the SELECT itself repeats. */
function noPlan(error: unknown): null {
  if (error instanceof AuditError && error.kind === 'source') return null
  throw error
}

/**
 * The doctor's eyes on a database. Throws AuditError of kind configuration for the form of the URL or the mapping, at once.
 */
export function openLedgerInspector({ url, mapping, clock, deadlineMs }: InspectorOptions): LedgerInspector {
  const address = parseDatabaseUrl(url)
  // For its errors alone: a name that could end a quoted identifier goes no further.
  tablesOf(mapping)
  if (address.engine === 'embedded') {
    const open = (signal: AbortSignal): Promise<Session> => {
      const guard = guardOf(signal, deadlineMs)
      guard.check()
      return openEmbeddedFile(address.path, mapping, guard, clock)
    }
    return {
      ...targetOf(address),
      server: async (signal) => {
        const session = await open(signal)
        try {
          const [row] = await lookOf(session)('SELECT sqlite_version()')
          return { engine: 'embedded', version: row?.[0] ?? '', clockAhead: null }
        } finally {
          await session.close()
        }
      },
      open: async (signal) => inspectionOf(await open(signal), { mapping, catalogue: EMBEDDED_CATALOGUE }),
    }
  }
  return {
    ...targetOf(address),
    server: (signal) => probeMysql(address, guardOf(signal, deadlineMs), clock),
    open: async (signal) => {
      const guard = guardOf(signal, deadlineMs)
      guard.check()
      const session = await openMysqlSession(address, mapping, guard, clock)
      return inspectionOf(session, { mapping, catalogue: MYSQL_CATALOGUE, address })
    },
  }
}

/** Every cell as text. */
const asText: DecoderFactory<TextRow> = () => (cells) => cells.map((cell) => (cell === null ? null : textOf(cell)))

const lookOf =
  (session: Session): Look =>
  async (sql, binds = [], subject = 'the catalogue of the database') => {
    const rows: TextRow[] = []
    for await (const batch of session.read({ role: 'tasks', subject, sql, binds }, inLists(asText))) rows.push(...batch)
    return rows
  }

interface InspectionParts {
  readonly mapping: TableMapping
  readonly catalogue: Catalogue
  /** Where the engine knows users. */
  readonly address?: MysqlAddress
}

function inspectionOf(session: Session, { mapping, catalogue, address }: InspectionParts): LedgerInspection {
  const look = lookOf(session)
  const placeholders = placeholderSet(mapping.placeholderRequestIds)
  const nameOf = (role: TableRole): string => mapping.tables[role]
  return {
    consistency: session.consistency,
    databaseOffset: session.databaseOffset,
    offsetsOfYear: () => catalogue.offsetsOfYear(look),
    grants: () => catalogue.grants(look),
    rolesInForce: () => catalogue.rolesInForce(look),
    probe: async (role, column) => {
      const wanted = column === undefined ? '1' : quoted(column)
      await look(`SELECT ${wanted} FROM ${quoted(nameOf(role))} LIMIT 1`, [], nameOf(role))
    },
    grantOf: (role, columns) => (address === undefined ? null : grantOf(address, nameOf(role), columns)),
    table: (role) => catalogue.table(look, nameOf(role)),
    async allTables() {
      const tables = new Map<string, string[]>()
      for (const [table, column] of await catalogue.allColumns(look)) {
        const columns = tables.get(table ?? '') ?? []
        columns.push(column ?? '')
        tables.set(table ?? '', columns)
      }
      return tables
    },
    async rowsScanned(role, column, value) {
      const id = quoted(mapping.columns[role].id)
      const select = `SELECT ${id} FROM ${quoted(nameOf(role))} WHERE ${quoted(column)} = ?`
      return (await catalogue.plan(look, select, [value], nameOf(role)))?.rows ?? null
    },
    async newest(role, columns, limit) {
      const table = nameOf(role)
      const { id } = mapping.columns[role]
      const { columns: facts } = await catalogue.table(look, table)
      const type = facts.find(({ name }) => name.toLowerCase() === id.toLowerCase())?.type
      // As texts 10 comes before 9.
      const order =
        type === undefined || !/char|text|clob|binary|blob|^$/.test(type) ? quoted(id) : `CAST(${quoted(id)} AS SIGNED)`
      const select = `SELECT ${columns.map(quoted).join(', ')} FROM ${quoted(table)} ORDER BY ${order} DESC LIMIT ${limit}`
      const plan = await catalogue.plan(look, select, [], table).catch(noPlan)
      if (plan === null) return look(catalogue.limited(select, SECONDS_WITHOUT_PLAN), [], table)
      if (plan.sorts && (plan.rows ?? Number.POSITIVE_INFINITY) > SORTED_ROWS_MAX) {
        throw new AuditError('source', `the newest rows of ${table} cannot be had without reading all of them`, {
          field: table,
          next: `make ${id} the primary key of ${table}, of a number type, or name such a column in AUDIT_CONFIG (columns)`,
        })
      }
      return look(select, [], table)
    },
    bareRequestId: (stored) => bareRequestId(stored, placeholders),
    close: () => session.close(),
  }
}
