// npm run build: bundles the program into dist/main.mjs, which runs with plain Node, and what it loads later into the files
// beside it: program.mjs and shared.mjs, and, only to write a PDF, statement-pdf.mjs with its font. The licences of all that is
// bundled go with them.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { lean, oneFile, root } from './bundle.mjs'
import { packageNotes } from './licences.mjs'
import { bundleProgram } from './program-parts.mjs'
import { setup } from './setup.mjs'

await setup()
const { build } = await import('esbuild')

const entry = join(root, 'src', 'main.ts')
const pdf = join(root, 'src', 'render', 'pdf')
const dist = join(root, 'dist')
// Esbuild keeps the first line of an entry that has one, and a second one is a syntax error.
const hashbang = readFileSync(entry, 'utf8').startsWith('#!') ? '' : '#!/usr/bin/env node\n'

/**
 * Leaves the writer of PDFs in a file of its own: hardly anyone ever needs it. Left out of it is what
 * reads fonts of the web, the greater part: ours is none.
 */
const pdfApart = {
  name: 'pdf-apart',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]node_modules[\\/]brotli[\\/]decompress\.js$/ }, () => ({
      contents: "module.exports = () => { throw new Error('is not bundled') }",
    }))
    onResolve({ filter: /[\\/]pdf[\\/]draw-statement\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './statement-pdf.mjs', external: true } : undefined,
    )
  },
}

const notes = packageNotes()
const plugins = [notes.plugin, lean, pdfApart]

/** Puts a file in place at once, so that a program which starts meanwhile never reads half of it. */
function place(path, write) {
  const half = `${path}.${process.pid}`
  write(half)
  renameSync(half, path)
}

const bundles = await Promise.all([
  build({ ...oneFile(join(pdf, 'draw-statement.ts'), join(dist, 'statement-pdf.mjs')), plugins, write: false }),
  bundleProgram(build, dist, hashbang, plugins),
]).catch(() => undefined)

if (bundles === undefined) {
  process.exitCode = 2
} else {
  mkdirSync(join(dist, 'fonts'), { recursive: true })
  for (const font of readdirSync(join(pdf, 'fonts'))) {
    place(join(dist, 'fonts', font), (half) => copyFileSync(join(pdf, 'fonts', font), half))
  }
  const [{ outputFiles }, program] = bundles
  // What others load comes before them: main.mjs last.
  const main = join(dist, 'main.mjs')
  const inTurn = [...outputFiles, ...program].sort((a, b) => Number(a.path === main) - Number(b.path === main))
  for (const { path, contents } of inTurn) {
    place(path, (half) => {
      writeFileSync(half, contents)
      chmodSync(half, 0o755)
    })
    console.log(`${relative(root, path)}  ${Math.round(contents.length / 1024)} KiB`)
  }
  place(join(dist, 'THIRD-PARTY-LICENSES.txt'), (half) => writeFileSync(half, notes.text()))
  // What an earlier build left would be packed with the rest.
  const built = new Set(inTurn.map(({ path }) => path))
  for (const name of readdirSync(dist)) {
    const path = join(dist, name)
    if (name.endsWith('.mjs') && !built.has(path)) rmSync(path)
  }
}
