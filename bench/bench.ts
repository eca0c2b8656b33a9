// npm run bench [-- --rows 1M --rounds 3 --only reading,skill,memory,server,accounts --fresh --profile --json FILE]
// Further: --make --seed N --end DATE --program FILE --pool MIB. bench/README.md tells how each figure is measured, and why fairly.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { type Bench, runAudit } from './audit-run.ts'
import { type Dataset, openDataset } from './dataset.ts'
import type { Check, Figure } from './figure.ts'
import { measureAccounts } from './figures/accounts.ts'
import { LARGE_ROWS, peakFigures, SMALL_ROWS } from './figures/memory.ts'
import { measureReading, type Reading } from './figures/reading.ts'
import { checkResults } from './figures/same-results.ts'
import { measureCalls, measureStart } from './figures/server.ts'
import { measureSkill, withoutIndexes } from './figures/skill.ts'
import { loadAverage, machine } from './machine.ts'
import { findClient } from './mariadb-client.ts'
import { reasonOf, say, seconds, spread } from './printing.ts'
import { startDouble } from './processes.ts'
import { profileAudit } from './profile.ts'
import { table } from './table.ts'
import { LEDGER_ROWS_A_TASK } from './world/ledgers.ts'
import { JSON_CHARS } from './world/rows.ts'
import { ACCOUNTS, MODELS, usualEndDate, WINDOW_DAYS, windowDates } from './world/shape.ts'

const PARTS = ['reading', 'skill', 'memory', 'server', 'accounts'] as const
type Part = (typeof PARTS)[number]

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: '.' },
    rows: { type: 'string', default: '1M' },
    rounds: { type: 'string' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    make: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'string' },
    program: { type: 'string' },
    seed: { type: 'string', default: '1' },
    end: { type: 'string' },
    pool: { type: 'string' },
  },
})

const rows = countOf(values.rows)
const parts = new Set<Part>(
  values.make ? [] : values.only === undefined ? PARTS : values.only.split(',').map((name) => partOf(name.trim())),
)
const rounds = Number(values.rounds ?? (rows >= LARGE_ROWS ? 2 : 3))
const program = values.program ?? join(values.root, 'dist', 'main.mjs')

function countOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? []
  const count = Number(digits) * ({ k: 1e3, M: 1e6 }[unit] ?? 1)
  if (digits === '' || !Number.isInteger(count)) throw new RangeError(`--rows takes 20k, 1M or a number, not ${text}`)
  return count
}

function partOf(name: string): Part {
  const part = PARTS.find((known) => known === name)
  if (part === undefined) throw new RangeError(`--only takes ${PARTS.join(', ')}, not ${name}`)
  return part
}

const poolMiB = (): number => Number(values.pool ?? Math.min(4096, Math.floor(totalmem() / 1024 ** 2 / 4)))

