import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFalDouble } from '../../src/demo/fal-double.ts'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import { keyIdOfAccount } from '../../src/demo/mini-world.ts'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { instant } from '../../src/units/instant.ts'
import { doctorTool } from '../../tools/doctor.ts'
import { type Diagnosis, healthyWorld, lineOf, statuses } from '../kit/doctor-case.ts'

/** The bundle as it is installed, built by npm test. These tests fail where it is missing. */
const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))
const SECRET = 'hunter22-secret'

const directory = mkdtempSync(join(tmpdir(), 'audit-doctor-'))
afterAll(() => rmSync(directory, { recursive: true }))

const environment = (more: Record<string, string>): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: directory,
  ...more,
})

function run(more: Record<string, string>, args: readonly string[] = []) {
  const options = { cwd: directory, env: environment(more), input: '', encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'doctor', ...args], options)
  return { status, stdout, stderr, told: (): Diagnosis => doctorTool.output.parse(JSON.parse(stdout)) }
}

describe('the command', () => {
  it('without any setting tells what to set, and exits with 1', () => {
    const { status, stderr, told } = run({})
    expect([status, stderr]).toEqual([1, ''])
    expect(lineOf(told(), 'database-url')).toMatchObject({ status: 'failure', seen: 'is not set' })
  })

  it('runs although settings cannot be used, and tells all of them without their secrets', () => {
    const { status, stdout, stderr, told } = run({
      DATABASE_URL: `mysql://root:${SECRET}@127.0.0.1:1`,
      AUDIT_TIMEZONE: 'Mars/Olympus',
      AUDIT_ACCOUNT_LIMIT: 'many',
      FAL_KEY: `two words ${SECRET}`,
      AUDIT_CONFIG: 'no/such.json',
    })
    expect([status, stderr]).toEqual([1, ''])
    expect(statuses(told(), 'settings')).toEqual([
      'AUDIT_CONFIG: failure',
      'AUDIT_TIMEZONE: failure',
      'AUDIT_ACCOUNT_LIMIT: failure',
      'FAL_KEY: failure',
    ])
    expect(lineOf(told(), 'database-url')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/it names no database/),
    })
    expect(stdout).not.toContain(SECRET)
  })

  it('prints text on demand', () => {
    const { status, stdout } = run({ DATABASE_URL: `mysql://root:${SECRET}@127.0.0.1:1/shop` }, ['--format', 'text'])
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /^Doctor, \S+: \d+ ok, \d+ warning, \d+ failure, \d+ unverified\n\nfailure {5}database-login: /,
    )
    expect(stdout).toMatch(/\n {12}→ see that it runs/)
    expect(stdout).not.toContain(SECRET)
    expect(run({}, ['--format', 'xml'])).toMatchObject({ status: 2, stderr: expect.stringMatching(/--?format/) })
  })
})

/** As run, without holding up this process, in which the double of fal lives. */
async function runBeside(more: Record<string, string>): Promise<{ status: number | null; told: Diagnosis }> {
  const child = spawn(process.execPath, [MAIN, 'doctor'], { cwd: directory, env: environment(more) })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  const [status] = (await once(child, 'exit')) as [number | null]
  return { status, told: doctorTool.output.parse(JSON.parse(stdout)) }
}

describe('on a world with nothing wrong', () => {
  const world = healthyWorld(instant(Date.now())).build()
  const path = join(directory, 'world.db')
  beforeAll(() => writeEmbedded(path, world.tables))

  /** Looks while a double of fal with these faults is up. */
  async function beside<T>(faults: readonly FalFault[], look: (env: Record<string, string>) => Promise<T>): Promise<T> {
    const double = await startFalDouble({ workspaces: world.workspaces, faults })
    try {
      return await look({ DATABASE_URL: `file:${path}`, FAL_API_BASE_URL: double.url, AUDIT_TIMEZONE: 'Asia/Shanghai' })
    } finally {
      await double.close()
    }
  }

  it('the command exits with 0, and the MCP tool says the same', async () => {
    await beside([], async (env) => {
      const { status, told } = await runBeside(env)
      expect(told.lines.filter((line) => line.status !== 'ok')).toEqual([])
      expect(status).toBe(0)
      const client = new Client({ name: 'test', version: '1' })
      await client.connect(
        new StdioClientTransport({ command: process.execPath, args: [MAIN], env: environment(env), stderr: 'ignore' }),
      )
      const { tools } = await client.listTools()
      expect(tools.find(({ name }) => name === 'doctor')?.annotations).toMatchObject({ readOnlyHint: true })
      const answer = await client.callTool({ name: 'doctor', arguments: {} })
      await client.close()
      const { lines } = doctorTool.output.parse(answer.structuredContent)
      expect(lines.map(({ id, status: each }) => [id, each])).toEqual(
        told.lines.map(({ id, status: each }) => [id, each]),
      )
      expect(answer.content).toEqual([{ type: 'text', text: JSON.stringify(answer.structuredContent, null, 2) }])
      for (const key of world.workspaces.flatMap(({ apiKeys }) => apiKeys)) {
        expect(JSON.stringify(answer)).not.toContain(key.split(':')[1])
      }
    })
  })

  it('the command exits with 3 where fal cannot answer', async () => {
    const faults = [{ kind: 'status', status: 500, path: '/models/usage', keyId: keyIdOfAccount(5) }] as const
    const { status, told } = await beside(faults, runBeside)
    expect(told.lines.filter((line) => line.status !== 'ok').map(({ id, status: each }) => [id, each])).toEqual([
      ['fal-key', 'unverified'],
    ])
    expect(status).toBe(3)
  })
})
