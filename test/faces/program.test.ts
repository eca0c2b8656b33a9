import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { TOOLS } from '../../tools/registry.ts'

/** The bundle as it is installed, built by npm test. These tests fail where it is missing. */
const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))
/** What each start compiles. */
const EARLY_CHARS_MAX = 600_000
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

const directory = mkdtempSync(join(tmpdir(), 'audit-program-'))
afterAll(() => rmSync(directory, { recursive: true }))

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** The environment of a child: none of the settings of whoever runs the tests. */
const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  TMPDIR: directory,
  ...more,
})

const run = (args: readonly string[], more: Record<string, string> = {}, input = '') =>
  spawnSync(process.execPath, [MAIN, ...args], { cwd: directory, env: environment(more), input, encoding: 'utf8' })

function start(args: readonly string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: directory, env: environment(more) })
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

const request = (id: number, method: string, params: unknown = {}): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`
const INITIALIZE = request(1, 'initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
})

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !holds(); turn++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(holds()).toBe(true)
}

describe('the program', () => {
  it('was built', () => {
    expect(existsSync(MAIN)).toBe(true)
  })

  it('answers initialize out of files that hold neither tools nor drivers', () => {
    const [main, shared, program] = ['main.mjs', 'shared.mjs', 'program.mjs'].map((name) =>
      readFileSync(join(dirname(MAIN), name), 'utf8'),
    )
    const early = `${main}${shared}`
    expect(early.length).toBeLessThan(EARLY_CHARS_MAX)
    expect(early).not.toMatch(/^\s*import[^(;]*program\.mjs/m)
    for (const { title } of TOOLS) {
      expect(early).not.toContain(JSON.stringify(title))
      expect(program).toContain(JSON.stringify(title))
    }
  })

  it('is of ASCII, which V8 keeps in half the memory', () => {
    for (const name of ['main.mjs', 'shared.mjs', 'program.mjs']) {
      const bytes = readFileSync(join(dirname(MAIN), name))
      expect([name, bytes.findIndex((byte) => byte > 0x7f)]).toEqual([name, -1])
    }
  })

  it('runs from any directory with plain node', () => {
    expect(run(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('knows every tool as a command', () => {
    const { stdout } = run(['--help'])
    for (const { name } of TOOLS) expect(stdout).toContain(`  ${name} `)
  })

  it.each(TOOLS.map(({ name }) => name))('has help for %s', (name) => {
    expect(run([name, '--help'])).toMatchObject({ status: 0, stderr: '' })
  })

  it('fails with 2 and two lines on a wrong flag', () => {
    const { status, stdout, stderr } = run(['audit', '--sinse', '2026-02-01'])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/no flag --sinse; accepted: --start.*\n {2}See: .*\n$/)
  })

  it('is quiet when its reader has seen enough', () => {
    const command = `"${process.execPath}" "${MAIN}" demo --format json | head -c 5`
    const { stdout, stderr } = spawnSync('sh', ['-c', command], { env: environment(), encoding: 'utf8' })
    expect(stdout).toHaveLength(5)
    expect(stderr).toBe('')
  })

  it('reads a .env on the command line, and what is set already wins', () => {
    writeFileSync(join(directory, '.env'), 'AUDIT_TIMEZONE=From/File\n')
    try {
      expect(run(['audit'])).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('From/File') })
      expect(run(['audit'], { AUDIT_TIMEZONE: 'From/Shell' }).stderr).toContain('From/Shell')
    } finally {
      rmSync(join(directory, '.env'))
    }
  })

  it('says what is wrong with a .env that cannot be read, and doctor goes on; help needs none', () => {
    writeFileSync(join(directory, '.env'), '\uFEFFSERVE_TOKEN=SecretTail9\n', 'utf16le')
    try {
      for (const args of [['audit'], ['serve', '--demo', '--mcp-port', '0', '--rest-port', '0']]) {
        expect(run(args)).toMatchObject({
          status: 2,
          stdout: '',
          stderr: expect.stringMatching(/^error: \.env: .*UTF-8/),
        })
      }
      expect(run(['doctor', '--format', 'text'])).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/failure +settings \(?\.env/),
      })
      expect(run(['audit', '--help'])).toMatchObject({ status: 0, stderr: '' })
      expect(run(['demo', '--output', join(directory, 'report.txt')])).toMatchObject({ status: 0 })
    } finally {
      rmSync(join(directory, '.env'))
    }
  })

  it.each(['mysql://u:abc@SecretTail9/x@127.0.0.1:3306/db', 'mysql://u:12/SecretTail9@127.0.0.1:1/db'])(
    'shows nothing of a password that is not encoded, here %s, and looks nothing of it up',
    (url) => {
      for (const command of ['audit', 'doctor', 'user-ledger']) {
        const { status, stdout, stderr } = run([command], {
          DATABASE_URL: url,
          FAL_API_BASE_URL: 'http://127.0.0.1:9/v1',
        })
        expect(status, command).not.toBe(0)
        expect(`${stdout}${stderr}`).toMatch(/percent-encode special characters of the password/)
        expect(`${stdout}${stderr}`).not.toMatch(/SecretTail9|no host is known|u:12|abc@/i)
      }
    },
  )

  it('shows no password of a DATABASE_URL that cannot be used', () => {
    const { status, stderr } = run(['audit'], { DATABASE_URL: 'mysql://root:hunter22-secret@127.0.0.1:1/app' })
    expect(status).toBe(2)
    expect(stderr).not.toContain('hunter22')
  })
})

describe('the demo', () => {
  it('audits its sample within 10 s, exits with 0 and leaves nothing behind', () => {
    const before = readdirSync(directory)
    const { status, stdout, stderr } = run(['demo', '--format', 'json'])
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, coverage: expect.anything() })
    expect(readdirSync(directory)).toEqual(before)
  })

  it('leaves nothing behind where two signals end it in its midst', async () => {
    const before = readdirSync(directory)
    const { child, ended } = start(['demo'])
    await until(() => readdirSync(directory).length > before.length)
    child.kill('SIGTERM')
    child.kill('SIGINT')
    const [code] = await ended
    expect(code).toBeGreaterThan(0)
    expect(readdirSync(directory)).toEqual(before)
  })

  it('needs no configuration, and takes none', () => {
    expect(run(['demo'], { DATABASE_URL: 'nonsense', AUDIT_TIMEZONE: 'nowhere' }).status).toBe(0)
  })
})

describe('MCP on stdio', () => {
  it('serves a real client', async () => {
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [MAIN], env: environment(), stderr: 'ignore' }),
    )
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name))
    const answer = await client.callTool({ name: 'user-ledger', arguments: {} })
    expect(answer.isError).toBe(true)
    expect(JSON.stringify(answer.content)).toMatch(/DATABASE_URL is not set.*demo/)
    await client.close()
  })

  it.each([[[]], [['mcp']]])(
    'with arguments %j writes nothing but the protocol to stdout, and ends with stdin',
    (args) => {
      const list = request(2, 'tools/list')
      const call = request(3, 'tools/call', { name: 'user-ledger', arguments: { nonsense: 1 } })
      const { status, stdout, stderr } = run(args, {}, `${INITIALIZE}${list}${call}`)
      expect([status, stderr]).toEqual([0, ''])
      const answers = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(answers.map(({ id }) => id).sort()).toEqual([1, 2, 3])
      for (const answer of answers) expect(answer).toMatchObject({ jsonrpc: '2.0', result: expect.anything() })
    },
  )

  it('answers a line that is no JSON, says so in one line, and goes on', () => {
    const { status, stdout, stderr } = run(['mcp'], {}, `nonsense\u001b[2J\n${INITIALIZE}`)
    const answers = stdout.trimEnd().split('\n')
    expect(answers.map((line) => JSON.parse(line).id)).toEqual([null, 1])
    expect(JSON.parse(answers[0]!).error.code).toBe(-32700)
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^mcp: answered -32700: .*\n$/)])
    expect(stderr).not.toContain('\u001b')
  })

  it('ends with 2 and one line where a line is too long to be held', () => {
    const { status, stdout, stderr } = run(['mcp'], {}, `${INITIALIZE}${'x'.repeat(10 * 1024 * 1024 + 1)}`)
    expect(JSON.parse(stdout).id).toBe(1)
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: a line of the input is longer than 10 MB.*\n$/),
    ])
  })

  it('never reads a .env', () => {
    writeFileSync(join(directory, '.env'), 'AUDIT_TIMEZONE=From/File\n')
    try {
      const call = request(2, 'tools/call', { name: 'user-ledger', arguments: {} })
      expect(run(['mcp'], {}, INITIALIZE + call).stdout).not.toContain('From/File')
    } finally {
      rmSync(join(directory, '.env'))
    }
  })

  it('starts with a bad configuration, and tells of it at the call', () => {
    const call = request(2, 'tools/call', { name: 'user-ledger', arguments: {} })
    const { stdout } = run(['mcp'], { AUDIT_TIMEZONE: 'Mars/Olympus' }, INITIALIZE + call)
    expect(stdout).toMatch(/"id":1/)
    expect(stdout).toMatch(/AUDIT_TIMEZONE.*Mars\/Olympus.*Asia\/Shanghai/)
  })

  /** What becomes of a call, piped in, to a database that says nothing, and hangs up after a while or never. */
  async function piped(hangsUpAfter?: number) {
    const slow = createServer((socket) => {
      socket.on('error', () => {})
      if (hangsUpAfter !== undefined) setTimeout(() => socket.destroy(), hangsUpAfter)
    }).listen(0, '127.0.0.1')
    await once(slow, 'listening')
    const { port } = slow.address() as AddressInfo
    const { child, said, ended } = start(['mcp'], { DATABASE_URL: `mysql://u:p@127.0.0.1:${port}/db` })
    child.stdin.end(INITIALIZE + request(2, 'tools/call', { name: 'user-ledger', arguments: {} }))
    const status = await ended
    slow.close()
    const ids = said.stdout.trimEnd().split('\n')
    return { status, ids: ids.map((line) => JSON.parse(line).id), stderr: said.stderr }
  }

  it('answers a call that was piped in, though it takes a while', async () => {
    expect(await piped(800)).toEqual({ status: [0, null], ids: [1, 2], stderr: '' })
  })

  it('says on stderr that a call went unanswered, since stdin ended before', async () => {
    const { status, ids, stderr } = await piped()
    expect([status, ids]).toEqual([[0, null], [1]])
    expect(stderr).toMatch(/^mcp: stdin ended before 1 call was answered; .*\n$/)
  })

  it.each(['stdin', 'SIGTERM', 'SIGINT'] as const)('ends promptly on %s, though a call hangs', async (how) => {
    // A database that accepts connections and says nothing.
    const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const { child, said, ended } = start(['mcp'], { DATABASE_URL: `mysql://u:p@127.0.0.1:${port}/db` })
    let connected = false
    silent.once('connection', () => {
      connected = true
    })
    child.stdin.write(INITIALIZE)
    await until(() => said.stdout.includes('"id":1'))
    child.stdin.write(request(2, 'tools/call', { name: 'user-ledger', arguments: {} }))
    await until(() => connected)
    if (how === 'stdin') child.stdin.end()
    else child.kill(how)
    expect(await ended).toEqual([0, null])
    expect(
      said.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual([1])
    silent.close()
  })
})
