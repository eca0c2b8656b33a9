import type { CheckId, Line } from '../../../schemas/doctor.ts'
import type { LedgerInspection, LedgerInspector, ServerFacts } from '../../ledger/inspection.ts'
import type { Consistency } from '../../ledger/reader.ts'
import type { Setup } from '../../tool.ts'
import { failure, messageOf, nextOf, ok, unverified, warning } from './lines.ts'

/** Lines that cannot be had without a database. */
const NEEDS_LOGIN: readonly CheckId[] = ['database-server', 'database-snapshot']
export const NEEDS_DATABASE: readonly CheckId[] = [
  'database-grants',
  'table',
  'columns',
  'column-types',
  'index',
  'time-zone',
  'request-ids',
  'ledger-link',
  'status-words',
  'refund-flags',
  'ledger-words',
]

const NAMES: Readonly<Record<ServerFacts['engine'], string>> = {
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  embedded: 'SQLite',
  other: 'a server that speaks the protocol of MySQL',
}

/** First versions with what snapshots need: consistent, read-only transactions. */
const LEAST: Readonly<Record<string, readonly [number, number]>> = { mysql: [5, 7], mariadb: [10, 2] }

export interface OpenedDatabase {
  readonly lines: readonly Line[]
  readonly server: ServerFacts | undefined
  /** To be closed by the caller. */
  readonly inspection: LedgerInspection | undefined
  /** Why there is none. */
  readonly reason: string
}

/** One line a setting that cannot be used; one where all can. */
export function settingsLines({ problems }: Setup): Line[] {
  const others = problems.filter(({ field }) => field !== 'DATABASE_URL')
  if (others.length === 0) return [ok('settings', { seen: 'every setting is well-formed' })]
  return others.map(({ field, message, accepted, next }) =>
    failure('settings', {
      subject: field,
      seen: message,
      todo: next ?? (accepted === undefined ? 'mend it' : `give ${accepted}`),
    }),
  )
}

/** From DATABASE_URL to an open transaction: each step is told, and the first that fails says why there is no next. */
export async function openDatabase(setup: Setup, hasFalKey: boolean, signal: AbortSignal): Promise<OpenedDatabase> {
  const { inspector } = setup
  const malformed = setup.problems.find(({ field }) => field === 'DATABASE_URL')
  if (inspector === undefined) {
    const line = malformed === undefined ? unsetLine(hasFalKey) : malformedLine(malformed)
    const reason = malformed === undefined ? 'DATABASE_URL is not set' : 'DATABASE_URL cannot be used'
    return withoutDatabase([line, ...unread(['database-login', ...NEEDS_LOGIN], reason)], reason)
  }
  const url = ok('database-url', { seen: `leads to ${inspector.target}` })
  const server = await reached(inspector, signal)
  if ('error' in server) {
    const seen = messageOf(server.error)
    const login = (signal.aborted ? unverified : failure)('database-login', { seen, todo: nextOf(server.error) })
    const reason = 'the database was not reached'
    return withoutDatabase([url, login, ...unread(NEEDS_LOGIN, reason)], reason)
  }
  const reachedLines = [url, ok('database-login', { seen: 'the database lets this user in' }), serverLine(server)]
  try {
    const inspection = await inspector.open(signal)
    return { lines: [...reachedLines, snapshotLine(inspection)], server, inspection, reason: '' }
  } catch (error) {
    const seen = messageOf(error)
    const line = (signal.aborted ? unverified : failure)('database-snapshot', { seen, todo: nextOf(error) })
    return { ...withoutDatabase([...reachedLines, line], 'no read-only transaction could be opened'), server }
  }
}

const MOMENTS: Readonly<Record<Exclude<Consistency, 'consistent'>, string>> = {
  'per-shard': 'each shard of the tables has a moment of its own',
  none: 'a table has an engine without transactions, so that rows may change while they are read',
  unknown: 'whether all of it is of one moment is not known of this database',
}

function snapshotLine({ consistency }: LedgerInspection): Line {
  if (consistency === 'consistent') {
    return ok('database-snapshot', { seen: 'a consistent read-only transaction can be opened' })
  }
  return warning('database-snapshot', {
    seen: `a read-only transaction can be opened, but ${MOMENTS[consistency]}`,
    todo: 'audit days that do not change any more; every report names this under its basis',
  })
}

const unread = (ids: readonly CheckId[], seen: string): Line[] => ids.map((id) => unverified(id, { seen }))

const withoutDatabase = (lines: readonly Line[], reason: string): OpenedDatabase => ({
  lines,
  server: undefined,
  inspection: undefined,
  reason,
})

async function reached(
  inspector: LedgerInspector,
  signal: AbortSignal,
): Promise<ServerFacts | { readonly error: unknown }> {
  try {
    return await inspector.server(signal)
  } catch (error) {
    return { error }
  }
}

function unsetLine(hasFalKey: boolean): Line {
  const todo =
    'set DATABASE_URL for this program (mysql://user:pass@host:port/db, or file:path), in the env of its entry in the client'
  return hasFalKey
    ? warning('database-url', { seen: 'is not set: with FAL_KEY alone only the bill of fal can be read', todo })
    : failure('database-url', { seen: 'is not set', todo })
}

const malformedLine = ({ message, next }: Setup['problems'][number]): Line =>
  failure('database-url', { seen: message, todo: next })

function serverLine({ engine, version }: ServerFacts): Line {
  const seen = `${NAMES[engine]}, version ${version}`
  if (engine === 'other') {
    return warning('database-server', {
      seen,
      todo: 'audits were tested on MariaDB and SQLite; look closely at the other lines, above all database-snapshot',
    })
  }
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat)
  const [leastMajor, leastMinor] = LEAST[engine] ?? [0, 0]
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('database-server', { seen })
  return warning('database-server', {
    seen: `${seen}, older than ${leastMajor}.${leastMinor}`,
    todo: 'audits were not tested on a version that old',
  })
}
