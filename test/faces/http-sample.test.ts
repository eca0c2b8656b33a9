import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { output as falaiOutput } from '../../schemas/falai-usage.ts'
import { openSample, type Sample } from '../../src/demo/run.ts'
import { SAMPLE_DATE } from '../../src/demo/sample-world.ts'
import type { OpenApiDocument } from '../../src/faces/http/openapi.ts'
import { type Serving, startServing } from '../../src/faces/http/serve.ts'
import { createPager } from '../../src/paging.ts'
import { createSecrets } from '../../src/secrets.ts'
import { instant } from '../../src/units/instant.ts'
import { TOOLS } from '../../tools/registry.ts'
import { ask, postJson } from './http-calls.ts'

/** Every tool over real HTTP, on the sample world. */
let sample: Sample
let serving: Serving
let keys: string[]
const logged: string[] = []
const client = new Client({ name: 'sample', version: '1' })

beforeAll(async () => {
  sample = await openSample()
  const snapshot = await sample.dependencies.ledger!.snapshot(new AbortController().signal)
  keys = (await snapshot.accounts()).map(({ apiKey }) => apiKey)
  await snapshot.close()
  const secrets = createSecrets()
  for (const key of keys) secrets.add(key)
  serving = await startServing({
    version: '1',
    tools: TOOLS,
    dependencies: async () => sample.dependencies,
    reports: sample.dependencies.reports,
    pager: createPager({ resultsKept: 100 }),
    tokens: { serve: undefined, admin: 'demo' },
    host: '127.0.0.1',
    allowHosts: [],
    mcpPort: 0,
    restPort: 0,
    requestsPerMinute: undefined,
    clock: () => instant(0),
    processFacts: () => ({ residentBytes: 1, heapUsedBytes: 1, cpuSeconds: 1 }),
    redact: secrets.redact,
    log: (line) => void logged.push(line),
  })
  await client.connect(new StreamableHTTPClientTransport(new URL(serving.mcpUrl)))
  await client.listTools()
})

afterAll(async () => {
  await client.close()
  await serving.stop()
  await sample.close()
})

/** Inputs that make each tool look at the sample's day. */
const INPUTS: Readonly<Record<string, Record<string, unknown>>> = {
  'fal-list-invoices': { from: SAMPLE_DATE.slice(0, 7), to: SAMPLE_DATE.slice(0, 7) },
  'fal-list-accounts': {},
  'fal-balance': {},
  'fal-estimate-cost': { models: ['fal-ai/flux/dev=40', 'no/such=1'] },
  'task-trace': { id: 'task-610' },
  'billing-rules': { model_id: 'fal-ai/flux/dev' },
  'billing-estimate': { model_id: 'fal-ai/flux/dev' },
  'billing-usage': { period: 'custom', start_date: SAMPLE_DATE, end_date: SAMPLE_DATE },
  'billing-statements': {},
  doctor: {},
}
const inputOf = (name: string): Record<string, unknown> => INPUTS[name] ?? { start: SAMPLE_DATE, end: SAMPLE_DATE }

describe.each(TOOLS.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  it('answers over MCP and over REST alike, and keeps to its schema', async () => {
    const overMcp = await client.callTool({ name, arguments: inputOf(name) })
    expect(overMcp.isError, JSON.stringify(overMcp.content)).toBeUndefined()
    const { status, json } = await postJson(`${serving.restUrl}/v1/tools/${name}`, inputOf(name))
    expect(status).toBe(200)
    expect(tool.output.safeParse(json).error).toBeUndefined()
    expect(Object.keys(json)).toEqual(Object.keys(overMcp.structuredContent as object))
  })

  it('comes whole on demand', async () => {
    const { status, json } = await postJson(`${serving.restUrl}/v1/tools/${name}?full=1`, inputOf(name))
    expect(status).toBe(200)
    expect(json).not.toHaveProperty('nextCursor')
    expect(tool.output.safeParse(json).error).toBeUndefined()
  })
})

describe('a tool that finds nothing of what it was asked for', () => {
  it.each([
    ['billing-rules', { rule_id: 'br_999' }],
    ['billing-estimate', { model_id: 'no/such', units: 1 }],
    ['billing-statements', { invoice_id: 'inv_202501' }],
  ])('%s answers as /openapi.json says it may', async (name, input) => {
    const { status } = await postJson(`${serving.restUrl}/v1/tools/${name}`, input)
    const { paths } = (await ask(`${serving.restUrl}/openapi.json`)).json as unknown as OpenApiDocument
    expect(status).toBe(404)
    expect(paths[`/v1/tools/${name}`]?.post?.responses).toHaveProperty([String(status)])
    expect(paths['/v1/tools/fal-get-usage']?.post?.responses).not.toHaveProperty('404')
  })
})

