import { describe, expect, it } from 'vitest'
import { report as reportSchema } from '../../schemas/report.ts'
import { keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { createReportStore } from '../../src/reports.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { auditWorld, memoryDependencies, type WorldAudit } from '../kit/audit-world.ts'
import { openWorld } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06', depth: 'summary' } as const

function broken(): World {
  return new MiniWorld()
    .account(5)
    .account(7, { balance: '0.5' })
    .task({ points: 100, cost: '1', paid: { points: 80 } })
    .task({ points: 40, cost: '2', account: 7, user: 102, refunded: true, billed: { cost: '2.3' } })
    .build()
}

const dependencies = (world: World, options: WorldAudit = {}) => ({
  ...memoryDependencies(world, options),
  reports: createReportStore(),
})

describe('audit-reconcile', () => {
  it('returns the report, and keeps the whole of it as a resource', async () => {
    const deps = dependencies(broken())
    const result = await call(auditReconcileTool, { ...DAY, lang: 'en' }, deps, broken())
    const report = await auditWorld(broken(), DAY)
    const { reportId, reportUri, next, unverified, ...rest } = result
    expect(rest).toEqual(report)
    expect(reportSchema.parse(rest)).toEqual(report)
    expect(reportUri).toBe(`audit://reports/${reportId}`)
    expect(deps.reports.get(reportId)).toEqual(report)
    expect(deps.reports.langOf(reportId)).toBe('en')
    expect(deps.reports.langOf((await call(auditReconcileTool, DAY, deps)).reportId)).toBe('zh')
    expect(unverified).toBeUndefined()
    expect(next).toMatch(/user-ledger and tasks-by-user with start, end and timezone of window/)
  })

  it('goes down to single requests unless told not to', async () => {
    const { depth: _, ...day } = DAY
    const result = await call(auditReconcileTool, day, dependencies(broken()))
    expect(result.settings?.depth).toBe('requests')
    expect(result.requests).toEqual({
      matched: 2,
      unrecorded: 0,
      unbilled: 0,
      pending: 0,
      mismatched: 1,
      verdicts: { matched: 1, 'refunded-but-billed': 1 },
    })
  })

  it('of more findings than go on a page says how to see those of one rule', async () => {
    const leaking = new MiniWorld().account(5).task({ paid: { points: 80 } })
    for (let at = 0; at < 30; at++) leaking.event({ cost: '0.001', timestamp: leaking.iso('2026-02-06 09:00:00') })
    const world = leaking.build()
    const deps = dependencies(world)
    const { depth: _, ...day } = DAY
    const { reportId, next } = await call(auditReconcileTool, day, deps, world)
    expect(next).toMatch(/^rule, one of summary\.byRule \(with report_id, .*; task-trace/)
    const nextOf = async (given: object) =>
      (await call(auditReconcileTool, { report_id: reportId, ...given }, deps, world)).next
    expect(await nextOf({ rule: 'B1' })).not.toContain('summary.byRule')
    expect(await nextOf({ severity: 'MEDIUM' })).not.toContain('summary.byRule')
    expect(await nextOf({ sections: ['official'] })).not.toContain('summary.byRule')
  })

  it('says of a report of some users what of it is of all, unless one of them is looked at', async () => {
    const deps = dependencies(broken())
    const first = await call(auditReconcileTool, { ...DAY, user_ids: [101] }, deps)
    expect(first.next).toMatch(/^say that official, requests and tieOut are of all users/)
    const given = { report_id: first.reportId, user_id: 101 }
    expect((await call(auditReconcileTool, given, deps)).next).not.toContain('of all users')
    expect((await call(auditReconcileTool, DAY, deps)).next).not.toContain('of all users')
  })

  it('names in next no finding and no check that the result does not hold', async () => {
    const deps = dependencies(broken())
    const nextOf = async (sections: readonly string[]) =>
      (await call(auditReconcileTool, { ...DAY, sections }, deps)).next
    expect(await nextOf(['official'])).toMatch(
      /^say that \d+ checks could not be made, .*: section not_evaluated names/,
    )
    expect(await nextOf(['findings'])).toMatch(/userId of a finding.*; say that \d+ checks could not be made/)
    expect(await nextOf(['findings', 'not_evaluated'])).toMatch(/userId of a finding.*; name what notEvaluated/)
  })

  it('speaks Chinese unless asked otherwise', async () => {
    const { findings = [] } = await call(auditReconcileTool, DAY, dependencies(broken()))
    expect(findings[0]?.message).toMatch(/\p{Script=Han}/u)
  })

  it('returns, with a filter and no sections asked for, the findings and what they need alone', async () => {
    const filtered = await call(auditReconcileTool, { ...DAY, rule: 'A1' }, dependencies(broken()))
    expect(filtered).toMatchObject({ matching: { findings: filtered.findings?.length }, notEvaluated: [] })
    for (const section of ['official', 'tasks', 'ledger']) expect(filtered).not.toHaveProperty(section)
    for (const grounds of ['settings', 'rules', 'tieOut']) expect(filtered).toHaveProperty(grounds)
    const whole = await call(auditReconcileTool, { ...DAY, rule: 'A1', sections: ['tasks'] }, dependencies(broken()))
    expect(whole.tasks).toBeDefined()
  })

  it('returns only the sections asked for, and always coverage, summary and settings', async () => {
    const given = { ...DAY, sections: ['findings', 'not_evaluated'] }
    const result = await call(auditReconcileTool, given, dependencies(broken()))
    expect(Object.keys(result)).toEqual(expect.arrayContaining(['findings', 'notEvaluated', 'coverage', 'summary']))
    for (const key of ['official', 'tasks', 'ledger']) expect(result).not.toHaveProperty(key)
    const official = await call(auditReconcileTool, { ...DAY, sections: ['official'] }, dependencies(broken()))
    expect(official.official?.rows).toHaveLength(2)
    expect(official).not.toHaveProperty('findings')
    expect((await call(auditReconcileTool, { ...DAY, sections: [] }, dependencies(broken()))).tasks).toBeDefined()
  })

  it('takes thresholds for this call, and prints them', async () => {
    const rules = async (given: object) =>
      (await call(auditReconcileTool, { ...DAY, ...given }, dependencies(broken()))).findings?.map(({ rule }) => rule)
    expect(await rules({})).toEqual(['A1', 'A4', 'A8'])
    expect(await rules({ a1_deviation_ratio: '0.2' })).toEqual(['A4', 'A8'])
    expect(await rules({ a8_balance_usd: '0.5' })).toEqual(['A1', 'A4'])
    expect(await rules({ a5_refund_ratio: '0.1' })).toEqual(expect.arrayContaining(['A5']))
    const given = {
      ...DAY,
      a1_deviation_ratio: '0.25',
      a6_multiple: '7',
      a6_active_days: 4,
      a8_balance_usd: '2',
      settlement_lag_hours: 48,
    }
    expect((await call(auditReconcileTool, given, dependencies(broken()))).settings?.thresholds).toMatchObject({
      a1DeviationRatio: '0.25',
      a5RefundRatio: '0.3',
      a6Multiple: '7',
      a6ActiveDays: '4',
      a8BalanceUsd: '2',
      settlementLagHours: '48',
    })
  })

  it.each([
    [{ a1_deviation_ratio: '1.5' }, 'a1_deviation_ratio', /share from 0 to 1/],
    [{ a1_deviation_ratio: '10%' }, 'a1_deviation_ratio', /share from 0 to 1/],
    [{ a5_refund_ratio: '-0.1' }, 'a5_refund_ratio', /share/],
    [{ a6_multiple: '0' }, 'a6_multiple', /above 0/],
    [{ a6_multiple: 'five' }, 'a6_multiple', /above 0/],
    [{ a6_active_days: 31 }, 'a6_active_days', /at most 30/],
    [{ a8_balance_usd: '1e3' }, 'a8_balance_usd', /USD/],
    [{ settlement_lag_hours: 1000 }, 'settlement_lag_hours', /at most 720/],
    [{ sections: ['everything'] }, 'sections.0', /findings/],
    [{ lang: 'de' }, 'lang', /zh, en/],
    [{ depth: 'deep' }, 'depth', /summary, requests/],
    [{ ids: [99] }, 'ids', /7, 5/],
    [{ threshold: '0.1' }, 'threshold', /a1_deviation_ratio/],
  ])('%j is refused by name', async (given, field, accepted) => {
    const error = await refusal(auditReconcileTool, { ...DAY, ...given }, dependencies(broken()))
    expect(error).toMatchObject({ kind: 'input', field })
    expect(error.accepted).toMatch(accepted)
    expect(error.message).toContain(field)
  })

  it('without a database says what to set', async () => {
    const error = await refusal(auditReconcileTool, {}, { ...dependencies(broken()), ledger: undefined })
    expect(error).toMatchObject({ kind: 'configuration', field: 'DATABASE_URL' })
  })

  it('names first what could not be read, on real parts', async () => {
    const world = broken()
    const faults = [{ kind: 'status', status: 401, keyId: keyIdOfAccount(7) }] as const
    const real = await openWorld(world, { store: 'embedded', double: { faults } })
    try {
      const result = await call(auditReconcileTool, { ...DAY, lang: 'en' }, real.dependencies(), world)
      expect(result.coverage.complete).toBe(false)
      expect(result.unverified).toEqual([
        // Cut where a clause ends, since the whole is in coverage.sources.
        expect.stringMatching(/^fal-usage, fal-balance of account 7: failed, .*401.* may not read billing…$/),
      ])
      expect(result.coverage.sources.slice(0, 2).map(({ status }) => status)).toEqual(['failed', 'failed'])
      expect(result.official?.rows.find(({ accountId }) => accountId === 7)?.costUsd).toBeNull()
      expect(result.findings?.filter(({ subject }) => subject.accountId === 7).map(({ rule }) => rule)).toEqual(['A8'])
      expect(result.next).toMatch(/^say first what was not verified/)
      // What was read is told with the report alone, however often its findings are looked at.
      const dependencies = { ...real.dependencies(), reports: createReportStore() }
      const { reportId, coverage } = await call(auditReconcileTool, { ...DAY, lang: 'en' }, dependencies, world)
      const again = await call(auditReconcileTool, { report_id: reportId, rule: 'A8' }, dependencies, world)
      expect(again.coverage).toEqual({ complete: false, sources: coverage.sources.slice(0, 2) })
      expect(coverage.sources.slice(2).map(({ status }) => status)).toEqual(Array(7).fill('complete'))
    } finally {
      await real.close()
    }
  })

  it('many failing accounts are counted, and many aliases are left to the resource', async () => {
    const world = new MiniWorld()
    for (let id = 1; id <= 12; id++) world.account(id)
    const { tables } = world.build()
    const modelAliases = new Map(Array.from({ length: 30 }, (_, index) => [`alias-${index}`, 'fal-ai/flux']))
    const deps = dependencies({ tables, workspaces: [] }, { settings: { modelAliases } })
    const result = await call(auditReconcileTool, DAY, deps)
    // Usage and balance of each are told in one line.
    expect(result.unverified).toHaveLength(9)
    expect(result.unverified?.at(-1)).toMatch(/^and 8 more/)
    expect(result.settings).not.toHaveProperty('modelAliases')
    expect(Object.keys(deps.reports.get(result.reportId)?.settings.modelAliases ?? {})).toHaveLength(30)
  })
})
