import { describe, expect, it } from 'vitest'
import { planWindow } from '../../../src/audit/plan.ts'
import {
  couldBeBilledAcross,
  isDue,
  isPending,
  isSettled,
  mayBeDue,
  mayBeOld,
  mayBeOverdue,
  mayBePending,
  mayHaveEnded,
  mayYetBeBilled,
  mustCross,
  type TaskTimes,
  wouldCross,
} from '../../../src/audit/tasks/task-standing.ts'
import { SHANGHAI } from '../../../src/demo/mini-world.ts'
import { HOUR, type Instant, MINUTE } from '../../../src/units/instant.ts'
import { AS_OF, at, later, points, settings, usd } from '../../kit/books.ts'
import { taskRow } from '../../kit/rows.ts'

// Each limit is tried to the millisecond. The window is 2026-02-06 in Shanghai, read three days later.
const window = { start: at('2026-02-06 00:00:00'), end: at('2026-02-07 00:00:00'), zone: SHANGHAI }
const REQUEST = { ids: [], userIds: [], depth: 'requests' } as const
const planAt = (asOf: Instant) => planWindow(window, REQUEST, asOf, settings(), 20)
const plan = planAt(AS_OF)
const NOON = at('2026-02-06 12:00:00')

const task = (over: Partial<TaskTimes>): TaskTimes => ({
  ...{ status: 'success', createdAt: NOON, completedAt: null },
  ...over,
})

describe('the settlement lag', () => {
  const lag = -24 * HOUR
  const made = (status: TaskTimes['status'], since: number) =>
    task({ status, createdAt: later(AS_OF, since - HOUR), completedAt: later(AS_OF, since) })

  it('is over for a success that ended longer ago', () => {
    const settled = [lag - 1, lag, lag + 1].map((since) => isSettled(made('success', since), plan))
    expect(settled).toEqual([true, false, false])
    const pending = [lag - 1, lag, lag + 1].map((since) => mayBePending(made('success', since), plan))
    expect(pending).toEqual([false, true, true])
    expect(isSettled(made('failed', lag - 1), plan)).toBe(false)
  })

  it('is over for a task still running once it is stuck', () => {
    const running = (since: number) => task({ status: 'unfinished', createdAt: later(AS_OF, since) })
    expect([lag - 1, lag, lag + 1].map((since) => mayBePending(running(since), plan))).toEqual([false, false, true])
    expect([lag - 1, lag, lag + 1].map((since) => mayYetBeBilled(running(since), plan))).toEqual([false, false, true])
  })

  it('is waited for with failures as with successes, though none of them is pending', () => {
    const failed = [lag - 1, lag, lag + 1].map((since) => made('failed', since))
    expect(failed.map((each) => mayYetBeBilled(each, plan))).toEqual([false, true, true])
    expect(failed.map((each) => mayBePending(each, plan))).toEqual([false, false, false])
  })

  it('counts from the start of the window where it is not known when a task was made', () => {
    const read = (since: number) => planAt(later(window.start, 24 * HOUR + since))
    const old = [-1, 0, 1].map((since) => mayBeOld({ status: 'success', completedAt: null }, read(since)))
    expect(old).toEqual([false, false, true])
    const stuck = [-1, 0, 1].map((since) => mayBeOld({ status: 'unfinished', completedAt: null }, read(since)))
    expect(stuck).toEqual([false, true, true])
  })
})

describe('what fal must have billed', () => {
  const due = (over: object) => isDue({ ...task({}), refunded: false, costNanoUsd: 0, chargedPoints: 0, ...over }, plan)

  it('is a success with a cost or a charge that was not refunded', () => {
    expect([due({ costNanoUsd: 1 }), due({ chargedPoints: 1 })]).toEqual([true, true])
    expect([due({}), due({ costNanoUsd: -1, chargedPoints: -1 })]).toEqual([false, false])
    expect(due({ costNanoUsd: 1, chargedPoints: 1, refunded: true })).toBe(false)
    expect(due({ costNanoUsd: 1, status: 'failed' })).toBe(false)
  })
})

