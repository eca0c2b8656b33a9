import { describe, expect, it } from 'vitest'
import type { RepeatedBill, SharedRequest, TaskFact, TaskVerdict } from '../../../src/audit/rules/facts.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import {
  at,
  evaluate,
  event,
  fired,
  MODEL,
  matched,
  points,
  requests,
  task,
  theFinding,
  unmatched,
  usd,
} from '../../kit/books.ts'

describe('B4: one request id on several charged tasks', () => {
  const first = { taskId: 'task-2', createdAt: at('2026-02-05 23:00:00'), chargedPoints: points(300) }
  const untold = { taskId: 'task-4', chargedPoints: points(0), chargeUntold: true as const }
  const idless = unmatched('without-id', { requestId: '' })
  const hidden = matched({ requestId: 'request-3' }, { selected: false })
  const world = (tasks: readonly Partial<TaskFact>[], overrides: Partial<SharedRequest> = {}) => ({
    requests: requests({
      tasks: [matched(), matched({ requestId: 'request-2' }), unmatched('duplicate'), idless, hidden],
      shared: [{ requestId: 'request-1', accountId: 5, tasks: tasks.map(task), ...overrides }],
    }),
  })

  it('fires alone, with the charged tasks only', () => {
    const twice = world([first, { taskId: 'task-10' }, { taskId: 'task-3', chargedPoints: points(0) }])
    expect(fired(twice)).toEqual(['B4'])
    expect(theFinding('B4', twice)).toEqual({
      subject: { requestId: 'request-1' },
      expected: 1n,
      actual: 2n,
      unit: 'count',
      count: 2,
      evidence: { total: 2, ids: ['task-2', 'task-10'] },
      detail: { taskIds: 'task-2, task-10', chargedPoints: '1300' },
      context: { accountId: 5, userId: 101, model: MODEL, date: '2026-02-05' },
    })
    expect(evaluate('B4', twice).examined).toBe(2)
  })

  it("has examined each request id of the tasks once, also where the task that claims it is another period's or filtered out", () => {
    const shared = [{ requestId: 'request-1', accountId: 5, tasks: [task(first), task({ taskId: 'task-3' })] }]
    const of = (...tasks: readonly TaskVerdict[]) => evaluate('B4', { requests: requests({ tasks, shared }) })
    const late = unmatched('duplicate')
    expect(of(late)).toMatchObject({ examined: 1, findings: [{ subject: { requestId: 'request-1' } }] })
    expect(of(late, late, matched({}, { selected: false })).examined).toBe(1)
    expect(of(matched(), late, unmatched('duplicate', { requestId: 'request-2' })).examined).toBe(2)
  })

  it('names user and model only where the tasks have one', () => {
    const others = world([first, { userId: 102, model: 'other' }], { accountId: null })
    expect(theFinding('B4', others).context).toEqual({ date: '2026-02-05' })
  })

  it('concerns each user of the charged tasks', () => {
    const free = { userId: 103, chargedPoints: points(0) }
    expect(theFinding('B4', world([first, { userId: 102 }, { userId: 102 }, free])).users).toEqual([101, 102])
    expect(theFinding('B4', world([first, {}, free]))).not.toHaveProperty('users')
  })

  it.each([
    ['one task with a charge of a point', [{ chargedPoints: points(1) }, { chargedPoints: points(0) }], {}, []],
    ['two with a charge of a point', [{ chargedPoints: points(1) }, { chargedPoints: points(1) }], {}, ['B4']],
    ['a placeholder for an id', [first, {}], { requestId: '' }, []],
    // Others were charged twice, in another period: whether these of the window were hangs on what they do not tell.
    ['two others, and none of the window that tells its charge', [first, {}, untold], { ownUntold: true as const }, []],
  ])('with %s', (_, tasks, overrides, expected) => {
    expect(fired(world(tasks, overrides))).toEqual(expected)
  })

  it('names the first ten tasks and counts them all', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ taskId: `task-${index + 1}` }))
    const { detail, evidence, count } = theFinding('B4', world(many))
    expect([count, evidence.total, evidence.ids.length]).toEqual([12, 12, 10])
    expect(String(detail.taskIds).split(', ')).toEqual([...evidence.ids, '… (12)'])
  })
})

describe('B5: the same event billed more than once', () => {
  const bill = (overrides: Partial<RepeatedBill> = {}): RepeatedBill => ({
    requestId: 'request-1',
    accountId: 5,
    taskId: 'task-1',
    userId: 101,
    event: event({ costNanoUsd: usd('0.3') }),
    times: 3,
    ...overrides,
  })
  const world = (...repeated: readonly RepeatedBill[]) => ({ requests: requests({ tasks: [matched()], repeated }) })

  it('fires alone, with what once would have cost', () => {
    expect(fired(world(bill()))).toEqual(['B5'])
    expect(theFinding('B5', world(bill()))).toEqual({
      subject: { taskId: 'task-1', requestId: 'request-1' },
      expected: 300_000_000n,
      actual: 900_000_000n,
      unit: 'USD',
      count: 3,
      evidence: { total: 1, ids: ['request-1'] },
      detail: { model: MODEL },
      context: { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' },
    })
    expect(evaluate('B5', world(bill())).examined).toBe(1)
  })

  it('is one finding a request, of however many of its events repeat', () => {
    const other = bill({ event: event({ costNanoUsd: usd('0.1') }), times: 2 })
    expect(theFinding('B5', world(bill(), other))).toMatchObject({
      expected: 400_000_000n,
      actual: 1_100_000_000n,
      count: 5,
      detail: { model: MODEL, events: 2 },
    })
    expect(fired(world(bill(), bill({ requestId: 'request-2' })))).toEqual(['B5', 'B5'])
  })

  it('names the request alone where no task claims it', () => {
    const { userId: _, ...nobodys } = bill({ taskId: null, accountId: null })
    const { subject, context } = theFinding('B5', world(nobodys))
    expect(subject).toEqual({ requestId: 'request-1' })
    expect(context).toEqual({ model: MODEL, date: '2026-02-06' })
    // Or the workspace whose bill does not tell its accounts apart.
    const ofTeam = theFinding('B5', world(bill({ accountId: null, workspace: 'team' })))
    expect([ofTeam.context, ofTeam.detail]).toMatchObject([{ workspace: 'team' }, { workspace: 'team' }])
  })

  it.each([
    ['once', { times: 1 }, []],
    ['twice', { times: 2 }, ['B5']],
    ['twice for nothing', { times: 2, event: event({ costNanoUsd: nanoUsd(0n) }) }, []],
    ['twice for a nano-dollar', { times: 2, event: event({ costNanoUsd: nanoUsd(1n) }) }, ['B5']],
    ['twice for a task that the filters leave out', { times: 2, leftOut: true as const }, []],
  ])('billed %s', (_, overrides, expected) => {
    expect(fired(world(bill(overrides)))).toEqual(expected)
  })

  it('says nothing of accounts whose events were not read whole', () => {
    const unread = [{ accountId: 5, reason: { code: 'events-unread' } }]
    expect(evaluate('B5', { requests: requests({ repeated: [bill()], unread }) })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: { accountId: 5 }, reason: { code: 'events-unread' } }],
    })
  })
})
