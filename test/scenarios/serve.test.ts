import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest'
import { createStatements } from '../../src/demo/ddl.ts'
import { apiKeyOf } from '../../src/demo/mini-world.ts'
import { SAMPLE_DATE, sampleWorld } from '../../src/demo/sample-world.ts'
import { TOOLS } from '../../tools/registry.ts'
import { ask, postJson, until } from '../faces/http-calls.ts'
import { freshDatabase, type TestDatabase } from '../kit/mariadb.ts'
import { openWorld } from '../kit/real-audit.ts'

/** The bundle as it is installed, serving real clients as a process of its own. */
const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))
const TOKEN = 'a-token-for-reading'

const directory = mkdtempSync(join(tmpdir(), 'audit-serve-'))
afterAll(() => rmSync(directory, { recursive: true }))

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', TMPDIR: directory, ...environment },
  })
  children.push(child)
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    said.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.stderr += chunk
  })
  return { child, said, ended: once(child, 'exit') as Promise<[number | null, string | null]> }
}

/** Starts a server on one free port, and waits until it says where it listens. */
async function serve(args: readonly string[], environment: Record<string, string> = {}) {
  const started = start(['--mcp-port', '0', '--rest-port', '0', ...args], environment)
  const { said, child } = started
  await until(() => said.stderr.includes('MCP on http') || child.exitCode !== null)
  const [, restUrl = '', mcpUrl = ''] = /REST on (\S+), .*MCP on (\S+)/.exec(said.stderr) ?? []
  expect(restUrl, said.stderr).not.toBe('')
  return { ...started, restUrl, mcpUrl }
}

async function connectTo(mcpUrl: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(mcpUrl)))
  return client
}

describe('serve --demo', () => {
  it('serves the sample world with nothing to configure, and leaves nothing behind', async () => {
    const before = readdirSync(directory)
    const nonsense = { DATABASE_URL: 'nonsense', AUDIT_TIMEZONE: 'nowhere', ADMIN_TOKEN: 'two words' }
    const { child, said, ended, restUrl, mcpUrl } = await serve(['--demo'], nonsense)
    expect(await ask(`${restUrl}/readyz`)).toMatchObject({ status: 200, json: { ready: true } })
    const client = await connectTo(mcpUrl)
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name))
    const window = { start: SAMPLE_DATE, end: SAMPLE_DATE }
    expect((await client.callTool({ name: 'audit-reconcile', arguments: window })).isError).toBeUndefined()
    expect((await postJson(`${restUrl}/v1/tools/audit-reconcile`, window)).status).toBe(200)
    await client.close()
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(said.stdout).toBe('')
    expect(readdirSync(directory)).toEqual(before)
  })

  it('leaves nothing behind where its terminal is closed', async () => {
    const before = readdirSync(directory)
    const { child, ended } = await serve(['--demo'])
    expect(readdirSync(directory).length).toBe(before.length + 1)
    child.kill('SIGHUP')
    expect(await ended).toEqual([0, null])
    expect(readdirSync(directory)).toEqual(before)
  })

  it('leaves nothing behind where a second signal ends it at once', async () => {
    const before = readdirSync(directory)
    const { child, ended } = await serve(['--demo'])
    expect(readdirSync(directory).length).toBe(before.length + 1)
    // Two of one name could come as one.
    child.kill('SIGTERM')
    child.kill('SIGINT')
    await ended
    expect(readdirSync(directory)).toEqual(before)
  })

  it('listens on the two ports of the contract, unless they are given', async () => {
    const help = start(['--help'])
    await help.ended
    expect(help.said.stdout).toMatch(/--mcp-port[^\n]*(\n\s+)?.*\(default 9090\)/)
    expect(help.said.stdout).toMatch(/--rest-port[\s\S]*\(default 8080\)/)
    expect(help.said.stdout).toMatch(/\(default\s+127\.0\.0\.1\)/)
  })

  it('asks for SERVE_TOKEN where it is set', async () => {
    const { restUrl } = await serve(['--demo'], { SERVE_TOKEN: TOKEN })
    expect((await ask(`${restUrl}/v1/tools`)).status).toBe(401)
    expect((await ask(`${restUrl}/healthz`)).status).toBe(200)
    expect((await ask(`${restUrl}/v1/tools`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200)
  })

  it('counts requests as it is told', async () => {
    const { restUrl } = await serve(['--demo', '--requests-per-minute', '2'])
    const statuses: number[] = []
    for (let count = 0; count < 3; count++) statuses.push((await ask(`${restUrl}/v1/tools`)).status)
    expect(statuses).toEqual([200, 200, 429])
  })
})

