import { describe, expect, it, onTestFinished } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { openWorld, STORES, type StoreKind } from '../kit/real-audit.ts'

const TABLES = {
  accounts: 'ts_fal_account',
  tasks: 'ts_fal_tasks',
  points: 'ts_points_detail',
  cash: 'ts_financial_transactions',
} as const

const WORLD = new MiniWorld()
  .account(5)
  .task({ at: '2026-02-06 10:00:00' })
  .task({ at: '2026-02-06 11:00:00', cost: '7', paid: { cash: 40 } })
  .task({ at: '2026-02-06 12:00:00', paid: { cash: 40 } })
  .build()

/** A table as CREATE TABLE … AS SELECT makes it, whose ids span more than is read at once, and one of whose rows has none. */
async function opened(store: StoreKind, table: string, id: string) {
  const real = await openWorld(WORLD, { store })
  onTestFinished(real.close)
  await real.exec(`CREATE TABLE other AS SELECT * FROM ${table}`)
  await real.exec(`DROP TABLE ${table}`)
  await real.exec(`ALTER TABLE other RENAME TO ${table}`)
  if (store === 'mariadb') await real.exec(`ALTER TABLE ${table} MODIFY id BIGINT NULL`)
  if (table !== TABLES.accounts) await real.exec(`UPDATE ${table} SET id = 30000 + id WHERE id > 2`)
  await real.exec(`UPDATE ${table} SET id = ${id} WHERE id = ${table === TABLES.accounts ? 5 : 2}`)
  return () => runAudit(auditInput({ depth: 'requests' }), real.dependencies(), quietContext())
}

describe.each(STORES)('a row without an id, on %s', (store) => {
  const told = (table: string) => `${table}.id holds "NULL", which is not a whole number of at most 9007199254740991`

  it.each(['accounts', 'tasks'] as const)('ends the audit where it is one of %s', async (role) => {
    const audit = await opened(store, TABLES[role], 'NULL')
    await expect(audit()).rejects.toMatchObject({
      kind: 'source',
      message: told(TABLES[role]),
      next: expect.stringMatching(/AUDIT_CONFIG/),
    })
  })

  it.each(['points', 'cash'] as const)('makes the %s ledger one that was not read', async (role) => {
    const report = await (await opened(store, TABLES[role], 'NULL'))()
    const source = report.coverage.sources.find((each) => each.source === role)
    expect(source).toMatchObject({ status: 'failed', reason: expect.stringContaining(told(TABLES[role])) })
    expect(inShort(report)).toEqual([])
  })

  it('is another matter than the id 0', async () => {
    // Balances go on in order of id, so that of points the first row would be another one.
    for (const table of [TABLES.accounts, TABLES.tasks, TABLES.cash]) {
      const report = await (await opened(store, table, '0'))()
      expect([inShort(report), report.coverage.complete]).toEqual([[], true])
    }
  })
})
