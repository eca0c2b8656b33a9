import { describe, expect, it } from 'vitest'
import { leftOut } from '../../../src/audit/requests/request-books.ts'
import type { UsageRow } from '../../../src/fal/reader.ts'
import { at, date, later, MODEL, usd } from '../../kit/books.ts'
import {
  eventOf,
  evidenceOf,
  failed,
  type GivenEvidence,
  type GivenSpace,
  part,
  reconciled,
  taskOf,
  usageOf,
  whole,
} from '../../kit/evidence.ts'
import { planOf, taskRow } from '../../kit/rows.ts'

const midnight = at('2026-02-07 00:00:00')
const bookOf = (given: GivenEvidence) => reconciled(given).book

/** The bill of account 5 alone. */
const ofFive = (space: Omit<GivenSpace, 'members'>): GivenEvidence => ({ spaces: [{ members: [5], ...space }] })

describe('at depth summary', () => {
  it('there are no requests', () => {
    const plan = planOf({ depth: 'summary' })
    expect(evidenceOf({ ...ofFive({}), plan }).requests).toBeNull()
  })
})

describe('the bill of a day', () => {
  /** Days in short: date, cost by usage, its rows, cost by events. */
  const daysOf = (given: GivenEvidence) =>
    bookOf(given).dailyBills.map((day) => [day.date, day.usageNanoUsd, day.usageRows, day.eventsNanoUsd])
  const on = (day: string, cost: string): UsageRow => usageOf(5, cost, { date: date(day) })
  const at12 = (day: string, cost: string) =>
    eventOf(5, `request-${day}`, { at: at(`${day} 12:00:00`), costNanoUsd: usd(cost) })

  it('is added up twice, by account and model', () => {
    const events = [
      eventOf(5, 'a', { costNanoUsd: usd('6') }),
      eventOf(5, 'a', { costNanoUsd: usd('0.5') }),
      eventOf(5, 'b', { model: 'other', costNanoUsd: usd('2') }),
    ]
    const usage = [usageOf(5, '3'), usageOf(5, '4'), usageOf(5, '5', { model: 'only usage' })]
    const six = { members: [6], usage: whole([usageOf(6, '9')]), events: whole([eventOf(6, 'c')]) }
    const { dailyBills } = bookOf({ spaces: [{ members: [5], usage: whole(usage), events: whole(events) }, six] })
    const day = { date: '2026-02-06' }
    expect(dailyBills).toEqual([
      { ...day, accountId: 5, model: MODEL, usageNanoUsd: usd('7'), usageRows: 2, eventsNanoUsd: usd('6.5') },
      { ...day, accountId: 5, model: 'only usage', usageNanoUsd: usd('5'), usageRows: 1, eventsNanoUsd: 0n },
      { ...day, accountId: 6, model: MODEL, usageNanoUsd: usd('9'), usageRows: 1, eventsNanoUsd: usd('1') },
      { ...day, accountId: 5, model: 'other', usageNanoUsd: 0n, usageRows: 0, eventsNanoUsd: usd('2') },
    ])
  })

  it('begins and ends at midnight of the audit’s zone', () => {
    const times = ['2026-02-05 23:59:59.999', '2026-02-06 00:00:00', '2026-02-06 23:59:59.999', '2026-02-07 00:00:00']
    const events = times.map((time, index) =>
      eventOf(5, `request-${index}`, { at: at(time), costNanoUsd: usd(String(10 ** index)) }),
    )
    expect(daysOf(ofFive({ events: whole(events) }))).toEqual([['2026-02-06', 0n, 0, usd('110')]])
  })

  it.each([
    ['its last instant has passed', midnight, [['2026-02-06', usd('3'), 1, usd('2')]]],
    ['it lacks a millisecond', later(midnight, -1), []],
  ])('is compared once %s', (_, asOf, expected) => {
    const space = { usage: whole([on('2026-02-06', '3')]), events: whole([at12('2026-02-06', '2')]) }
    expect(daysOf({ ...ofFive(space), plan: planOf({}, {}, asOf) })).toEqual(expected)
  })

  it.each([
    ['2026-02-05T00:00:00+08:00', '2026-02-07T00:00:00+08:00', ['2026-02-05', '2026-02-06']],
    ['2026-02-05T00:00:01+08:00', '2026-02-07T00:00:00+08:00', ['2026-02-06']],
    ['2026-02-05T00:00:00+08:00', '2026-02-06T23:59:59+08:00', ['2026-02-05']],
    ['2026-02-05T12:00:00+08:00', '2026-02-06T12:00:00+08:00', []],
  ])('is compared where the window %s to %s holds it as a whole', (start, end, expected) => {
    const days = ['2026-02-05', '2026-02-06']
    const space = { usage: whole(days.map((day) => on(day, '1'))), events: whole(days.map((day) => at12(day, '1'))) }
    expect(daysOf({ ...ofFive(space), plan: planOf({ start, end }) }).map(([day]) => day)).toEqual(expected)
  })

  it('of an account outside the audit, or of nobody, is not compared', () => {
    const strange = { keyId: 'deadbeef-0000-4000-8000-000000000000' }
    const events = [eventOf(9, 'a'), eventOf(5, 'b', strange), eventOf(5, 'c')]
    const team = { members: [5, 9], usage: whole([usageOf(9, '3')]), events: whole(events) }
    expect(daysOf({ spaces: [team] })).toEqual([['2026-02-06', 0n, 0, usd('1')]])
  })

  it('is not compared where one of the two was not read whole, and that is said', () => {
    const usage = whole([usageOf(5, '3')])
    const events = whole([eventOf(5, 'a')])
    const unread = (space: Omit<GivenSpace, 'members'>) => {
      const { dailyBills, billsUnread } = bookOf(ofFive(space))
      return { days: dailyBills.length, billsUnread }
    }
    expect(unread({ usage, events })).toEqual({ days: 1, billsUnread: [] })
    expect(unread({ usage, events: part([eventOf(5, 'a')]) })).toEqual({
      days: 0,
      billsUnread: [{ accountId: 5, reason: { code: 'events-unread' } }],
    })
    expect(unread({ usage: failed('503'), events })).toEqual({
      days: 0,
      billsUnread: [{ accountId: 5, reason: { code: 'bill-unread', params: { detail: '503', failure: 'forbidden' } } }],
    })
    expect(unread({ usage: whole([usageOf(5, '3', { isNoDay: true })]), events })).toEqual({
      days: 0,
      billsUnread: [{ accountId: 5, reason: { code: 'usage-days' } }],
    })
    expect(unread({ usage: part([usageOf(5, '3')]), events })).toMatchObject({
      days: 0,
      billsUnread: [{ accountId: 5 }],
    })
  })

  it('is not compared where rows name nobody, and only there', () => {
    const team = { members: [5, 6], usage: whole([usageOf(null, '3')]), events: whole([eventOf(5, 'a')]) }
    const { dailyBills, billsUnread } = bookOf({ spaces: [team] })
    expect(dailyBills).toEqual([])
    expect(billsUnread).toEqual([5, 6].map((accountId) => ({ accountId, reason: { code: 'no-key-ids' } })))
  })
})

