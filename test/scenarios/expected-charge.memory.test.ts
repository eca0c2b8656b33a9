import { describe, expect, it } from 'vitest'
import type { RuleVersion } from '../../src/billing/rule.ts'
import type { BillingStore } from '../../src/billing/store.ts'
import { AuditError } from '../../src/errors.ts'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { runAudit } from '../../src/operation.ts'
import type { Dependencies } from '../../src/tool.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { base } from '../kit/audit-with.ts'
import { auditInput, auditWorld, memoryDependencies, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { at, decimal, memoryBilling, ruleVersion } from '../kit/billing.ts'
import { call } from '../tools/call.ts'

const WAN = 'fal-ai/wan'
const SECONDS = { quantity: '5', unit: 'seconds', unitPrice: '0.05' }

/** 0.20 CNY a second, for all; half of it for VIPs from the 6th at noon on. */
const perSecond = (overrides: Partial<RuleVersion> = {}): RuleVersion =>
  ruleVersion({
    ...{ modelId: WAN, modelName: null, inputPrice: decimal('0'), outputPrice: decimal('0.20'), unit: 'per_second' },
    ...overrides,
  })
const RULES = [
  perSecond(),
  perSecond({
    ...{ ruleId: 'br_002', membershipLevel: 'vip', outputPrice: decimal('0.10') },
    effectiveAt: at('2026-02-06T12:00:00+08:00'),
  }),
]

/** Tasks of 5 seconds: of an ordinary user, and of a VIP before and at the change of the price. */
function world(charges: { ordinary?: number; before?: number; after?: number } = {}) {
  const { ordinary = 100, before = 100, after = 50 } = charges
  const wan = { model: WAN, cost: '0.25', billed: SECONDS }
  const built = base()
    .task({ ...wan, points: ordinary })
    .task({ ...wan, user: 102, points: before, at: '2026-02-06 11:59:59' })
    .task({ ...wan, user: 102, points: after, at: '2026-02-06 12:00:00' })
    .build()
  const users = built.tables.users.map((user) => (user.id === 102 ? { ...user, level: 'VIP' } : user))
  return { ...built, tables: { ...built.tables, users } }
}

async function judged(of = world(), options: WorldAudit = {}) {
  const report = await auditWorld(of, { depth: 'requests', billing: memoryBilling(RULES), ...options })
  const told = ({ rule }: { rule: string }): boolean => rule === 'B22'
  return {
    examined: report.rules.find(told)?.examined,
    findings: report.findings.filter(told).map(({ subject, expected, actual }) => [subject.taskId, expected, actual]),
    notEvaluated: report.notEvaluated.filter(told).map(({ subject, reason }) => [subject, reason]),
    complete: report.coverage.complete,
  }
}

describe('an audit with price rules', () => {
  it('is silent where every charge is what its rule asks, on both sides of a change', async () => {
    expect(await judged()).toEqual({ examined: 3, findings: [], notEvaluated: [], complete: true })
  })

  it('names each task that was charged otherwise, and prints its tolerance', async () => {
    const wrong = world({ ordinary: 98, before: 50, after: 100 })
    expect((await judged(wrong)).findings).toEqual([
      ['task-4', '50', '100'],
      ['task-3', '100', '50'],
      ['task-2', '100', '98'],
    ])
    const report = await auditWorld(wrong, { depth: 'requests', billing: memoryBilling(RULES) })
    expect(report.settings.thresholds).toMatchObject({ b22TolerancePoints: '1' })
    expect(report.findings.find(({ subject }) => subject.taskId === 'task-4')).toMatchObject({
      severity: 'MEDIUM',
      message: `account 5, user 102, model "${WAN}", task task-4, request 00000004-aaaa-4aaa-8aaa-aaaaaaaaaaaa: charged 100 points, the price rule br_002 asks for 50 points (5 at 0.10 CNY, per_second, level vip), difference 50 points (tolerance 1 point)`,
      context: { accountId: 5, userId: 102, model: WAN, date: '2026-02-06' },
    })
  })

  it('says the same however many rows are joined at once', async () => {
    const wrong = world({ ordinary: 98, before: 50 })
    const pending = {
      ...wrong,
      workspaces: wrong.workspaces.map((each) => ({ ...each, events: each.events.slice(0, 2) })),
    }
    for (const of of [wrong, pending]) {
      const whole = await judged(of)
      for (const pieceRows of [1, 2, 3]) expect(await judged(of, { pieceRows })).toEqual(whole)
    }
    expect((await judged(pending)).notEvaluated).toEqual([[{ model: WAN }, expect.stringContaining('per_second')]])
  })

  it('takes the level that the configuration names for users without one', async () => {
    const settings = { billing: { currency: 'CNY', defaultMembershipLevel: 'vip' } } as const
    expect((await judged(world(), { settings })).findings).toEqual([['task-2', '50', '100']])
    // Before the VIP rule there is none at all.
    expect((await judged(world(), { settings })).examined).toBe(2)
  })

  it('has nothing to say of models without a rule, nor without rules', async () => {
    expect(await judged(world({ ordinary: 1 }), { billing: memoryBilling() })).toMatchObject({
      examined: 0,
      findings: [],
      notEvaluated: [],
    })
  })
})

describe('rules that cannot be applied', () => {
  const broken = (error: Error): BillingStore => ({ ...memoryBilling(), rules: () => Promise.reject(error) })

  it.each(['source', 'configuration'] as const)('cost the audit one rule: %s', async (kind) => {
    const billing = broken(new AuditError(kind, 'the file of BILLING_STORE is locked'))
    expect(await judged(world({ ordinary: 1 }), { billing })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [[{}, 'the price rules could not be read: the file of BILLING_STORE is locked']],
      complete: true,
    })
  })

  it('are no excuse for a fault of the program', async () => {
    await expect(judged(world(), { billing: broken(new TypeError('no such thing')) })).rejects.toThrow('no such thing')
  })

  it('are not applied where the levels could not be read', async () => {
    const dependencies = memoryDependencies(world(), { billing: memoryBilling(RULES) })
    const userLevels = () => Promise.reject(new AuditError('source', 'may not read ts_users.level'))
    const report = await runAudit(
      auditInput({ depth: 'requests' }),
      withSnapshot(dependencies, () => ({ userLevels })),
      quietContext(),
    )
    expect(report.notEvaluated.filter(({ rule }) => rule === 'B22')).toMatchObject([
      { subject: {}, reason: 'the membership levels of the users could not be read: may not read ts_users.level' },
    ])
  })

  it('are not asked for at depth summary, and read once otherwise; levels only where there are rules', async () => {
    const asked: string[] = []
    const asking = <T>(what: string, answer: T): T => {
      asked.push(what)
      return answer
    }
    const count = async (versions: readonly RuleVersion[], depth: 'summary' | 'requests') => {
      const usual = memoryBilling(versions)
      const billing = { ...usual, rules: () => asking('rules', usual.rules()) }
      const dependencies = withSnapshot(memoryDependencies(world(), { billing }), ({ userLevels }) => ({
        userLevels: (ids) => asking(`levels of ${[...ids].join(' ')}`, userLevels(ids)),
      }))
      await runAudit(auditInput({ depth, pieceRows: 1 }), dependencies, quietContext())
      return asked.splice(0)
    }
    expect(await count(RULES, 'summary')).toEqual([])
    expect(await count([], 'requests')).toEqual(['rules'])
    expect(await count(RULES, 'requests')).toEqual(['rules', 'levels of 101 102'])
  })
})

