import { describe, expect, it } from 'vitest'
import { wordOutcomes } from '../../../src/audit/report/findings.ts'
import { Outcomes } from '../../../src/audit/report/outcomes.ts'
import { type FindingDraft, NO_EVIDENCE, type Rule, type RuleOutcome, unknown } from '../../../src/audit/rules/books.ts'
import { books, settings } from '../../kit/books.ts'

const found = (userId: number, amount: number, more: Partial<FindingDraft> = {}): FindingDraft => ({
  subject: { userId },
  expected: 0n,
  actual: BigInt(amount),
  unit: 'points',
  count: 1,
  evidence: NO_EVIDENCE,
  detail: {},
  ...more,
})

/** A rule that says one thing after another. */
function saying(...outcomes: readonly Partial<RuleOutcome>[]): Rule {
  const left = [...outcomes]
  return {
    id: 'A4',
    severity: 'MEDIUM',
    perWindow: false,
    evaluate: () => ({ examined: 0, findings: [], notEvaluated: [], ...left.shift() }),
  }
}

function outcomeOf(rule: Rule, times: number, max?: number) {
  const outcomes = new Outcomes([rule], settings(), max)
  for (let time = 0; time < times; time++) outcomes.judge(books(), () => true)
  return outcomes.close()
}

describe('what a rule says of piece after piece', () => {
  it('is added up, and what several say alike is said once', () => {
    const reason = unknown('events-unread', { detail: 'x' }).reason
    const same = { subject: { accountId: 5 }, reason }
    const rule = saying(
      { examined: 2, findings: [found(1, 5)], notEvaluated: [same] },
      { examined: 3, findings: [found(2, 5)], notEvaluated: [{ ...same, reason: { ...reason } }] },
      { examined: 4, notEvaluated: [{ ...same, subject: { accountId: 6 } }] },
    )
    expect(outcomeOf(rule, 3).get(rule)).toEqual({
      examined: 9,
      findings: [found(1, 5), found(2, 5)],
      notEvaluated: [same, { ...same, subject: { accountId: 6 } }],
    })
  })

  it('is only asked of the rules that are picked', () => {
    const [first, second] = [saying({ examined: 1 }), saying({ examined: 1 })]
    const outcomes = new Outcomes([first, second], settings())
    outcomes.judge(books(), (rule) => rule === second)
    expect([...outcomes.close().values()].map(({ examined }) => examined)).toEqual([0, 1])
  })
})

describe('more findings than are kept', () => {
  const many = [
    found(1, 10),
    found(2, 30),
    found(3, -40),
    found(4, 1, { severity: 'HIGH' }),
    found(5, 99, { timing: true }),
    found(6, 20, { context: { userId: 7 } }),
  ]
  const judged = (findings: readonly FindingDraft[], max: number) => {
    const rule = saying({ examined: 6, findings })
    const { findings: kept, rules, counts } = wordOutcomes(outcomeOf(rule, 1, max), books(), 'en')
    return { kept: kept.map(({ subject }) => subject.userId), rules, counts }
  }

  it('are cut down to the gravest and largest, and counted', () => {
    const { kept, rules, counts } = judged(many, 3)
    expect(kept).toEqual([4, 3, 2])
    expect(rules).toEqual([{ rule: 'A4', examined: 6, findings: 6, omitted: 3 }])
    expect(counts).toEqual({
      breaks: 5,
      bySeverity: { high: 1, medium: 4, low: 0 },
      ofUsers: { high: 1, medium: 4, low: 0 },
      byRule: { A4: 5 },
      users: new Set([1, 2, 3, 4, 5, 6, 7]),
      openUsers: new Set(),
    })
  })

  it('are counted by severity where even MEDIUM ones of a LOW rule are cut', () => {
    const stuck = [found(1, 0), found(2, 4, { severity: 'MEDIUM' }), found(3, 5, { severity: 'MEDIUM' }), found(4, 0)]
    const rule: Rule = { ...saying({ findings: stuck }), severity: 'LOW' }
    const { counts } = wordOutcomes(outcomeOf(rule, 1, 1), books(), 'en')
    expect(counts.bySeverity).toEqual({ high: 0, medium: 2, low: 2 })
  })

  it('are counted apart where they concern users, be they kept or cut', () => {
    const mixed = [...many, found(8, 3, { subject: { accountId: 5 } })]
    for (const max of [1, 9]) {
      expect(judged(mixed, max).counts.bySeverity).toEqual({ high: 1, medium: 5, low: 0 })
    }
    expect(judged(mixed, 9).counts.ofUsers).toEqual({ high: 1, medium: 4, low: 0 })
    expect(judged([found(8, 3, { subject: { accountId: 5 } })], 0).counts.ofUsers).toEqual({
      high: 0,
      medium: 0,
      low: 0,
    })
  })

  it('are the same whatever the order in which they come', () => {
    for (const max of [1, 2, 4]) expect(judged([...many].reverse(), max)).toEqual(judged(many, max))
  })

  it('are none while they are as many as are kept', () => {
    expect(judged(many, 6).rules).toEqual([{ rule: 'A4', examined: 6, findings: 6 }])
    expect(judged(many, 5).rules).toEqual([{ rule: 'A4', examined: 6, findings: 6, omitted: 1 }])
  })
})

