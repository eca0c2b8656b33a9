import { describe, expect, it } from 'vitest'
import { type BillComparison, type Books, known } from '../../../src/audit/rules/books.ts'
import type { DayBook } from '../../../src/audit/rules/day-book.ts'
import type { RequestBook, UndatedBill } from '../../../src/audit/rules/facts.ts'
import type { UnplacedSort, UnplacedTasks } from '../../../src/audit/rules/unplaced-tasks.ts'
import { SHANGHAI } from '../../../src/demo/mini-world.ts'
import { at, date, MODEL, matched, points, requests, task, usd, user } from '../../kit/books.ts'
import {
  compared,
  FOUND,
  figures,
  NONE,
  owner,
  part,
  period,
  record,
  said,
  sort,
  unplaced,
} from '../../kit/unplaced.ts'

/** Tasks whose time cannot be read leave open what they would cause, were they of the window, and nothing besides. */

const PASSED = { found: 0, open: [], examined: 1 }

describe('A1', () => {
  const OPEN = { found: 0, open: [{ accountId: 5 }], examined: 0 }
  const agreed = (tasks: UnplacedTasks, overrides: Partial<BillComparison> = {}, bill = '10') =>
    said('A1', { comparisons: [compared(bill, '10', overrides)], unplaced: tasks })
  const cost = (text: string) => unplaced([sort({ costNanoUsd: usd(text) })])

  it('is open where they cost more than the bill allows, to the nano-dollar', () => {
    for (const overrides of [{}, { period: period('10', '0') }]) {
      expect(agreed(cost('1'), overrides)).toEqual(PASSED)
      expect(agreed(cost('1.000000001'), overrides)).toEqual(OPEN)
      const two = [sort({ costNanoUsd: usd('1') }), sort({ costNanoUsd: 1n, model: 'x' })]
      expect(agreed(unplaced(two), overrides)).toEqual(OPEN)
      expect(agreed(unplaced(null), overrides)).toEqual(OPEN)
      expect(agreed(unplaced([sort({ costNanoUsd: null })]), overrides)).toEqual(OPEN)
      expect(agreed(unplaced([]), overrides)).toEqual(PASSED)
    }
  })

  it('is none of tasks on other accounts, on unknown keys, or of what could not have been billed yet', () => {
    const much = { costNanoUsd: usd('9') }
    expect(agreed(unplaced([sort({ ...much, accountId: 6 })]))).toEqual(PASSED)
    expect(agreed(unplaced([sort({ ...much, accountId: null })]))).toEqual(PASSED)
    const young = unplaced([sort({ ...much, isYoung: true, crosses: true })])
    expect(agreed(young)).toEqual(PASSED)
    expect(agreed(young, { period: period('10', '0') })).toEqual(PASSED)
    const subject = { workspace: 'w' }
    const tasks = unplaced([sort({ ...much, accountId: 6 })])
    expect(agreed(tasks, { subject, members: [5, 6] })).toMatchObject({ found: 0, open: [subject] })
    expect(agreed(tasks, { subject, members: [5, 7] })).toEqual(PASSED)
  })

  it('is of timing where fal may have billed them outside the window, beside what is not', () => {
    const crossing = (text: string, recorded = '10') =>
      said('A1', {
        comparisons: [compared('10', recorded)],
        unplaced: unplaced([sort({ costNanoUsd: usd(text), crosses: true })]),
      })
    expect(crossing('9')).toEqual(PASSED)
    expect(crossing('0.5', '10.5')).toEqual(PASSED)
    expect(crossing('0.500000001', '10.5')).toEqual(OPEN)
    const both = [sort({ costNanoUsd: usd('0.5') }), sort({ costNanoUsd: usd('0.5'), crosses: true })]
    expect(agreed(unplaced(both))).toEqual(PASSED)
    expect(agreed(unplaced([...both, sort({ costNanoUsd: 1n, crosses: true })]))).toEqual(OPEN)
    // Of what does not tell its cost as much is said as of others.
    expect(agreed(unplaced([sort({ costNanoUsd: null, crosses: true })]))).toEqual(PASSED)
  })

  it('is none where fal billed nothing', () => {
    const none = (tasks: UnplacedTasks, overrides: Partial<BillComparison> = {}) => agreed(tasks, overrides, '0')
    expect(none(cost('9'))).toEqual(PASSED)
    expect(none(unplaced(null))).toEqual(PASSED)
    expect(none(cost('9'), { period: period('0', '0') })).toEqual(PASSED)
    // One that was billed makes a bill of it.
    const billed = { period: period('0', '1', '0', '1', [part('1', '1')]) }
    expect(none(cost('1'), billed)).toEqual(OPEN)
    expect(none(cost('1'), { ...billed, recordByModel: new Map([[MODEL, record('0.1')]]) })).toEqual(PASSED)
    expect(none(cost('1'), { ...billed, recordByModel: new Map([[MODEL, record('0.100000001')]]) })).toEqual(OPEN)
  })

  it('counts those alone that take the two further apart than their own bills allow', () => {
    const billed = (...parts: readonly ReturnType<typeof part>[]) => {
      const among = parts.reduce((sum, { amongNanoUsd }) => sum + amongNanoUsd, 0n)
      return agreed(unplaced([sort({ costNanoUsd: among })]), { period: period('10', '0', '0', '0', parts) })
    }
    // 3.2 − 1.1 × 2 is a tenth of 10.
    expect(billed(part('3.2', '2'))).toEqual(PASSED)
    expect(billed(part('3.200000001', '2'))).toEqual(OPEN)
    expect(billed(part('3.200000001', '2'), part('50', '50'))).toEqual(OPEN)
    // 0.9 × 10 − 8 as well.
    expect(billed(part('8', '10'))).toEqual(PASSED)
    expect(billed(part('7.999999999', '10'))).toEqual(OPEN)
    // Each way for itself.
    expect(billed(part('3.2', '2'), part('8', '10'))).toEqual(PASSED)
  })

  it('is open where they would make a break of what is of timing', () => {
    const recordByModel = new Map([[MODEL, record('12', { crossingOutNanoUsd: usd('3') })]])
    expect(agreed(cost('1'), { recordByModel })).toEqual(FOUND)
    expect(agreed(cost('1.000000001'), { recordByModel })).toEqual(OPEN)
  })

  it('stands whatever they cost where the record exceeds the bill', () => {
    const over = (overrides: Partial<BillComparison>) =>
      said('A1', { comparisons: [compared('10', '12', overrides)], unplaced: unplaced([sort({ costNanoUsd: null })]) })
    expect(over({})).toEqual(FOUND)
    expect(over({ period: period('10', '0') })).toEqual(FOUND)
  })

  it('adds what others may cost that do not tell it', () => {
    const untold = { ...period('10', '0'), untoldNanoUsd: usd('0.5') }
    expect(agreed(cost('0.5'), { period: untold })).toEqual(PASSED)
    expect(agreed(cost('0.500000001'), { period: untold })).toEqual(OPEN)
  })
})

