import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { SecondThread, type ThreadUse } from '../../src/thread/second-thread.ts'

/** A source as one file that a thread runs, which is gone with this process. */
export async function threadProgram(source: string): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), 'fal-audit-thread-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const outfile = join(folder, 'thread.mjs')
  const banner = {
    js: "import { createRequire as r } from 'node:module'\nconst require = r(import.meta.url)",
  }
  const options = {
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner,
    logLevel: 'error',
  } as const
  await build({ ...options, entryPoints: [source], outfile })
  return pathToFileURL(outfile)
}

let joining: Promise<URL> | undefined

/** The thread that the program joins with where there is much, used from the first row on. */
export async function joiningThread(): Promise<ThreadUse> {
  joining ??= threadProgram(fileURLToPath(new URL('../../src/joining-thread.ts', import.meta.url)))
  return { thread: new SecondThread(await joining), rowsLeast: 0 }
}
