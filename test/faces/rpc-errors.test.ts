import { PassThrough } from 'node:stream'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serveStdio } from '../../src/faces/mcp-stdio.ts'
import { createToolCalls } from '../../src/faces/tool-calls.ts'
import { echoTool, fakeServices, mcpFaceOf } from './fake-tools.ts'
import { ask, postJson, serveFakes } from './http-calls.ts'

interface Answer {
  readonly id?: number | string | null
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text: string }[] }
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}
const DEEP = 200_000
/** A call with a value that is a list in a list in a list, as text: JSON.stringify could not write it. */
const deepCall = (field: string): string =>
  `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo-rows","arguments":{"${field}":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}}}`

/** Asks one server, whatever is sent, and returns its answer to that. */
async function asked(method: string, params: unknown): Promise<Answer> {
  const services = fakeServices([echoTool])
  const { server } = mcpFaceOf(services)
  const [near, far] = InMemoryTransport.createLinkedPair()
  const answers: Answer[] = []
  near.onmessage = (message) => void answers.push(message as Answer)
  await Promise.all([near.start(), server.connect(far)])
  onTestFinished(() => server.close())
  await near.send({ jsonrpc: '2.0', id: 5, method, params } as JSONRPCMessage)
  for (let turn = 0; turn < 100 && answers.length === 0; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(services.logged).toEqual([])
  return answers[0]!
}

/** Sends lines to a server on stdio, whose input then ends. */
async function spoken(...lines: readonly string[]) {
  const services = fakeServices([echoTool])
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  let said = ''
  stdout.on('data', (chunk) => {
    said += chunk
  })
  const options = { ...services, toolCalls: async () => createToolCalls(services) }
  const served = serveStdio(options, { stdin, stdout, signal: new AbortController().signal })
  stdin.end(lines.map((line) => `${line}\n`).join(''))
  await served
  const answers = said.split('\n').filter((line) => line !== '')
  return { answers: answers.map((line) => JSON.parse(line) as Answer), logged: services.logged }
}

describe('params that do not fit a request', () => {
  it.each([
    ['tools/call', {}, 'params.name: is missing; give a text'],
    ['tools/call', { name: 5 }, 'params.name: "5" is not accepted; give a text'],
    ['tools/call', { name: 'echo-rows', arguments: [1] }, 'params.arguments: "[1]" is not accepted; give an object'],
    ['resources/read', {}, 'params.uri: is missing; give a text'],
    ['resources/read', { uri: ['x'] }, 'params.uri: "["x"]" is not accepted; give a text'],
    ['prompts/get', { name: 7 }, 'params.name: "7" is not accepted; give a text'],
    ['prompts/get', { name: 'consumption-audit', arguments: { ids: 5 } }, 'params.arguments.ids: "5" is not accepted'],
    ['initialize', {}, 'params.protocolVersion: is missing; give a text'],
    ['logging/setLevel', { level: 'loud' }, 'params.level: "loud" is not accepted; give one of: debug'],
  ])('of %s %j are the fault of the caller, in one sentence', async (method, params, message) => {
    const { error } = await asked(method, params)
    expect(error?.code).toBe(-32602)
    expect(error?.message).toContain(message)
    expect(error?.message.length).toBeLessThan(200)
    expect(error?.message).not.toMatch(/\n|invalid_type/)
  })

  it.each([
    ['tools/call', { name: 'echo-rows' }],
    ['prompts/get', { name: 'consumption-audit' }],
    ['ping', undefined],
    ['tools/list', undefined],
  ])('of %s %j fit', async (method, params) => {
    expect((await asked(method, params)).error).toBeUndefined()
  })

  it.each(['start', 'ids', 'cursor', 'nonsense'])(
    'nested too deeply in %s are no fault of the program',
    async (field) => {
      const { answers, logged } = await spoken(deepCall(field))
      expect(logged).toEqual([])
      const failure = JSON.parse(answers[0]?.result?.content?.[0]?.text ?? '{}')
      expect(failure).toMatchObject({
        field: expect.stringContaining(field),
        message: expect.stringContaining('give '),
      })
      expect(failure.message).not.toContain('fault')
    },
  )
})

describe('what is no message, on stdio', () => {
  it.each([
    ['nonsense\u001b[31m', -32700, null, /no JSON/],
    ['{"jsonrpc":"2.0","id":3}', -32600, 3, /method: give a text/],
    ['{"id":"a","method":"ping"}', -32600, 'a', /jsonrpc: give "2\.0"/],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, null, /id: give a text or a whole number/],
    ['{"jsonrpc":"2.0","id":4,"method":"ping","params":[1]}', -32600, 4, /params: give an object/],
    ['{"jsonrpc":"2.0","id":4,"method":"ping","more":1}', -32600, 4, /more: there is no such field/],
    ['[{"jsonrpc":"2.0","id":4,"method":"ping"}]', -32600, null, /one JSON object/],
    ['5', -32600, null, /one JSON object/],
  ])('%s is answered, and told in one clean line', async (line, code, id, message) => {
    const { answers, logged } = await spoken(line, JSON.stringify(INITIALIZE))
    expect(answers[0]).toEqual({ jsonrpc: '2.0', id, error: { code, message: expect.stringMatching(message) } })
    expect(answers[1]).toMatchObject({ id: 0, result: expect.anything() })
    expect(logged).toEqual([expect.stringMatching(new RegExp(`^mcp: answered ${code}: `))])
    expect(logged.join('')).not.toContain('\u001b')
  })

  it('neither blank lines nor answers to no question are answered; the latter are told', async () => {
    const { answers, logged } = await spoken('', '\r', '{"jsonrpc":"2.0","id":9,"result":5}')
    expect(answers).toEqual([])
    expect(logged).toEqual([expect.stringMatching(/^mcp: an answer that is none: /)])
  })

  it('errors of the protocol are told in one line, whatever they quote', async () => {
    const { logged } = await spoken(
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
      `{"jsonrpc":"2.0","id":9,"result":{"a":"${'x'.repeat(5000)}"}}`,
    )
    expect(logged).toHaveLength(2)
    for (const line of logged) expect(line).toMatch(/^mcp: .{1,300}$/)
  })

  it('messages may come in pieces, and many at once', async () => {
    const services = fakeServices([echoTool])
    const [stdin, stdout] = [new PassThrough(), new PassThrough()]
    let said = ''
    stdout.on('data', (chunk) => {
      said += chunk
    })
    const options = { ...services, toolCalls: async () => createToolCalls(services) }
    const served = serveStdio(options, { stdin, stdout, signal: new AbortController().signal })
    const text = Buffer.from(
      `${JSON.stringify({ ...INITIALIZE, id: '甲' })}\n{"jsonrpc":"2.0","id":2,"method":"ping"}\n`,
    )
    for (const byte of text) stdin.write(Buffer.from([byte]))
    stdin.end()
    await served
    expect(
      said
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['甲', 2])
    expect(services.logged).toEqual([])
  })

  it('a line of 10 MB is still read, and one byte more ends the server', async () => {
    const most = 10 * 1024 * 1024
    const { answers } = await spoken('x'.repeat(most))
    expect(answers).toMatchObject([{ error: { code: -32700 } }])
    await expect(spoken('x'.repeat(most + 1))).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringMatching(/longer than 10 MB.*start the server anew/),
    })
  })
})

