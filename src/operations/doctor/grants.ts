import type { Line } from '../../../schemas/doctor.ts'
import type { LedgerInspection } from '../../ledger/inspection.ts'
import { ok, unverified, warning } from './lines.ts'

/** Privileges that change nothing. All others, those of versions to come among them, are taken for writing. */
const READING = new Set([
  'SELECT',
  'USAGE',
  'SHOW VIEW',
  'SHOW DATABASES',
  'SHOW_ROUTINE',
  'PROCESS',
  'REPLICATION CLIENT',
  'BINLOG MONITOR',
  'SLAVE MONITOR',
  'REPLICA MONITOR',
])

/** In backticks, in double quotes where sql_mode has ANSI_QUOTES, or bare. */
const NAME = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^\\s.,@`"]+)'
const GRANTEE = `${NAME}(?:@${NAME})?`
// GRANT SELECT (`a`), INSERT ON `shop`.* TO `u`@`%` ...; ON also comes before TABLE, FUNCTION, PROCEDURE or PACKAGE BODY.
const GRANT = new RegExp(`^GRANT (.+?) ON (?:[A-Z]+ ){0,2}(${NAME})\\.${NAME} TO (${GRANTEE})`, 'i')
// What MySQL 8 takes out of a grant on all databases (partial_revokes).
const REVOKE = new RegExp(`^REVOKE (.+?) ON (${NAME})\\.\\* FROM `, 'i')
// MySQL names several roles in one line.
const ROLES = /^GRANT (?!.* ON )(.+?) TO /i

/** What the grants of a user allow in one database beyond reading; and the user's roles, whose grants may not be listed. */
export function writingGrants(grants: readonly string[], database: string): { writes: string[]; roles: string[] } {
  const everywhere = new Set<string>()
  const here = new Set<string>()
  const revoked = new Set<string>()
  const roles: string[] = []
  for (const line of grants) {
    const [, taken = '', from = ''] = REVOKE.exec(line) ?? []
    // With partial_revokes no character of a name is a wildcard.
    if (nameOf(from) === database) for (const privilege of privilegesOf(taken)) revoked.add(privilege)
    const [, privileges = '', object = ''] = GRANT.exec(line) ?? []
    if (object === '') roles.push(...grantees(ROLES.exec(line)?.[1] ?? ''))
    else if (object === '*' || covers(object, database)) {
      const writes = object === '*' ? everywhere : here
      for (const privilege of privilegesOf(privileges)) if (!READING.has(privilege)) writes.add(privilege)
      // Limits of the user may follow.
      if (/ WITH GRANT OPTION\b/i.test(line)) writes.add('GRANT OPTION')
    }
  }
  const left = [...everywhere].filter((privilege) => !revoked.has(privilege))
  return { writes: [...new Set([...left, ...here])], roles }
}

const privilegesOf = (list: string): string[] =>
  list
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((privilege) => privilege.trim().toUpperCase())

/** Users and roles of a list, as reader@%. */
const grantees = (list: string): string[] =>
  (list.match(new RegExp(GRANTEE, 'g')) ?? []).map((grantee) => grantee.replaceAll(/[`"]/g, ''))

/** A name without its quotes. */
function nameOf(name: string): string {
  const [quote = ''] = name
  return quote === '`' || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name
}

/** Whether the name of a grant's database means this one, with % and _ as wildcards. */
function covers(name: string, database: string): boolean {
  const pattern = nameOf(name).toLowerCase()
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
  // Servers list the grants of a role only where it is in force: MariaDB under the role's name, MySQL as the user's own. One that
  // is not can be put in force.
  const listed = new Set(grants.map(grantee))
  const unnamed = roles.filter((role) => !listed.has(role))
  const inForce = new Set(unnamed.length === 0 ? [] : grantees(await inspection.rolesInForce()))
  const unlisted = unnamed.filter((role) => !inForce.has(role))
  if (unlisted.length > 0) {
    return unverified('database-grants', {
      seen: `this user may only read, but has the roles ${unlisted.join(', ')}, whose grants are not listed`,
      todo: 'look at SHOW GRANTS FOR those roles',
    })
  }
  return ok('database-grants', { seen: 'this user may only read' })
}

const grantee = (line: string): string | undefined => GRANT.exec(line)?.[3]?.replaceAll(/[`"]/g, '')
