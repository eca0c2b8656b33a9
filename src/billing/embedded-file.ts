import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { AuditError, codeOf, shortened } from '../errors.ts'
import type { Bind, EmbeddedHandle, EmbeddedStatement } from '../ledger/embedded-handle.ts'
import { LIMITS } from '../limits.ts'

/** Opens, or creates, an embedded database by its absolute path; loads its driver at the first use. */
export type OpenHandle = (path: string) => Promise<EmbeddedHandle>

/** Our own database file. */
export interface StoreFile {
  /** Undefined where nothing was ever written; nothing is created then. */
  read<T>(work: (handle: EmbeddedHandle) => T): Promise<T | undefined>
  /** One transaction, all or nothing. Who writes at the same time waits for its turn. */
  write<T>(work: (handle: EmbeddedHandle) => T): Promise<T>
}

/** Tells our file from any other database: nothing is ever written to one that is not ours. */
const STORE_MARK = 0x66_61_6c_62
const STORE_VERSION = 1

// A rollback journal, not a write-ahead log: one file alone, which can be read where its folder may not be written.
const TABLES = [
  `CREATE TABLE rule_versions (
    rule_number INTEGER NOT NULL, revision INTEGER NOT NULL, model_id TEXT NOT NULL, model_key TEXT NOT NULL,
    model_name TEXT, membership_level TEXT NOT NULL, level_key TEXT NOT NULL, input_price TEXT NOT NULL,
    output_price TEXT NOT NULL, unit TEXT NOT NULL, currency TEXT NOT NULL, effective_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL, superseded_by INTEGER, PRIMARY KEY (rule_number, revision)
  ) STRICT`,
  `CREATE UNIQUE INDEX one_standing_version ON rule_versions (model_key, level_key, effective_at)
    WHERE superseded_by IS NULL`,
  `CREATE TRIGGER versions_are_kept BEFORE DELETE ON rule_versions
    BEGIN SELECT RAISE(ABORT, 'versions are kept'); END`,
  `CREATE TRIGGER versions_are_final BEFORE UPDATE ON rule_versions
    WHEN OLD.superseded_by IS NOT NULL OR NEW.superseded_by IS NULL
    BEGIN SELECT RAISE(ABORT, 'versions are final'); END`,
  `CREATE TABLE settlements (
    invoice_id TEXT NOT NULL PRIMARY KEY, settled_at INTEGER NOT NULL, content TEXT NOT NULL, hash TEXT NOT NULL
  ) STRICT`,
  `CREATE TRIGGER settlements_are_kept BEFORE DELETE ON settlements
    BEGIN SELECT RAISE(ABORT, 'settlements are kept'); END`,
  `CREATE TRIGGER settlements_are_final BEFORE UPDATE ON settlements
    BEGIN SELECT RAISE(ABORT, 'settlements are final'); END`,
  `PRAGMA application_id = ${STORE_MARK}`,
  `PRAGMA user_version = ${STORE_VERSION}`,
]

export function storeFile(path: string, open: OpenHandle): StoreFile {
  const opened = holding(path, open)
  return {
    async read(work) {
      if (!isThere(path)) return undefined
      return told(path, opened, (handle) => {
        handle.exec('PRAGMA query_only = 1')
        checkIsStore(handle, path)
        return work(handle)
      })
    },
    async write(work) {
      try {
        await makeStore(path, open)
      } catch (cause) {
        throw failureOf(cause, path)
      }
      return told(path, opened, (handle) => {
        handle.exec('PRAGMA query_only = 0')
        return inTransaction(handle, () => {
          checkIsStore(handle, path)
          return work(handle)
        })
      })
    },
  }
}

interface Opened {
  get(): Promise<EmbeddedHandle>
  /** After a failure: the next use opens the file anew. */
  drop(): void
}

/**
 * The handle of a file, held as long as that file stands at the path. The driver lets go of a file that was closed only
 * when its statements are collected: opened for each use, a busy server would run out of files.
 */
function holding(path: string, open: OpenHandle): Opened {
  let held: { readonly file: string; readonly handle: EmbeddedHandle } | undefined
  const drop = (): void => {
    held?.handle.close()
    held = undefined
  }
  return {
    drop,
    async get() {
      checkIsFile(path)
      const { dev, ino } = statSync(path, { bigint: true })
      const file = `${dev}:${ino}`
      if (held?.file === file) return held.handle
      drop()
      const handle = await open(path)
      handle.exec(`PRAGMA busy_timeout = ${LIMITS.billingStoreWait}`)
      held ??= { file, handle }
      return handle
    },
  }
}

/** Takes the only right to write at once: what is read inside is still so when something is written. */
function inTransaction<T>(handle: EmbeddedHandle, work: () => T): T {
  handle.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    handle.exec('COMMIT')
    return result
  } catch (cause) {
    try {
      handle.exec('ROLLBACK')
    } catch {
      // Some failures have ended the transaction already.
    }
    throw cause
  }
}

const prepared = new WeakMap<EmbeddedHandle, Map<string, EmbeddedStatement>>()

