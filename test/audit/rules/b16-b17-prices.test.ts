import { describe, expect, it } from 'vitest'
import { known } from '../../../src/audit/rules/books.ts'
import type { PricePoint, TaskVerdict, UnreadTasks } from '../../../src/audit/rules/facts.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { at, date, evaluate, fired, MODEL, matched, points, requests, theFinding, unmatched } from '../../kit/books.ts'

describe('B16: charges worth less than they cost', () => {
  const RATE = { pointsPerUsd: '400' }
  const sold = (charged: number, billed: bigint, fact: Partial<TaskVerdict['task']> = {}, more = {}): TaskVerdict =>
    matched(
      { chargedPoints: points(charged), costNanoUsd: nanoUsd(billed), ...fact },
      { billedNanoUsd: nanoUsd(billed), ...more },
    )
  const world = (...tasks: readonly TaskVerdict[]) => ({ requests: requests({ tasks }) })
  const losses = (...tasks: readonly TaskVerdict[]): number => evaluate('B16', world(...tasks), RATE).findings.length

  it('fires alone, with what the charges are worth', () => {
    const loss = world(sold(100, 300_000_000n), sold(50, 300_000_000n, { taskId: 'task-2' }))
    expect(fired(loss, RATE)).toEqual(['B16'])
    expect(theFinding('B16', loss, RATE)).toEqual({
      subject: { model: MODEL, date: '2026-02-06' },
      expected: 600_000_000n,
      actual: 375_000_000n,
      unit: 'USD',
      count: 2,
      evidence: { total: 2, ids: ['task-1', 'task-2'] },
      detail: { chargedPoints: '150', pointsPerUsd: '400' },
    })
  })

  it.each([
    [400, 1_000_000_000n, 0],
    [400, 1_000_000_001n, 1],
    [399, 1_000_000_000n, 1],
    [401, 1_000_000_000n, 0],
  ])('%d points against %d nano-USD: %d', (charged, billed, expected) => {
    const said = evaluate('B16', world(sold(charged, billed)), RATE)
    expect(said).toMatchObject({ examined: 1, notEvaluated: [] })
    expect(said.findings).toHaveLength(expected)
  })

  describe('tasks without a model', () => {
    const nameless = (charged: number, billed: bigint, fact = {}) => sold(charged, billed, { model: '', ...fact })
    const said = (...tasks: readonly TaskVerdict[]) => {
      const { findings, notEvaluated } = evaluate('B16', world(...tasks), RATE)
      return [findings.length, ...notEvaluated.map(({ subject, reason }) => [subject.model, subject.date, reason.code])]
    }
    const ofDay = [undefined, '2026-02-06', 'model-untold']
    const ofModel = [MODEL, '2026-02-06', 'model-untold']

    it('are no model that lost', () => {
      expect(said(nameless(1, 1_000_000_000n))).toEqual([0, ofDay])
      expect(said(nameless(1, 1_000_000_000n, { model: ' ' }), sold(400, 1_000_000_000n))).toEqual([0, ofDay])
    })

    it('leave a loss open that their charges may make up for', () => {
      const loss = sold(300, 1_000_000_000n)
      expect(said(loss, nameless(100, 500_000_000n))).toEqual([0, ofModel, ofDay])
      expect(said(loss, nameless(99, 0n))).toEqual([1, ofDay])
      const later = { createdAt: at('2026-02-07 12:00:00') }
      expect(said(loss, nameless(100, 0n, later))).toEqual([1, [undefined, '2026-02-07', 'model-untold']])
      const untold = nameless(0, 0n, { chargeUntold: true })
      expect(said(loss, untold)).toEqual([0, ofModel, ofDay])
    })
  })

  it('says nothing of a loss that charges may make up for whose bill was not read, and why that is', () => {
    const because = (accountId: number) => ({
      accountId,
      reason: { code: 'events-unread', params: { detail: `${accountId}` } },
    })
    const day = {
      model: MODEL,
      canonical: MODEL,
      date: date('2026-02-06'),
      taskCount: 1,
      evidence: { total: 0, ids: [] },
    } as const
    const said = (unread: UnreadTasks) => {
      const book = requests({ unread: [because(6), because(7)] as never })
      if (!book.known) throw new RangeError('the requests are known')
      const modelDays = [{ ...day, keptPoints: points(300), billedNanoUsd: nanoUsd(1_000_000_000n), unread }]
      const { findings, notEvaluated } = evaluate('B16', { requests: known({ ...book.value, modelDays }) }, RATE)
      const open = notEvaluated.filter(({ subject }) => subject.model !== undefined)
      return [findings.length, ...open.map(({ reason }) => reason)]
    }
    expect(said({ accountId: 7, keptPoints: points(99) })).toEqual([1])
    expect(said({ accountId: 7, keptPoints: points(100) })).toEqual([0, because(7).reason])
    expect(said({ accountId: 6, keptPoints: null })).toEqual([0, because(6).reason])
    expect(said({ accountId: null, keptPoints: null })).toEqual([0, { code: 'events-unread' }])
  })

  it('takes a model for one, however tasks write it, under the first of its names', () => {
    const names = ['FLUX/dev', 'fal-ai/flux/dev', 'Fal-AI/flux/dev']
    const tasks = (charged: number, last: string) =>
      [...names, last].map((model, index) =>
        sold(index === 0 ? charged : 40, 100_000_000n, { model, taskId: `${index}` }),
      )
    expect(evaluate('B16', world(...tasks(40, 'flux/dev')), RATE)).toMatchObject({ examined: 1, findings: [] })
    expect(theFinding('B16', world(...tasks(39, 'flux/dev')), RATE)).toMatchObject({
      ...{ subject: { model: 'FLUX/dev' }, expected: 400_000_000n, actual: 397_500_000n, count: 4 },
    })
    expect(evaluate('B16', world(...tasks(41, 'fal-ai/flux/pro')), RATE)).toMatchObject({ examined: 2, findings: [] })
    const apart = [sold(100, 100_000_000n), sold(39, 100_000_000n, { model: 'fal-ai/flux/pro' })]
    expect(losses(...apart)).toBe(1)
  })

  it('compares before it rounds', () => {
    const rate = { pointsPerUsd: '0.3' }
    // One point is worth 3.333… USD.
    expect(evaluate('B16', world(sold(1, 3_333_333_333n)), rate).findings).toEqual([])
    expect(theFinding('B16', world(sold(1, 3_333_333_334n)), rate)).toMatchObject({
      expected: 3_333_333_334n,
      actual: 3_333_333_333n,
      detail: { pointsPerUsd: '0.3' },
    })
  })

  it('takes refunds off the charges, and leaves their cost in', () => {
    const kept = sold(800, 1_000_000_000n)
    const givenBack = sold(800, 1_000_000_001n, { refunded: true })
    expect(losses(kept, sold(1, 1_000_000n))).toBe(0)
    expect(losses(kept, givenBack)).toBe(1)
    expect(theFinding('B16', world(kept, givenBack), RATE).detail.chargedPoints).toBe('800')
  })

  it('sums by model and by day of the audit’s zone', () => {
    const good = sold(4000, 1_000_000_000n)
    const bad = (fact: Partial<TaskVerdict['task']>) => sold(1, 1_000_000_000n, fact)
    expect(losses(good, bad({}))).toBe(0)
    expect(losses(good, bad({ model: 'veo3/fast' }))).toBe(1)
    expect(losses(good, bad({ createdAt: at('2026-02-06 00:00:00') }))).toBe(0)
    expect(losses(good, bad({ createdAt: at('2026-02-05 23:59:59') }))).toBe(1)
    expect(evaluate('B16', world(good, bad({ model: 'veo3/fast' })), RATE).examined).toBe(2)
  })

  it('looks at matched tasks that the filters leave', () => {
    const loss = [1, 1_000_000_000n] as const
    expect(losses(sold(...loss, {}, { selected: false }))).toBe(0)
    expect(losses(sold(...loss, {}, { standing: 'not-evaluated' }))).toBe(0)
    expect(losses(unmatched('unbilled', {}, { billedNanoUsd: nanoUsd(9_000_000_000n) }))).toBe(0)
  })

  it('counts what other tasks of a billed request charged, and its cost once', () => {
    const cost = 1_000_000_000n
    const twin = (charged: number, fact: Partial<TaskVerdict['task']> = {}, more: Partial<TaskVerdict> = {}) =>
      unmatched(
        'duplicate',
        { rowId: 2, taskId: 'task-2', chargedPoints: points(charged), ...fact },
        { requestBilled: true, ...more },
      )
    expect(losses(sold(300, cost), twin(100))).toBe(0)
    expect(losses(sold(300, cost), twin(99))).toBe(1)
    expect(theFinding('B16', world(sold(300, cost), twin(99)), RATE)).toMatchObject({
      expected: cost,
      count: 2,
      evidence: { total: 2, ids: ['task-1', 'task-2'] },
      detail: { chargedPoints: '399' },
    })
    expect(losses(sold(300, cost), twin(300, { refunded: true }))).toBe(1)
    expect(losses(sold(300, cost), twin(300, {}, { requestBilled: false }))).toBe(1)
    expect(losses(sold(300, cost), twin(300, {}, { selected: false }))).toBe(1)
    expect(losses(sold(300, cost), twin(300, { model: 'veo3/fast' }))).toBe(1)
    expect(losses(sold(300, cost), twin(300, { createdAt: at('2026-02-05 23:59:59') }))).toBe(1)
  })

  it('bears charges below 0: what they gave back is kept no more', () => {
    expect(losses(sold(800, 1_000_000_000n), sold(-400, 0n))).toBe(0)
    expect(theFinding('B16', world(sold(800, 1_000_000_000n), sold(-401, 0n)), RATE)).toMatchObject({
      actual: 997_500_000n,
      detail: { chargedPoints: '399' },
    })
    expect(theFinding('B16', world(sold(-1, 1n)), RATE)).toMatchObject({ expected: 1n, actual: -2_500_000n })
  })

  it('needs a rate', () => {
    expect(evaluate('B16', world(sold(1, 1_000_000_000n)))).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: {}, reason: { code: 'rate-missing' } }],
    })
  })
})

