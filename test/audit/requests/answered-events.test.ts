import { describe, expect, it } from 'vitest'
import { repeatedEvents } from '../../../src/audit/requests/answered-events.ts'
import type { BillingEvent } from '../../../src/fal/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { DAY, HOUR } from '../../../src/units/instant.ts'
import { AS_OF, at, later, points, usd } from '../../kit/books.ts'
import { eventOf, failed, type GivenEvidence, part, taskOf, whole } from '../../kit/evidence.ts'
import { readRequests as read } from '../../kit/request-spools.ts'
import { planOf } from '../../kit/rows.ts'

const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')

const ofFive = (...events: readonly BillingEvent[]): GivenEvidence => ({
  spaces: [{ members: [5], events: whole(events) }],
})

describe('the events of a bill', () => {
  it('count up to the moment of reading, under their bare ids', async () => {
    const id = 'AAAAAAAA-0000-4000-8000-000000000001'
    const events = [eventOf(5, `fal-ai/veo3#${id}`, { at: AS_OF }), eventOf(5, 'b', { at: later(AS_OF, 1) })]
    const { eventsOf } = await read(ofFive(...events))
    expect(eventsOf('team-5')?.map(({ requestId }) => requestId)).toEqual([id.toLowerCase()])
  })

  it('are none where they were not read whole', async () => {
    const five = { members: [5], events: part([eventOf(5, 'a')]) }
    const six = { members: [6], events: whole([eventOf(6, 'b')]) }
    const { eventsOf, lookedUp } = await read({ spaces: [five, six, { members: [9], events: null }] })
    expect([eventsOf('team-5'), eventsOf('team-6')?.length, eventsOf('team-9')]).toEqual([null, 1, null])
    expect(lookedUp).toEqual([['b']])
  })
})

describe('the whole task table is searched', () => {
  const old = { createdAt: at('2025-12-24 12:00:00') }

  it('for events of the window without a task, before any is called unrecorded', async () => {
    const times = { before: later(start, -1), first: start, last: later(end, -1), after: end }
    const events = Object.entries(times).map(([id, time]) => eventOf(5, id, { at: time }))
    const table = [taskOf(5, 7, { ...old, requestId: 'first' })]
    const { lookedUp, otherTasks } = await read({ ...ofFive(...events), table })
    expect(lookedUp).toEqual([['first', 'last']])
    expect(otherTasks).toEqual(table)
  })

  it('for other tasks that bear an id of the window, each told once', async () => {
    const tasks = [
      taskOf(5, 1),
      taskOf(5, 2, { createdAt: later(start, -1) }),
      taskOf(5, 3, { createdAt: start }),
      taskOf(5, 4, { createdAt: end }),
      taskOf(5, 5, { requestId: '' }),
    ]
    const twin = taskOf(5, 8, { ...old, requestId: 'request-1' })
    const billed = ofFive(...['request-1', 'request-2', 'request-3', 'request-4'].map((id) => eventOf(5, id)))
    const { lookedUp, otherTasks, sharedSearched } = await read({ ...billed, tasks, table: [...tasks, twin] })
    expect(lookedUp.map((ids) => [...ids].sort())).toEqual([['request-1', 'request-3']])
    expect([otherTasks, sharedSearched]).toEqual([[twin], true])
  })

  it('for nothing where there is nothing to ask', async () => {
    expect((await read(ofFive())).lookedUp).toEqual([])
  })

  it('for ids of the window only while they are few, and says so', async () => {
    const tasks = Array.from({ length: LIMITS.lookupIdsTotal }, (_, index) =>
      taskOf(5, index, {
        status: 'unfinished',
        createdAt: later(start, 1),
        costNanoUsd: usd('0'),
        chargedPoints: points(0),
      }),
    )
    const lost = ofFive(eventOf(5, 'lost'))
    const most = await read({ ...lost, tasks })
    expect([most.sharedSearched, most.lookedUp[0]?.length]).toEqual([true, LIMITS.lookupIdsTotal + 1])
    tasks.push(taskOf(5, 999_998), taskOf(5, 999_999))
    const more = await read({ ...lost, tasks })
    expect([more.sharedSearched, more.lookedUp]).toEqual([false, [['lost']]])
  })
})

