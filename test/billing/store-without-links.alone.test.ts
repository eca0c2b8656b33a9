import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { openBillingStore } from '../../src/billing-store.ts'
import { at, ruleDraft } from '../kit/billing.ts'

/** What a file system without second names of files says; with others the program fails. */
let code = ''
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof fs>()),
  linkSync: () => {
    throw Object.assign(new Error(`${code}: link`), { code })
  },
}))

const folder = fs.mkdtempSync(join(tmpdir(), 'store-without-links-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const NOW = at('2026-02-10T12:00:00Z')

describe('where a file can have but one name', () => {
  it.each(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])('a store is made all the same: %s', async (said) => {
    code = said
    const path = join(folder, said, 'billing.db')
    const stores = [0, 1, 2].map(() => openBillingStore(path, new Map()))
    await Promise.all(stores.map((store, index) => store.create(ruleDraft({ modelId: `m${index}` }), NOW)))
    expect(await openBillingStore(path, new Map()).rules()).toHaveLength(3)
    expect(fs.readdirSync(join(folder, said))).toEqual(['billing.db'])
    expect(fs.statSync(path).mode & 0o777).toBe(0o600)
  })

  it('another failure is told, and leaves nothing', async () => {
    code = 'EIO'
    const path = join(folder, 'broken', 'billing.db')
    const made = openBillingStore(path, new Map()).create(ruleDraft(), NOW)
    await expect(made).rejects.toMatchObject({ kind: 'source', field: 'BILLING_STORE' })
    expect(fs.readdirSync(join(folder, 'broken'))).toEqual([])
  })
})
