import { describe, expect, it } from 'vitest'
import { usageFigures } from '../../src/billing/usage-figures.ts'
import type { UsageFact } from '../../src/billing/usage-sums.ts'
import { HOUR } from '../../src/units/instant.ts'
import { ratio } from '../../src/units/ratio.ts'
import { openZone } from '../../src/units/zone.ts'
import { AS_OF, at, event, later, points, usd } from '../kit/books.ts'
import { bookOf, fact } from '../kit/usage-facts.ts'

const CNY = { currency: 'CNY', pointsPerUsd: ratio('400') } as const
const totalOf = (facts: readonly UsageFact[]) => usageFigures([bookOf(facts).total], CNY)[0]

describe('charges', () => {
  it('are gross, refunded and net; the cost is that of the matched events', () => {
    const facts = [
      fact({}, { chargedPoints: points(1050) }),
      fact({ billedNanoUsd: usd('0.25') }, { chargedPoints: points(400), refunded: true }),
      fact({ standing: 'unbilled' }, { chargedPoints: points(0) }),
    ]
    expect(totalOf(facts)).toEqual({
      input_tokens: null,
      output_tokens: null,
      total_tokens: null,
      request_count: 3,
      total_cost: '10.50',
      charged_points: 1450,
      refunded_points: 400,
      net_points: 1050,
      fal_cost_usd: '1.25',
      // 1050 / 400 = 2.625 USD, less 1.25.
      margin_usd: '1.375',
      matched_request_count: 2,
      unmatched_request_count: 1,
      unread_request_count: 0,
    })
  })

  it('cost, margin and matches are null where the bill of any task was not read, never 0; charges stay', () => {
    const facts = [fact(), fact({ standing: 'not-evaluated', accountId: 7, apiKey: 'key-of-7' }, { userId: 102 })]
    expect(totalOf(facts)).toMatchObject({
      total_cost: '20.00',
      fal_cost_usd: null,
      margin_usd: null,
      matched_request_count: null,
      unmatched_request_count: null,
      unread_request_count: 1,
    })
    const { keys, users, unread } = bookOf(facts)
    expect(keys.map(({ accountId, sums }) => [accountId, sums.falCostNanoUsd])).toEqual([
      [5, usd('1')],
      [7, null],
    ])
    expect([...users].map(([id, sums]) => [id, sums.falCostNanoUsd])).toEqual([
      [101, usd('1')],
      [102, null],
    ])
    expect([...unread]).toEqual([[7, 1]])
  })

  it('of a task that names no user are of the whole and of no user; user 0 is one', () => {
    const { total, users } = bookOf([fact({}, { userId: 0, userUntold: true }), fact({}, { userId: 0 })])
    expect([total.requestCount, [...users].map(([id, sums]) => [id, sums.requestCount])]).toEqual([2, [[0, 1]]])
  })

  it('that are not told are not 0, save those of a task that failed; models that are one line share it', () => {
    const none = { chargedPoints: points(0), chargeUntold: true } as const
    const charged = (own: Partial<UsageFact['task']>) => totalOf([fact(), fact({}, { ...none, ...own })])
    expect(charged({})).toMatchObject({ charged_points: null, refunded_points: 0, net_points: null, total_cost: null })
    expect(charged({})).toMatchObject({ fal_cost_usd: '2', margin_usd: null })
    expect(charged({ status: 'unfinished' })?.charged_points).toBeNull()
    expect(charged({ refunded: true })).toMatchObject({ charged_points: null, refunded_points: null, net_points: 1000 })
    expect(charged({ status: 'failed' })).toMatchObject({ charged_points: 1000, total_cost: '10.00' })
    const { models } = bookOf([fact({}, { model: 'flux' }), fact({}, { model: 'fal-ai/flux', ...none })])
    expect(
      usageFigures(
        models.map(({ sums }) => sums),
        CNY,
      ),
    ).toMatchObject([{ request_count: 2, net_points: null }])
  })

  it('of users add up to the whole, whatever the grouping', () => {
    const facts = Array.from({ length: 50 }, (_, index) =>
      fact({}, { userId: 100 + (index % 7), chargedPoints: points(index), model: `m${index % 3}` }),
    )
    const { total, users, models, days, keys } = bookOf(facts)
    const charged = 1225n
    expect(total.chargedPoints).toBe(charged)
    for (const groups of [
      users.values(),
      days.values(),
      models.map(({ sums }) => sums),
      keys.map(({ sums }) => sums),
    ]) {
      expect([...groups].reduce((sum, { chargedPoints }) => sum + chargedPoints, 0n)).toBe(charged)
    }
  })

  it('groups nothing that is not wanted', () => {
    const { days, models, keys, users, total } = bookOf([fact()], { by: [] })
    expect([days.size, models.length, keys.length, users.size, total.requestCount]).toEqual([0, 0, 0, 0, 1])
  })
})