describe('fal is asked by id for tasks without an event', () => {
  const free = { costNanoUsd: usd('0'), chargedPoints: points(0) }
  const young = { completedAt: later(AS_OF, -HOUR) }
  const runs = (age: number) => ({ status: 'unfinished', createdAt: later(AS_OF, -age), completedAt: null }) as const
  const today = planOf({ start: '2026-02-06', end: '2026-02-09' })

  it.each([
    ['a settled success', {}, true],
    ['with a charge alone', { costNanoUsd: usd('0') }, true],
    ['with a cost alone', { chargedPoints: points(0) }, true],
    ['with neither', free, false],
    ['a success that is not settled', young, false],
    ['a failure, however young', { ...runs(HOUR), status: 'failed' } as const, true],
    ['one that runs for a day', runs(DAY), true],
    ['one that runs not quite for a day', runs(DAY - 1), false],
    ['without an id', { requestId: '' }, false],
    ['of another account’s bill', { apiKey: 'unknown' }, false],
  ])('%s', async (_, more, expected) => {
    const { askedIds } = await read({ ...ofFive(), tasks: [taskOf(5, 1, more)], plan: today })
    expect(askedIds).toEqual(expected ? [['request-1']] : [])
  })

  it('of the window, in their own bill, with the key of it', async () => {
    const tasks = [
      taskOf(5, 1, { createdAt: start }),
      taskOf(5, 2, { createdAt: later(start, -1) }),
      taskOf(5, 3, { createdAt: end }),
      taskOf(6, 4),
      taskOf(9, 5),
      taskOf(5, 6),
      taskOf(5, 7, { requestId: 'request-6' }),
      taskOf(5, 8),
    ]
    const spaces = [
      { members: [5], events: whole([eventOf(5, 'request-8')]) },
      { members: [6], events: failed() },
      { members: [9], events: whole([eventOf(9, 'other')]) },
    ]
    const { asked } = await read({ spaces, tasks })
    // A day before the earliest of them, since stored times may be read in a wrong zone; never without a start.
    const since = (first: typeof start) => ({
      apiKey: 'key of the bill',
      range: { start: later(first, -DAY), end: AS_OF },
    })
    expect(asked).toEqual([
      { ...since(start), requestIds: ['request-1', 'request-6'] },
      { ...since(at('2026-02-06 12:00:00')), requestIds: ['request-5'] },
    ])
  })

  it('and what it finds is added to the bill', async () => {
    const late = eventOf(5, 'fal-ai/veo3#request-1', { at: later(AS_OF, -1) })
    const { eventsOf, unanswered, gaps } = await read({
      ...ofFive(eventOf(5, 'lost')),
      tasks: [taskOf(5, 1), taskOf(5, 2)],
      byId: [late],
    })
    expect(eventsOf('team-5')).toEqual([eventOf(5, 'lost'), { ...late, requestId: 'request-1' }])
    expect([unanswered.size, gaps]).toEqual([0, []])
  })

  it.each([
    ['nothing', failed('500'), '500'],
    ['a part', part([eventOf(5, 'request-1')]), 'too long'],
  ])('where it answers with %s, they stay open and the bill was read in part', async (_, byId, why) => {
    const { eventsOf, unanswered, gaps } = await read({ ...ofFive(), tasks: [taskOf(5, 1), taskOf(5, 2)], byId })
    expect([...unanswered]).toEqual(['request-1', 'request-2'])
    expect(gaps).toEqual([['team-5', `2 requests asked for by id were not answered: ${why}`]])
    expect(eventsOf('team-5')).toEqual([])
  })

  it('for 5,000 of a bill, those first that were recorded to cost something', async () => {
    const costly = (count: number) => Array.from({ length: count }, (_, index) => taskOf(5, index + 1))
    const cheap = taskOf(5, 9999, { costNanoUsd: usd('0') })
    const most = await read({ ...ofFive(), tasks: [cheap, ...costly(5000)] })
    expect(most.askedIds[0]).toEqual(costly(5000).map(({ requestId }) => requestId))
    expect([most.unanswered.size, most.gaps]).toEqual([0, []])
    const more = await read({ ...ofFive(), tasks: [cheap, ...costly(5002)] })
    expect(more.askedIds[0]).toEqual(most.askedIds[0])
    expect([...more.unanswered]).toEqual(['request-5001', 'request-5002'])
    const why = 'only 5000 requests of a bill are asked for by id'
    expect(more.gaps).toEqual([['team-5', `2 requests asked for by id were not answered: ${why}`]])
  })
})

