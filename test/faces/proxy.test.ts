import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { instant, SECOND } from '../../src/units/instant.ts'
import { doctorTool } from '../../tools/doctor.ts'
import { KEY, SECRET, workspace } from '../fal/line.ts'
import { type Authority, makeAuthority } from '../kit/certificates.ts'
import { healthyWorld, lineOf } from '../kit/doctor-case.ts'
import { FAL_HOST, FAL_URL, proxyFor, startFalBehindTls } from '../kit/proxy-double.ts'

/** The bundle as it is installed, built by npm test. These tests fail where it is missing. */
const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))
const PASSWORD = 'p4ss-word!'
const LOGIN = `scout-2026:${encodeURIComponent(PASSWORD)}`
const SECRETS = new RegExp(
  ['p4ss', 'scout-2026', SECRET, Buffer.from(`scout-2026:${PASSWORD}`).toString('base64')].join('|'),
)

const directory = mkdtempSync(join(tmpdir(), 'audit-proxy-'))
let authority: Authority
let fal: Awaited<ReturnType<typeof startFalBehindTls>>

beforeAll(async () => {
  authority = makeAuthority()
  fal = await startFalBehindTls(authority.issue('fal', `DNS:${FAL_HOST}`), { workspaces: [workspace()] })
})
afterAll(async () => {
  await fal.close()
  authority.remove()
  rmSync(directory, { recursive: true })
})

const routes = () => ({ [`${FAL_HOST}:443`]: fal.port })

const environment = (more: Record<string, string>): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: directory,
  FAL_KEY: KEY,
  FAL_API_BASE_URL: FAL_URL,
  NODE_EXTRA_CA_CERTS: join(authority.folder, 'ca.pem'),
  ...more,
})

/** Runs the program beside the doubles, which live in this process. */
async function run(args: readonly string[], more: Record<string, string>, cwd = directory) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: environment(more) })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [status] = (await once(child, 'close')) as [number | null]
  expect(`${stdout}${stderr}`).not.toMatch(SECRETS)
  return { status, stdout, stderr }
}

const balance = (more: Record<string, string>, cwd?: string) => run(['fal-balance'], more, cwd)

