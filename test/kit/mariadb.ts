import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise'
import { createStatements, storedRows } from '../../src/demo/ddl.ts'
import type { StoredTables } from '../../src/demo/stored-world.ts'

/** Where the server of this test run listens, and who may do all. */
export interface MariaDbServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** False of MySQL, which MYSQLD may have named. */
  readonly isMariaDb: boolean
}

export interface RunningMariaDb extends MariaDbServer {
  /** Settles when the server takes connections; rejects with its log where it does not come up. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

const ROWS_AN_INSERT = 1000
// Servers lie outside the PATH of most users; scripts/setup.mjs looks in the same places.
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/opt/homebrew/bin', '/usr/local/bin']
// Memory that Linux lets one use as a folder. A test's five tables are made, filled and dropped there in a seventh of the time
// that a disk takes, which is asked each time to keep them.
const MEMORY_FOLDER = '/dev/shm'
/** Five servers of 120 MB, what tests put in them, and as much again. In a container it is often 64 MB. */
const MEMORY_BYTES_MIN = 4 * 2 ** 30
const ADMIN = { user: 'kit_admin', password: 'kit-admin-secret' }
/** The operator's usual zone, so that a forgotten conversion shows. */
export const SERVER_OFFSET = '+08:00'

export interface MariaDbOptions {
  /** Keeps its data here, and takes up what lies there; without one they are temporary. */
  readonly folder?: string
  /** Further arguments of the server, over the kit's own. */
  readonly arguments?: readonly string[]
}

/** Where temporary data lie: in memory where there is room for them, otherwise with other temporary files. */
function temporaryRoot(): string {
  try {
    accessSync(MEMORY_FOLDER, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER)
    return bavail * bsize >= MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir()
  } catch {
    return tmpdir()
  }
}

/**
 * Starts a MariaDB server of its own on a free loopback port, with a temporary data folder. It ends with stop(), and by
 * itself when this process ends in any way. MYSQLD in the environment names another server program, such as MySQL's.
 */
export async function startMariaDb(options: MariaDbOptions = {}): Promise<RunningMariaDb> {
  const port = await freePort()
  const folder = options.folder ?? mkdtempSync(join(temporaryRoot(), 'fal-audit-mariadb-'))
  const data = join(folder, 'data')
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
  const server = process.env.MYSQLD ?? program(['mariadbd', 'mysqld'])
  const isMariaDb = /MariaDB/.test(spawnSync(server, ['--no-defaults', '--version'], { encoding: 'utf8' }).stdout)
  const inFolder = ['--no-defaults', ...asRoot, `--datadir=${data}`]
  // MySQL makes itself certificates; MariaDB has no TLS unless told of some.
  if (!isMariaDb) inFolder.push('--loose-auto-generate-certs=0')
  const plan = {
    folder,
    keep: options.folder !== undefined,
    ...(isMariaDb
      ? {
          installer: program(['mariadb-install-db', 'mysql_install_db']),
          installerArguments: [...inFolder, '--skip-test-db', '--auth-root-authentication-method=normal'],
        }
      : { installer: server, installerArguments: [...inFolder, '--initialize-insecure'] }),
    server,
    serverArguments: [
      ...[...inFolder, `--port=${port}`, '--bind-address=127.0.0.1', '--loose-mysqlx=0'],
      ...[`--socket=${join(folder, 's.sock')}`, `--pid-file=${join(folder, 'pid')}`, '--skip-name-resolve'],
      ...['--skip-log-bin', '--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=64M'],
      // Servers that start clear a shared folder of temporary tables, those of other servers too.
      `--tmpdir=${join(folder, 'tmp')}`,
      // Nobody misses temporary data that a crash takes along: waiting for the disk is two thirds of making tables.
      ...(options.folder === undefined ? ['--loose-debug-no-sync'] : []),
      ...[`--default-time-zone=${SERVER_OFFSET}`, `--init-file=${join(folder, 'init.sql')}`],
      ...(options.arguments ?? []),
    ],
    initSql: `CREATE USER IF NOT EXISTS '${ADMIN.user}'@'%' IDENTIFIED BY '${ADMIN.password}';
GRANT ALL PRIVILEGES ON *.* TO '${ADMIN.user}'@'%' WITH GRANT OPTION;
`,
  }
  const supervisor = fileURLToPath(new URL('./mariadb-supervisor.mjs', import.meta.url))
  const child = spawn(process.execPath, [supervisor, JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own: a signal to the test run's group does not end the watch before the server.
    detached: true,
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.startsWith('ready')) resolve()
      else reject(new Error(`MariaDB does not start; ${text}`))
    })
    child.once('exit', () => reject(new Error('MariaDB ended before it was ready')))
  })
  ready.catch(() => undefined)
  return {
    ...ADMIN,
    host: '127.0.0.1',
    port,
    isMariaDb,
    ready,
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}

/** A table of the numbers from 1 to `count`, in order, in its column `seq`; at most a million. */
export const numbersTo = (count: number): string =>
  `JSON_TABLE(CONCAT('[1', REPEAT(',1', ${count - 1}), ']'), '$[*]' COLUMNS (seq FOR ORDINALITY)) numbers`

/** Creates the operator's five tables in a database and fills them, in batches. The database must exist and be empty. */
export async function writeMariaDb(options: ConnectionOptions, tables: StoredTables): Promise<void> {
  const connection = await createConnection(options)
  try {
    for (const statement of createStatements('mysql')) await connection.query(statement)
    // Servers have times of no day, which MySQL takes in under no mode of its own.
    await connection.query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
    await connection.beginTransaction()
    for (const { table, columns, rows } of storedRows(tables)) {
      for (let from = 0; from < rows.length; from += ROWS_AN_INSERT) {
        const batch = rows.slice(from, from + ROWS_AN_INSERT)
        await connection.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [batch])
      }
    }
    await connection.commit()
  } finally {
    await connection.end()
  }
}

export interface TestDatabase {
  readonly options: ConnectionOptions & { readonly database: string }
  /** DATABASE_URL for a user, the administrator by default. */
  urlFor(user?: string, password?: string): string
  /** A connection of the administrator to this database. */
  readonly admin: Connection
  drop(): Promise<void>
}

/** Creates an empty database with a name of its own, so that test files do not meet. */
export async function freshDatabase(server: MariaDbServer): Promise<TestDatabase> {
  const database = `t_${process.pid}_${Date.now().toString(36)}_${Math.random().toString(36).slice(2, 7)}`
  const { host, port, user, password } = server
  const admin = await createConnection({ host, port, user, password })
  await admin.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
  await admin.changeUser({ database })
  return {
    options: { host, port, user, password, database },
    urlFor: (asUser = user, asPassword = password) =>
      `mysql://${encodeURIComponent(asUser)}:${encodeURIComponent(asPassword)}@${host}:${port}/${database}`,
    admin,
    async drop() {
      await admin.query(`DROP DATABASE ${database}`)
      await admin.end()
    },
  }
}

function program(names: readonly string[]): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_FOLDERS]
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {
        // Not here; look on.
      }
    }
  }
  throw new Error(`${names.join(' or ')} is not installed: run \`npm test\`, or install the package mariadb-server`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject()))
    })
  })
}