describe('what is no message, over HTTP', () => {
  const accept = { accept: 'application/json, text/event-stream' }
  const post = (url: string, body: string, headers: Record<string, string> = {}) =>
    ask(url, { method: 'POST', headers: { 'content-type': 'application/json', ...accept, ...headers }, body })

  it.each([
    ['{', -32700, null],
    ['{"a":1}', -32600, null],
    ['{"jsonrpc":"2.0","id":3}', -32600, 3],
    ['5', -32600, null],
    ['[]', -32600, null],
    ['[{"jsonrpc":"2.0","id":3,"method":"ping"},7]', -32600, null],
  ])('%s is answered with its code, with and without a session', async (body, code, id) => {
    const { mcpUrl } = await serveFakes([echoTool])
    const begun = await postJson(mcpUrl, INITIALIZE, { headers: accept })
    const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) }
    for (const headers of [{}, session]) {
      const { status, json } = await post(mcpUrl, body, headers)
      expect([status, json]).toMatchObject([400, { jsonrpc: '2.0', id, error: { code } }])
    }
    expect(
      (await postJson(mcpUrl, { jsonrpc: '2.0', id: 2, method: 'ping' }, { headers: { ...accept, ...session } }))
        .status,
    ).toBe(200)
  })

  it('a value nested too deeply is an input that is not accepted, also over REST', async () => {
    const { mcpUrl, restUrl } = await serveFakes([echoTool])
    const begun = await postJson(mcpUrl, INITIALIZE, { headers: accept })
    const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) }
    const told = await post(mcpUrl, deepCall('start'), session)
    // Newer versions of Node write such a value out, and its beginning is shown.
    expect(told.text).toMatch(
      /start: .{0,10}(a value that cannot be shown|\[{70,90}…).{0,10} is not accepted; give a text/,
    )
    const deep = `{"start":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`
    const { status, json } = await post(`${restUrl}/v1/tools/echo-rows`, deep)
    expect([status, json]).toMatchObject([422, { error: { field: 'start' } }])
  })
})
