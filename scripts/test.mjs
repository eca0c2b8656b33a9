// npm test -- [arguments of vitest]: installs and builds what is missing, then runs the tests against a MariaDB of their
// own and the embedded database. A missing server is a failure and never a skip.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { ensureMariaDb, setup } from './setup.mjs'

await setup()
await ensureMariaDb()
const root = fileURLToPath(new URL('..', import.meta.url))
const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 2

const built = run(join(root, 'scripts', 'build.mjs'))
process.exitCode =
  built === 0 ? run(join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...process.argv.slice(2)) : built
