// Installs what the other scripts need, and only when it is missing. Speaks on stderr: stdout belongs to data.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LOCKFILE = join(ROOT, 'package-lock.json')
const STAMP = join(ROOT, 'node_modules', '.setup-stamp')
const SBIN = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/opt/homebrew/bin', '/usr/local/bin']
const MARIADB_PROGRAMS = [
  ['mariadbd', 'mysqld'],
  ['mariadb-install-db', 'mysql_install_db'],
]

/** Runs `npm ci` where the installed packages are not those of the lockfile, for this platform and this Node. */
export async function setup() {
  const stamp = createHash('sha256')
    .update(readFileSync(LOCKFILE))
    .update([process.platform, process.arch, process.versions.modules].join(' '))
    .digest('hex')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return
  if (!installedByHand()) {
    console.error('setup: installing the packages of package-lock.json (npm ci)')
    install()
  }
  writeFileSync(STAMP, stamp)
}

function install() {
  // NODE_ENV=production would leave out what builds and tests the program.
  const { NODE_ENV: _, ...env } = process.env
  const npm = process.env.npm_execpath
  const [program, before] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const { status, error } = spawnSync(program, [...before, 'ci', '--include=dev', '--include=optional'], {
    cwd: ROOT,
    env,
    // The answer of npm goes to stderr too.
    stdio: ['ignore', 2, 2],
    shell: program === 'npm' && process.platform === 'win32',
  })
  if (status === 0) return
  console.error(`setup: npm ci failed${error === undefined ? '' : `: ${error.message}`}; see above`)
  process.exit(2)
}

/** Whether a person has installed just these packages: npm keeps a lockfile of what it put in place. */
function installedByHand() {
  const placed = join(ROOT, 'node_modules', '.package-lock.json')
  // Another stamp means another platform, Node or lockfile: then even the same versions may be built for something else.
  if (existsSync(STAMP) || !existsSync(placed)) return false
  const wanted = JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages
  const present = JSON.parse(readFileSync(placed, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const elsewhere =
      (entry.os !== undefined && !entry.os.includes(process.platform)) ||
      (entry.cpu !== undefined && !entry.cpu.includes(process.arch))
    // Which libc an optional package is for is not always in the lockfile: one of two may rightly be missing.
    return elsewhere || present[path]?.version === entry.version || (entry.optional === true && !isPlatformOnly(path))
  })
}

// Programs that come as one package per platform; without theirs nothing can be built or checked.
const isPlatformOnly = (path) => path.includes(`/${process.platform}-${process.arch}`) && !/-(?:gnu|musl)$/.test(path)

/** Finds a MariaDB or MySQL server, or installs one where this process may. Tests start a server of their own from it. */
export async function ensureMariaDb() {
  const missing = () => MARIADB_PROGRAMS.filter((names) => !names.some(found))
  if (missing().length === 0) return
  installPackage('mariadb-server', 'which the tests run against')
  if (missing().length === 0) return
  const names = missing().map((choices) => choices.join(' or '))
  console.error(`setup: ${names.join(', ')} is not installed; install MariaDB 10.6 or newer (Debian, Ubuntu:`)
  console.error('  apt-get install mariadb-server; macOS: brew install mariadb) and run the tests again')
  process.exit(2)
}

/** Whether the MariaDB server has its plugin Spider, which is installed where this process may. Says so where not. */
export async function ensureSpider() {
  if (hasSpider()) return true
  installPackage('mariadb-plugin-spider', 'with which the tests spread tables over several servers')
  if (hasSpider()) return true
  console.error('setup: the MariaDB server has no plugin Spider (ha_spider); install it (Debian, Ubuntu:')
  console.error('  apt-get install mariadb-plugin-spider) and run again')
  return false
}

function hasSpider() {
  const server = MARIADB_PROGRAMS[0].map(found).find((path) => path !== undefined)
  if (server === undefined) return false
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
  const told = spawnSync(server, ['--no-defaults', ...asRoot, '--verbose', '--help'], { encoding: 'utf8' })
  const folder = /^plugin-dir\s+(\S.*?)\s*$/m.exec(told.stdout ?? '')?.[1]
  return (
    folder !== undefined && ['so', 'dylib', 'dll'].some((ending) => existsSync(join(folder, `ha_spider.${ending}`)))
  )
}

/** Installs a package of Debian or Ubuntu, where this process may. */
function installPackage(name, why) {
  if (process.getuid?.() !== 0 || found('apt-get') === undefined) return
  console.error(`setup: installing the package ${name} (apt-get), ${why}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const command of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    spawnSync('apt-get', command, { env, stdio: ['ignore', 2, 2] })
  }
}

/** The whole path of a program; undefined where there is none. */
function found(program) {
  const paths = [...(process.env.PATH ?? '').split(delimiter), ...SBIN].map((folder) => join(folder, program))
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await setup()
