import { describe, expect, it } from 'vitest'
import { known, unknown } from '../../../src/audit/rules/books.ts'
import type { RequestBook, TaskFact, TaskVerdict } from '../../../src/audit/rules/facts.ts'
import type { DueCharge, PriceBook } from '../../../src/audit/rules/prices.ts'
import { priceBook } from '../../../src/billing/price-book.ts'
import type { RuleVersion } from '../../../src/billing/rule.ts'
import { points } from '../../../src/units/points.ts'
import { decimal, ruleVersion } from '../../kit/billing.ts'
import { evaluate, event, fired, MODEL, matched, requests, theFinding, unmatched } from '../../kit/books.ts'

/** A book in which every task owes the same. */
const always = (due: DueCharge): { priceRules: { known: true; value: PriceBook } } => ({
  priceRules: { known: true, value: { versions: 1, chargeOf: () => due } },
})

const rule = (overrides: Partial<RuleVersion> = {}): RuleVersion =>
  ruleVersion({
    ...{ modelId: MODEL, inputPrice: decimal('0'), outputPrice: decimal('10'), unit: 'per_video', currency: 'CNY' },
    ...overrides,
  })

const priced = (...versions: RuleVersion[]) => ({
  priceRules: known(
    priceBook(versions, new Map(), { defaultLevel: 'basic', aliases: new Map(), pointsPerUsd: undefined }),
  ),
})

const charging = (charged: bigint, price: string, fact: Partial<TaskFact> = {}, more: Partial<TaskVerdict> = {}) => ({
  requests: requests({ tasks: [matched({ chargedPoints: points(charged), ...fact }, more)] }),
  ...priced(rule({ outputPrice: decimal(price), currency: 'points' })),
})

