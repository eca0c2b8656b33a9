// How the program is put into files: what initialize needs, which is small, and program.mjs with the rest, which is loaded when
// it is first needed. Modules that both need are in shared.mjs, so that each is there once. Three files and no more: the
// bundler's own splitting makes some sixty, one for every set of modules that are loaded together.
import { dirname, join, resolve as resolvePath } from 'node:path'
import { oneFile, root } from './bundle.mjs'

const ENTRY = join(root, 'src', 'main.ts')
const PROGRAM = join(root, 'src', 'program.ts')

/** Bundles the program by esbuild's `build`. Returns its files, all of ASCII, which are not yet written. */
export async function bundleProgram(build, outdir, firstLine, plugins) {
  // Where all of a source is ASCII, V8 keeps it in half the memory.
  const options = { ...oneFile(ENTRY, undefined, firstLine), charset: 'ascii', outdir, write: false }
  const start = await build({ ...options, plugins: [programLeftOut, ...plugins], metafile: true })
  const atStart = new Set(Object.keys(start.metafile.inputs).map((path) => resolvePath(root, path)))
  // As one file in which what is imported late is evaluated late, so that the splitting below finds nothing more to split.
  const program = await build({
    ...options,
    entryPoints: [PROGRAM],
    banner: {},
    plugins: [leftOut(atStart), ...plugins],
  })
  const { outputFiles } = await build({
    ...options,
    entryPoints: [ENTRY, PROGRAM],
    external: [...options.external, './*.mjs'],
    splitting: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared',
    plugins: [programReady(program.outputFiles[0].text), ...plugins],
  })
  return outputFiles.map(({ path, text }) => ({ path, contents: Buffer.from(asAscii(text)) }))
}

/** What the bundler leaves as it is, comments and regular expressions, by the escapes that mean the same. */
const asAscii = (text) =>
  text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The program is not looked into. */
const programLeftOut = {
  name: 'program-left-out',
  setup({ onResolve }) {
    onResolve({ filter: /[\\/]program\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: PROGRAM, external: true } : undefined,
    )
  },
}

/** Modules of a set are imported from where they lie; all others are taken in. */
const leftOut = (paths) => ({
  name: 'left-out',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /.*/ }, async ({ path, pluginData, ...question }) => {
      if (pluginData === RESOLVING || question.kind !== 'import-statement') return undefined
      const { importer, kind, namespace, resolveDir } = question
      const found = await resolve(path, { importer, kind, namespace, resolveDir, pluginData: RESOLVING })
      return paths.has(found.path) ? { path: found.path, external: true } : undefined
    })
  },
})
const RESOLVING = Symbol('resolving')

/** The program as it was bundled, in place of its source. */
const programReady = (contents) => ({
  name: 'program-ready',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]program\.ts$/ }, () => ({ contents, loader: 'js', resolveDir: dirname(PROGRAM) }))
  },
})