describe('an account whose events were not read whole', () => {
  const unreadOf = (given: GivenEvidence) => bookOf(given).unread
  const because = (accountId: number, detail: string, failure?: string) => ({
    accountId,
    reason: { code: 'events-unread', params: { detail, ...(failure !== undefined && { failure }) } },
  })

  it('is told with the reason of its own bill', () => {
    const spaces = [
      { members: [5], events: part([eventOf(5, 'a')], 'the cursor repeats') },
      { members: [6], events: failed('403') },
    ]
    expect(unreadOf({ spaces })).toEqual([
      because(5, 'the cursor repeats', 'page-limit'),
      because(6, '403', 'forbidden'),
    ])
    expect(unreadOf({ spaces: [{ members: [5] }, { members: [6], events: failed('403') }] })).toEqual([
      because(6, '403', 'forbidden'),
    ])
    expect(unreadOf({ spaces: [{ members: [5] }, { members: [6] }] })).toEqual([])
  })

  it('is told with the question that its bill left open', () => {
    const spaces = [{ members: [5] }, { members: [6] }]
    const gaps = { 'team-6': '3 requests asked for by id were not answered: 500' }
    expect(unreadOf({ spaces, gaps })).toEqual([because(6, gaps['team-6'], 'server-error')])
  })

  it('is told where its events were never asked for', () => {
    expect(unreadOf(ofFive({ events: null }))).toEqual([because(5, 'its bill could not be read')])
  })
})

