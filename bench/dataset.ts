import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Readable } from 'node:stream'
import { createConnection } from 'mysql2/promise'
import { createStatements } from '../src/demo/ddl.ts'
import { type MariaDbServer, type RunningMariaDb, startMariaDb } from '../test/kit/mariadb.ts'
import { say, seconds, spread } from './printing.ts'
import { type Lines, type TableLines, tablesOf } from './world/rows.ts'
import { type Shape, shapeOf } from './world/shape.ts'
import { writePages } from './write-pages.ts'

/** Raised with any change that makes another world of the same seed, so that cached ones are made anew. */
const WORLD_VERSION = 2
export const DATABASE = 'bench'
/** Rows that one LOAD DATA takes: a transaction each. */
const ROWS_A_LOAD = 1_000_000
const BYTES_A_TASK = 2600

/** What a cached world holds; written last, so that half a world has none. */
export interface Manifest {
  readonly version: number
  readonly endDate: string
  readonly tables: Readonly<Record<string, number>>
  readonly events: number
  readonly eventBytes: number
  readonly usageRows: number
  readonly loadSeconds: number
}

export interface Dataset {
  readonly shape: Shape
  readonly manifest: Manifest
  readonly folder: string
  /** The pages of fal, for the double. */
  readonly pages: string
  readonly server: MariaDbServer
  readonly serverArguments: readonly string[]
  stop(): Promise<void>
}

export interface DatasetOptions {
  readonly seed: number
  readonly rows: number
  /** The day after the window, where none is cached. */
  readonly endDate: string
  readonly fresh: boolean
  readonly bufferPoolMiB: number
}

/** Opens the world of a seed and size: a MariaDB server, or the one that MYSQLD names, over its data folder, made first where it is not there. */
export async function openDataset(options: DatasetOptions): Promise<Dataset> {
  const { seed, rows } = options
  // Another server program does not open what MariaDB wrote.
  const of = process.env.MYSQLD === undefined ? '' : '-mysqld'
  const folder = join(tmpdir(), `fal-audit-bench-${seed}-${rows}${of}`)
  const marker = join(folder, 'world.json')
  const unlock = lock(`${folder}.lock`)
  const known = options.fresh ? undefined : readManifest(marker)
  if (known === undefined) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    checkSpace(folder, rows)
  }
  const serverArguments = tuning(options.bufferPoolMiB)
  const running = await startMariaDb({ folder, arguments: serverArguments })
  const stop = async (): Promise<void> => {
    await running.stop()
    unlock()
  }
  try {
    await running.ready
    const shape = shapeOf(seed, rows, known?.endDate ?? options.endDate)
    const pages = join(folder, 'pages')
    const manifest = known ?? (await make(shape, running, pages, options.endDate))
    if (known === undefined) writeFileSync(marker, JSON.stringify(manifest))
    return { shape, manifest, folder, pages, server: running, serverArguments, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** Two servers over one folder would end each other: the file holds the process that uses it. */
function lock(file: string): () => void {
  const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  if (holder !== undefined && isRunning(holder)) {
    throw new Error(`another bench (process ${holder}) uses this world; wait for it, or take another --seed`)
  }
  writeFileSync(file, String(process.pid))
  return () => rmSync(file, { force: true })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/**
 * Moderate, as somebody would set it who has read one page about it; printed with the figures. Temporary tables keep the
 * server's own 16 MB: with 256 MB the skill's GROUP BY takes three times as long, since its groups then stay in memory tables.
 */
const tuning = (bufferPoolMiB: number): string[] => [
  `--innodb-buffer-pool-size=${bufferPoolMiB}M`,
  '--loose-innodb-log-file-size=512M',
  '--local-infile=1',
]

function readManifest(marker: string): Manifest | undefined {
  if (!existsSync(marker)) return undefined
  const manifest = JSON.parse(readFileSync(marker, 'utf8')) as Manifest
  return manifest.version === WORLD_VERSION ? manifest : undefined
}

function checkSpace(folder: string, rows: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const wanted = rows * BYTES_A_TASK
  if (bavail * bsize < wanted) {
    throw new Error(`${rows} rows take about ${Math.ceil(wanted / 1e9)} GB, and ${folder} has less left`)
  }
}

async function make(shape: Shape, server: RunningMariaDb, pages: string, endDate: string): Promise<Manifest> {
  const started = performance.now()
  say(`making the world of ${spread(shape.rows)} tasks (once; it is kept for later runs)`)
  const { host, port, user, password } = server
  const admin = await createConnection({ host, port, user, password })
  const tables: Record<string, number> = {}
  try {
    await admin.query(`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`)
    await admin.changeUser({ database: DATABASE })
    const statements = createStatements('mysql')
    for (const statement of statements.filter((sql) => sql.startsWith('CREATE TABLE'))) await admin.query(statement)
    for (const table of tablesOf(shape)) {
      const from = performance.now()
      tables[table.table] = await load(admin, table)
      say(`  ${table.table}: ${spread(tables[table.table] ?? 0)} rows, ${seconds(performance.now() - from)}`)
    }
    const from = performance.now()
    // Made after the rows, an index is sorted once instead of grown row by row.
    for (const statement of statements.filter((sql) => sql.startsWith('CREATE INDEX'))) await admin.query(statement)
    await admin.query(`ANALYZE TABLE ${Object.keys(tables).join(', ')}`)
    say(`  indexes: ${seconds(performance.now() - from)}`)
  } finally {
    await admin.end()
  }
  const from = performance.now()
  const bill = writePages(shape, pages)
  say(`  fal's bill: ${spread(bill.events)} events, ${seconds(performance.now() - from)}`)
  return { version: WORLD_VERSION, endDate, tables, ...bill, loadSeconds: (performance.now() - started) / 1000 }
}

type Admin = Awaited<ReturnType<typeof createConnection>>

/** Streams a table into the server: no file between, and no more than a few parts in memory. */
async function load(admin: Admin, { table, columns, lines }: TableLines): Promise<number> {
  const parts = lines()
  const sql = `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${table} CHARACTER SET utf8mb4 (${columns.join(', ')})`
  await admin.query('SET SESSION unique_checks = 0, foreign_key_checks = 0')
  let rows = 0
  for (let more = true; more; ) {
    const counted = { rows: 0 }
    await admin.query({ sql, infileStreamFactory: () => Readable.from(buffers(parts, counted)) })
    rows += counted.rows
    more = counted.rows >= ROWS_A_LOAD
  }
  return rows
}

function* buffers(parts: Generator<Lines>, counted: { rows: number }): Generator<Buffer> {
  while (counted.rows < ROWS_A_LOAD) {
    const next = parts.next()
    if (next.done) return
    counted.rows += next.value.rows
    yield Buffer.from(next.value.text, 'utf8')
  }
}