describe('B17: the unit price changed', () => {
  const price = (minute: number, unitPrice: string, overrides: Partial<PricePoint> = {}): PricePoint => ({
    workspace: 'team',
    model: MODEL,
    unit: 'seconds',
    percentDiscount: '0',
    unitPrice,
    at: at(`2026-02-06 12:${String(minute).padStart(2, '0')}:00`),
    ...overrides,
  })
  const world = (...prices: readonly PricePoint[]) => ({ requests: requests({ prices }) })
  const changes = (...prices: readonly PricePoint[]): number[] =>
    evaluate('B17', world(...prices)).findings.map(({ count }) => count)

  it('fires alone, with the first and the last price', () => {
    const raised = world(price(0, '0.1'), price(1, '0.1'), price(2, '0.15'), price(3, '0.2'))
    expect(fired(raised)).toEqual(['B17'])
    expect(theFinding('B17', raised)).toEqual({
      subject: { model: MODEL },
      expected: 100_000_000n,
      actual: 200_000_000n,
      unit: 'USD',
      count: 2,
      evidence: { total: 0, ids: [] },
      detail: { unit: 'seconds', workspace: 'team' },
    })
    expect(evaluate('B17', raised).examined).toBe(1)
  })

  it.each([
    ['its first appearance', [price(0, '0.1')], []],
    ['text that is no plain decimal', [price(0, '0.1'), price(1, '1e-1'), price(2, '1e-1')], [1]],
    ['one price, written in three ways', [price(0, '0.10'), price(1, '0.1'), price(2, '0.1000')], []],
    ['the smallest digit', [price(0, '0.1'), price(1, '0.1000000000001')], [1]],
    ['there and back', [price(0, '0.1'), price(1, '0.2'), price(2, '0.1')], [2]],
    ['another unit', [price(0, '0.1'), price(1, '0.2', { unit: 'videos' })], []],
    ['another discount', [price(0, '0.1'), price(1, '0.2', { percentDiscount: '10' })], []],
    ['the same discount, written in two ways', [price(0, '0.1'), price(1, '0.2', { percentDiscount: '0.0' })], [1]],
    ['another workspace', [price(0, '0.1'), price(1, '0.2', { workspace: 'other' })], []],
    ['another model', [price(0, '0.1'), price(1, '0.2', { model: 'other' })], []],
  ])('%s', (_, prices, expected) => {
    expect(changes(...prices)).toEqual(expected)
  })

  it('has prices that are finer than a nano-dollar with all their digits', () => {
    const fine = world(price(0, '0.0000000375'), price(1, '0.000000038'))
    expect(theFinding('B17', fine)).toMatchObject({
      exactUsd: { expected: { digits: 375n, scale: 10 }, actual: { digits: 38n, scale: 9 } },
    })
    expect(theFinding('B17', world(price(0, '0.000000002'), price(1, '0.0000000004')))).toMatchObject({
      exactUsd: { expected: { digits: 2n, scale: 9 }, actual: { digits: 4n, scale: 10 } },
    })
    expect(theFinding('B17', world(price(0, '0.1'), price(1, '0.000000038')))).not.toHaveProperty('exactUsd')
  })

  it('is one finding a model: the first workspace is shown, all changes are counted', () => {
    const other = { workspace: 'alpha', unit: 'videos' }
    const both = world(price(0, '1'), price(1, '2'), price(0, '3', other), price(1, '4', other), price(2, '5', other))
    expect(theFinding('B17', both)).toMatchObject({
      expected: 3_000_000_000n,
      actual: 5_000_000_000n,
      count: 3,
      detail: { workspace: 'alpha', unit: 'videos' },
    })
    const quietFirst = world(price(0, '1'), price(1, '2'), price(0, '3', other))
    expect(theFinding('B17', quietFirst)).toMatchObject({ count: 1, detail: { workspace: 'team' } })
  })

  it('tells what a price was meanwhile that is the first one again', () => {
    const back = theFinding(
      'B17',
      world(price(0, '1'), price(1, '1.0'), price(2, '2.50'), price(3, '3'), price(4, '1.00')),
    )
    expect(back).toMatchObject({
      expected: 1_000_000_000n,
      actual: 1_000_000_000n,
      count: 3,
      detail: { meanwhileUsd: '2.5' },
    })
  })

  it('tells how many changes are those of the prices that it shows', () => {
    const other = { workspace: 'alpha', unit: 'videos' }
    const two = world(price(0, '1'), price(1, '2'), price(0, '3', other), price(1, '4', other), price(2, '5', other))
    expect(theFinding('B17', two)).toMatchObject({ count: 3, detail: { shownChanges: 2 } })
    expect(theFinding('B17', world(price(0, '1'), price(1, '2'))).detail).toEqual({
      unit: 'seconds',
      workspace: 'team',
    })
  })

  it('does not depend on the order of what was read', () => {
    const prices = [price(0, '0.1'), price(1, '0.3'), price(1, '0.20'), price(1, '0.2'), price(2, '0.3')]
    expect(changes(...prices)).toEqual([2])
    expect(changes(...[...prices].reverse())).toEqual([2])
    expect(theFinding('B17', world(...[...prices].reverse()))).toMatchObject({ expected: 100_000_000n })
    const odd = [price(0, '0.2'), price(0, 'free'), price(0, '0.2')]
    expect([changes(...odd), changes(...[...odd].reverse())]).toEqual([[1], [1]])
  })

  it('says of which accounts it saw no prices', () => {
    const unread = [{ accountId: 5, reason: { code: 'events-unread' } }]
    expect(evaluate('B17', { requests: requests({ unread }) })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: { accountId: 5 }, reason: { code: 'events-unread' } }],
    })
  })
})
