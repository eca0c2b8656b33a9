import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createFalClient, type FalClient, type FalClientOptions } from '../../src/fal/client.ts'
import { type ProxyServer, proxyFor as proxyNamed } from '../../src/fal/proxy.ts'
import { SECOND } from '../../src/units/instant.ts'
import { type Authority, makeAuthority } from '../kit/certificates.ts'
import { believe, FAL_HOST, FAL_URL, type ProxyDouble, proxyFor, startFalBehindTls } from '../kit/proxy-double.ts'
import { KEY, manyEvents, NOW, never, SECRET, workspace } from './line.ts'

let authority: Authority
let fal: Awaited<ReturnType<typeof startFalBehindTls>>
let doubt: () => void

beforeAll(async () => {
  authority = makeAuthority()
  doubt = believe(authority)
  const workspaces = [workspace({ events: manyEvents(1) })]
  fal = await startFalBehindTls(authority.issue('fal', `DNS:${FAL_HOST}`), { workspaces, clock: () => NOW })
})
afterAll(async () => {
  doubt()
  await fal.close()
  authority.remove()
})

const ROUTES = () => ({ [`${FAL_HOST}:443`]: fal.port })
const LOGIN = 'scout:p4ss-word%21'

/** A client that asks this base URL as HTTPS_PROXY and HTTP_PROXY have it. */
function clientThrough(url: string, options: Partial<FalClientOptions> & { falUrl?: string } = {}): FalClient {
  const { falUrl: baseUrl = FAL_URL, ...others } = options
  const variables = { 'https:': { HTTPS_PROXY: url }, 'http:': { HTTP_PROXY: url }, except: undefined }
  const proxy = proxyNamed(baseUrl, variables) as ProxyServer
  const proxies = new Map([[new URL(baseUrl).origin, proxy]])
  const client = createFalClient({ baseUrl, proxies, sleep: async () => {}, ...others })
  onTestFinished(() => client.close())
  return client
}

const balanceThrough = (proxy: ProxyDouble, login?: string, options?: Partial<FalClientOptions>) =>
  clientThrough(proxy.url(login), options).billing(KEY, never())

const ANSWERED = { status: 'complete', value: { username: 'acme' } }