describe('what all pieces together put in doubt', () => {
  const of = (userId: number, amount: number, accountId: number, model: string, more: Partial<FindingDraft> = {}) =>
    found(userId, amount, { context: { accountId, model, userId }, ...more })
  const reason = unknown('events-short', { usd: '1' }).reason
  const findings = [
    of(1, 9, 5, 'm'),
    of(2, 8, 5, 'n'),
    of(3, 7, 5, 'm', { severity: 'HIGH' }),
    of(4, 6, 6, 'm'),
    of(5, 5, 5, 'm', { timing: true }),
    of(6, 4, 5, 'n'),
    found(7, 3),
  ]
  const doubting = (doubts: Rule['doubts']) => ({ ...saying({ examined: 20, findings }), doubts })

  it.each([2, 3, 100])('is no finding any more, of those that are counted alone neither: %i kept', (max) => {
    const rule = doubting(
      () =>
        ({ accountId, model }) =>
          accountId === 5 && model === 'm' ? reason : undefined,
    )
    const outcomes = new Outcomes([rule], settings(), max)
    outcomes.judge(books(), () => true)
    outcomes.reconsider(books(), (stored) => stored)
    const outcome = outcomes.close().get(rule)!
    expect(outcome.examined).toBe(17)
    expect(outcome.findings.length + (outcome.omitted?.breaks ?? 0)).toBe(4)
    expect(outcome.omitted?.timing ?? 0).toBe(0)
    expect(outcome.omitted?.critical ?? 0).toBe(0)
    for (const { context } of outcome.findings) expect([context?.accountId, context?.model]).not.toEqual([5, 'm'])
    for (const userId of [1, 3, 5]) expect(outcome.omitted?.users.has(userId) ?? false).toBe(false)
    expect(outcome.notEvaluated).toEqual([{ subject: { accountId: 5, model: 'm' }, reason }])
  })

  it.each([1, 2, 100])('is told by the amount too, by as many binary digits as it has: %i kept', (max) => {
    const large = [of(1, 16, 5, 'm'), of(2, 17, 5, 'm'), of(3, 15, 5, 'm'), of(4, 8, 5, 'm'), of(5, 7, 5, 'm')]
    const rule = {
      ...saying({ examined: 5, findings: large }),
      doubts: () => (_: unknown, amount: bigint) => (amount < 16n ? reason : undefined),
    }
    const outcomes = new Outcomes([rule], settings(), max)
    outcomes.judge(books(), () => true)
    outcomes.reconsider(books(), (stored) => stored)
    const outcome = outcomes.close().get(rule)!
    expect([outcome.examined, outcome.findings.length + (outcome.omitted?.breaks ?? 0)]).toEqual([2, 2])
    for (const { subject } of outcome.findings) expect([1, 2]).toContain(subject.userId)
  })

  it('is nothing where a rule has no doubts, or none of these books', () => {
    const rules = [doubting(undefined), doubting(() => undefined)]
    for (const rule of rules) {
      const outcomes = new Outcomes([rule], settings())
      outcomes.judge(books(), () => true)
      outcomes.reconsider(books(), (stored) => stored)
      expect(outcomes.close().get(rule)).toEqual({ examined: 20, findings, notEvaluated: [] })
    }
  })
})
