// npm run spider -- [arguments of vitest]: installs what is missing, then holds the data layer and whole audits to tables that
// MariaDB's Spider spreads over three servers on loopback. `npm test` runs the same tests among the others.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { ensureMariaDb, ensureSpider, setup } from './setup.mjs'

await setup()
await ensureMariaDb()
if (!(await ensureSpider())) process.exit(2)
const root = fileURLToPath(new URL('..', import.meta.url))
const args = [
  join(root, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--project',
  'spider',
  ...process.argv.slice(2),
]
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 2
