import { isIP } from 'node:net'
import type { Agent, buildConnector, Dispatcher } from 'undici'
import { type Millis, SECOND } from '../units/instant.ts'
import type { Failed } from './answer.ts'
import type { ProxyServer } from './proxy.ts'
import { failureOfProxy, failureOfRefusal, failureOfSilence, throughProxy } from './proxy-reasons.ts'
import { failureOfConnection } from './reasons.ts'
import type { Way } from './socket.ts'

type Undici = typeof import('undici')

/** As long as undici lets a direct connection take. */
const OPENING_MAX: Millis = 10 * SECOND

/** A failure of the proxy, as which undici hands it on. Its code is none that undici would connect again for. */
class ProxyFailure extends Error {
  readonly code = 'ERR_PROXY'
  readonly failed: Failed

  constructor(failed: Failed) {
    super(failed.reason)
    this.failed = failed
  }
}

/**
 * The way to an origin through a proxy. https goes through CONNECT, so that the proxy sees no key; http is passed on by the
 * proxy, as it is where there is no TLS, and as proxies allow it.
 */
export function openProxyWay(undici: Undici, proxy: ProxyServer, origin: URL, options: Agent.Options): Way {
  const connect = connectorTo(undici, proxy)
  const target = `${origin.hostname}:${origin.port || (origin.protocol === 'https:' ? 443 : 80)}`
  const opening = new Set<Millis>()
  const isTunnel = origin.protocol === 'https:'
  const dispatcher = isTunnel
    ? new undici.ProxyAgent({
        ...options,
        uri: proxy.url,
        headers: { 'user-agent': 'fal-consumption-audit' },
        ...(proxy.authorization !== undefined && { token: proxy.authorization }),
        clientFactory: (place) => entry(new undici.Pool(place, { connect }), proxy, target, opening),
      })
    : new undici.Pool(proxy.url, { ...options, connect }).compose(passedOn(proxy))
  return {
    request: undici.request,
    dispatcher,
    failureOf: (cause) =>
      cause instanceof ProxyFailure ? cause.failed : throughProxy(failureOfConnection(cause), proxy),
    lateOf: (late, askedAt) =>
      // Of what was queued behind others, too: they wait for the same proxy.
      [...opening].some((since) => since <= askedAt + SECOND / 10)
        ? failureOfSilence(proxy, target)
        : throughProxy(late, proxy),
    refusalOf: (refusal) =>
      !isTunnel && refusal.status === 407 ? failureOfRefusal(proxy, refusal, target) : undefined,
  }
}

/** Connects to the proxy. What fails here is the proxy's. */
function connectorTo(undici: Undici, proxy: ProxyServer): buildConnector.connector {
  const connector = undici.buildConnector({ timeout: OPENING_MAX })
  return (options, callback) => {
    // An address is no name that TLS may ask for, and that of fal, which undici would take then, is not the proxy's.
    const asked = isIP(options.hostname) === 0 ? options : { ...options, servername: '', host: options.hostname }
    connector(asked, (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else callback(new ProxyFailure(failureOfProxy(proxy, error)), null)
    })
  }
}

/** The connections on which tunnels are asked for, whose failures are told for the proxy's. `opening`: when each was asked for. */
function entry(
  pool: InstanceType<Undici['Pool']>,
  proxy: ProxyServer,
  target: string,
  opening: Set<Millis>,
): Dispatcher {
  const ask = pool.connect.bind(pool)
  return Object.assign(pool, {
    connect: async (options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
      const since = performance.now()
      const late = AbortSignal.timeout(OPENING_MAX)
      opening.add(since)
      try {
        const answer = await ask({ ...options, signal: late })
        if (answer.statusCode === 200) return answer
        const answered = { status: answer.statusCode, authenticate: answer.headers['proxy-authenticate'] }
        answer.socket.on('error', () => undefined).destroy()
        throw new ProxyFailure(failureOfRefusal(proxy, answered, target))
      } catch (cause) {
        if (cause instanceof ProxyFailure) throw cause
        throw new ProxyFailure(late.aborted ? failureOfSilence(proxy, target) : failureOfProxy(proxy, cause))
      } finally {
        opening.delete(since)
      }
    },
  })
}

/** Asks the proxy for the whole address (RFC 9112, 3.2.2). */
function passedOn({ authorization }: ProxyServer): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const { origin, path, headers } = options
    const { host, origin: asked } = new URL(String(origin))
    const added = { host, ...(authorization !== undefined && { 'proxy-authorization': authorization }) }
    return dispatch({ ...options, path: `${asked}${path}`, headers: { ...(headers as object), ...added } }, handler)
  }
}
