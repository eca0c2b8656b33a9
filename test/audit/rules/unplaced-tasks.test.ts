import { describe, expect, it } from 'vitest'
import { type BillComparison, type Books, known, type UserBook } from '../../../src/audit/rules/books.ts'
import type { UnplacedSort, UnplacedTasks } from '../../../src/audit/rules/unplaced-tasks.ts'
import type { UntoldBook } from '../../../src/audit/rules/untold-tasks.ts'
import { date, evaluate, MODEL, points, usd, user } from '../../kit/books.ts'
import { compared, FOUND, figures, NONE, owner, period, record, said, sort, unplaced } from '../../kit/unplaced.ts'

/** Tasks whose time cannot be read leave open what they can explain, and nothing besides. */

describe('A1', () => {
  const short = (tasks: UnplacedTasks | undefined, overrides: Partial<BillComparison> = {}) =>
    said('A1', { comparisons: [compared('10', '5', overrides)], ...(tasks && { unplaced: tasks }) })
  const OPEN = { found: 0, open: [{ accountId: 5 }], examined: 0 }

  it('is open where what they cost would bring the record to the bill, to the nano-dollar', () => {
    expect(short(undefined)).toEqual(FOUND)
    expect(short(unplaced([sort({ costNanoUsd: usd('4') })]))).toEqual(OPEN)
    expect(short(unplaced([sort({ costNanoUsd: usd('3.999999999') })]))).toEqual(FOUND)
    expect(short(unplaced([sort({ costNanoUsd: usd('2') }), sort({ costNanoUsd: usd('2'), model: 'x' })]))).toEqual(
      OPEN,
    )
    expect(short(unplaced([]))).toEqual(FOUND)
  })

  it('is open where it is not told whose they are or what they cost, and for nobody else', () => {
    expect(short(unplaced(null))).toEqual(OPEN)
    expect(short(unplaced([sort({ costNanoUsd: null })]))).toEqual(OPEN)
    expect(short(unplaced([sort({ accountId: null, costNanoUsd: usd('4') })]))).toEqual(OPEN)
    for (const costNanoUsd of [usd('4'), null]) {
      expect(short(unplaced([sort({ accountId: 6, costNanoUsd })]))).toEqual(FOUND)
    }
  })

  it('is open for a workspace that has the account as a member, and for no other', () => {
    const tasks = unplaced([sort({ accountId: 6, costNanoUsd: usd('4') })])
    const subject = { workspace: 'w' }
    expect(short(tasks, { subject, members: [5, 6] })).toMatchObject({ found: 0, open: [subject] })
    expect(short(tasks, { subject, members: [5, 7] })).toMatchObject({ found: 1, open: [] })
  })

  it('is open where they could make of a break one of timing', () => {
    const tasks = unplaced([sort({ costNanoUsd: usd('3') })])
    const crossing = (cost: string) => ({
      recordByModel: new Map([[MODEL, record('5', { crossingInNanoUsd: usd(cost) })]]),
    })
    expect(short(tasks, crossing('2'))).toEqual(OPEN)
    expect(short(tasks, crossing('1.999999999'))).toEqual(FOUND)
    // What is of timing already stays it.
    expect(short(tasks, crossing('5'))).toEqual(FOUND)
  })

  it('stands whatever they cost where fal billed them as much, but for what their bills add to the bill', () => {
    const billed = (cost: string, within: string, official = '10') =>
      short(unplaced([sort({ costNanoUsd: usd(cost) })]), { period: period(official, within, '0', within) })
    expect(billed('40', '0')).toEqual(OPEN)
    expect(billed('39.999999999', '39.999999999')).toEqual(FOUND)
    // 5 USD are a tenth of 50.
    expect(billed('40', '40')).toEqual(OPEN)
    expect(billed('24', '20')).toEqual(OPEN)
    expect(billed('21.999999999', '20')).toEqual(FOUND)
  })

  it('stands where more was recorded than billed, but for a bill that they have a part in', () => {
    const over = (overrides: Partial<BillComparison>) =>
      said('A1', {
        comparisons: [compared('10', '22', overrides)],
        unplaced: unplaced([sort({ costNanoUsd: usd('1') })]),
      })
    expect(over({})).toEqual(FOUND)
    // 22 against 10 and what was billed for them: 12 apart, whatever as much more on both sides.
    expect(over({ period: period('10', '109.99') })).toEqual(FOUND)
    expect(over({ period: period('10', '110') })).toEqual(OPEN)
    expect(over({ period: period('10', '10', '9.99') })).toEqual(FOUND)
    expect(over({ period: period('10', '10', '10') })).toEqual(OPEN)
  })

  it('holds them against the record without what need not be billed yet', () => {
    const beside = (cost: string) =>
      said('A1', {
        comparisons: [compared('10', '11', { period: { ...period('10', '0'), youngNanoUsd: usd('1') } })],
        unplaced: unplaced([sort({ costNanoUsd: usd(cost) })]),
      })
    expect(beside('1')).toEqual({ found: 0, open: [], examined: 1 })
    expect(beside('1.000000001')).toEqual(OPEN)
  })
})

