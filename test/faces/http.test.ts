import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import { SERVE } from '../../src/limits.ts'
import { echoTool, SECRET, toolThat } from './fake-tools.ts'
import { type Answer, ask, postJson, serveFakes, until } from './http-calls.ts'

const errorOf = ({ json }: Answer): Record<string, string> => json.error as Record<string, string>

/** A tool that runs until its signal ends it. */
const endless = () => {
  const seen = { started: 0, aborted: 0 }
  const tool = toolThat('runs-on', (_dependencies, { signal }) => {
    seen.started++
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        seen.aborted++
        reject(signal.reason)
      })
    })
  })
  return { seen, tool }
}

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

  it('tells who calls what in the log, without the query', async () => {
    const { restUrl, logged } = await serveFakes([echoTool])
    await postJson(`${restUrl}/v1/tools/echo-rows?key=${SECRET}`, {})
    await ask(`${restUrl}/${SECRET}/%1b[31m`)
    await until(() => logged.length === 2)
    expect(logged[0]).toMatch(/^1970-01-01T00:00:00.000Z 127\.0\.0\.1 POST \/v1\/tools\/echo-rows 422 [\d.]+ms$/)
    expect(logged[1]).toContain('GET /[redacted]/')
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

describe('limits', () => {
  it('of requests per minute: 429, and when to come again; health is always told', async () => {
    const { restUrl } = await serveFakes([echoTool], { requestsPerMinute: 2 })
    const statuses: number[] = []
    for (let count = 0; count < 3; count++) statuses.push((await ask(`${restUrl}/v1/tools`)).status)
    expect(statuses).toEqual([200, 200, 429])
    const refused = await ask(`${restUrl}/v1/tools`)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(errorOf(refused).type).toBe('rate-limited')
    expect((await ask(`${restUrl}/healthz`)).status).toBe(200)
  })

  it('of requests in flight: 503 over both ports, and a place again once one has ended', async () => {
    const { seen, tool } = endless()
    const { restUrl, mcpUrl } = await serveFakes([tool], { limits: { requestsInFlight: 2 } })
    const leave = new AbortController()
    const running = [1, 2].map(() =>
      postJson(`${restUrl}/v1/tools/runs-on`, {}, { signal: leave.signal }).catch((error: unknown) => error),
    )
    await until(() => seen.started === 2)
    const refused = await ask(`${restUrl}/v1/tools`)
    expect([refused.status, refused.headers['retry-after'], errorOf(refused).type]).toEqual([503, '1', 'overloaded'])
    expect((await postJson(mcpUrl, {})).status).toBe(503)
    expect((await ask(`${restUrl}/healthz`)).status).toBe(200)
    leave.abort()
    await Promise.all(running)
    await until(async () => (await ask(`${restUrl}/v1/tools`)).status === 200)
    expect(seen.aborted).toBe(2)
  })

  it('of operations: some run, some wait their turn, more get 503', async () => {
    const { seen, tool } = endless()
    const { restUrl } = await serveFakes([tool], { limits: { operations: 1, operationsWaiting: 1 } })
    const leave = new AbortController()
    const call = () =>
      postJson(`${restUrl}/v1/tools/runs-on`, {}, { signal: leave.signal }).catch((error: unknown) => error as Error)
    const first = call()
    await until(() => seen.started === 1)
    const second = call()
    const metric = async () => (await ask(`${restUrl}/metrics`)).text
    await until(async () => /operations_waiting 1$/m.test(await metric()))
    expect(await call()).toMatchObject({
      status: 503,
      json: { error: { message: expect.stringContaining('waiting') } },
    })
    leave.abort()
    await Promise.all([first, second])
    await until(
      async () => /operations_waiting 0$/m.test(await metric()) && /operations_running 0$/m.test(await metric()),
    )
    expect(seen).toEqual({ started: 1, aborted: 1 })
  })

  it('of time: an operation that takes too long is ended, and says so', async () => {
    const { seen, tool } = endless()
    const { restUrl } = await serveFakes([tool], { limits: { operationTimeout: 50 } })
    const answer = await postJson(`${restUrl}/v1/tools/runs-on`, {})
    expect([answer.status, errorOf(answer).message]).toEqual([503, expect.stringContaining('took longer')])
    expect(seen.aborted).toBe(1)
  })
})

describe('a client that goes away', () => {
  it('cancels its call, and is logged as gone', async () => {
    const { seen, tool } = endless()
    const { restUrl, logged } = await serveFakes([tool])
    const leave = new AbortController()
    const call = postJson(`${restUrl}/v1/tools/runs-on`, {}, { signal: leave.signal }).catch((error: unknown) => error)
    await until(() => seen.started === 1)
    leave.abort()
    await call
    await until(() => seen.aborted === 1 && logged.some((line) => line.includes(' 499 ')))
  })

  it('in the middle of its request harms nobody', async () => {
    const { restUrl } = await serveFakes([echoTool])
    const { port } = new URL(restUrl)
    const socket = connect(Number(port), '127.0.0.1')
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    socket.write(
      'POST /v1/tools/echo-rows HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"id',
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.destroy()
    expect((await ask(`${restUrl}/v1/tools`)).status).toBe(200)
  })
})

describe('many at once', () => {
  it('each get their own answer', async () => {
    const slowEcho = {
      ...echoTool,
      run: async (...[input, dependencies, context]: Parameters<typeof echoTool.run>) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
        return echoTool.run(input, dependencies, context)
      },
    }
    const { restUrl } = await serveFakes([slowEcho])
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, id) => postJson(`${restUrl}/v1/tools/echo-rows`, { ids: [id], limit: id + 1 })),
    )
    expect(answers.map(({ json }) => [json.given, (json.rows as unknown[]).length])).toEqual(
      answers.map((_, id) => [{ ids: [id], depth: 'requests', limit: id + 1 }, id + 1]),
    )
  })
})

describe('the end', () => {
  it('lets a call finish that finishes in time, and refuses new ones', async () => {
    let finish = (): void => {}
    const held = toolThat(
      'held',
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ value: 'done' })
        }),
    )
    const { restUrl, stop } = await serveFakes([held], { limits: { stopGrace: 60_000 } })
    const call = postJson(`${restUrl}/v1/tools/held`, {})
    await until(async () => /operations_running 1$/m.test((await ask(`${restUrl}/metrics`)).text))
    const stopped = stop()
    await expect(ask(`${restUrl}/v1/tools`)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/)
    finish()
    expect(await call).toMatchObject({ status: 200, json: { value: 'done' }, headers: { connection: 'close' } })
    await stopped
  })

  it('cancels a call that takes longer, and tells its caller', async () => {
    const { seen, tool } = endless()
    const { restUrl, stop } = await serveFakes([tool])
    const call = postJson(`${restUrl}/v1/tools/runs-on`, {})
    await until(() => seen.started === 1)
    await stop()
    const answer = await call
    expect([answer.status, errorOf(answer)]).toEqual([
      503,
      expect.objectContaining({ type: 'cancelled', message: expect.stringContaining('stopping') }),
    ])
    expect(seen.aborted).toBe(1)
  })

  it('comes though a tool does not listen', async () => {
    const deaf = toolThat('deaf', () => new Promise(() => {}))
    const { restUrl, stop } = await serveFakes([deaf], { limits: { stopGrace: 20, cancelGrace: 20 } })
    const call = postJson(`${restUrl}/v1/tools/deaf`, {}).catch((error: unknown) => error)
    await until(async () => /operations_running 1$/m.test((await ask(`${restUrl}/metrics`)).text))
    await stop()
    expect(await call).toBeInstanceOf(Error)
  })
})
