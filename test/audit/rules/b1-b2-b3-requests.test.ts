import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { floatTolerance, isAmountBreak } from '../../../src/audit/rules/b3-amount.ts'
import type { Orphan, TaskFact, TaskVerdict } from '../../../src/audit/rules/facts.ts'
import { DEFAULT_THRESHOLDS } from '../../../src/settings.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { ratio } from '../../../src/units/ratio.ts'
import { at, evaluate, event, fired, MODEL, matched, requests, theFinding, unmatched, usd } from '../../kit/books.ts'

const UNREAD = { accountId: 5, reason: { code: 'events-unread' } }

describe('B1: billed without any task', () => {
  const orphan = (overrides: Partial<Orphan> = {}): Orphan => ({
    requestId: 'request-9',
    accountId: 5,
    events: [
      event({ requestId: 'request-9', at: at('2026-02-06 00:30:00') }),
      event({ requestId: 'request-9', at: at('2026-02-06 00:10:00'), model: 'first' }),
    ],
    costNanoUsd: usd('0.25'),
    ...overrides,
  })
  const world = (overrides: Partial<Orphan> = {}) => ({ requests: requests({ orphans: [orphan(overrides)] }) })

  it('fires alone, for a request that fal billed', () => {
    expect(fired(world())).toEqual(['B1'])
    expect(theFinding('B1', world())).toEqual({
      subject: { requestId: 'request-9' },
      expected: 250_000_000n,
      actual: 0n,
      unit: 'USD',
      count: 2,
      evidence: { total: 1, ids: ['request-9'] },
      detail: { accountId: 5, model: 'first', at: '2026-02-06T00:10:00+08:00' },
      context: { accountId: 5, model: 'first', date: '2026-02-06' },
    })
  })

  it.each([
    [1n, ['B1']],
    [0n, []],
    [-1n, []],
  ])('of %d nano-USD: %j', (cost, expected) => {
    expect(fired(world({ costNanoUsd: nanoUsd(cost) }))).toEqual(expected)
  })

  it('names no account where the bill tells none', () => {
    const { detail, context } = theFinding('B1', world({ accountId: null }))
    expect(detail).not.toHaveProperty('accountId')
    expect(context).not.toHaveProperty('accountId')
  })

  it('says nothing of accounts whose events were not read whole, and counts what was', () => {
    const book = requests({ tasks: [matched(), unmatched('unbilled')], orphans: [orphan()], unread: [UNREAD] })
    expect(evaluate('B1', { requests: book })).toEqual({
      examined: 2,
      findings: [],
      notEvaluated: [{ subject: { accountId: 5 }, reason: { code: 'events-unread' } }],
    })
  })
})

describe('B2: recorded with a cost, billed nothing', () => {
  const world = (...[fact, overrides]: Parameters<typeof matched>) => ({
    requests: requests({ tasks: [matched({ taskId: 'task-0' }), unmatched('unbilled', fact, overrides)] }),
  })

  it('fires alone, for a settled success without an event', () => {
    expect(fired(world())).toEqual(['B2'])
    expect(theFinding('B2', world())).toEqual({
      subject: { taskId: 'task-1', requestId: 'request-1' },
      expected: 0n,
      actual: 1_000_000_000n,
      unit: 'USD',
      count: 1,
      evidence: { total: 1, ids: ['task-1'] },
      detail: { accountId: 5, userId: 101, model: MODEL },
      context: { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' },
    })
    expect(evaluate('B2', world()).examined).toBe(2)
  })

  const cases: [string, Partial<TaskFact>, Partial<TaskVerdict>, RuleId[]][] = [
    ['a nano-dollar of cost', { costNanoUsd: nanoUsd(1n) }, {}, ['B2']],
    ['a model that costs nothing', { costNanoUsd: nanoUsd(0n) }, {}, []],
    ['a task without id', { requestId: '' }, {}, []],
    ['a user who was filtered out', {}, { selected: false }, []],
    ...(['pending', 'without-id', 'duplicate', 'not-evaluated'] as const).map((standing): (typeof cases)[number] => [
      `a ${standing} task`,
      {},
      { standing },
      [],
    ]),
    ['a failure', { status: 'failed' }, { standing: 'failed' }, []],
  ]
  it.each(cases)('with %s', (_, fact, overrides, expected) => {
    expect(fired(world(fact, overrides))).toEqual(expected)
  })

  it('tells by its row a task without an id of its own', () => {
    expect(theFinding('B2', world({ taskId: '', rowId: 77 }))).toMatchObject({
      subject: { rowId: 77, requestId: 'request-1' },
      evidence: { total: 1, ids: ['77'] },
    })
  })

  it('says of which accounts fal was asked in vain, and of which the events were not read', () => {
    const silent = unmatched('not-evaluated', {}, { accountId: 6 })
    const keyless = unmatched('not-evaluated', {}, { accountId: null })
    const hidden = unmatched('not-evaluated', {}, { accountId: 7, selected: false })
    const book = requests({ tasks: [silent, silent, keyless, hidden, unmatched('not-evaluated')], unread: [UNREAD] })
    expect(evaluate('B2', { requests: book })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [
        { subject: { accountId: 5 }, reason: { code: 'events-unread' } },
        { subject: { accountId: 6 }, reason: { code: 'requests-unanswered' } },
        { subject: {}, reason: { code: 'key-without-bill' } },
      ],
    })
  })
})

