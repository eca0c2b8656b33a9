import { describe, expect, it } from 'vitest'
import type { Subject } from '../../../schemas/report.ts'
import { fingerprintOf } from '../../../src/audit/report/findings.ts'
import type { Books, FindingDraft, Rule, RuleOutcome } from '../../../src/audit/rules/books.ts'
import { RULES } from '../../../src/audit/rules/table.ts'
import { books, later, settings, usd } from '../../kit/books.ts'
import { judgeBooks } from '../../kit/judge-books.ts'

const draft = (overrides: Partial<FindingDraft> = {}): FindingDraft => ({
  subject: { accountId: 5 },
  expected: usd('1'),
  actual: usd('3'),
  unit: 'USD',
  count: 1,
  evidence: { total: 0, ids: [] },
  detail: {},
  ...overrides,
})

const ruleWith = (outcome: Partial<RuleOutcome>, overrides: Partial<Rule> = {}): Rule => ({
  id: 'B1',
  severity: 'HIGH',
  perWindow: false,
  evaluate: () => ({ examined: 1, findings: [], notEvaluated: [], ...outcome }),
  ...overrides,
})
const findingsOf = (...rules: readonly Rule[]) => judgeBooks(rules, books(), settings(), 'en').findings
const worded = (overrides: Partial<FindingDraft>, rule: Partial<Rule> = {}) =>
  findingsOf(ruleWith({ findings: [draft(overrides)] }, rule))[0]

describe('a finding', () => {
  it('tells what was expected, what is, and the difference, in its unit', () => {
    expect(worded({})).toMatchObject({ rule: 'B1', severity: 'HIGH', classification: 'BREAK', unit: 'USD', count: 1 })
    expect(worded({})).toMatchObject({ expected: '1', actual: '3', difference: '2' })
    expect(worded({ expected: usd('3'), actual: usd('1') })).toMatchObject({ difference: '-2' })
    const count = worded({ expected: 7n, actual: 4n, unit: 'points' })
    expect(count).toMatchObject({ expected: '7', actual: '4', difference: '-3', unit: 'points' })
    expect(worded({ expected: null })).toMatchObject({ expected: null, actual: '3', difference: null })
    expect(worded({ actual: null })).toMatchObject({ expected: '1', actual: null, difference: null })
  })

  it('is as severe as its rule unless it says otherwise, and never where it is timing', () => {
    expect(worded({ severity: 'MEDIUM' })?.severity).toBe('MEDIUM')
    expect(worded({ severity: 'MEDIUM', timing: true })).toMatchObject({ severity: 'LOW', classification: 'TIMING' })
    expect(worded({ timing: false })?.classification).toBe('BREAK')
  })

  it('has its texts cleaned: ids are kept whole, other texts cut', () => {
    const long = `${'x'.repeat(200)}\u001b[31m`
    const subject = { accountId: 5, taskId: long, requestId: long, model: long }
    const evidence = { total: 9, ids: [long, `${'y'.repeat(300)}`] }
    const finding = worded({ subject, evidence, context: { model: long, userId: 7 } })
    const cut = `${'x'.repeat(79)}…`
    expect(finding?.subject).toEqual({
      accountId: 5,
      taskId: long.slice(0, 200),
      requestId: long.slice(0, 200),
      model: cut,
    })
    expect(finding?.context).toEqual({ model: cut, userId: 7 })
    expect(finding?.evidence).toEqual({ total: 9, ids: [long.slice(0, 200), `${'y'.repeat(254)}…`] })
    expect(finding?.message).not.toContain('\u001b')
    expect(worded({})).not.toHaveProperty('context')
  })
})

describe('users whom a finding concerns', () => {
  it('are those of its subject and context, and where there are several all of these', () => {
    const usersOf = (...findings: Partial<FindingDraft>[]) => [
      ...judgeBooks([ruleWith({ findings: findings.map(draft) })], books(), settings(), 'en').counts.users,
    ]
    expect(usersOf({ subject: { userId: 7 } }, { context: { userId: 8 } }, { users: [9, 10] })).toEqual([7, 8, 9, 10])
    expect(usersOf({})).toEqual([])
  })
})

