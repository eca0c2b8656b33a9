import { UNKNOWN_AUTHORITY_CODES } from '../errors.ts'
import { type Failed, failed } from './answer.ts'
import type { ProxyServer } from './proxy.ts'
import { codeOf, kindOfBreak, whatBroke } from './reasons.ts'

/** How a proxy is called: by what is no secret of it, and the variable in which it can be mended. */
const calledProxy = ({ place, variable }: ProxyServer): string => `the proxy ${place} (${variable})`

/** Why the proxy itself could not be reached, or went away before it had answered. */
export function failureOfProxy(proxy: ProxyServer, cause: unknown): Failed {
  const code = codeOf(cause)
  if (UNKNOWN_AUTHORITY_CODES.includes(code)) {
    return failed(
      'untrusted',
      `${calledProxy(proxy)} could not be reached, so fal was not asked: its certificate is of an authority that this machine does not know, or signed by itself (${code}). Name the file of its authority's certificate (PEM) in the environment variable NODE_EXTRA_CA_CERTS, or write http:// in ${proxy.variable} where it speaks plain HTTP`,
    )
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return failed(
      'proxy-refused',
      `${calledProxy(proxy)} speaks no TLS, so fal was not asked. Write http:// in ${proxy.variable}: the way to fal through it is encrypted all the same`,
    )
  }
  if (cause instanceof Error && cause.name === 'HTTPParserError') {
    return failed(
      'proxy-refused',
      `${calledProxy(proxy)} does not answer in HTTP, so fal was not asked. Name the port of an HTTP proxy in ${proxy.variable}, none of SOCKS; with https:// where it speaks TLS`,
    )
  }
  return failed(
    kindOfBreak(code),
    `${calledProxy(proxy)} could not be reached, so fal was not asked: ${whatBroke(code)}. Mend ${proxy.variable} or see that the proxy runs, or name fal's host in NO_PROXY where no proxy is needed`,
  )
}

/** What a proxy answered: its status, and its header Proxy-Authenticate. */
export interface Refusal {
  readonly status: number
  readonly authenticate: string | readonly string[] | undefined
}

/** What the proxy answered instead of opening a way to fal, and whose it is to mend that. */
export function failureOfRefusal(proxy: ProxyServer, { status, authenticate }: Refusal, target: string): Failed {
  if (status === 407) {
    const kinds = kindsOfLogin(authenticate)
    if (kinds.length > 0 && !kinds.includes('basic')) {
      return failed(
        'proxy-refused',
        `${calledProxy(proxy)} answered 407: it takes logins of the kind ${kinds.join(', ')} alone, and this program knows Basic. Have Basic allowed there, or name a proxy on this machine that logs in there`,
      )
    }
    const why =
      proxy.authorization === undefined
        ? 'asks for a user and a password: put user:password@ before its host in'
        : 'does not accept the user and password that it was sent: mend them in'
    return failed('proxy-refused', `${calledProxy(proxy)} answered 407: it ${why} ${proxy.variable}`)
  }
  if (status === 403) {
    return failed(
      'proxy-refused',
      `${calledProxy(proxy)} answered 403: it does not allow the way to ${target}. Have it allowed there; fal was not asked`,
    )
  }
  if (status >= 500) {
    return failed(
      'unreachable',
      `${calledProxy(proxy)} answered ${status}: it cannot reach ${target}. Have its network and its look-up of names mended; fal was not asked`,
    )
  }
  return failed(
    status === 429 ? 'unreachable' : 'proxy-refused',
    `${calledProxy(proxy)} answered ${status} instead of opening the way to ${target}: see that it is an HTTP proxy that lets CONNECT through. Fal was not asked`,
  )
}

/** Such as basic, ntlm, negotiate. Only words that are known are taken from what was sent. */
const kindsOfLogin = (authenticate: Refusal['authenticate']): string[] => [
  ...new Set(
    [authenticate ?? '']
      .flat()
      .join(', ')
      .toLowerCase()
      .match(/(?<![\w-])(?:basic|digest|ntlm|negotiate|kerberos|bearer)(?![\w=-])/g),
  ),
]

export const failureOfSilence = (proxy: ProxyServer, target: string): Failed =>
  failed(
    'unreachable',
    `${calledProxy(proxy)} did not answer in time when asked for the way to ${target}: see that it runs, and that it may reach that host. Fal was not asked`,
  )

/** The same failure of fal, with word that a proxy lies between. */
export const throughProxy = (why: Failed, proxy: ProxyServer): Failed =>
  failed(why.failure, `${why.reason} (asked through ${calledProxy(proxy)})`)
