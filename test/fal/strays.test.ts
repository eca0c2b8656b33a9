import { describe, expect, it } from 'vitest'
import { NamedEndpoints } from '../../src/fal/named-endpoints.ts'
import type { Fetched } from '../../src/fal/reader.ts'
import { event, FEBRUARY, KEY, manyEvents, never, openLine, range, workspace, zone } from './line.ts'

// What fal tells beside what it was asked for.
const UUID = '2be1964e-6e4d-42a8-a951-37753df3104f'
const events = [...manyEvents(5), event('twin'), event('twin')]
const line = (faults: boolean, pageRows = 100) =>
  openLine(
    {
      workspaces: [workspace({ events })],
      faults: faults ? [{ kind: 'ignore-request-ids' }] : [],
    },
    { limits: { eventPageRows: pageRows } },
  )

describe('an answer about named requests', () => {
  it.each([100, 4])('that tells of others is partial without them, %i events a page', async (pageRows) => {
    const { client } = await line(true, pageRows)
    const answer = await client.events(KEY, { range: FEBRUARY, requestIds: ['r2', 'twin', 'r4'] }, never())
    expect(answer).toMatchObject({ status: 'partial', failure: 'bad-answer' })
    expect(answer.status === 'partial' && answer.reason).toContain('told 3 events of others')
    expect(answer.status === 'partial' && answer.value.map(({ requestId }) => requestId)).toEqual([
      ...['r2', 'r4', 'twin', 'twin'],
    ])
  })

  it('is whole where it keeps to them', async () => {
    const { client } = await line(false)
    const answer = await client.events(KEY, { range: FEBRUARY, requestIds: ['r2', 'twin'] }, never())
    expect(answer.status === 'complete' && answer.value).toHaveLength(3)
  })

  it.each([
    [UUID, UUID.toUpperCase()],
    [UUID.toUpperCase(), `fal-ai/flux#${UUID}`],
    [UUID, `https://queue.fal.run/fal-ai/flux/requests/${UUID}/status`],
    [`fal-ai/flux#${UUID}`, UUID],
  ])('about %s is whole where fal writes %s', async (asked, written) => {
    const row = { request_id: written, endpoint_id: 'm', timestamp: '2026-02-02T00:00:00Z', cost_total: 1 }
    const { client } = await openLine({ faults: [{ kind: 'body', text: JSON.stringify({ billing_events: [row] }) }] })
    const answer = await client.events(KEY, { range: FEBRUARY, requestIds: [asked] }, never())
    expect(answer).toMatchObject({ status: 'complete', value: [{ requestId: written }] })
  })

  it('that is to settle whether pages overlap settles nothing where it tells of others', async () => {
    const overlapping = async (ignores: boolean) => {
      const { client } = await openLine(
        {
          workspaces: [workspace({ events: manyEvents(9) })],
          faults: [
            { kind: 'repeat-page', rows: 1, page: 1, times: 1 },
            ...(ignores ? [{ kind: 'ignore-request-ids' } as const] : []),
          ],
        },
        { limits: { eventPageRows: 3 } },
      )
      return client.events(KEY, { range: FEBRUARY }, never())
    }
    const answer = await overlapping(true)
    expect(answer).toMatchObject({ status: 'partial', failure: 'bad-answer' })
    expect(answer.status === 'partial' && answer.value).toHaveLength(9)
    expect((await overlapping(false)).status).toBe('complete')
  })
})

describe('an answer about named endpoints', () => {
  const UTC = zone('UTC')
  const told = (endpoints: readonly string[]) =>
    openLine({
      faults: [
        {
          kind: 'body',
          text: JSON.stringify({
            time_series: [
              {
                bucket: '2026-02-02T00:00:00Z',
                results: endpoints.map((endpoint_id) => ({ endpoint_id, quantity: 1, cost_total: 1 })),
              },
            ],
            billing_events: endpoints.map((endpoint_id, index) => ({
              request_id: `r${index}`,
              endpoint_id,
              timestamp: '2026-02-02T00:00:00Z',
              cost_total: 1,
            })),
          }),
        },
      ],
    })
  const answersTo = async (endpointIds: readonly string[], endpoints: readonly string[]) => {
    const { client } = await told(endpoints)
    const query = { range: FEBRUARY, ...(endpointIds.length > 0 && { endpointIds }) }
    return [
      await client.usage(KEY, { ...query, zone: UTC, timeframe: 'day' }, never()),
      await client.events(KEY, query, never()),
    ]
  }

  it('that tells of others as well is whole without them, of usage and of events', async () => {
    for (const answer of await answersTo(['fal-ai/flux'], ['fal-ai/flux', 'fal-ai/flux/dev', 'kling'])) {
      expect(answer).toMatchObject({ status: 'complete', value: [{ model: 'fal-ai/flux' }] })
      expect(answer.status === 'complete' && answer.value).toHaveLength(1)
    }
  })

  it('that tells of others in the stead of one is partial without them', async () => {
    for (const answer of await answersTo(['fal-ai/flux', 'kling'], ['fal-ai/flux/dev', 'kling', 'sora'])) {
      expect(answer).toMatchObject({ status: 'partial', failure: 'bad-answer', value: [{ model: 'kling' }] })
      expect(answer.status === 'partial' && answer.value).toHaveLength(1)
      expect(answer.status === 'partial' && answer.reason).toContain('no row of 1 endpoints')
      expect(answer.status === 'partial' && answer.reason).toContain('and 2 of others')
    }
  })

  it.each([
    [
      ['fal-ai/flux', 'kling'],
      ['fal-ai/flux', 'kling', 'kling'],
    ],
    [['Fal-AI/Flux'], ['fal-ai/flux']],
    [['fal-ai/flux', 'sora'], ['fal-ai/flux']],
    [[], ['fal-ai/flux', 'kling']],
  ])('%j is whole with %j', async (asked, endpoints) => {
    for (const answer of await answersTo(asked, endpoints)) {
      expect(answer.status === 'complete' && answer.value.map(({ model }) => model)).toEqual(endpoints)
    }
  })
})

