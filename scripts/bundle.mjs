// How programs of this repository are put into one file each, for those that build, verify and measure.
import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Leaves out what is never used and would only be compiled at each start: zod's messages in fifty languages, and the SDK's
 * own validator of schemas, which faces/mcp.ts replaces.
 */
export const lean = {
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

/** Files of test/kit look for their neighbours by import.meta.url, which in a bundle would be the bundle's. */
export const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]test[/\\]kit[/\\].*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      )
      return { contents, loader: 'ts' }
    })
  },
}

/** Options of esbuild for a program that runs with plain Node and nothing installed beside it. */
export const oneFile = (entry, outfile, firstLine = '') => ({
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
  charset: 'utf8',
  legalComments: 'eof',
  sourcemap: false,
  // mysql2 and undici call require for what Node has built in.
  banner: {
    js: `${firstLine}import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(import.meta.url)`,
  },
  logLevel: 'warning',
})
