import { describe, expect, it } from 'vitest'
import { RULE_IDS, type RuleId } from '../../../schemas/report.ts'
import { type Books, unknown } from '../../../src/audit/rules/books.ts'
import { RULES } from '../../../src/audit/rules/table.ts'
import { evaluate, fired, requests, unmatched } from '../../kit/books.ts'

describe('the table of rules', () => {
  it('lists every id once, in order, and cannot be changed', () => {
    expect(RULES.map(({ id }) => id)).toEqual(RULE_IDS)
    expect(Object.isFrozen(RULES)).toBe(true)
  })

  it('finds nothing where nothing happened', () => {
    expect(fired({})).toEqual([])
    expect(fired({}, { pointsPerUsd: '400' })).toEqual([])
  })

  it('has the severities of the specification', () => {
    const bySeverity = (severity: string): RuleId[] =>
      RULES.filter((rule) => rule.severity === severity && !rule.id.startsWith('A')).map(({ id }) => id)
    expect(bySeverity('HIGH').join(' ')).toBe('B1 B4 B6 B7 B8 B9 B11 B12 B13 B14 B15 B19 TZ_MISCONFIGURED')
    expect(bySeverity('MEDIUM').join(' ')).toBe('B2 B3 B5 B10 B16 B20 B21 B22')
    expect(bySeverity('LOW').join(' ')).toBe('B17 B18')
  })

  it('dates the fingerprints of sums over the window, and of nothing smaller', () => {
    const dated = RULES.filter(({ perWindow }) => perWindow).map(({ id }) => id)
    expect(dated.join(' ')).toBe('A1 A2 A3 A4 A7 A8 B14 B15 B17 B20 B21 TZ_MISCONFIGURED')
  })
})

describe('what is not known is not evaluated', () => {
  const why = unknown('the-reason', { detail: 'in short' })
  const once = { examined: 0, findings: [], notEvaluated: [{ subject: {}, reason: why.reason }] }
  const needs: [keyof Books, RuleId[]][] = [
    ['requests', ['B1', 'B2', 'B3', 'B4', 'B5', 'B16', 'B17', 'B18', 'B19', 'B20', 'B22', 'TZ_MISCONFIGURED']],
    ['taskLedgers', ['B6', 'B8', 'B9', 'B10']],
    ['balances', ['B11', 'B12', 'B13']],
    ['unattributed', ['B21']],
    ['priceRules', ['B22']],
  ]

  it.each(needs)('%s', (key, ids) => {
    for (const id of ids) expect(evaluate(id, { [key]: why }, { pointsPerUsd: '400' }), id).toEqual(once)
  })

  it('B15 without requests', () => {
    expect(evaluate('B15', { requests: why })).toEqual(once)
  })

  it('by account, where its events were not read: the rules that need them, and no other', () => {
    const unread = [
      { accountId: 5, reason: why.reason },
      { accountId: 6, reason: why.reason },
    ]
    const book = { requests: requests({ unread, billsUnread: unread, tasks: [unmatched('not-evaluated')] }) }
    const entries = unread.map(({ accountId, reason }) => ({ subject: { accountId }, reason }))
    const silent: RuleId[] = []
    for (const { id } of RULES.filter((rule) => !rule.id.startsWith('A'))) {
      const { notEvaluated } = evaluate(id, book, { pointsPerUsd: '400' })
      if (notEvaluated.length === 0) silent.push(id)
      else expect(notEvaluated, id).toEqual(entries)
    }
    expect(silent.join(' ')).toBe('B4 B6 B7 B8 B9 B10 B11 B12 B13 B14 B18 B21 B22 TZ_MISCONFIGURED')
  })
})