describe('a task whose end is not told', () => {
  const lag = -24 * HOUR
  const made = (since: number, over: Partial<TaskTimes> = {}) =>
    task({ createdAt: later(AS_OF, since), endUntold: true, ...over })
  /** Told in another zone, perhaps. */
  const ahead = { endUntold: false, completedAt: later(AS_OF, 8 * HOUR) }
  const open = { refunded: false, costNanoUsd: 1, chargedPoints: 0 }

  it('is pending for certain only where it was made within the lag', () => {
    expect([lag - 1, lag].map((since) => isPending(made(since), plan))).toEqual([false, true])
    expect([lag - 1, lag].map((since) => isPending(made(since, ahead), plan))).toEqual([false, true])
    expect(isPending(task({ completedAt: later(AS_OF, lag) }), plan)).toBe(true)
    expect(isPending(task({ completedAt: later(AS_OF, lag - 1) }), plan)).toBe(false)
  })

  it('may be overdue where it succeeded, longer ago than the lag, with anything to bill, and was not refunded', () => {
    const overdue = (since: number, over: object = {}) => mayBeOverdue({ ...made(since), ...open, ...over }, plan)
    expect([lag - 1, lag].map((since) => overdue(since))).toEqual([true, false])
    expect(overdue(lag - 1, ahead)).toBe(true)
    expect(overdue(lag - 1, { endUntold: false })).toBe(false)
    const none = { costNanoUsd: 0 }
    const tells = [none, { ...none, chargedPoints: 1 }, { ...none, costUntold: true }, { ...none, chargeUntold: true }]
    expect(tells.map((each) => overdue(lag - 1, each))).toEqual([false, true, true, true])
    expect(
      [{ status: 'failed' }, { status: 'unfinished' }, { refunded: true }].map((each) => overdue(-48 * HOUR, each)),
    ).toEqual([false, false, false])
  })

  it('may have ended long ago for its bill, or for its refund, unless it still runs and is not refunded', () => {
    const refundsLater = planWindow(
      window,
      REQUEST,
      AS_OF,
      settings({ thresholds: { refundLagMillis: 48 * HOUR } }),
      20,
    )
    const refundsSooner = planWindow(window, REQUEST, AS_OF, settings({ thresholds: { refundLagMillis: HOUR } }), 20)
    const ended = (since: number, by = plan, over: object = {}) =>
      mayHaveEnded({ ...made(since), refunded: false, ...over }, by)
    // To the millisecond the refund is due first.
    expect([lag - 1, lag, lag + 1].map((since) => ended(since))).toEqual([true, true, false])
    expect([lag - 1, lag].map((since) => ended(since, refundsLater))).toEqual([true, false])
    expect([-HOUR, 1 - HOUR].map((since) => ended(since, refundsSooner))).toEqual([true, false])
    expect(ended(lag, plan, { endUntold: false })).toBe(false)
    expect(ended(lag, plan, { status: 'failed' })).toBe(true)
    expect(ended(lag, plan, { status: 'unfinished' })).toBe(false)
    expect(ended(lag, plan, { status: 'unfinished', refunded: true })).toBe(true)
  })

  it('must be billed across an edge only where it would be, had it ended as soon as it could', () => {
    const at = (createdAt: Instant, over: Partial<TaskTimes> = {}) => task({ createdAt, endUntold: true, ...over })
    const both = (each: TaskTimes) => [couldBeBilledAcross(each, plan), mustCross(each, plan)]
    expect([both(at(NOON)), both(at(NOON, ahead))]).toEqual([
      [true, false],
      [true, false],
    ])
    // Right after the start it need not have ended before the clocks are past it.
    expect(both(at(window.start))).toEqual([true, false])
    expect([-1, 0].map((more) => both(at(later(window.end, more - HOUR))))).toEqual([
      [true, false],
      [true, true],
    ])
    expect(both(task({ completedAt: NOON }))).toEqual([false, false])
    expect(both(task({ completedAt: later(window.end, -HOUR) }))).toEqual([true, true])
  })
})

