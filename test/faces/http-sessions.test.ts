import { describe, expect, it } from 'vitest'
import { echoTool, toolThat } from './fake-tools.ts'
import { type Answer, ask, postJson, serveFakes, until } from './http-calls.ts'

const ACCEPT = { accept: 'application/json, text/event-stream' }
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

const begin = (url: string): Promise<Answer> => postJson(url, initialize, { headers: ACCEPT })
const sessionIn = ({ headers }: Answer): string => String(headers['mcp-session-id'])
const send = (url: string, session: string, body: unknown): Promise<Answer> =>
  postJson(url, body, { headers: { ...ACCEPT, 'mcp-session-id': session } })

const request = (id: number, method: string, params = {}) => ({ jsonrpc: '2.0', id, method, params })
const cancel = (requestId: number) => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })

/** The messages of an event stream. */
const messagesIn = ({ text }: Answer): { id: number; result?: unknown; error?: unknown }[] =>
  [...text.matchAll(/^data: (.+)$/gm)].map(([, data = '']) => JSON.parse(data))

/** Two tools: one that ends when it is aborted, and one that ends when it is let go. */
function twoTools() {
  const seen = { started: 0, aborted: 0 }
  let letGo = (): void => {}
  const free = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const runsOn = toolThat('runs-on', (_dependencies, { signal }) => {
    seen.started++
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        seen.aborted++
        reject(signal.reason)
      })
    })
  })
  const waits = toolThat('waits', async () => {
    seen.started++
    await free
    return { value: 'done' }
  })
  return { seen, tools: [runsOn, waits], letGo: () => letGo() }
}

describe('sessions that are opened at once', () => {
  it('are no more than the limit', async () => {
    const { mcpUrl, restUrl } = await serveFakes([echoTool], { limits: { sessions: 2 } })
    const answers = await Promise.all(Array.from({ length: 12 }, () => begin(mcpUrl)))
    expect((await ask(`${restUrl}/metrics`)).text).toMatch(/mcp_sessions 2$/m)
    const opened = answers.filter(({ status }) => status === 200)
    expect(answers.filter(({ status }) => status !== 200).every(({ status }) => status === 503)).toBe(true)
    const pings = await Promise.all(opened.map((each) => send(mcpUrl, sessionIn(each), request(2, 'ping'))))
    expect(pings.filter(({ status }) => status === 200)).toHaveLength(2)
  })
})

