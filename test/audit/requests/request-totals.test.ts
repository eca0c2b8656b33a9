import { describe, expect, it } from 'vitest'
import { frameOf, type RequestReconciliation, reconcilePiece } from '../../../src/audit/requests/request-books.ts'
import { RequestTotals } from '../../../src/audit/requests/request-totals.ts'
import { DAY, HOUR, MINUTE } from '../../../src/units/instant.ts'
import { AS_OF, at, later, MODEL, points, usd } from '../../kit/books.ts'
import {
  accountRow,
  eventOf,
  evidenceOf,
  failed,
  type GivenEvidence,
  part,
  taskOf,
  usageOf,
  whole,
} from '../../kit/evidence.ts'
import { inPieces } from '../../kit/pieces.ts'
import { planOf } from '../../kit/rows.ts'

const noon = at('2026-02-06 12:00:00')
const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')

/** All that is added up of requests, what a day's charges are worth included. */
const AT_A_RATE = planOf({}, { pointsPerUsd: '400' })

function sumsIn(given: GivenEvidence, count: number) {
  const evidence = inPieces(evidenceOf({ plan: AT_A_RATE, ...given }), count)
  if (evidence.requests === null) throw new RangeError('no requests at this depth')
  const frame = frameOf(evidence, evidence.requests)
  const totals = new RequestTotals(frame, evidence.requests)
  const seen: RequestReconciliation[] = []
  for (const piece of evidence.requests.pieces()) {
    const requests = reconcilePiece(frame, piece)
    totals.absorb(requests)
    seen.push(requests)
  }
  return { sums: totals.close(), seen }
}

