import { describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import { SERVE } from '../../src/limits.ts'
import { TOOLS } from '../../tools/registry.ts'
import { echoTool, SECRET, toolThat } from './fake-tools.ts'
import { type Answer, ask, postJson, serveFakes, until } from './http-calls.ts'

const errorOf = ({ json }: Answer): Record<string, string> => json.error as Record<string, string>

describe('a tool over REST', () => {
  it('takes its inputs as JSON and answers with its result', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const { status, json, headers } = await postJson(`${restUrl}/v1/tools/echo-rows`, { ids: [5, 12] })
    expect([status, json]).toEqual([
      200,
      { given: { ids: [5, 12], depth: 'requests' }, rows: [{ id: 0, name: 'row 0' }] },
    ])
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })

  it('needs no body where it needs no input', async () => {
    const { restUrl } = await serveFakes([echoTool])
    expect((await ask(`${restUrl}/v1/tools/echo-rows`, { method: 'POST' })).status).toBe(200)
  })

  it('comes in pages that follow each other by cursor, or whole', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const url = `${restUrl}/v1/tools/echo-rows`
    const whole = (await postJson(`${url}?full=1`, { limit: 1000 })).json
    const rows: unknown[] = []
    let page = (await postJson(url, { limit: 1000 })).json
    for (let count = 0; count < 100; count++) {
      rows.push(...(page.rows as unknown[]))
      if (page.nextCursor === undefined) break
      page = (await postJson(url, { cursor: page.nextCursor })).json
    }
    expect(whole).not.toHaveProperty('nextCursor')
    expect(rows).toEqual(whole.rows)
    expect(rows).toHaveLength(1000)
  })

  it('holds no secret, in pages or whole', async () => {
    const { restUrl } = await serveFakes([echoTool])
    for (const query of ['', '?full=1']) {
      const { json } = await postJson(`${restUrl}/v1/tools/echo-rows${query}`, { start: `by ${SECRET}` })
      expect(json.given).toMatchObject({ start: 'by [redacted]' })
    }
  })

  it('whole is not asked for with a cursor, which has no inputs of its own to be answered', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const { nextCursor: cursor } = (await postJson(`${restUrl}/v1/tools/echo-rows`, { limit: 1000 })).json
    for (const given of [{ cursor }, { limit: 1000, cursor }]) {
      const { status, json } = await postJson(`${restUrl}/v1/tools/echo-rows?full=1`, given)
      expect([status, json.error]).toMatchObject([
        422,
        { field: 'cursor', accepted: expect.stringContaining('without') },
      ])
    }
    const whole = await postJson(`${restUrl}/v1/tools/echo-rows?full=1`, { limit: 1000, cursor: '' })
    expect(whole.json.rows).toHaveLength(1000)
  })

  it('tells who calls what in the log, without the query', async () => {
    const { restUrl, logged } = await serveFakes([echoTool])
    await postJson(`${restUrl}/v1/tools/echo-rows?key=${SECRET}`, {})
    await ask(`${restUrl}/${SECRET}/%1b[31m`)
    await until(() => logged.length === 2)
    expect(logged[0]).toMatch(/^1970-01-01T00:00:00.000Z 127\.0\.0\.1 POST \/v1\/tools\/echo-rows 422 [\d.]+ms$/)
    expect(logged[1]).toContain('GET /[redacted]/')
  })

  it('cuts no secret in half where it shortens a line of the log', async () => {
    const { restUrl, mcpUrl, logged } = await serveFakes([echoTool])
    const half = SECRET.slice(0, 10)
    await ask(`${restUrl}/${'a'.repeat(198 - half.length)}${SECRET}`)
    const name = `${'a'.repeat(79 - 'tools/call '.length - half.length)}${SECRET}`
    const headers = { accept: 'application/json, text/event-stream', 'mcp-session-id': 'none' }
    await postJson(mcpUrl, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } }, { headers })
    await until(() => logged.length === 2)
    expect(logged).toEqual([expect.stringContaining(' GET /aaa'), expect.stringContaining(' tools/call aaa')])
    for (const line of logged) {
      expect(line).not.toContain(half)
      expect(line.length).toBeLessThan(300)
    }
  })

  it('logs no key that a caller sent, not even in the words of a fault', async () => {
    const key = 'a-key-that-nobody-knows'
    const dependencies = () => Promise.reject(new TypeError(`it broke at ${key}`))
    const { restUrl, logged } = await serveFakes([echoTool], { dependencies })
    const answer = await postJson(`${restUrl}/api/config/falai-usage`, { api_key: key })
    await until(() => logged.length === 2)
    expect([answer.status, answer.text.includes(key)]).toEqual([500, false])
    expect(logged[0]).toContain('TypeError: it broke at [redacted]')
    expect(logged.join()).not.toContain(key)
  })

  it('quotes no secret where it refuses a path, a query or a list', async () => {
    const { restUrl } = await serveFakes(TOOLS)
    const answers = [
      await postJson(`${restUrl}/v1/tools/${SECRET}`, {}),
      await postJson(`${restUrl}/v1/tools/audit-reconcile?${SECRET}=1`, {}),
      await ask(`${restUrl}/api/v1/billing/usage?ids=${SECRET},,5`),
      await ask(`${restUrl}/api/v1/billing/usage?ids=${SECRET}`),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 422, 400, 400])
    for (const { text } of answers) expect(text).not.toContain(SECRET)
    // An address of which nothing is known, as the name of an input, cut behind the start of its password.
    const name = encodeURIComponent(`mysql://root:${'p'.repeat(99)}@h/x`)
    const cut = [
      await postJson(`${restUrl}/v1/tools/audit-reconcile?${name}=1`, {}),
      await ask(`${restUrl}/api/v1/billing/usage?${name}=1&${name}=2`),
      await ask(`${restUrl}/api/v1/billing/usage?${name}=%B6`),
    ]
    expect(cut.map(({ status }) => status)).toEqual([422, 400, 400])
    for (const { text } of cut) expect(text).toMatch(/mysql:..\[redacted\]…: (?!.*pp)/)
  })

  it('lets no secret out, neither in results nor in errors', async () => {
    const { restUrl } = await serveFakes([
      toolThat('leaking', async () => ({ value: `a\u202e ${SECRET}` })),
      toolThat('failing', async () => {
        throw new AuditError('source', `login as ${SECRET} failed`)
      }),
    ])
    expect((await postJson(`${restUrl}/v1/tools/leaking`, {})).json).toEqual({ value: 'a [redacted]' })
    expect(errorOf(await postJson(`${restUrl}/v1/tools/failing`, {})).message).toBe('login as [redacted] failed')
  })
})

