import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serverInstructions } from '../../src/checklist.ts'
import type { ServeOptions } from '../../src/faces/http/serve.ts'
import type { Tool } from '../../src/tool.ts'
import { echoTool, reportWith, toolThat } from './fake-tools.ts'
import { type Answer, ask, postJson, serveFakes, until } from './http-calls.ts'

async function connectTo(mcpUrl: string, headers: Record<string, string> = {}) {
  const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), { requestInit: { headers } })
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return { client, transport }
}

async function serve(tools: readonly Tool[], changes: Partial<ServeOptions> = {}) {
  const serving = await serveFakes(tools, changes)
  return { ...serving, ...(await connectTo(serving.mcpUrl)) }
}

const ACCEPT = { accept: 'application/json, text/event-stream' }
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

/** Sends one message as a client that holds a session. */
const send = (url: string, session: string, message: object, more: { signal?: AbortSignal } = {}): Promise<Answer> =>
  postJson(url, { jsonrpc: '2.0', ...message }, { ...more, headers: { ...ACCEPT, 'mcp-session-id': session } })

async function openSession(url: string): Promise<string> {
  const { status, headers } = await postJson(url, initialize, { headers: ACCEPT })
  expect(status).toBe(200)
  return String(headers['mcp-session-id'])
}

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

describe('a real client over Streamable HTTP', () => {
  it('is told name, version, capabilities and instructions', async () => {
    const { client } = await serve([echoTool])
    expect(client.getServerVersion()).toMatchObject({ name: 'fal-consumption-audit', version: '1.2.3' })
    expect(client.getInstructions()).toBe(serverInstructions())
    expect(client.getServerCapabilities()).toEqual({ tools: {}, prompts: {}, resources: {}, logging: {} })
    await client.ping()
    await client.setLoggingLevel('debug')
  })

  it('lists and calls, page by page', async () => {
    const { client } = await serve([echoTool])
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo-rows'])
    let rows = 0
    let cursor: unknown
    for (let page = 0; page < 100; page++) {
      const args = cursor === undefined ? { limit: 1000 } : { cursor }
      const { structuredContent } = await client.callTool({ name: 'echo-rows', arguments: args })
      const result = structuredContent as { rows: unknown[]; nextCursor?: string }
      rows += result.rows.length
      cursor = result.nextCursor
      if (cursor === undefined) break
    }
    expect(rows).toBe(1000)
  })

  it('reads the prompt and the reports of the process', async () => {
    const { client, reports } = await serve([echoTool])
    const id = reports.put(reportWith())
    expect((await client.getPrompt({ name: 'consumption-audit', arguments: { lang: 'en' } })).messages).toHaveLength(1)
    const { contents } = await client.readResource({ uri: `audit://reports/${id}` })
    expect(JSON.parse((contents[0] as { text: string }).text)).toEqual(reports.get(id))
  })

  it('hears of progress', async () => {
    const busy = toolThat('busy', async (_dependencies, { progress }) => {
      progress({ message: 'reading tasks', done: 1, total: 2 })
      return {}
    })
    const { client } = await serve([busy])
    const heard: unknown[] = []
    await client.callTool({ name: 'busy', arguments: {} }, undefined, { onprogress: (each) => heard.push(each) })
    expect(heard).toEqual([{ progress: 1, total: 2, message: 'reading tasks 1/2' }])
  })

  it('hears that a call goes on which tells nothing, and only of its own', async () => {
    const { tool, seen } = endless()
    const { mcpUrl } = await serveFakes([tool], { limits: { operations: 1 } })
    const heard: string[] = []
    const leave = new AbortController()
    const calls = ['first', 'waiting'].map(async (who) => {
      const { client } = await connectTo(mcpUrl)
      const options = { onprogress: () => void heard.push(who), signal: leave.signal }
      return client.callTool({ name: 'runs-on', arguments: {} }, undefined, options).catch(() => who)
    })
    await until(() => heard.includes('first') && heard.includes('waiting'))
    expect(seen.started).toBe(1)
    leave.abort()
    expect(await Promise.all(calls)).toEqual(['first', 'waiting'])
  })

  it('shows its token, where one is needed', async () => {
    const { mcpUrl } = await serveFakes([echoTool], { tokens: { serve: 'reading-token', admin: undefined } })
    await expect(connectTo(mcpUrl)).rejects.toThrow(/401|bearer token/)
    const { client } = await connectTo(mcpUrl, { authorization: 'Bearer reading-token' })
    expect((await client.listTools()).tools).toHaveLength(1)
  })

  it('shares one port with REST where both are given the same', async () => {
    const { mcpUrl, restUrl } = await serveFakes([echoTool], { mcpPort: 0, restPort: 0 })
    expect(mcpUrl).toBe(`${restUrl}/mcp`)
    const { client } = await connectTo(mcpUrl)
    expect((await client.listTools()).tools).toHaveLength(1)
    expect((await ask(`${restUrl}/v1/tools`)).status).toBe(200)
  })

  it('gets its own answers, though many clients call at once', async () => {
    const { mcpUrl } = await serveFakes([echoTool])
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(mcpUrl)))
    const ids = Array.from({ length: 50 }, (_, id) => id)
    const answers = await Promise.all(
      ids.map((id) => clients[id % 5]!.client.callTool({ name: 'echo-rows', arguments: { ids: [id] } })),
    )
    expect(
      answers.map(({ structuredContent }) => (structuredContent as { given: { ids: number[] } }).given.ids),
    ).toEqual(ids.map((id) => [id]))
  })
})