describe('fal behind a proxy', () => {
  it('is asked through CONNECT: the proxy sees host and port, and neither key nor question', async () => {
    const proxy = await proxyFor({ routes: ROUTES() })
    const client = clientThrough(proxy.url())
    for (let asked = 0; asked < 3; asked++) expect(await client.billing(KEY, never())).toMatchObject(ANSWERED)
    // Kept alive; undici opens a second connection where the first is not yet free again, without a proxy too.
    expect(proxy.asked.length).toBeLessThanOrEqual(2)
    expect(proxy.asked[0]).toEqual({ method: 'CONNECT', target: `${FAL_HOST}:443`, authorization: undefined })
    expect(proxy.seen()).not.toMatch(/authorization|Key |billing/i)
    expect(proxy.seen()).not.toContain(SECRET)
  })

  it('opens as many tunnels as connections, all at once', async () => {
    const proxy = await proxyFor({ routes: ROUTES() })
    const client = clientThrough(proxy.url(), { concurrency: 3 })
    const answers = await Promise.all(Array.from({ length: 12 }, () => client.billing(KEY, never())))
    for (const answer of answers) expect(answer).toMatchObject(ANSWERED)
    expect(proxy.asked.length).toBeGreaterThan(1)
    expect(proxy.asked.length).toBeLessThanOrEqual(6)
  })

  it('sends user and password, decoded, to the proxy alone', async () => {
    const proxy = await proxyFor({ routes: ROUTES(), login: decodeURIComponent(LOGIN) })
    expect(await balanceThrough(proxy, LOGIN)).toMatchObject(ANSWERED)
    const tokens = await proxyFor({ routes: ROUTES(), login: 'token-1234567:' })
    expect(await balanceThrough(tokens, 'token-1234567')).toMatchObject(ANSWERED)
    expect(JSON.stringify(fal.double.requests)).not.toMatch(/proxy/i)
  })

  it('takes a proxy that speaks TLS, by address and by name', async () => {
    const certificate = authority.issue('proxy', 'IP:127.0.0.1,DNS:localhost')
    const proxy = await proxyFor({ routes: ROUTES(), certificate, login: decodeURIComponent(LOGIN) })
    expect(await balanceThrough(proxy, LOGIN)).toMatchObject(ANSWERED)
    const byName = proxy.url(LOGIN).replace('127.0.0.1', 'localhost')
    expect(await clientThrough(byName).billing(KEY, never())).toMatchObject(ANSWERED)
  })

  it('of http has the proxy pass on the whole address', async () => {
    const port = Number(new URL(fal.double.url).port)
    const proxy = await proxyFor({ routes: { 'gateway.test': port }, login: 'u:p' })
    const client = clientThrough(proxy.url('u:p'), { falUrl: 'http://gateway.test/v1' })
    expect(await client.billing(KEY, never())).toMatchObject(ANSWERED)
    expect(proxy.asked[0]).toMatchObject({
      method: 'GET',
      target: expect.stringMatching(/^http:\/\/gateway.test\/v1\//),
    })
    const wrong = clientThrough(proxy.url('u:wrong'), { falUrl: 'http://gateway.test/v1' })
    expect(await wrong.billing(KEY, never())).toMatchObject({
      failure: 'proxy-refused',
      reason: expect.stringMatching(/^the proxy .* answered 407/),
    })
  })
})

describe('what fails on the way is told for the proxy', () => {
  it('that refuses the connection', async () => {
    const proxy = await proxyFor()
    proxy.close()
    const { failure, reason } = failureIn(await balanceThrough(proxy))
    expect(failure).toBe('unreachable')
    expect(reason).toContain(`the proxy ${proxy.place} (HTTPS_PROXY) could not be reached, so fal was not asked`)
    expect(reason).toContain('the connection was refused')
    expect(reason).not.toContain('FAL_API_BASE_URL')
  })

  it('whose name is unknown', async () => {
    const { failure, reason } = failureIn(
      await clientThrough('http://no-such-proxy.invalid:3128').billing(KEY, never()),
    )
    expect(failure).toBe('unreachable')
    expect(reason).toMatch(/^the proxy no-such-proxy\.invalid:3128 \(HTTPS_PROXY\).*its host name/)
  })

  it.each([
    [407, 'proxy-refused', 'asks for a user and a password', 1],
    [403, 'proxy-refused', `does not allow the way to ${FAL_HOST}:443`, 1],
    [405, 'proxy-refused', 'instead of opening the way', 1],
    [502, 'unreachable', `it cannot reach ${FAL_HOST}:443`, 4],
    [503, 'unreachable', `it cannot reach ${FAL_HOST}:443`, 4],
    [429, 'unreachable', 'instead of opening the way', 4],
  ])('that answers %i to CONNECT', async (status, kind, words, tries) => {
    const proxy = await proxyFor({ fault: status })
    const { failure, reason } = failureIn(await balanceThrough(proxy))
    expect(failure).toBe(kind)
    expect(reason).toContain(`the proxy ${proxy.place} (HTTPS_PROXY) answered ${status}`)
    expect(reason).toContain(words)
    // What a second try cannot mend is not tried: directories lock users whose password is wrong so often.
    expect(proxy.asked).toHaveLength(tries)
  })

  it('that does not accept the password, which is not told', async () => {
    const proxy = await proxyFor({ routes: ROUTES(), login: 'scout:another' })
    const { reason } = failureIn(await balanceThrough(proxy, LOGIN))
    expect(reason).toContain('does not accept the user and password that it was sent: mend them in HTTPS_PROXY')
    expect(reason).not.toMatch(/scout|p4ss/)
  })

  it.each([
    [['Negotiate', 'NTLM'], 'logins of the kind negotiate, ntlm alone'],
    [['Negotiate', 'Basic realm="corp"'], 'does not accept the user and password'],
  ])('that takes logins of the kind %j', async (kinds, words) => {
    const proxy = await proxyFor({ fault: 407, kinds })
    expect(failureIn(await balanceThrough(proxy, LOGIN)).reason).toContain(words)
  })

  it.each([
    // As SOCKS answers what it does not know.
    ['http', '\x05\xff', /does not answer in HTTP.*none of SOCKS/],
    ['https', 'HTTP/1.1 400 Bad Request\r\n\r\n', /speaks no TLS.*Write http:/],
  ])('that is none, at %s://', async (scheme, answer, words) => {
    const other = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(answer, 'latin1'))
    })
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const { failure, reason } = failureIn(await clientThrough(`${scheme}://127.0.0.1:${port}`).billing(KEY, never()))
    expect(failure).toBe('proxy-refused')
    expect(reason).toMatch(words)
  })

  it('that passes on http and is not there', async () => {
    const proxy = await proxyFor()
    proxy.close()
    const client = clientThrough(proxy.url(), { falUrl: 'http://gateway.test/v1' })
    expect(failureIn(await client.billing(KEY, never())).reason).toMatch(/^the proxy .* the connection was refused/)
  })

  it('that ends the connection, without asking it for ever', async () => {
    const proxy = await proxyFor({ fault: 'drop' })
    const { reason } = failureIn(await balanceThrough(proxy))
    expect(reason).toMatch(/^the proxy .* could not be reached.*the connection broke/)
    expect(proxy.asked).toHaveLength(4)
  })

  it('whose certificate nobody believes', async () => {
    const other = makeAuthority()
    onTestFinished(() => other.remove())
    const proxy = await proxyFor({ routes: ROUTES(), certificate: other.issue('proxy', 'IP:127.0.0.1') })
    const { reason } = failureIn(await balanceThrough(proxy))
    expect(reason).toMatch(/^the proxy .* its certificate is of an authority.*NODE_EXTRA_CA_CERTS/)
  })

  it('and what is of fal for fal: its certificate, and its refusals', async () => {
    const other = makeAuthority()
    const strange = await startFalBehindTls(other.issue('fal', `DNS:${FAL_HOST}`), { workspaces: [workspace()] })
    onTestFinished(async () => {
      other.remove()
      await strange.close()
    })
    const proxy = await proxyFor({ routes: { [`${FAL_HOST}:443`]: strange.port } })
    const { reason } = failureIn(await balanceThrough(proxy))
    expect(reason).toMatch(/^fal could not be reached: the certificate of its host.*asked through the proxy/)
    const open = await proxyFor({ routes: ROUTES() })
    const unknown = await clientThrough(open.url()).billing(KEY.replace(/.$/, '0'), never())
    expect(unknown).toMatchObject({ failure: 'unauthorized', reason: expect.stringMatching(/^fal answered 401/) })
  })
})