describe('serve does not start', () => {
  it.each([
    ['off loopback without a token', ['--host', '0.0.0.0'], {}, /SERVE_TOKEN is not set.*0\.0\.0\.0/],
    ['the sample world off loopback', ['--demo', '--host', '0.0.0.0'], { SERVE_TOKEN: TOKEN }, /--host.*loopback only/],
    ['with a bad configuration', [], { AUDIT_TIMEZONE: 'Mars/Olympus' }, /AUDIT_TIMEZONE.*Mars/],
    ['with a token that no header can hold', ['--demo'], { SERVE_TOKEN: 'two words' }, /SERVE_TOKEN/],
    ['on a port that is none', ['--demo', '--rest-port', '70000'], {}, /--rest-port.*at most 65535/],
    ['at an address of another machine', ['--host', '192.0.2.1'], { SERVE_TOKEN: TOKEN }, /--host.*192\.0\.2\.1/],
  ])('%s: exit code 2', async (_what, args, environment, message) => {
    const { said, ended } = start(args, environment)
    expect(await ended).toEqual([2, null])
    expect([said.stdout, said.stderr]).toEqual(['', expect.stringMatching(message)])
    expect(said.stderr).not.toContain(TOKEN)
  })

  it('on a port that is taken: exit code 2, and the other port is free again', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const { said, ended } = start(['--demo', '--mcp-port', String(port), '--rest-port', '0'])
    expect(await ended).toEqual([2, null])
    expect(said.stderr).toMatch(
      /--mcp-port: cannot listen.*in use.*\n {2}accepted: .*\n {2}give another port with --mcp-port/,
    )
    taken.close()
  })
})

describe('serve off loopback', () => {
  it('needs the token for everything but health, and answers to the address it is called at', async () => {
    writeFileSync(join(directory, '.env'), `SERVE_TOKEN=${TOKEN}\n`)
    try {
      const { restUrl, said } = await serve(['--host', '0.0.0.0', '--allow-hosts', 'audit.example.com'])
      const url = restUrl.replace('0.0.0.0', '127.0.0.1')
      const headers = { authorization: `Bearer ${TOKEN}` }
      expect((await ask(`${url}/v1/tools`)).status).toBe(401)
      expect((await ask(`${url}/healthz`)).status).toBe(200)
      expect((await ask(`${url}/v1/tools`, { headers })).status).toBe(200)
      expect((await ask(`${url}/v1/tools`, { headers: { ...headers, host: 'audit.example.com' } })).status).toBe(200)
      expect((await ask(`${url}/v1/tools`, { headers: { ...headers, host: 'evil.example' } })).status).toBe(403)
      expect(said.stderr).not.toContain(TOKEN)
    } finally {
      rmSync(join(directory, '.env'))
    }
  })
})

describe('serve on MariaDB and a double of fal', () => {
  it('answers every tool and route, and says when the database is gone', async () => {
    const world = await openWorld(sampleWorld(), { store: 'mariadb' })
    let open = true
    try {
      const { restUrl } = await serve([], {
        DATABASE_URL: world.url,
        FAL_API_BASE_URL: world.falUrl,
        ADMIN_TOKEN: 'admin-token',
        BILLING_STORE: `file:${join(directory, 'billing.db')}`,
      })
      expect(await ask(`${restUrl}/readyz`)).toMatchObject({ status: 200, json: { database: { status: 'ok' } } })
      const headers = { authorization: 'Bearer admin-token' }
      expect((await postJson(`${restUrl}/admin/v1/billing/rules`, RULE, { headers })).status).toBe(200)
      for (const { name } of TOOLS) {
        const input = INPUTS[name] ?? { start: SAMPLE_DATE, end: SAMPLE_DATE }
        const { status, text } = await postJson(`${restUrl}/v1/tools/${name}`, input)
        expect([name, status], text).toEqual([name, 200])
      }
      const day = `start=${SAMPLE_DATE}&end=${SAMPLE_DATE}`
      const routes = [
        ...['model', 'app', 'gpu_class'].map((group) => `/v1/billing/usage?${day}&group_by=${group}`),
        ...[
          '/v1/billing/invoices',
          '/v1/billing/balance',
          '/v1/tools',
          '/openapi.json',
          '/docs',
          '/metrics',
          '/healthz',
        ],
      ]
      for (const route of routes) expect([route, (await ask(`${restUrl}${route}`)).status]).toEqual([route, 200])
      const models = { models: ['fal-ai/flux/dev=10'], kind: 'units' }
      expect(await postJson(`${restUrl}/v1/billing/estimate`, models)).toMatchObject({
        status: 200,
        json: { costUsd: '10' },
      })
      const key = { api_key: apiKeyOf(5), start_date: '2026-02-05T16:00:00Z', end_date: '2026-02-06T16:00:00Z' }
      expect(await postJson(`${restUrl}/api/config/falai-usage`, key)).toMatchObject({
        status: 200,
        json: { ok: true, usage: { total_requests: 106, total_cost: 20.19, total_cost_usd: '20.19' } },
      })
      await world.close()
      open = false
      expect(await ask(`${restUrl}/readyz`)).toMatchObject({ status: 503, json: { ready: false } })
      const gone = await postJson(`${restUrl}/v1/tools/user-ledger`, {})
      expect([gone.status, gone.json]).toEqual([503, { error: expect.objectContaining({ type: 'source' }) }])
    } finally {
      if (open) await world.close()
    }
  })

  it('says what is not configured', async () => {
    const { restUrl } = await serve([])
    expect((await ask(`${restUrl}/readyz`)).status).toBe(503)
    const { status, json } = await postJson(`${restUrl}/v1/tools/user-ledger`, {})
    expect([status, json.error]).toEqual([
      503,
      expect.objectContaining({ type: 'configuration', field: 'DATABASE_URL' }),
    ])
  })
})

