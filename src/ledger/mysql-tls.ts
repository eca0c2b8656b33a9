import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, TLSSocket } from 'node:tls'
import type { SslOptions } from 'mysql2'
import { AuditError } from '../errors.ts'
import type { MysqlAddress } from './database-url.ts'

type Tls = MysqlAddress['tls']

/** Public but untyped in mysql2: goes over to TLS and calls back when that is through, before it sends user and password. */
interface SecuredConnection {
  startTLS?(onSecure: (error?: Error) => void): void
  readonly stream: Duplex
}

/** The driver gives every failure of TLS one code: which it was stands here. */
export interface TlsError extends Error {
  readonly tlsCode: string | undefined
}

/** What mysql2 is told of TLS. */
export function tlsOptions({ tls, host }: Pick<MysqlAddress, 'tls' | 'host'>): { readonly ssl?: SslOptions } {
  if (tls === 'none') return {}
  // Of an address it would compare the certificate with "localhost": refuseStrangers looks at that itself.
  return { ssl: { rejectUnauthorized: tls !== 'encrypt', verifyIdentity: tls === 'verify' && isIP(host) === 0 } }
}

/** Where the certificate is to be that of the host, ends the connection to any other before the login is sent. */
export function refuseStrangers(connection: SecuredConnection, { tls, host }: { tls: Tls; host: string }): void {
  if (tls === 'none') return
  const own = connection.startTLS
  if (own === undefined) throw new AuditError('internal', 'the MySQL driver does not begin TLS as it used to')
  connection.startTLS = (onSecure) =>
    own.call(connection, (error) => {
      const wrong = error ?? (tls === 'verify' ? strangerError(connection.stream, host) : undefined)
      onSecure(wrong && told(wrong))
    })
}

/** What is wrong with the name in the server's certificate; undefined where it is the host's. */
function strangerError(stream: Duplex, host: string): Error | undefined {
  if (!(stream instanceof TLSSocket)) return new Error('the connection is not encrypted')
  return checkServerIdentity(host, stream.getPeerCertificate())
}

const told = (error: Error & { readonly code?: string }): TlsError =>
  Object.assign(new Error(error.message), { tlsCode: error.code })
