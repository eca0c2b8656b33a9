import { describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import { createHostGuard, createTokenGuard, isLoopback } from '../../src/faces/http/guard.ts'
import { HttpRefusal } from '../../src/faces/http/problem.ts'
import { createRateLimit } from '../../src/faces/http/request-rate.ts'
import { requireToken } from '../../src/faces/http/serve.ts'
import { SERVE } from '../../src/limits.ts'
import { echoTool } from './fake-tools.ts'
import { ask, postJson, serveFakes } from './http-calls.ts'

const TOKEN = 'a-token-for-reading'
const ADMIN = 'a-token-for-writing'

describe('the token', () => {
  it('is needed for everything but health, where one is set', async () => {
    const { restUrl, mcpUrl } = await serveFakes([echoTool], { tokens: { serve: TOKEN, admin: ADMIN } })
    const paths = ['/v1/tools', '/metrics', '/readyz', '/docs', '/openapi.json', '/nowhere', '/api/config/falai-usage']
    for (const url of [...paths.map((path) => `${restUrl}${path}`), mcpUrl]) {
      const answer = await ask(url)
      expect([url, answer.status]).toEqual([url, 401])
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="fal-consumption-audit"')
    }
    expect((await ask(`${restUrl}/healthz`)).status).toBe(200)
  })

  it.each([
    [`Bearer ${TOKEN}`, 200],
    [`bearer  ${TOKEN}`, 200],
    [`Bearer ${ADMIN}`, 200],
    [`Bearer ${TOKEN}x`, 401],
    [`Bearer ${TOKEN.slice(0, -1)}`, 401],
    [`Bearer ${TOKEN}, Bearer x`, 401],
    [`Basic ${TOKEN}`, 401],
    [TOKEN, 401],
    ['Bearer ', 401],
  ])('"%s" gets %i', async (authorization, status) => {
    const { restUrl } = await serveFakes([echoTool], { tokens: { serve: TOKEN, admin: ADMIN } })
    const answer = await postJson(`${restUrl}/v1/tools/echo-rows`, {}, { headers: { authorization } })
    expect(answer.status).toBe(status)
    expect(answer.text).not.toContain(TOKEN)
  })

  it('that is wrong is called invalid', () => {
    const check = createTokenGuard({ serve: TOKEN, admin: undefined })
    const refused = (): void => check(new Headers({ authorization: 'Bearer wrong' }))
    expect(refused).toThrow(expect.objectContaining({ problem: expect.objectContaining({ status: 401 }) }))
    expect(refused).toThrow(/not accepted/)
  })

  it('is demanded before anything listens off loopback', () => {
    const none = { serve: undefined, admin: 'x' }
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.com', 'localhost.example.com']) {
      expect(() => requireToken(host, none)).toThrow(AuditError)
      expect(() => requireToken(host, { ...none, serve: TOKEN })).not.toThrow()
    }
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
      expect(() => requireToken(host, none)).not.toThrow()
  })
})

describe('Host and Origin', () => {
  const check = createHostGuard({ host: '10.0.0.5', allowHosts: ['audit.example.com'] })
  const status = (headers: Record<string, string>, arrivedAt?: string, guard = check): number => {
    try {
      guard(new Headers(headers), arrivedAt)
      return 200
    } catch (error) {
      return error instanceof HttpRefusal ? error.problem.status : 0
    }
  }

  it.each([
    ['localhost:8080', 200],
    ['127.0.0.1', 200],
    ['[::1]:9', 200],
    ['10.0.0.5:8080', 200],
    ['Audit.Example.com', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['audit.example.com.evil.example', 403],
    ['127.0.0.1.evil.example:8080', 403],
    ['evil@localhost', 403],
    ['localhost/evil', 403],
    ['10.0.0.6', 403],
    ['', 403],
  ])('Host %s: %i', (host, expected) => {
    expect(status({ host })).toBe(expected)
  })

  it.each([
    ['audit.example.com:8443', 'audit.example.com'],
    ['AUDIT.example', 'audit.example:8080'],
    ['审计.example', 'xn--tbty03i.example'],
    ['fe80::1', '[fe80::1]:8080'],
    ['[FE80::1]:8080', '[fe80::1]'],
  ])('allowed as %s is called as %s', (allowed, host) => {
    const guard = createHostGuard({ host: '127.0.0.1', allowHosts: [allowed] })
    expect([status({ host }, undefined, guard), status({ host: 'b.example' }, undefined, guard)]).toEqual([200, 403])
  })

  it.each(['https://audit.example.com', '*.example.com', 'a b'])('allowed as %s is refused at once', (allowed) => {
    const make = () => createHostGuard({ host: '127.0.0.1', allowHosts: [allowed] })
    expect(make).toThrow(expect.objectContaining({ kind: 'input', field: 'allow_hosts' }))
  })

  it('on all interfaces the address itself is accepted, and no other name', () => {
    const everywhere = createHostGuard({ host: '0.0.0.0', allowHosts: [] })
    expect(status({ host: '192.168.1.5:8080' }, '::ffff:192.168.1.5', everywhere)).toBe(200)
    expect(status({ host: '192.168.1.6:8080' }, '192.168.1.5', everywhere)).toBe(403)
    expect(status({ host: 'evil.example' }, '192.168.1.5', everywhere)).toBe(403)
    expect(status({ host: '192.168.1.5' }, '192.168.1.5')).toBe(403)
  })

  it.each([
    ['http://localhost:3000', 200],
    ['https://127.0.0.1', 200],
    ['http://audit.example.com:8080', 200],
    ['http://audit.example.com', 403],
    ['https://evil.example', 403],
    ['http://localhost.evil.example', 403],
    ['null', 403],
    ['file://', 403],
    ['chrome-extension://localhost', 403],
    ['', 403],
  ])('Origin %s: %i', (origin, expected) => {
    expect(status({ host: 'audit.example.com:8080', origin })).toBe(expected)
  })

  it.each([
    ['cross-site', 'no-cors', 'image', 403],
    ['cross-site', 'no-cors', 'script', 403],
    ['cross-site', 'navigate', 'iframe', 403],
    // A link that is followed, such as that of a statement.
    ['cross-site', 'navigate', 'document', 200],
    ['same-origin', 'no-cors', 'image', 200],
    ['none', 'navigate', 'document', 200],
  ])('a page that is %s and sends no Origin, %s for %s: %i', async (site, mode, dest, expected) => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
    const { restUrl } = await serveFakes([echoTool])
    const statusOf = async (path: string, more = {}): Promise<number> =>
      (await ask(`${restUrl}${path}`, { headers: { ...headers, ...more } })).status
    expect(await statusOf('/v1/tools')).toBe(expected)
    // Where the browser says which page it is, that decides.
    expect(await statusOf('/v1/tools', { origin: 'http://localhost:3000' })).toBe(200)
    // Of a link to a file its signature decides.
    expect(await statusOf('/api/v1/billing/files/inv_202602.pdf')).toBe(403)
    expect((await ask(`${restUrl}/api/v1/billing/files/inv_202602.pdf`, { headers })).text).toContain('signature')
  })

  it('are checked on every path of both ports, health included', async () => {
    const { restUrl, mcpUrl } = await serveFakes([echoTool])
    for (const url of [`${restUrl}/healthz`, `${restUrl}/v1/tools`, `${restUrl}/nowhere`, mcpUrl]) {
      expect([url, (await ask(url, { headers: { host: 'evil.example' } })).status]).toEqual([url, 403])
      expect([url, (await ask(url, { headers: { origin: 'https://evil.example' } })).status]).toEqual([url, 403])
    }
  })
})

