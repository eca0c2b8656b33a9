import { describe, expect, it } from 'vitest'
import {
  type BillComparison,
  type Books,
  known,
  type ModelRecord,
  type Payment,
  type PeriodBill,
  type UserBook,
  unknown,
} from '../../../src/audit/rules/books.ts'
import { date, evaluate, fired, MODEL, points, theFinding, usd, user } from '../../kit/books.ts'
import { figures, record } from '../../kit/unplaced.ts'

const NONE = { total: 0, ids: [] }

const period = (cost: string, young = '0', running = '0'): PeriodBill => ({
  figures: figures(cost),
  bridge: {
    byEventTimeNanoUsd: usd('10'),
    carriedInNanoUsd: usd('4'),
    carriedOutNanoUsd: usd('3'),
    byTaskPeriodNanoUsd: usd('9'),
  },
  youngNanoUsd: usd(young),
  runningNanoUsd: usd(running),
  namelessOpen: 0,
})

const compared = (bill: string, recorded: ModelRecord | null, overrides: Partial<BillComparison> = {}) => ({
  comparisons: [
    {
      subject: { accountId: 5 },
      bill: known(figures(bill)),
      period: null,
      recordByModel: new Map(recorded === null ? [] : [[MODEL, recorded]]),
      ...overrides,
    },
  ],
})

describe('A1', () => {
  it('tells how far off the record is, and the way from bill to task period', () => {
    expect(theFinding('A1', compared('10', record('4'), { period: period('9', '1') })).detail).toEqual({
      deviationPercent: '66.7',
      thresholdPercent: '10',
      billByEventTimeUsd: '10',
      carriedInUsd: '4',
      carriedOutUsd: '3',
      billByTaskPeriodUsd: '9',
      pendingUsd: '1',
      runningUsd: '0',
    })
    const both = theFinding('A1', compared('10', record('4'), { period: period('9', '1', '0.7') }))
    expect(both.actual).toBe(usd('3'))
    expect(both.detail).toMatchObject({ pendingUsd: '0.3', runningUsd: '0.7' })
    expect(theFinding('A1', compared('10', record('4'))).detail).toEqual({
      deviationPercent: '60.0',
      thresholdPercent: '10',
    })
  })

  it('is timing only where something did cross an edge, whatever the rounding', () => {
    const near = { roundingNanoUsd: usd('9') }
    expect(theFinding('A1', compared('10', record('4', near))).timing).toBe(false)
    expect(theFinding('A1', compared('10', record('4', { ...near, crossingInNanoUsd: usd('0.1') }))).timing).toBe(true)
    expect(theFinding('A1', compared('10', record('4', { ...near, crossingOutNanoUsd: usd('9') }))).timing).toBe(false)
  })

  it('hangs on events that are missing by the record without what need not be billed yet', () => {
    const short = { period: period('10', '1.05'), missing: new Map([[MODEL, usd('1')]]) }
    const of = (recorded: string) => evaluate('A1', compared('11', record(recorded), short))
    // Between 10 and 11 USD of bill, of which a tenth is allowed, 11 are near to both.
    expect(of('12.05')).toEqual({ examined: 1, findings: [], notEvaluated: [] })
    expect(of('12.050000001')).toMatchObject({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: { accountId: 5 } }],
    })
  })
})

describe('A2 and A3', () => {
  it('are timing by edges only where the requests do not say better', () => {
    const due = { count: 1, costNanoUsd: usd('4'), chargedPoints: points(900), crossingCount: 1, evidence: NONE }
    const crossing = compared('0', record('4', { due }))
    expect(theFinding('A2', crossing)).toMatchObject({ timing: true, detail: { taskCount: 1, chargedPoints: '900' } })
    const settled = compared('0', record('4', { due }), { period: period('0') })
    expect(theFinding('A2', settled).timing).toBe(false)
    const nothing = { taskCount: 0, roundingNanoUsd: usd('1') }
    const carried = record('0', { ...nothing, crossingInNanoUsd: usd('1') })
    expect(theFinding('A3', compared('2', carried)).timing).toBe(true)
    expect(theFinding('A3', compared('2', carried, { period: period('2') })).timing).toBe(false)
    expect(theFinding('A3', compared('1', record('0', nothing))).timing).toBe(false)
  })
})

