import { rmSync, type Stats } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type EmbeddedHandle, openEmbeddedHandle } from '../ledger/embedded-handle.ts'

/** What a database leaves beside it while it is written. */
export const JOURNALS = ['-journal', '-wal']

/** An import that is at work holds a lock on its file, but for the moments before its first table and after its last. */
const QUIET_MILLIS = 10 * 60 * 1000
const OTHERS = 0o077
/** What a file of SQLite begins with (https://www.sqlite.org/fileformat.html, 1.3). */
const DATABASE_FIRST = 'SQLite format 3\0'

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

/** Whether some process writes the database, as far as it can be opened. One that was broken off is nobody's. */
async function isLocked(path: string): Promise<boolean> {
  let handle: EmbeddedHandle | undefined
  try {
    if (!(await isBegun(path))) return true
    handle = await openEmbeddedHandle(path)
    handle.exec('BEGIN IMMEDIATE')
    handle.exec('ROLLBACK')
    return false
  } catch (cause) {
    return !/not a database|malformed/.test(String(cause))
  } finally {
    handle?.close()
  }
}

/** Whether a file is as an import leaves it: empty, or begun as a database. */
async function isBegun(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(DATABASE_FIRST.length), 0, DATABASE_FIRST.length, 0)
    return bytesRead === 0 || buffer.toString('latin1') === DATABASE_FIRST
  } finally {
    await file.close()
  }
}
