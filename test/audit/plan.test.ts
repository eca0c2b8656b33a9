import { describe, expect, it } from 'vitest'
import { windowOf, withoutHistory } from '../../src/audit/plan.ts'
import { canonicalModel } from '../../src/audit/tasks/model-name.ts'
import { couldBeBilledAcross, isDue, isSettled, mayYetBeBilled } from '../../src/audit/tasks/task-standing.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import { HOUR, type Instant, MINUTE, SECOND } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { AS_OF, at, date, later, points, usd } from '../kit/books.ts'
import { planOf, taskRow } from '../kit/rows.ts'

describe('a plan', () => {
  it('reads around its window what may have crossed its edges', () => {
    const plan = planOf({ ids: [5, 5, 6], userIds: [7] })
    expect(plan).toMatchObject({
      window: { start: at('2026-02-06 00:00:00'), end: at('2026-02-07 00:00:00') },
      asOf: AS_OF,
      knownEnd: at('2026-02-07 00:00:00'),
      ids: new Set([5, 6]),
      userIds: new Set([7]),
      depth: 'requests',
      accountLimit: 20,
      ranges: {
        bill: { start: at('2026-02-06 00:00:00'), end: at('2026-02-07 00:00:00') },
        events: { start: at('2026-02-05 23:50:00'), end: at('2026-02-08 00:00:00') },
        tasks: { start: at('2026-01-07 00:00:00'), end: at('2026-02-07 00:10:00') },
        crossingSince: at('2026-02-05 00:00:00'),
        ledger: { start: at('2026-02-05 23:50:00'), end: at('2026-02-08 00:00:00') },
      },
    })
    const short = withoutHistory(plan)
    expect(short.ranges.tasks).toEqual({ start: at('2026-02-05 00:00:00'), end: at('2026-02-07 00:10:00') })
    expect({ ...short, ranges: null }).toEqual({ ...plan, ranges: null })
    expect(short.ranges.bill).toBe(plan.ranges.bill)
  })

  it('knows nothing later than the moment of reading', () => {
    const now = at('2026-02-06 15:00:00')
    const { knownEnd, ranges, window } = planOf({}, {}, now)
    expect([knownEnd, ranges.bill.end, ranges.events.end, window.end]).toEqual([
      now,
      now,
      now,
      at('2026-02-07 00:00:00'),
    ])
  })

  it('lasts a year and a day of the calendar at most, of which one has 25 hours', () => {
    const berlin = openZone('Europe/Berlin')!
    const upTo = (end: string) => windowOf({ start: '2024-10-27', end }, berlin, AS_OF)
    expect(berlin.format(upTo('2025-10-28').end)).toBe('2025-10-29T00:00:00+01:00')
    expect(() => upTo('2025-10-29')).toThrow(/^end: .* at most 367 days from 2024-10-27T00:00:00\+02:00$/)
    expect(() => upTo('2025-10-29T00:00:01+01:00')).toThrow(/at most 367 days/)
  })

  it('lasts as long from noon on, to the second', () => {
    const upTo = (end: string) => planOf({ start: '2024-02-06T12:00:00Z', end }).window.end
    expect(upTo('2025-02-07T12:00:00Z')).toBe(at('2025-02-07 20:00:00'))
    expect(() => upTo('2025-02-07T12:00:01Z')).toThrow(/at most 367 days/)
  })

  it('may begin at the moment of reading, and last a year and a day', () => {
    const now = at('2026-02-06 00:00:00')
    expect(planOf({ start: '2026-02-06', end: undefined }, {}, now).window.start).toBe(now)
    expect(planOf({ start: '2025-02-05', end: '2026-02-06' }).window.start).toBe(at('2025-02-05 00:00:00'))
    expect(() => planOf({ start: '2025-02-04', end: '2026-02-06' })).toThrow(
      'end: "2026-02-06" is not accepted; give a window of at most 367 days from 2025-02-04T00:00:00+08:00',
    )
    expect(() => planOf({ start: '2026-02-09T04:00:00.001Z', end: '2026-02-10' })).toThrow(
      'start: "2026-02-09T04:00:00.001Z" is not accepted; give a time that has come; now is 2026-02-09T12:00:00+08:00',
    )
    const same = { start: '2026-02-06T00:00:00Z', end: '2026-02-06T00:00:00Z' }
    expect(() => planOf(same)).toThrow(
      'end: "2026-02-06T00:00:00Z" is not accepted; give a time after start, which is 2026-02-06T08:00:00+08:00',
    )
    expect(() => planOf({ start: undefined, end: '2026-02-06' })).toThrow(
      'start: is missing; give a start together with end: YYYY-MM-DD or an ISO 8601 instant',
    )
    expect(() => planOf({ start: '2026-02-30' })).toThrow(
      'start: "2026-02-30" is not accepted; give a day that the calendar has: YYYY-MM-DD or an ISO 8601 instant',
    )
    expect(() => planOf({ start: 'x' })).toThrow('start: "x" is not accepted; give YYYY-MM-DD or an ISO 8601 instant')
    expect(() => planOf({ start: '2026-02-06', end: 'y' })).toThrow('end: "y" is not accepted')
    // Who says "last month" may not know what today is.
    const next = 'Now is 2026-02-09T12:00:00+08:00: count the days from there.'
    for (const dates of [{ start: 'last month' }, { start: '2026-02-06', end: '昨天' }, { start: '2026-02-30' }]) {
      expect(() => planOf(dates)).toThrow(expect.objectContaining({ field: expect.stringMatching(/start|end/), next }))
    }
    expect(planOf({ start: undefined, end: undefined }).window).toEqual({
      start: at('2026-02-09 00:00:00'),
      end: SHANGHAI.startOfDate(date('2026-02-10')),
      zone: SHANGHAI,
    })
  })
})

