import { randomBytes } from 'node:crypto'
import { rename, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AuditError } from '../errors.ts'

/** Says before the work whether a file could be written there. Throws AuditError of kind 'input'. */
export async function checkOutput(path: string): Promise<void> {
  const folder = await stat(dirname(resolve(path))).catch(() => undefined)
  if (!folder?.isDirectory()) throw refused(path, 'its folder does not exist')
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw refused(path, 'it is a folder')
}

/** Writes a file whole or not at all: a reader, or a run that breaks off, never sees half a report. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = join(dirname(resolve(path)), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, path)
  } catch (cause) {
    await unlink(temporary).catch(() => {})
    throw refused(path, cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be written')
  }
}

const refused = (path: string, why: string): AuditError =>
  new AuditError('input', `output: "${path.slice(0, 200)}" is not accepted (${why}); give a file that can be written`, {
    field: 'output',
    value: path,
    accepted: 'the path of a file that can be written',
  })