describe('a call ends', () => {
  it('when the client cancels it: it is aborted and its stream ends', async () => {
    const { seen, tool } = endless()
    const { client, logged } = await serve([tool])
    const abort = new AbortController()
    const call = client
      .callTool({ name: 'runs-on', arguments: {} }, undefined, { signal: abort.signal })
      .catch((error: unknown) => error)
    await until(() => seen.started === 1)
    abort.abort('enough')
    expect(await call).toBeInstanceOf(Error)
    await until(() => seen.aborted === 1 && logged.some((line) => line.endsWith('tools/call runs-on')))
    expect((await client.listTools()).tools).toHaveLength(1)
  })

  it('when the connection of the call is closed', async () => {
    const { seen, tool } = endless()
    const { mcpUrl } = await serveFakes([tool])
    const session = await openSession(mcpUrl)
    const leave = new AbortController()
    const message = { id: 2, method: 'tools/call', params: { name: 'runs-on', arguments: {} } }
    const call = send(mcpUrl, session, message, { signal: leave.signal }).catch((error: unknown) => error)
    await until(() => seen.started === 1)
    leave.abort()
    await call
    await until(() => seen.aborted === 1)
    expect((await send(mcpUrl, session, { id: 3, method: 'ping' })).status).toBe(200)
  })

  it('when the server stops: with an answer that says so', async () => {
    const { seen, tool } = endless()
    const { client, stop } = await serve([tool])
    const call = client.callTool({ name: 'runs-on', arguments: {} })
    await until(() => seen.started === 1)
    await stop()
    expect(await call).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('stopping') }] })
    expect(seen.aborted).toBe(1)
  })
})

describe('sessions', () => {
  it('begin with initialize, and are named by every later request', async () => {
    const { mcpUrl } = await serveFakes([echoTool])
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
    expect((await postJson(mcpUrl, list, { headers: ACCEPT })).status).toBe(400)
    expect((await ask(mcpUrl, { headers: ACCEPT })).status).toBe(400)
    expect((await send(mcpUrl, 'unknown', { id: 2, method: 'tools/list' })).status).toBe(404)
    const session = await openSession(mcpUrl)
    expect((await send(mcpUrl, session, { id: 2, method: 'tools/list' })).status).toBe(200)
  })

  it('do not end with a DELETE that is refused', async () => {
    const { mcpUrl } = await serveFakes([echoTool])
    const session = await openSession(mcpUrl)
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '1999-01-01' }
    expect((await ask(mcpUrl, { method: 'DELETE', headers })).status).toBe(400)
    expect((await send(mcpUrl, session, { id: 2, method: 'ping' })).status).toBe(200)
  })

  it('end with DELETE', async () => {
    const { mcpUrl, restUrl } = await serveFakes([echoTool])
    const session = await openSession(mcpUrl)
    expect((await ask(mcpUrl, { method: 'DELETE', headers: { 'mcp-session-id': session } })).status).toBe(200)
    expect((await send(mcpUrl, session, { id: 2, method: 'ping' })).status).toBe(404)
    expect((await ask(`${restUrl}/metrics`)).text).toMatch(/mcp_sessions 0$/m)
  })

  it('end by themselves when they are left alone', async () => {
    const { mcpUrl, restUrl } = await serveFakes([echoTool], { limits: { sessionIdle: 50 } })
    const session = await openSession(mcpUrl)
    await until(async () => /mcp_sessions 0$/m.test((await ask(`${restUrl}/metrics`)).text))
    expect((await send(mcpUrl, session, { id: 2, method: 'ping' })).status).toBe(404)
  })

  it('are bounded: the one idle for longest makes room', async () => {
    const { mcpUrl } = await serveFakes([echoTool], { limits: { sessions: 2 } })
    const sessions = [await openSession(mcpUrl), await openSession(mcpUrl)]
    await send(mcpUrl, sessions[0]!, { id: 2, method: 'ping' })
    sessions.push(await openSession(mcpUrl))
    const statuses = await Promise.all(
      sessions.map(async (session) => (await send(mcpUrl, session, { id: 3, method: 'ping' })).status),
    )
    expect(statuses).toEqual([200, 404, 200])
  })

  it('that are all busy leave no room: 503', async () => {
    const { seen, tool } = endless()
    const { mcpUrl } = await serveFakes([tool], { limits: { sessions: 1 } })
    const session = await openSession(mcpUrl)
    const leave = new AbortController()
    const message = { id: 2, method: 'tools/call', params: { name: 'runs-on', arguments: {} } }
    const call = send(mcpUrl, session, message, { signal: leave.signal }).catch((error: unknown) => error)
    await until(() => seen.started === 1)
    const refused = await postJson(mcpUrl, initialize, { headers: ACCEPT })
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5'])
    const again = await send(mcpUrl, session, message)
    expect([again.status, again.text]).toEqual([400, expect.stringContaining('this id')])
    leave.abort()
    await call
  })

  it('answer what is no JSON-RPC in its shape', async () => {
    const { mcpUrl } = await serveFakes([echoTool])
    const headers = { ...ACCEPT, 'content-type': 'application/json' }
    const broken = await ask(mcpUrl, { method: 'POST', headers, body: '{' })
    expect([broken.status, broken.json.jsonrpc]).toEqual([400, '2.0'])
    const plain = await ask(mcpUrl, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/plain' },
      body: '{}',
    })
    expect([plain.status, plain.json.jsonrpc]).toEqual([415, '2.0'])
    const notAccepted = await postJson(mcpUrl, initialize, { headers: { accept: 'text/html' } })
    expect([notAccepted.status, notAccepted.json.jsonrpc]).toEqual([406, '2.0'])
    const put = await ask(mcpUrl, { method: 'PUT' })
    expect([put.status, put.headers.allow]).toEqual([405, 'POST, GET, HEAD, DELETE'])
  })
})