describe('B3: billed and recorded with different amounts', () => {
  const world = (recorded: bigint, billed: bigint, fact: Parameters<typeof matched>[0] = {}, more = {}) => ({
    requests: requests({
      tasks: [matched({ ...fact, costNanoUsd: nanoUsd(recorded) }, { billedNanoUsd: nanoUsd(billed), ...more })],
    }),
  })

  it('fires alone, with the official amount as what was expected', () => {
    const off = world(800_000_000n, 1_000_000_000n, {}, { events: [event(), event()] })
    expect(fired(off)).toEqual(['B3'])
    expect(theFinding('B3', off)).toEqual({
      subject: { taskId: 'task-1', requestId: 'request-1' },
      expected: 1_000_000_000n,
      actual: 800_000_000n,
      unit: 'USD',
      count: 2,
      evidence: { total: 1, ids: ['task-1'] },
      detail: { accountId: 5, userId: 101, model: MODEL, toleranceUsd: '0.005' },
      context: { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' },
    })
  })

  it.each([
    [1_000_000_000n, 1_000_000_000n, []],
    [995_000_000n, 1_000_000_000n, []],
    [994_999_999n, 1_000_000_000n, ['B3']],
    [1_005_000_000n, 1_000_000_000n, []],
    [1_005_000_001n, 1_000_000_000n, ['B3']],
    // A share of 1,000,000,100 is 5,000,000.5: nothing is rounded before it is compared.
    [1_005_000_100n, 1_000_000_100n, []],
    [1_005_000_101n, 1_000_000_100n, ['B3']],
    // Of small amounts the stored FLOAT is off by more than the share: 2 nano-dollars.
    [102n, 100n, []],
    [103n, 100n, ['B3']],
    [97n, 100n, ['B3']],
    [0n, 2n, ['B3']],
    [0n, 1n, []],
    [1n, 0n, []],
    [3n, 0n, ['B3']],
  ])('recorded %d, billed %d nano-USD: %j', (recorded, billed, expected) => {
    expect(fired(world(recorded, billed))).toEqual(expected)
  })

  it('reckons what a FLOAT is off by upwards', () => {
    const known: [bigint, bigint][] = [
      [0n, 1n],
      [1n, 2n],
      [16_666_666n, 2n],
      [16_666_667n, 3n],
      [-16_666_667n, 3n],
      [1_000_000_000n, 61n],
    ]
    for (const [amount, tolerance] of known) expect(floatTolerance(nanoUsd(amount)), String(amount)).toBe(tolerance)
  })

  it('is a break exactly where both tolerances are passed, however large the amounts', () => {
    const edges = fc.constantFrom(0n, 1n, 16_666_667n, 2n ** 52n, 2n ** 52n + 1n, 2n ** 53n + 1n, 10n ** 20n)
    const amounts = fc.oneof(edges, fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.bigInt({ min: 0n, max: 2n ** 60n }))
    fc.assert(
      fc.property(
        amounts,
        fc.bigInt({ min: -3n, max: 3n }),
        fc.boolean(),
        fc.boolean(),
        (amount, off, up, negative) => {
          const recorded = nanoUsd(negative ? -amount : amount)
          // Right at the edge of what is tolerated, on either side.
          const billed = nanoUsd(recorded + (up ? 1n : -1n) * (floatTolerance(recorded) + off))
          const gap = billed > recorded ? billed - recorded : recorded - billed
          const verdict = matched({ costNanoUsd: recorded }, { billedNanoUsd: billed })
          const thresholds = { ...DEFAULT_THRESHOLDS, b3AmountRatio: ratio('0') }
          expect(isAmountBreak(verdict, thresholds)).toBe(gap > floatTolerance(recorded))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('takes its share from the settings, and never less than a FLOAT is off by', () => {
    const strict = { thresholds: { b3AmountRatio: ratio('0') } }
    expect(fired(world(1_000_000_061n, 1_000_000_000n), strict)).toEqual([])
    expect(fired(world(1_000_000_063n, 1_000_000_000n), strict)).toEqual(['B3'])
    expect(theFinding('B3', world(1_000_000_063n, 1_000_000_000n), strict).detail.toleranceUsd).toBe('0.000000062')
    expect(fired(world(600_000_000n, 1_000_000_000n), { thresholds: { b3AmountRatio: ratio('0.4') } })).toEqual([])
  })

  it.each([
    ['a failure without cost', 0n, { status: 'failed' as const }, {}, ['B3']],
    ['a failure with some cost', 1n, { status: 'failed' as const }, {}, ['B3']],
    ['a success without cost', 0n, {}, {}, ['B3']],
    ['a user who was filtered out', 0n, {}, { selected: false }, []],
    ['what was not evaluated', 0n, {}, { standing: 'not-evaluated' }, []],
    ['what was not billed at all', 0n, {}, { standing: 'unbilled' }, []],
  ])('judges %s', (_, recorded, fact, more, expected) => {
    const { findings } = evaluate('B3', world(recorded, 1_000_000_000n, fact, more))
    expect(findings.map(() => 'B3')).toEqual(expected)
  })

  it('counts the matched tasks, and says whose events were not read', () => {
    const book = requests({ tasks: [matched(), unmatched('pending')], unread: [UNREAD] })
    expect(evaluate('B3', { requests: book })).toEqual({
      examined: 1,
      findings: [],
      notEvaluated: [{ subject: { accountId: 5 }, reason: { code: 'events-unread' } }],
    })
  })
})