describe('a task is settled', () => {
  const ended = (lag: number, more: Parameters<typeof taskRow>[0] = {}) =>
    taskRow({ createdAt: later(AS_OF, -9 * 24 * HOUR), completedAt: later(AS_OF, -lag), ...more })

  const young = (afterCreation: number, age = HOUR) => {
    const createdAt = later(AS_OF, -age)
    return taskRow({ createdAt, completedAt: later(createdAt, afterCreation) })
  }

  it.each([
    ['a day and a moment after its end', ended(24 * HOUR + 1), true],
    ['not a day after its end', ended(24 * HOUR), false],
    ['by its creation where it has no end', ended(0, { completedAt: null }), true],
    ['not by its creation where its end is to come by no more than zones differ', ended(-26 * HOUR), false],
    ['by its creation where its end is still further on', ended(-26 * HOUR - 1), true],
    ['by its end where that is now', ended(0), false],
    ['by its creation where its end lies before it', young(-1), false],
    ['by its end where that is its creation', young(0), false],
    ['by its creation, a day ago, where its end lies before it', young(-1, 24 * HOUR), false],
    ['by its creation, longer ago, where its end lies before it', young(-1, 24 * HOUR + 1), true],
    ['by its creation where its end is the zero of the clock', young(-(2 ** 40)), false],
    ['only as a success', ended(48 * HOUR, { status: 'failed' }), false],
  ])('%s', (_, task, settled) => {
    expect(isSettled(task, planOf())).toBe(settled)
  })

  it.each([
    ['success', 'completedAt', 24 * HOUR, true],
    ['success', 'completedAt', 24 * HOUR + 1, false],
    ['failed', 'completedAt', 24 * HOUR, true],
    ['failed', 'completedAt', 24 * HOUR + 1, false],
    // At that age it is stuck (B18).
    ['unfinished', 'createdAt', 24 * HOUR - 1, true],
    ['unfinished', 'createdAt', 24 * HOUR, false],
  ] as const)('and may yet be billed: %s, its %s %i ms ago: %j', (status, time, ago, may) => {
    const times = { createdAt: later(AS_OF, -48 * HOUR), completedAt: null }
    expect(mayYetBeBilled(taskRow({ status, ...times, [time]: later(AS_OF, -ago) }), planOf())).toBe(may)
  })

  it.each([
    ['with a cost', {}, true],
    ['with a charge alone', { costNanoUsd: usd('0') }, true],
    ['with a cost alone', { chargedPoints: points(0) }, true],
    ['with neither', { costNanoUsd: usd('0'), chargedPoints: points(0) }, false],
    ['that was refunded', { refunded: true }, false],
    ['that is young', { completedAt: later(AS_OF, -HOUR) }, false],
  ])('and its bill is due: %s', (_, more, due) => {
    expect(isDue(taskRow(more), planOf())).toBe(due)
  })
})

