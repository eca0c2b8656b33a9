import { describe, expect, it } from 'vitest'
import { accountFinder, keyIdOwners } from '../../../src/audit/bills/account-keys.ts'
import { periodBill, placeRequests } from '../../../src/audit/requests/period-bill.ts'
import { PlacementSums } from '../../../src/audit/requests/placement-sums.ts'
import type { BillingEvent } from '../../../src/fal/reader.ts'
import { AS_OF, at, later, usd } from '../../kit/books.ts'
import { bill, event, type Given, joined, scopeOf, task } from '../../kit/joined.ts'
import { planOf } from '../../kit/rows.ts'

const standings = (given: Given, scope = scopeOf()) =>
  joined(given, scope).verdicts.map(({ task: { rowId }, standing }) => [rowId, standing])

describe('where a task stands', () => {
  const old = { createdAt: at('2026-02-06 12:00:00'), completedAt: at('2026-02-06 12:00:30') }

  it('each has one class', () => {
    const tasks = [
      task(1),
      task(2),
      task(3, { completedAt: later(AS_OF, -1000) }),
      task(4, { status: 'failed' }),
      task(5, { status: 'unfinished', completedAt: null }),
      task(6, { requestId: '' }),
      task(7, { requestId: 'request-1', ...old, createdAt: later(old.createdAt, 1) }),
      task(8, { apiKey: 'key-8' }),
      task(10, { apiKey: 'unknown' }),
      task(11),
      task(12, { requestId: '', completedAt: later(AS_OF, -1000) }),
      task(13, { requestId: '', apiKey: 'unknown' }),
      task(14, { requestId: 'request-1', apiKey: 'unknown', createdAt: later(old.createdAt, 2) }),
      task(15, { apiKey: 'unknown' }),
    ]
    const events = [event('request-1'), event('request-8'), event('request-15'), event('')]
    expect(standings({ tasks, events, unanswered: ['request-11'] })).toEqual([
      [1, 'matched'],
      [2, 'unbilled'],
      [3, 'pending'],
      [4, 'failed'],
      [5, 'unfinished'],
      [6, 'without-id'],
      [7, 'duplicate'],
      [8, 'not-evaluated'],
      [10, 'not-evaluated'],
      [11, 'not-evaluated'],
      [12, 'pending'],
      [13, 'not-evaluated'],
      [14, 'duplicate'],
      [15, 'matched'],
    ])
    const { verdicts, shared } = joined({ tasks, events, unanswered: ['request-11'] })
    const billed = verdicts.filter(({ events: own, billedNanoUsd }) => own.length > 0 || billedNanoUsd > 0n)
    expect(billed.map((verdict) => verdict.task.rowId)).toEqual([1, 15])
    expect(shared.map(({ requestId }) => requestId)).toEqual(['request-1'])
  })

  it('of the window and the accounts of the audit only', () => {
    const tasks = [
      task(1, { createdAt: at('2026-02-05 23:59:59') }),
      task(2, { createdAt: at('2026-02-06 00:00:00') }),
      task(3, { createdAt: at('2026-02-07 00:00:00') }),
      task(4, { apiKey: 'key-9' }),
      task(5, { apiKey: 'unknown' }),
    ]
    expect(standings({ tasks }).map(([rowId]) => rowId)).toEqual([2, 5])
    expect(standings({ tasks }, scopeOf({ plan: planOf({ ids: [5] }) })).map(([rowId]) => rowId)).toEqual([2])
  })

  it('and apart from them those that share a bill that tells nobody apart', () => {
    const tasks = [task(1), task(2, { apiKey: 'key-9' }), task(3, { apiKey: 'key-10' }), task(4, { apiKey: 'unknown' })]
    const scope = scopeOf({
      plan: planOf({ ids: [5] }),
      sharesBill: (accountId) => accountId === 9,
      eventsRead: () => true,
    })
    const { verdicts, outside } = joined({ tasks, events: [event('request-2')] }, scope)
    expect(verdicts.map((verdict) => verdict.task.rowId)).toEqual([1])
    expect(outside).toMatchObject([{ task: { rowId: 2 }, accountId: 9, standing: 'matched', billedNanoUsd: usd('1') }])
    const [placement] = placeRequests(joined({ tasks, events: [event('request-2')] }, scope), scope)
    expect(placement).toMatchObject({ matchedNanoUsd: usd('1'), carriedInNanoUsd: 0n })
  })

  it('with what was billed for it, and whether the filter by user leaves it', () => {
    const tasks = [task(1), task(2, { userId: 102 })]
    const events = [event('request-1', { costNanoUsd: usd('2') }), event('request-1', { costNanoUsd: usd('3') })]
    const [first, second] = joined({ tasks, events }, scopeOf({ plan: planOf({ userIds: [102] }) })).verdicts
    expect(first).toMatchObject({ accountId: 5, billedNanoUsd: usd('5'), selected: false })
    expect(first?.events).toHaveLength(2)
    expect(second).toMatchObject({ accountId: 5, billedNanoUsd: 0n, events: [], selected: true })
    expect(joined({ tasks }).verdicts.map(({ selected }) => selected)).toEqual([true, true])
  })
})

