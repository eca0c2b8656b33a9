import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { HEADERS, taskFile, taskLine, type Workshop, workshop } from './kit.ts'

/** The bundle as it is installed, built by npm test. */
const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))
const SECRET = '0a1b2c3d-0000-4000-8000-000000000000:0123456789abcdef0123456789abcdef'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const environment = (shop: Workshop, more: Record<string, string> = {}) => ({
  PATH: process.env.PATH ?? '',
  TMPDIR: shop.folder,
  ...more,
})

const run = (shop: Workshop, args: readonly string[], more: Record<string, string> = {}, input = '') =>
  spawnSync(process.execPath, [MAIN, 'import', ...args], {
    cwd: shop.folder,
    env: environment(shop, more),
    input,
    encoding: 'utf8',
  })

const FILES = ['--accounts', 'accounts.csv', '--tasks', 'tasks 1.csv']

describe('the command', () => {
  it('imports, prints JSON alone on stdout, and the command that audits next', () => {
    const shop = workshop()
    shop.write('tasks 1.csv', taskFile(taskLine(1)))
    shop.write('tasks,2.csv', taskFile(taskLine(2)))
    const { status, stdout, stderr } = run(shop, [
      '--output',
      'out.db',
      ...FILES,
      'tasks,2.csv',
      '--timezone',
      '+08:00',
    ])
    expect([status, stderr]).toEqual([0, ''])
    const outcome = JSON.parse(stdout)
    expect(outcome).toMatchObject({
      status: 'written',
      output: 'out.db',
      tables: [{ rows: 1 }, { rows: 2, files: ['tasks 1.csv', 'tasks,2.csv'] }],
      seconds: expect.any(Number),
    })
    const next = String(outcome.next).replace('fal-consumption-audit', `"${process.execPath}" "${MAIN}"`)
    const env = environment(shop, { FAL_API_BASE_URL: 'http://127.0.0.1:9/v1' })
    const audit = spawnSync('sh', ['-c', `${next} --format json`], { env, encoding: 'utf8' })
    expect([audit.stderr, audit.status]).toEqual(['', 3])
    expect(JSON.parse(audit.stdout)).toMatchObject({
      tasks: { totals: { outsideAccounts: { taskCount: 0 }, taskCount: 2 } },
    })
  })

  it('names bad lines on stderr, without keys, and exits with 2', () => {
    const shop = workshop()
    // A comma too many puts the key where the status belongs.
    shop.write('tasks 1.csv', taskFile(taskLine(1, { money: SECRET }), taskLine(2), taskLine(2)))
    const { status, stdout, stderr } = run(shop, ['--output', 'out.db', ...FILES])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^tasks 1\.csv:2: money: what stands there is not accepted \(its value is not shown.*\); give a whole number/,
      ),
      expect.stringMatching(/^tasks 1\.csv:4: id: 2 is there already/),
      'error: 2 bad lines; nothing was written',
      expect.stringMatching(/^ {2}Correct/),
      '',
    ])
    expect(stderr).not.toContain(SECRET.slice(40))
    expect(shop.files()).toEqual(['accounts.csv', 'tasks 1.csv'])
  })

  it('says so where nobody told the zone', () => {
    const shop = workshop()
    shop.write('tasks 1.csv', taskFile(taskLine(1)))
    const { status, stdout, stderr } = run(shop, ['--output', 'out.db', ...FILES])
    expect([status, JSON.parse(stdout).timezone]).toEqual([0, null])
    expect(stderr).toMatch(/^note: .*zone.*ZONE.*\n$/)
  })

  it('takes DB_TIMEZONE, and the names of columns from AUDIT_CONFIG', () => {
    const shop = workshop()
    shop.write('config.json', JSON.stringify({ columns: { tasks: { appName: 'model' } } }))
    shop.write('tasks 1.csv', taskFile(taskLine(1)).replace('app_name', 'model'))
    const settings = { DB_TIMEZONE: 'Asia/Tokyo', AUDIT_CONFIG: 'config.json' }
    const { status, stdout, stderr } = run(shop, ['--output', 'out.db', ...FILES], settings)
    expect([status, stderr, JSON.parse(stdout).timezone]).toEqual([0, '', 'Asia/Tokyo'])
  })

  it('reads a pipe', () => {
    const shop = workshop()
    const args = ['--output', 'out.db', '--accounts', 'accounts.csv', '--tasks', '/dev/stdin', '--timezone', '+08:00']
    const line = `cat | "${process.execPath}" "${MAIN}" import ${args.join(' ')}`
    const lines = Array.from({ length: 5000 }, (_, index) => taskLine(index + 1))
    const { status, stdout } = spawnSync('sh', ['-c', line], {
      cwd: shop.folder,
      env: environment(shop),
      input: taskFile(...lines),
      encoding: 'utf8',
    })
    expect([status, JSON.parse(stdout).tables[1].rows]).toEqual([0, 5000])
  })

  it.each([
    [['--output', 'out.db'], /^error: --accounts: is missing; give --accounts FILE/],
    [['--accounts', 'accounts.csv'], /^error: --output: is missing/],
    [['--output', 'no/out.db', ...FILES], /^error: --output: .*folder does not exist/],
    [['--output', 'out.db', ...FILES, '--users'], /^error: --users: has no value; give one or more files/],
    [['--output', 'out.db', ...FILES, '--points', 'none.csv'], /^error: --points: "none\.csv" is not accepted/],
    [['--output', 'out.db', ...FILES, '--usd-type', 'yen'], /^error: --usd-type: .*auto, float, decimal/],
  ])('with %j fails with 2', (args, message) => {
    const shop = workshop()
    shop.write('tasks 1.csv', taskFile(taskLine(1)))
    const { status, stdout, stderr } = run(shop, args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(shop.files()).toEqual(['accounts.csv', 'tasks 1.csv'])
  })
})

