import { describe, expect, it } from 'vitest'
import { type Books, known, type UnlinkedRows, type UserBook, unknown } from '../../../src/audit/rules/books.ts'
import type { Orphan, PricePoint } from '../../../src/audit/rules/facts.ts'
import { taskDetail, taskSubject } from '../../../src/audit/rules/task-subject.ts'
import {
  at,
  consume,
  date,
  evaluate,
  event,
  linked,
  MODEL,
  matched,
  NO_BALANCES,
  points,
  refund,
  requests,
  task,
  theFinding,
  unlinkedRows,
  unmatched,
  usd,
  user,
} from '../../kit/books.ts'

const orphan = (overrides: Partial<Orphan> = {}): Orphan => ({
  requestId: 'lost',
  accountId: 5,
  events: [event()],
  costNanoUsd: usd('5'),
  ...overrides,
})
/** A user with rows that link to no task. */
const payer = (rows: Partial<UnlinkedRows>): UserBook => ({
  ...user(101, { charged: 0, paid: 0 }),
  unlinked: known(unlinkedRows(rows)),
})
const open = [{ subject: { userId: 101 }, reason: unknown('links-unlinked').reason }]

describe('what names a task', () => {
  it('leaves out what it has not', () => {
    expect(taskSubject(task())).toEqual({ taskId: 'task-1', requestId: 'request-1' })
    expect(taskSubject(task({ taskId: '', requestId: '' }))).toEqual({ rowId: 1 })
    expect(taskDetail(task(), null)).toEqual({ userId: 101, model: MODEL })
    expect(taskDetail(task(), 5)).toEqual({ accountId: 5, userId: 101, model: MODEL })
    const found = theFinding('B2', { requests: requests({ tasks: [unmatched('unbilled', {}, { accountId: null })] }) })
    expect(found.context).toEqual({ userId: 101, model: MODEL, date: '2026-02-06' })
  })
})

describe('B1', () => {
  it('tells the model and the time of the first event', () => {
    const [early, late] = [event({ at: at('2026-02-06 09:00:00'), model: 'first' }), event({ model: 'second' })]
    for (const events of [
      [early, late],
      [late, early],
    ]) {
      const { detail } = theFinding('B1', { requests: requests({ orphans: [orphan({ events })] }) })
      expect(detail).toEqual({ accountId: 5, model: 'first', at: '2026-02-06T09:00:00+08:00' })
    }
    const bare = theFinding('B1', { requests: requests({ orphans: [orphan({ events: [], accountId: null })] }) })
    expect([bare.detail, bare.context]).toEqual([{}, {}])
  })
})

describe('B2', () => {
  it('is said of successes alone', () => {
    const failed = unmatched('unbilled', { status: 'failed' })
    expect(evaluate('B2', { requests: requests({ tasks: [failed] }) }).findings).toEqual([])
  })
})

describe('B5', () => {
  it('names the task where it has an id', () => {
    const subjectOf = (taskId: string | null) =>
      theFinding('B5', {
        requests: requests({ repeated: [{ requestId: 'r', accountId: 5, taskId, event: event(), times: 2 }] }),
      }).subject
    expect(['task-1', '', null].map(subjectOf)).toEqual([
      { taskId: 'task-1', requestId: 'r' },
      { requestId: 'r' },
      { requestId: 'r' },
    ])
  })
})

describe('B6', () => {
  it('holds rows of one kind together, not a payment and a refund', () => {
    const rows = [consume(1, 1500), refund(2, -1500), refund(3, -1500)]
    expect(evaluate('B6', { taskLedgers: known([linked({}, rows)]) }).findings).toEqual([])
  })
})

