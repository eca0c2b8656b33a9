import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { echoTool, toolThat } from './fake-tools.ts'
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

  it('of requests in flight: a stream on which a client waits for news is none', async () => {
    const { restUrl, mcpUrl } = await serveFakes([endless().tool], { limits: { requestsInFlight: 1 } })
    const accept = { accept: 'application/json, text/event-stream' }
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params }
    const opened = await postJson(mcpUrl, initialize, { headers: accept })
    const headers = { accept: 'text/event-stream', 'mcp-session-id': String(opened.headers['mcp-session-id']) }
    const leave = new AbortController()
    const stream = await fetch(mcpUrl, { headers, signal: leave.signal })
    const beside = await ask(`${restUrl}/v1/tools`)
    leave.abort()
    expect([opened.status, stream.status, beside.status]).toEqual([200, 200, 200])
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

  it('of operations: who has gone waits no longer, and his place in the line is another one’s', async () => {
    const { seen, tool } = endless()
    const { restUrl } = await serveFakes([tool, echoTool], { limits: { operations: 1, operationsWaiting: 2 } })
    const leave = new AbortController()
    const waiter = new AbortController()
    const call = ({ signal }: AbortController, name = 'runs-on') =>
      postJson(`${restUrl}/v1/tools/${name}`, {}, { signal }).catch((error: unknown) => error as Error)
    const waiting = async (count: number) =>
      new RegExp(`operations_waiting ${count}$`, 'm').test((await ask(`${restUrl}/metrics`)).text)
    const running = call(leave)
    await until(() => seen.started === 1)
    const gone = [call(waiter), call(waiter)]
    await until(() => waiting(2))
    waiter.abort()
    await Promise.all(gone)
    await until(() => waiting(0))
    const next = call(new AbortController(), 'echo-rows')
    await until(() => waiting(1))
    expect(seen).toEqual({ started: 1, aborted: 0 })
    leave.abort()
    await running
    expect(await next).toMatchObject({ status: 200 })
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

  it.each(['content-length: 100', 'transfer-encoding: chunked'])(
    'in the middle of its body (%s) is no fault of the program, and one line in the log',
    async (header) => {
      const { restUrl, mcpUrl, logged } = await serveFakes([echoTool])
      for (const url of [`${restUrl}/v1/tools/echo-rows`, mcpUrl]) {
        const { port, pathname, host } = new URL(url)
        const socket = connect(Number(port), '127.0.0.1')
        const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n${header}\r\n\r\n`
        socket.write(`${head}${header.startsWith('c') ? '{"rows"' : '5\r\n{"row'}`)
        await sleep(50)
        socket.destroy()
        await until(() => logged.some((line) => line.includes(` POST ${pathname} 499 `)))
      }
      await sleep(50)
      expect(logged.filter((line) => !line.includes(' 499 '))).toEqual([])
    },
  )

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
