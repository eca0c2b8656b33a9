// npm run mutation -- [arguments of Stryker, e.g. --mutate src/audit/requests/tie-out.ts]: changes the audit's code in one place
// after another and tells which changes no test notices. The report lies in reports/mutation/; a second run only tries
// what has changed since (--force tries everything). Exit code 1 where the score is below the threshold.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'

await setup()
const root = fileURLToPath(new URL('..', import.meta.url))
const stryker = join(root, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
const { status } = spawnSync(process.execPath, [stryker, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = status ?? 2
