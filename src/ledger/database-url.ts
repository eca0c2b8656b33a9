import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AuditError } from '../errors.ts'

/** Where the operator's tables are. The password never leaves this object but into the login. */
export type DatabaseAddress =
  | { readonly engine: 'embedded'; readonly path: string }
  | {
      readonly engine: 'mysql'
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly database: string
      /**
       * encrypt: whoever answers. verify-ca: a server with a certificate of an authority that is known. verify: one whose
       * certificate is that of the host, too.
       */
      readonly tls: 'none' | 'encrypt' | 'verify-ca' | 'verify'
    }

export type MysqlAddress = Extract<DatabaseAddress, { engine: 'mysql' }>

const ACCEPTED = 'mysql://user:pass@host:port/db or file:path'
const ENCODE = 'percent-encode special characters of the password (# is %23, / is %2F, ? is %3F, @ is %40)'
const PORT = 3306
// Python services write mysql+pymysql://; it is the same server.
const MYSQL_SCHEME = /^(?:mysql|mariadb)(?:\+\w+)?:\/\//i
const TLS_BY_WORD: Readonly<Record<string, MysqlAddress['tls']>> = {
  disabled: 'none',
  false: 'none',
  required: 'encrypt',
  require: 'encrypt',
  true: 'verify',
  verify_ca: 'verify-ca',
  verify_identity: 'verify',
}

/** Reads DATABASE_URL. Errors say what is wrong with its form and never repeat it: it holds the password. */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  const text = url.trim()
  if (/^file:/i.test(text)) return { engine: 'embedded', path: filePath(text) }
  if (!MYSQL_SCHEME.test(text)) throw malformed('it has no scheme that is known')
  let parsed: URL
  try {
    parsed = new URL(text.replace(MYSQL_SCHEME, 'mysql://'))
  } catch {
    throw malformed('it is no URL', `${ENCODE}; a port is a number up to 65535`)
  }
  // Where the password holds a / ? or # as it is, the authority ends there: what is left of the password would be taken for
  // host, port, database or parameter, be looked up and be told. The @ behind it always comes to lie behind the authority.
  if (`${parsed.pathname}${parsed.search}${parsed.hash}`.includes('@')) {
    throw malformed('its user or password holds a special character that is not encoded', ENCODE)
  }
  if (parsed.hostname === '') throw malformed('it names no host')
  const database = decoded(parsed.pathname.replace(/^\//, '').replace(/\/$/, ''))
  if (database === '') throw malformed('it names no database', 'end it with the name of the database: /db')
  return {
    engine: 'mysql',
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? PORT : Number(parsed.port),
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database,
    tls: tlsOf(parsed.searchParams),
  }
}

/** Which database an address means, without secrets. */
export const targetOf = (address: DatabaseAddress): { readonly target: string; readonly database: string } =>
  address.engine === 'embedded'
    ? { target: `the database file ${address.path}`, database: '' }
    : {
        target: `${address.host}:${address.port}, database "${address.database}", user "${address.user}"`,
        database: address.database,
      }

function filePath(text: string): string {
  const path = text.slice('file:'.length)
  if (path.startsWith('//')) {
    try {
      return fileURLToPath(text)
    } catch {
      throw malformed('its file: form is not readable', 'write file:/absolute/path or file:relative/path')
    }
  }
  if (path === '') throw malformed('it names no file')
  // Taken for a path it would be shown, and with it a password.
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) throw malformed('it has a second scheme behind file:')
  return isAbsolute(path) ? path : resolve(path)
}

function tlsOf(parameters: URLSearchParams): MysqlAddress['tls'] {
  let tls: MysqlAddress['tls'] = 'none'
  for (const [name, value] of parameters) {
    // Text is always read as utf8mb4, so a charset changes nothing.
    if (name === 'charset') continue
    const read = ['ssl', 'ssl-mode', 'sslmode'].includes(name) ? TLS_BY_WORD[value.toLowerCase()] : undefined
    if (read === undefined) {
      throw malformed(
        `its parameter ${name.slice(0, 20)} is not known, or not with this value`,
        'use ?ssl=true, or none',
      )
    }
    tls = read
  }
  return tls
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw malformed('it has a % that encodes nothing', 'write a % in the password as %25')
  }
}

function malformed(what: string, next = `give ${ACCEPTED}`): AuditError {
  return new AuditError('configuration', `DATABASE_URL cannot be used: ${what}; give ${ACCEPTED}`, {
    field: 'DATABASE_URL',
    accepted: ACCEPTED,
    next,
  })
}
