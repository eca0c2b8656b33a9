import { AuditError, shortened, type TableFailure, UNKNOWN_AUTHORITY_CODES } from '../errors.ts'
import type { MysqlAddress } from './database-url.ts'
import { DEFAULT_MAPPING } from './mapping.ts'

interface DriverError {
  readonly code?: string
  readonly errno?: number
  readonly message?: string
  /** Of a TlsError. */
  readonly tlsCode?: string
}

/** A failure the operator can act on: what it says, and what to do. */
type Hint = (at: {
  readonly server: string
  readonly address: MysqlAddress
  readonly table: string
  readonly message: string
}) => {
  readonly says: string
  readonly next: string
}

// Servers quote identifiers in more than one way: 'x' in 1054, `db`.`x` in newer 1142.
const COLUMN = /column ['`"]?([^'"]+?)['`"]? in/i
// In whatever language they speak (lc_messages): in 1054 the column is quoted first, in 1143 right before the table, which is last.
const UNKNOWN_COLUMN = /'([^']+)'/
const REFUSED_COLUMN = /'([^']+)'[^']+'[^']+'[^']*$/

const columnIn = (message: string, inAnyLanguage: RegExp): string | undefined =>
  (COLUMN.exec(message) ?? inAnyLanguage.exec(message))?.[1]?.split('.').at(-1)

const unreachable: Hint = ({ server }) => ({
  says: `the database server ${server} does not answer`,
  next: 'see that it runs, that host and port in DATABASE_URL are right, and that a firewall lets this machine in',
})

const refusedLogin: Hint = ({ server, address }) => ({
  says: `the database server ${server} refuses the user "${address.user}"`,
  next: `mend user and password in DATABASE_URL; special characters of the password are percent-encoded there${
    // Servers say the same of a user who may come in by TLS alone.
    address.tls === 'none' ? '; or the server wants TLS: add ?ssl=true' : ''
  }`,
})

const noGrant: Hint = ({ address, table }) => ({
  says: `the user "${address.user}" may not read ${table}`,
  next: `let an administrator run: ${grantOf(address, table)}`,
})

/** Of a user who was given single columns. A server may say so of a column that is not there, too. */
const noColumnGrant: Hint = (at) => {
  const column = columnIn(at.message, REFUSED_COLUMN)
  if (column === undefined) return noGrant(at)
  return {
    says: `the user "${at.address.user}" may not read the column ${column} of ${at.table}`,
    next: `let an administrator run: ${grantOf(at.address, at.table, [column])}; doctor tells of all columns that are missing`,
  }
}

/**
 * At the door of the database it is not known yet what the tables are called, and no more than those is to be granted. Of a
 * database that is not there a server says the same to a user who may not see all that there are: a grant would be in vain.
 */
const noDatabaseGrant: Hint = ({ address, table }) => ({
  says: `the user "${address.user}" may not read ${table}, or there is none of that name`,
  next: `see that the name of the database at the end of DATABASE_URL is right; where it is, let an administrator run, for each of the five tables of an audit (${AUDITED} unless AUDIT_CONFIG names others): ${grantOf(address, 'TABLE')}`,
})

const AUDITED = Object.values(DEFAULT_MAPPING.tables).join(', ')

/** The statement that lets the user read a table, or those columns of it. */
export const grantOf = ({ database, user }: MysqlAddress, table: string, columns: readonly string[] = []): string =>
  `GRANT SELECT ${columns.length === 0 ? '' : `(${columns.map((column) => `\`${column}\``).join(', ')}) `}ON \`${database}\`.\`${table}\` TO '${user}'@'<this host>'`

const lost: Hint = ({ server, table }) => ({
  says: `the connection to the database server ${server} broke while reading ${table}`,
  next: 'run the audit again; if it breaks again, see the log of the server, wait_timeout and max_allowed_packet',
})