describe('users of whom something was left open', () => {
  const openOf = (...notEvaluated: RuleOutcome['notEvaluated']) => [
    ...judgeBooks([ruleWith({ notEvaluated })], books(), settings(), 'en').counts.openUsers,
  ]

  it('are those of whom something is in doubt, and not those whom a rule does not judge for other reasons', () => {
    expect(openOf({ subject: { userId: 7 }, reason: { code: 'links-shared' } })).toEqual([7])
    expect(openOf({ subject: { userId: 7, date: '2026-02-06' }, reason: { code: 'times-unread' } })).toEqual([7])
    expect(openOf({ subject: {}, reason: { code: 'links-shared' } })).toEqual([])
    expect(openOf({ subject: { accountId: 5 }, reason: { code: 'events-unread' } })).toEqual([])
    for (const code of [
      'insufficient-history',
      'depth-summary',
      'links-total',
      'ids-filter-total-link',
      'rate-missing',
    ]) {
      expect(openOf({ subject: { userId: 7 }, reason: { code } })).toEqual([])
    }
  })
})

describe('the order of findings', () => {
  it('is severity, breaks before timing, unit, amount, rule, day, fingerprint', () => {
    const outcomes: [Partial<Rule>, Partial<FindingDraft>][] = [
      [
        { severity: 'LOW', id: 'B17' },
        { subject: { accountId: 1 }, expected: 0n, actual: 900n },
      ],
      [{}, { subject: { accountId: 2 }, timing: true, actual: usd('900') }],
      [
        { severity: 'MEDIUM', id: 'B3' },
        { subject: { accountId: 3 }, expected: 0n, actual: usd('90') },
      ],
      [
        { severity: 'LOW', id: 'B16' },
        { subject: { accountId: 14 }, expected: 0n, actual: 900n },
      ],
      [{}, { subject: { accountId: 4 }, unit: 'count', expected: 0n, actual: 10n ** 12n }],
      [{}, { subject: { accountId: 5 }, unit: 'points', expected: 0n, actual: 10n ** 11n }],
      [{}, { subject: { accountId: 6 }, expected: usd('1'), actual: usd('3') }],
      [{}, { subject: { accountId: 7 }, expected: usd('9'), actual: usd('1') }],
      [{ id: 'B9' }, { subject: { accountId: 8 }, expected: usd('9'), actual: usd('1') }],
      [{}, { subject: { accountId: 9 }, expected: null }],
    ]
    const rules = outcomes.map(([rule, finding]) => ruleWith({ findings: [draft(finding)] }, rule))
    const order = [7, 8, 6, 9, 5, 4, 3, 14, 1, 2]
    const ids = (all: readonly Rule[]) => findingsOf(...all).map(({ subject }) => subject.accountId)
    expect(ids(rules)).toEqual(order)
    expect(ids([...rules].reverse())).toEqual(order)
  })

  it('of findings that are alike but for their day is that of time, be the day their own or what they are besides', () => {
    const days = Array.from({ length: 9 }, (_, index) => `2026-02-0${index + 1}`)
    const alike = days.map((date, index) =>
      index % 2 === 0
        ? draft({ subject: { date } })
        : draft({ subject: { requestId: `r${index}` }, context: { date } }),
    )
    const told = findingsOf(ruleWith({ findings: [...alike].reverse() }))
    expect(told.map(({ subject, context }) => subject.date ?? context?.date)).toEqual(days)
  })

  it('of findings that are alike but for their subject is the same in every run', () => {
    const alike = Array.from({ length: 6 }, (_, index) => draft({ subject: { accountId: index } }))
    const forth = findingsOf(ruleWith({ findings: alike }))
    expect(findingsOf(ruleWith({ findings: [...alike].reverse() }))).toEqual(forth)
    const prints = forth.map(({ fingerprint }) => fingerprint)
    expect(prints).toEqual([...prints].sort())
  })
})

