import { describe, expect, it } from 'vitest'
import { known, unknown } from '../../../src/audit/rules/books.ts'
import type { TaskFact, TaskLedger } from '../../../src/audit/rules/facts.ts'
import { DAY, HOUR } from '../../../src/units/instant.ts'
import {
  AS_OF,
  consume,
  evaluate,
  fired,
  later,
  linked,
  MODEL,
  matched,
  points,
  refund,
  requests,
  theFinding,
  unmatched,
  user,
} from '../../kit/books.ts'

const SUBJECT = { taskId: 'task-1', requestId: 'request-1' }
const CONTEXT = { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' }

describe('B7: failed but charged', () => {
  const failed = { status: 'failed' as const }
  const paid = consume(1, 1000)
  const world = (fact: Partial<TaskFact> = {}, entries = [paid], billed: string | null = '0') => ({
    taskLedgers: known([linked({ ...failed, ...fact }, entries, billed)]),
  })

  it('fires alone, for a failure that was never given back', () => {
    expect(fired(world())).toEqual(['B7'])
    expect(theFinding('B7', world())).toEqual({
      subject: SUBJECT,
      expected: 0n,
      actual: 1000n,
      unit: 'points',
      count: 1,
      evidence: { total: 1, ids: ['task-1'] },
      detail: { userId: 101, model: MODEL, billedUsd: '0' },
      context: CONTEXT,
    })
  })

  it.each([
    ['0', undefined, '0'],
    ['0.000000001', 'MEDIUM', '0.000000001'],
    [null, 'MEDIUM', undefined],
  ])('billed %s: severity %s', (billed, severity, billedUsd) => {
    const finding = theFinding('B7', world({}, [paid], billed))
    expect([finding.severity, finding.detail.billedUsd]).toEqual([severity, billedUsd])
  })

  const endedBefore = (fromNow: number) => ({
    createdAt: later(AS_OF, fromNow),
    completedAt: later(AS_OF, fromNow - 1),
  })

  it.each([
    ['a success', { status: 'success' as const }, [paid], []],
    ['unfinished', { status: 'unfinished' as const }, [paid], []],
    ['charged nothing', { chargedPoints: points(0) }, [], []],
    ['charged a point', { chargedPoints: points(1) }, [consume(1, 1)], ['B7']],
    ['marked and given back', { refunded: true }, [paid, refund(2, 1000)], []],
    ['marked, which B8 follows up', { refunded: true }, [paid], ['B8']],
    ['given back without a mark, which B8 tells', {}, [paid, refund(2, 1000)], ['B8']],
    ['a day less a millisecond ago', { completedAt: later(AS_OF, 1 - DAY) }, [paid], []],
    ['a day ago', { completedAt: later(AS_OF, -DAY) }, [paid], ['B7']],
    ['made a day less a millisecond ago', { completedAt: null, createdAt: later(AS_OF, 1 - DAY) }, [paid], []],
    ['made a day less a millisecond ago, ended before that', endedBefore(1 - DAY), [paid], []],
    ['made a day ago, ended before that', endedBefore(-DAY), [paid], ['B7']],
    ['made a day ago', { completedAt: null, createdAt: later(AS_OF, -DAY) }, [paid], ['B7']],
  ])('%s', (_, fact, entries, expected) => {
    expect(fired(world(fact, entries))).toEqual(expected)
  })

  it('takes its delay from the settings', () => {
    const recent = world({ completedAt: later(AS_OF, -HOUR) })
    expect(fired(recent, { thresholds: { refundLagMillis: HOUR } })).toEqual(['B7'])
    expect(fired(recent, { thresholds: { refundLagMillis: HOUR + 1 } })).toEqual([])
  })

  describe('without linked rows', () => {
    const taskLedgers = unknown('links-total')

    it('goes by the mark alone', () => {
      const tasks = [unmatched('failed', failed), unmatched('failed', { ...failed, refunded: true })]
      expect(evaluate('B7', { taskLedgers, requests: requests({ tasks }) })).toMatchObject({
        examined: 2,
        findings: [{ subject: SUBJECT, actual: 1000n, detail: { billedUsd: '0' } }],
        notEvaluated: [],
      })
      const billed = requests({ tasks: [matched(failed)] })
      expect(theFinding('B7', { taskLedgers, requests: billed })).toMatchObject({
        severity: 'MEDIUM',
        detail: { billedUsd: '1' },
      })
    })

    it('judges nothing that was filtered out or not evaluated, and says the latter', () => {
      const tasks = [
        unmatched('failed', failed, { selected: false }),
        unmatched('not-evaluated', failed, { accountId: 6 }),
      ]
      const unread = [{ accountId: 6, reason: { code: 'events-unread' } }]
      expect(evaluate('B7', { taskLedgers, requests: requests({ tasks, unread }) })).toEqual({
        examined: 0,
        findings: [],
        notEvaluated: [{ subject: { accountId: 6 }, reason: { code: 'events-unread' } }],
      })
    })
  })

  it('needs no bill where there are linked rows, and one of both', () => {
    const noBill = unknown('depth-summary')
    expect(evaluate('B7', { ...world(), requests: noBill })).toMatchObject({ examined: 1, notEvaluated: [] })
    expect(evaluate('B7', { taskLedgers: unknown('links-total'), requests: noBill })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: {}, reason: { code: 'links-total' } }],
    })
  })
})

