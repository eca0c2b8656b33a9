import { rmSync, type Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { openEmbeddedHandle } from '../ledger/embedded-handle.ts'

/** What a database leaves beside it while it is written. */
export const JOURNALS = ['-journal', '-wal']

/** An import that is at work holds a lock on its file, but for the moments before its first table and after its last. */
const QUIET_MILLIS = 10 * 60 * 1000
const OTHERS = 0o077

/**
 * Removes the files that imports into this place left when they were killed. They hold keys. What could be another's, or
 * of an import at work, stays. `own`: a file just made there, which tells the owner of ours, and the clock of that disk.
 */
export async function removeLeftovers(path: string, own: Stats): Promise<void> {
  const start = `.${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names.filter((each) => each.startsWith(start))) {
    if (!/^[0-9a-f]{12}\.tmp$/.test(name.slice(start.length))) continue
    const leftover = join(dirname(path), name)
    if (await isAbandoned(leftover, own)) removeDatabase(leftover)
  }
}

export function removeDatabase(path: string): void {
  for (const ending of ['', ...JOURNALS]) rmSync(`${path}${ending}`, { force: true })
}

async function isAbandoned(path: string, own: Stats): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (!found?.isFile() || found.uid !== own.uid || (found.mode & OTHERS) !== 0) return false
  return own.mtimeMs - found.mtimeMs > QUIET_MILLIS && !(await isLocked(path))
}

/** Whether some process writes the database. One that was broken off may be none any more: then nobody does. */
async function isLocked(path: string): Promise<boolean> {
  const handle = await openEmbeddedHandle(path)
  try {
    handle.exec('BEGIN IMMEDIATE')
    handle.exec('ROLLBACK')
    return false
  } catch (cause) {
    return !/not a database|malformed/.test(String(cause))
  } finally {
    handle.close()
  }
}