const byText = <T>(list: readonly T[]): string[] =>
  list.map((each) => JSON.stringify(each, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).sort()

/** What the requests add up to, told in an order that does not depend on theirs. */
function told({ sums }: ReturnType<typeof sumsIn>) {
  const { book, placements, delays, matchedNames, counts } = sums
  return {
    book: Object.fromEntries(Object.entries(book).map(([name, list]) => [name, byText(list)])),
    placements: byText(placements.map(({ bill, ...sum }) => ({ ...sum, label: bill.label }))),
    ...{ delays: [delays.count, delays.median()], matchedNames: [...matchedNames], counts: JSON.stringify(counts) },
    tieOut: sums.tieOut(usd('100')),
    young: [5, 6, 9].map((id) => [sums.youngOf(id), sums.runningOf(id)]),
  }
}

/** The sums of all in one piece. What they are in two and in seven must be the same. */
function sumsOf(given: GivenEvidence) {
  const one = sumsIn(given, 1)
  for (const count of [2, 7]) expect(told(sumsIn(given, count))).toEqual(told(one))
  return one.sums
}
const ofFive = (...events: ReturnType<typeof eventOf>[]): GivenEvidence => ({
  spaces: [{ members: [5], events: whole(events) }],
})

describe('requests in several pieces', () => {
  it('add up to what they add up to in one', () => {
    const ids = Array.from({ length: 30 }, (_, index) => index + 1)
    const tasks = ids.map((id) =>
      taskOf(id % 3 === 0 ? 6 : 5, id, {
        userId: 100 + (id % 4),
        ...(id % 5 === 0 && { refunded: true }),
        ...(id % 7 === 0 && { requestId: 'same' }),
        ...(id % 11 === 0 && { status: 'failed' }),
        ...(id % 13 === 0 && { createdAt: later(start, -HOUR) }),
        model: `model-${id % 3}`,
      }),
    )
    const events = ids.flatMap((id) => [
      eventOf(id % 3 === 0 ? 6 : 5, `request-${id}`, {
        ...{ at: later(noon, id * MINUTE), model: `endpoint-${id % 2}`, costNanoUsd: usd(`0.${id}`) },
        unitPrice: id < 20 ? '1' : '2',
      }),
      ...(id % 4 === 0 ? [eventOf(5, `lost-${id}`)] : []),
    ])
    const sums = sumsOf({
      spaces: [
        { members: [5, 6], name: 'team', events: whole(events), usage: whole([usageOf(5, '3'), usageOf(6, '4')]) },
        { members: [9], events: failed() },
      ],
      tasks,
      repeated: [{ event: eventOf(5, 'request-1'), times: 2 }],
      unanswered: ['request-7'],
    })
    // Without the two of the day before and the four whose id became another one; what fal billed of these is unrecorded.
    expect(sums.counts).toMatchObject({ matched: 24, unrecorded: 7 + 4 })
    expect(sums.book.prices.length).toBeGreaterThan(20)
  })

  it('show a price that changes only from one to the other', () => {
    // Piece by piece: "a" is in one, "b" in the next.
    const given = ofFive(eventOf(5, 'a'), eventOf(5, 'b', { unitPrice: '2', at: later(noon, HOUR) }), eventOf(5, 'c'))
    const { book } = sumsOf(given)
    expect(book.prices.map(({ unitPrice }) => unitPrice)).toEqual(['1', '1', '2'])
    const { seen } = sumsIn(given, 2)
    expect(seen.map(({ join }) => join.groups.map(({ requestId }) => requestId))).toEqual([['b'], ['a', 'c']])
  })

  it('bear the names that any of them shows, in order', () => {
    const named = (id: number, model: string, endpoint: string) => ({
      task: taskOf(5, id, { model }),
      event: eventOf(5, `request-${id}`, { model: endpoint }),
    })
    const pairs = [named(1, 'b', 'y'), named(2, 'b', 'x'), named(3, 'a', 'z'), named(4, 'b', 'y')]
    const { matchedNames, modelMatches } = sumsOf({
      ...ofFive(...pairs.map(({ event }) => event)),
      tasks: pairs.map(({ task }) => task),
    })
    expect([...matchedNames]).toEqual([
      ['a', ['z']],
      ['b', ['x', 'y']],
    ])
    const { endpointsOf, storedNamesOf } = modelMatches
    expect(['x', 'z', 'w'].map(storedNamesOf)).toEqual([['x', 'b'], ['z', 'a'], ['w']])
    expect(['a', 'b', 'w'].map(endpointsOf)).toEqual([['a', 'z'], ['b', 'x', 'y'], ['w']])
  })
})

describe('what requests are counted as', () => {
  it('is told in numbers', () => {
    const young = { createdAt: later(AS_OF, -HOUR), completedAt: later(AS_OF, -HOUR) }
    const tasks = [
      taskOf(5, 1),
      taskOf(5, 2, { costNanoUsd: usd('2') }),
      taskOf(5, 3),
      taskOf(5, 4, { costNanoUsd: usd('0') }),
      taskOf(5, 5, young),
      taskOf(9, 6),
      taskOf(5, 7),
    ]
    const lost = [eventOf(5, 'lost'), eventOf(5, 'free', { costNanoUsd: usd('0') })]
    const { counts, delays } = sumsOf({
      ...ofFive(eventOf(5, 'request-1'), eventOf(5, 'request-2', { at: later(noon, HOUR) }), ...lost),
      tasks,
      plan: planOf({ start: '2026-02-06', end: '2026-02-09' }),
    })
    expect(counts).toEqual({
      ...{ matched: 2, unrecorded: 1, unbilled: 2, pending: 1, mismatched: 1 },
      verdicts: { amount: 1, matched: 1, 'nothing-due': 1, pending: 1, unbilled: 2, unrecorded: 1 },
    })
    expect(Object.keys(counts.verdicts)).toEqual([...Object.keys(counts.verdicts)].sort())
    expect([delays.count, delays.median()]).toEqual([2, (30_000 + HOUR - 30_000) / 2])
  })

  it('take the delay of a match by its end, unless that lies longer before the task was made than zones differ', () => {
    const ended = (afterCreation: number) => ({ completedAt: later(noon, afterCreation) })
    const delaysOf = (...afterCreation: number[]) => {
      const tasks = afterCreation.map((each, index) => taskOf(5, index + 1, { createdAt: noon, ...ended(each) }))
      const events = tasks.map(({ requestId }) => eventOf(5, requestId, { at: later(noon, MINUTE) }))
      const { delays } = sumsOf({ ...ofFive(...events), tasks })
      return [delays.count, delays.median()]
    }
    expect(delaysOf(0)).toEqual([1, MINUTE])
    expect(delaysOf(0, -26 * HOUR - 1, -30 * 365 * DAY)).toEqual([1, MINUTE])
    // An end that is stored in another zone, 8 hours behind or as far as can be.
    expect(delaysOf(-8 * HOUR)).toEqual([1, 8 * HOUR + MINUTE])
    expect(delaysOf(-26 * HOUR)).toEqual([1, 26 * HOUR + MINUTE])
    expect(delaysOf(-26 * HOUR - 1)).toEqual([0, 0])
  })

  it('holds what rules say of all of them at once', () => {
    const tasks = [
      taskOf(5, 1, { refunded: true }),
      taskOf(5, 2, { requestId: 'same' }),
      taskOf(5, 3, { requestId: 'same' }),
      taskOf(5, 4),
    ]
    const { book } = sumsOf({
      spaces: [
        { members: [5], events: whole([eventOf(5, 'request-1'), eventOf(5, 'lost')]), usage: whole([usageOf(5, '2')]) },
        { members: [6], events: part([]) },
      ],
      tasks,
      unanswered: ['request-4'],
      repeated: [{ event: eventOf(5, 'lost'), times: 2 }],
    })
    expect(book.tasks).toEqual([])
    expect(book.orphans.map(({ requestId }) => requestId)).toEqual(['lost'])
    expect(book.shared.map(({ requestId }) => requestId)).toEqual(['same'])
    expect(book.repeated.map(({ requestId, times }) => [requestId, times])).toEqual([['lost', 2]])
    expect(book.unread.map(({ accountId }) => accountId)).toEqual([6])
    expect(book.billsUnread.map(({ accountId }) => accountId)).toEqual([6])
    expect(book.dailyBills).toMatchObject([{ accountId: 5, usageNanoUsd: usd('2'), eventsNanoUsd: usd('2') }])
    expect(book.prices).toHaveLength(1)
    expect(book.modelDays).toMatchObject([{ model: MODEL, date: '2026-02-06', taskCount: 1, keptPoints: 0n }])
    expect(book.refundLosses).toMatchObject([{ userId: 101, billedCount: 1, billedNanoUsd: usd('1') }])
    expect(book.unanswered).toEqual([5])
  })

  it('adds up what a day’s charges of a model are worth only where a rate tells it', () => {
    const given = { ...ofFive(eventOf(5, 'request-1')), tasks: [taskOf(5, 1)] }
    expect(sumsOf(given).book.modelDays).toHaveLength(1)
    const without = sumsOf({ ...given, plan: planOf() })
    expect(without.book.modelDays).toEqual([])
    expect(without.counts).toEqual(sumsOf(given).counts)
  })

  it('leaves out prices of accounts that another audit is about', () => {
    const plan = planOf({ ids: [5] })
    const events = [
      eventOf(5, 'a'),
      eventOf(9, 'b', { model: 'other' }),
      eventOf(5, 'c', { model: 'third', unitPrice: null }),
    ]
    const { book } = sumsOf({
      plan,
      audited: [5],
      spaces: [{ members: [5, 9], events: whole(events) }],
    })
    expect(book.prices.map(({ model }) => model)).toEqual([MODEL])
  })
})

describe('recorded cost that is not billed yet', () => {
  const lag = 24 * HOUR
  const plan = planOf({ start: '2026-02-06', end: '2026-02-09' })
  const cost = { costNanoUsd: usd('3') }
  const running = (age: number) =>
    taskOf(5, 2, { status: 'unfinished', createdAt: later(AS_OF, -age), completedAt: null, ...cost })

  it('is that of young successes and of young tasks that still run', () => {
    const young = taskOf(5, 1, {
      createdAt: later(AS_OF, -HOUR),
      completedAt: later(AS_OF, -HOUR),
      costNanoUsd: usd('1'),
    })
    const youngOf = (...tasks: ReturnType<typeof taskOf>[]) => sumsOf({ ...ofFive(), tasks, plan }).youngOf(5)
    expect(youngOf()).toBe(0n)
    expect(youngOf(young)).toBe(usd('1'))
    expect(youngOf(young, running(lag - 1))).toBe(usd('4'))
    expect(youngOf(young, running(lag))).toBe(usd('1'))
    expect(youngOf(young, running(lag + 1))).toBe(usd('1'))
    expect(youngOf(taskOf(5, 3), { ...running(HOUR), status: 'failed' })).toBe(0n)
    const parts = sumsOf({ ...ofFive(), tasks: [young, running(lag - 1), taskOf(5, 3)], plan })
    expect([parts.youngOf(5), parts.runningOf(5)]).toEqual([usd('4'), usd('3')])
    // Pending is what the tie-out calls so: the successes.
    expect(parts.tieOut(usd('5')).recordedPending).toBe('1')
    expect(sumsOf({ ...ofFive(), tasks: [young], plan }).runningOf(5)).toBe(0n)
  })

  it('is each account’s own', () => {
    const tasks = [
      running(HOUR),
      { ...running(HOUR), rowId: 3, taskId: 'task-3', requestId: 'r', apiKey: taskOf(6, 1).apiKey },
    ]
    const spaces = [5, 6].map((id) => ({ members: [id], events: whole([]) }))
    const sums = sumsOf({ spaces, tasks, plan })
    expect([5, 6, 9].map((id) => sums.youngOf(id))).toEqual([usd('3'), usd('3'), 0n])
  })

  it('is not known where it stays open what fal says of a task', () => {
    const sums = sumsOf({ ...ofFive(), tasks: [running(HOUR), taskOf(5, 4)], plan, unanswered: ['request-4'] })
    expect(sums.youngOf(5)).toBeNull()
  })

  it('counts accounts outside the audit that share an undivided bill', () => {
    const undivided = (id: string) => eventOf(null, id)
    const outside = { ...running(HOUR), apiKey: taskOf(9, 1).apiKey }
    const sums = sumsOf({
      plan,
      spaces: [{ members: [5, 9], usage: whole([usageOf(null, '1')]), events: whole([undivided('request-1')]) }],
      tasks: [taskOf(5, 1), outside],
    })
    expect([sums.youngOf(5), sums.youngOf(9)]).toEqual([0n, usd('3')])
  })

  it('is asked of no account for tasks of keys that no account row holds', () => {
    const sums = sumsOf({ ...ofFive(), tasks: [{ ...running(HOUR), apiKey: 'unknown' }], plan })
    expect(sums.youngOf(5)).toBe(0n)
  })
})

describe('what fal billed of a failed task', () => {
  const failure = (id: number, more: Parameters<typeof taskOf>[2] = {}) => taskOf(5, id, { status: 'failed', ...more })
  const billed = { costNanoUsd: usd('7') }

  it('is told of those that were charged', () => {
    const free = failure(2, { chargedPoints: points(0) })
    const tasks = [failure(1), free, failure(3), failure(4), taskOf(5, 5)]
    const events = ['request-1', 'request-2', 'request-5'].map((id) => eventOf(5, id, billed))
    const sums = sumsOf({ ...ofFive(...events, eventOf(5, 'request-4', { costNanoUsd: usd('0') })), tasks })
    const of = (rowId: number) => sums.billedOfFailed({ rowId }, 5)
    expect([1, 2, 3, 4, 5, 99].map(of)).toEqual([usd('7'), 0n, 0n, 0n, 0n, 0n])
  })

  it('is not known where it was not read', () => {
    const tasks = [failure(1), failure(2, { apiKey: 'unknown' })]
    const sums = sumsOf({ ...ofFive(), tasks, unanswered: ['request-1'] })
    expect(sums.billedOfFailed({ rowId: 1 }, 5)).toBeNull()
    expect(sums.billedOfFailed({ rowId: 2 }, null)).toBeNull()
    expect(sums.billedOfFailed({ rowId: 3 }, null)).toBe(0n)
    const unread = sumsOf({ spaces: [{ members: [5], events: failed() }], accounts: [accountRow(5)], tasks })
    expect([1, 3].map((rowId) => unread.billedOfFailed({ rowId }, 5))).toEqual([null, null])
  })
})

describe('the tie-out', () => {
  it('holds over all pieces, the total given', () => {
    const tasks = [taskOf(5, 1), taskOf(5, 2, { costNanoUsd: usd('3') }), taskOf(5, 3, { createdAt: end })]
    const events = ['request-1', 'request-2', 'request-3', 'lost'].map((id) => eventOf(5, id))
    const sums = sumsOf({ ...ofFive(...events), tasks })
    expect(sums.tieOut(usd('4'))).toMatchObject({
      ...{ eventsTotal: '4', eventsMatched: '2', eventsCarried: '1', eventsUnrecorded: '1', eventsResidual: '0' },
      ...{ recordedTotal: '4', recordedMatched: '4', recordedResidual: '0', bridgeResidual: '0' },
      ...{ differenceMatched: '-2', differenceB3: '-2', differenceTolerated: '0', differenceResidual: '0' },
    })
    expect(sums.tieOut(usd('5')).recordedResidual).toBe('1')
  })

  it('does not count what belongs to another audit', () => {
    const plan = planOf({ ids: [5] })
    const spaces = [{ members: [5, 9], events: whole([eventOf(5, 'request-1'), eventOf(9, 'lost')]) }]
    const sums = sumsOf({ plan, audited: [5], spaces, tasks: [taskOf(5, 1)] })
    expect(sums.tieOut(usd('1'))).toMatchObject({ eventsTotal: '1', eventsUnrecorded: '0', eventsResidual: '0' })
  })
})