describe('a request that several tasks bear', () => {
  const shared = { requestId: 'shared' }
  const noon = at('2026-02-06 12:00:00')

  it.each([
    ['a success', [task(1, { ...shared, status: 'failed' }), task(2, { ...shared, createdAt: later(noon, 9) })], 2],
    ['the earliest', [task(1, { ...shared, createdAt: later(noon, 1) }), task(2, shared)], 2],
    ['the first row', [task(2, shared), task(1, shared)], 1],
    ['a failure where none succeeded', [task(1, { ...shared, status: 'failed' })], 1],
  ])('is claimed by %s', (_, tasks, claiming) => {
    for (const order of [tasks, [...tasks].reverse()]) {
      const { groups } = joined({ tasks: order, events: [event('shared')] })
      expect(groups.map(({ claimedBy }) => claimedBy?.rowId)).toEqual([claiming])
    }
  })

  it('is told with all of them in order of time, by an account that is concerned', () => {
    const outside = task(3, { ...shared, createdAt: at('2026-02-04 12:00:00'), apiKey: 'key-9' })
    const tasks = [task(2, { ...shared, createdAt: later(noon, -1), status: 'failed' }), task(1, shared), task(4)]
    const { shared: told } = joined({ tasks, otherTasks: [outside] })
    expect(told).toEqual([{ requestId: 'shared', accountId: 5, tasks: [outside, tasks[0], tasks[1]] }])
    expect(joined({ tasks: [task(1)], otherTasks: [task(7)] }).shared).toEqual([])
  })

  it.each([
    ['the window', [task(1, { ...shared, createdAt: at('2026-02-05 12:00:00') })], {}],
    ['the accounts', [task(1, { ...shared, apiKey: 'key-9' })], {}],
    ['the filter by user', [task(1, { ...shared, userId: 102 })], { userIds: [101] }],
  ])('is left out where %s leave none of them', (_, tasks, request) => {
    const otherTasks = [task(9, { ...shared, createdAt: at('2026-01-05 12:00:00') })]
    const scope = scopeOf({ plan: planOf(request) })
    expect(joined({ tasks, otherTasks }, scope).shared).toEqual([])
    const concerned = task(2, { ...shared, userId: 101 })
    expect(joined({ tasks: [...tasks, concerned], otherTasks }, scope).shared).toHaveLength(1)
  })
})

