import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { BillingStore } from '../../src/billing/store.ts'
import { openBillingStore } from '../../src/billing-store.ts'
import { AuditError } from '../../src/errors.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { at, ruleDraft } from '../kit/billing.ts'
import { february, listOf, statementOf } from '../tools/statement-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'emptied-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const freshPath = (): string => join(folder, String(count++), 'billing.db')
const open = (path: string): BillingStore => openBillingStore(path, new Map())
const NOW = at('2026-02-10T12:00:00Z')

const failureOf = async (work: Promise<unknown>): Promise<AuditError> => {
  const error = await work.then(
    () => new Error('it worked'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AuditError)
  return error as AuditError
}

/** The file of a database from which everything was removed, and its mark. */
async function emptyTables(path: string): Promise<void> {
  rmSync(path)
  const handle = await openEmbeddedHandle(path)
  for (const statement of ['CREATE TABLE t (x INTEGER)', 'DROP TABLE t']) handle.exec(statement)
  handle.close()
}

describe('an empty file', () => {
  it.each([
    ['without a byte', (path: string) => truncateSync(path)],
    ['without a table', (path: string) => emptyTables(path)],
  ])('a store that was emptied, %s: is not taken for a new one, and is left as it is', async (_what, empty) => {
    const path = freshPath()
    const held = open(path)
    await held.create(ruleDraft(), NOW)
    await empty(path)
    const before = statSync(path).size
    // By who had it open and by who opens it now.
    for (const store of [held, open(path)]) {
      for (const work of [store.rules(), store.settled(['inv_202601']), store.create(ruleDraft(), NOW)]) {
        const error = await failureOf(work)
        expect(error).toMatchObject({ kind: 'configuration', field: 'BILLING_STORE' })
        expect(error.message).toContain('is an empty file')
        expect(error.next).toContain('remove it')
      }
    }
    expect(statSync(path).size).toBe(before)
  })

  it('nor is a file that was always empty, until it is removed', async () => {
    const path = join(folder, `empty-${count++}.db`)
    writeFileSync(path, '')
    expect((await failureOf(open(path).create(ruleDraft(), NOW))).message).toContain('is an empty file')
    rmSync(path)
    expect(await open(path).create(ruleDraft(), NOW)).toMatchObject({ ruleId: 'br_001' })
  })

  it('settles no statement again, and leaves it a draft that says so', async () => {
    const path = freshPath()
    const world = february().build()
    expect((await statementOf(world, 'inv_202602', { billing: open(path) })).status).toBe('settled')
    truncateSync(path)
    expect(await statementOf(world, 'inv_202602', { billing: open(path) })).toMatchObject({
      status: 'draft',
      status_reason: 'unrecorded',
      settled_at: null,
    })
  })
})

describe('a settlement whose record was damaged', () => {
  it.each([
    ['is no content', "content = '{'"],
    ['is another content', 'content = replace(content, \'"charged_points":2080\', \'"charged_points":2081\')'],
    ['is of another hash', "hash = 'aa'"],
  ])('is not known any more: what is left of it %s', async (_what, change) => {
    const path = freshPath()
    const world = february().build()
    expect((await statementOf(world, 'inv_202602', { billing: open(path) })).status).toBe('settled')
    const handle = await openEmbeddedHandle(path)
    handle.exec('DROP TRIGGER settlements_are_final')
    handle.exec(`UPDATE settlements SET ${change}`)
    handle.close()
    const draft = { status: 'draft', status_reason: 'unrecorded', settled_at: null }
    const damaged = await statementOf(world, 'inv_202602', { billing: open(path) })
    // Nothing is compared with it: no restatement is invented, and none is denied.
    expect(damaged).toMatchObject({ ...draft, restatement: null })
    expect(await listOf(world, {}, { billing: open(path) })).toMatchObject([
      { period: '2026-03', status: 'draft' },
      { period: '2026-02', ...draft, restated: false },
      // Of another month nothing was damaged.
      { period: '2026-01', status: 'settled' },
    ])
  })
})

it('a settlement whose record was damaged leaves those of other months known', async () => {
  const path = freshPath()
  const world = february().task({ at: '2026-01-12 12:00:00' }).build()
  const settled = (month: string) => ({ period: month, status: 'settled' })
  const before = await listOf(world, {}, { billing: open(path) })
  expect(before).toMatchObject([{ period: '2026-03' }, settled('2026-02'), settled('2026-01')])
  const handle = await openEmbeddedHandle(path)
  handle.exec('DROP TRIGGER settlements_are_final')
  handle.exec("UPDATE settlements SET hash = 'aa' WHERE invoice_id = 'inv_202602'")
  handle.close()
  expect(await listOf(world, {}, { billing: open(path) })).toEqual([
    before[0],
    { ...before[1], status: 'draft', status_reason: 'unrecorded', settled_at: null },
    before[2],
  ])
})

describe('a new store', () => {
  it('is never seen without its tables, and leaves nothing beside it', async () => {
    const path = freshPath()
    let done = false
    const watch = async (): Promise<void> => {
      while (!done) {
        await open(path).rules()
        await new Promise(setImmediate)
      }
    }
    const watching = watch()
    await Promise.all(['a', 'b', 'c'].map((modelId) => open(path).create(ruleDraft({ modelId }), NOW)))
    done = true
    await watching
    expect(await open(path).rules()).toHaveLength(3)
    expect(readdirSync(join(path, '..'))).toEqual(['billing.db'])
  })
})
