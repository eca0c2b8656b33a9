import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { chmod, link, lstat, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AuditError, codeOf, shortened } from '../errors.ts'
import { JOURNALS, removeDatabase, removeLeftovers } from './leftovers.ts'

/** The file that an import writes: under a temporary name beside its place until it is whole. */
export interface Target {
  readonly temporary: string
  /** The place, absolute. */
  readonly path: string
  /** Puts the file in its place. */
  commit(): Promise<void>
  /** Removes it, at once and as often as wanted. */
  discard(): void
}

/** It holds the accounts' keys: nobody but its owner reads it. */
const MODE = 0o600
const PERMISSIONS = 0o777
const SQLITE_MAGIC = Buffer.from('SQLite format 3\u0000')
const ACCEPTED = 'the path of a database file to write'

/** Throws AuditError of kind 'input' where the file could not be put in its place, before any work. */
export async function openTarget(output: string, overwrite: boolean, inputs: readonly string[]): Promise<Target> {
  const given = resolve(output)
  const older = await olderFile(given, output, overwrite, inputs)
  const path = older === undefined ? given : await realpath(given)
  for (const ending of JOURNALS) {
    if ((await lstat(`${path}${ending}`).catch(() => undefined)) === undefined) continue
    throw refused(output, `there is a ${basename(path)}${ending}, which belongs to a database in use`)
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(temporary, '', { flag: 'wx', mode: MODE })
    await removeLeftovers(path, await lstat(temporary))
  } catch (cause) {
    throw refused(output, codeOf(cause, UNWRITABLE))
  }
  const discard = (): void => removeDatabase(temporary)
  const commit = async (): Promise<void> => {
    try {
      await settle(temporary)
      if (older !== undefined) {
        await chmod(temporary, older.mode & PERMISSIONS)
        await rename(temporary, path)
      } else {
        await putNew(temporary, path, output)
      }
    } catch (cause) {
      throw cause instanceof AuditError ? cause : refused(output, codeOf(cause, UNWRITABLE))
    }
  }
  return { temporary, path, commit, discard }
}

/** The file that is there already; throws where it may not be replaced. */
async function olderFile(
  path: string,
  output: string,
  overwrite: boolean,
  inputs: readonly string[],
): Promise<Stats | undefined> {
  if ((await lstat(path).catch(() => undefined)) === undefined) return undefined
  if (!overwrite) throw refused(output, 'it is there already', `${ACCEPTED}, or --overwrite`)
  const older = await stat(path).catch(() => undefined)
  if (!older?.isFile()) throw refused(output, 'it is no file')
  for (const input of inputs) {
    const { dev, ino } = await stat(input)
    if (dev === older.dev && ino === older.ino) throw refused(output, 'it is one of the files to import')
  }
  if (older.size > 0 && !(await isDatabase(path))) throw refused(output, 'it is there already, and no database')
  return older
}

async function isDatabase(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return false
  try {
    const { buffer } = await file.read(Buffer.alloc(SQLITE_MAGIC.length), 0, SQLITE_MAGIC.length, 0)
    return buffer.equals(SQLITE_MAGIC)
  } finally {
    await file.close()
  }
}

/** The import writes without waiting for the disk: this waits once, for all of it. */
async function settle(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Unlike a renaming, a link never replaces a file that somebody else has put there meanwhile. */
async function putNew(temporary: string, path: string, output: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw refused(output, 'it is there already', `${ACCEPTED}, or --overwrite`)
    // Not every file system has links.
    return rename(temporary, path)
  }
  await rm(temporary)
}

const UNWRITABLE = 'it cannot be written'
const refused = (output: string, why: string, accepted = ACCEPTED): AuditError =>
  new AuditError('input', `output: "${shortened(output, 200)}" is not accepted (${why}); give ${accepted}`, {
    field: 'output',
    value: output,
    accepted,
  })
