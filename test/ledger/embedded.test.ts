import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStatements } from '../../src/demo/ddl.ts'
import { writeEmbedded } from '../../src/demo/write-embedded.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import { ALL_TIME, account, all, NOW, openSnapshot, reading, task } from './backends.ts'

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
