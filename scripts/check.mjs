// Types, lint and format, all of them each time, so that one run tells everything. Exit code 1 where any fails.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { setup } = await import('./setup.mjs')
await setup()

const bin = (...path) => join(root, 'node_modules', ...path)
const checks = [
  ['types', bin('typescript', 'bin', 'tsc'), ['--noEmit']],
  [
    'lint and format',
    bin('@biomejs', 'biome', 'bin', 'biome'),
    [process.env.CI ? 'ci' : 'check', '--error-on-warnings'],
  ],
]

const failed = checks.filter(([name, program, args]) => {
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' })
  console.log(`${status === 0 ? 'ok' : 'FAILED'}  ${name}`)
  return status !== 0
})
console.log(`${checks.length - failed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
