// npm run verify -- [--seeds N] [--real M] [--pairs P] [--depth summary] [--seed S --rule R] [--pair S]: bundles
// bench/verify.ts, which Node cannot run as it is, and runs it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ownUrls, root } from './bundle.mjs'
import { ensureMariaDb, setup } from './setup.mjs'

await setup()
const { build } = await import('esbuild')

const folder = join(root, 'node_modules', '.cache', 'verify')
const outfile = join(folder, `verify-${process.pid}.mjs`)
mkdirSync(folder, { recursive: true })

await build({
  absWorkingDir: root,
  entryPoints: [join(root, 'bench', 'verify.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  plugins: [ownUrls],
  sourcemap: 'inline',
  logLevel: 'warning',
})
const args = process.argv.slice(2)
// One rule, seed or pair alone runs in memory; so does everything with --real 0.
const inMemory = /--(seed|rule|pair)[= ]|--real[= ]0\b/.test(`${args.join(' ')} `)
if (!inMemory) await ensureMariaDb()
const { status } = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...args], {
  cwd: root,
  stdio: 'inherit',
})
rmSync(outfile, { force: true })
process.exitCode = status ?? 2