describe('A2', () => {
  const billed = (undated: string, tasks?: UnplacedTasks) =>
    said('A2', {
      comparisons: [compared('0', '1', { period: period('0', undated) })],
      ...(tasks && { unplaced: tasks }),
    })

  it('is open where fal billed the model for one of them', () => {
    expect(billed('1', unplaced([sort()]))).toEqual({ found: 0, open: [{ accountId: 5, model: MODEL }], examined: 0 })
    expect(billed('0', unplaced([sort()]))).toEqual(FOUND)
    expect(billed('1')).toEqual(FOUND)
  })
})

describe('A3', () => {
  const leak = (
    sorts: readonly UnplacedSort[] | null,
    overrides: Partial<BillComparison> = {},
    more?: Partial<Books>,
  ) => said('A3', { comparisons: [compared('9', null, overrides)], unplaced: unplaced(sorts), ...more })
  const OPEN = { found: 0, open: [{ accountId: 5, model: MODEL }], examined: 0 }

  it('is open where they may be of the model, of the account', () => {
    expect(leak([sort()])).toEqual(OPEN)
    expect(leak([sort({ accountId: null })])).toEqual(OPEN)
    expect(leak(null)).toEqual(OPEN)
    expect(leak([sort({ accountId: 6 })])).toEqual(FOUND)
    expect(leak([sort({ model: '' })])).toEqual(OPEN)
    expect(leak([])).toEqual(FOUND)
  })

  it('is open where their name stands for no other model', () => {
    expect(leak([sort({ model: 'our-video' })])).toEqual(OPEN)
    const both = new Map([...figures('9').byModel, ['flux', { model: 'flux', costNanoUsd: usd('0') }] as const])
    expect(leak([sort({ model: 'flux' })], { bill: known({ costNanoUsd: usd('9'), byModel: both }) })).toEqual(FOUND)
    const modelMatches = {
      endpointsOf: (name: string) => (name === 'our-video' ? [name, 'kling'] : [name]),
      storedNamesOf: (name: string) => (name === 'kling' ? [name, 'our-video'] : [name]),
      namelessEndpoints: new Set<string>(),
    }
    expect(leak([sort({ model: 'our-video' })], {}, { modelMatches })).toEqual(FOUND)
  })

  it('is none of a name that matches would have connected with it, unless they are too many to be known', () => {
    const whole = { period: period('9', '0') }
    const named = (model: string, byRequest = true) =>
      said('A3', {
        comparisons: [compared('9', null, whole)],
        unplaced: { ...unplaced([sort({ model })]), byRequest },
      })
    expect(named('our-video')).toEqual(FOUND)
    expect(named('our-video', false)).toEqual(OPEN)
    expect(named(MODEL)).toEqual(OPEN)
    expect(named('')).toEqual(OPEN)
  })
})