const serverEnded: Hint = ({ table }) => ({
  says: `the server ended the query on ${table}`,
  next: 'see whether an administrator or a time limit of the server (max_statement_time) ends long queries',
})

const tookTooLong: Hint = ({ table }) => ({
  says: `the server ended the query on ${table}, since it took too long`,
  next: 'see whether a time limit of the server (max_statement_time, MAX_EXECUTION_TIME) ends long queries',
})

const WITHOUT_VERIFICATION = '?ssl=required encrypts without verification'

const unknownAuthority: Hint = ({ server }) => ({
  says: `the certificate of the database server ${server} is of an authority that this machine does not know, or signed by itself`,
  next: `name the file of the authority's certificate (PEM) in the environment variable NODE_EXTRA_CA_CERTS; ${WITHOUT_VERIFICATION}`,
})

const certificateOverdue: Hint = ({ server }) => ({
  says: `the certificate of the database server ${server} is not valid today`,
  next: `renew it on the server, or set the clock of this machine; ${WITHOUT_VERIFICATION}`,
})

// The driver names the plugin that the server asks for.
const LOGIN_PLUGIN = /plugin (\w{1,64})|(mysql_clear_password)/

const unknownLogin: Hint = ({ server, address, message }) => {
  const [, asked, clear] = LOGIN_PLUGIN.exec(message) ?? []
  return {
    says: `the database server ${server} wants the user "${address.user}" to log in in a way that this program does not know (${asked ?? clear ?? 'it does not say which'})`,
    next: 'let an administrator make a user for the audit who logs in by mysql_native_password or caching_sha2_password',
  }
}

/** MySQL 8.4 has mysql_native_password no more unless told so, and 9.0 not at all. */
const unloadedLogin: Hint = ({ server, address, message }) => ({
  says: `the database server ${server} has not loaded the plugin by which the user "${address.user}" is to log in (${/'(\w{1,64})'/.exec(message)?.[1] ?? 'it does not say which'})`,
  next: "let an administrator run: ALTER USER … IDENTIFIED WITH caching_sha2_password BY '…', and write that password into DATABASE_URL",
})

const LIMIT_OF_USER = /max_[a-z_]{1,40}/

const tooFewAllowed: Hint = ({ server, address, message }) => ({
  says: `the database server ${server} allows the user "${address.user}" no more than it has had: ${LIMIT_OF_USER.exec(message)?.[0] ?? 'a limit of this user'} is reached`,
  next: 'try again when others have finished, or let an administrator raise that limit; an audit needs two connections',
})

// --max-session-mem-used=8192
const OPTION = /--[a-z][\w=.-]{1,80}/

const loginOver: Hint = ({ server, address }) => ({
  says: `the database server ${server} lets the user "${address.user}" in no more: the account is locked, or its password has expired`,
  next: 'let an administrator unlock the user (ALTER USER … ACCOUNT UNLOCK) or set a new password, and write that into DATABASE_URL',
})

const brokenView: Hint = ({ table }) => ({
  says: `${table} cannot be read: it is a view of what does not exist, or of what the user who defined it may not read`,
  next: `let an administrator look at SHOW CREATE VIEW of ${table}, and mend the view or its DEFINER`,
})

