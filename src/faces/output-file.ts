import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { chmod, chown, lstat, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AuditError, shortened } from '../errors.ts'

/** Reports tell what customers paid: nobody but their owner reads a new one. */
const NEW_FILE_MODE = 0o600
const PERMISSIONS = 0o777

/** Says before the work whether a file could be written there. Throws AuditError of kind 'input'. */
export async function checkOutput(path: string): Promise<void> {
  const folder = await stat(dirname(resolve(path))).catch(() => undefined)
  if (!folder?.isDirectory()) throw refused(path, 'its folder does not exist')
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw refused(path, 'it is a folder')
}

/**
 * Writes a file whole or not at all: a reader, or a run that breaks off, never sees half a report. A link stays, what it
 * leads to is written; a file keeps its permissions. What is no file, such as a pipe or a device, is written into.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined)
    const isNew = (await lstat(path).catch(() => undefined)) === undefined
    const real = there?.isFile() ? await realpath(path).catch(() => undefined) : undefined
    if (isNew) await replace(resolve(path), text, undefined)
    else if (real !== undefined) await replace(real, text, there)
    else await writeFile(path, text, { mode: NEW_FILE_MODE })
  } catch (cause) {
    throw refused(path, cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be written')
  }
}

/** Puts a file in the place of an older one, if there is one. */
async function replace(path: string, text: string, older: Stats | undefined): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
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

const refused = (path: string, why: string): AuditError =>
  new AuditError(
    'input',
    `output: "${shortened(path, 200)}" is not accepted (${why}); give a file that can be written`,
    {
      field: 'output',
      value: path,
      accepted: 'the path of a file that can be written',
    },
  )