describe('A2', () => {
  const due = (sorts: readonly UnplacedSort[] | null, overrides: Partial<BillComparison> = {}) =>
    said('A2', { comparisons: [compared('0', null, overrides)], unplaced: unplaced(sorts) })
  const OPEN = { found: 0, open: [{ accountId: 5, model: MODEL }], examined: 0 }
  const SILENT = { found: 0, open: [], examined: 0 }

  it('is open of models of which none is due besides them, and that fal did not bill', () => {
    expect(due([sort({ due: 1 })])).toEqual(OPEN)
    expect(due([sort({ due: 1 })], { period: period('0', '0') })).toEqual(OPEN)
    expect(due([sort({ due: 1, stored: 'b' }), sort({ due: 1, stored: 'a' })]).open).toEqual([
      { accountId: 5, model: 'a' },
    ])
    expect(due(null).open).toEqual([{ accountId: 5 }])
    expect(due([sort()])).toEqual(SILENT)
    for (const other of [{ accountId: 6 }, { accountId: null }]) {
      expect(due([sort({ due: 1, ...other })])).toEqual(SILENT)
    }
    expect(due([sort({ due: 1, model: '', stored: '' })]).open).toEqual([{ accountId: 5 }])
    expect(due([sort({ due: 1 })], { bill: known(figures('1')) })).toEqual(SILENT)
    // What is due already is found, or billed.
    expect(said('A2', { comparisons: [compared('0', '1')], unplaced: unplaced([sort({ due: 1 })]) })).toEqual(FOUND)
    expect(said('A2', { comparisons: [compared('1', '1')], unplaced: unplaced([sort({ due: 1 })]) })).toEqual(PASSED)
  })

  it('is silent of those that were billed themselves', () => {
    const billed = (...parts: readonly ReturnType<typeof part>[]) => ({ period: period('0', '1', '0', '0', parts) })
    expect(due([sort({ due: 1 })], billed(part('1', '1')))).toEqual(SILENT)
    expect(due([sort({ due: 2 })], billed(part('1', '1')))).toEqual(OPEN)
    expect(due([sort({ due: 1 })], billed(part('1', '1', { isDue: false })))).toEqual(OPEN)
    expect(due([sort({ due: 1 })], billed(part('1', '1', { model: 'x' })))).toEqual(OPEN)
  })

  it('is open where all that are due may be of timing', () => {
    const edge = record('1', {
      due: { count: 1, costNanoUsd: usd('1'), chargedPoints: points(9), crossingCount: 1, evidence: NONE },
    })
    const overrides = { recordByModel: new Map([[MODEL, edge]]) }
    expect(due([sort({ due: 1 })], overrides)).toEqual(OPEN)
    expect(due([sort({ due: 1, accountId: 6 })], overrides)).toEqual(FOUND)
    expect(due([sort({ due: 1, crosses: true })], overrides)).toEqual(FOUND)
    expect(due([sort({ crosses: false })], overrides)).toEqual(FOUND)
    expect(due(null, overrides).found).toBe(0)
  })
})

