import { describe, expect, it } from 'vitest'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { HOUR } from '../../../src/units/instant.ts'
import { AS_OF, at, date, later, points, usd } from '../../kit/books.ts'
import { tallyOf, task } from '../../kit/task-tally.ts'

// What the sums of tasks say of those that do not tell something. The window is 2026-02-06, read three days later.
const NO_COST = { costNanoUsd: usd('0'), costUntold: true } as const
const NO_CHARGE = { chargedPoints: points(0), chargeUntold: true } as const
const NO_END = { completedAt: null, endUntold: true } as const
const NO_USER = { userId: 0, userUntold: true } as const
const NO_ID = { requestId: '' } as const
/** Right before the end of the window, and before its start: what they were billed may lie beyond that edge. */
const LATE = { createdAt: at('2026-02-06 23:30:00'), completedAt: at('2026-02-06 23:31:00') } as const
const EARLY = { createdAt: at('2026-02-05 23:30:00'), completedAt: at('2026-02-05 23:31:00') } as const

const ids = (...rowIds: number[]) => ({
  count: rowIds.length,
  evidence: { total: rowIds.length, ids: rowIds.map((rowId) => `task-${rowId}`) },
})
const NONE = ids()
const recordOf = (...tasks: readonly TaskRow[]) => [...tallyOf(tasks).recordByAccount.get(5)!.values()][0]

describe('ends', () => {
  const endsOf = (tasks: readonly TaskRow[], request: Parameters<typeof tallyOf>[1] = {}) => [
    ...(tallyOf(tasks, request).untold.ends ?? []),
  ]

  it('are noted of the accounts that are shown, and of keys that nobody has', () => {
    const tasks = [5, 9, 6].map((accountId) => task(accountId, { ...NO_END, apiKey: `key-${accountId}` }))
    const unknown = task(1, { ...NO_END, apiKey: 'unknown' })
    expect(endsOf([...tasks, unknown])).toEqual([
      [5, ids(5)],
      [6, ids(6)],
      [null, ids(1)],
    ])
    expect(endsOf([...tasks, unknown], { ids: [5, 6] }).map(([accountId]) => accountId)).toEqual([5, 6])
    expect(endsOf(tasks, { userIds: [7] }).map(([accountId]) => accountId)).toEqual([5, 6])
  })

  it('are not of tasks around the window, that tell theirs, or that nothing waits for', () => {
    const others: Partial<TaskRow>[] = [EARLY, { createdAt: at('2026-02-07 00:00:00') }, { status: 'unfinished' }]
    const none = [...others.map((each) => task(1, { ...each, ...NO_END })), task(2)]
    expect(tallyOf(none).untold.ends).toBeUndefined()
    expect(endsOf([task(3, { ...NO_END, status: 'unfinished', refunded: true })])).toEqual([[5, ids(3)]])
  })

  it('that could be anywhere make no cost one of the edge, and leave due what has one or the other', () => {
    const record = recordOf(task(1, NO_END), task(2, { ...LATE, costNanoUsd: usd('8') }))
    expect(record).toMatchObject({ crossingOutNanoUsd: usd('9'), endOpenOutNanoUsd: usd('1'), due: { count: 1 } })
    expect(record?.untold?.due).toEqual({ ...ids(1), code: 'end-untold', onlyCrossing: true })
    expect(record?.youngNanoUsd).toBeUndefined()
    const young = { createdAt: at('2026-02-06 13:00:00'), ...NO_END }
    const soon = tallyOf([task(1, young)], {}, {}, later(AS_OF, -48 * HOUR - 1)).recordByAccount.get(5)
    expect([...(soon?.values() ?? [])]).toMatchObject([{ youngNanoUsd: usd('1') }])
  })
})