describe('an event that fal bills twice', () => {
  const twice = (requestId: string) => ({ event: eventOf(5, requestId), times: 2 })
  const repeatedOf = (given: Omit<GivenEvidence, 'repeated'>, requestId = 'request-1') =>
    bookOf({ ...given, repeated: [twice(requestId)] }).repeated.map(({ event: _, times: __, ...who }) => who)
  const billed = ofFive({ events: whole([eventOf(5, 'request-1'), eventOf(5, 'request-1'), eventOf(5, 'lost')]) })

  it('is told under the task that claims its request', () => {
    const tasks = [taskOf(5, 1), taskOf(5, 2, { requestId: 'request-1', createdAt: later(midnight, -1) })]
    expect(bookOf({ ...billed, tasks, repeated: [twice('request-1')] }).repeated).toEqual([
      { requestId: 'request-1', accountId: 5, taskId: 'task-1', userId: 101, event: eventOf(5, 'request-1'), times: 2 },
    ])
  })

  it('is told without a task where none of any time has its id', () => {
    expect(repeatedOf(billed, 'lost')).toEqual([{ requestId: 'lost', accountId: 5, taskId: null }])
    const team = { members: [5, 6], usage: whole([usageOf(null, '1')]), events: whole([eventOf(null, 'lost')]) }
    expect(repeatedOf({ spaces: [team] }, 'lost')).toEqual([
      { requestId: 'lost', accountId: null, workspace: 'team-5', taskId: null },
    ])
  })

  it('names no account that is outside the audit, though its task is within', () => {
    const team = { members: [5, 9], events: whole([eventOf(9, 'request-1')]) }
    expect(repeatedOf({ spaces: [team], tasks: [taskOf(5, 1)] })).toEqual([
      { requestId: 'request-1', accountId: null, taskId: 'task-1', userId: 101 },
    ])
  })

  it('is left to the period of its task, and to the user it belongs to', () => {
    expect(repeatedOf({ ...billed, otherTasks: [taskOf(5, 1, { createdAt: at('2026-01-05 12:00:00') })] })).toEqual([])
    const ofUser = (userId: number) =>
      repeatedOf({ ...billed, tasks: [taskOf(5, 1)], plan: planOf({ userIds: [userId] }) })
    const repeated = { requestId: 'request-1', accountId: 5, taskId: 'task-1', userId: 101 }
    expect(ofUser(102)).toEqual([{ ...repeated, leftOut: true }])
    expect(ofUser(101)).toEqual([repeated])
  })
})

describe('prices', () => {
  const pricesOf = (given: GivenEvidence) => bookOf(given).prices

  it('are told in order of time, with the workspace, unit and discount they hold for', () => {
    const events = [
      eventOf(5, 'a', { at: later(midnight, -3), unitPrice: '0.3' }),
      eventOf(5, 'a', { at: later(midnight, -1), unitPrice: '0.1', unit: null, percentDiscount: '20' }),
      eventOf(5, 'b', { at: later(midnight, -2), unitPrice: '0.2' }),
      eventOf(5, 'c', { unitPrice: null }),
    ]
    const videos = { workspace: 'team-5', model: MODEL, unit: 'videos', percentDiscount: '0' }
    expect(pricesOf(ofFive({ events: whole(events) }))).toEqual([
      { ...videos, unitPrice: '0.3', at: later(midnight, -3) },
      { ...videos, unitPrice: '0.2', at: later(midnight, -2) },
      { ...videos, unit: '', percentDiscount: '20', unitPrice: '0.1', at: later(midnight, -1) },
    ])
  })

  it('of accounts outside the audit are not told', () => {
    const events = [eventOf(9, 'a', { unitPrice: '7' }), eventOf(5, 'b', { unitPrice: '1' })]
    expect(pricesOf({ spaces: [{ members: [5, 9], events: whole(events) }] })).toMatchObject([{ unitPrice: '1' }])
  })
})