describe('A5', () => {
  const day = { date: date('2026-02-06'), chargedPoints: points(100), refundedPoints: points(30), refundedCount: 1 }
  const refunds = (refunded: bigint | null, over: Partial<DayBook> = {}, more: Partial<Books> = {}) => {
    const tasks = unplaced([sort({ refundedPoints: refunded })], null)
    return said('A5', { days: [{ ...day, evidence: NONE, ...over }], unplaced: tasks, ...more })
  }
  const OPEN = { found: 0, open: [{ date: '2026-02-06' }], examined: 0 }

  it('is open where they were refunded as much as it takes, to the point', () => {
    expect(refunds(0n)).toEqual(PASSED)
    expect(refunds(1n)).toEqual(OPEN)
    expect(refunds(null)).toEqual(OPEN)
    const ten = { refundedPoints: points(23) }
    // 33 of 110 are three tenths.
    expect(refunds(10n, ten)).toEqual(PASSED)
    expect(refunds(11n, ten)).toEqual(OPEN)
  })

  it('adds what tasks were refunded that name no user', () => {
    const nobodys = { keptPoints: points(0), refundedPoints: points(4), untoldKept: 0, untoldRefunded: 0 }
    const both = { refundedPoints: points(23), nobodys }
    expect(refunds(6n, both)).toEqual(PASSED)
    expect(refunds(7n, both).open).toEqual([{ date: '2026-02-06' }, { date: '2026-02-06' }])
  })

  it('is open of days without tasks, as far as they have come', () => {
    const two = { window: { start: at('2026-02-06 00:00:00'), end: at('2026-02-08 00:00:00'), zone: SHANGHAI } }
    const none = { refundedPoints: points(0), chargedPoints: points(100) }
    expect(refunds(1n, none, two)).toEqual({ found: 0, open: [{}], examined: 1 })
    expect(refunds(0n, none, two)).toEqual(PASSED)
    expect(refunds(1n, none, { ...two, asOf: at('2026-02-07 00:00:01') })).toMatchObject({ open: [{}] })
    expect(refunds(1n, none, { ...two, asOf: at('2026-02-07 00:00:00') })).toEqual(PASSED)
    expect(refunds(1n, none, { ...two, ...{ days: [] } })).toMatchObject({ open: [{}] })
  })
})

