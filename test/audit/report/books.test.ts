import { describe, expect, it } from 'vitest'
import { billFigures } from '../../../src/audit/report/books.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { HOUR } from '../../../src/units/instant.ts'
import { AS_OF, at, later, MODEL, points, usd } from '../../kit/books.ts'
import { booksOf, eventOf, failed, type GivenEvidence, part, taskOf, usageOf, whole } from '../../kit/evidence.ts'
import { planOf, taskRow } from '../../kit/rows.ts'

const start = at('2026-02-06 00:00:00')
const midnight = at('2026-02-07 00:00:00')
const summary = planOf({ depth: 'summary' })

/** The comparisons of an account, or of the workspace of that name. */
const comparisonOf = (given: GivenEvidence, of: number | string = 5) =>
  booksOf(given).comparisons.find(
    ({ subject }) => (typeof of === 'number' ? subject.accountId : subject.workspace) === of,
  )

describe('bill and record of an account', () => {
  it('stand side by side: by the time of the bill, and by the period of its tasks', () => {
    const events = [
      eventOf(5, 'request-1', { costNanoUsd: usd('2') }),
      eventOf(5, 'request-2', { at: midnight, costNanoUsd: usd('4') }),
      eventOf(5, 'request-3', { costNanoUsd: usd('8') }),
      eventOf(5, 'lost', { costNanoUsd: usd('16') }),
    ]
    const tasks = [taskOf(5, 1), taskOf(5, 2), taskOf(5, 3, { createdAt: later(start, -1) }), taskOf(6, 4)]
    const five = { members: [5], usage: whole([usageOf(5, '26')]), events: whole(events) }
    const six = { members: [6], usage: whole([usageOf(6, '32')]), events: whole([eventOf(6, 'request-4')]) }
    const comparison = comparisonOf({ spaces: [five, six], tasks })
    expect(booksOf({ spaces: [five, six], tasks }).requests.known).toBe(true)
    expect(comparison?.bill).toMatchObject({ known: true, value: { costNanoUsd: usd('26') } })
    expect(comparison?.period?.bridge).toEqual({
      byEventTimeNanoUsd: usd('26'),
      carriedInNanoUsd: usd('8'),
      carriedOutNanoUsd: usd('4'),
      byTaskPeriodNanoUsd: usd('22'),
    })
    expect([...(comparison?.recordByModel.values() ?? [])]).toMatchObject([
      { model: MODEL, taskCount: 2, costNanoUsd: usd('2'), due: { count: 2, costNanoUsd: usd('2') } },
    ])
    expect(booksOf({ spaces: [five, six] }).comparisons.map(({ subject }) => subject)).toEqual([
      { accountId: 5 },
      { accountId: 6 },
    ])
  })

  it('are not brought to one period where its events, or one of its requests, were not read', () => {
    const tasks = [taskOf(5, 1), taskOf(6, 2), taskRow({ rowId: 3, requestId: 'request-3', apiKey: 'unknown' })]
    const spaces = [{ members: [5] }, { members: [6] }]
    const known = (given: GivenEvidence) =>
      [5, 6].map((id) => comparisonOf({ spaces, tasks, ...given }, id)?.period !== null)
    expect(known({})).toEqual([true, true])
    expect(known({ unanswered: ['request-2'] })).toEqual([true, false])
    expect(known({ spaces: [{ members: [5], events: part([]) }, { members: [6] }] })).toEqual([false, true])
    expect(known({ plan: summary })).toEqual([false, false])
  })

  it('leave out what may not be billed yet: a young success, and what still runs', () => {
    const lag = (age: number, more: Partial<TaskRow>) => ({
      createdAt: later(midnight, -age),
      completedAt: null,
      ...more,
    })
    const runs = { status: 'unfinished' } as const
    const asOf = later(midnight, 23 * HOUR)
    const pending = (...more: Partial<TaskRow>[]) => {
      const tasks = more.map((each, index) => taskOf(5, index + 1, each))
      return comparisonOf({ spaces: [{ members: [5] }, { members: [6] }], tasks, plan: planOf({}, {}, asOf) })?.period
        ?.youngNanoUsd
    }
    expect(pending(lag(HOUR, runs))).toBe(0n)
    expect(pending(lag(HOUR - 1, runs))).toBe(usd('1'))
    expect(pending(lag(HOUR - 1, { status: 'failed' }))).toBe(0n)
    expect(pending(lag(HOUR, {}), lag(HOUR - 1, runs))).toBe(usd('2'))
    expect(pending(lag(HOUR + 1, {}))).toBe(0n)
  })

  it('keep the names of the endpoints, which matches connect with those of the tasks unless at depth summary', () => {
    const tasks = [taskOf(5, 1, { model: 'short' })]
    const spaces = [{ members: [5], usage: whole([usageOf(5, '1')]), events: whole([eventOf(5, 'request-1')]) }]
    const names = (given: GivenEvidence) => {
      const { comparisons, modelMatches } = booksOf({ spaces, tasks, ...given })
      const [{ bill, period } = { bill: undefined, period: null }] = comparisons
      const byModel = bill?.known === true ? [...bill.value.byModel.keys()] : bill
      return [byModel, period && [...period.figures.byModel.keys()], modelMatches.endpointsOf('short')]
    }
    expect(names({})).toEqual([['veo3'], ['veo3'], ['short', 'veo3']])
    expect(names({ plan: summary })).toEqual([['veo3'], null, ['short']])
  })

  it('say why a bill is not known', () => {
    const spaces = [{ members: [5], usage: failed('401'), events: failed('401') }]
    expect(comparisonOf({ spaces })).toMatchObject({
      bill: { known: false, reason: { code: 'bill-unread', params: { detail: '401' } } },
      period: null,
    })
  })
})

