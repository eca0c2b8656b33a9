import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import tls from 'node:tls'
import { onTestFinished } from 'vitest'
import { type FalDouble, type FalDoubleOptions, startFalDouble } from '../../src/demo/fal-double.ts'
import type { Authority } from './certificates.ts'

/** A host that only the proxy double knows, as only a proxy knows its way out: this machine never looks it up. */
export const FAL_HOST = 'api.fal.test'
export const FAL_URL = `https://${FAL_HOST}/v1`

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A double of fal that speaks TLS on loopback. */
export async function startFalBehindTls(
  { cert, key }: Certificate,
  options: FalDoubleOptions,
): Promise<{ readonly double: FalDouble; readonly port: number; close(): Promise<void> }> {
  const double = await startFalDouble(options)
  const server = tls.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    joined(socket, connect(Number(new URL(double.url).port), '127.0.0.1'))
  })
  const port = await listening(server)
  const sockets = socketsOf(server)
  return {
    double,
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await double.close()
    },
  }
}

export interface ProxyDoubleOptions {
  /** Ports of 127.0.0.1 by the host:port that is asked for; others are answered 502. */
  readonly routes?: Readonly<Record<string, number>>
  /** user:password, without which it answers 407. */
  readonly login?: string
  /** Instead of a tunnel: a status, no answer at all, or the end of the connection. */
  readonly fault?: number | 'hang' | 'drop'
  /** What it sends as Proxy-Authenticate, one header each. */
  readonly kinds?: readonly string[]
  /** It speaks TLS itself. */
  readonly certificate?: Certificate
}

/** What the proxy was asked for: a tunnel, or to pass on an address. */
interface Asked {
  readonly method: string
  readonly target: string
  readonly authorization: string | undefined
}

export interface ProxyDouble {
  /** host:port, after this login where one is given. */
  url(login?: string): string
  readonly place: string
  readonly asked: Asked[]
  /** All that came from clients through tunnels, and every header it was sent itself. */
  seen(): string
  /** From now on it answers nothing, until the function returned is called. */
  pause(): () => void
  close(): void
}

/** An HTTP proxy on loopback that leads nowhere else. */
async function startProxy(options: ProxyDoubleOptions = {}): Promise<ProxyDouble> {
  const { routes = {}, login, fault, kinds = [], certificate } = options
  const headers = kinds.map((kind) => `Proxy-Authenticate: ${kind}\r\n`).join('')
  const asked: Asked[] = []
  const seen: string[] = []
  let isPaused = false
  const note = (request: IncomingMessage): number | 'hang' | 'drop' | undefined => {
    const { 'proxy-authorization': authorization } = request.headers
    asked.push({ method: request.method ?? '', target: request.url ?? '', authorization })
    seen.push(request.rawHeaders.join('\n'))
    const isKnown = login === undefined || authorization === `Basic ${Buffer.from(login).toString('base64')}`
    if (isPaused) return 'hang'
    return isKnown ? fault : 407
  }
  const server =
    certificate === undefined
      ? createServer()
      : createHttpsServer({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) })
  server.on('request', (request, response) => {
    const no = note(request)
    if (no === 'hang') return
    if (no === 'drop') {
      request.socket.destroy()
      return
    }
    const url = new URL(request.url ?? '')
    const port = routes[url.host]
    if (no !== undefined || port === undefined) {
      response.writeHead(no ?? 502, { 'content-type': 'text/html' }).end('<html>the proxy says no</html>')
      return
    }
    const { 'proxy-authorization': _, ...kept } = request.headers
    const onward = httpRequest(
      { host: '127.0.0.1', port, path: url.pathname + url.search, headers: kept },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      },
    )
    onward.end()
  })
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    client.on('error', () => client.destroy())
    const no = note(request)
    if (no === 'hang') return
    if (no === 'drop') {
      client.destroy()
      return
    }
    const port = routes[request.url ?? '']
    if (no !== undefined || port === undefined) {
      client.end(`HTTP/1.1 ${no ?? 502} No\r\n${headers}Content-Length: 4\r\nConnection: close\r\n\r\nno!\n`)
      return
    }
    client.on('data', (bytes) => seen.push(bytes.toString('latin1')))
    const onward = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.0 200 Connection established\r\n\r\n')
      joined(client, onward)
    })
    onward.on('error', () => client.destroy())
  })
  const place = `127.0.0.1:${await listening(server)}`
  const sockets = socketsOf(server)
  const close = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  const scheme = certificate === undefined ? 'http' : 'https'
  const url = (user?: string): string => `${scheme}://${user === undefined ? '' : `${user}@`}${place}`
  const pause = (): (() => void) => {
    isPaused = true
    return () => {
      isPaused = false
    }
  }
  return { url, place, asked, seen: () => seen.join('\n'), pause, close }
}

/** As above, until the test ends. */
export async function proxyFor(options: ProxyDoubleOptions = {}): Promise<ProxyDouble> {
  const proxy = await startProxy(options)
  onTestFinished(() => proxy.close())
  return proxy
}

/** Has this process believe an authority, as NODE_EXTRA_CA_CERTS does one that starts. Undone by the function returned. */
export function believe({ certificate }: Authority): () => void {
  const { createSecureContext } = tls
  tls.createSecureContext = (options) => {
    const made = createSecureContext(options)
    ;(made.context as { addCACert(pem: string): void }).addCACert(certificate)
    return made
  }
  return () => {
    tls.createSecureContext = createSecureContext
  }
}

function joined(one: Socket, other: Socket): void {
  one.on('error', () => other.destroy())
  other.on('error', () => one.destroy())
  one.on('close', () => other.destroy())
  other.on('close', () => one.destroy())
  one.pipe(other).pipe(one)
}

async function listening(server: ReturnType<typeof createServer> | tls.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function socketsOf(server: ReturnType<typeof createServer> | tls.Server): Set<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return sockets
}