describe('A7', () => {
  const free = (owners: UnplacedTasks['owners'], found = 0) => {
    const own = { ...user(101, { charged: 0, paid: 0 }), free: { count: found, costNanoUsd: usd('1'), evidence: NONE } }
    return said('A7', { users: [own], unplaced: { ...unplaced([]), owners } })
  }

  it('is open for users who have such tasks alone', () => {
    expect(free([owner({ free: 1 })])).toEqual({ ...PASSED, open: [{ userId: 101 }] })
    expect(free([owner({ free: 1 })], 1)).toEqual(FOUND)
    expect(free([owner({ free: 1, userId: 102 })], 1)).toEqual({ ...FOUND, open: [{ userId: 102 }] })
    expect(free([owner({ free: 1 }), owner({ free: 2 })])).toEqual({ ...PASSED, open: [{ userId: 101 }] })
    expect(free([owner({ free: 1, userId: null })])).toEqual({ ...PASSED, open: [{}] })
    expect(free(null)).toEqual({ ...PASSED, open: [{}] })
    expect(free([owner({ refunded: 1 })])).toEqual(PASSED)
  })
})

const undated = (billed: string, fact: Partial<UndatedBill['task']> = {}): UndatedBill => ({
  task: task({ rowId: 9, ...fact }),
  canonical: fact.model ?? MODEL,
  billedNanoUsd: usd(billed),
})

describe('B16', () => {
  const day = { model: MODEL, canonical: MODEL, date: date('2026-02-06'), taskCount: 1, evidence: NONE }
  const margin = (
    kept: number,
    tasks: readonly UndatedBill[],
    more: Partial<UnplacedTasks> = {},
    over: Partial<Books> = {},
  ) => {
    const book = requests({ undated: tasks })
    if (!book.known) throw new RangeError('the requests are known')
    const modelDays = [{ ...day, keptPoints: points(kept), billedNanoUsd: usd('1') }]
    const books = {
      requests: known({ ...book.value, modelDays }),
      unplaced: { ...unplaced([sort()]), ...more },
      ...over,
    }
    return said('B16', books, { pointsPerUsd: '100' })
  }
  const OPEN = { found: 0, open: [{ model: MODEL, date: '2026-02-06' }], examined: 0 }

  it('is open where those that fal billed gained what the day lacks, or lost what it has', () => {
    expect(margin(60, [undated('0.1', { chargedPoints: points(50) })])).toEqual(OPEN)
    expect(margin(60, [undated('0.1', { chargedPoints: points(49) })])).toEqual(FOUND)
    expect(margin(60, [])).toEqual(FOUND)
    expect(margin(140, [undated('0.4', { chargedPoints: points(0) })])).toEqual(PASSED)
    expect(margin(140, [undated('0.400000001', { chargedPoints: points(0) })])).toEqual(OPEN)
    // Each way for itself.
    const gain = undated('0.1', { chargedPoints: points(900) })
    expect(margin(140, [undated('0.400000001', { chargedPoints: points(0) }), gain])).toEqual(OPEN)
    expect(margin(60, [undated('9', { chargedPoints: points(0) }), gain])).toEqual(OPEN)
    expect(margin(60, [undated('0.1', { chargedPoints: points(900), model: 'x' })])).toEqual(FOUND)
  })

  it('counts what several tasks may be billed for once as a loss, and each charge as a gain', () => {
    const other = (requestId: string, billed: string, charged = 0, model = MODEL): UndatedBill => ({
      ...undated(billed, { requestId, chargedPoints: points(charged), model }),
      orOther: true,
    })
    const [less, most] = [other('r', '0.3'), other('r', '0.4')]
    for (const tasks of [
      [less, most],
      [most, less],
      [most, other('r', '0.4'), other('r', '9', 0, 'x')],
    ]) {
      expect(margin(140, tasks)).toMatchObject({ found: 0, examined: 1 })
    }
    expect(margin(140, [less, other('r', '0.400000001')])).toEqual(OPEN)
    expect(margin(140, [less, other('s', '0.2')])).toEqual(OPEN)
    const each = { chargedPoints: points(0), requestId: 'r' }
    expect(margin(140, [undated('0.3', each), undated('0.2', each)])).toEqual(OPEN)
    // With another that is billed in its stead a task's charge counts alone.
    expect(margin(60, [other('r', '0.1', 40)])).toEqual(OPEN)
    expect(margin(60, [other('r', '0.1', 39)])).toEqual(FOUND)
  })

  it('says nothing of tasks that may be of no user who was asked for', () => {
    const nobodys = (billed: string, charged: number) => ({
      ...undated(billed, { chargedPoints: points(charged) }),
      userOpen: true as const,
    })
    expect(margin(60, [nobodys('0', 900)])).toEqual(FOUND)
    expect(margin(140, [nobodys('9', 0)])).toEqual(PASSED)
  })

  it('is passed on a day that came out even, and could only gain', () => {
    expect(margin(100, [undated('0.1', { chargedPoints: points(900) })])).toEqual(PASSED)
    expect(margin(100, [undated('0.1', { chargedPoints: points(9) })])).toEqual(OPEN)
  })

  it('takes a charge that is not told for any, but for one that was given back', () => {
    const untold = { chargedPoints: points(0), chargeUntold: true } as const
    expect(margin(60, [undated('0.1', untold)])).toEqual(OPEN)
    expect(margin(60, [undated('0.1', untold), undated('0', { chargedPoints: points(1) })])).toEqual(OPEN)
    expect(margin(60, [undated('0.1', { ...untold, refunded: true })])).toEqual(FOUND)
    expect(margin(140, [undated('0.400000001', untold)])).toEqual(OPEN)
    expect(margin(140, [undated('0.4', untold)])).toEqual(PASSED)
  })

  it('is open of a model on days on which nothing of it was billed', () => {
    const lost = undated('0.1', { chargedPoints: points(9), model: 'x' })
    expect(margin(140, [lost])).toEqual({ ...PASSED, open: [{ model: 'x' }] })
    expect(margin(140, [undated('0.1', { chargedPoints: points(10), model: 'x' })])).toEqual(PASSED)
  })

  it('takes what was billed for any, where they are too many to know it', () => {
    const many = (sorts: UnplacedTasks['sorts']) => ({ byRequest: false, sorts })
    expect(margin(60, [], many([sort({ keptPoints: 40n })]))).toEqual(OPEN)
    expect(margin(60, [], many([sort({ keptPoints: 39n })]))).toEqual(FOUND)
    expect(margin(60, [], many([sort({ keptPoints: null })]))).toEqual(OPEN)
    expect(margin(60, [], many([sort({ keptPoints: null }), sort({ keptPoints: 1n })]))).toEqual(OPEN)
    expect(margin(900, [], many([sort()]))).toEqual(OPEN)
    expect(margin(60, [], many([sort({ keptPoints: 40n, selected: false })]))).toEqual(FOUND)
    expect(margin(900, [], many([sort({ model: 'x', stored: 'X' })]))).toEqual({ ...PASSED, open: [{ model: 'X' }] })
    expect(margin(900, [], many(null)).open).toEqual([{ model: MODEL, date: '2026-02-06' }, {}])
    expect(margin(60, [], many(null)).found).toBe(0)
  })
})