describe('what is refused', () => {
  it.each([
    ['an input that is not accepted', { ids: [1, -2] }, '', 422, 'ids.1'],
    ['an unknown input', { userids: [1] }, '', 422, 'userids'],
    ['an input in the query', {}, '?ids=5', 422, 'ids'],
    ['a list for a body', [1], '', 422, 'body'],
    ['an unknown cursor', { cursor: 'AAAAAAAAAAAA.7' }, '', 422, 'cursor'],
    ['an unknown word for full', {}, '?full=maybe', 422, 'full'],
  ])('%s, with the field named', async (_what, input, query, status, field) => {
    const { restUrl } = await serveFakes([echoTool])
    const answer = await postJson(`${restUrl}/v1/tools/echo-rows${query}`, input)
    expect([answer.status, errorOf(answer).field]).toEqual([status, field])
    expect(errorOf(answer).accepted).toBeTruthy()
  })

  it('broken JSON, with 400', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const headers = { 'content-type': 'application/json' }
    const answer = await ask(`${restUrl}/v1/tools/echo-rows`, { method: 'POST', headers, body: '{"ids": [' })
    expect([answer.status, errorOf(answer).type]).toEqual([400, 'bad-json'])
  })

  it('a text in another encoding, which would be taken for another one', async () => {
    const { restUrl, mcpUrl } = await serveFakes([echoTool])
    const gbk = Buffer.concat([Buffer.from('{"start":"'), Buffer.from([0xc4, 0xa3, 0xd0, 0xcd]), Buffer.from('"}')])
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const answer = await ask(`${restUrl}/v1/tools/echo-rows`, { method: 'POST', headers, body: gbk })
    expect([answer.status, errorOf(answer)]).toEqual([400, expect.objectContaining({ field: 'body' })])
    const rpc = await ask(mcpUrl, { method: 'POST', headers, body: gbk })
    expect([rpc.status, rpc.json.error]).toEqual([400, expect.objectContaining({ code: -32700 })])
    const query = await ask(`${restUrl}/api/v1/billing/rules?model_id=%C4%A3%D0%CD`)
    expect([query.status, query.json.field]).toEqual([400, 'model_id'])
    const utf8 = await postJson(`${restUrl}/v1/tools/echo-rows`, { start: '模型' })
    expect(utf8.json.given).toMatchObject({ start: '模型' })
  })

  it.each([['text/plain'], ['application/x-www-form-urlencoded'], ['multipart/form-data; boundary=x'], ['']])(
    'a body of type "%s", with 415',
    async (type) => {
      const { restUrl } = await serveFakes([echoTool])
      const headers = { 'content-type': type }
      const answer = await ask(`${restUrl}/v1/tools/echo-rows`, { method: 'POST', headers, body: '{}' })
      expect([answer.status, errorOf(answer)]).toEqual([415, expect.objectContaining({ field: 'Content-Type' })])
    },
  )

  it.each([
    ['announced', { 'content-length': String(SERVE.bodyBytes + 1) }],
    ['read in chunks', { 'transfer-encoding': 'chunked' }],
  ])('a body beyond the limit, %s, with 413', async (_how, headers) => {
    const { restUrl, mcpUrl } = await serveFakes([echoTool])
    const body = ' '.repeat(SERVE.bodyBytes + 1)
    for (const url of [`${restUrl}/v1/tools/echo-rows`, mcpUrl]) {
      const answer = await ask(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      })
      expect(answer.status).toBe(413)
    }
  })

  it('not a body in chunks below the limit', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const answer = await postJson(
      `${restUrl}/v1/tools/echo-rows`,
      { ids: [7] },
      { headers: { 'transfer-encoding': 'chunked' } },
    )
    expect(answer.json.given).toMatchObject({ ids: [7] })
  })

  it('headers beyond the limit, with 431', async () => {
    const { restUrl } = await serveFakes([])
    const answer = await ask(restUrl, { headers: { 'x-large': 'x'.repeat(SERVE.headerBytes) } })
    expect(answer.status).toBe(431)
  })

  it('an unknown path, with 404', async () => {
    const { restUrl, mcpUrl } = await serveFakes([echoTool])
    const mcpRoot = mcpUrl.replace('/mcp', '')
    for (const url of [
      restUrl,
      `${restUrl}/v1`,
      `${restUrl}/mcp`,
      `${mcpRoot}/v1/tools`,
      `${restUrl}/v1/tools/echo-rows/x`,
    ]) {
      const answer = await ask(url)
      expect([url, answer.status, errorOf(answer)?.type ?? 'mcp']).toEqual([
        url,
        404,
        expect.stringMatching(/not-found|mcp/),
      ])
    }
  })

  it('an unknown path says where to look, and on the port of MCP not at what is not there', async () => {
    const { restUrl, mcpUrl } = await serveFakes([echoTool])
    expect(errorOf(await ask(`${restUrl}/nowhere`)).next).toBe('GET /docs shows every route')
    expect((await ask(`${restUrl}/docs`)).status).toBe(200)
    const atMcp = new URL('/docs', mcpUrl).href
    expect(errorOf(await ask(atMcp)).next).toMatch(/^MCP is at \/mcp; REST, with \/docs, is on the port of --rest-port/)
  })

  it('an unknown tool, with 404 and the nearest names', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const answer = await postJson(`${restUrl}/v1/tools/ech0-rows`, {})
    expect([answer.status, errorOf(answer).accepted]).toEqual([404, 'echo-rows'])
  })

  it.each([
    ['GET', '/v1/tools/echo-rows', 'POST'],
    ['DELETE', '/v1/tools', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/v1/tools/echo-rows', 'POST'],
  ])('%s %s, with 405 and what is allowed', async (method, path, allow) => {
    const { restUrl } = await serveFakes([echoTool])
    const answer = await ask(`${restUrl}${path}`, { method })
    expect([answer.status, answer.headers.allow]).toEqual([405, allow])
  })

  it('what the operator has not set up, and what cannot be reached, with 503', async () => {
    const failing = (kind: 'configuration' | 'source') =>
      toolThat(`of-${kind}`, async () => {
        throw new AuditError(kind, 'not now', { field: 'DATABASE_URL', next: 'set it' })
      })
    const { restUrl } = await serveFakes([failing('configuration'), failing('source')])
    for (const type of ['configuration', 'source']) {
      const answer = await postJson(`${restUrl}/v1/tools/of-${type}`, {})
      expect([answer.status, errorOf(answer)]).toEqual([
        503,
        { type, message: 'not now', field: 'DATABASE_URL', next: 'set it' },
      ])
    }
  })

  it('a fault of the program, with 500, its stack in the log alone', async () => {
    const buggy = toolThat('buggy', async () => {
      throw new TypeError(`cannot read ${SECRET} of undefined`)
    })
    const { restUrl, logged } = await serveFakes([buggy])
    const answer = await postJson(`${restUrl}/v1/tools/buggy`, {})
    expect([answer.status, errorOf(answer).type]).toEqual([500, 'internal'])
    expect(answer.text).not.toMatch(/undefined|horse|\.ts/)
    expect(logged.join('\n')).toMatch(/TypeError: cannot read \[redacted\][\s\S]*at /)
  })
})
