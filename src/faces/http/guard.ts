import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { inputError } from '../../errors.ts'
import { HttpRefusal } from './problem.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const WILDCARDS = ['0.0.0.0', '::']

/** Whether only programs of this machine reach that address. Names other than localhost may change their meaning. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** An address of a socket, IPv4 written as IPv4. */
export const plainAddress = (address: string | undefined): string => (address ?? 'unknown').replace(/^::ffff:/i, '')

/** As URLs write it: IPv6 in brackets, all in lower case. */
const urlName = (host: string): string => (isIP(host) === 6 ? `[${host.toLowerCase()}]` : host.toLowerCase())

/** As clients send it: without a port, which is no part of a name, and letters beyond ASCII as DNS has them. */
function allowedName(host: string): string {
  const name = isIP(host) === 6 ? urlName(host) : nameIn(host)
  if (name === undefined || name.includes('*')) {
    throw inputError('allow_hosts', host, 'host names, such as audit.example.com, without http:// and *')
  }
  return name
}

export interface HostRules {
  readonly host: string
  /** Further names under which clients may call. */
  readonly allowHosts: readonly string[]
}

/**
 * Checks under which name a request came (Host) and which page sent it (Origin): a page that has its own name point to
 * this machine would otherwise speak to the server through a reader's browser (DNS rebinding). Throws 403; and at once an input
 * error for a further name that no client could send.
 */
export function createHostGuard({ host, allowHosts }: HostRules) {
  const names = new Set([...LOOPBACK_NAMES, urlName(host), ...allowHosts.map(allowedName)])
  const everywhere = WILDCARDS.includes(host)
  return (headers: Headers, arrivedAt: string | undefined): void => {
    const name = nameIn(headers.get('host') ?? '')
    // On all interfaces, the address itself at which the connection arrived is no name that anybody could rebind.
    const byAddress = everywhere && name !== undefined && name === urlName(plainAddress(arrivedAt))
    if (name === undefined || !(names.has(name) || byAddress)) {
      throw forbidden(
        'Host',
        'this server does not answer to that host name',
        'allow it with: serve --allow-hosts NAME',
      )
    }
    const origin = headers.get('origin')
    if (origin !== null && !isOwnOrigin(origin, headers.get('host') ?? '')) {
      throw foreignPage('Origin')
    }
  }
}

/**
 * Throws 403 for what a page of another site asks without its Origin. Browsers send none with a GET whose answer the page may not
 * read, such as of an image; it would run all the same, with all that it costs the database and fal. A link that a reader
 * follows is called by the reader.
 */
export function checkPage(headers: Headers): void {
  if (headers.has('origin') || headers.get('sec-fetch-site') !== 'cross-site') return
  if (headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document') return
  throw foreignPage('Sec-Fetch-Site')
}

function nameIn(hostHeader: string): string | undefined {
  if (!/^[^\s@/\\?#]+$/.test(hostHeader)) return undefined
  const url = `http://${hostHeader}`
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

function isOwnOrigin(origin: string, hostHeader: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return false
  return LOOPBACK_NAMES.includes(url.hostname) || url.host === hostHeader.toLowerCase()
}

const foreignPage = (field: string): HttpRefusal =>
  forbidden(field, 'pages of other origins may not call this server', 'call it without a browser')

const forbidden = (field: string, message: string, next: string): HttpRefusal =>
  new HttpRefusal({ status: 403, type: 'forbidden', message: `${field}: ${message}`, field, next })

export interface Tokens {
  /** SERVE_TOKEN: opens everything that reads. */
  readonly serve: string | undefined
  /** ADMIN_TOKEN: opens that too, and alone what writes. */
  readonly admin: string | undefined
}

const REALM = 'Bearer realm="fal-consumption-audit"'

/** Checks the bearer token where one is set for reading. Throws 401. */
export function createTokenGuard({ serve, admin }: Tokens) {
  if (serve === undefined) return (): void => {}
  const accepted = [serve, ...(admin === undefined ? [] : [admin])]
  return (headers: Headers): void => {
    const given = bearerIn(headers, 'SERVE_TOKEN')
    if (!isOneOf(given, accepted)) throw notAccepted('SERVE_TOKEN')
  }
}

/**
 * Checks the bearer token of what writes, on loopback too. Throws 401 without a token or with an unknown one, 403 with
 * the one for reading, and where none is set for writing.
 */
export function createAdminGuard({ serve, admin }: Tokens) {
  return (headers: Headers): void => {
    if (admin === undefined) {
      throw adminOnly('nothing can be written, since ADMIN_TOKEN is not set', 'set ADMIN_TOKEN and start serve again')
    }
    const given = bearerIn(headers, 'ADMIN_TOKEN')
    if (isOneOf(given, [admin])) return
    if (serve !== undefined && isOneOf(given, [serve])) throw adminOnly('this token only reads', 'send ADMIN_TOKEN')
    throw notAccepted('ADMIN_TOKEN')
  }
}

function bearerIn(headers: Headers, wanted: string): string {
  const given = /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (given === undefined) throw unauthorized('a bearer token is needed', REALM, wanted)
  return given
}

/** Digests have one length, and every token is compared to its end: the time taken says nothing of a token. */
function isOneOf(given: string, accepted: readonly string[]): boolean {
  const shown = digest(given)
  return accepted.filter((each) => timingSafeEqual(digest(each), shown)).length > 0
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest()

const notAccepted = (wanted: string): HttpRefusal =>
  unauthorized('this token is not accepted', `${REALM}, error="invalid_token"`, wanted)

const unauthorized = (message: string, challenge: string, wanted: string): HttpRefusal =>
  new HttpRefusal({
    status: 401,
    type: 'unauthorized',
    message: `Authorization: ${message}`,
    field: 'Authorization',
    accepted: `Bearer and the value of ${wanted}`,
    headers: { 'www-authenticate': challenge },
  })

const adminOnly = (message: string, next: string): HttpRefusal =>
  new HttpRefusal({
    status: 403,
    type: 'forbidden',
    message: `Authorization: ${message}`,
    field: 'Authorization',
    accepted: 'Bearer and the value of ADMIN_TOKEN',
    next,
  })