it.each([
  ['SIGINT', 130, 'a writer that begins and does not go on'],
  ['SIGTERM', 143, 'a writer that begins and does not go on'],
  ['SIGHUP', 129, 'a writer that begins and does not go on'],
  ['SIGINT', 130, 'nobody'],
  ['SIGTERM', 143, 'nobody'],
] as const)('%s leaves nothing, with exit code %i, while it reads from %s', async (signal, code, other) => {
  const shop = workshop()
  const args = [MAIN, 'import', '--output', 'out.db', '--accounts', 'accounts.csv', '--tasks', 'tasks.pipe']
  expect(spawnSync('mkfifo', [shop.path('tasks.pipe')]).status).toBe(0)
  const child = spawn(process.execPath, args, {
    cwd: shop.folder,
    env: environment(shop),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  if (other !== 'nobody') {
    const writer = spawn('sh', ['-c', 'exec 3> tasks.pipe; cat >&3; sleep 60'], {
      cwd: shop.folder,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    children.push(writer)
    writer.stdin?.write(`${HEADERS.tasks}\n${`${taskLine(1)}\n`.repeat(2000)}`)
  }
  const ended = once(child, 'exit')
  const temporary = () => readdirSync(shop.folder).filter((name) => name.endsWith('.tmp'))
  for (let turn = 0; turn < 500 && temporary().length === 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  expect(temporary()).toHaveLength(1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  child.kill(signal)
  expect(await ended).toEqual([code, null])
  expect(shop.files()).toEqual(['accounts.csv', 'tasks.pipe'])
})

it('ends at Ctrl-C, and leaves nothing, while somebody types at a terminal', async () => {
  const shop = workshop()
  const args = ['--output', 'out.db', '--accounts', 'accounts.csv', '--tasks', '/dev/stdin']
  const line = `exec "${process.execPath}" "${MAIN}" import ${args.join(' ')}`
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: shop.folder,
    env: { ...environment(shop), SHELL: '/bin/sh' },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  children.push(child)
  const ended = once(child, 'exit')
  child.stdin?.write(`${HEADERS.tasks}\n`)
  const temporary = () => readdirSync(shop.folder).filter((name) => name.endsWith('.tmp'))
  for (let turn = 0; turn < 500 && temporary().length === 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  expect(temporary()).toHaveLength(1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  child.stdin?.write('\x03')
  expect(await ended).toEqual([130, null])
  expect(shop.files()).toEqual(['accounts.csv'])
})
