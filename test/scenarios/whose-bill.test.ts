import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import { matchingFindings } from '../../src/operations/finding-filter.ts'
import { inShort } from '../kit/audit-world.ts'
import { auditRealWorld, STORES } from '../kit/real-audit.ts'

const team = () =>
  new MiniWorld()
    .account(5, { workspace: 'team' })
    .account(6, { workspace: 'team' })
    .task({ account: 5, cost: '1' })
    .task({ account: 6, cost: '2', user: 102 })

const NO_FILTER = {
  ...{ rule: undefined, severity: undefined, userId: undefined, date: undefined },
  fingerprint: undefined,
}
/** What is found for the two accounts, and for another one. */
const foundFor = (report: Report) =>
  [5, 6, 7].map((accountId) => matchingFindings(report, { ...NO_FILTER, accountId }).map(({ rule }) => rule))

describe.each(STORES)('two accounts of one workspace, on %s', (store) => {
  it('no cost is counted twice', async () => {
    const report = await auditRealWorld(team().build(), { store })
    expect(report.official.rows).toMatchObject([
      { accountId: 5, workspace: 'team', costUsd: '1' },
      { accountId: 6, workspace: 'team', costUsd: '2' },
    ])
    expect(report.official.totals.costUsd).toBe('3')
    expect(inShort(report)).toEqual([])
  })

  it('where fal does not tell the workspace, the bill is still counted once', async () => {
    const faults = [{ kind: 'status' as const, status: 403, path: '/account/billing' }]
    const built = team()
    built.event(
      { cost: '7', timestamp: built.iso('2026-02-06 10:00:00'), keyId: 'deadbeef-0000-4000-8000-000000000000' },
      apiKeyOf(5),
    )
    const report = await auditRealWorld(built.build(), { store, double: { faults } })
    expect(report.official.totals.costUsd).toBe('10')
    expect(report.official.rows.filter(({ accountId }) => accountId === null)).toMatchObject([{ costUsd: '7' }])
    expect(inShort(report)).toEqual(['B21 workspace=unknown (account 5)'])
    expect(foundFor(report)).toEqual([['B21'], ['B21'], []])
  })

  it('where fal tells it one key alone, what is said of the workspace is said of the account of the other too', async () => {
    const faults = [{ kind: 'status' as const, status: 403, path: '/account/billing', keyId: keyIdOfAccount(6) }]
    const built = team().event({ cost: '7', timestamp: '2026-02-06T02:00:00Z', keyId: undefined, login: 'p@x' })
    const report = await auditRealWorld(built.build(), { store, double: { faults } })
    expect(inShort(report)).toEqual(['B21 workspace=team'])
    expect(foundFor(report)).toEqual([['B21'], ['B21'], []])
  })
})

describe('25 accounts', () => {
  it.each(STORES)('the newest 20 by id are audited, whatever their status, on %s', async (store) => {
    const world = new MiniWorld()
    for (let id = 1; id <= 25; id++) {
      world.account(id, { status: id % 2 === 0 ? 1 : 0 }).task({ account: id, user: 100 + id })
    }
    const report = await auditRealWorld(world.build(), { store })
    expect(report.official.rows.map(({ accountId }) => accountId)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 6),
    )
    expect(new Set(report.tasks.rows.map(({ accountId }) => accountId)).size).toBe(20)
    expect(report.tasks.totals).toMatchObject({
      taskCount: 20,
      outsideAccounts: { taskCount: 5, chargedPoints: 500, costUsd: '0.25' },
    })
    // All tasks of a user count, of whatever account.
    expect(report.ledger.rows).toHaveLength(25)
    expect(inShort(report)).toEqual([])
  })
})