describe('costs', () => {
  it('are noted of successes of the window by whether their bill may lie beyond an edge, or be waited for', () => {
    const untold = (...tasks: readonly Partial<TaskRow>[]) => {
      const record = recordOf(...tasks.map((each, at) => task(at + 1, { ...NO_COST, ...each })))
      return { costs: record?.untoldCosts, ...record?.untold }
    }
    const due = { code: 'cost-untold', onlyCrossing: false } as const
    const charged = { chargedPoints: points(0) }
    expect(untold({})).toEqual({ costs: 1, unended: 0, within: 1, old: 1, crossingIn: NONE })
    expect(untold(charged)).toMatchObject({ within: 1, due: { ...ids(1), ...due } })
    expect(untold({ ...charged, ...LATE }, charged)).toMatchObject({
      within: 1,
      across: 1,
      due: { ...ids(1, 2), ...due },
    })
    expect(untold({ ...charged, ...LATE })).toMatchObject({ within: 0, across: 1, due: { onlyCrossing: true } })
    expect(untold({ ...charged, refunded: true }).due).toBeUndefined()
    // Its end is told in no way: it may have ended right away.
    expect(untold(NO_END)).toMatchObject({ within: 1, old: 1, due: { code: 'end-untold' } })
    for (const status of ['failed', 'unfinished'] as const) {
      expect(untold({ ...charged, status })).toEqual({ costs: 0, unended: 1, within: 0, crossingIn: NONE })
    }
    expect(untold(EARLY, {})).toMatchObject({ costs: 2, unended: 0, within: 1, crossingIn: ids(1) })
    expect(untold({ ...EARLY, status: 'failed' })).toMatchObject({
      costs: 0,
      unended: 1,
      within: 0,
      crossingIn: ids(1),
    })
  })

  it('of tasks that were not charged either leave what is due to them by the charge alone', () => {
    const record = recordOf(task(1, { ...NO_CHARGE, costNanoUsd: usd('0') }), task(2, NO_CHARGE), task(3))
    expect(record?.untold?.due).toEqual({ ...ids(1), code: 'charge-untold', onlyCrossing: false })
    expect(record).toMatchObject({ due: { count: 2, untold: { costs: 0, charges: 1 } } })
  })

  it('are noted of keys that nobody has, and of accounts that are not shown', () => {
    const outside = [task(1, { apiKey: 'key-9', ...NO_COST, ...NO_CHARGE }), task(2, { apiKey: 'key-9' })]
    const unknown = [3, 4].map((rowId) => task(rowId, { apiKey: 'Unknown', ...NO_COST }))
    const told = tallyOf([...outside, ...unknown, task(5, { apiKey: 'unknown' }), task(6, { apiKey: 'UNKNOWN' })])
    expect(told.outside).toMatchObject({ taskCount: 2, untoldCharges: 1, untoldCosts: 1 })
    expect(
      [...told.unknownKeys].map(([form, { apiKey, taskCount, untoldCosts }]) => [form, apiKey, taskCount, untoldCosts]),
    ).toEqual([['unknown', 'UNKNOWN', 4, 2]])
    expect(told.untold.costs.get(null)).toEqual(ids(3, 4))
  })
})

describe('request ids', () => {
  it('that are missing at an edge are told of on both of its sides, without what is waited for', () => {
    const record = recordOf(
      task(1, { ...LATE, ...NO_ID, costNanoUsd: usd('2') }),
      task(2, { ...LATE, ...NO_ID, status: 'failed', costNanoUsd: usd('4') }),
      task(3, { ...EARLY, ...NO_ID, costNanoUsd: usd('8') }),
      task(4, { ...EARLY, ...NO_ID, ...NO_COST }),
      // In the middle of the window, or with an id.
      task(5, NO_ID),
      task(6, LATE),
      task(7, EARLY),
    )
    const { inNanoUsd, outNanoUsd, ...rest } = record!.withoutId!
    // With what stored FLOATs may be off by: 6 of 100,000,000 and a nano-dollar each.
    expect([outNanoUsd, inNanoUsd]).toEqual([usd('6.000000362'), usd('8.000000481')])
    expect(rest).toEqual({ untoldIn: ids(4), dueOut: 1 })
    expect(recordOf(task(5, NO_ID), task(6, LATE), task(7, EARLY))?.withoutId).toBeUndefined()
    const soon = tallyOf([task(1, { ...LATE, ...NO_ID })], {}, {}, later(LATE.completedAt, 24 * HOUR)).recordByAccount
    expect([...soon.get(5)!.values()].map(({ withoutId }) => withoutId)).toEqual([undefined])
  })
})

describe('users', () => {
  const nobodys = (...tasks: readonly Partial<TaskRow>[]) =>
    tasks.map((each, at) => task(at + 1, { ...NO_USER, ...each }))

  it('that are not named are none of those who were asked for, whose days they may be of', () => {
    const tasks = nobodys({}, { refunded: true }, EARLY, { createdAt: at('2026-02-07 00:00:00') }, { apiKey: 'key-9' })
    const asked = tallyOf(tasks, { userIds: [101], ids: [5] })
    expect(
      [...(asked.nobodysDays ?? [])].map(([day, { chargedPoints, refundedPoints }]) => [
        day,
        chargedPoints,
        refundedPoints,
      ]),
    ).toEqual([[date('2026-02-06'), 200n, 100n]])
    expect([asked.users, asked.days.size]).toEqual([[], 0])
    expect(asked.untold.owners).toMatchObject({ ...ids(1, 2), refunded: 1 })
    expect([...asked.untold.owners!.chargedByDate]).toEqual([
      [date('2026-02-06'), 200n],
      [date('2026-02-05'), 100n],
    ])
    const all = tallyOf(tasks)
    expect([all.nobodysDays, all.users, [...all.days.keys()]]).toEqual([undefined, [], [date('2026-02-06')]])
  })

  it('of id 0 are such as any other', () => {
    const { users, untold } = tallyOf([task(1, { userId: 0 })])
    expect([users.map(({ userId }) => userId), untold.owners]).toEqual([[0], undefined])
  })
})
