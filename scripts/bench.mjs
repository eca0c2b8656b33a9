// npm run bench -- [--rows 1M] [--fresh] [--rounds N] [--only a,b] [--profile] [--json FILE] [--program FILE] …
// Builds the program and the measuring programs, and measures. Everything is told in bench/README.md.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { lean, oneFile, ownUrls, root } from './bundle.mjs'
import { ensureMariaDb, setup } from './setup.mjs'

await setup()
await ensureMariaDb()
const args = process.argv.slice(2)
if (!args.some((arg) => arg.startsWith('--program'))) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(2)
}

const { build } = await import('esbuild')
const folder = mkdtempSync(join(tmpdir(), 'fal-audit-bench-programs-'))
const program = (name) => join(root, 'bench', 'programs', `${name}.ts`)
const built = (name) => join(folder, `${name}.mjs`)
const bare = (name, isLean) => ({
  ...oneFile(program('bare-server'), built(name)),
  define: { LEAN: String(isLean) },
  plugins: isLean ? [lean] : [],
})
const builds = await Promise.allSettled([
  build({
    ...oneFile(join(root, 'bench', 'bench.ts'), built('bench')),
    plugins: [ownUrls],
    sourcemap: 'inline',
  }),
  build(oneFile(program('floor'), built('floor'))),
  build(oneFile(program('fal-pages'), built('fal-pages'))),
  build({ ...oneFile(program('memory-server'), built('memory-server')), plugins: [lean] }),
  build(bare('bare-server', false)),
  build(bare('bare-server-lean', true)),
])
// What is wrong was told by the bundler.
if (builds.some(({ status }) => status === 'rejected')) {
  rmSync(folder, { recursive: true, force: true })
  process.exit(2)
}
copyFileSync(join(root, 'bench', 'programs', 'observe.cjs'), join(folder, 'observe.cjs'))

const child = spawnSync(process.execPath, ['--enable-source-maps', built('bench'), '--root', root, ...args], {
  stdio: 'inherit',
})
rmSync(folder, { recursive: true, force: true })
process.exitCode = child.status ?? 2