describe('a batch', () => {
  it('has each of its requests answered', async () => {
    const { mcpUrl } = await serveFakes([echoTool])
    const session = sessionIn(await begin(mcpUrl))
    const answer = await send(mcpUrl, session, [request(2, 'ping'), request(3, 'tools/list')])
    expect(messagesIn(answer).map(({ id }) => id)).toEqual([2, 3])
  })

  it('whose requests share an id is refused: one of them would go without an answer', async () => {
    const { mcpUrl } = await serveFakes([echoTool])
    const session = sessionIn(await begin(mcpUrl))
    const { status, json } = await send(mcpUrl, session, [request(7, 'tools/list'), request(7, 'ping')])
    expect(status).toBe(400)
    expect(json.error).toMatchObject({ message: expect.stringMatching(/same id.*an id of its own/) })
    expect((await send(mcpUrl, session, request(7, 'ping'))).status).toBe(200)
  })

  it.each([
    ['first', 1, 2],
    ['last', 2, 1],
  ])('goes on where the client cancels its %s request', async (_which, cancelled, left) => {
    const { seen, tools, letGo } = twoTools()
    const { mcpUrl } = await serveFakes(tools)
    const session = sessionIn(await begin(mcpUrl))
    const batch = [
      request(cancelled, 'tools/call', { name: 'runs-on' }),
      request(left, 'tools/call', { name: 'waits' }),
    ].sort((a, b) => a.id - b.id)
    const answer = send(mcpUrl, session, batch)
    await until(() => seen.started === 2)
    expect((await send(mcpUrl, session, cancel(cancelled))).status).toBe(202)
    await until(() => seen.aborted === 1)
    letGo()
    const messages = messagesIn(await answer)
    expect(messages.find(({ id }) => id === left)?.result).toMatchObject({ structuredContent: { value: 'done' } })
    expect(messages.find(({ id }) => id === cancelled)?.error).toMatchObject({ message: 'cancelled' })
  })

  it('has each request answered once, though one is cancelled after its answer, or twice', async () => {
    const { seen, tools, letGo } = twoTools()
    const { mcpUrl } = await serveFakes(tools)
    const session = sessionIn(await begin(mcpUrl))
    const calls = [request(3, 'tools/call', { name: 'runs-on' }), request(4, 'tools/call', { name: 'waits' })]
    const answer = send(mcpUrl, session, [request(2, 'ping'), ...calls])
    await until(() => seen.started === 2)
    await send(mcpUrl, session, [cancel(2), cancel(3), cancel(3)])
    await send(mcpUrl, session, cancel(3))
    letGo()
    const messages = messagesIn(await answer)
    expect(messages.map(({ id }) => id).sort()).toEqual([2, 3, 4])
    expect(messages.find(({ id }) => id === 2)?.result).toEqual({})
  })

  it('ends where all of it is cancelled, and its ids can be used again', async () => {
    const { seen, tools } = twoTools()
    const { mcpUrl } = await serveFakes(tools)
    const session = sessionIn(await begin(mcpUrl))
    const calls = [2, 3].map((id) => request(id, 'tools/call', { name: 'runs-on' }))
    const answer = send(mcpUrl, session, calls)
    await until(() => seen.started === 2)
    await send(mcpUrl, session, [cancel(2), cancel(3)])
    expect(messagesIn(await answer).every(({ error }) => error !== undefined)).toBe(true)
    expect(seen.aborted).toBe(2)
    expect(messagesIn(await send(mcpUrl, session, request(2, 'ping')))).toEqual([{ jsonrpc: '2.0', id: 2, result: {} }])
  })
})

describe('a call that is cancelled', () => {
  it('alone is not answered', async () => {
    const { seen, tools } = twoTools()
    const { mcpUrl } = await serveFakes(tools)
    const session = sessionIn(await begin(mcpUrl))
    const answer = send(mcpUrl, session, request(2, 'tools/call', { name: 'runs-on' }))
    await until(() => seen.started === 1)
    await send(mcpUrl, session, cancel(2))
    expect(messagesIn(await answer)).toEqual([])
  })

  it('leaves the call of another client under the same id alone', async () => {
    const { seen, tools, letGo } = twoTools()
    const { mcpUrl } = await serveFakes(tools)
    const [one, other] = (await Promise.all([begin(mcpUrl), begin(mcpUrl)])).map(sessionIn)
    const first = send(mcpUrl, one ?? '', request(5, 'tools/call', { name: 'runs-on' }))
    const second = send(mcpUrl, other ?? '', request(5, 'tools/call', { name: 'waits' }))
    await until(() => seen.started === 2)
    await send(mcpUrl, one ?? '', cancel(5))
    expect(messagesIn(await first)).toEqual([])
    letGo()
    expect(messagesIn(await second)[0]?.result).toMatchObject({ structuredContent: { value: 'done' } })
  })

  it('when its session is ended by DELETE', async () => {
    const { seen, tools } = twoTools()
    const { mcpUrl } = await serveFakes(tools)
    const session = sessionIn(await begin(mcpUrl))
    const answer = send(mcpUrl, session, request(2, 'tools/call', { name: 'runs-on' }))
    await until(() => seen.started === 1)
    await ask(mcpUrl, { method: 'DELETE', headers: { 'mcp-session-id': session } })
    await answer
    await until(() => seen.aborted === 1)
  })
})
