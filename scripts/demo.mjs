// npm run demo -- [--format text|markdown|json] [--lang zh|en] [--output FILE]: builds what is missing, then runs the demo.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { setup } = await import('./setup.mjs')
await setup()

// Data goes to stdout, so the build may only speak on stderr.
const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] })
if (build.status !== 0) {
  console.error('demo: the build failed, see above')
  process.exit(2)
}
const demo = [join(root, 'dist', 'main.mjs'), 'demo', ...process.argv.slice(2)]
process.exitCode = spawnSync(process.execPath, demo, { stdio: 'inherit' }).status ?? 2
