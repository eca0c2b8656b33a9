import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { type Books, unknown } from '../../../src/audit/rules/books.ts'
import { RULES } from '../../../src/audit/rules/table.ts'
import { isClockWrong } from '../../../src/audit/rules/tz-misconfigured.ts'
import { HOUR, MINUTE } from '../../../src/units/instant.ts'
import {
  books,
  evaluate,
  event,
  fired,
  matched,
  requests,
  settings,
  theFinding,
  unmatched,
  usd,
} from '../../kit/books.ts'
import { judgeBooks } from '../../kit/judge-books.ts'

const offset = (medianMillis: number, matchedCount = 20): Books['clockOffset'] => ({
  medianMillis,
  matched: matchedCount,
})

describe('TZ_MISCONFIGURED', () => {
  it('fires alone, with the nearest half-hour', () => {
    const wrong = { clockOffset: offset(-8 * HOUR + 95_000.5, 43) }
    expect(fired(wrong)).toEqual(['TZ_MISCONFIGURED'])
    expect(theFinding('TZ_MISCONFIGURED', wrong)).toEqual({
      subject: {},
      expected: 0n,
      actual: -480n,
      unit: 'count',
      count: 43,
      evidence: { total: 0, ids: [] },
      detail: { medianMinutes: -478 },
    })
  })

  it.each([
    [0, false],
    [MINUTE, false],
    [5 * MINUTE, false],
    [-5 * MINUTE, false],
    [15 * MINUTE, false],
    [25 * MINUTE - 1, false],
    [25 * MINUTE, true],
    [30 * MINUTE, true],
    [35 * MINUTE, true],
    [35 * MINUTE + 1, false],
    [-25 * MINUTE + 1, false],
    [-25 * MINUTE, true],
    [-35 * MINUTE, true],
    [-35 * MINUTE - 1, false],
    [45 * MINUTE, false],
    [55 * MINUTE - 1, false],
    [55 * MINUTE, true],
    [8 * HOUR + 5 * MINUTE, true],
    [8 * HOUR + 5 * MINUTE + 1, false],
  ])('a median of %d ms: %s', (median, expected) => {
    expect(isClockWrong(offset(median))).toBe(expected)
    expect(fired({ clockOffset: offset(median) })).toEqual(expected ? ['TZ_MISCONFIGURED'] : [])
  })

  it.each([
    ['19 matched requests', offset(8 * HOUR, 19), 0, false],
    ['20 matched requests', offset(8 * HOUR, 20), 1, true],
    ['20 in time', offset(MINUTE, 20), 1, false],
    ['no offset at all', null, 0, false],
  ])('with %s', (_, clockOffset, examined, wrong) => {
    expect(isClockWrong(clockOffset)).toBe(wrong)
    const outcome = evaluate('TZ_MISCONFIGURED', { clockOffset })
    expect(outcome).toMatchObject({ examined, notEvaluated: [] })
    expect(outcome.findings).toHaveLength(wrong ? 1 : 0)
  })

  it('is not evaluated without requests', () => {
    expect(evaluate('TZ_MISCONFIGURED', { requests: unknown('depth-summary') })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: {}, reason: { code: 'depth-summary' } }],
    })
  })
})

describe('while the clocks disagree', () => {
  const world = (clockOffset: Books['clockOffset']): Books =>
    books({
      clockOffset,
      requests: requests({
        tasks: [unmatched('unbilled'), matched({ taskId: 'task-2', costNanoUsd: usd('5') })],
        orphans: [{ requestId: 'request-9', accountId: 5, events: [event()], costNanoUsd: usd('1') }],
      }),
      unknownKeys: [
        { keyId: 'k', identity: 'k', taskCount: 1, costNanoUsd: usd('1'), evidence: { total: 0, ids: [] } },
      ],
    })
  const judged = (clockOffset: Books['clockOffset']) =>
    judgeBooks(RULES, world(clockOffset), settings({ pointsPerUsd: '400' }), 'en')

  it('no rule compares times across layers, and each says so once', () => {
    const { notEvaluated, rules } = judged(offset(8 * HOUR))
    const skipped: RuleId[] = ['A1', 'A2', 'A3', 'B2', 'B7', 'B8', 'B16', 'B18', 'B22']
    expect(notEvaluated.map(({ rule }) => rule).sort()).toEqual([...skipped].sort())
    for (const { subject, reason } of notEvaluated) {
      expect(subject).toEqual({})
      expect(reason).toContain('time zone')
    }
    expect(rules.filter(({ rule }) => skipped.includes(rule)).every(({ examined }) => examined === 0)).toBe(true)
    expect(rules.map(({ rule }) => rule)).toEqual(RULES.map(({ id }) => id))
  })

  it('the others go on', () => {
    const rulesThatFound = (clockOffset: Books['clockOffset']) =>
      judged(clockOffset)
        .findings.map(({ rule }) => rule)
        .sort()
    expect(rulesThatFound(offset(8 * HOUR))).toEqual(['B1', 'B14', 'B3', 'TZ_MISCONFIGURED'])
    expect(rulesThatFound(offset(MINUTE))).toEqual(['B1', 'B14', 'B2', 'B3'])
    expect(rulesThatFound(offset(8 * HOUR, 19))).toEqual(['B1', 'B14', 'B2', 'B3'])
  })
})