const RULE = {
  model_id: 'fal-ai/flux/dev',
  membership_level: 'basic',
  output_price: '0.20',
  unit: 'per_request',
  currency: 'CNY',
  effective_at: '2026-01-01T00:00:00+08:00',
}

const INPUTS: Readonly<Record<string, object>> = {
  'fal-list-invoices': {},
  'fal-list-accounts': {},
  'fal-balance': {},
  'fal-estimate-cost': { models: ['fal-ai/flux/dev=40'] },
  'task-trace': { id: 'task-610' },
  'billing-rules': { model_id: 'fal-ai/flux/dev' },
  'billing-estimate': { model_id: 'fal-ai/flux/dev' },
  'billing-usage': { period: 'custom', start_date: SAMPLE_DATE, end_date: SAMPLE_DATE },
  'billing-statements': {},
  doctor: {},
}

describe('SIGTERM during a long audit', () => {
  const audit = { start: '2026-02-03', end: '2026-02-03' }

  it('over REST and MCP: the callers are answered, the queries are gone, exit code 0', async () => {
    const slow = await slowDatabase()
    try {
      const { child, ended, restUrl, mcpUrl } = await serve([], {
        DATABASE_URL: slow.urlFor(),
        AUDIT_TIMEZONE: 'Asia/Shanghai',
      })
      const told = [
        postJson(`${restUrl}/v1/tools/audit-reconcile`, audit).then(({ status, text }) => `${status} ${text}`),
        connectTo(mcpUrl)
          .then((client) => client.callTool({ name: 'audit-reconcile', arguments: audit }))
          .then((answer) => `503 ${JSON.stringify(answer)}`),
      ]
      await until(async () => (await running(slow)) === told.length)
      child.kill('SIGTERM')
      const stopping = expect.stringMatching(/^503 .*the server is stopping/)
      expect(await Promise.all(told)).toEqual([stopping, stopping])
      expect(await ended).toEqual([0, null])
      expect(await running(slow)).toBe(0)
    } finally {
      await slow.drop()
    }
  })

  it('and a second signal: the end at once', async () => {
    const slow = await slowDatabase()
    try {
      const { child, ended, said, restUrl } = await serve([], { DATABASE_URL: slow.urlFor() })
      const call = postJson(`${restUrl}/v1/tools/audit-reconcile`, audit).catch((error: unknown) => error)
      await until(async () => (await running(slow)) === 1)
      child.kill('SIGINT')
      await until(() => said.stderr.includes('stopping'))
      child.kill('SIGINT')
      expect(await ended).toEqual([130, null])
      expect(await call).toBeInstanceOf(Error)
    } finally {
      await endQueries(slow)
      await slow.drop()
    }
  })
})

/** A database whose tasks take a minute. */
async function slowDatabase(): Promise<TestDatabase> {
  const database = await freshDatabase(inject('mariadb'))
  for (const statement of createStatements('mysql')) await database.admin.query(statement)
  await database.admin.query('RENAME TABLE ts_fal_tasks TO tasks_behind')
  await database.admin.query(
    "INSERT INTO tasks_behind (id, task_id, created_at) VALUES (1, 't', '2026-02-03 12:00:00')",
  )
  await database.admin.query(
    'CREATE VIEW ts_fal_tasks AS SELECT *, SLEEP(60) AS slept FROM tasks_behind HAVING slept = 0',
  )
  return database
}

/** The queries of the slow table that run on the server, by connection. */
async function queries({ admin, options }: TestDatabase): Promise<{ id: number }[]> {
  const [rows] = await admin.query(
    "SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID() AND info LIKE '%ts_fal_tasks%'",
    [options.database],
  )
  return rows as { id: number }[]
}

const running = async (database: TestDatabase): Promise<number> => (await queries(database)).length

async function endQueries(database: TestDatabase): Promise<void> {
  for (const { id } of await queries(database)) await database.admin.query(`KILL ${id}`).catch(() => undefined)
}