const HINTS: Readonly<Record<string, Hint>> = {
  ECONNREFUSED: unreachable,
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ENOTFOUND: ({ address }) => ({
    says: `no host is known by the name ${address.host}`,
    next: 'mend the host in DATABASE_URL',
  }),
  EAI_AGAIN: ({ address }) => ({
    says: `the name ${address.host} cannot be resolved now`,
    next: 'see to the name service of this machine, or give an address in DATABASE_URL',
  }),
  PROTOCOL_CONNECTION_LOST: lost,
  ECONNRESET: lost,
  EPIPE: lost,
  // Shut down, or killed by an administrator.
  1053: lost,
  1927: lost,
  // The same of MySQL; and idle for too long, which MySQL says before it closes.
  3169: lost,
  4031: lost,
  1045: refusedLogin,
  1698: refusedLogin,
  1044: noDatabaseGrant,
  1142: noGrant,
  1143: noColumnGrant,
  1049: ({ server, address }) => ({
    says: `the database server ${server} has no database "${address.database}"`,
    next: 'mend the name of the database at the end of DATABASE_URL',
  }),
  1146: ({ address, table }) => ({
    says: `the table ${table} does not exist in the database "${address.database}"`,
    next: 'name the table in AUDIT_CONFIG (tables), or mend the database in DATABASE_URL',
  }),
  1054: ({ table, message }) => ({
    says: `the table ${table} has no column ${columnIn(message, UNKNOWN_COLUMN) ?? 'of that name'}`,
    next: 'name the column in AUDIT_CONFIG (columns)',
  }),
  1345: ({ table }) => ({
    says: `${table} is a view, and the server tells how it is read only to those who may also look beneath it`,
    next: 'see that the tables beneath it have the index, or let an administrator grant SHOW VIEW on it and SELECT on those tables',
  }),
  1356: brokenView,
  // Whoever defined it is no user any more.
  1449: brokenView,
  1040: ({ server }) => ({
    says: `the database server ${server} has no connection to spare`,
    next: 'try again later; an audit needs two connections',
  }),
  HANDSHAKE_NO_SSL_SUPPORT: ({ server }) => ({
    says: `the database server ${server} has no TLS, which ?ssl in DATABASE_URL asks for`,
    next: 'turn TLS on there, or drop ?ssl from DATABASE_URL',
  }),
  HANDSHAKE_SSL_ERROR: ({ server, message }) => ({
    says: `TLS with the database server ${server} fails: ${shortened(message, 120)}`,
    next: 'see which versions of TLS the server takes; the URL may lead to a server of another kind',
  }),
  ERR_TLS_CERT_ALTNAME_INVALID: ({ server }) => ({
    says: `the certificate of the database server ${server} is not that of the host in DATABASE_URL`,
    next: 'write the host in DATABASE_URL as it stands in the certificate of the server (subjectAltName), or have a certificate made that names it; ?ssl-mode=verify_ca verifies all but the name',
  }),
  ...Object.fromEntries(UNKNOWN_AUTHORITY_CODES.map((code) => [code, unknownAuthority])),
  CERT_HAS_EXPIRED: certificateOverdue,
  CERT_NOT_YET_VALID: certificateOverdue,
  // require_secure_transport; MariaDB does not always say so.
  3159: ({ server }) => ({
    says: `the database server ${server} lets nobody in without TLS`,
    next: 'add ?ssl=true to DATABASE_URL',
  }),
  AUTH_SWITCH_PLUGIN_ERROR: unknownLogin,
  1524: unloadedLogin,
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: unknownLogin,
  1184: ({ server, address }) => ({
    says: `the database server ${server} let the user "${address.user}" in and closed the connection, since what it runs for each one (init_connect) failed`,
    next: "let an administrator look at SHOW VARIABLES LIKE 'init_connect' and at the log of the server, and mend it so that a user with SELECT alone may run it",
  }),
  1275: ({ server, address }) => ({
    says: `the database server ${server} refuses the user "${address.user}", whose password is stored in the old form`,
    next: "let an administrator run: ALTER USER … IDENTIFIED BY '…', and write that password into DATABASE_URL",
  }),
  1290: ({ table, message }) => ({
    says: `${table} cannot be read: the server runs with the option ${OPTION.exec(message)?.[0] ?? 'that it does not name'}, which forbids the query`,
    next: 'let an administrator change that option, for all or for the user of the audit',
  }),
  1203: tooFewAllowed,
  1226: tooFewAllowed,
  1820: loginOver,
  1862: loginOver,
  3118: loginOver,
  // For some days, after too many wrong passwords.
  3955: loginOver,
  4151: loginOver,
  1129: ({ server }) => ({
    says: `the database server ${server} lets this machine in no more, since too many of its connections failed`,
    next: 'let an administrator run FLUSH HOSTS, from MySQL 8.4 on TRUNCATE TABLE performance_schema.host_cache, and look for what fails from here',
  }),
  3032: ({ server }) => ({
    says: `the database server ${server} is in offline mode, in which it lets nobody in but administrators`,
    next: 'try again when an administrator has turned offline_mode off',
  }),
  1205: ({ table }) => ({
    says: `${table} cannot be read: another session holds a lock on it for longer than the server waits (lock_wait_timeout)`,
    next: 'run the audit again when it is released; SHOW FULL PROCESSLIST tells who holds it, such as ALTER TABLE or LOCK TABLES',
  }),
  1412: ({ table }) => ({
    says: `${table} cannot be read: its definition was changed (ALTER, TRUNCATE or OPTIMIZE TABLE) while the audit ran`,
    next: 'run the audit again',
  }),
  1104: ({ table }) => ({
    says: `the server refuses the query on ${table}, since it would look at more rows than max_join_size allows`,
    next: 'let an administrator raise max_join_size; a proxy before the server has to let SET SESSION sql_big_selects = 1 pass',
  }),
  1461: ({ server }) => ({
    says: `the database server ${server} has no prepared statement to spare: max_prepared_stmt_count is reached`,
    next: 'try again later, or let an administrator raise max_prepared_stmt_count, and look for a program that never closes its statements',
  }),
  1130: ({ server }) => ({
    says: `the database server ${server} lets no user in from this machine`,
    next: 'let an administrator create the user for this host',
  }),
  1317: serverEnded,
  1969: tookTooLong,
  3024: tookTooLong,
}