describe('B10: the charge is not what its rows took', () => {
  const world = (entries: TaskLedger['entries'], fact: Partial<TaskFact> = {}, unlinked = { charged: 0, paid: 0 }) => ({
    taskLedgers: known([linked(fact, entries)]),
    users: [user(101, unlinked)],
  })

  it('fires alone, with what points and cash took', () => {
    const short = world([consume(2, 600), consume(1, 399, { book: 'cash' })])
    expect(fired(short)).toEqual(['B10'])
    expect(theFinding('B10', short)).toEqual({
      subject: SUBJECT,
      expected: 1000n,
      actual: 999n,
      unit: 'points',
      count: 1,
      evidence: { total: 2, ids: ['cash:1', 'points:2'] },
      detail: { userId: 101, pointsConsumed: '600', cashConsumed: '399' },
      context: CONTEXT,
    })
  })

  it.each([
    [999, ['B10']],
    [1000, []],
    [1001, ['B10']],
  ])('a row of %d points for a charge of 1000: %j', (amount, expected) => {
    expect(fired(world([consume(1, amount)]))).toEqual(expected)
  })

  it.each([
    ['split over points and cash', [consume(1, 400), consume(1, 600, { book: 'cash' })], {}, []],
    ['given back: the charge is gross', [consume(1, 1000), refund(2, 1000)], { refunded: true }, []],
    ['taken for a task without charge', [consume(1, 1)], { chargedPoints: points(0) }, ['B10']],
    ['neither charged nor taken', [], { chargedPoints: points(0) }, []],
  ])('%s', (_, entries, fact, expected) => {
    expect(fired(world(entries, fact))).toEqual(expected)
  })

  it('tells what was given back of what rows took', () => {
    const retried = world([consume(1, 1000), refund(2, 1000), consume(3, 1000)])
    expect(theFinding('B10', retried)).toMatchObject({ actual: 2000n, detail: { givenBackPoints: '1000' } })
    expect(theFinding('B10', world([consume(1, 999)])).detail).not.toHaveProperty('givenBackPoints')
  })

  it('fires for a task without a row, where the user has no row without a task', () => {
    const { findings, notEvaluated } = evaluate('B10', world([], {}, { charged: 1000, paid: 0 }))
    expect(notEvaluated).toEqual([])
    expect(findings).toMatchObject([{ expected: 1000n, actual: 0n, evidence: { total: 1, ids: ['task-1'] } }])
  })

  it.each([
    [1, 1000, ['0 of 1000']],
    [999, 1000, ['0 of 1000']],
    [1000, 1000, []],
    [1001, 1000, ['links-unlinked']],
    [1000, 1001, ['links-unlinked']],
    [999, 1999, ['0 of 1000']],
  ])('rows of %d points without a task, for charges of %d: %j', (paid, charged, expected) => {
    const { examined, findings, notEvaluated } = evaluate('B10', world([], {}, { charged, paid }))
    const codes = notEvaluated.map(({ reason }) => reason.code)
    expect([...findings.map((found) => `${found.actual} of ${found.expected}`), ...codes]).toEqual(expected)
    expect(examined).toBe(1 - codes.length)
  })

  it('says once a user what cannot be told, and judges the user’s other tasks', () => {
    const taskLedgers = known([linked({}, []), linked({ taskId: 'task-2' }, []), linked({}, [consume(1, 5)])])
    const users = [user(101, { charged: 2000, paid: 1000 })]
    expect(evaluate('B10', { taskLedgers, users })).toMatchObject({
      examined: 1,
      findings: [{ actual: 5n }],
      notEvaluated: [{ subject: { userId: 101 }, reason: { code: 'links-unlinked' } }],
    })
  })

  it('does not accuse where the payment was not read', () => {
    const failing = { ...user(101, { charged: 1000, paid: 0 }), payment: unknown('ledger-unlinked-more') }
    const outcome = evaluate('B10', { ...world([]), users: [failing] })
    expect(outcome.findings).toEqual([])
    expect(outcome.notEvaluated).toEqual([{ subject: { userId: 101 }, reason: { code: 'ledger-unlinked-more' } }])
    expect(evaluate('B10', { ...world([]), users: [] }).notEvaluated).toEqual([
      { subject: { userId: 101 }, reason: { code: 'ledger-unread' } },
    ])
  })
})

describe('B9: a refund of a task whose own row may be one without an order', () => {
  const world = (paid: number) => ({
    taskLedgers: known([linked({}, [refund(2, 1000)])]),
    users: [user(101, { charged: 1000, paid })],
  })

  it('is not judged where such rows come to what was given back', () => {
    expect(evaluate('B9', world(1000))).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: { userId: 101 }, reason: { code: 'links-unlinked' } }],
    })
  })

  it.each<[string, number, number[], number[]]>([
    // Left open: as many as were paid, and of so many what comes to most. Found: the least that is certain.
    ['the one that they come to', 100, [100, 10], [10]],
    ['the smaller where they come to no more', 99, [100, 10], [100]],
    ['two of three', 100, [60, 50, 50], [60]],
    ['the largest two', 110, [60, 50, 50], [50]],
    ['all', 160, [60, 50, 50], []],
    ['none', 49, [60, 50, 50], [60, 50, 50]],
  ])('leaves of several open %s', (_, paid, refunds, found) => {
    const ledgers = refunds.map((amount, index) =>
      linked({ rowId: index + 1, taskId: `task-${index + 1}` }, [refund(index + 1, amount)]),
    )
    const { findings } = evaluate('B9', { taskLedgers: known(ledgers), users: [user(101, { charged: 1000, paid })] })
    expect(findings.map(({ actual }) => Number(actual))).toEqual(found)
  })

  it.each([0, 1, 999])('is a break where they come to %d points', (paid) => {
    expect(theFinding('B9', world(paid))).toMatchObject({ subject: SUBJECT, expected: 0n, actual: 1000n })
  })
})