describe('an event without a task', () => {
  const owners = bill(({ keyId }) =>
    keyId === 'out' ? { accountId: 9 } : keyId === 'none' ? 'unattributed' : 'undivided',
  )

  it('is an orphan of its account, or of several, and of nobody else', () => {
    const events = [
      event('a', { keyId: 'out' }),
      event('b', { keyId: 'none' }),
      event('c'),
      event('d', { at: at('2026-02-07 00:00:00') }),
      event('c', { at: at('2026-02-07 00:00:00'), costNanoUsd: usd('50') }),
      event('c', { at: at('2026-02-06 00:00:00'), costNanoUsd: usd('2') }),
    ]
    expect(joined({ events, bill: owners }).orphans).toMatchObject([
      { requestId: 'c', accountId: null, costNanoUsd: usd('3') },
    ])
    expect(joined({ events, bill: owners }).orphans[0]?.events).toHaveLength(2)
    expect(joined({ events: [event('x')] }).orphans).toMatchObject([{ requestId: 'x', accountId: 5 }])
    expect(joined({ events: [event('x')], otherTasks: [task(1, { requestId: 'x' })] }).orphans).toEqual([])
  })

  it('tells of an orphan what keys that no account row holds were billed of it within the window', () => {
    const own = bill(undefined, 'strange')
    const strange = (overrides: Partial<BillingEvent>) => event('a', { keyId: 'strange', ...overrides })
    const events = [event('a'), strange({ costNanoUsd: usd('2') }), strange({ at: at('2026-02-07 00:00:00') })]
    expect(joined({ events, bill: own }).orphans).toMatchObject([{ costNanoUsd: usd('3'), strangeNanoUsd: usd('2') }])
    expect(joined({ events: events.slice(0, 1), bill: own }).orphans[0]).not.toHaveProperty('strangeNanoUsd')
  })

  it('the first in time says whose a request is, whatever order they come in', () => {
    const [one, two] = [event('a', { keyId: 'none', at: at('2026-02-06 10:00:00') }), event('a', { keyId: 'other' })]
    for (const events of [
      [one, two],
      [two, one],
    ])
      expect(joined({ events, bill: owners }).groups).toMatchObject([{ owner: 'unattributed', events: [one, two] }])
    const same = [event('a', { keyId: 'b' }), event('a', { keyId: 'none' }), event('a', { keyId: 'a' })]
    for (const events of [same, [...same].reverse()])
      expect(joined({ events }).groups[0]?.events.map(({ keyId }) => keyId)).toEqual(['a', 'b', 'none'])
  })
})

describe('what the matches show', () => {
  it('are the names of models, in order', () => {
    const tasks = [task(1, { model: 'z' }), task(2, { model: 'a' }), task(3, { model: 'z' }), task(4, { model: 'm' })]
    const events = [
      event('request-1', { model: 'fal-ai/y', at: at('2026-02-06 11:00:00') }),
      event('request-2', { model: 'fal-ai/a', at: at('2026-02-06 13:00:00') }),
      event('request-3', { model: 'fal-ai/b' }),
      event('request-1', { model: 'fal-ai/b' }),
      event('orphan', { model: 'fal-ai/o' }),
    ]
    const { matchedNames } = joined({ tasks, events })
    expect([...matchedNames]).toEqual([
      ['a', ['fal-ai/a']],
      ['z', ['fal-ai/b', 'fal-ai/y']],
    ])
  })

  it('are how long after its end a task is billed', () => {
    const end = at('2026-02-06 12:00:30')
    const born = at('2026-02-06 12:00:00')
    const tasks = [
      ...[task(1), task(2), task(4, { completedAt: null }), task(5, { completedAt: later(end, 60_000) })],
      ...[task(6, { completedAt: later(born, -26 * 3_600_000 - 1) }), task(7, { completedAt: born })],
    ]
    const events = [
      event('request-1', { at: later(end, 90) }),
      event('request-1', { at: later(end, 95) }),
      event('request-2', { at: later(end, 11_000) }),
      event('request-4'),
      event('request-5', { at: later(end, 59_996) }),
      event('request-6'),
      event('request-7', { at: later(born, 5) }),
      event('orphan'),
    ]
    expect([...joined({ tasks, events }).delays].sort((a, b) => a - b)).toEqual([-4, 5, 90, 11_000])
  })
})

