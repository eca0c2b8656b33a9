// npm test -- [arguments of vitest]: installs and builds what is missing, then runs the tests against a MariaDB of their
// own, shards of Spider and the embedded database. A missing server or plugin is a failure and never a skip.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { ensureMariaDb, ensureSpider, setup } from './setup.mjs'

await setup()
await ensureMariaDb()
// Without it the tests that need it fail, and no others.
await ensureSpider()
const root = fileURLToPath(new URL('..', import.meta.url))
const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 2

const built = run(join(root, 'scripts', 'build.mjs'))
process.exitCode =
  built === 0 ? run(join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...process.argv.slice(2)) : built
