import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import {
  access,
  chmod,
  chown,
  lstat,
  open,
  readlink,
  realpath,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AuditError, codeOf, shortened } from '../errors.ts'

/** Reports tell what customers paid: nobody but their owner reads a new one. */
const NEW_FILE_MODE = 0o600
const PERMISSIONS = 0o777

const SQLITE_MAGIC = Buffer.from('SQLite format 3')
/** Links that are followed one after the other; more of them lead in a circle. */
const LINKS_MAX = 40

/** A file that the audit reads or keeps, which nothing that it writes may replace. It need not be there yet. */
export interface KeptFile {
  /** The setting that names it. */
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Whether it is the audited database itself, which an import may write anew. */
  readonly isDatabase?: boolean
}

/** Says before the work whether a file could be written there. Throws AuditError of kind 'input'. */
export async function checkOutput(path: string, kept: readonly KeptFile[]): Promise<void> {
  const folder = await stat(dirname(resolve(path))).catch(() => undefined)
  if (!folder?.isDirectory()) throw refused(path, 'its folder does not exist')
  const there = await stat(path).catch((cause: unknown) => {
    if (codeOf(cause) === TOO_LONG) throw refused(path, TOO_LONG)
    return undefined
  })
  if (there?.isDirectory()) throw refused(path, 'it is a folder')
  for (const { name, path: own } of kept) {
    if (await isSameFile(path, there, own)) throw refused(path, `it is a file of ${name}, which would be lost`, ITS_OWN)
  }
  // A file is made beside the one whose place it takes.
  const written = there === undefined || there.isFile() ? dirname(await placeOf(path)) : path
  await access(written, constants.W_OK).catch((cause: unknown) => {
    throw refused(path, codeOf(cause, UNWRITABLE))
  })
}

/** As checkOutput, for a report, which takes the place of no database: none is written anew by an audit. */
export async function checkReportOutput(path: string, kept: readonly KeptFile[]): Promise<void> {
  await checkOutput(path, kept)
  if (await isDatabase(path)) throw refused(path, 'it is a database, which would be lost', ITS_OWN)
}

/** By where the names lead, which may be nowhere yet, and by the file itself, which may have several names. */
async function isSameFile(path: string, there: Stats | undefined, own: string): Promise<boolean> {
  const other = await stat(own).catch(() => undefined)
  if (there !== undefined && other !== undefined && there.dev === other.dev && there.ino === other.ino) return true
  return (await placeOf(path)) === (await placeOf(own))
}

async function placeOf(path: string, links = 0): Promise<string> {
  const real = await realpath(path).catch(() => undefined)
  if (real !== undefined) return real
  const place = join(await realpath(dirname(resolve(path))).catch(() => dirname(resolve(path))), basename(path))
  const target = links < LINKS_MAX ? await readlink(place).catch(() => undefined) : undefined
  return target === undefined ? place : placeOf(resolve(dirname(place), target), links + 1)
}

async function isDatabase(path: string): Promise<boolean> {
  // What is no file, such as a pipe, would be waited for, and what is read of it would be gone.
  if (!(await stat(path).catch(() => undefined))?.isFile()) return false
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return false
  try {
    const { buffer } = await file.read(Buffer.alloc(SQLITE_MAGIC.length), 0, SQLITE_MAGIC.length, 0)
    return buffer.equals(SQLITE_MAGIC)
  } finally {
    await file.close()
  }
}

/**
 * Writes a file whole or not at all: a reader, or a run that breaks off, never sees half a report. A link stays, what it
 * leads to is written; a file keeps its permissions. What is no file, such as a pipe or a device, is written into.
 */
export async function writeWhole(path: string, text: string | AsyncIterable<string>): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined)
    const place = await placeToFill(path, there)
    if (place === undefined) await writeFile(path, text, { mode: NEW_FILE_MODE })
    else await replace(place, text, there)
  } catch (cause) {
    throw cause instanceof AuditError ? cause : refused(path, codeOf(cause, UNWRITABLE))
  }
}

/** Where a whole file is put; undefined for what is written into: a pipe, a device, or links in a circle, where that fails. */
async function placeToFill(path: string, there: Stats | undefined): Promise<string | undefined> {
  if (there !== undefined) return there.isFile() ? realpath(path).catch(() => undefined) : undefined
  const place = await placeOf(path)
  const isFree = (await lstat(place).catch(() => undefined)) === undefined
  return isFree ? place : undefined
}

/** Puts a file in the place of an older one, if there is one. */
async function replace(path: string, text: string | AsyncIterable<string>, older: Stats | undefined): Promise<void> {
  // Without the name of the file, which may be as long as a name can be.
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: NEW_FILE_MODE })
    if (older !== undefined) {
      // Only root may give a file away; for others it becomes theirs, as with any tool that replaces files.
      await chown(temporary, older.uid, older.gid).catch(() => {})
      await chmod(temporary, older.mode & PERMISSIONS)
    }
    await rename(temporary, path)
  } catch (cause) {
    await unlink(temporary).catch(() => {})
    throw cause
  }
}

const UNWRITABLE = 'it cannot be written'
const TOO_LONG = 'ENAMETOOLONG'
const WRITABLE = 'file that can be written'
const ITS_OWN = 'file of its own, none that the audit reads or keeps'

const refused = (path: string, why: string, accepted = WRITABLE): AuditError =>
  new AuditError('input', `output: "${shortened(path, 200)}" is not accepted (${why}); give a ${accepted}`, {
    field: 'output',
    value: path,
    accepted: `a ${accepted}`,
  })
