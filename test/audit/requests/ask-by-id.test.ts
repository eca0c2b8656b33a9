import { describe, expect, it } from 'vitest'
import type { AuditPlan } from '../../../src/audit/plan.ts'
import { BillQuestions, type PieceReading } from '../../../src/audit/requests/ask-by-id.ts'
import { type AskingTerms, FOR_RULES, FOR_SUMS } from '../../../src/audit/requests/asking-terms.ts'
import { compareIds } from '../../../src/audit/rules/evidence-list.ts'
import type { BillingEvent, EventQuery, FalReader, Fetched } from '../../../src/fal/reader.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { DAY, HOUR, type Instant } from '../../../src/units/instant.ts'
import { AS_OF, at, later, points, usd } from '../../kit/books.ts'
import { eventOf, evidenceOf, failed, part, taskOf, whole } from '../../kit/evidence.ts'
import { planOf } from '../../kit/rows.ts'

const ASKED_MAX = 5000
const start = at('2026-02-06 00:00:00')
const noon = at('2026-02-06 12:00:00')

type Answer = (query: EventQuery) => Fetched<BillingEvent[]>

/** Questions about the bill of account 5, with what fal was asked, and what its pages said of one piece. */
function questionsTo(answer: Answer | readonly BillingEvent[] = [], plan: AuditPlan = planOf(), asking?: AskingTerms) {
  const [bill] = evidenceOf({ spaces: [{ members: [5], events: whole([]) }] }).attribution.workspaces
  if (bill === undefined) throw new RangeError('no such bill')
  const asked: EventQuery[] = []
  const fal: Pick<FalReader, 'events'> = {
    events: async (_, query) => {
      asked.push(query)
      if (typeof answer === 'function') return answer(query)
      const wanted = new Set(query.requestIds)
      return whole(answer.filter(({ requestId }) => wanted.has(requestId)))
    },
  }
  const { signal } = new AbortController()
  const questions = new BillQuestions(bill, { plan, fal: fal as FalReader, signal, ...(asking && { asking }) })
  return { questions, asked, askedIds: () => asked.map(({ requestIds }) => requestIds) }
}

