import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStatements } from '../../src/demo/ddl.ts'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerInspector } from '../../src/ledger/open-inspector.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import { asNobody } from '../kit/as-nobody.ts'
import { ALL_TIME, account, all, NOW, openSnapshot, reading, task } from './backends.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fal-audit-embedded-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const TABLES = { accounts: [account(1)], tasks: [task(1)], users: [], points: [], cash: [] }

test('a file that is not there is not created', async () => {
  const path = join(folder, 'missing.db')
  await expect(openSnapshot({ url: `file:${path}` })).rejects.toMatchObject({
    kind: 'source',
    message: expect.stringMatching(/no database file at .*missing\.db/),
    next: expect.stringMatching(/demo/),
  })
  await expect(openSnapshot({ url: `file:${folder}` })).rejects.toMatchObject({ kind: 'source' })
  expect(readdirSync(folder)).not.toContain('missing.db')
})

test('a file that is no database says so', async () => {
  const path = join(folder, 'text.db')
  writeFileSync(path, 'not a database, only text\n'.repeat(200))
  await expect(openSnapshot({ url: `file:${path}` })).rejects.toMatchObject({
    kind: 'source',
    message: expect.stringMatching(/no database file/),
  })
})

test('reading leaves the file as it was, and nothing beside it', async () => {
  const path = join(folder, 'plain.db')
  await writeEmbedded(path, TABLES)
  const store = openLedgerStore({ url: `file:${path}`, mapping: DEFAULT_MAPPING, clock: () => NOW })
  const snapshot = await store.snapshot(new AbortController().signal)
  expect(snapshot.databaseOffset).toBe('+00:00')
  expect(snapshot.zone.id).toBe('+00:00')
  expect((await all(snapshot.tasks(ALL_TIME))).length).toBe(1)
  await snapshot.close()
  expect(readdirSync(folder).filter((name) => name.startsWith('plain.db'))).toEqual(['plain.db'])
})

test.each(['a plan', 'the newest rows'])('whoever looked at %s keeps no writer waiting afterwards', async (what) => {
  const path = join(folder, `${what}.db`)
  await writeEmbedded(path, TABLES)
  const options = { url: `file:${path}`, mapping: DEFAULT_MAPPING, clock: () => NOW, deadlineMs: 10_000 }
  const inspection = await openLedgerInspector(options).open(new AbortController().signal)
  if (what === 'a plan') expect(await inspection.rowsScanned('tasks', 'task_id', 'none')).not.toBeUndefined()
  else expect(await inspection.newest('tasks', ['id'], 10)).toEqual([['1']])
  await inspection.close()
  const writer = await openEmbeddedHandle(path)
  expect(() => writer.exec("INSERT INTO ts_users VALUES (7777, 'late')")).not.toThrow()
  writer.close()
})

test('a file with a write-ahead log stays as it was, its log too', async () => {
  const path = join(folder, 'log?#%20.db')
  await writeEmbedded(path, TABLES)
  const writer = await openEmbeddedHandle(path)
  writer.prepare('PRAGMA journal_mode = WAL').raw().iterate().next()
  writer.exec("INSERT INTO ts_users VALUES (7777, 'late')")
  const copy = join(folder, 'copy?#%20.db')
  for (const ending of ['', '-wal']) copyFileSync(`${path}${ending}`, `${copy}${ending}`)
  writer.close()
  const before = ['', '-wal'].map((ending) => readFileSync(`${copy}${ending}`))
  // A file is let go of when its statements are collected: the last one to do so would move the log into it.
  for (let time = 0; time < 20; time++) {
    await reading({ url: `file:${copy}` }, async (snapshot) => {
      expect(await snapshot.userNames([7777])).toEqual(new Map([[7777, 'late']]))
    })
    collectGarbage()
    await setImmediate()
  }
  expect(['', '-wal'].map((ending) => readFileSync(`${copy}${ending}`))).toEqual(before)
})