describe('a workspace whose bill does not tell its accounts apart', () => {
  const usage = whole([usageOf(null, '3'), usageOf(5, '4')])
  const events = whole([
    eventOf(null, 'request-1', { costNanoUsd: usd('3') }),
    eventOf(5, 'request-2', { costNanoUsd: usd('4') }),
  ])
  const team = { name: 'team', members: [5, 6], usage, events }

  it('is judged as a whole', () => {
    const tasks = [
      taskOf(5, 1, { costNanoUsd: usd('3') }),
      taskOf(6, 2, { costNanoUsd: usd('5'), model: 'FAL-AI/veo3', chargedPoints: points(7) }),
      taskOf(6, 3, { model: 'other' }),
    ]
    const { comparisons } = booksOf({ spaces: [team, { members: [9], usage: whole([usageOf(9, '90')]) }], tasks })
    expect(comparisons.map(({ subject, bill }) => [subject, bill.known])).toEqual([
      [{ accountId: 5 }, false],
      [{ accountId: 6 }, false],
      [{ workspace: 'team' }, true],
    ])
    expect(comparisons[2]).toMatchObject({
      bill: { value: { costNanoUsd: usd('7') } },
      period: { figures: { costNanoUsd: usd('7') } },
    })
    expect([...(comparisons[2]?.recordByModel ?? [])].map(([name, record]) => [name, record.taskCount])).toEqual([
      ['veo3', 2],
      ['other', 1],
    ])
  })

  it('adds up the records of its accounts, model by model', () => {
    const edge = { createdAt: later(midnight, -HOUR), completedAt: later(midnight, -1) }
    const early = { createdAt: later(start, -HOUR), completedAt: later(start, -1) }
    const tasks = [
      taskOf(5, 1, { costNanoUsd: usd('1'), chargedPoints: points(10) }),
      taskOf(5, 2, { costNanoUsd: usd('2'), chargedPoints: points(20), ...edge }),
      taskOf(5, 3, { costNanoUsd: usd('4'), ...early }),
      taskOf(6, 4, { costNanoUsd: usd('8'), chargedPoints: points(40), ...edge, model: 'veo3' }),
      taskOf(6, 5, { costNanoUsd: usd('16'), ...early }),
      taskOf(6, 6, { costNanoUsd: usd('32'), chargedPoints: points(80), refunded: true }),
      ...Array.from({ length: 9 }, (_, index) =>
        taskOf(6, 10 + index, { costNanoUsd: usd('0'), chargedPoints: points(1) }),
      ),
    ]
    const [record] = comparisonOf({ spaces: [team], tasks }, 'team')?.recordByModel.values() ?? []
    const apart = [5, 6].map(
      (id) => [...(comparisonOf({ spaces: [team], tasks }, id)?.recordByModel.values() ?? [])][0],
    )
    expect(record).toEqual({
      model: MODEL,
      taskCount: 13,
      costNanoUsd: usd('43'),
      crossingOutNanoUsd: usd('10'),
      crossingInNanoUsd: usd('20'),
      dearestNanoUsd: usd('32'),
      untoldCosts: 0,
      roundingNanoUsd: apart.reduce((total, each) => total + (each?.roundingNanoUsd ?? 0n), 0n),
      due: {
        count: 12,
        costNanoUsd: usd('11'),
        chargedPoints: 79n,
        crossingCount: 2,
        evidence: {
          total: 12,
          ids: ['task-1', 'task-2', 'task-4', ...Array.from({ length: 7 }, (_, index) => `task-${10 + index}`)],
        },
      },
    })
    expect(apart.map((each) => (each?.roundingNanoUsd ?? 0n) > 0n)).toEqual([true, true])
  })

  it('calls a model by the first of its names, whichever account stores it', () => {
    const namesOf = (...models: readonly string[]) => {
      const tasks = models.map((model, index) => taskOf(index === 0 ? 5 : 6, index + 1, { model }))
      return [...(comparisonOf({ spaces: [team], tasks }, 'team')?.recordByModel.values() ?? [])].map(
        ({ model }) => model,
      )
    }
    expect(namesOf('veo3', 'Veo3')).toEqual(['Veo3'])
    expect(namesOf('Veo3', 'veo3')).toEqual(['Veo3'])
  })

  it('holds the events of its own bill alone, and of its own accounts', () => {
    const stranger = { keyId: 'deadbeef-0000-4000-8000-000000000000' }
    const mixed = [...(events.status === 'complete' ? events.value : []), eventOf(9, 'c'), eventOf(5, 'd', stranger)]
    const other = {
      name: 'other',
      members: [9, 6],
      usage: whole([usageOf(null, '50')]),
      events: whole([eventOf(null, 'e', { costNanoUsd: usd('50') })]),
    }
    const spaces = [{ ...team, events: whole(mixed) }, other]
    expect(comparisonOf({ spaces }, 'team')?.period?.figures.costNanoUsd).toBe(usd('7'))
    expect(comparisonOf({ spaces }, 'other')?.period?.figures.costNanoUsd).toBe(usd('50'))
  })

  it('is judged only where its bill was read whole, and all its members are known', () => {
    const billOf = (given: GivenEvidence) => comparisonOf(given, 'team')?.bill
    expect(billOf({ spaces: [{ ...team, usage: part([usageOf(null, '3')]) }] })).toEqual({
      known: false,
      reason: { code: 'bill-unread' },
    })
    const nine = [taskOf(9, 1)]
    expect(billOf({ spaces: [team], unplaced: [9], tasks: nine })).toEqual({
      known: false,
      reason: { code: 'no-key-ids' },
    })
    // The bill of another workspace says nothing of this one, neither read whole nor in part.
    const shared = { ...team, members: [5, 9] }
    const inPart = { ...shared, usage: part([usageOf(null, '3')]) }
    expect(billOf({ spaces: [inPart, { members: [6] }] })).toEqual({ known: false, reason: { code: 'bill-unread' } })
    expect(billOf({ spaces: [shared, { members: [6], usage: part([]) }] })).toMatchObject({ known: true })
  })
})

describe('the figures of a bill', () => {
  it('are one sum a model, under the first of its endpoints', () => {
    const rows = ['m/b', 'm/a', 'm/c', 'n'].map((model, index) => usageOf(5, String(10 ** index), { model }))
    const { costNanoUsd, byModel } = billFigures(rows, (endpoint) => endpoint.slice(0, 1))
    expect(costNanoUsd).toBe(usd('1111'))
    expect([...byModel]).toEqual([
      ['m', { model: 'm/a', costNanoUsd: usd('111') }],
      ['n', { model: 'n', costNanoUsd: usd('1000') }],
    ])
  })
})

describe('the settlement lag', () => {
  it('is a setting, for what still runs too', () => {
    const tasks = [taskOf(5, 1, { status: 'unfinished', createdAt: later(midnight, -1), completedAt: null })]
    const pending = (settlementLagMillis: number) =>
      comparisonOf({ spaces: [{ members: [5] }], tasks, plan: planOf({}, { thresholds: { settlementLagMillis } }) })
        ?.period?.youngNanoUsd
    const age = AS_OF - later(midnight, -1)
    expect([pending(age), pending(age + 1)]).toEqual([0n, usd('1')])
  })
})