describe('A5', () => {
  const day = { date: date('2026-02-06'), chargedPoints: points(100), refundedPoints: points(60), refundedCount: 1 }
  const refunds = (tasks: UnplacedTasks) => said('A5', { days: [{ ...day, evidence: NONE }], unplaced: tasks })
  const OPEN = { found: 0, open: [{ date: '2026-02-06' }], examined: 0 }

  it('is open where they were charged as much as it takes, to the point', () => {
    expect(refunds(unplaced([sort({ keptPoints: 100n })]))).toEqual(OPEN)
    expect(refunds(unplaced([sort({ keptPoints: 99n })]))).toEqual(FOUND)
    expect(refunds(unplaced([sort({ keptPoints: null })], null))).toEqual(OPEN)
    expect(refunds(unplaced(null, null))).toEqual(OPEN)
  })

  it('stands where the filters leave none that were charged so much', () => {
    expect(refunds(unplaced([sort({ keptPoints: 100n, selected: false })]))).toEqual(FOUND)
    expect(refunds(unplaced([sort({ keptPoints: 100n })], new Map()))).toEqual(FOUND)
    expect(refunds(unplaced(null, new Map([[101, 99n]])))).toEqual(FOUND)
  })
})

describe('A6', () => {
  const history = new Map([1, 2, 3].map((each) => [date(`2026-02-0${each}`), 10] as const))
  const oneOf = (charged: number, over: Partial<UserBook> = {}): UserBook => {
    const chargedByDate = new Map([...history, [date('2026-02-06'), charged]])
    return { ...user(101, { charged: 0, paid: 0 }), chargedByDate, ...over }
  }
  const spike = (charged: number, tasks?: UnplacedTasks) =>
    said('A6', { users: [oneOf(charged)], ...(tasks && { unplaced: tasks }) })
  const DAY = { userId: 101, date: '2026-02-06' }
  // That charges are of no day is said of all users at once: they may be what makes another day unusual.
  const OPEN = { found: 0, open: [{}, DAY], examined: 0 }
  const STANDS = { ...FOUND, open: [{}] }

  it('is open where they may raise the mean of the user to what it takes, to the point', () => {
    expect(spike(100)).toEqual(FOUND)
    expect(spike(100, unplaced([], new Map([[101, 30n]])))).toEqual(OPEN)
    expect(spike(100, unplaced([], new Map([[101, 29n]])))).toEqual(STANDS)
    expect(spike(100, unplaced([], new Map([[101, 0n]])))).toEqual(FOUND)
    expect(spike(100, unplaced([], new Map([[101, null]])))).toEqual(OPEN)
    expect(spike(100, unplaced([], null))).toEqual(OPEN)
    for (const amount of [1000n, null]) expect(spike(100, unplaced([], new Map([[102, amount]])))).toEqual(STANDS)
  })

  it('counts their charges gross, those of refunded tasks too', () => {
    const besides = (refundedPoints: bigint) => ({
      ...unplaced([]),
      owners: [owner({ keptPoints: 15n, refundedPoints })],
    })
    expect(spike(100, besides(15n))).toEqual(OPEN)
    expect(spike(100, besides(14n))).toEqual(STANDS)
  })

  it('says of a day that is not out of the usual that charges of no day may make it so', () => {
    expect(spike(50, unplaced([], new Map([[101, 1n]])))).toEqual({ found: 0, open: [{}], examined: 1 })
    expect(spike(50, unplaced([], new Map([[101, 0n]])))).toEqual({ found: 0, open: [], examined: 1 })
  })

  describe('beside tasks that tell no charge or name no user', () => {
    const evidence = { total: 1, ids: ['task-9'] }
    const nobodys = (charged: bigint | null, day = '2026-02-05'): UntoldBook => {
      const chargedByDate = new Map([[date(day), charged === null ? null : points(Number(charged))]])
      return { costs: new Map(), owners: { count: 1, evidence, chargedByDate, payablePoints: points(0), refunded: 0 } }
    }
    const why = (books: Partial<Books>, over: Partial<UserBook> = {}) => {
      const { findings, notEvaluated } = evaluate('A6', { users: [oneOf(100, over)], ...books })
      const codes = notEvaluated.filter(({ subject }) => subject.userId === 101).map(({ reason: { code } }) => code)
      return [findings.length, ...codes]
    }
    const unread = (amount: bigint | null) => unplaced([], new Map([[101, amount]]))

    it('adds up what they may have charged before it, to the point, and names each', () => {
      for (const [owned, absent] of [
        [15n, 15n],
        [29n, 1n],
        [1n, 29n],
        [null, 1n],
        [1n, null],
      ] as const) {
        const both = { untold: nobodys(owned), unplaced: unread(absent) }
        expect(why(both)).toEqual([0, 'user-untold', 'times-unread'])
      }
      expect(why({ untold: nobodys(15n), unplaced: unread(14n) })).toEqual([1])
    })

    it('names those alone that were charged something', () => {
      expect(why({ untold: nobodys(30n), unplaced: unread(0n) })).toEqual([0, 'user-untold'])
      expect(why({ untold: nobodys(0n), unplaced: unread(30n) })).toEqual([0, 'times-unread'])
      expect(why({ untold: nobodys(0n), unplaced: unread(0n) })).toEqual([1])
    })

    it('names all three', () => {
      const three = { untold: nobodys(1n), unplaced: unread(1n) }
      expect(why(three, { untoldDates: new Set([date('2026-02-05')]) })).toEqual([
        0,
        'charge-untold',
        'user-untold',
        'times-unread',
      ])
      expect(why({}, { untoldDates: new Set([date('2026-02-05')]) })).toEqual([0, 'charge-untold'])
    })

    it('says nothing of what they were charged on the day itself, after it, or more than 30 days before', () => {
      for (const charged of [1000n, null]) {
        for (const day of ['2026-02-06', '2026-02-07', '2026-01-06']) {
          expect(why({ untold: nobodys(charged, day) })).toEqual([1])
        }
        expect(why({ untold: nobodys(charged, '2026-01-07') })).toEqual([0, 'user-untold'])
      }
      const others = new Set(['2026-01-06', '2026-02-06', '2026-02-07'].map(date))
      expect(why({}, { untoldDates: others })).toEqual([1])
      expect(why({}, { untoldDates: new Set([...others, date('2026-01-07')]) })).toEqual([0, 'charge-untold'])
    })

    it('says both once where no day is out of the usual', () => {
      const charges = { count: 1, evidence }
      const books = { users: [oneOf(50)], untold: { costs: new Map(), charges }, unplaced: unread(1n) }
      const { examined, findings, notEvaluated } = evaluate('A6', books)
      expect([examined, findings.length]).toEqual([1, 0])
      expect(notEvaluated.map(({ subject, reason: { code } }) => [subject, code])).toEqual([
        [{}, 'charge-untold'],
        [{}, 'times-unread'],
      ])
    })

    it('leaves nothing to the robust method either', () => {
      const chargedByDate = new Map([
        ...[1, 2, 3, 4, 5, 6, 7].map((day) => [date(`2026-01-2${day}`), 1000] as const),
        [date('2026-02-06'), 100_000],
      ])
      const robust = { thresholds: { a6Method: 'robust' as const }, pointsPerUsd: '400' }
      const books = { users: [oneOf(0, { chargedByDate })], untold: nobodys(1n), unplaced: unread(1n) }
      const { findings, notEvaluated } = evaluate('A6', books, robust)
      expect([findings.length, notEvaluated.map(({ reason: { code } }) => code)]).toEqual([
        0,
        ['times-unread', 'user-untold', 'user-untold', 'times-unread'],
      ])
      expect(evaluate('A6', { users: books.users }, robust).findings).toHaveLength(1)
    })
  })
})
