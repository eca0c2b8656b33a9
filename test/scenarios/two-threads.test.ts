import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { apiKeyOf, MiniWorld } from '../../src/demo/mini-world.ts'
import { SAMPLE_DATE, SAMPLE_NOW, sampleWorld } from '../../src/demo/sample-world.ts'
import { auditRealWorld, openWorld } from '../kit/real-audit.ts'
import { joiningThread } from '../kit/two-threads.ts'

const untimed = (report: object) => ({ ...report, reportId: undefined })

describe('an audit by two threads', () => {
  it.each(['summary', 'requests'] as const)('is that by one, at depth %s', async (depth) => {
    const options = { start: SAMPLE_DATE, end: SAMPLE_DATE, now: SAMPLE_NOW, depth }
    const thread = await joiningThread()
    const one = await auditRealWorld(sampleWorld(), { store: 'embedded' }, options)
    const two = await auditRealWorld(sampleWorld(), { store: 'embedded', thread }, options)
    expect(one.findings.length).toBeGreaterThan(5)
    expect(untimed(two)).toEqual(untimed(one))
  })
})

/** The program as it is installed, built by npm test. */
const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))
/** Tells of each thread that is started; and, if it is told to, that the machine has one processor. */
const HOOK = `
const threads = require('node:worker_threads')
threads.Worker = class extends threads.Worker {
  constructor(program, options) {
    super(program, options)
    process.stderr.write('thread ' + program + '\\n')
  }
}
if (process.env.PROCESSORS) require('node:os').availableParallelism = () => Number(process.env.PROCESSORS)
require('node:module').syncBuiltinESMExports()`

describe('the program, where there is much to join', () => {
  it('has a second thread where there is a second processor, and tells the same without', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-two-threads-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'hook.cjs'), HOOK)
    const world = new MiniWorld().account(5).account(6)
    // Enough tasks and ledger rows.
    for (let index = 0; index < 51_000; index++) {
      world.task({
        account: 5 + (index % 2),
        user: 101 + (index % 50),
        cost: index === 7000 ? '0.9' : '0.1',
        points: 1 + (index % 9),
      })
    }
    world.event({ cost: '0.7', timestamp: '2026-02-06T08:00:00Z' }, apiKeyOf(6))
    const real = await openWorld(world.build(), { store: 'embedded' })
    onTestFinished(() => real.close())
    const audit = async (processors: string) => {
      const day = ['--start', '2026-02-06', '--end', '2026-02-06', '--depth', 'requests', '--lang', 'en']
      const child = spawn(process.execPath, ['--require', join(folder, 'hook.cjs'), MAIN, 'audit', ...day], {
        cwd: folder,
        env: {
          PATH: process.env.PATH ?? '',
          TMPDIR: folder,
          DATABASE_URL: real.url,
          FAL_API_BASE_URL: real.falUrl,
          AUDIT_TIMEZONE: 'Asia/Shanghai',
          PROCESSORS: processors,
        },
      })
      const said = { out: '', error: '' }
      child.stdout.on('data', (text) => {
        said.out += text
      })
      child.stderr.on('data', (text) => {
        said.error += text
      })
      const [code] = (await once(child, 'close')) as [number]
      const timed = /^.*(?:read at|fetched|snapshot|as of).*$/gim
      return {
        code,
        out: said.out.replace(timed, ''),
        threads: said.error.match(/^thread .*joining-thread\.mjs$/gm)?.length ?? 0,
      }
    }
    const [two, one] = [await audit('2'), await audit('1')]
    expect([two.threads, one.threads]).toEqual([1, 0])
    expect(two.out.length).toBeGreaterThan(1000)
    expect({ ...two, threads: 0 }).toEqual(one)
  }, 90_000)
})