describe('a proxy that HTTPS_PROXY names', () => {
  it('leads to fal, is told by the doctor, and nothing of its login is told', async () => {
    const proxy = await proxyFor({ routes: routes(), login: `scout-2026:${PASSWORD}` })
    const env = { HTTPS_PROXY: proxy.url(LOGIN) }
    const { status, stdout } = await balance(env)
    expect(status).toBe(0)
    expect(stdout).toContain('12.5')
    expect(proxy.seen()).not.toMatch(/^authorization|Key /m)
    const told = doctorTool.output.parse(JSON.parse((await run(['doctor'], env)).stdout))
    expect(lineOf(told, 'fal-api')).toMatchObject({
      status: 'ok',
      seen: `fal answered 1 of 1 key, through the proxy ${proxy.place}`,
    })
  })

  it('changes nothing of what an audit finds', async () => {
    const world = healthyWorld(instant(Date.now())).build()
    const path = join(directory, 'world.db')
    await writeEmbedded(path, world.tables)
    const shop = await startFalBehindTls(authority.issue('shop', `DNS:${FAL_HOST}`), { workspaces: world.workspaces })
    onTestFinished(() => shop.close())
    const proxy = await proxyFor({ routes: { [`${FAL_HOST}:443`]: shop.port } })
    const env = { DATABASE_URL: `file:${path}`, AUDIT_TIMEZONE: 'UTC', HTTPS_PROXY: proxy.url(LOGIN) }
    const audit = async (more: Record<string, string>) => {
      const { status, stdout } = await run(['audit', '--format', 'json'], { ...env, ...more })
      const { findings, coverage, layers } = JSON.parse(stdout)
      return { status, findings, complete: coverage.complete, layers }
    }
    const direct = await audit({ FAL_API_BASE_URL: shop.double.url })
    expect(proxy.asked).toEqual([])
    expect(await audit({})).toEqual(direct)
    expect(direct).toMatchObject({ complete: true })
    expect(proxy.asked.length).toBeGreaterThan(0)
  })

  it('that refuses the login is told, and what to mend', async () => {
    const proxy = await proxyFor({ routes: routes(), login: 'scout-2026:another' })
    const { stdout } = await run(['doctor'], { https_proxy: proxy.url(LOGIN) })
    const line = lineOf(doctorTool.output.parse(JSON.parse(stdout)), 'fal-api')
    expect(line).toMatchObject({ status: 'failure', todo: expect.stringContaining(proxy.place) })
    expect(line.seen).toMatch(/^the proxy .* \(https_proxy\) answered 407.*mend them in https_proxy/)
    expect((await balance({ https_proxy: proxy.url(LOGIN) })).stdout).toContain('answered 407')
  })

  it('leads to fal over MCP', async () => {
    const proxy = await proxyFor({ routes: routes(), login: `scout-2026:${PASSWORD}` })
    const client = new Client({ name: 'test', version: '1' })
    const env = environment({ HTTPS_PROXY: proxy.url(LOGIN), https_proxy: '$' + '{https_proxy}', NO_PROXY: '' })
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [MAIN, 'mcp'], env, cwd: directory }),
    )
    const answer = JSON.stringify(await client.callTool({ name: 'fal-balance', arguments: {} }))
    expect(answer).toContain('12.5')
    expect(answer).not.toMatch(SECRETS)
    expect(proxy.asked.length).toBeGreaterThan(0)
    const began = performance.now()
    await client.close()
    expect(performance.now() - began).toBeLessThan(SECOND)
  })

  it('may come from a .env, where the environment names none in either case', async () => {
    const proxy = await proxyFor({ routes: routes() })
    const folder = join(directory, 'with-env')
    mkdirSync(folder)
    writeFileSync(join(folder, '.env'), `https_proxy=${proxy.url()}\n`)
    expect((await balance({}, folder)).stdout).toContain('12.5')
    const before = proxy.asked.length
    expect(before).toBeGreaterThan(0)
    const other = await proxyFor({ routes: routes() })
    expect((await balance({ HTTPS_PROXY: other.url() }, folder)).stdout).toContain('12.5')
    expect(other.asked.length).toBeGreaterThan(0)
    expect(proxy.asked).toHaveLength(before)
  })

  it('is passed by where NO_PROXY names fal, and on this machine', async () => {
    const proxy = await proxyFor({ routes: routes() })
    // No name server knows the host, so that nothing but a proxy could lead there.
    const { stdout } = await balance({ HTTPS_PROXY: proxy.url(), no_proxy: `.${FAL_HOST.replace('api.', '')}` })
    expect(stdout).toMatch(/fal could not be reached: its host name/)
    const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']
    const all = Object.fromEntries(names.map((name) => [name, proxy.url()]))
    expect((await balance({ ...all, FAL_API_BASE_URL: fal.double.url })).stdout).toContain('12.5')
    expect(proxy.asked).toEqual([])
  })

  it('that is none is a mistake of the configuration, told without its login', async () => {
    const { status, stdout, stderr } = await balance({ HTTPS_PROXY: `socks5://${LOGIN}@127.0.0.1:1080` })
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('HTTPS_PROXY: "socks5://***@127.0.0.1:1080" is not accepted; give http://')
    const doctor = await run(['doctor'], {
      HTTPS_PROXY: `socks5://${LOGIN}@127.0.0.1:1080`,
      FAL_API_BASE_URL: fal.double.url,
    })
    expect(doctor.stdout).toContain('every setting is well-formed')
  })

  it('and that hangs does not hold up whoever ends the program', async () => {
    const proxy = await proxyFor({ fault: 'hang' })
    const child = spawn(process.execPath, [MAIN, 'fal-balance'], {
      cwd: directory,
      env: environment({ HTTPS_PROXY: proxy.url() }),
    })
    while (proxy.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const began = performance.now()
    child.kill('SIGINT')
    await once(child, 'close')
    expect(performance.now() - began).toBeLessThan(SECOND)
  })
})