describe('what is refused keeps the shape of its family', () => {
  it('of /v1, of /mcp and of the route of the seed', async () => {
    const { restUrl, mcpUrl } = await serveFakes([echoTool])
    const headers = { host: 'evil.example' }
    expect((await ask(`${restUrl}/v1/tools`, { headers })).json).toEqual({
      error: expect.objectContaining({ type: 'forbidden', field: 'Host', message: expect.any(String) }),
    })
    expect((await ask(mcpUrl, { headers })).json).toEqual({
      jsonrpc: '2.0',
      error: {
        code: -32000,
        message: 'Host: this server does not answer to that host name. allow it with: serve --allow-hosts NAME',
        data: { field: 'Host' },
      },
      id: null,
    })
    const refused = await ask(`${restUrl}/api/config/falai-usage`, { method: 'POST', headers })
    expect(refused.json).toEqual({ ok: false, message: expect.stringContaining('Host') })
  })
})

describe('a client of MCP', () => {
  it('is told what would be accepted, as one of REST is', async () => {
    const { mcpUrl } = await serveFakes([echoTool], { tokens: { serve: 'reading-token', admin: undefined } })
    const { json } = await ask(mcpUrl, { method: 'POST' })
    expect(json.error).toMatchObject({
      data: { field: 'Authorization', accepted: 'Bearer and the value of SERVE_TOKEN' },
    })
  })

  it('at the port of REST is told where MCP is', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const { status, json } = await ask(`${restUrl}/mcp`, { method: 'POST' })
    expect([status, json.error]).toMatchObject([404, { message: expect.stringContaining('--mcp-port') }])
  })
})

describe('the count of requests', () => {
  it('begins anew each minute, and is kept for each address apart', () => {
    let now = 0
    const check = createRateLimit({ perMinute: 2, now: () => now })
    const refused = (address: string): boolean => {
      try {
        check(address)
        return false
      } catch {
        return true
      }
    }
    expect([1, 2, 3].map(() => refused('10.0.0.1'))).toEqual([false, false, true])
    expect(refused('10.0.0.2')).toBe(false)
    now = 59_999
    expect(refused('10.0.0.1')).toBe(true)
    now = 60_000
    expect(refused('10.0.0.1')).toBe(false)
  })

  it('allows other machines less than this one', () => {
    const check = createRateLimit({ perMinute: undefined, now: () => 0 })
    const call = (address: string) => (): void => {
      for (let count = 0; count <= SERVE.requestsPerMinute; count++) check(address)
    }
    expect(call('127.0.0.1')).not.toThrow()
    expect(call('10.0.0.1')).toThrow(HttpRefusal)
  })

  it('forgets those unseen for longest', () => {
    const check = createRateLimit({ perMinute: 1, now: () => 0 })
    for (let count = 0; count <= SERVE.clientsCounted; count++) check(`client-${count}`)
    expect(() => check('client-0')).not.toThrow()
    expect(() => check(`client-${SERVE.clientsCounted}`)).toThrow(HttpRefusal)
  })
})

describe('which hosts are of this machine', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.example.com', false],
    ['10.0.0.1', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected)
  })
})