describe('an event that the pages say twice', () => {
  const one = eventOf(5, 'a')
  const bare = (events: readonly BillingEvent[] | null) => events?.map(({ requestId }) => requestId)

  it('is asked for by its id, and what fal then says is the truth', async () => {
    const other = eventOf(5, 'b')
    const first = eventOf(5, 'c', { at: later(one.at, -1) })
    const once = await read({ ...ofFive(one, other, one, first, first), byId: [one, first] })
    expect(once.asked).toEqual([
      { apiKey: 'key of the bill', range: { start: later(first.at, -DAY), end: AS_OF }, requestIds: ['a', 'c'] },
    ])
    expect([once.repeated, once.eventsOf('team-5')]).toEqual([[], [other, one, first]])
    const twice = await read({ ...ofFive(one, one, other), byId: [one, one] })
    expect(twice.repeated).toEqual([{ event: one, times: 2 }])
    expect(bare(twice.eventsOf('team-5'))).toEqual(['b', 'a', 'a'])
  })

  it('loses no other event of its request, however long before', async () => {
    const first = eventOf(5, 'a', { at: start, costNanoUsd: usd('7') })
    const last = eventOf(5, 'a', { at: later(start, 3 * DAY) })
    const plan = planOf({ start: '2026-02-06', end: '2026-02-09' })
    const { asked, eventsOf } = await read({ ...ofFive(first, last, last), plan, byId: [first, last] })
    expect([asked[0]?.range.start, eventsOf('team-5')]).toEqual([later(start, -DAY), [first, last]])
  })

  it.each([
    ['time', { at: later(one.at, 1) }],
    ['cost', { costNanoUsd: usd('2') }],
    ['quantity', { quantity: '2' }],
    ['model', { model: 'other' }],
    ['request', { requestId: 'b' }],
  ])('is another one where its %s differs', async (_, more) => {
    const { asked, repeated } = await read(ofFive(one, eventOf(5, 'a', more)))
    expect([asked, repeated]).toEqual([[], []])
  })

  it.each([
    ['nothing', failed('500'), '500'],
    ['a part', part([one]), 'too long'],
  ])('leaves the whole bill open where fal answers with %s', async (_, byId, why) => {
    const { eventsOf, unanswered, gaps, repeated } = await read({ ...ofFive(one, one), byId })
    expect([eventsOf('team-5'), [...unanswered], repeated]).toEqual([null, ['a'], []])
    expect(gaps).toEqual([['team-5', `1 requests asked for by id were not answered: ${why}`]])
  })

  it('is asked for up to 50,000 requests: past that the bill was read in part', async () => {
    const ids = Array.from(
      { length: 50_001 },
      (_, index) => `aaaaaaaa-0000-4000-8000-${String(index).padStart(12, '0')}`,
    )
    const events = ids.map((id) => eventOf(5, id))
    const most = await read({ ...ofFive(...events, ...events.slice(1)), byId: events.slice(1) })
    expect([most.askedIds[0]?.length, most.eventsOf('team-5')?.length, most.gaps]).toEqual([50_000, 50_001, []])
    const more = await read(ofFive(...events, ...events))
    expect([more.asked, more.eventsOf('team-5')]).toEqual([[], null])
    expect(more.gaps[0]?.[1]).toContain('pages repeat more than 50000 requests')
  })

  it('is not asked for in a bill that was not read whole, and each bill is asked with its own', async () => {
    const spaces = [
      { members: [5], events: part([one, one]) },
      { members: [6], events: whole([eventOf(6, 'b'), eventOf(6, 'b')]) },
    ]
    const { askedIds, eventsOf } = await read({ spaces, byId: [eventOf(6, 'b')] })
    expect([askedIds, eventsOf('team-5'), bare(eventsOf('team-6'))]).toEqual([[['b']], null, ['b']])
  })

  it('counts each time it is in one answer', () => {
    const other = eventOf(5, 'a', { costNanoUsd: usd('9') })
    expect(repeatedEvents([one, other, one, eventOf(5, 'b'), one])).toEqual([{ event: one, times: 3 }])
    expect(repeatedEvents([one, other])).toEqual([])
    const inputs = { ...one, unit: 'input tokens' }
    for (const each of [{ unit: 'output tokens' }, { unitPrice: '2' }, { percentDiscount: '10' }, { quantity: '7' }])
      expect(repeatedEvents([inputs, { ...inputs, ...each }])).toEqual([])
    expect(repeatedEvents([inputs, { ...inputs }])).toEqual([{ event: inputs, times: 2 }])
  })
})