describe('what fal may have had to bill', () => {
  const row = (over: Parameters<typeof taskRow>[0]) =>
    mayBeDue(taskRow({ createdAt: NOON, costNanoUsd: usd('0'), chargedPoints: points(0), ...over }), plan)

  it('is what is due, or would be if it were above 0 what is not told', () => {
    expect([row({ costNanoUsd: usd('1') }), row({ chargedPoints: points(1) }), row({})]).toEqual([true, true, false])
    expect([row({ costUntold: true }), row({ chargeUntold: true })]).toEqual([true, true])
    for (const over of [{ refunded: true }, { status: 'failed' }, { completedAt: later(AS_OF, -HOUR) }] as const) {
      expect([row({ costUntold: true, ...over }), row({ chargeUntold: true, ...over })]).toEqual([false, false])
    }
    const endOpen = { completedAt: null, endUntold: true } as const
    expect([row({ ...endOpen, costUntold: true }), row({ ...endOpen, costNanoUsd: usd('1') }), row(endOpen)]).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('a bill on the other side of an edge', () => {
  const crosses = (...given: Partial<TaskTimes>[]) => given.map((each) => couldBeBilledAcross(task(each), plan))
  /** Tasks that ended at once, a millisecond before such a time, at it, and one after it. */
  const around = (edge: Instant, span: number): Partial<TaskTimes>[] =>
    [-1, 0, 1].map((more) => {
      const when = later(edge, span + more)
      return { createdAt: when, completedAt: when }
    })

  it('comes within an hour after the end of a task made before the window', () => {
    expect(crosses(...around(window.start, -HOUR))).toEqual([false, true, true])
  })

  it('comes within a day after a task that does not tell its end, unless it failed', () => {
    const made = (since: number, status: TaskTimes['status']) => ({ createdAt: later(window.start, since), status })
    for (const status of ['success', 'unfinished'] as const) {
      expect(crosses(...[-1, 0].map((more) => made(more - 24 * HOUR, status)))).toEqual([false, true])
    }
    expect(crosses(...[-1, 0].map((more) => made(more - HOUR, 'failed')))).toEqual([false, true])
  })

  it('comes at most ten minutes too soon, as clocks go', () => {
    expect(crosses(...around(window.end, 10 * MINUTE))).toEqual([true, false, false])
    expect(crosses(...around(window.start, 10 * MINUTE))).toEqual([true, false, false])
  })

  it('comes after the end of the window, or after the moment of reading', () => {
    expect(crosses(...around(window.end, -HOUR))).toEqual([false, true, true])
    const early = planAt(later(NOON, 24 * HOUR))
    expect(couldBeBilledAcross(task({ completedAt: NOON }), early)).toBe(true)
    expect(couldBeBilledAcross(task({ createdAt: later(NOON, -1), completedAt: later(NOON, -1) }), early)).toBe(false)
    // Read in the middle of the window: what ended right before is not billed yet.
    const meanwhile = planAt(later(NOON, HOUR))
    const failed = (since: number) => task({ status: 'failed', createdAt: NOON, completedAt: later(NOON, since) })
    expect(couldBeBilledAcross(failed(0), meanwhile)).toBe(true)
    expect(couldBeBilledAcross({ ...failed(-1), createdAt: later(NOON, -HOUR) }, meanwhile)).toBe(false)
  })

  it('would come for all tasks whose creation is not known only where none ended in the middle of the window', () => {
    const skew = later(window.start, 10 * MINUTE)
    const ends = [-1, 0].map((more) => wouldCross({ status: 'success', completedAt: later(skew, more) }, plan))
    expect(ends).toEqual([false, false])
    const last = [-1, 0].map((more) =>
      wouldCross({ status: 'success', completedAt: later(window.end, more - HOUR) }, plan),
    )
    expect(last).toEqual([false, true])
    // Read that soon, what ended when the clocks were past the start need not be billed yet.
    const soon = planAt(later(skew, HOUR))
    const first = [-1, 0].map((more) => wouldCross({ status: 'success', completedAt: later(skew, more) }, soon))
    expect(first).toEqual([false, true])
    expect(wouldCross({ status: 'success', completedAt: null }, plan)).toBe(true)
    expect(wouldCross({ status: 'failed', completedAt: null }, plan)).toBe(false)
  })
})