/** A piece whose pages said these events, and that holds the ids that begin with one of its letters. */
const pieceOf = (events: readonly BillingEvent[] = [], letters = 'abcdefghijklmnopqrstuvwxyz'): PieceReading => ({
  tasks: [],
  eventsOf: (lot) => (lot === 0 ? events : []),
  holds: (requestId) => letters.includes(requestId.charAt(0)),
})
const idsOf = (events: readonly BillingEvent[] | null) => events?.map(({ requestId }) => requestId)
const taskNamed = (requestId: string, more: Partial<TaskRow> = {}) => taskOf(5, 1, { requestId, ...more })
const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index + 1}`)
const reasonOf = (requests: number, why: string) => `${requests} requests asked for by id were not answered: ${why}`
const tooMany = `only ${ASKED_MAX} requests of a bill are asked for by id`

/** What is said of why requests are open. */
const gapOf = ({ gap }: BillQuestions): string | null => gap?.reason ?? null

/** The same ids in an order that has nothing to do with theirs. */
const mixed = (list: readonly string[]): string[] =>
  list
    .map((id, index) => [(index * 7919) % list.length, id] as const)
    .sort(([a], [b]) => a - b)
    .map(([, id]) => id)

describe('tasks without an event', () => {
  it('are asked for by the smallest ids, however many come in whatever order', async () => {
    const many = ids(2 * ASKED_MAX + 2001)
    const first = [...many].sort(compareIds).slice(0, ASKED_MAX)
    for (const order of [many, [...many].reverse(), mixed(many)]) {
      const { questions, askedIds } = questionsTo()
      for (const id of order) questions.addUnbilled(taskNamed(id))
      await questions.ask()
      expect(askedIds()).toEqual([first])
      expect(questions.gap).toEqual({ failure: 'page-limit', reason: reasonOf(many.length - ASKED_MAX, tooMany) })
      expect(questions.isRead).toBe(true)
      expect(['id-5000', 'id-5001'].map((id) => questions.leavesOpen(taskNamed(id)))).toEqual([false, true])
    }
  })

  it.each([
    [ASKED_MAX, null],
    [ASKED_MAX + 1, reasonOf(1, tooMany)],
    [2 * ASKED_MAX, reasonOf(ASKED_MAX, tooMany)],
    [2 * ASKED_MAX + 1, reasonOf(ASKED_MAX + 1, tooMany)],
  ])('leave a gap past 5,000: of %d', async (count, gap) => {
    const { questions, askedIds } = questionsTo()
    for (const id of ids(count)) questions.addUnbilled(taskNamed(id))
    await questions.ask()
    expect([askedIds()[0]?.length, gapOf(questions)]).toEqual([ASKED_MAX, gap])
  })

  it('that were recorded to cost something come first, and of the others none is missed', async () => {
    const { questions, askedIds } = questionsTo()
    const free = { costNanoUsd: usd('0') }
    for (const id of ids(ASKED_MAX)) questions.addUnbilled(taskNamed(`a${id}`, free))
    questions.addUnbilled(taskNamed('z-costs'))
    await questions.ask()
    expect(askedIds()[0]?.[0]).toBe('z-costs')
    expect([askedIds()[0]?.length, gapOf(questions)]).toEqual([ASKED_MAX, null])
    expect(questions.leavesOpen(taskNamed('aid-5000', free))).toBe(false)
  })

  it('are each asked for once, also where one is recorded with a cost and again without', async () => {
    const { questions, askedIds } = questionsTo()
    for (const task of [taskNamed('b'), taskNamed('a'), taskNamed('b'), taskNamed('a', { costNanoUsd: usd('0') })]) {
      questions.addUnbilled(task)
    }
    await questions.ask()
    expect([askedIds(), gapOf(questions)]).toEqual([[['a', 'b']], null])
  })

  it('are asked for from a day before the first of them, up to the moment of reading', async () => {
    const { questions, asked } = questionsTo()
    for (const time of [later(noon, HOUR), noon, later(noon, 2 * HOUR)])
      questions.addUnbilled(taskNamed('a', { createdAt: time }))
    questions.addUnbilled(taskNamed('b', { createdAt: later(start, -1) }))
    questions.addUnbilled(taskNamed('', { createdAt: start }))
    await questions.ask()
    expect(asked).toEqual([{ range: { start: later(noon, -DAY), end: AS_OF }, requestIds: ['a'] }])
  })

  it('are not asked for where there are none', async () => {
    const { questions, asked } = questionsTo()
    await questions.ask()
    expect([asked, gapOf(questions), questions.found]).toEqual([[], null, []])
  })

  it('stay open, all of them, where fal does not answer', async () => {
    const { questions } = questionsTo(() => failed('500'))
    const free = taskNamed('c', { costNanoUsd: usd('0') })
    for (const task of [taskNamed('a'), taskNamed('b'), free]) questions.addUnbilled(task)
    await questions.ask()
    expect(questions.gap).toEqual({ failure: 'forbidden', reason: reasonOf(3, '500') })
    expect(questions.isRead).toBe(true)
    const young = taskNamed('d', { completedAt: later(AS_OF, -HOUR), createdAt: later(AS_OF, -HOUR) })
    const nothing = taskNamed('e', { costNanoUsd: usd('0'), chargedPoints: points(0) })
    expect([taskNamed('a'), free, young, nothing, taskNamed('')].map((task) => questions.leavesOpen(task))).toEqual([
      ...[true, true],
      ...[false, false, false],
    ])
    expect(questions.eventsOf(pieceOf([eventOf(5, 'x')]))).toEqual([eventOf(5, 'x')])
  })

  it('stay open, those of which fal told too, where its answer breaks off', async () => {
    const { questions } = questionsTo(() => part([eventOf(5, 'a')], '500'))
    for (const id of ['a', 'b']) questions.addUnbilled(taskNamed(id))
    await questions.ask()
    expect(gapOf(questions)).toBe(reasonOf(2, '500'))
    expect(['a', 'b'].map((id) => questions.leavesOpen(taskNamed(id)))).toEqual([true, true])
  })

  it('past the limit and without an answer are counted once', async () => {
    const { questions } = questionsTo(() => failed('500'))
    for (const id of ids(2 * ASKED_MAX)) questions.addUnbilled(taskNamed(id))
    await questions.ask()
    expect(gapOf(questions)).toBe(reasonOf(2 * ASKED_MAX, '500'))
  })
})

describe('what fal tells beyond its pages', () => {
  it('belongs to the piece of its request, under its bare id', async () => {
    const { questions } = questionsTo((query) =>
      whole((query.requestIds ?? []).map((id) => eventOf(5, id === 'a' ? 'a' : `fal-ai/x/requests/${id}`))),
    )
    const bare = 'bbbbbbbb-0000-4000-8000-000000000001'
    for (const id of ['a', bare]) questions.addUnbilled(taskNamed(id))
    await questions.ask()
    expect(idsOf(questions.found)).toEqual(['a', bare])
    const said = eventOf(5, 'c')
    expect(
      [pieceOf([], 'a'), pieceOf([said], 'bc'), pieceOf([], 'd')].map((piece) => idsOf(questions.eventsOf(piece))),
    ).toEqual([...[['a'], ['c', bare]], []])
  })

  it('is nothing where it was asked nothing', () => {
    const { questions } = questionsTo()
    const events = [eventOf(5, 'a')]
    expect(questions.eventsOf(pieceOf(events))).toBe(events)
  })
})

describe('requests that pages repeat', () => {
  const [one, other] = [eventOf(5, 'a'), eventOf(5, 'b')]
  const next = { ...one, at: later(one.at, 1) }

  it('are asked for once, whatever the pieces in which they come, and the answer replaces them', async () => {
    const { questions, askedIds } = questionsTo([one, other])
    questions.addEvents([one, one])
    questions.addEvents([eventOf(5, 'c')])
    questions.addEvents([other, other, other])
    await questions.ask()
    expect([askedIds(), questions.repeated]).toEqual([[['a', 'b']], []])
    expect(idsOf(questions.eventsOf(pieceOf([one, one, eventOf(5, 'c')], 'ac')))).toEqual(['c', 'a'])
    expect(idsOf(questions.eventsOf(pieceOf([other, other], 'b')))).toEqual(['b'])
  })

  it('leave the bill unread where the answer lacks an event of theirs: nothing says that they cost less', async () => {
    for (const answer of [[], [one], [{ ...one, costNanoUsd: usd('3') }, next]]) {
      const { questions } = questionsTo(answer)
      questions.addEvents([one, one, next])
      await questions.ask()
      expect(questions.eventsOf(pieceOf([one, one, next]))).toBeNull()
      expect(gapOf(questions)).toMatch(/^pages repeat events of 1 requests, of which fal tells otherwise/)
    }
  })

  it('are told where the answer repeats them as well, for the piece that has them', async () => {
    const { questions } = questionsTo([one, one])
    questions.addEvents([one, one])
    await questions.ask()
    expect(questions.repeated).toEqual([{ event: one, times: 2 }])
    expect(idsOf(questions.eventsOf(pieceOf([one, one])))).toEqual(['a', 'a'])
  })

  it('are asked for since the day before their first event, and no other event’s', async () => {
    const { questions, asked } = questionsTo([one])
    const first = { ...one, at: later(noon, -HOUR), costNanoUsd: usd('3') }
    questions.addEvents([one, one, first, eventOf(5, 'z', { at: start })])
    questions.addEvents([eventOf(5, 'y', { at: start })])
    await questions.ask()
    expect(asked.map(({ range }) => range)).toEqual([{ start: later(first.at, -DAY), end: AS_OF }])
  })

  it('may be what fal answered about a task: then it is asked again, and believed the second time', async () => {
    let answers = 0
    const { questions, askedIds } = questionsTo(() => whole(++answers === 1 ? [one, one, other] : [one]))
    for (const id of ['a', 'b']) questions.addUnbilled(taskNamed(id))
    await questions.ask()
    expect(askedIds()).toEqual([['a', 'b'], ['a']])
    expect([questions.found, questions.repeated]).toEqual([[other, one], []])
    expect(idsOf(questions.eventsOf(pieceOf()))).toEqual(['b', 'a'])
  })

  it.each([
    ['nothing', failed('503')],
    ['a part', part([one], '503')],
  ])('leave the bill unread where fal answers %s, whatever it said before', async (_, answer) => {
    const { questions } = questionsTo((query) => (query.requestIds?.includes('c') ? whole([eventOf(5, 'c')]) : answer))
    questions.addUnbilled(taskNamed('c'))
    questions.addEvents([one, one, other, other])
    await questions.ask()
    expect([questions.isRead, gapOf(questions)]).toEqual([false, reasonOf(2, '503')])
    expect(questions.eventsOf(pieceOf([eventOf(5, 'x')]))).toBeNull()
  })
})

describe('a task of which a rule would say nothing without an event', () => {
  const stuck = 2 * HOUR
  const plan = planOf({ start: '2026-02-06', end: '2026-02-09' }, { thresholds: { stuckMillis: stuck } })

  it.each([
    [
      'that runs as long as a stuck one',
      { status: 'unfinished', createdAt: later(AS_OF, -stuck), completedAt: null },
      true,
    ],
    [
      'that runs not quite as long',
      { status: 'unfinished', createdAt: later(AS_OF, 1 - stuck), completedAt: null },
      false,
    ],
    ['that failed just now', { status: 'failed', createdAt: later(AS_OF, -1), completedAt: null }, true],
    ['with a charge alone', { costNanoUsd: usd('0') }, true],
    ['with neither cost nor charge', { costNanoUsd: usd('0'), chargedPoints: points(0) }, false],
    ['before the window', { createdAt: later(start, -1) }, false],
  ] as const)('is not asked about: one %s', async (_, more, isAsked) => {
    const { questions, askedIds } = questionsTo([], plan)
    questions.addUnbilled(taskNamed('a', more))
    await questions.ask()
    expect(askedIds()).toEqual(isAsked ? [['a']] : [])
  })
})

describe('for sums of cost', () => {
  const sums = (plan: AuditPlan = planOf(), answer: Answer | readonly BillingEvent[] = []) =>
    questionsTo(answer, plan, FOR_SUMS)
  const nothing = { costNanoUsd: usd('0'), chargedPoints: points(0) }
  /** Two days, whose pages end a day after them; tasks are made at noon of the second. */
  const readAt = (asOf: Instant) => planOf({ start: '2026-02-05' }, {}, asOf)
  const dayAfter = at('2026-02-08 00:00:00')

  it.each([
    ['a free success', nothing],
    ['a free failure', { ...nothing, status: 'failed' }],
    ['a charged failure', { status: 'failed', costNanoUsd: usd('0') }],
    ['one that still runs', { ...nothing, status: 'unfinished', completedAt: null }],
  ] as const)('%s without an event is asked about, and stays open without an answer', async (_, more) => {
    const { questions, askedIds } = sums()
    questions.addUnbilled(taskNamed('a', more))
    await questions.ask()
    expect([askedIds(), gapOf(questions), questions.leavesOpen(taskNamed('a', more))]).toEqual([[['a']], null, false])
    const silent = sums(planOf(), () => failed('500'))
    silent.questions.addUnbilled(taskNamed('a', more))
    await silent.questions.ask()
    expect([gapOf(silent.questions), silent.questions.leavesOpen(taskNamed('a', more))]).toEqual([
      reasonOf(1, '500'),
      true,
    ])
  })

  it('a task outside the window, or without an id, is no question', async () => {
    const { questions, askedIds } = sums()
    questions.addUnbilled(taskNamed('a', { ...nothing, createdAt: later(start, -1) }))
    questions.addUnbilled(taskNamed('b', { ...nothing, createdAt: later(start, DAY) }))
    questions.addUnbilled(taskNamed('', nothing))
    await questions.ask()
    expect(askedIds()).toEqual([])
  })

  it.each([
    ['at the end of the pages', dayAfter, false],
    ['a moment later', later(dayAfter, 1), true],
  ])('read %s, fal may tell no more, or more, of the second day than the pages', async (_, asOf, isAsked) => {
    const { questions, askedIds } = sums(readAt(asOf))
    questions.addUnbilled(taskNamed('a', nothing))
    await questions.ask()
    expect(askedIds()).toEqual(isAsked ? [['a']] : [])
  })

  it.each([
    ['a day after the pages begin', 0, false],
    ['a moment less', -1, true],
  ])('made %s, a task may not, or may, have a bill before them', async (_, millis, isAsked) => {
    const plan = readAt(dayAfter)
    const createdAt = later(plan.ranges.events.start, DAY + millis)
    const { questions, askedIds } = sums(plan)
    questions.addUnbilled(taskNamed('a', { ...nothing, createdAt }))
    await questions.ask()
    expect(askedIds()).toEqual(isAsked ? [['a']] : [])
  })

  it('what a rule needs is asked all the same, and its silence past the limit is what it is to the rules', async () => {
    const plan = readAt(dayAfter)
    for (const terms of [FOR_RULES, FOR_SUMS]) {
      const { questions, askedIds } = questionsTo([], plan, { ...terms, max: 2 })
      for (const id of ['a', 'b', 'c'])
        questions.addUnbilled(taskNamed(id, { status: 'failed', costNanoUsd: usd('0') }))
      await questions.ask()
      expect([askedIds(), gapOf(questions)]).toEqual([[['a', 'b']], null])
    }
  })

  it.each([
    [49_999, null],
    [50_000, null],
    [50_001, reasonOf(1, 'only 50000 requests of a bill are asked for by id')],
  ])('of %d tasks up to 50,000 are asked about, and who is left is said', async (count, gap) => {
    const { questions, askedIds } = sums()
    const all = ids(count)
    for (const id of all) questions.addUnbilled(taskNamed(id, nothing))
    await questions.ask()
    expect([askedIds()[0]?.length, gapOf(questions)]).toEqual([Math.min(count, 50_000), gap])
    const open = all.filter((id) => questions.leavesOpen(taskNamed(id, nothing)))
    expect(open).toHaveLength(Math.max(0, count - 50_000))
  })
})