describe('a fingerprint', () => {
  const print = (finding: Partial<FindingDraft>, rule: Partial<Rule> = {}, window = books().window) =>
    fingerprintOf(ruleWith({}, rule), draft(finding), { window })

  it('is that of rule and subject, in whatever order the subject was written', () => {
    const one = print({ subject: { accountId: 5, model: 'm' } })
    expect(one).toMatch(/^[0-9a-f]{16}$/)
    expect(print({ subject: { model: 'm', accountId: 5 }, actual: usd('8'), count: 4 })).toBe(one)
    expect(print({ subject: { accountId: 5, model: 'n' } })).not.toBe(one)
    expect(print({ subject: { accountId: 5, model: 'm' } }, { id: 'B2' })).not.toBe(one)
    expect(print({ subject: { accountId: 5, model: 'm' }, identity: 'x' })).not.toBe(one)
  })

  it('is another one with each key of the subject that is another or absent', () => {
    const whole: Required<Subject> = {
      ...{ accountId: 5, keyId: 'k', workspace: 'w', userId: 7, model: 'm', date: '2026-02-06' },
      ...{ taskId: 't', requestId: 'r', rowId: 9 },
    }
    const keys = Object.keys(whole) as (keyof Subject)[]
    const others = keys.flatMap((key) => {
      const { [key]: own, ...rest } = whole
      return [rest, { ...rest, [key]: typeof own === 'number' ? own + 1 : `${own}'` }]
    })
    const prints = [whole, ...others].map((subject) => print({ subject }))
    expect(new Set(prints).size).toBe(1 + 2 * keys.length)
  })

  it('holds the dates of the window only for sums over it', () => {
    const { window } = books()
    const next = { ...window, end: later(window.end, 1000) }
    expect(print({}, {}, next)).toBe(print({}))
    expect(print({}, { perWindow: true }, next)).not.toBe(print({}, { perWindow: true }))
    expect(print({}, { perWindow: true }, { ...window, start: later(window.start, 1000) })).not.toBe(
      print({}, { perWindow: true }),
    )
  })

  // Operators keep lists of fingerprints that they have dealt with: these may not change from version to version.
  it('stays what it was', () => {
    expect([print({}), print({}, { perWindow: true }), print({ identity: 'x' })]).toEqual([
      'cae807b1c2a0e426',
      'a507aa28aaa07994',
      '5db064caa15ebe51',
    ])
  })
})

describe('what was not evaluated', () => {
  it('is what ids decide that were too many to be looked up', () => {
    const openFor = (lookedUp: Books['lookedUp']) => {
      const rules = RULES.map(({ id, severity, perWindow }) => ruleWith({}, { id, severity, perWindow }))
      const { notEvaluated } = judgeBooks(rules, books({ lookedUp }), settings(), 'en')
      return notEvaluated.map(({ rule, subject }) => [rule, ...Object.keys(subject)].join(' ')).sort()
    }
    expect(openFor({ everyOrder: true, everyRequest: true })).toEqual([])
    expect(openFor({ everyOrder: false, everyRequest: true })).toEqual(['A4', 'B10', 'B6', 'B8', 'B9'])
    expect(openFor({ everyOrder: true, everyRequest: false })).toEqual(['B4'])
  })

  it('is worded, cleaned and sorted by rule and number', () => {
    const reason = { code: 'bill-unread', params: {} }
    const subjects = [{ accountId: 10 }, { accountId: 9 }, { userId: 95 }, { workspace: 'w'.repeat(90) }, {}]
    const rules = [
      ruleWith({ examined: 3, notEvaluated: subjects.map((subject) => ({ subject, reason })) }, { id: 'B2' }),
      ruleWith({ examined: 4, findings: [draft()], notEvaluated: [{ subject: {}, reason: { code: 'bill-unread' } }] }),
    ]
    const judged = judgeBooks(rules as readonly Rule[], books(), settings(), 'en')
    expect(judged.notEvaluated.map(({ rule, subject }) => [rule, subject])).toEqual([
      ['B1', {}],
      ['B2', { workspace: `${'w'.repeat(79)}…` }],
      ['B2', {}],
      ['B2', { accountId: 9 }],
      ['B2', { accountId: 10 }],
      ['B2', { userId: 95 }],
    ])
    expect(judged.rules).toEqual([
      { rule: 'B2', examined: 3, findings: 0 },
      { rule: 'B1', examined: 4, findings: 1 },
    ])
    expect(judged.notEvaluated[0]?.reason).not.toBe('')
  })

  it('is all that compares times, where the clocks do not agree', () => {
    const wrong = books({ clockOffset: { medianMillis: -8 * 3_600_000, matched: 43 } })
    const found = ruleWith({ findings: [draft()] }, { id: 'B2' })
    const judged = judgeBooks([found, { ...found, id: 'B11' }], wrong, settings(), 'en')
    expect(judged.rules).toEqual([
      { rule: 'B2', examined: 0, findings: 0 },
      { rule: 'B11', examined: 1, findings: 1 },
    ])
    expect(judged.notEvaluated).toMatchObject([{ rule: 'B2', subject: {} }])
  })
})