describe('B7', () => {
  const failed = (more = {}) => ({ taskLedgers: known([linked({ status: 'failed', ...more }, [consume(1, 1000)])]) })

  it('is left open where a refund row that names no order is large enough', () => {
    const may = (refunded: number) => ({ users: [payer({ refundedPoints: points(refunded) })] })
    expect(evaluate('B7', { ...failed(), ...may(1000) })).toEqual({ examined: 0, findings: [], notEvaluated: open })
    expect(evaluate('B7', { ...failed(), ...may(999) }).findings).toHaveLength(1)
    expect(evaluate('B7', { ...failed({ refunded: true }), ...may(1000) })).toEqual({
      examined: 1,
      findings: [],
      notEvaluated: [],
    })
  })

  it('is said where all that came in is the refund of another task', () => {
    const two = [
      linked({ status: 'failed' }, [consume(1, 1000)]),
      linked({ rowId: 2, taskId: 'task-2', refunded: true }, [consume(3, 1000)]),
    ]
    const of = (rows: Partial<UnlinkedRows>) => evaluate('B7', { taskLedgers: known(two), users: [payer(rows)] })
    expect(of({ refundedPoints: points(1000) })).toMatchObject({ findings: [{ detail: { orRefunded: 'task-2' } }] })
    expect(of({ refundedPoints: points(2000) })).toMatchObject({ findings: [], notEvaluated: open })
  })

  it('is not judged by requests where the ledger could not be read', () => {
    const tasks = [unmatched('failed', { status: 'failed' })]
    const by = (code: 'ledger-unread' | 'links-total') =>
      evaluate('B7', { requests: requests({ tasks }), taskLedgers: unknown(code) })
    expect(by('links-total').findings).toHaveLength(1)
    expect(by('ledger-unread')).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: {}, reason: unknown('ledger-unread').reason }],
    })
  })
})

describe('what a user paid', () => {
  const nobodyKnows = (rows: Partial<UnlinkedRows>): Partial<Books> => ({
    users: [{ ...payer(rows), payment: unknown('lookup-limit') }],
  })
  const failed = (refunded: boolean) => ({
    taskLedgers: known([linked({ status: 'failed', refunded }, [consume(1, 1000)])]),
  })
  const refundAlone = { taskLedgers: known([linked({}, [refund(2, 1000)])]) }

  it('need not be known to tell that nothing was given back', () => {
    for (const rule of ['B7', 'B8'] as const) {
      const of = (rows: Partial<UnlinkedRows>) => evaluate(rule, { ...failed(rule === 'B8'), ...nobodyKnows(rows) })
      expect(of({}).findings).toHaveLength(1)
      expect(of({ paidPoints: points(1000), paidOpen: true }).findings).toHaveLength(1)
      expect(of({ refundedPoints: points(999) }).findings).toHaveLength(1)
      expect(of({ refundUntold: true })).toEqual({ examined: 0, findings: [], notEvaluated: open })
      expect(of({ refundedPoints: points(1000) })).toEqual({ examined: 0, findings: [], notEvaluated: open })
      expect(of({ refundedPoints: points(600), refundsOpenPoints: points(399) }).findings).toHaveLength(1)
      const { reason } = unknown('lookup-limit', { limit: 100_000 })
      expect(of({ refundedPoints: points(600), refundsOpenPoints: points(400) })).toEqual({
        ...{ examined: 0, findings: [], notEvaluated: [{ subject: { userId: 101 }, reason }] },
      })
      const less = linked({ status: 'failed', refunded: rule === 'B8' }, [consume(1, 600)])
      const ofLess = (open: number) =>
        evaluate(rule, { ...nobodyKnows({ refundsOpenPoints: points(open) }), taskLedgers: known([less]) })
      expect(ofLess(599).findings).toHaveLength(1)
      expect(ofLess(600).notEvaluated).toEqual([{ subject: { userId: 101 }, reason }])
    }
  })

  it('need not be known to tell that nothing was taken', () => {
    expect(evaluate('B9', { ...refundAlone, ...nobodyKnows({}) }).findings).toHaveLength(1)
    expect(evaluate('B9', { ...refundAlone, ...nobodyKnows({ paidOpen: true }) }).notEvaluated).toEqual(open)
  })

  it('and what was given back are not told where a ledger was not read', () => {
    const { reason } = unknown('ledger-unread', { book: 'cash' })
    const users = [{ ...payer({}), unlinked: { known: false as const, reason } }]
    const notEvaluated = [{ subject: { userId: 101 }, reason }]
    expect(evaluate('B7', { ...failed(false), users })).toEqual({ examined: 0, findings: [], notEvaluated })
    expect(evaluate('B8', { ...failed(true), users })).toEqual({ examined: 0, findings: [], notEvaluated })
    expect(evaluate('B9', { ...refundAlone, users })).toEqual({ examined: 0, findings: [], notEvaluated })
  })
})