describe('an answer about named endpoints that was not read whole', () => {
  const judged = (fetched: Fetched<readonly string[]>) => {
    const named = new NamedEndpoints(['kling'])
    expect([named.isAsked('sora'), named.isAsked(null), named.isAsked(undefined)]).toEqual([false, false, false])
    return named.judge(fetched)
  }

  it('keeps the reason for that, whatever it told of others', () => {
    const cut = { status: 'partial', value: [], failure: 'page-limit', reason: 'too long' } as const
    const refused = { status: 'failed', failure: 'forbidden', reason: 'refused' } as const
    expect([judged(cut), judged(refused)]).toEqual([cut, refused])
    const told = judged({ status: 'complete', value: [] })
    expect(told.status === 'partial' && told.reason).toContain('and 3 of others')
  })
})

describe('buckets of usage', () => {
  const SHANGHAI = zone('Asia/Shanghai')
  const day = range('2026-02-05T16:00:00Z', '2026-02-06T16:00:00Z')
  const row = { endpoint_id: 'm', app: 'a', quantity: 1, cost_total: 1 }
  const answerTo = async (
    buckets: readonly string[],
    { timeframe = 'day', asked = day, days = SHANGHAI, results = [row] as object[] } = {},
  ) => {
    const text = JSON.stringify({ time_series: buckets.map((bucket) => ({ bucket, results })) })
    const { client } = await openLine({ faults: [{ kind: 'body', text, times: 1 }] })
    const query = { range: asked, zone: days, timeframe: timeframe as 'day' | 'month' }
    return { client, query, answer: await client.usage(KEY, query, never()) }
  }

  it.each([
    ['a month before', '2026-01-01T00:00:00+08:00'],
    ['the day before', '2026-02-05T00:00:00+08:00'],
    ['the day behind', '2026-02-07T00:00:00+08:00'],
    ['the day behind, as a date', '2026-02-07'],
    ['the day behind, by the second', '2026-02-06T16:00:00Z'],
  ])('outside the window asked for are left out, and said to be: %s', async (_, outside) => {
    const { answer } = await answerTo([outside, '2026-02-06T00:00:00+08:00'])
    expect(answer).toMatchObject({ status: 'partial', failure: 'bad-answer', value: [{ date: '2026-02-06' }] })
    expect(answer.status === 'partial' && answer.value).toHaveLength(1)
    expect(answer.status === 'partial' && answer.reason).toContain('1 rows of buckets outside the time')
  })

  it.each([
    ['the day', '2026-02-06T00:00:00+08:00'],
    ['the day as an instant', '2026-02-05T16:00:00Z'],
    ['the day as a date', '2026-02-06'],
    ['the last second', '2026-02-06T23:59:59+08:00'],
    ['a day of UTC that ends within', '2026-02-05T00:00:00Z'],
    ['a day of UTC that begins within', '2026-02-06T00:00:00Z'],
  ])('that overlap the window belong to it: %s', async (_, bucket) => {
    expect((await answerTo([bucket])).answer).toMatchObject({ status: 'complete', value: [{ model: 'm' }] })
  })

  it.each([
    ['2026-02-01T00:00:00+08:00', 'complete'],
    ['2026-01-01T00:00:00+08:00', 'partial'],
    ['2026-03-01T00:00:00+08:00', 'partial'],
  ])('of months: %s is %s', async (bucket, status) => {
    expect((await answerTo([bucket], { timeframe: 'month' })).answer.status).toBe(status)
  })

  it('that hold nothing are no harm, wherever they lie', async () => {
    expect((await answerTo(['2026-02-07T00:00:00+08:00'], { results: [] })).answer.status).toBe('complete')
  })

  it('of a day that a change of the clocks makes short begin and end at its borders', async () => {
    const days = zone('America/New_York')
    const asked = { start: days.startOfDate('2026-03-08' as never), end: days.startOfDate('2026-03-09' as never) }
    expect(asked.end - asked.start).toBe(23 * 3_600_000)
    for (const [bucket, status] of [
      ['2026-03-08T00:00:00-05:00', 'complete'],
      ['2026-03-09T00:00:00-04:00', 'partial'],
      ['2026-03-07T00:00:00-05:00', 'partial'],
    ] as const) {
      expect((await answerTo([bucket], { asked, days })).answer.status).toBe(status)
    }
  })

  it('of UTC that each overlap a day of a zone without a name belong to it, and others do not', async () => {
    const days = zone('+05:30')
    const asked = { start: days.startOfDate('2026-02-06' as never), end: days.startOfDate('2026-02-07' as never) }
    for (const buckets of [
      ['2026-02-05T00:00:00Z', '2026-02-06T00:00:00Z'],
      ['2026-02-05', '2026-02-06'],
    ]) {
      const both = await answerTo(buckets, { asked, days })
      expect(both.answer).toMatchObject({ status: 'complete', value: [{ date: '2026-02-06' }, { date: '2026-02-06' }] })
    }
    const stray = await answerTo(['2026-02-07T00:00:00Z', '2026-02-06T00:00:00Z'], { asked, days })
    expect(stray.answer).toMatchObject({ status: 'partial', value: [{ date: '2026-02-06' }] })
  })

  it('of serverless usage are held against the window as well', async () => {
    const text = JSON.stringify({ time_series: [{ bucket: '2026-01-01T00:00:00Z', results: [row] }] })
    const { client } = await openLine({ faults: [{ kind: 'body', text }] })
    const answer = await client.serverlessUsage(KEY, { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' }, never())
    expect(answer).toMatchObject({ status: 'partial', value: [] })
  })
})

describe('events', () => {
  const wire = (request_id: string, timestamp: string) => ({ request_id, endpoint_id: 'm', timestamp, cost_total: 1 })
  const inside = wire('in', '2026-02-02T00:00:00Z')
  const answerTo = async (events: readonly object[], question: object = {}, before = '', behind = '') => {
    const body = `{${before}"billing_events":${JSON.stringify(events)}${behind}}`
    const { client } = await openLine({ faults: [{ kind: 'body', text: body }] })
    return client.events(KEY, { range: FEBRUARY, ...question }, never())
  }

  it.each([
    ['the last day, whatever was asked for', '2026-02-09T12:00:00Z'],
    ['two seconds before', '2026-01-31T23:59:58Z'],
    ['two seconds behind', '2026-02-08T00:00:02Z'],
    ['a second behind', '2026-02-08T00:00:01.000Z'],
  ])('outside the time asked for are left out, and said to be: %s', async (_, outside) => {
    // Of its bytes, and as JSON where a key comes twice, which may show only when the events were read.
    for (const [before, behind] of [[], ['"x":1,"x":2,'], ['', ',"x":1,"x":2']]) {
      const answer = await answerTo([inside, wire('out', outside)], {}, before, behind)
      expect(answer).toMatchObject({ status: 'partial', failure: 'bad-answer', value: [{ requestId: 'in' }] })
      expect(answer.status === 'partial' && answer.value).toHaveLength(1)
      expect(answer.status === 'partial' && answer.reason).toContain('told 1 events of other times')
    }
  })

  it('that are all of another time are no bill of nothing', async () => {
    expect(await answerTo([wire('out', '2026-02-09T12:00:00Z')])).toMatchObject({ status: 'partial', value: [] })
  })

  it('of a request that was asked for, but of another time, leave open what it cost', async () => {
    const answer = await answerTo([wire('out', '2026-01-02T00:00:00Z')], { requestIds: ['out'] })
    expect(answer).toMatchObject({ status: 'partial', value: [] })
  })

  it.each([
    ['end', '2026-02-08T00:00:00Z'],
    ['end, in its second', '2026-02-08T00:00:00.999Z'],
    ['start, in the second before', '2026-01-31T23:59:59.001Z'],
  ])('on the edge are of the time beside it, however fal takes edges: %s', async (_, edge) => {
    const answer = await answerTo([inside, wire('edge', edge)])
    expect(answer).toMatchObject({ status: 'complete', value: [{ requestId: 'in' }] })
    expect(answer.status === 'complete' && answer.value).toHaveLength(1)
  })
})