describe('the cost of a request', () => {
  const inTime = { at: at('2026-02-06 12:00:00'), costNanoUsd: usd('2') }
  const late = { at: at('2026-02-07 00:00:00'), costNanoUsd: usd('5') }
  const place = (given: Given, scope = scopeOf()) =>
    placeRequests(
      joined({ events: [event('request-1', inTime), event('request-1', late)], ...given }, scope),
      scope,
    ).map(({ events, group: _, isInTime: __, around = [], ...amounts }) => ({
      ...Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== 0n)),
      events: events.length,
      ...(around.length > 0 && { around: around.length }),
    }))
  const carriedIn = [{ inTimeNanoUsd: usd('2'), carriedInNanoUsd: usd('2'), events: 0 }]

  it('belongs to the period of its task, or to its own time without one', () => {
    expect(place({ tasks: [task(1)] })).toEqual([
      { inTimeNanoUsd: usd('2'), matchedNanoUsd: usd('7'), carriedOutNanoUsd: usd('5'), events: 2 },
    ])
    expect(place({})).toEqual([{ inTimeNanoUsd: usd('2'), orphanNanoUsd: usd('2'), events: 1, around: 1 }])
    expect(place({ tasks: [task(1, { createdAt: at('2026-02-05 23:00:00') })] })).toEqual(carriedIn)
    expect(place({ tasks: [task(1, { apiKey: 'unknown' })] })).toMatchObject([{ matchedNanoUsd: usd('7') }])
  })
})

describe('the bill by task period', () => {
  it('adds up by endpoint, whatever name the task stores', () => {
    const tasks = [task(1, { model: 'stored' }), task(2, { model: 'stored' })]
    const events = [
      event('request-1', { model: 'fal-ai/m', at: at('2026-02-06 09:00:00') }),
      event('request-2', { model: 'fal-ai/b', costNanoUsd: usd('2'), at: at('2026-02-06 10:00:00') }),
      event('request-2', { model: 'fal-ai/z', costNanoUsd: usd('4'), at: at('2026-02-06 11:00:00') }),
      event('lost', { model: 'fal-ai/lost', costNanoUsd: usd('8') }),
    ]
    const join = joined({ tasks, events })
    const sums = new PlacementSums()
    for (const placement of placeRequests(join, scopeOf())) sums.add(placement)
    const { figures, bridge } = periodBill(
      sums.list(),
      () => true,
      (endpoint) => endpoint.slice(0, 8),
    )
    expect([...figures.byModel]).toEqual([
      ['fal-ai/m', { model: 'fal-ai/m', costNanoUsd: usd('1') }],
      ['fal-ai/b', { model: 'fal-ai/b', costNanoUsd: usd('2') }],
      ['fal-ai/z', { model: 'fal-ai/z', costNanoUsd: usd('4') }],
      ['fal-ai/l', { model: 'fal-ai/lost', costNanoUsd: usd('8') }],
    ])
    expect([figures.costNanoUsd, bridge.byTaskPeriodNanoUsd, bridge.byEventTimeNanoUsd]).toEqual([
      usd('15'),
      usd('15'),
      usd('15'),
    ])
  })
})

describe('keys', () => {
  const account = (accountId: number, apiKey: string) => ({
    ...{ accountId, apiKey, name: '', balanceNanoUsd: null, disabled: false },
  })

  it('belong to the first account that has them, without case and blanks', () => {
    const find = accountFinder([account(5, ' Key:A '), account(6, 'key:a'), account(7, ' '), account(8, 'key:b')])
    expect(['KEY:a', 'key:b ', '', ' ', 'key:c', 'KEY:a'].map(find)).toEqual([5, 8, undefined, undefined, undefined, 5])
  })

  it('tell by their id which account is billed, unless several have it', () => {
    const id = (digit: string) => `0000000${digit}-0000-4000-8000-000000000000`
    const owners = keyIdOwners([
      account(1, `${id('1')}:a`),
      account(2, `${id('2')}:a`),
      account(3, `${id('2')}:b`),
      account(4, 'plain'),
    ])
    expect([...owners]).toEqual([
      [id('1'), 1],
      [id('2'), null],
    ])
  })
})