describe('B9', () => {
  const rows = (...entries: Parameters<typeof linked>[1]) => ({ taskLedgers: known([linked({}, entries)]) })

  it('counts the tasks that have a refund', () => {
    expect(evaluate('B9', rows(consume(1, 1000), refund(2, 1000))).examined).toBe(1)
    expect(evaluate('B9', rows(consume(1, 1000))).examined).toBe(0)
  })

  it('is left open where the payment may be a row that names no order, in the window or right after it', () => {
    const refundAlone = rows(refund(2, 1000))
    const of = (overrides: Partial<UnlinkedRows>) => evaluate('B9', { ...refundAlone, users: [payer(overrides)] })
    const [all, but1] = [points(1000), points(999)]
    const halves = { paidPoints: points(1), nearbyPoints: but1 }
    for (const overrides of [{ paidPoints: all }, { nearbyPoints: all }, halves, { paidOpen: true }])
      expect(of(overrides)).toEqual({ examined: 0, findings: [], notEvaluated: open })
    for (const overrides of [{}, { paidPoints: but1 }, { nearbyPoints: but1 }, { ...halves, paidPoints: points(-1) }])
      expect(of(overrides)).toMatchObject({ examined: 1, findings: [{ actual: 1000n }], notEvaluated: [] })
    const free = rows()
    expect(evaluate('B9', { ...free, users: [payer({ paidPoints: points(1) })] }).notEvaluated).toEqual([])
  })
})

describe('B12', () => {
  it('says of whom there was more in doubt than was looked up', () => {
    const trail = { ...NO_BALANCES, users: 9, unsettled: [7, 8], unsettledWhole: 1 }
    const { reason } = unknown('lookup-limit')
    const notEvaluated = [7, 8].map((userId) => ({ subject: { userId }, reason }))
    expect(evaluate('B12', { balances: known(trail) })).toMatchObject({ examined: 8, notEvaluated })
    expect(evaluate('B11', { balances: known(trail) }).notEvaluated).toEqual([])
    const { reason: untold } = unknown('amount-untold')
    const withoutAmount = evaluate('B11', { balances: known({ ...trail, amountUntold: [7] }) })
    expect(withoutAmount.notEvaluated).toEqual([{ subject: { userId: 7 }, reason: untold }])
  })
})

describe('B15', () => {
  it('says why the bill of just this account is not known', () => {
    const account = { accountId: 6, disabled: false, billNanoUsd: null, balance: null }
    const of = (accountId: number, code: 'no-key-ids' | 'bill-unread') => ({
      ...{ subject: { accountId }, bill: unknown(code), period: null, recordByModel: new Map() },
    })
    const { notEvaluated } = evaluate('B15', {
      accounts: [account],
      comparisons: [of(5, 'bill-unread'), of(6, 'no-key-ids')],
      requests: requests({ orphans: [orphan({ accountId: 6 })] }),
    })
    expect(notEvaluated).toEqual([{ subject: { accountId: 6 }, reason: unknown('no-key-ids').reason }])
  })

  it('is not said of nothing, however low the threshold', () => {
    const accounts = [{ accountId: 5, disabled: false, billNanoUsd: usd('-1'), balance: null }]
    const free = requests({ orphans: [orphan({ costNanoUsd: usd('0') })] })
    const given = { thresholds: { b15NanoUsdMin: usd('0') } }
    expect(evaluate('B15', { accounts, requests: free }, given).findings).toEqual([])
  })

  it('tells no share of a bill that is not known', () => {
    const accounts = [{ accountId: 5, disabled: true, billNanoUsd: null, balance: null }]
    const { detail } = theFinding('B15', { accounts, requests: requests({ orphans: [orphan()] }) })
    expect(detail).toEqual({ thresholdUsd: '1', thresholdPercent: '5', disabled: 'yes' })
  })
})