/** The statement of a handle, made once. */
export function statementOf(handle: EmbeddedHandle, sql: string): EmbeddedStatement {
  const ofHandle = prepared.get(handle) ?? new Map<string, EmbeddedStatement>()
  prepared.set(handle, ofHandle)
  const statement = ofHandle.get(sql) ?? handle.prepare(sql)
  ofHandle.set(sql, statement)
  return statement
}

/** All rows of a statement, as cells. */
export function rowsOf(handle: EmbeddedHandle, sql: string, ...binds: Bind[]): (readonly unknown[])[] {
  const iterator = statementOf(handle, sql)
    .raw()
    .iterate(...binds)
  const rows: (readonly unknown[])[] = []
  // A statement that is left half read keeps its lock on the file, even after close.
  for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
    if (Array.isArray(step.value)) rows.push(step.value)
  }
  return rows
}

export const numberIn = (handle: EmbeddedHandle, sql: string, ...binds: Bind[]): number =>
  Number(rowsOf(handle, sql, ...binds)[0]?.[0] ?? 0)

/**
 * Throws where the file is another database, of a newer version of this program, or holds nothing: a store has its tables from
 * the first moment on, so one without any was emptied, and nobody knows what it held.
 */
function checkIsStore(handle: EmbeddedHandle, path: string): void {
  const mark = numberIn(handle, 'PRAGMA application_id')
  if (mark === 0 && numberIn(handle, 'SELECT count(*) FROM sqlite_master') === 0) {
    const next = 'put a copy of it in its place; only if it never held anything, remove it'
    throw unusable(path, 'is an empty file: what it held, if anything, is lost', next)
  }
  if (mark !== STORE_MARK) {
    throw unusable(path, 'is another database, not one of billing rules', 'name another file in BILLING_STORE')
  }
  if (numberIn(handle, 'PRAGMA user_version') > STORE_VERSION) {
    throw unusable(path, 'was written by a newer version of this program', 'use that version, or another file')
  }
}

/** A place that may not even be looked at is an error, not an empty store. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    if (codeOf(cause) === 'ENOTDIR') return false
    throw failureOf(cause, path)
  }
}

function checkIsFile(path: string): void {
  if (!statSync(path).isFile()) throw unusable(path, 'is no file', 'name a file in BILLING_STORE')
}

/**
 * The folder and the file, for this user alone: statements hold what users paid. The file gets its tables under another name and
 * then its own, so that nobody ever sees it without them.
 */
async function makeStore(path: string, open: OpenHandle): Promise<void> {
  if (existsSync(path)) {
    checkIsFile(path)
    return
  }
  makeFolder(dirname(path))
  const draft = `${path}.${randomUUID()}`
  closeSync(openSync(draft, 'wx', 0o600))
  try {
    const handle = await open(draft)
    try {
      inTransaction(handle, () => {
        for (const statement of TABLES) handle.exec(statement)
      })
    } finally {
      handle.close()
    }
    giveName(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Whoever is first has made the store; the others take that one. */
function giveName(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return
    if (!NO_SECOND_NAME.test(codeOf(cause))) throw cause
    // Who reads at that very moment is told that the file cannot be read, and nothing is lost.
    copyWhereNone(draft, path)
  }
}

/** Some file systems know no second name of a file. */
const NO_SECOND_NAME = /^(EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP)$/

function copyWhereNone(draft: string, path: string): void {
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL)
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause
  }
}

/** One after another: Node's own recursion never ends where a file system makes no folders, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    // Somebody else may have made it in the meantime.
    if (!existsSync(folder)) throw cause
  }
}

const unusable = (path: string, problem: string, next: string): AuditError =>
  new AuditError('configuration', `the billing store ${path} ${problem}`, { field: 'BILLING_STORE', value: path, next })

const UNWRITABLE = /^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EEXIST|EISDIR|ENAMETOOLONG)$/

async function told<T>(path: string, opened: Opened, work: (handle: EmbeddedHandle) => T): Promise<T> {
  try {
    return work(await opened.get())
  } catch (cause) {
    if (cause instanceof AuditError) throw cause
    opened.drop()
    throw failureOf(cause, path)
  }
}

/** What the driver or the file system threw, as an error that says what to do. Neither quotes what is stored. */
function failureOf(cause: unknown, path: string): AuditError {
  if (cause instanceof AuditError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  if (UNWRITABLE.test(codeOf(cause)) || /readonly|unable to open/.test(message)) {
    const next = 'make its folder writable for this user, or name another file in BILLING_STORE'
    return unusable(path, 'cannot be opened or written', next)
  }
  const [problem, next] = /locked|busy/i.test(message)
    ? ['is being written by another program', 'try again in a moment']
    : /not a database|malformed|corrupt/i.test(message)
      ? ['is damaged, or no database', 'put a copy of it in its place, or name another file in BILLING_STORE']
      : [`failed: ${shortened(message, 200)}`, 'see that BILLING_STORE names a file on a disk with space left']
  return new AuditError('source', `the billing store ${path} ${problem}`, { field: 'BILLING_STORE', next, cause })
}
