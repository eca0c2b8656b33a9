import { describe, expect, it } from 'vitest'
import type { DailyBill, TaskFact, TaskVerdict } from '../../../src/audit/rules/facts.ts'
import { DAY, HOUR, MINUTE } from '../../../src/units/instant.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import {
  AS_OF,
  at,
  date,
  evaluate,
  fired,
  later,
  MODEL,
  matched,
  points,
  requests,
  theFinding,
  unmatched,
  usd,
} from '../../kit/books.ts'

const UNREAD = [{ accountId: 6, reason: { code: 'events-unread' } }]
const NOT_READ = [{ subject: { accountId: 6 }, reason: { code: 'events-unread' } }]

describe('B18: unfinished for too long', () => {
  const stuck = { status: 'unfinished' as const, completedAt: null, createdAt: at('2026-02-06 11:00:00') }
  const world = (fact: Partial<TaskFact> = {}, more: Partial<TaskVerdict> = {}) => ({
    requests: requests({ tasks: [unmatched('unfinished', { ...stuck, ...fact }, more)] }),
  })

  it('fires alone, with the hours since it was made', () => {
    expect(fired(world())).toEqual(['B18'])
    expect(theFinding('B18', world({ createdAt: later(AS_OF, -73 * HOUR - 59 * MINUTE) }))).toEqual({
      subject: { taskId: 'task-1', requestId: 'request-1' },
      expected: 0n,
      actual: 0n,
      unit: 'USD',
      count: 1,
      evidence: { total: 1, ids: ['task-1'] },
      detail: { userId: 101, model: MODEL, hours: 73, billedUsd: '0' },
      context: { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' },
    })
  })

  it.each([
    ['0', undefined],
    ['0.000000001', 'MEDIUM'],
  ])('billed %s: severity %s', (billed, severity) => {
    const finding = theFinding('B18', world({ costNanoUsd: usd(billed) }, { billedNanoUsd: usd(billed) }))
    expect([finding.severity, finding.actual, finding.detail.billedUsd]).toEqual([severity, usd(billed), billed])
  })

  it.each([
    ['a day less a millisecond old', { createdAt: later(AS_OF, 1 - DAY) }, {}, []],
    ['a day old', { createdAt: later(AS_OF, -DAY) }, {}, ['B18']],
    ['a success', { status: 'success' as const }, { standing: 'pending' as const }, []],
    ['a failure', { status: 'failed' as const }, { standing: 'failed' as const }, []],
    ['without a request', { requestId: '' }, { standing: 'without-id' as const }, ['B18']],
    ['filtered out', {}, { selected: false }, []],
    ['of a bill that was not read', {}, { standing: 'not-evaluated' as const }, ['B18']],
  ])('%s', (_, fact, more, expected) => {
    expect(fired(world(fact, more))).toEqual(expected)
  })

  it('takes its time from the settings', () => {
    const hour = world({ createdAt: later(AS_OF, -HOUR) })
    expect(fired(hour, { thresholds: { stuckMillis: HOUR } })).toEqual(['B18'])
    expect(fired(hour, { thresholds: { stuckMillis: HOUR + 1 } })).toEqual([])
  })

  it('does not claim to know what fal billed where that was not read', () => {
    const finding = theFinding('B18', world({}, { standing: 'not-evaluated' }))
    expect(finding).toMatchObject({ expected: 0n, actual: null })
    expect(finding.severity).toBeUndefined()
    expect(finding.detail.billedUsd).toBeUndefined()
  })

  it('counts the unfinished, and needs no bill to do so', () => {
    const tasks = [matched(), unmatched('unfinished', { ...stuck, createdAt: AS_OF })]
    const outcome = evaluate('B18', { requests: requests({ tasks, unread: UNREAD }) })
    expect(outcome).toEqual({ examined: 1, findings: [], notEvaluated: [] })
  })
})

describe('B19: the bill disagrees with itself', () => {
  const bill = (day: string, difference: bigint, overrides: Partial<DailyBill> = {}): DailyBill => ({
    accountId: 5,
    model: MODEL,
    date: date(day),
    usageNanoUsd: usd('3'),
    usageRows: 1,
    eventsNanoUsd: nanoUsd(usd('3') + difference),
    ...overrides,
  })
  const world = (...dailyBills: readonly DailyBill[]) => ({ requests: requests({ dailyBills }) })
  /** Date and class of each finding, in short. */
  const found = (...bills: readonly DailyBill[]): string[] =>
    evaluate('B19', world(...bills)).findings.map(
      ({ subject, timing }) => `${subject.date?.slice(-2)}${timing === true ? ' TIMING' : ''}`,
    )

  it('fires alone, by account, model and day', () => {
    const off = world(bill('2026-02-06', -5_000_000n, { usageRows: 3 }), bill('2026-02-07', 0n))
    expect(fired(off)).toEqual(['B19'])
    expect(theFinding('B19', off)).toEqual({
      subject: { accountId: 5, model: MODEL, date: '2026-02-06' },
      expected: 3_000_000_000n,
      actual: 2_995_000_000n,
      unit: 'USD',
      count: 1,
      timing: false,
      evidence: { total: 0, ids: [] },
      detail: { toleranceUsd: '0.000003' },
    })
    expect(evaluate('B19', off).examined).toBe(2)
  })

  it.each([
    [0, 1000n, []],
    [0, 1001n, ['06']],
    [1, -1000n, []],
    [1, -1001n, ['06']],
    [3, 3000n, []],
    [3, 3001n, ['06']],
  ])('%d rows that differ by %d nano-USD', (usageRows, difference, expected) => {
    expect(found(bill('2026-02-06', difference, { usageRows }))).toEqual(expected)
  })

  it.each([
    // 2,000 events that were rounded may be off by 1,000 nano-dollars together, to the half.
    [2000, 2000n, []],
    [2000, 2001n, ['06']],
    [2000, -2000n, []],
    [2000, -2001n, ['06']],
    [2001, 2001n, ['06']],
    [2002, 2001n, []],
    [1, 1000n, []],
    [1, 1001n, ['06']],
  ])('%d events of rounded costs that differ by %d nano-USD', (roundedEvents, difference, expected) => {
    expect(found(bill('2026-02-06', difference, { roundedEvents }))).toEqual(expected)
  })

  it('takes its tolerance from the settings', () => {
    const thresholds = { b19NanoUsdPerRow: nanoUsd(10n) }
    const off = (difference: bigint) => world(bill('2026-02-06', difference, { usageRows: 2 }))
    expect(fired(off(20n), { thresholds })).toEqual([])
    expect(fired(off(21n), { thresholds })).toEqual(['B19'])
  })

  it.each([
    ['the next day', '07', ['06 TIMING', '07 TIMING']],
    ['the day before', '05', ['06 TIMING', '05 TIMING']],
    ['the day after next', '08', ['06', '08']],
  ])('what %s takes back is timing', (_, other, expected) => {
    expect(found(bill('2026-02-06', 9000n), bill(`2026-02-${other}`, -9000n))).toEqual(expected)
  })

  it('takes days over the end of a month', () => {
    expect(found(bill('2026-02-28', 9000n), bill('2026-03-01', -9000n))).toEqual(['28 TIMING', '01 TIMING'])
  })

  it.each([
    [-8000n, ['06 TIMING', '07 TIMING']],
    [-7999n, ['06', '07']],
    [-10_000n, ['06 TIMING', '07 TIMING']],
    [-10_001n, ['06', '07']],
    [9000n, ['06', '07']],
    [0n, ['06']],
  ])('9000 against %d on the next day', (difference, expected) => {
    expect(found(bill('2026-02-06', 9000n), bill('2026-02-07', difference))).toEqual(expected)
  })

  it('is not excused by a day that has no difference, however many rows it has', () => {
    expect(found(bill('2026-02-06', 1001n), bill('2026-02-07', 0n, { usageRows: 9 }))).toEqual(['06'])
  })

  it('needs no break on the day that takes the rest back', () => {
    expect(found(bill('2026-02-06', 1001n), bill('2026-02-07', -1n))).toEqual(['06 TIMING'])
    expect(found(bill('2026-02-06', 1002n), bill('2026-02-07', -1n))).toEqual(['06'])
    expect(found(bill('2026-02-06', -1n), bill('2026-02-07', 1001n))).toEqual(['07 TIMING'])
  })

  it('does not use a day up on one that needs nothing', () => {
    const quiet = [bill('2026-02-01', 0n), bill('2026-02-05', 0n), bill('2026-02-06', -2n)]
    expect(found(...quiet, bill('2026-02-07', 1001n))).toEqual(['07 TIMING'])
  })

  it('lets a day take back one other only', () => {
    const days = [bill('2026-02-05', 9000n), bill('2026-02-06', -9000n), bill('2026-02-07', 9000n)]
    expect(found(...days)).toEqual(['05 TIMING', '06 TIMING', '07'])
    expect(found(...[...days].reverse())).toEqual(['07', '06 TIMING', '05 TIMING'])
  })

  it.each([
    ['account', { accountId: 7 }],
    ['model', { model: 'other' }],
  ])('is not taken back by another %s', (_, other) => {
    expect(found(bill('2026-02-06', 9000n), bill('2026-02-07', -9000n, other))).toEqual(['06', '07'])
  })

  it('says nothing of accounts whose events were not read whole', () => {
    const dailyBills = [bill('2026-02-06', 9000n, { accountId: 6 })]
    const outcome = evaluate('B19', { requests: requests({ dailyBills, unread: UNREAD, billsUnread: UNREAD }) })
    expect(outcome).toEqual({ examined: 0, findings: [], notEvaluated: NOT_READ })
  })
})

describe('B20: refunded although fal billed it', () => {
  const lost = (number: number, fact: Partial<TaskFact> = {}, more: Partial<TaskVerdict> = {}): TaskVerdict =>
    matched({ taskId: `task-${number}`, refunded: true, ...fact }, more)
  const world = (...tasks: readonly TaskVerdict[]) => ({ requests: requests({ tasks, unread: UNREAD }) })

  it('fires alone, once a user', () => {
    const losses = world(lost(10), lost(9, { chargedPoints: points(500) }), lost(3, { userId: 102 }), matched())
    expect(fired(losses)).toEqual(['B20', 'B20'])
    expect(evaluate('B20', losses)).toEqual({
      examined: 2,
      findings: [
        {
          subject: { userId: 101 },
          expected: 0n,
          actual: 2_000_000_000n,
          unit: 'USD',
          count: 2,
          evidence: { total: 2, ids: ['task-9', 'task-10'] },
          detail: { refundedPoints: '1500' },
        },
        expect.objectContaining({ subject: { userId: 102 }, count: 1 }),
      ],
      notEvaluated: NOT_READ,
    })
  })

  it.each([
    ['billed a nano-dollar', {}, { billedNanoUsd: nanoUsd(1n) }, 1],
    ['billed nothing', {}, { billedNanoUsd: nanoUsd(0n) }, 0],
    ['not refunded', { refunded: false }, {}, 0],
    ['not billed', {}, { standing: 'failed' as const }, 0],
    ['filtered out', {}, { selected: false }, 0],
    ['not evaluated', {}, { standing: 'not-evaluated' as const, accountId: 6 }, 0],
  ])('%s', (_, fact, more, expected) => {
    expect(evaluate('B20', world(lost(1, fact, more))).findings).toHaveLength(expected)
  })
})
