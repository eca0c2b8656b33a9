import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ruleChooser } from '../../src/billing/choose-rule.ts'
import { rowsOf } from '../../src/billing/embedded-file.ts'
import { asGiven } from '../../src/billing/price.ts'
import type { BillingStore } from '../../src/billing/store.ts'
import { openBillingStore } from '../../src/billing-store.ts'
import { AuditError } from '../../src/errors.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { asNobody } from '../kit/as-nobody.ts'
import { at, decimal, ruleDraft } from '../kit/billing.ts'

const folder = mkdtempSync(join(tmpdir(), 'billing-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const freshPath = (): string => join(folder, String(count++), 'deep', 'billing.db')
const open = (path = freshPath(), aliases = new Map<string, string>()): BillingStore => openBillingStore(path, aliases)

const NOW = at('2026-02-10T12:00:00Z')

const failureOf = async (work: Promise<unknown>): Promise<AuditError> => {
  const error = await work.then(
    () => new Error('it worked'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AuditError)
  return error as AuditError
}

describe('a store that nobody wrote to', () => {
  it('holds nothing, and makes neither file nor folder by being read', async () => {
    const path = freshPath()
    const store = open(path)
    expect(await store.rules()).toEqual([])
    expect(await store.settled(['inv_202601'])).toEqual([])
    expect(await failureOf(store.update('br_001', { modelName: 'x' }, NOW))).toMatchObject({ kind: 'not-found' })
    expect(existsSync(join(path, '..', '..'))).toBe(false)
  })

  it('makes nothing for a rule whose terms do not go together', async () => {
    const path = freshPath()
    const error = await failureOf(open(path).create(ruleDraft({ unit: 'per_image' }), NOW))
    expect(error).toMatchObject({ kind: 'input', field: 'input_price' })
    expect(existsSync(path)).toBe(false)
  })
})

describe('a rule', () => {
  it('is kept as it was given, with an id of its own', async () => {
    const path = freshPath()
    const draft = ruleDraft({ inputPrice: decimal('0.0280'), modelName: null, membershipLevel: 'VIP 会员' })
    expect(await open(path).create(draft, NOW)).toEqual({
      ...draft,
      ruleId: 'br_001',
      revision: 1,
      recordedAt: NOW,
      supersededBy: null,
    })
    expect(await open(path).create(ruleDraft({ modelId: 'other' }), NOW)).toMatchObject({ ruleId: 'br_002' })
    const [held] = await open(path).rules()
    expect(held).toMatchObject(draft)
    expect(asGiven(held!.inputPrice)).toBe('0.0280')
  })

  it('lies in one file, which only its owner may read', async () => {
    const path = freshPath()
    await open(path).create(ruleDraft(), NOW)
    expect(readdirSync(join(path, '..'))).toEqual(['billing.db'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  })

  it.each([
    ['the same', {}],
    ['the model by another name', { modelId: 'GPT-4O' }],
    ['the level in capitals', { membershipLevel: ' BASIC' }],
    ['the model by its alias', { modelId: 'four-o' }],
    ['another price', { outputPrice: decimal('9') }],
  ])('refuses a second one of its model, level and instant: %s', async (_what, changes) => {
    const store = open(freshPath(), new Map([['four-o', 'gpt-4o']]))
    await store.create(ruleDraft(), NOW)
    const error = await failureOf(store.create(ruleDraft(changes), NOW))
    expect(error).toMatchObject({ kind: 'conflict', field: 'effective_at' })
    expect(error.message).toContain('br_001')
    expect(await store.rules()).toHaveLength(1)
  })

  it.each([
    ['another model', { modelId: 'gpt-4' }],
    ['another level', { membershipLevel: 'free' }],
    ['another instant', { effectiveAt: at('2024-01-01T00:00:00.001Z') }],
  ])('allows one beside it of %s', async (_what, changes) => {
    const store = open()
    await store.create(ruleDraft(), NOW)
    expect(await store.create(ruleDraft(changes), NOW)).toMatchObject({ ruleId: 'br_002' })
  })
})

describe('the versions of a rule', () => {
  it('are all kept, and each prices its own time', async () => {
    const store = open()
    await store.create(ruleDraft({ effectiveAt: at('2026-01-01T00:00:00Z') }), NOW)
    const middle = at('2026-01-16T00:00:00Z')
    await store.update('br_001', { outputPrice: decimal('0.09'), effectiveAt: middle }, NOW)
    const versions = await store.rules()
    expect(versions.map(({ revision, supersededBy }) => [revision, supersededBy])).toEqual([
      [1, null],
      [2, null],
    ])
    const chooser = ruleChooser(versions, { defaultLevel: 'basic', aliases: new Map() })
    const priceAt = (text: string): string =>
      asGiven(chooser.choose({ model: 'gpt-4o', membershipLevel: 'basic', at: at(text) })!.outputPrice)
    expect(priceAt('2026-01-15T23:59:59.999Z')).toBe('0.084')
    expect(priceAt('2026-01-16T00:00:00Z')).toBe('0.09')
  })

  it('stay in the history where they were corrected', async () => {
    const store = open()
    await store.create(ruleDraft(), NOW)
    const there = { outputPrice: decimal('0.09'), effectiveAt: ruleDraft().effectiveAt }
    expect(await failureOf(store.update('br_001', there, NOW))).toMatchObject({ kind: 'conflict' })
    expect(await store.update('br_001', { ...there, revision: 1 }, NOW)).toMatchObject({ revision: 2 })
    expect(
      (await store.rules()).map(({ revision, supersededBy, outputPrice }) => [
        revision,
        supersededBy,
        asGiven(outputPrice),
      ]),
    ).toEqual([
      [1, 2, '0.084'],
      [2, null, '0.09'],
    ])
    // The revision that was corrected is not the one that stands any more.
    expect(await failureOf(store.update('br_001', { ...there, revision: 1 }, NOW))).toMatchObject({
      kind: 'conflict',
      field: 'revision',
    })
  })

  it('do not move onto a version of another rule, and nothing is half written then', async () => {
    const store = open()
    const [early, late] = [at('2026-01-01T00:00:00Z'), at('2026-06-01T00:00:00Z')]
    await store.create(ruleDraft({ effectiveAt: early }), NOW)
    await store.create(ruleDraft({ effectiveAt: late }), NOW)
    const before = await store.rules()
    const error = await failureOf(store.update('br_001', { modelName: 'x', effectiveAt: late }, NOW))
    expect(error).toMatchObject({ kind: 'conflict' })
    expect(error.message).toContain('br_002')
    expect(await store.rules()).toEqual(before)
  })

  it('cannot be removed or rewritten in the file either', async () => {
    const path = freshPath()
    await open(path).create(ruleDraft(), NOW)
    const handle = await openEmbeddedHandle(path)
    expect(() => handle.exec('DELETE FROM rule_versions')).toThrow(/kept/)
    expect(() => handle.exec("UPDATE rule_versions SET output_price = '0'")).toThrow(/final/)
    handle.close()
  })

  it('are found by no id that is not there', async () => {
    const store = open()
    await store.create(ruleDraft(), NOW)
    const error = await failureOf(store.update('br_002', { modelName: 'x' }, NOW))
    expect(error).toMatchObject({ kind: 'not-found', field: 'rule_id' })
  })
})

describe('a settlement', () => {
  const record = { invoiceId: 'inv_202601', settledAt: NOW, content: '{"total":"1"}', hash: 'aa' }

  it('stands as it was first recorded', async () => {
    const path = freshPath()
    expect(await open(path).recordSettled(record)).toEqual(record)
    const later = { ...record, settledAt: at('2026-03-01T00:00:00Z'), content: '{"total":"2"}', hash: 'bb' }
    expect(await open(path).recordSettled(later)).toEqual(record)
    expect(await open(path).settled(['inv_202512', 'inv_202601'])).toEqual([record])
    expect(await open(path).rules()).toEqual([])
  })
})

describe('two writers at once', () => {
  it('on two connections: one rule, one conflict, nothing half written', async () => {
    const path = freshPath()
    const outcomes = await Promise.allSettled(
      ['0.1', '0.2', '0.3', '0.4'].map((price) => open(path).create(ruleDraft({ outputPrice: decimal(price) }), NOW)),
    )
    const won = outcomes.filter(({ status }) => status === 'fulfilled')
    const lost = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    expect(won).toHaveLength(1)
    expect(lost).toEqual(Array(3).fill(expect.objectContaining({ kind: 'conflict' })))
    expect(await open(path).rules()).toHaveLength(1)
  })

  it('wait for each other, and not for ever', async () => {
    const path = freshPath()
    await open(path).create(ruleDraft(), NOW)
    const handle = await openEmbeddedHandle(path)
    handle.exec('BEGIN IMMEDIATE')
    const error = await failureOf(open(path).create(ruleDraft({ modelId: 'b' }), NOW))
    expect(error).toMatchObject({
      kind: 'source',
      field: 'BILLING_STORE',
      message: expect.stringContaining('another program'),
    })
    expect(await open(path).rules()).toHaveLength(1)
    handle.exec('ROLLBACK')
    handle.close()
    expect(await open(path).create(ruleDraft({ modelId: 'b' }), NOW)).toMatchObject({ ruleId: 'br_002' })
  })
})

describe('a place that cannot be the store', () => {
  it.each([
    ['damaged', 'source', (path: string) => writeFileSync(path, `SQLite format 3\0${'garbage'.repeat(300)}`)],
    ['of text', 'source', (path: string) => writeFileSync(path, 'hello '.repeat(300))],
    ['a folder', 'configuration', (path: string) => mkdirSync(path)],
  ] as const)('a file that is %s: says so, and is left as it is', async (_what, kind, make) => {
    const path = join(folder, `bad-${count++}`)
    make(path)
    const before = statSync(path).size
    for (const work of [open(path).rules(), open(path).create(ruleDraft(), NOW)]) {
      const error = await failureOf(work)
      expect(error).toMatchObject({ kind, field: 'BILLING_STORE' })
      expect(error.next).toBeTruthy()
    }
    expect(statSync(path).size).toBe(before)
  })

  it('another database is neither read nor written', async () => {
    const path = join(folder, `other-${count++}.db`)
    const handle = await openEmbeddedHandle(path)
    handle.exec('CREATE TABLE ts_users (id INTEGER)')
    for (const work of [open(path).rules(), open(path).create(ruleDraft(), NOW)]) {
      expect(await failureOf(work)).toMatchObject({ kind: 'configuration', field: 'BILLING_STORE' })
    }
    expect(rowsOf(handle, 'SELECT name FROM sqlite_master')).toEqual([['ts_users']])
    handle.close()
  })

  it('a store of a newer version is left alone', async () => {
    const path = freshPath()
    await open(path).create(ruleDraft(), NOW)
    const handle = await openEmbeddedHandle(path)
    handle.exec('PRAGMA user_version = 2')
    handle.close()
    expect((await failureOf(open(path).rules())).message).toContain('newer version')
  })

  it('a version that cannot be read is no rule', async () => {
    const path = freshPath()
    await open(path).create(ruleDraft(), NOW)
    const handle = await openEmbeddedHandle(path)
    handle.exec('DROP TRIGGER versions_are_final')
    handle.exec("UPDATE rule_versions SET unit = 'per_gallon'")
    handle.close()
    expect(await failureOf(open(path).rules())).toMatchObject({ kind: 'source', field: 'BILLING_STORE' })
  })

  it('a folder that may only be read gives its rules, and says what to do about writing', async () => {
    const path = freshPath()
    const place = join(path, '..')
    await open(path).create(ruleDraft(), NOW)
    for (let above = place; above !== tmpdir(); above = join(above, '..')) chmodSync(above, 0o755)
    chmodSync(path, 0o444)
    chmodSync(place, 0o555)
    await asNobody(async () => {
      const store = open(path)
      expect(await store.rules()).toHaveLength(1)
      const error = await failureOf(store.create(ruleDraft({ modelId: 'b' }), NOW))
      expect(error).toMatchObject({ kind: 'configuration', field: 'BILLING_STORE' })
      expect(error.message).toContain('cannot be opened or written')
      expect(await store.rules()).toHaveLength(1)
    })
    expect(readdirSync(place)).toEqual(['billing.db'])
    chmodSync(place, 0o000)
    // What may not be looked at is not taken for an empty store.
    await asNobody(async () => expect(await failureOf(open(path).rules())).toMatchObject({ field: 'BILLING_STORE' }))
    chmodSync(place, 0o755)
  })

  // What holds for root too, whom no permission stops.
  it('a folder that cannot be made or written: rules can still be read, and writing says what to do', async () => {
    const file = join(folder, `file-${count++}`)
    writeFileSync(file, '')
    for (const path of [join(file, 'billing.db'), '/proc/fal-consumption-audit/billing.db']) {
      expect(await open(path).rules()).toEqual([])
      const error = await failureOf(open(path).create(ruleDraft(), NOW))
      expect(error).toMatchObject({ kind: 'configuration', field: 'BILLING_STORE' })
      expect(error.next).toContain('BILLING_STORE')
    }
  })
})
