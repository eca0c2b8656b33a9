import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleWorld } from '../../src/demo/sample-world.ts'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { runProgram } from '../../src/program.ts'
import { createReportStore } from '../../src/reports.ts'
import { createSecrets } from '../../src/secrets.ts'
import { instant } from '../../src/units/instant.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-kept-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const within = (name: string): string => join(folder, name)

/** Runs a command line of the program in the folder. */
async function run(args: readonly string[], environment: Record<string, string> = {}) {
  const said = { stdout: '', stderr: '' }
  const into = (name: keyof typeof said) =>
    new Writable({
      write(chunk, _encoding, done) {
        said[name] += String(chunk)
        done()
      },
    })
  const code = await runProgram(args, {
    version: '1.2.3',
    environment: { XDG_DATA_HOME: within('data'), ...environment },
    directory: () => folder,
    stdout: into('stdout'),
    stderr: into('stderr'),
    stdinIsTerminal: true,
    secrets: createSecrets(),
    reports: createReportStore(),
    clock: () => instant(0),
    signal: new AbortController().signal,
    processFacts: () => ({ residentBytes: 0, heapUsedBytes: 0, cpuSeconds: 0 }),
    onExit: () => () => {},
    serveMcp: async () => {},
  })
  return { code, ...said }
}

/** Everything in the folder, by name. */
const contents = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => [name, readFileSync(within(name), 'latin1')]),
  )

describe('the output of an audit', () => {
  it.each(['t.db', 'link', './deep/../t.db'])('is never the audited database, here %s', async (output) => {
    await writeEmbedded(within('t.db'), sampleWorld().tables)
    symlinkSync('t.db', within('link'))
    mkdirSync(within('deep'))
    const before = contents()
    const { code, stdout, stderr } = await run(['audit', '--output', within(output)], {
      DATABASE_URL: `file:${within('t.db')}`,
    })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^error: --output: ".*" is not accepted \(it is a file of DATABASE_URL.*\); give a file of its own/,
    )
    expect(contents()).toEqual(before)
  })

  it.each([
    ['t.db-wal', 'DATABASE_URL'],
    ['t.db-shm', 'DATABASE_URL'],
    ['data/fal-consumption-audit/billing.db', 'BILLING_STORE'],
    ['data/fal-consumption-audit/billing.db-wal', 'BILLING_STORE'],
    ['audit.json', 'AUDIT_CONFIG'],
    ['.env', '.env'],
  ])('is never %s, which is of %s, there or not, for the demo neither', async (output, name) => {
    mkdirSync(within('data/fal-consumption-audit'), { recursive: true })
    writeFileSync(within('audit.json'), '{}')
    const settings = { DATABASE_URL: `file:${within('t.db')}`, AUDIT_CONFIG: 'audit.json' }
    const before = contents()
    for (const command of ['audit', 'demo']) {
      const { code, stderr } = await run([command, '--output', within(output)], settings)
      expect([code, stderr]).toEqual([2, expect.stringContaining(`a file of ${name}`)])
    }
    expect(contents()).toEqual(before)
  })

  it('is any other file, whatever is wrong with the configuration', async () => {
    const settings = { DATABASE_URL: 'nonsense', AUDIT_CONFIG: 'nowhere.json', BILLING_STORE: 'nonsense' }
    const { code } = await run(['demo', '--format', 'json', '--output', within('t.db')], settings)
    expect(code).toBe(0)
    expect(JSON.parse(contents()['t.db'] ?? '')).toMatchObject({ schemaVersion: 1 })
  })
})

describe('the output of an import', () => {
  const table = 'id,name,api_key,balance,status\n5,main,k,1,1\n'
  const tasks =
    'id,user_id,task_id,online_task_id,app_name,api_key,status,money,cost_money,is_refund,created_at,completed_at\n'
  const files = () => {
    writeFileSync(within('accounts.csv'), table)
    writeFileSync(within('tasks.csv'), tasks)
    return ['--accounts', within('accounts.csv'), '--tasks', within('tasks.csv'), '--overwrite']
  }

  it('is never the billing store, though that is a database too', async () => {
    const store = within('store.db')
    await writeEmbedded(store, sampleWorld().tables)
    const args = files()
    const before = contents()
    const { code, stderr } = await run(['import', '--output', store, ...args], { BILLING_STORE: `file:${store}` })
    expect([code, stderr]).toEqual([2, expect.stringContaining('a file of BILLING_STORE')])
    expect(contents()).toEqual(before)
  })

  it('is the audited database, where --overwrite asks for it', async () => {
    const database = within('t.db')
    await writeEmbedded(database, sampleWorld().tables)
    const { code } = await run(['import', '--output', database, ...files()], { DATABASE_URL: `file:${database}` })
    expect(code).toBe(0)
  })
})