/** The same dependencies, with some answers of the database replaced. */
function withSnapshot(
  dependencies: Dependencies,
  change: (snapshot: LedgerSnapshot) => Partial<LedgerSnapshot>,
): Dependencies {
  const { ledger } = dependencies
  if (ledger === undefined) throw new RangeError('there is a database')
  const open: typeof ledger.snapshot = async (...how) => {
    const snapshot = await ledger.snapshot(...how)
    return { ...snapshot, ...change(snapshot) }
  }
  return { ...dependencies, ledger: { snapshot: open } }
}

describe('the same rule elsewhere', () => {
  const wrong = world({ after: 100 })
  const dependencies = memoryDependencies(wrong, { billing: memoryBilling(RULES) })

  it('is part of the trace of a task', async () => {
    const rulesOf = async (id: string) => (await call(taskTraceTool, { id }, dependencies, wrong)).findings
    expect(await rulesOf('task-3')).toEqual([])
    const report = await runAudit(auditInput({ depth: 'requests' }), dependencies, quietContext())
    const audited = report.findings.find(({ rule }) => rule === 'B22')
    expect(await rulesOf('task-4')).toMatchObject([{ rule: 'B22', fingerprint: audited?.fingerprint }])
  })

  it('is counted among the findings of a statement', async () => {
    const now = at('2026-03-03T04:00:00Z')
    const findingsOf = async (billing: BillingStore) => {
      const answer = await call(
        billingStatementsTool,
        { invoice_id: 'inv_202602' },
        memoryDependencies(wrong, { now, billing }),
        wrong,
      )
      return answer.statement?.findings
    }
    const without = await findingsOf(memoryBilling())
    expect(await findingsOf(memoryBilling(RULES))).toEqual({ ...without, medium: (without?.medium ?? 0) + 1 })
  })
})
