import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { AuditError } from '../../src/errors.ts'
import { exitCodeOf, type FailOn } from '../../src/faces/exit-code.ts'
import { failureOf } from '../../src/faces/outgoing.ts'
import { runAudit } from '../../src/operation.ts'
import { run } from './command-line.ts'
import { echoTool, fakeDependencies, fakeServices, reportWith, SECRET, toolThat } from './fake-tools.ts'

const directory = mkdtempSync(join(tmpdir(), 'audit-cli-'))
afterAll(() => rmSync(directory, { recursive: true }))

const given = (stdout: string): unknown => JSON.parse(stdout).given

describe('without a command', () => {
  it('a terminal gets help', async () => {
    const { code, stdout } = await run([])
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: fal-consumption-audit COMMAND')
  })

  it('a pipe gets the MCP server', async () => {
    const terminal = { write: async () => {}, note: () => {}, status: () => {}, stdinIsTerminal: false }
    const { code, stderr, stdout } = await run([], [], { terminal, serveMcp: async () => {} })
    expect([code, stderr, stdout]).toEqual([0, '', ''])
  })
})

describe('serve', () => {
  it('listens on loopback and the ports of the contract, unless it is told otherwise', async () => {
    const { code, stderr } = await run(['serve'])
    expect([code, JSON.parse(stderr.replace('served ', ''))]).toEqual([
      0,
      { host: '127.0.0.1', mcp_port: 9090, rest_port: 8080 },
    ])
    const args = [
      '--demo',
      '--host',
      '::1',
      '--mcp-port',
      '1',
      '--rest-port',
      '1',
      '--allow-hosts',
      'a.example,b.example',
    ]
    const told = await run(['serve', ...args, '--requests-per-minute', '10'])
    expect(JSON.parse(told.stderr.replace('served ', ''))).toEqual({
      host: '::1',
      mcp_port: 1,
      rest_port: 1,
      allow_hosts: ['a.example', 'b.example'],
      requests_per_minute: 10,
      demo: true,
    })
  })

  it.each([
    [['--mcp-port', '65536'], /--mcp-port.*at most 65535/],
    [['--port', '80'], /no flag --port; accepted: --rest-port, --mcp-port|no flag --port/],
    [['--requests-per-minute', '0'], /--requests-per-minute.*at least 1/],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await run(['serve', ...flags])
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})

describe('help and version', () => {
  it.each([['--help'], ['-h'], ['help']])('%s lists every command', async (flag) => {
    const { code, stdout, stderr } = await run([flag])
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ['audit', 'echo-rows', 'demo', 'mcp', 'DATABASE_URL', '--fail-on'])
      expect(stdout).toContain(name)
    // The audit's zone comes before the database's own.
    expect(stdout).toMatch(/DB_TIMEZONE +zone of the stored times \(default: AUDIT_TIMEZONE, otherwise/)
  })

  it('has the version of the program for each command', async () => {
    expect(await run(['echo-rows', '--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })

  it.each([['--version'], ['-v']])('%s prints the version alone', async (flag) => {
    expect(await run([flag])).toMatchObject({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })

  it.each([[['echo-rows', '--help']], [['help', 'echo-rows']], [['echo-rows', '--depth', 'x', '-h']]])(
    '%j shows the flags of the command, from its schema',
    async (args) => {
      const { code, stdout } = await run(args)
      expect(code).toBe(0)
      expect(stdout).toMatch(/--user-ids N\.\.\. +user ids/)
      expect(stdout).toMatch(/--depth summary\|requests +how deep \(default requests\)/)
      expect(stdout).not.toContain('--cursor')
    },
  )

  it('keeps its lines within 100 columns', async () => {
    for (const args of [['--help'], ['audit', '--help'], ['echo-rows', '--help']]) {
      const { stdout } = await run(args)
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    }
  })
})

describe('the flags of a tool', () => {
  it.each<[string[], Record<string, unknown>]>([
    [['--ids', '5', '12'], { ids: [5, 12] }],
    [['--ids', '5,12'], { ids: [5, 12] }],
    [['--ids=5，12'], { ids: [5, 12] }],
    [['--ids', '5', '--ids', '12'], { ids: [5, 12] }],
    [['--ids', '5,', '12'], { ids: [5, 12] }],
    [['--ids', '5, 12', '--start', 'x'], { ids: [5, 12], start: 'x' }],
    [['--user-ids', '1'], { user_ids: [1] }],
    [['--user_ids', '1'], { user_ids: [1] }],
    [['--limit', '3'], { limit: 3 }],
    [['--limit=3'], { limit: 3 }],
    [['--with-names'], { with_names: true }],
    [['--with_names=false'], { with_names: false }],
    [['--no-with-names'], { with_names: false }],
    [['--depth', 'summary'], { depth: 'summary' }],
    [['--start', ''], { start: '' }],
  ])('%j are read as %j', async (flags, input) => {
    const { code, stdout, stderr } = await run(['echo-rows', ...flags])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(given(stdout)).toEqual({ depth: 'requests', ...input })
  })

  it.each([
    [['--idz', '5'], /no flag --idz; accepted: --ids/],
    [['--fromage', '5'], /accepted: --start, --ids, --user-ids, --depth/],
    [['--cursor', 'x'], /no flag --cursor/],
    [['-x'], /no flag -x/],
    [['stray'], /"stray" is not accepted here/],
    [['--start', 'x', 'stray'], /"stray" is not accepted here/],
    [['--start'], /--start: has no value/],
    [['--start', '\uFFFD\uFFFD'], /^error: echo-rows: an argument is not in UTF-8/],
    [['--start', '--ids', '5'], /--start: has no value/],
    [['--ids', '5,,12'], /--ids: "5,,12" is not accepted \(part 2 is empty\); give one or more whole numbers/],
    [['--ids', ''], /--ids: has no value/],
    [['--ids', ','], /--ids: "," is not accepted \(part 1 is empty\)/],
    [['--ids', '9007199254740991'], /--ids: "9007199254740991" is not accepted; give a number of at most 1000000/],
    [['--ids', '9007199254740992'], /--ids: "9007199254740992" is not accepted \(it is beyond 9007199254740991\)/],
    [['--start', 'a', '--start', 'b'], /--start: is given more than once; give it once/],
    [['--depth', 'summary', '--depth=requests'], /--depth: is given more than once/],
    [['--with-names', '--no-with-names'], /--with-names: is given more than once/],
    [['--ids', 'five'], /--ids: "five" is not accepted; give one or more whole numbers/],
    [['--ids', '-1'], /--ids: "-1" is not accepted; give a number of at least 0/],
    [['--limit', '1e3'], /--limit: "1e3" is not accepted; give a number/],
    [['--limit', '2.5'], /--limit: "2.5" is not accepted; give a whole number/],
    [['--depth', 'deep'], /--depth: "deep" is not accepted; give one of: summary, requests/],
    [['--with-names=maybe'], /--with-names: "maybe" is not accepted/],
  ])('%j are refused', async (flags, message) => {
    const { code, stdout, stderr } = await run(['echo-rows', ...flags])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
    expect(stderr.split('\n').length).toBeLessThanOrEqual(2)
  })
})

describe('a tool as a command', () => {
  it('prints its whole result, however long', async () => {
    const { stdout } = await run(['echo-rows', '--limit', '3000'])
    expect(JSON.parse(stdout).rows).toHaveLength(3000)
    expect(JSON.parse(stdout)).not.toHaveProperty('nextCursor')
  })

  it('exits with 3 where its result says that some source could not be verified', async () => {
    const partial = toolThat('partial', async () => ({ coverage: { complete: false } }))
    expect((await run(['partial'], [partial])).code).toBe(3)
    const short = toolThat('short', async () => ({ complete: false }))
    expect((await run(['short'], [short])).code).toBe(3)
    const whole = toolThat('whole', async () => ({ coverage: { complete: true } }))
    expect((await run(['whole'], [whole])).code).toBe(0)
  })

  it('shows no secret', async () => {
    const leaking = toolThat('leaking', async () => ({ value: SECRET }))
    expect((await run(['leaking'], [leaking])).stdout).not.toContain(SECRET)
  })

  it('shows progress, and takes it away', async () => {
    const busy = toolThat('busy', async (_dependencies, { progress }) => {
      progress({ message: 'reading tasks', done: 5, total: 9 })
      return {}
    })
    const { status } = await run(['busy'], [busy])
    expect(status[0]).toBe('reading tasks 5/9')
    expect(status.at(-1)).toBe('')
  })

  it('tells a failure and its remedy in two lines, without a stack', async () => {
    const failing = toolThat('failing', async () => {
      throw new AuditError('source', `no login for ${SECRET}`, { next: 'check the user' })
    })
    expect(await run(['failing'], [failing])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error: no login for [redacted]\n  check the user',
    })
  })

  it('fails where its result cannot be written', async () => {
    const write = (): Promise<void> => Promise.reject(new AuditError('source', 'stdout: it cannot be written (ENOSPC)'))
    const noted: string[] = []
    const terminal = { write, note: (line: string) => void noted.push(line), status: () => {}, stdinIsTerminal: true }
    for (const args of [['echo-rows'], ['demo'], ['--version']]) {
      expect((await run(args, [echoTool], { terminal })).code).toBe(2)
      expect(noted.splice(0)).toEqual(['error: stdout: it cannot be written (ENOSPC)'])
    }
  })

  it('tells a bug with its stack, redacted', async () => {
    const buggy = toolThat('buggy', async () => {
      throw new TypeError(`bad ${SECRET}`)
    })
    const { code, stderr } = await run(['buggy'], [buggy])
    expect(code).toBe(2)
    expect(stderr).toMatch(/fault of this program/)
    expect(stderr).toContain('TypeError: bad [redacted]')
  })
})

describe('an unknown command', () => {
  it.each([
    ['audti', 'audit'],
    ['echo_rows', 'echo-rows'],
    ['xyzzy', 'audit, echo-rows, demo, import, mcp'],
    ['--start', 'audit'],
  ])('%s is answered with %s', async (name, accepted) => {
    const { code, stdout, stderr } = await run([name])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(accepted)
  })
})

describe('the demo', () => {
  it.each([
    ['text', /第一层|Fal/],
    ['markdown', /^# /],
    ['json', /"schemaVersion": 1/],
  ])('prints its report as %s and exits with 0', async (format, content) => {
    const { code, stdout } = await run(['demo', '--format', format])
    expect(code).toBe(0)
    expect(stdout).toMatch(content)
  })

  it('lists the models of each account on request', async () => {
    const models = [{ accountId: 5, model: 'fal-ai/kling', unit: 'second', quantity: '13', costUsd: '6.5' }]
    const report = reportWith({ official: { ...reportWith().official, models } })
    const { stdout } = await run(['demo', '--models'], [], { runDemo: async () => report })
    expect(stdout).toMatch(/5 +fal-ai\/kling +13 +second +6\.50/)
    expect((await run(['demo'], [], { runDemo: async () => report })).stdout).not.toContain('fal-ai/kling')
  })

  it('exits with 0 whatever it finds', async () => {
    const report = reportWith({ coverage: { complete: false, sources: [] } })
    expect((await run(['demo'], [], { runDemo: async () => report })).code).toBe(0)
  })

  it('writes to a file, whole, and says so on stderr', async () => {
    const file = join(directory, 'report.json')
    const { stdout, stderr } = await run(['demo', '--format', 'json', '--output', file])
    expect(stdout).toBe('')
    expect(stderr).toBe(`report written to ${file}`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(reportWith())
    expect(readdirSync(directory)).toEqual(['report.json'])
  })

  it('says so in one clean line without secrets, whatever the file is called', async () => {
    const name =
      'a\u001b[31m\nerror: forged\u202e 0a1b2c3d-0000-4000-8000-000000000001:feedfacefeedfacefeedfacefeedface'
    const { stderr } = await run(['demo', '--output', join(directory, name)])
    expect(stderr).toBe(`report written to ${directory}/a error: forged [redacted]`)
    rmSync(join(directory, name))
  })

  const keptFiles = async () => [{ name: 'BILLING_STORE', path: join(directory, 'billing.db') }]
  it.each(['nowhere/report.json', '.', 'billing.db'])('refuses the file %s before it works', async (name) => {
    const runDemo = (): Promise<Report> => Promise.reject(new Error('worked'))
    const { code, stderr } = await run(['demo', '--output', join(directory, name)], [], { runDemo, keptFiles })
    expect(code).toBe(2)
    expect(stderr).toMatch(/--output: .* is not accepted/)
  })
})

describe('an error', () => {
  const failing = (message: string) => {
    const detail = { field: 'rows', accepted: 'at most 5 rows', next: 'correct the row' }
    return run(['fails'], [toolThat('fails', () => Promise.reject(new AuditError('source', message, detail)))])
  }

  it('says what is accepted, and what to do', async () => {
    const { code, stderr } = await failing('the table holds 6 rows')
    expect([code, stderr]).toEqual([2, 'error: the table holds 6 rows\n  accepted: at most 5 rows\n  correct the row'])
  })

  it('does not say so twice', async () => {
    const { stderr } = await failing('6 is not accepted; give at most 5 rows')
    expect(stderr).toBe('error: 6 is not accepted; give at most 5 rows\n  correct the row')
  })
})

describe('an audit', () => {
  it('needs a database, and says how to set one', async () => {
    const { code, stderr } = await run(['audit'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/DATABASE_URL is not set[\s\S]*demo/)
  })

  it('shows its example of a DATABASE_URL whole, though it looks like one with a password', async () => {
    const error = await runAudit({ ids: [], userIds: [], depth: 'summary', lang: 'en' }, fakeDependencies, {
      signal: new AbortController().signal,
      progress: () => {},
    }).catch((thrown: unknown) => thrown)
    expect(failureOf(error, fakeServices([]).redact).accepted).toContain('mysql://user:pass@host:port/db')
  })

  it('takes all its flags', async () => {
    const flags = '--since 2026-02-01 --until 2026-02-06 --ids 5 12 --user-ids 101,102 --timezone Asia/Shanghai'
    const more = '--depth summary --format json --lang en --fail-on none'
    const { stderr } = await run(['audit', ...flags.split(' '), ...more.split(' ')])
    expect(stderr).toContain('DATABASE_URL is not set')
  })
})

describe('the exit code of a report', () => {
  const finding = (severity: 'HIGH' | 'MEDIUM' | 'LOW', classification: 'BREAK' | 'TIMING' = 'BREAK') =>
    ({ severity, classification }) as Report['findings'][number]
  const complete = { complete: true, sources: [] }

  it.each<[string, FailOn, Report['findings'], number]>([
    ['nothing', 'low', [], 0],
    ['a HIGH one', 'high', [finding('HIGH')], 1],
    ['a MEDIUM one', 'high', [finding('MEDIUM')], 0],
    ['a MEDIUM one', 'medium', [finding('MEDIUM')], 1],
    ['a LOW one', 'medium', [finding('LOW')], 0],
    ['a LOW one', 'low', [finding('LOW')], 1],
    ['a HIGH one', 'none', [finding('HIGH')], 0],
    ['TIMING alone', 'low', [finding('LOW', 'TIMING'), finding('HIGH', 'TIMING')], 0],
  ])('with %s, failing on %s', (_what, failOn, findings, code) => {
    expect(exitCodeOf({ coverage: complete, findings }, failOn)).toBe(code)
    expect(exitCodeOf({ coverage: { complete: false, sources: [] }, findings }, failOn)).toBe(3)
  })
})