describe('a request', () => {
  const early = { createdAt: at('2026-02-05 23:59:59') }
  const undivided = (events: readonly string[], given: GivenEvidence = {}): GivenEvidence => ({
    ...given,
    spaces: [
      { members: [5, 9], usage: whole([usageOf(null, '1')]), events: whole(events.map((id) => eventOf(null, id))) },
    ],
  })
  const leftOutOf = (given: GivenEvidence): string[] => {
    const { join, scope } = reconciled(given)
    return join.groups.filter((group) => leftOut(group, scope)).map(({ requestId }) => requestId)
  }

  it('of a key outside the audit is left out, unless a task of the window claims it', () => {
    const events = ['lost', 'request-1', 'request-2', 'request-3', 'request-4'].map((id) => eventOf(9, id))
    const tasks = [
      taskOf(5, 1),
      taskOf(5, 2, early),
      taskOf(9, 3),
      taskRow({ rowId: 4, requestId: 'request-4', apiKey: 'unknown' }),
    ]
    const spaces = [{ members: [5, 9], events: whole([...events, eventOf(5, 'own')]) }]
    expect(leftOutOf({ spaces, tasks })).toEqual(['lost', 'request-2', 'request-3'])
    // A filter by account leaves keys out that nobody has.
    expect(leftOutOf({ spaces, tasks, plan: planOf({ ids: [5] }) })).toEqual([
      'lost',
      'request-2',
      'request-3',
      'request-4',
    ])
  })

  it('of a key in the audit stays, whoever claims it', () => {
    const events = ['request-1', 'request-2'].map((id) => eventOf(5, id))
    expect(leftOutOf({ ...ofFive({ events: whole(events) }), tasks: [taskOf(9, 1), taskOf(5, 2, early)] })).toEqual([])
  })

  it('of a bill that tells nobody is left out where its task is of an account outside the audit', () => {
    const tasks = [
      taskOf(9, 1),
      taskOf(5, 2),
      taskOf(5, 3, early),
      taskRow({ rowId: 4, requestId: 'request-4', apiKey: 'x' }),
    ]
    const all = ['lost', 'request-1', 'request-2', 'request-3', 'request-4']
    expect(leftOutOf(undivided(all, { tasks }))).toEqual(['request-1'])
    expect(leftOutOf(undivided(all, { tasks, plan: planOf({ ids: [5] }) }))).toEqual(['request-1'])
  })

  it('that a person caused with a token stays, whoever claims it', () => {
    const events = [eventOf(null, 'request-1', { login: 'alice' }), eventOf(null, 'lost', { login: 'alice' })]
    const { join, ...rest } = reconciled({ ...ofFive({ events: whole(events) }), tasks: [taskOf(9, 1)] })
    expect(join.groups.map(({ owner }) => owner)).toEqual(['unattributed', 'unattributed'])
    expect(join.groups.filter((group) => leftOut(group, rest.scope))).toEqual([])
  })

  it('of an account outside the audit that shares a bill is told apart, unless keys tell', () => {
    const tasks = [taskOf(5, 1), taskOf(9, 2)]
    const outside = (given: GivenEvidence) => reconciled(given).join.outside.map(({ task }) => task.taskId)
    expect(outside(undivided([], { tasks }))).toEqual(['task-2'])
    expect(outside({ spaces: [{ members: [5, 9], usage: whole([usageOf(5, '1')]) }], tasks })).toEqual([])
  })
})

describe('the number of requests', () => {
  const start = at('2026-02-06 00:00:00')
  const countOf = (asOf: Parameters<typeof planOf>[2], ...events: [string, ReturnType<typeof at>][]) => {
    const told = whole(events.map(([id, time]) => eventOf(5, id, { at: time })))
    const { sums, placements } = reconciled({ ...ofFive({ events: told }), plan: planOf({}, {}, asOf) })
    const inTime = placements.filter(({ isInTime }) => isInTime).map(({ group }) => group.requestId)
    return [sums.placements.reduce((all, sum) => all + sum.requests, 0), inTime.filter((id) => id === 'a').length]
  }
  const dayAfter = later(midnight, 86_400_000)

  it('is that of ids with an event of the window', () => {
    expect(countOf(dayAfter, ['a', start], ['a', midnight], ['b', later(midnight, -1)], ['b', start])).toEqual([2, 1])
    expect(countOf(dayAfter, ['a', later(start, -1)], ['b', midnight], ['c', start])).toEqual([1, 0])
  })

  it('ends at the moment of reading', () => {
    const noon = at('2026-02-06 12:00:00')
    expect(countOf(noon, ['a', later(noon, -1)], ['b', noon])).toEqual([1, 1])
  })
})