describe('the billing routes of the seeds', () => {
  const toolResult = async (name: string, input: object): Promise<unknown> =>
    (await postJson(`${serving.restUrl}/v1/tools/${name}`, input)).json

  it.each(['model', 'app', 'gpu_class'])('usage by %s is what fal-get-usage says', async (by) => {
    const query = `start=${SAMPLE_DATE}&end=${SAMPLE_DATE}&group_by=${by}&ids=5,12`
    const { status, json } = await ask(`${serving.restUrl}/v1/billing/usage?${query}`)
    expect(status).toBe(200)
    const input = { start: SAMPLE_DATE, end: SAMPLE_DATE, group_by: by, ids: [5, 12] }
    expect(json).toEqual(await toolResult('fal-get-usage', input))
  })

  it.each([
    ['group_by=colour', 'group_by'],
    ['start=yesterday', 'start'],
    ['ids=five', 'ids.0'],
    ['ids=5&groupby=app', 'groupby'],
    ['start=2026-02-01&start=2026-02-02', 'start'],
    ['ids=,', 'ids'],
    ['ids=5,,12', 'ids'],
    ['endpoint_ids=%20', 'endpoint_ids'],
    ['ids=99999999999999999999', 'ids'],
  ])('usage refuses %s', async (query, field) => {
    const { status, json } = await ask(`${serving.restUrl}/v1/billing/usage?${query}`)
    expect([status, (json.error as { field: string }).field]).toEqual([422, field])
  })

  it('invoices, balance and estimate are those of their tools', async () => {
    const month = SAMPLE_DATE.slice(0, 7)
    const invoices = await ask(`${serving.restUrl}/v1/billing/invoices?from=${month}&to=${month}`)
    expect(invoices.json).toEqual(await toolResult('fal-list-invoices', { from: month, to: month }))
    const balance = await ask(`${serving.restUrl}/v1/billing/balance`)
    expect(balance.json).toEqual(await toolResult('fal-balance', {}))
    const input = { models: ['fal-ai/flux/dev=40'] }
    const estimate = await postJson(`${serving.restUrl}/v1/billing/estimate`, input)
    expect(estimate.json).toEqual(await toolResult('fal-estimate-cost', input))
    expect([invoices.status, balance.status, estimate.status]).toEqual([200, 200, 200])
  })
})

describe('/api/config/falai-usage', () => {
  const url = (): string => `${serving.restUrl}/api/config/falai-usage`
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const day = { start_date: SAMPLE_DATE, end_date: SAMPLE_DATE }

  it('takes a form, and JSON', async () => {
    const body = String(new URLSearchParams({ api_key: keys[0]!, ...day, page: '1', page_size: '5' }))
    const byForm = await ask(url(), { method: 'POST', headers: form, body })
    expect([byForm.status, byForm.json.ok]).toEqual([200, true])
    expect(falaiOutput.safeParse(byForm.json).error).toBeUndefined()
    const byJson = await postJson(url(), { api_key: keys[0], ...day, page: 1, page_size: 5 })
    expect(byJson.json).toEqual(byForm.json)
  })

  it('says what to do about a key without permission', async () => {
    const { status, json } = await postJson(url(), { api_key: 'some-plain-key-of-fal' })
    expect([status, json.ok]).toEqual([403, false])
    expect(json.message).toContain('https://fal.ai/dashboard')
    expect(json.message).not.toContain('some-plain-key')
  })

  it.each([
    ['no key', form, 'page=1', 422],
    ['a key given twice', form, 'api_key=first-secret-key&api_key=second-secret-key', 422],
    ['a page that is none', form, 'api_key=first-secret-key&page=x', 422],
    ['an unknown field', form, 'api_key=first-secret-key&first-secret-key=1', 422],
    ['broken JSON', { 'content-type': 'application/json' }, '{"api_key":"first-secret-key"', 400],
    ['another content type', { 'content-type': 'text/plain' }, 'api_key=first-secret-key', 415],
  ])('refuses %s in its own shape, without the key', async (_what, headers, body, status) => {
    const answer = await ask(url(), { method: 'POST', headers, body })
    expect([answer.status, answer.json]).toEqual([status, { ok: false, message: expect.any(String) }])
    expect(answer.text).not.toMatch(/secret-key/)
  })

  it('takes no key in the query, and keeps it out of the log', async () => {
    const answer = await ask(`${url()}?api_key=first-secret-key`, { method: 'POST', headers: form, body: '' })
    expect(answer.status).toBe(422)
    expect(logged.join('\n')).not.toContain('secret-key')
  })
})

describe('everything else of the server', () => {
  it('is ready', async () => {
    expect(await ask(`${serving.restUrl}/readyz`)).toMatchObject({ status: 200, json: { ready: true } })
  })

  it('offers prompt and reports over MCP', async () => {
    const { prompts } = await client.listPrompts()
    expect((await client.getPrompt({ name: prompts[0]!.name })).messages.length).toBeGreaterThan(0)
    const answer = await client.callTool({ name: 'audit-reconcile', arguments: inputOf('audit-reconcile') })
    const { reportUri } = answer.structuredContent as { reportUri: string }
    expect((await client.readResource({ uri: reportUri })).contents).toHaveLength(1)
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain(reportUri)
  })

  it('tells no secret of the sample', async () => {
    const said: string[] = [...logged]
    for (const { name } of TOOLS) {
      said.push((await postJson(`${serving.restUrl}/v1/tools/${name}?full=1`, inputOf(name))).text)
    }
    for (const path of ['metrics', 'readyz', 'v1/tools']) said.push((await ask(`${serving.restUrl}/${path}`)).text)
    for (const key of keys) for (const text of said) expect(text).not.toContain(key.split(':').at(-1))
  })
})

describe('fifty calls at once with inputs of their own', () => {
  it('each get the answer to their own question, over REST and over MCP', async () => {
    const days = Array.from({ length: 25 }, (_, index) =>
      new Date(Date.UTC(2026, 0, 10 + index)).toISOString().slice(0, 10),
    )
    const input = (day: string) => ({ start: day, end: day })
    const overRest = days.map((day) => postJson(`${serving.restUrl}/v1/tools/user-ledger`, input(day)))
    const overMcp = days.map((day) => client.callTool({ name: 'user-ledger', arguments: input(day) }))
    const rest = await Promise.all(overRest)
    const mcp = await Promise.all(overMcp)
    const start = (result: unknown): string => (result as { window: { start: string } }).window.start.slice(0, 10)
    expect(rest.map(({ json }) => start(json))).toEqual(days)
    expect(mcp.map(({ structuredContent }) => start(structuredContent))).toEqual(days)
  })
})
