import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImportRequest } from '../../schemas/import.ts'
import { AuditError, inputError, shortened } from '../errors.ts'
import type { TableMapping, TableRole } from '../ledger/mapping.ts'
import { ROLES } from './columns.ts'

/** One file to import. */
export interface SourceFile {
  readonly role: TableRole
  readonly path: string
  /** As it was given, for messages. */
  readonly shown: string
}

export interface Sources {
  readonly files: readonly SourceFile[]
  /** Tables without a file. */
  readonly missing: readonly TableRole[]
}

const ENDINGS = ['csv', 'tsv', 'txt']
/** Without these there is no report (references/tables.md). */
const NEEDED: readonly TableRole[] = ['accounts', 'tasks']

/** The files of each table: those that its flag names, otherwise the one in the folder that has the table's name. */
export async function findSources(request: ImportRequest, { tables }: TableMapping): Promise<Sources> {
  const { dir } = request
  if (dir !== undefined && !(await stat(dir).catch(() => undefined))?.isDirectory()) {
    throw inputError('dir', dir, 'a folder that can be read')
  }
  const files: SourceFile[] = []
  const missing: TableRole[] = []
  for (const role of ROLES) {
    const given = request[role]
    if (given !== undefined) {
      for (const path of given) files.push(await checked({ role, path, shown: path }))
      continue
    }
    const inFolder = dir === undefined ? undefined : await inFolderOf(dir, role, tables[role])
    if (inFolder !== undefined) files.push(inFolder)
    else if (!NEEDED.includes(role)) missing.push(role)
    else throw neededError(role, dir, tables[role])
  }
  return { files, missing }
}

async function checked(file: SourceFile): Promise<SourceFile> {
  const found = await stat(file.path).catch(() => undefined)
  // A pipe is read like a file.
  if (found === undefined || found.isDirectory()) throw inputError(file.role, file.path, 'a file that can be read')
  return file
}

async function inFolderOf(dir: string, role: TableRole, table: string): Promise<SourceFile | undefined> {
  const there: string[] = []
  for (const ending of ENDINGS) {
    const path = join(dir, `${table}.${ending}`)
    if ((await stat(path).catch(() => undefined))?.isFile()) there.push(path)
  }
  const [path, second] = there
  if (second !== undefined) {
    throw new AuditError('input', `dir: the table ${table} is there twice, as ${there.join(' and ')}`, {
      field: 'dir',
      value: dir,
      next: `Say which one with --${role}.`,
    })
  }
  return path === undefined ? undefined : { role, path, shown: path }
}

function neededError(role: TableRole, dir: string | undefined, table: string): AuditError {
  const where = dir === undefined ? '' : `; there is no ${table}.csv, .tsv or .txt in ${shortened(dir, 200)}`
  const accepted = `--${role} FILE, or --dir FOLDER with ${table}.csv`
  return new AuditError('input', `${role}: is missing${where}; give ${accepted}`, { field: role, accepted })
}

/** The error for a file that as a whole cannot be imported. */
export function refusedFile({ role, shown }: SourceFile, why: string, accepted: string, next?: string): AuditError {
  const message = `${role}: "${shown}" is not accepted (${why}); give ${accepted}`
  return new AuditError('input', message, { field: role, value: shown, accepted, next })
}