test('what a writer left undone is not taken back, and said', async () => {
  const path = join(folder, 'undone.db')
  await writeEmbedded(path, { ...TABLES, tasks: Array.from({ length: 5000 }, (_, index) => task(index)) })
  const writer = await openEmbeddedHandle(path)
  writer.exec('PRAGMA cache_size = 5')
  writer.exec('BEGIN')
  writer.exec("UPDATE ts_fal_tasks SET task_type = 'other'")
  const copy = join(folder, 'copy-of-undone.db')
  for (const ending of ['', '-journal']) copyFileSync(`${path}${ending}`, `${copy}${ending}`)
  writer.exec('ROLLBACK')
  writer.close()
  const before = readFileSync(copy)
  await expect(openSnapshot({ url: `file:${copy}` })).rejects.toMatchObject({
    kind: 'source',
    message: expect.stringMatching(/ended in the middle of its work/),
    next: expect.stringMatching(/-journal/),
  })
  expect(readFileSync(copy).equals(before)).toBe(true)
  expect(readdirSync(folder)).toContain('copy-of-undone.db-journal')
})

test('a file with a write-ahead log, in a folder that may only be read, is not called one that was left undone', async () => {
  const closed = join(folder, 'closed')
  mkdirSync(closed)
  const plain = join(closed, 'plain.db')
  await writeEmbedded(plain, TABLES)
  const logged = join(folder, 'logged.db')
  copyFileSync(plain, logged)
  const writer = await openEmbeddedHandle(logged)
  writer.prepare('PRAGMA journal_mode = WAL').raw().iterate().next()
  const [clean, open] = [join(closed, 'clean.db'), join(closed, 'open.db')]
  copyFileSync(logged, clean)
  writer.exec("INSERT INTO ts_users VALUES (7777, 'late')")
  for (const ending of ['', '-wal']) copyFileSync(`${logged}${ending}`, `${open}${ending}`)
  writer.close()
  chmodSync(folder, 0o755)
  chmodSync(closed, 0o555)
  await asNobody(async () => {
    for (const path of [clean, open]) {
      await expect(openSnapshot({ url: `file:${path}` })).rejects.toMatchObject({
        message: expect.stringMatching(/keeps a write-ahead log.*-wal, -shm/),
        next: expect.stringMatching(/write in the folder.*or name a copy/),
      })
    }
    // Any other is read there.
    await reading({ url: `file:${plain}` }, async (snapshot) => {
      expect((await all(snapshot.tasks(ALL_TIME))).length).toBe(1)
    })
  })
  chmodSync(closed, 0o755)
})

test('a stream given up half-way lets go of the file', async () => {
  const path = join(folder, 'given-up.db')
  await writeEmbedded(path, { ...TABLES, tasks: Array.from({ length: 5000 }, (_, index) => task(index)) })
  await reading({ url: `file:${path}` }, async (snapshot) => {
    for await (const _ of snapshot.tasks(ALL_TIME)) break
  })
  const writer = await openEmbeddedHandle(path)
  // In the default journal mode a reader that still holds on makes this fail.
  writer.exec('DELETE FROM ts_fal_tasks')
  writer.close()
})

test('an open handle is borrowed, read only meanwhile, and given back', async () => {
  const handle = await openEmbeddedHandle(':memory:')
  for (const statement of createStatements('embedded')) handle.exec(statement)
  handle.exec("INSERT INTO ts_users VALUES (1, 'lin')")
  const store = openLedgerStore({ url: handle, mapping: DEFAULT_MAPPING, clock: () => NOW })
  const snapshot = await store.snapshot(new AbortController().signal)
  expect(await snapshot.userNames([1])).toEqual(new Map([[1, 'lin']]))
  expect(() => handle.exec('DELETE FROM ts_users')).toThrow(/readonly/)
  await snapshot.close()
  handle.exec('DELETE FROM ts_users')
  handle.close()
})