/** What a failure comes to for whoever reads a report, where that is more than that the server let nobody in. */
const FAILURES: Readonly<Record<string, TableFailure>> = {
  ...failing('broken-off', 'PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 1053, 1927, 3169, 4031),
  ...failing('not-allowed', 1044, 1142, 1143, 1345),
  ...failing('not-there', 1049, 1146, 1054),
  ...failing('broken-view', 1356, 1449),
  ...failing('ended', 1104, 1290, 1317, 1969, 3024),
  ...failing('occupied', 1040, 1203, 1205, 1226, 1412, 1461),
}

function failing(failure: TableFailure, ...codes: readonly (string | number)[]): Record<string, TableFailure> {
  return Object.fromEntries(codes.map((code) => [code, failure]))
}

/**
 * What mysql2 threw, as an error that says what to do. Told by code or errno, since some errors have no code.
 * It names user, host, port, database and table, never the password or the URL, and keeps no cause, which might.
 */
export function mysqlFailure(cause: unknown, address: MysqlAddress, table: string): AuditError {
  if (cause instanceof AuditError) return cause
  const { code, errno, message = '', tlsCode } = (cause ?? {}) as DriverError
  const server = `${address.host}:${address.port}`
  // A host with several addresses fails with an AggregateError whose own code is that of the first.
  const known = [tlsCode ?? '', String(errno), code ?? ''].find((each) => HINTS[each] !== undefined) ?? ''
  const told = HINTS[known]?.({ server, address, table, message })
  if (told !== undefined) {
    const failure = FAILURES[known] ?? 'no-answer'
    return new AuditError('source', told.says, { field: 'DATABASE_URL', next: told.next, failure })
  }
  const redacted = address.password === '' ? message : message.replaceAll(address.password, '***')
  return new AuditError(
    'source',
    `${table} cannot be read: ${shortened(redacted, 200)} (${errno ?? code ?? 'no code'})`,
    {
      field: 'DATABASE_URL',
      next:
        errno === undefined
          ? 'look at the log of the server, and run doctor, which looks at each step on the way to the tables'
          : `look the number ${errno} up in the documentation of MySQL or MariaDB`,
    },
  )
}