describe('A4', () => {
  const paid = (overrides: Partial<Payment>): Partial<Books> => {
    const one = user(101, { charged: 0, paid: 0 })
    if (!one.payment.known) throw new RangeError('the payment is known')
    return { users: [{ ...one, payment: known({ ...one.payment.value, ...overrides }) }] }
  }

  it('tells where the points were taken from', () => {
    const short = paid({ comparedChargedPoints: points(9), pointsConsumed: points(3), cashConsumed: points(4) })
    expect(theFinding('A4', short).detail).toEqual({ pointsConsumed: '3', cashConsumed: '4', linkMode: 'order' })
  })

  it('says nothing of more rows without a task than tasks without a row', () => {
    const more = paid({ unlinkedChargedPoints: points(5), unlinkedPaidPoints: points(6) })
    const reason = unknown('ledger-unlinked-more', { unlinkedCharged: '5', unlinkedPaid: '6' }).reason
    expect(evaluate('A4', more).notEvaluated).toEqual([{ subject: { userId: 101 }, reason }])
    const same = paid({ unlinkedChargedPoints: points(5), unlinkedPaidPoints: points(5) })
    expect(evaluate('A4', same)).toEqual({ examined: 1, findings: [], notEvaluated: [] })
    // Rows without a task are other products where no task lacks a row.
    const others = paid({ unlinkedPaidPoints: points(6) })
    expect(evaluate('A4', others)).toEqual({ examined: 1, findings: [], notEvaluated: [] })
  })

  it('says nothing of what was paid between a charge and what one below 0 leaves of it, both included', () => {
    const said = (count: number) => {
      const charged = { comparedChargedPoints: points(100), negativeChargedPoints: points(-50) }
      const { findings, notEvaluated } = evaluate('A4', paid({ ...charged, comparedPaidPoints: points(count) }))
      return [findings.length, ...notEvaluated.map(({ reason: { code } }) => code)]
    }
    expect([49, 50, 100, 101].map(said)).toEqual([[1], [0, 'charge-negative'], [0, 'charge-negative'], [1]])
  })
})

describe('A5 and A8', () => {
  it('tell what they held against what', () => {
    const day = {
      date: date('2026-02-06'),
      chargedPoints: points(1000),
      refundedPoints: points(400),
      refundedCount: 2,
      evidence: NONE,
    }
    expect(theFinding('A5', { days: [day] }).detail).toMatchObject({ chargedPoints: '1000', ratioPercent: '40.0' })
    const account = (balance: Books['accounts'][number]['balance']): Partial<Books> => ({
      accounts: [{ accountId: 5, disabled: false, billNanoUsd: null, balance }],
    })
    const low = account({ nanoUsd: usd('0.5'), source: 'table' })
    expect(theFinding('A8', low).detail).toEqual({ balanceSource: 'table' })
    expect(evaluate('A8', account(null)).notEvaluated).toEqual([
      { subject: { accountId: 5 }, reason: unknown('balance-unread').reason },
    ])
  })
})