describe('a bill may lie on the other side of an edge', () => {
  const start = at('2026-02-06 00:00:00')
  const end = at('2026-02-07 00:00:00')
  const task = (
    createdAt: Instant,
    completedAt: Instant | null,
    status: 'success' | 'failed' | 'unfinished' = 'success',
  ) => taskRow({ createdAt, completedAt, status })

  it.each([
    ['made before, ended within an hour of the start', task(later(start, -9 * HOUR), later(start, -HOUR)), true],
    ['made before, ended longer before', task(later(start, -9 * HOUR), later(start, -HOUR - 1)), false],
    ['made before, runs since a day', task(later(start, -24 * HOUR), null, 'unfinished'), true],
    ['made before, runs for longer', task(later(start, -24 * HOUR - 1), null, 'unfinished'), false],
    ['made before, a day ago, a success without an end', task(later(start, -24 * HOUR), null), true],
    ['made before, longer ago, a success without an end', task(later(start, -24 * HOUR - 1), null), false],
    ['made before, ended at once', task(later(start, -2 * HOUR), later(start, -2 * HOUR)), false],
    ['made before, with an end that lies before it', task(later(start, -2 * HOUR), later(start, -2 * HOUR - 1)), true],
    [
      'made before, a failure with an end that lies before it',
      task(later(start, -2 * HOUR), later(start, -2 * HOUR - 1), 'failed'),
      false,
    ],
    ['made before, with an end to come', task(later(start, -2 * HOUR), later(AS_OF, 1)), true],
    ['made long before, a failure without an end', task(later(start, -2 * HOUR), null, 'failed'), false],
    [
      'made long before, unfinished with an end',
      task(later(start, -9 * HOUR), later(start, -2 * HOUR), 'unfinished'),
      false,
    ],
    ['made at the end, ended less than ten minutes after', task(end, later(end, 10 * MINUTE - 1)), true],
    ['made at the end, ended ten minutes after', task(end, later(end, 10 * MINUTE)), false],
    ['made in it, ended in the first ten minutes', task(start, later(start, 10 * MINUTE - 1)), true],
    ['made in it, ended after the first ten minutes', task(start, later(start, 10 * MINUTE)), false],
    ['made in it, ended in the last hour', task(later(end, -9 * HOUR), later(end, -HOUR)), true],
    ['made in it, ended right before the last hour', task(later(end, -9 * HOUR), later(end, -HOUR - 1)), false],
    ['made in it, runs', task(later(end, -9 * HOUR), null, 'unfinished'), true],
    ['made in it, a success without an end', task(later(end, -9 * HOUR), null), true],
    ['made in it, a success without an end, a day before it is over', task(later(end, -24 * HOUR), null), true],
    ['made in it, with an end that lies before it', task(later(end, -9 * HOUR), later(start, -HOUR)), true],
    ['made in it, a failure with an end that lies before it', task(later(end, -9 * HOUR), start, 'failed'), false],
    ['made in it, a failure without an end', task(later(end, -9 * HOUR), null, 'failed'), false],
  ])('%s', (_, row, across) => {
    expect(couldBeBilledAcross(row, planOf())).toBe(across)
  })

  it('or not be there yet', () => {
    const middle = later(start, 9 * HOUR)
    const across = (asOf: Instant, row: ReturnType<typeof task>): boolean =>
      couldBeBilledAcross(row, planOf({}, {}, asOf))
    const done = task(middle, later(middle, SECOND))
    expect(across(later(middle, 24 * HOUR + SECOND), done)).toBe(true)
    expect(across(later(middle, 24 * HOUR + SECOND + 1), done)).toBe(false)
    const odd = task(middle, later(middle, SECOND), 'unfinished')
    expect(across(later(middle, 24 * HOUR - 1), odd)).toBe(true)
    expect(across(later(middle, 24 * HOUR), odd)).toBe(false)
    expect(across(later(middle, 20 * HOUR), task(middle, later(middle, SECOND), 'failed'))).toBe(false)
  })
})

describe('a model is compared', () => {
  it.each([
    ['fal-ai/veo3', 'veo3'],
    [' Fal-AI/Veo3/ ', 'veo3'],
    ['//veo3//', 'veo3'],
    ['/fal-ai/a/b', 'a/b'],
    ['other/fal-ai/veo3', 'other/fal-ai/veo3'],
    ['short', 'alias/of-it'],
  ])('%j as %s', (name, canonical) => {
    expect(canonicalModel(name, new Map([['short', 'fal-ai/Alias/of-it']]))).toBe(canonical)
  })
})
