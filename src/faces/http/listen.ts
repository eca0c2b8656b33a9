import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { AuditError } from '../../errors.ts'
import { SERVE } from '../../limits.ts'
import type { App } from './app.ts'

export interface Listening {
  readonly port: number
  /** Takes no more connections. Settles once the open ones have ended. */
  stopAccepting(): Promise<void>
  /** Ends connections at once. */
  cut(): void
}

/** Serves an app on a port. Throws AuditError of kind 'configuration' where that cannot be had. */
export async function listen(app: App, host: string, port: number, flag: string): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      maxHeaderSize: SERVE.headerBytes,
      headersTimeout: SERVE.headersTimeout,
      requestTimeout: SERVE.requestTimeout,
      keepAliveTimeout: SERVE.keepAliveTimeout,
      connectionsCheckingInterval: SERVE.headersTimeout / 4,
    },
  }) as Server
  server.maxConnections = SERVE.connections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(notListening(cause, host, port, flag)))
    server.listen(port, host, resolve)
  })
  // A fault of one socket is not to end the program.
  server.on('error', () => {})
  return {
    port: (server.address() as AddressInfo).port,
    stopAccepting: () => new Promise((resolve) => server.close(() => resolve())),
    cut: () => server.closeAllConnections(),
  }
}

function notListening(cause: Error, host: string, port: number, flag: string): AuditError {
  const code = 'code' in cause ? String(cause.code) : cause.name
  const taken = code === 'EADDRINUSE'
  const field = taken || code === 'EACCES' ? flag : 'host'
  const why = taken ? 'it is in use' : code
  return new AuditError('configuration', `${field}: cannot listen on ${host} port ${port} (${why})`, {
    field,
    accepted: 'an address of this machine and a port that is free',
    next: nextOf(code, `--${flag.replaceAll('_', '-')}`),
    cause,
  })
}

function nextOf(code: string, flag: string): string {
  if (code === 'EADDRINUSE')
    return `give another port with ${flag} (0 takes a free one), or end the program that listens there`
  if (code === 'EACCES') return `give a port from 1024 up with ${flag}: lower ones are kept for the system`
  return 'give an address of this machine with --host, such as 127.0.0.1'
}