describe('a proxy that hangs', () => {
  it('costs a key no more than its budget, and is told', async () => {
    const proxy = await proxyFor({ fault: 'hang' })
    const client = clientThrough(proxy.url(), {
      requestTimeout: 400,
      failureBudget: 900,
      sleep: (span) => sleep(span / 10),
    })
    const began = performance.now()
    const { failure, reason } = failureIn(await client.billing(KEY, never()))
    expect(performance.now() - began).toBeLessThan(1500)
    expect(failure).toBe('unreachable')
    expect(reason).toContain(`the proxy ${proxy.place} (HTTPS_PROXY) did not answer in time`)
  })

  it('holds up neither a cancel nor the end', async () => {
    const proxy = await proxyFor({ fault: 'hang' })
    const client = clientThrough(proxy.url())
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 100)
    const began = performance.now()
    await expect(client.billing(KEY, stop.signal)).rejects.toMatchObject({ kind: 'cancelled' })
    await client.close()
    expect(performance.now() - began).toBeLessThan(SECOND)
  })

  it('before it even takes a connection in TLS, too', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as { port: number }
    const client = clientThrough(`https://127.0.0.1:${port}`, { requestTimeout: 300, failureBudget: 600 })
    const began = performance.now()
    expect(failureIn(await client.billing(KEY, never())).reason).toMatch(/^the proxy .* did not answer in time/)
    expect(performance.now() - began).toBeLessThan(1500)
    await client.close()
  })

  it('is done with once it answers again', async () => {
    const proxy = await proxyFor({ routes: ROUTES() })
    const client = clientThrough(proxy.url(), { requestTimeout: 300, failureBudget: 600, attempts: 1, concurrency: 1 })
    const goOn = proxy.pause()
    expect((await client.billing(KEY, never())).status).toBe('failed')
    goOn()
    await client.askAgain?.()
    expect(await client.billing(KEY, never())).toMatchObject(ANSWERED)
  })
})

function failureIn(answer: Awaited<ReturnType<FalClient['billing']>>): { failure: string; reason: string } {
  if (answer.status !== 'failed') throw new Error(`it answered: ${JSON.stringify(answer)}`)
  return answer
}
