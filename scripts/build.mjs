// npm run build: bundles the program into the one file dist/main.mjs, which runs with plain Node.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'

await setup()
const { build } = await import('esbuild')

const root = fileURLToPath(new URL('..', import.meta.url))
const entry = join(root, 'src', 'main.ts')
const outfile = join(root, 'dist', 'main.mjs')
// Esbuild keeps the first line of an entry that has one, and a second one is a syntax error.
const hashbang = readFileSync(entry, 'utf8').startsWith('#!') ? '' : '#!/usr/bin/env node\n'

/**
 * Leaves out what is never used and would only be compiled at each start: zod's messages in fifty languages, and the SDK's
 * own validator of schemas, which faces/mcp.ts replaces.
 */
const lean = {
  name: 'lean',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js'",
    }))
    onLoad({ filter: /[\\/]sdk[\\/].*[\\/]validation[\\/]ajv-provider\.js$/ }, () => ({
      contents: 'export class AjvJsonSchemaValidator { constructor() { throw new Error("is not bundled") } }',
    }))
  },
}

const result = await build({
  absWorkingDir: root,
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // The one package with native code: it is loaded where the embedded database is used.
  external: ['libsql'],
  // Names and lines stay, so that the stack of a fault can be read.
  minifySyntax: true,
  plugins: [lean],
  charset: 'utf8',
  legalComments: 'eof',
  sourcemap: false,
  // mysql2 and undici call require for what Node has built in.
  banner: {
    js: `${hashbang}import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(import.meta.url)`,
  },
  logLevel: 'warning',
  write: false,
}).catch(() => undefined)

if (result === undefined) {
  process.exitCode = 2
} else {
  // Put in place at once, so that a program which starts meanwhile never reads half a file.
  const [file] = result.outputFiles
  const half = `${outfile}.${process.pid}`
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(half, file.contents)
  chmodSync(half, 0o755)
  renameSync(half, outfile)
  console.log(`dist/main.mjs  ${Math.round(file.contents.length / 1024)} KiB`)
}