describe('days', () => {
  it('begin and end at midnight of the zone', () => {
    const facts = ['2026-02-05 23:59:59', '2026-02-06 00:00:00', '2026-02-06 23:59:59', '2026-02-07 00:00:00'].map(
      (naive) => fact({}, { createdAt: at(naive) }),
    )
    expect([...bookOf(facts).days].map(([date, { requestCount }]) => [date, requestCount])).toEqual([
      ['2026-02-05', 1],
      ['2026-02-06', 2],
      ['2026-02-07', 1],
    ])
  })

  it('of 23 and 25 hours are days too', () => {
    const zone = openZone('America/New_York')!
    const made = (iso: string) => fact({}, { createdAt: zone.fromNaive(iso)! })
    const facts = [
      // Clocks go forward on 8 March 2026, and back on 1 November.
      ...['2026-03-07 23:59:59', '2026-03-08 00:00:00', '2026-03-08 23:59:59', '2026-03-09 00:00:00'],
      ...['2026-10-31 23:59:59', '2026-11-01 00:00:00', '2026-11-01 23:59:59', '2026-11-02 00:00:00'],
    ].map(made)
    expect([...bookOf(facts, { zone }).days].map(([date, { requestCount }]) => `${date} ${requestCount}`)).toEqual([
      ...['2026-03-07 1', '2026-03-08 2', '2026-03-09 1'],
      ...['2026-10-31 1', '2026-11-01 2', '2026-11-02 1'],
    ])
  })
})

describe('models', () => {
  const named = (stored: string, endpoint?: string) =>
    endpoint === undefined
      ? fact({ standing: 'failed' }, { model: stored })
      : fact({ events: [event({ model: endpoint })] }, { model: stored })
  const namesOf = (facts: readonly UsageFact[], aliases = new Map<string, string>()) =>
    bookOf(facts, { aliases }).models.map(({ modelId, modelName, sums }) => [modelId, modelName, sums.requestCount])

  it('are called what their matches are billed as, failures without a bill too', () => {
    expect(namesOf([named('sora'), named('sora', 'fal-ai/sora-2'), named('fal-ai/flux')])).toEqual([
      ['fal-ai/flux', 'fal-ai/flux', 1],
      ['fal-ai/sora-2', 'sora', 2],
    ])
  })

  it('are one line where their names mean one model', () => {
    expect(namesOf([named('flux/dev'), named('fal-ai/flux/dev'), named('FLUX/dev')])).toEqual([
      ['fal-ai/flux/dev', 'FLUX/dev', 3],
    ])
    expect(namesOf([named('a', 'fal-ai/x'), named('b', 'fal-ai/x')])).toEqual([['fal-ai/x', 'a', 2]])
    // Of names that mark none as told in full the first counts.
    expect(namesOf([named('flux/dev'), named('FLUX/dev')])).toEqual([['FLUX/dev', 'FLUX/dev', 2]])
  })

  it('are called by the endpoint of their name where another, a helper say, was billed beside it', () => {
    for (const endpoint of ['fal-ai/flux/dev', 'flux/dev']) {
      const beside = [endpoint, 'fal-ai/esrgan'].map((model) => event({ model }))
      expect(namesOf([fact({ events: beside }, { model: 'FLUX/dev' })])).toEqual([[endpoint, 'FLUX/dev', 1]])
    }
    // The same whichever of two ways to write it came first.
    const written = [named('flux', 'fal-ai/flux'), named('flux', 'Fal-AI/flux')]
    for (const facts of [written, written.toReversed()]) {
      expect(namesOf(facts)).toEqual([['Fal-AI/flux', 'flux', 2]])
    }
  })

  it('go by their alias whatever its capitals, as everywhere in the audit', () => {
    const aliases = new Map([['sora-2/i2v', 'fal-ai/sora-2/image-to-video']])
    const unbilled = (model: string) => fact({ standing: 'unbilled' }, { model })
    expect(namesOf([unbilled('Sora-2/I2V')], aliases)).toEqual([['fal-ai/sora-2/image-to-video', 'Sora-2/I2V', 1]])
  })

  it('of tasks that name none are what each itself was billed as, and teach nothing of the others', () => {
    const facts = [named('', 'fal-ai/kling'), named(''), named('', 'fal-ai/sora-2'), named('sora', 'fal-ai/sora-2')]
    expect(namesOf(facts)).toEqual([
      ['', '', 1],
      ['fal-ai/kling', '', 1],
      ['fal-ai/sora-2', 'sora', 2],
    ])
    // One that was billed as two is called neither.
    const two = ['fal-ai/kling', 'fal-ai/sora-2'].map((model) => event({ model }))
    expect(namesOf([fact({ events: two }, { model: '' })])).toEqual([['', '', 1]])
    // One without a bill is not what the only billed one was.
    expect(namesOf([named('', 'fal-ai/kling'), named('')])).toEqual([
      ['', '', 1],
      ['fal-ai/kling', '', 1],
    ])
  })

  it('keep their name, or their alias, where matches do not agree', () => {
    const both = [named('flux', 'fal-ai/flux/dev'), named('flux', 'fal-ai/flux/schnell')]
    expect(namesOf(both)).toEqual([['flux', 'flux', 2]])
    expect(namesOf(both, new Map([['flux', 'fal-ai/flux-any']]))).toEqual([['fal-ai/flux-any', 'flux', 2]])
  })

  it('are called the same under a filter that leaves no match', () => {
    const others = [fact({ selected: false, events: [event({ model: 'fal-ai/sora-2' })] }, { model: 'sora' })]
    const { models, total } = bookOf([...others, named('sora')])
    expect(models.map(({ modelId, sums }) => [modelId, sums.requestCount])).toEqual([['fal-ai/sora-2', 1]])
    expect(total.requestCount).toBe(1)
  })
})