describe('B22: charged otherwise than the price rule asks', () => {
  it('fires alone, with the charge of the rule as what was expected', () => {
    const world = { requests: requests({ tasks: [matched()] }), ...priced(rule({ outputPrice: decimal('9.804') })) }
    expect(fired(world)).toEqual(['B22'])
    expect(theFinding('B22', world)).toEqual({
      subject: { taskId: 'task-1', requestId: 'request-1' },
      expected: 980n,
      actual: 1000n,
      unit: 'points',
      count: 1,
      evidence: { total: 1, ids: ['task-1'] },
      detail: {
        ...{ accountId: 5, userId: 101, model: MODEL, ruleId: 'br_001', billingUnit: 'per_video', quantity: '1' },
        ...{ price: '9.804', currency: 'CNY', level: 'basic', exactPoints: '980.4', tolerancePoints: '1' },
      },
      context: { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' },
    })
    expect(evaluate('B22', world).examined).toBe(1)
  })

  it.each([
    [100n, '100', []],
    [101n, '100', []],
    [99n, '100', []],
    [102n, '100', ['B22']],
    [98n, '100', ['B22']],
    // Nothing is rounded before it is compared.
    [101n, '99.999999999999', ['B22']],
    [101n, '100.4', []],
    [102n, '100.6', ['B22']],
    [99n, '100.000000000001', ['B22']],
    [0n, '1', []],
    [0n, '1.1', ['B22']],
    [0n, '0', []],
  ])('charged %d, due %s points: %j', (charged, price, expected) => {
    expect(fired(charging(charged, price))).toEqual(expected)
  })

  it('takes its tolerance from the settings', () => {
    const strict = { thresholds: { b22TolerancePoints: points(0n) } }
    expect(fired(charging(100n, '100'), strict)).toEqual([])
    expect(fired(charging(100n, '100.000000000001'), strict)).toEqual(['B22'])
    expect(fired(charging(101n, '100'), strict)).toEqual(['B22'])
    const loose = { thresholds: { b22TolerancePoints: points(50n) } }
    expect(fired(charging(150n, '100'), loose)).toEqual([])
    expect(theFinding('B22', charging(151n, '100'), loose).detail).toMatchObject({ tolerancePoints: '50' })
  })

  it.each([
    [1n, 2n, 1n],
    [199n, 2n, 100n],
    [1n, 3n, 0n],
    [200n, 3n, 67n],
  ])('rounds %d/%d for the eye alone', (numerator, denominator, expected) => {
    const due = { kind: 'due', points: { numerator, denominator }, terms: () => ({}) as never } as const
    const tasks = [matched({ chargedPoints: points(9000n) })]
    expect(theFinding('B22', { requests: requests({ tasks }), ...always(due) }).expected).toBe(expected)
  })

  const judged: [string, Partial<TaskFact>, Partial<TaskVerdict>, number][] = [
    ['a refunded success', { refunded: true }, {}, 1],
    ['a failure', { status: 'failed' }, {}, 0],
    ['an unfinished task', { status: 'unfinished' }, {}, 0],
    ['a user who was filtered out', {}, { selected: false }, 0],
    ['a row more for a request that another task claims', {}, { standing: 'duplicate', events: [] }, 0],
  ]
  it.each(judged)('of %s', (_, fact, more, expected) => {
    expect(evaluate('B22', charging(500n, '100', fact, more))).toMatchObject({ examined: expected, notEvaluated: [] })
  })

  it('counts once what fal bills twice', () => {
    const twice = [event(), event()]
    const book = (overrides: Partial<RequestBook>) => ({
      requests: requests({ tasks: [matched({}, { events: twice })], ...overrides }),
      ...priced(rule()),
    })
    const repeated = [{ requestId: 'request-1', accountId: 5, taskId: 'task-1', event: event(), times: 2 }]
    expect(evaluate('B22', book({ repeated })).findings).toEqual([])
    // Two events that fal does not repeat within one answer are two uses.
    expect(evaluate('B22', book({})).findings).toMatchObject([{ expected: 2000n, actual: 1000n }])
  })
})

describe('what B22 cannot judge', () => {
  const perRequest = priced(rule({ unit: 'per_request' }))

  it('is told once a model, however many tasks it concerns', () => {
    const tasks = [
      ...(['unbilled', 'pending', 'without-id'] as const).map((standing) => unmatched(standing)),
      matched({}, { events: [event({ unit: 'compute seconds' })] }),
    ]
    const outcome = evaluate('B22', { requests: requests({ tasks }), ...priced(rule()) })
    expect(outcome).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: { model: MODEL }, reason: { code: 'charge-quantity', params: { unit: 'per_video' } } }],
    })
    expect(evaluate('B22', { requests: requests({ tasks }), ...perRequest })).toMatchObject({
      examined: 4,
      notEvaluated: [],
    })
  })

  it('is told once for all rules in USD without a rate', () => {
    const world = { requests: requests({ tasks: [matched(), matched()] }), ...priced(rule({ currency: 'USD' })) }
    expect(evaluate('B22', world)).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: {}, reason: { code: 'rate-missing' } }],
    })
  })

  it('is told by account where its bill was not read, for what needs a bill', () => {
    const unread = [5, 6].map((accountId) => ({
      accountId,
      reason: unknown('events-unread', { detail: 'why' }).reason,
    }))
    const tasks = [unmatched('not-evaluated'), unmatched('not-evaluated', {}, { accountId: null })]
    const world = { requests: requests({ tasks, unread }) }
    expect(evaluate('B22', { ...world, ...priced(rule()) })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [
        { subject: { accountId: 5 }, reason: { code: 'events-unread', params: { detail: 'why' } } },
        { subject: {}, reason: { code: 'key-without-bill' } },
      ],
    })
    expect(evaluate('B22', { ...world, ...perRequest })).toEqual({ examined: 2, findings: [], notEvaluated: [] })
    // Which endpoint was billed is not known either: a rule may name that.
    const other = priced(rule({ modelId: 'other' }))
    expect(evaluate('B22', { ...world, ...other }).notEvaluated).toHaveLength(2)
  })

  it('leaves out a row more of a request, also where its bill was not read', () => {
    const tasks = [unmatched('not-evaluated'), unmatched('not-evaluated', { rowId: 2, chargedPoints: points(0n) })]
    const sharing = tasks.map(({ task }) => task)
    const shared = [{ requestId: 'request-1', accountId: 5, tasks: sharing }]
    expect(evaluate('B22', { requests: requests({ tasks, shared }), ...perRequest })).toMatchObject({
      examined: 1,
      findings: [],
    })
    const failedFirst = [{ ...sharing[0], status: 'failed' } as TaskFact, ...sharing.slice(1)]
    const book = requests({
      tasks: tasks.slice(1),
      shared: [{ requestId: 'request-1', accountId: 5, tasks: failedFirst }],
    })
    expect(evaluate('B22', { requests: book, ...perRequest }).examined).toBe(1)
  })

  it('is nothing without rules', () => {
    const tasks = [matched(), unmatched('not-evaluated')]
    const unread = [{ accountId: 5, reason: unknown('events-unread').reason }]
    expect(evaluate('B22', { requests: requests({ tasks, unread }) })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [],
    })
  })

  it('is everything where the rules could not be read', () => {
    const why = unknown('prices-unread', { detail: 'locked' })
    expect(evaluate('B22', { requests: requests({ tasks: [matched()] }), priceRules: why })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: {}, reason: why.reason }],
    })
  })
})