describe('A6', () => {
  const spender = (days: Readonly<Record<string, number>>): Partial<Books> => {
    const charged = Object.entries(days).map(([day, count]) => [date(`2026-${day}`), points(count)] as const)
    const one: UserBook = { ...user(101, { charged: 0, paid: 0 }), chargedByDate: new Map(charged) }
    return { users: [one] }
  }
  const usual = (count: number, first: number, ...more: readonly number[]) =>
    Object.fromEntries([first, ...more].slice(0, count).map((each, index) => [`01-${20 + index}`, each]))
  const robust = { thresholds: { a6Method: 'robust' }, pointsPerUsd: '100' } as const

  it('tells the mean, its days and the multiple', () => {
    const detail = { meanPoints: '100', activeDays: 3, thresholdMultiple: '5' }
    expect(theFinding('A6', spender({ ...usual(3, 100, 100, 101), '02-06': 600 })).detail).toEqual(detail)
  })

  it('counts days without history, and says how many they were', () => {
    const { notEvaluated, examined } = evaluate('A6', {
      users: [...(spender({ '02-06': 5 }).users ?? []), ...(spender({ '02-06': 7 }).users ?? [])],
    })
    expect(examined).toBe(0)
    expect(notEvaluated).toEqual([{ subject: {}, reason: unknown('insufficient-history', { count: 2 }).reason }])
  })

  it('looks at days of the window alone, and at active days before them', () => {
    const old = { '01-04': 1, '01-05': 1, '01-06': 1 }
    expect(evaluate('A6', spender({ ...old, '02-06': 500 })).examined).toBe(0)
    const idle = { '01-20': 0, '01-21': 0, '01-22': 100 }
    expect(evaluate('A6', spender({ ...idle, '02-06': 501 })).examined).toBe(0)
    const around = { ...usual(3, 100, 100, 100), '02-05': 900, '02-07': 9000, '02-08': 9000 }
    expect(evaluate('A6', spender(around))).toEqual({ examined: 0, findings: [], notEvaluated: [] })
    expect(evaluate('A6', spender({ ...usual(3, 100, 100, 100), '02-06': 0 })).examined).toBe(0)
  })

  it('holds a multiple with a fraction exactly', () => {
    const over = (today: number) => fired({ ...spender({ ...usual(3, 10, 10, 10), '02-06': today }) }, half)
    const half = { thresholds: { a6Multiple: { numerator: 25n, denominator: 10n } } }
    expect([over(25), over(26)]).toEqual([[], ['A6']])
  })

  it('robust needs the worth of points', () => {
    const missing = evaluate('A6', spender({ '02-06': 5 }), { thresholds: { a6Method: 'robust' } })
    expect(missing.notEvaluated).toEqual([{ subject: {}, reason: unknown('rate-missing').reason }])
  })

  it('robust takes the median in order of size, whatever the order of days', () => {
    const days = [900, 100, 1000, 110, 90, 95, 105]
    const robustly = (today: number) => evaluate('A6', spender({ ...seven(days), '02-06': today }), robust)
    const seven = (all: readonly number[]) => Object.fromEntries(all.map((each, index) => [`01-${20 + index}`, each]))
    const found = robustly(4000).findings[0]
    expect([found?.expected, found?.detail]).toEqual([
      105n,
      { medianPoints: '105', activeDays: 7, thresholdMultiple: '3' },
    ])
    const eight = evaluate('A6', spender({ ...seven([...days, 500]), '02-06': 40_000 }), robust).findings[0]
    expect([eight?.expected, eight?.detail]).toMatchObject([107n, { medianPoints: '107.5' }])
  })

  it('robust asks for three times the median, five dollars more, and a score', () => {
    const flat = (today: number, pointsPerUsd = '100', all = 1000) =>
      evaluate('A6', spender({ ...usual(7, all, all, all, all, all, all, all), '02-06': today }), {
        ...robust,
        pointsPerUsd,
      }).findings.length
    // With no spread the score asks for e^(3.5 × 0.25) = 2.399 times the median, so three times it decides.
    expect([flat(2999), flat(3000)]).toEqual([0, 1])
    expect([flat(500 + 10 - 1, '100', 10), flat(500 + 10, '100', 10)]).toEqual([0, 1])
    expect([flat(12, '0.5', 10), flat(30, '0.5', 10)]).toEqual([0, 1])
    expect([flat(5000 + 10 - 1, '1000', 10), flat(5000 + 10, '1000', 10)]).toEqual([0, 1])
  })
})