describe('keys', () => {
  it('are one by account whatever their case, and unknown ones stand apart, last', () => {
    const unknown = { accountId: null, standing: 'not-evaluated' } as const
    const facts = [
      fact({ ...unknown, apiKey: 'zzz' }),
      fact({ accountId: 12, apiKey: 'key-of-12' }),
      fact({ apiKey: 'Key-of-5' }),
      fact({ ...unknown, apiKey: 'aaa' }),
      fact(),
    ]
    for (const inOrder of [facts, facts.toReversed()]) {
      const { keys, unread } = bookOf(inOrder)
      expect(keys.map(({ accountId, apiKey, sums }) => [accountId, apiKey, sums.requestCount])).toEqual([
        [5, 'Key-of-5', 2],
        [12, 'key-of-12', 1],
        [null, 'aaa', 1],
        [null, 'zzz', 1],
      ])
      expect([...unread]).toEqual([[null, 2]])
    }
  })
})

describe('what may still be billed', () => {
  const since = later(AS_OF, -24 * HOUR)
  const countOf = (...facts: readonly UsageFact[]) => bookOf(facts).pendingCount
  const failure = (own: Partial<UsageFact['task']>) =>
    fact({ standing: 'failed' }, { status: 'failed', completedAt: null, ...own })

  it('is what is pending, and what is unfinished and young', () => {
    const facts = [
      fact({ standing: 'pending' }),
      fact({ standing: 'unfinished' }, { status: 'unfinished', createdAt: later(since, 1) }),
      fact({ standing: 'unfinished' }, { status: 'unfinished', createdAt: since }),
      fact({ standing: 'pending', selected: false }),
    ]
    expect(countOf(...facts)).toBe(2)
  })

  it('is what failed no longer ago than the settlement lag', () => {
    const [made, ago] = [later(since, -HOUR), later(since, -1)]
    expect([since, ago].map((end) => countOf(failure({ createdAt: made, completedAt: end })))).toEqual([1, 0])
    // Without an end that can be, by when it was made.
    expect([since, ago].map((createdAt) => countOf(failure({ createdAt })))).toEqual([1, 0])
    // By no more than clocks or zones differ it may be one of just now, and later it is past.
    const ahead = [1, 26 * HOUR, 26 * HOUR + 1].map((span) => later(AS_OF, span))
    expect(ahead.map((end) => countOf(failure({ createdAt: ago, completedAt: end })))).toEqual([1, 1, 0])
  })

  it('is the name of a model, too, that a task which the filters do not leave would be the first to tell', () => {
    const asked = fact({ standing: 'failed' }, { model: 'sora' })
    const other = (standing: UsageFact['standing'], model: string) => fact({ standing, selected: false }, { model })
    const hangs = (...facts: readonly UsageFact[]) => bookOf(facts).namesPending
    expect([hangs(asked, other('pending', 'SORA')), hangs(other('pending', 'sora'), asked)]).toEqual([true, true])
    expect([hangs(asked, other('unbilled', 'sora')), hangs(asked, other('pending', 'kling'))]).toEqual([false, false])
    expect(hangs(asked, fact({}, { model: 'kling' }), other('pending', 'sora'))).toBe(true)
    // It is told already.
    const told = fact({ events: [event({ model: 'fal-ai/sora-2' })], selected: false }, { model: 'sora' })
    expect(hangs(asked, told, other('pending', 'sora'))).toBe(false)
  })

  it('is nothing that was billed, or that is over in another way', () => {
    const standings = ['matched', 'unbilled', 'without-id', 'duplicate', 'not-evaluated'] as const
    expect(countOf(...standings.map((standing) => fact({ standing }, { createdAt: since, completedAt: since })))).toBe(
      0,
    )
  })
})