async function withBench<T>(count: number, use: (bench: Bench) => Promise<T>): Promise<T> {
  const dataset = await openDataset({
    seed: Number(values.seed),
    rows: count,
    endDate: values.end ?? usualEndDate(Date.now()),
    fresh: values.fresh,
    bufferPoolMiB: poolMiB(),
  })
  const scratch = mkdtempSync(join(tmpdir(), 'fal-audit-bench-scratch-'))
  try {
    const double = await startDouble(dataset.pages)
    try {
      return await use({ dataset, doubleUrl: double.url, program, scratch })
    } finally {
      await double.stop()
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
    await dataset.stop()
  }
}

/** Whose server it is, and its version. */
async function serverName({ server }: Dataset): Promise<string> {
  const { host, port, user, password } = server
  const connection = await createConnection({ host, port, user, password })
  const [versions] = await connection.query<RowDataPacket[]>({ sql: 'SELECT VERSION()', rowsAsArray: true })
  await connection.end()
  return `${server.isMariaDb ? 'MariaDB' : 'MySQL'} ${String(versions[0]?.[0])}`
}

/** The world in words, for whoever reads the figures. */
function worldTold({ shape, manifest, serverArguments }: Dataset): string[] {
  const { first, last } = windowDates(shape)
  const { tables } = manifest
  return [
    `world    seed ${shape.seed}, ${spread(shape.rows)} tasks from ${first} to ${last} (${WINDOW_DAYS} days) and ${spread(shape.history)} in the days before, at the same pace`,
    `         ${LEDGER_ROWS_A_TASK} ledger rows a task: points ${spread(tables.ts_points_detail ?? 0)}, cash ${spread(tables.ts_financial_transactions ?? 0)}; ${spread(shape.users)} users, ${ACCOUNTS} accounts, ${MODELS} models, two JSON columns of ${JSON_CHARS} characters`,
    `         fal: ${spread(manifest.events)} events (failed tasks have none), ${spread(manifest.usageRows)} usage rows; no index on created_at, nor on the ledgers; loaded in ${seconds(manifest.loadSeconds * 1000)}`,
    `database ${serverArguments.join(' ')}`,
  ]
}

async function measure(bench: Bench, smallPeaks: readonly number[] | undefined) {
  const figures: Figure[] = []
  const checks: Check[] = []
  const client = findClient()
  let reading: Reading | undefined
  await withoutIndexes(bench)
  if (parts.has('reading') || parts.has('skill')) {
    say('reading: the audit against its floor and the SQL')
    reading = await measureReading(bench, { rounds, client })
    figures.push(...reading.figures)
    checks.push(...reading.checks, ...(await checkResults(bench, client)))
  }
  if (reading !== undefined && parts.has('skill')) {
    const spans = (side: 'audit summary' | 'step 2 SQL'): number[] =>
      (reading?.timed.get(side) ?? []).map(({ millis }) => millis)
    const skill = await measureSkill(bench, spans('audit summary'), spans('step 2 SQL'))
    figures.push(...skill.figures)
    checks.push(...skill.checks)
  }
  if (parts.has('memory')) {
    const known = reading?.timed.get('audit requests')?.map(({ peakBytes }) => peakBytes ?? Number.NaN)
    const peaks = known ?? (await peaksOf(bench))
    figures.push(...peakFigures(rows, peaks, smallPeaks))
  }
  if (parts.has('server')) {
    say('server: start, memory at rest, calls')
    figures.push(...(await measureStart(bench)), ...(await measureCalls(bench)))
  }
  if (parts.has('accounts')) {
    say('accounts: many against one')
    figures.push(await measureAccounts(bench))
  }
  return { figures, checks, counts: reading?.counts ?? {} }
}

async function main(): Promise<number> {
  if (!existsSync(program)) throw new Error(`there is no program at ${program}`)
  const before = loadAverage()
  // The smaller world first, so that only one server runs at a time.
  const wantsSmall = parts.has('memory') && rows === LARGE_ROWS
  const smallPeaks = wantsSmall ? await withBench(SMALL_ROWS, peaksOf) : undefined
  return withBench(rows, async (bench) => {
    const told = [
      `machine  ${machine(await serverName(bench.dataset))}; load before: ${before}`,
      ...worldTold(bench.dataset),
    ]
    if (values.make) {
      process.stdout.write(`${told.join('\n')}\n`)
      return 0
    }
    for (const line of told) say(line)
    const { figures, checks, counts } = await measure(bench, smallPeaks)
    const notes: string[] = []
    if (values.profile) {
      const folder = join(values.root, 'reports', 'bench')
      mkdirSync(folder, { recursive: true })
      for (const depth of ['requests', 'summary'] as const)
        notes.push(...(await profileAudit(bench, depth, folder)), '')
    }
    process.stdout.write(`${[...told, '', ...table(figures), '', ...checksTold(checks), '', ...notes].join('\n')}\n`)
    if (values.json !== undefined) {
      const world = { ...bench.dataset.shape, ...bench.dataset.manifest }
      writeFileSync(values.json, `${JSON.stringify({ told, world, figures, checks, counts }, null, 2)}\n`)
    }
    return checks.every(({ equal }) => equal) ? 0 : 1
  })
}

/** The peaks of as many audits as in the large world. */
async function peaksOf(bench: Bench): Promise<number[]> {
  const peaks: number[] = []
  try {
    for (let round = 0; round < rounds; round++) peaks.push((await runAudit(bench, 'requests')).peakBytes)
  } catch (cause) {
    say(`  audit FAILED: ${reasonOf(cause)}`)
    return []
  }
  return peaks
}

const checksTold = (checks: readonly Check[]): string[] =>
  checks.map(({ name, equal, detail }) => `${equal ? 'ok   ' : 'WRONG'}  ${name}: ${detail}`)

process.exitCode = await main()
