import { BlockList, isIP } from 'node:net'
import { AuditError, shortened } from '../errors.ts'
import { couldBeKey } from '../units/api-key.ts'

/** A proxy that fal is asked through. */
export interface ProxyServer {
  /** The variable that names it, as it was written. */
  readonly variable: string
  /** Its URL, without user and password. */
  readonly url: string
  /** Host and port: all of it that is ever told. */
  readonly place: string
  /** What it, and nobody else, is sent as Proxy-Authorization; undefined: its URL names no user. */
  readonly authorization: string | undefined
}

/** By the origin that is asked. One that is not among them is asked directly. */
export type Proxies = ReadonlyMap<string, ProxyServer>

type Scheme = 'http:' | 'https:'

/** What the environment says of proxies, undefined where it says nothing; of each scheme the name that wins comes first. */
export type ProxyVariables = Readonly<Record<Scheme, Readonly<Record<string, string | undefined>>>> & {
  /** NO_PROXY: the hosts that are asked directly. */
  readonly except: string | undefined
}

const ACCEPTED =
  'http:// or https:// and host:port of an HTTP proxy, before the host user:password@ where it asks for them'
const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
const SCHEME = /^[a-z][a-z0-9+.-]*:\/+/i
/** As curl takes it, for http://. */
const WITHOUT_SCHEME = /^(?:.*@)?(?:\[[\da-f:.]+\]|[^\s:/@]+):\d{1,5}\/?$/is

/**
 * The proxy through which a base URL is asked, as curl has it; undefined: none. This machine itself is never asked through one.
 * Throws AuditError of kind 'configuration' for a value that would be used and names no HTTP proxy; others are not looked at.
 */
export function proxyFor(baseUrl: string, variables: ProxyVariables): ProxyServer | undefined {
  const url = new URL(baseUrl)
  const named = Object.entries(variables[url.protocol as Scheme] ?? {}).find(([, text]) => text !== undefined)
  if (named === undefined || isLoopback(bareHost(url.hostname)) || isExcepted(url, variables.except ?? '')) return
  const [variable, text = ''] = named
  const proxy = urlOf(text)
  if (proxy === undefined) throw refused(variable, text)
  const port = proxy.port || PORTS[proxy.protocol]
  const login = loginOf(proxy) ?? ''
  return {
    variable,
    url: `${proxy.protocol}//${proxy.hostname}:${port}`,
    place: `${proxy.hostname}:${port}`,
    authorization: login === ':' || login === '' ? undefined : `Basic ${Buffer.from(login).toString('base64')}`,
  }
}

/** What is secret in a proxy's URL, well-formed or not, as it is written and decoded. */
export function proxySecrets(text: string): string[] {
  const login = /^(.*)@/s.exec(text.replace(SCHEME, ''))?.[1]
  if (login === undefined) return []
  const [user = '', password = ''] = [/^[^:]*/.exec(login)?.[0], /:(.*)$/s.exec(login)?.[1]]
  // A name that is a word would be blanked out of everything that is told; alone it may be a token.
  const isSecret = password === '' || couldBeKey(user)
  const secrets = [login, password, isSecret ? user : '']
  return [...new Set(secrets.flatMap((secret) => [secret, decoded(secret) ?? '']))].filter((secret) => secret !== '')
}

function urlOf(text: string): URL | undefined {
  const full = WITHOUT_SCHEME.test(text) && !SCHEME.test(text) ? `http://${text}` : text
  if (!/^https?:\/\//i.test(full) || !URL.canParse(full)) return undefined
  const url = new URL(full)
  const isPlain = url.pathname === '/' && url.search === '' && url.hash === '' && url.port !== '0'
  return isPlain && loginOf(url) !== undefined ? url : undefined
}

/** user:password, decoded; undefined where a % encodes nothing. */
function loginOf({ username, password }: URL): string | undefined {
  return decoded(`${username}:${password}`)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function refused(variable: string, text: string): AuditError {
  const value = shortened(withoutLogin(text), 80)
  const message = `${variable}: "${value}" is not accepted; give ${ACCEPTED}, special characters percent-encoded`
  const next = 'where fal can be reached without a proxy, leave the variable empty or name the host of fal in NO_PROXY'
  return new AuditError('configuration', message, { field: variable, value, accepted: ACCEPTED, next })
}

/** Also what could be a password whose @ and host are missing. */
function withoutLogin(text: string): string {
  const scheme = SCHEME.exec(text)?.[0] ?? ''
  const rest = text.slice(scheme.length)
  const end = rest.lastIndexOf('@')
  if (end >= 0) return `${scheme}***${rest.slice(end)}`
  return scheme + rest.replace(/:(?!\d{0,5}(?:\/|$)).*/s, ':***')
}

/** Without the brackets of an IPv6 address, and the dot of a name that is complete. */
const bareHost = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')

const LOOPBACK = ['127.0.0.0/8', '0.0.0.0', '::1', '::']

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || LOOPBACK.some((net) => isWithin(host, net))

/** Whether NO_PROXY names a host: itself, a domain above it, its address or a network around it, each with a port or without. */
function isExcepted(url: URL, except: string): boolean {
  const host = bareHost(url.hostname)
  const port = url.port || PORTS[url.protocol]
  return except.split(/[\s,]+/).some((entry) => {
    if (entry === '' || entry === '*') return entry === '*'
    const [, before, only] = (isIP(entry) === 0 ? /^(.+):(\d+)$/.exec(entry) : null) ?? []
    if (only !== undefined && only !== port) return false
    const name = bareHost(before ?? entry)
    if (isIP(host) !== 0) return isWithin(host, name)
    const domain = name.replace(/^\*?\./, '')
    return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
  })
}

/** Whether an address is this one, or of this network (10.0.0.0/8). */
function isWithin(host: string, net: string): boolean {
  const [address = '', length] = net.split('/')
  const [of, family] = [isIP(host), isIP(address)]
  const bits = family === 4 ? 32 : 128
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : bits + 1
  if (of === 0 || family === 0 || prefix > bits) return false
  const list = new BlockList()
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, of === 4 ? 'ipv4' : 'ipv6')
}
