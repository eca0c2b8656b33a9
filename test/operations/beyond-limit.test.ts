import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld } from '../../src/demo/mini-world.ts'
import { renderText } from '../../src/render/text.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { falBalanceTool } from '../../tools/fal-balance.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { falListInvoicesTool } from '../../tools/fal-list-invoices.ts'
import { auditWorld, memoryDependencies } from '../kit/audit-world.ts'
import { call } from '../tools/call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }
const MONTH = { from: '2026-02', to: '2026-02' }
const NOTE =
  'Of 3 accounts the newest 2 were asked (AUDIT_ACCOUNT_LIMIT): ids of others (fal-list-accounts) ask for theirs.'

const world = () =>
  new MiniWorld()
    .account(5)
    .account(7)
    .account(12)
    .task({ cost: '1' })
    .task({ account: 7, cost: '2' })
    .task({ account: 12, cost: '4' })
    .build()

describe('accounts beyond the limit are told of', () => {
  const deps = (accountLimit: number) => memoryDependencies(world(), { settings: { accountLimit } })
  const usage = (given: object, limit = 2) => call(falGetUsageTool, { ...DAY, ...given }, deps(limit), world())

  it('by fal-get-usage, whose cost might pass for that of all of them', async () => {
    expect(await usage({})).toMatchObject({ complete: true, costUsd: '6', note: NOTE })
    expect(await usage({ group_by: 'day' })).toMatchObject({ costUsd: '6', note: NOTE })
  })

  it.each([
    [{}, 3, '7'],
    [{ ids: [5] }, 2, '1'],
    [{ ids: [5, 7, 12] }, 1, '7'],
  ])('not with %j and a limit of %i', async (given, limit, costUsd) => {
    const told = await usage(given, limit)
    expect(told.costUsd).toBe(costUsd)
    expect(told).not.toHaveProperty('note')
  })

  it('not where FAL_KEY alone is asked', async () => {
    const settings = { falKey: apiKeyOf(5), accountLimit: 1 }
    const told = await call(falGetUsageTool, DAY, { ...memoryDependencies(world(), { settings }), ledger: undefined })
    expect(told.note).not.toContain('AUDIT_ACCOUNT_LIMIT')
  })

  it('by fal-list-invoices and fal-balance', async () => {
    expect((await call(falListInvoicesTool, MONTH, deps(2), world())).note).toMatch(/ Of 3 accounts the newest 2 .*\.$/)
    expect((await call(falListInvoicesTool, MONTH, deps(3), world())).note).not.toContain('AUDIT_ACCOUNT_LIMIT')
    expect((await call(falBalanceTool, {}, deps(2), world())).notes).toContain(NOTE)
    expect((await call(falBalanceTool, { ids: [5] }, deps(2), world())).notes).not.toContain(NOTE)
  })

  it.each([
    ['zh', '账号上限: 2，另有 1 个较早的账号未审计，用 --ids 指定'],
    ['en', 'Account limit: 2, 1 older account was not audited: name them with --ids'],
  ] as const)('by the report and audit-reconcile, in %s', async (lang, text) => {
    const audited = (given: object, limit: number) =>
      call(auditReconcileTool, { ...DAY, lang, ...given }, deps(limit), world())
    const told = await audited({}, 2)
    expect(told.settings?.accountsBeyondLimit).toBe(1)
    expect(told.official?.totals.costUsd).toBe('6')
    const said = /say that of 1 accounts beyond AUDIT_ACCOUNT_LIMIT official has nothing/
    expect(told.next).toMatch(said)
    expect((await audited({ sections: ['findings'] }, 2)).next).not.toMatch(said)
    for (const whole of [await audited({}, 3), await audited({ ids: [5] }, 2)]) {
      expect(whole.settings).not.toHaveProperty('accountsBeyondLimit')
      expect(whole.next).not.toMatch(said)
    }
    const report = await auditWorld(world(), { ...DAY, lang, settings: { accountLimit: 2 } })
    expect(renderText(report, { lang })).toContain(text)
    expect(renderText(await auditWorld(world(), { ...DAY, lang }), { lang })).not.toContain(text.slice(-8))
  })
})