describe('B17', () => {
  const price = (unitPrice: string, overrides: Partial<PricePoint> = {}): PricePoint => ({
    ...{ workspace: 'w', model: MODEL, unit: 'videos', percentDiscount: '0', unitPrice },
    at: at('2026-02-06 12:00:00'),
    ...overrides,
  })
  const change = (...prices: readonly PricePoint[]) => {
    const { expected, actual, count } = theFinding('B17', { requests: requests({ prices }) })
    return [expected, actual, count]
  }

  it('at one instant goes from the lower price to the higher, by worth and not by text', () => {
    const [nine, ten] = [price('9'), price('10')]
    for (const prices of [
      [nine, ten],
      [ten, nine],
    ])
      expect(change(...prices)).toEqual([usd('9'), usd('10'), 1])
    const three = [price('10'), price('9'), price('9.0'), price('10.00'), price('9')]
    expect(change(...three)).toEqual([usd('9'), usd('10'), 1])
    expect(change(price('2'), price('1', { at: at('2026-02-06 13:00:00') }))).toEqual([usd('2'), usd('1'), 1])
  })

  it('of a text that is no number is a price of its own', () => {
    const odd = (...texts: readonly string[]) =>
      evaluate('B17', { requests: requests({ prices: texts.map((text) => price(text)) }) }).findings.length
    expect([odd('n/a', ' n/a '), odd('n/a', 'x'), odd('1', '1.0')]).toEqual([0, 1, 0])
  })

  it('shows the first sequence by workspace and unit, whatever the order', () => {
    const later = at('2026-02-06 13:00:00')
    const prices = [
      price('5', { workspace: 'z' }),
      price('6', { workspace: 'z', at: later }),
      price('1', { workspace: 'a' }),
      price('2', { workspace: 'a', at: later }),
    ]
    expect(change(...prices)).toEqual([usd('1'), usd('2'), 2])
    expect(change(...[...prices].reverse())).toEqual([usd('1'), usd('2'), 2])
  })
})

describe('B19', () => {
  it('a day takes back the day before by the smaller of their tolerances', () => {
    const day = (text: string, usage: string, events: string, usageRows: number) => ({
      ...{ accountId: 5, model: MODEL, date: date(text), usageRows },
      ...{ usageNanoUsd: usd(usage), eventsNanoUsd: usd(events) },
    })
    const timing = (first: number, second: number) =>
      evaluate('B19', {
        requests: requests({
          dailyBills: [day('2026-02-05', '1', '0.5', first), day('2026-02-06', '1', '1.500005', second)],
        }),
      }).findings.map((finding) => finding.timing)
    expect([timing(9, 9), timing(9, 1), timing(1, 9)]).toEqual([
      [true, true],
      [false, false],
      [false, false],
    ])
  })
})

describe('B21', () => {
  it('says whose bill was not read, and not whose cannot be told apart', () => {
    const of = (accountId: number, bill: Books['comparisons'][number]['bill']) => ({
      ...{ subject: { accountId }, bill, period: null, recordByModel: new Map() },
    })
    const comparisons = [
      of(5, unknown('bill-unread')),
      of(6, unknown('no-key-ids')),
      of(7, known({ costNanoUsd: usd('1'), byModel: new Map() })),
    ]
    expect(evaluate('B21', { comparisons }).notEvaluated).toEqual([
      { subject: { accountId: 5 }, reason: unknown('bill-unread').reason },
    ])
  })
})

describe('requests of keys that no account has', () => {
  it('are judged like others', () => {
    const odd = matched({}, { accountId: null, billedNanoUsd: usd('9') })
    const unread = [{ accountId: 5, reason: unknown('events-unread').reason }]
    expect(evaluate('B3', { requests: requests({ tasks: [odd], unread }) }).findings).toHaveLength(1)
    expect(
      evaluate('B1', { requests: requests({ orphans: [orphan({ accountId: null })], unread }) }).findings,
    ).toHaveLength(1)
  })
})
