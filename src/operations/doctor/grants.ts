import type { Line } from '../../../schemas/doctor.ts'
import type { LedgerInspection } from '../../ledger/inspection.ts'
import { ok, unverified, warning } from './lines.ts'

/** Privileges that change nothing. All others, those of versions to come among them, are taken for writing. */
const READING = new Set([
  'SELECT',
  'USAGE',
  'SHOW VIEW',
  'SHOW DATABASES',
  'PROCESS',
  'REPLICATION CLIENT',
  'BINLOG MONITOR',
  'SLAVE MONITOR',
  'REPLICA MONITOR',
])

// GRANT SELECT (`a`), INSERT ON `shop`.* TO `u`@`%` ...; ON also comes before TABLE, FUNCTION or PROCEDURE.
const GRANT = /^GRANT (.+?) ON (?:(?:TABLE|FUNCTION|PROCEDURE) )?(\S+|`[^`]+`\.\S+) TO /i
const ROLE = /^GRANT (?!.* ON )(.+?) TO /i
const PARTS_OF_NAME = /^(?:`((?:[^`]|``)+)`|([^.`]+))\./

/** What the grants of a user allow in one database beyond reading; and the roles whose grants are not listed. */
export function writingGrants(grants: readonly string[], database: string): { writes: string[]; roles: string[] } {
  const writes = new Set<string>()
  const roles: string[] = []
  for (const line of grants) {
    const [, privileges = '', object = ''] = GRANT.exec(line) ?? []
    if (object === '') {
      const role = ROLE.exec(line)?.[1]
      if (role !== undefined) roles.push(role.replaceAll('`', ''))
      continue
    }
    if (!covers(object, database)) continue
    for (const privilege of privileges.replace(/\([^)]*\)/g, '').split(',')) {
      const name = privilege.trim().toUpperCase()
      if (!READING.has(name)) writes.add(name)
    }
    if (/ WITH GRANT OPTION$/i.test(line)) writes.add('GRANT OPTION')
  }
  return { writes: [...writes], roles }
}

/** Whether an object of a grant lies in the database: *.*, `shop`.*, `shop`.`t`, with % and _ as wildcards. */
function covers(object: string, database: string): boolean {
  if (object.startsWith('*.')) return true
  const [, quoted, bare] = PARTS_OF_NAME.exec(object) ?? []
  const pattern = (quoted?.replaceAll('``', '`') ?? bare ?? '').toLowerCase()
  const source = pattern.replace(/\\([%_])|([%_])|[.*+?^${}()|[\]\\]/g, (met, escaped, wild) =>
    escaped !== undefined ? escaped : wild === undefined ? `\\${met}` : wild === '%' ? '.*' : '.',
  )
  return new RegExp(`^${source}$`).test(database.toLowerCase())
}

/** Warns where the user may write: an audit needs SELECT alone. What cannot be told is unverified. */
export async function grantsLine(inspection: LedgerInspection, database: string): Promise<Line> {
  const grants = await inspection.grants()
  if (grants === null) {
    return ok('database-grants', { seen: 'the file has no users; it is opened for reading only' })
  }
  const { writes, roles } = writingGrants(grants, database)
  if (writes.length > 0) {
    return warning('database-grants', {
      seen: `this user may do more than read: ${writes.join(', ')}`,
      todo: 'give the audit a user of its own with SELECT on the five tables and nothing else (README, "A database user that may only read")',
    })
  }
  // Servers list the grants of a role only where it is in force, and under its own name. One that is not can be put in force.
  const listed = new Set(grants.map(grantee))
  const unlisted = roles.filter((role) => !listed.has(role))
  if (unlisted.length > 0) {
    return unverified('database-grants', {
      seen: `this user may only read, but has the roles ${unlisted.join(', ')}, whose grants are not listed`,
      todo: 'look at SHOW GRANTS FOR those roles',
    })
  }
  return ok('database-grants', { seen: 'this user may only read' })
}

const grantee = (line: string): string | undefined =>
  GRANT.test(line) ? / TO (\S+)/.exec(line)?.[1]?.replaceAll('`', '') : undefined