describe('B20', () => {
  const lost = (tasks: readonly UndatedBill[], more: Partial<UnplacedTasks> = {}, own: Partial<RequestBook> = {}) => {
    const { found, open } = said('B20', {
      requests: requests({ undated: tasks, ...own }),
      unplaced: { ...unplaced([], null), owners: [owner({ refunded: 1 })], ...more },
    })
    return [found, open]
  }

  it('is open for users who have such tasks alone', () => {
    expect(lost([undated('0.000000001', { refunded: true })])).toEqual([0, [{ userId: 101 }]])
    expect(lost([undated('0', { refunded: true })])).toEqual([0, []])
    expect(lost([undated('1')])).toEqual([0, []])
    expect(lost([])).toEqual([0, []])
    const found = { tasks: [matched({ refunded: true })] }
    expect(lost([undated('1', { refunded: true })], {}, found)).toEqual([1, []])
    const nobodys = undated('1', { refunded: true, userId: 0, userUntold: true })
    expect(lost([nobodys], { owners: [owner({ userId: null, refunded: 1 })] })).toEqual([0, [{}]])
  })

  it('is open for all who were refunded one, where they are too many to know what was billed', () => {
    expect(lost([], { byRequest: false })).toEqual([0, [{ userId: 101 }]])
    expect(lost([], { byRequest: false, owners: [owner()] })).toEqual([0, []])
    expect(lost([], { byRequest: false, owners: null })).toEqual([0, [{}]])
  })
})
