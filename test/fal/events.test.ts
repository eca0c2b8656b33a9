import { describe, expect, it } from 'vitest'
import { at, event, FEBRUARY, KEY, KEY_ID, manyEvents, never, openLine, range, workspace } from './line.ts'

const bodyOf = (...events: object[]): string => JSON.stringify({ billing_events: events, has_more: false })
const WIRE = { request_id: 'r', endpoint_id: 'm', timestamp: '2026-02-02T00:00:00Z' }

describe('events', () => {
  it('reads an event whole', async () => {
    const { client, double } = await openLine({
      workspaces: [workspace({ events: [event('r1', { percentDiscount: '10', cost: '0.045' })] })],
    })
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer).toEqual({
      status: 'complete',
      value: [
        {
          requestId: 'r1',
          model: 'fal-ai/flux',
          at: at('2026-02-02T10:00:00Z'),
          quantity: '1',
          unit: 'image',
          unitPrice: '0.05',
          percentDiscount: '10',
          costNanoUsd: 45_000_000n,
          keyId: KEY_ID,
          login: null,
        },
      ],
    })
    expect(double.requests[0]).toMatchObject({
      path: '/models/billing-events',
      query: {
        start: ['2026-02-01T00:00:00Z'],
        end: ['2026-02-08T00:00:00Z'],
        limit: ['10000'],
        expand: ['auth_method_structured'],
      },
    })
  })

  it('sums the integer of nano-dollars, as a number or a text, and falls back to cost_total', async () => {
    const text = bodyOf(
      { ...WIRE, cost_estimate_nano_usd: 123, cost_total: 9 },
      { ...WIRE, cost_estimate_nano_usd: '-45', cost_total: 9 },
      { ...WIRE, cost_estimate_nano_usd: null, cost_total: 0.000000001 },
      { ...WIRE, cost_estimate_nano_usd: 1e21, output_units: 3, unit: null, quantity: null, unit_price: null },
    )
    const { client } = await openLine({ faults: [{ kind: 'body', text }] })
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer).toMatchObject({
      status: 'complete',
      value: [
        { costNanoUsd: 123n, quantity: null, unit: null },
        { costNanoUsd: -45n },
        { costNanoUsd: 1n },
        { costNanoUsd: 10n ** 21n, quantity: '3', unitPrice: null },
      ],
    })
  })

  it.each([
    ['cost_estimate_nano_usd', {}],
    ['cost_estimate_nano_usd', { cost_estimate_nano_usd: 0.5 }],
    ['timestamp', { timestamp: 'yesterday', cost_total: 1 }],
    ['request_id', { request_id: null, cost_total: 1 }],
    ['request_id', { request_id: '', cost_total: 1 }],
    ['request_id', { request_id: ' \t', cost_total: 1 }],
    ['request_id', { request_id: 'fal-ai/flux#', cost_total: 1 }],
    ['currency', { cost_total: 1, currency: 'CNY' }],
  ])('refuses an event for its %s', async (field, over) => {
    const { client } = await openLine({ faults: [{ kind: 'body', text: bodyOf({ ...WIRE, ...over }) }] })
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
    expect(answer.status === 'failed' && answer.reason).toContain(`billing_events[0].${field}`)
  })

  it.each([
    ['2026-04-01T00:00:00Z', 1],
    ['2026-04-01T00:00:00.001Z', 2],
    ['2026-06-30T00:00:00Z', 2],
  ])('asks until %s in %i spans of at most 90 days, that meet without gap or overlap', async (end, spans) => {
    const edge = event('edge', { timestamp: '2026-04-01T00:00:00Z' })
    const { client, double } = await openLine({ workspaces: [workspace({ events: [edge] })] })
    const answer = await client.events(KEY, { range: range('2026-01-01T00:00:00Z', end) }, never())
    expect(answer).toMatchObject({ status: 'complete' })
    expect(answer.status === 'complete' && answer.value.length).toBe(spans - 1)
    expect(double.requests).toHaveLength(spans)
    if (spans === 2) expect(double.requests[0]?.query.end).toEqual(double.requests[1]?.query.start)
  })

  it('asks for requests 50 at a time, each once, over the whole range', async () => {
    const { client, double } = await openLine({ workspaces: [workspace({ events: manyEvents(120) })] })
    const requestIds = [...Array.from({ length: 101 }, (_, index) => `r${index + 1}`), 'r1', '']
    const answer = await client.events(KEY, { range: FEBRUARY, requestIds }, never())
    expect(answer.status === 'complete' && answer.value.map(({ requestId }) => requestId)).toEqual(
      requestIds.slice(0, 101),
    )
    expect(double.requests.map(({ query }) => query.request_id?.length)).toEqual([50, 50, 1])
    expect(double.requests.every(({ query }) => query.start?.[0] === '2026-02-01T00:00:00Z')).toBe(true)
  })

  it.each([
    ['x', 250, [24, 24, 2]],
    // Nine characters of the URL each; more of them than the double takes in one request line.
    ['错', 90, [7, 7, 7, 7, 7, 7, 7, 1]],
    ['\ud800', 90, [7, 7, 7, 7, 7, 7, 7, 1]],
    ['/', 90, [22, 22, 6]],
  ])('keeps a question short when ids are long: of %j', async (letter, chars, asked) => {
    const { client, double } = await openLine()
    const requestIds = Array.from({ length: 50 }, (_, index) => String(index).padStart(chars, letter))
    expect(await client.events(KEY, { range: FEBRUARY, requestIds }, never())).toEqual({
      status: 'complete',
      value: [],
    })
    expect(double.requests.map(({ query }) => query.request_id?.length)).toEqual(asked)
  })

  it.each([
    { requestIds: [] },
    { requestIds: [''] },
    { endpointIds: [] },
    { range: range('2026-02-01T00:00:00Z', '2026-02-01T00:00:00Z') },
  ])('asks nothing for %o', async (query) => {
    const { client, double } = await openLine()
    expect(await client.events(KEY, { range: FEBRUARY, ...query }, never())).toEqual({ status: 'complete', value: [] })
    expect(double.requests).toHaveLength(0)
  })

  it('stops asking for further requests after a part that failed, and says how far it got', async () => {
    const { client, double } = await openLine(
      {
        workspaces: [workspace({ events: manyEvents(1000) })],
        faults: [{ kind: 'status', status: 403, keyId: KEY_ID }],
      },
      { concurrency: 1 },
    )
    const requestIds = Array.from({ length: 1000 }, (_, index) => `r${index + 1}`)
    expect(await client.events(KEY, { range: FEBRUARY, requestIds }, never())).toMatchObject({
      status: 'failed',
      failure: 'forbidden',
    })
    expect(double.requests.length).toBeLessThanOrEqual(4)
  })

  it('is partial when a later part fails, with all that was read', async () => {
    const text = bodyOf({ ...WIRE, request_id: 'r1', cost_total: 1 })
    const { client } = await openLine({
      faults: [
        { kind: 'body', text, times: 1 },
        { kind: 'status', status: 404 },
      ],
    })
    const requestIds = Array.from({ length: 51 }, (_, index) => `r${index + 1}`)
    const answer = await client.events(KEY, { range: FEBRUARY, requestIds }, never())
    expect(answer).toMatchObject({ status: 'partial', failure: 'not-found', value: [{ requestId: 'r1' }] })
    expect(answer.status === 'partial' && answer.reason).toContain('1 of 2 parts')
  })
})

describe('identical events', () => {
  const twice = [event('twin'), event('twin'), event('single')]

  it('stay when one page of a query by id holds them twice', async () => {
    const { client } = await openLine({ workspaces: [workspace({ events: twice })] })
    const answer = await client.events(KEY, { range: FEBRUARY, requestIds: ['twin'] }, never())
    expect(answer.status === 'complete' && answer.value.length).toBe(2)
  })

  it.each([1, 2, 3])('count once when a page repeats its last %i rows on the next', async (rows) => {
    const { client } = await openLine(
      {
        workspaces: [workspace({ events: manyEvents(9) })],
        faults: [{ kind: 'repeat-page', rows, page: 1 }],
      },
      { limits: { eventPageRows: 3 } },
    )
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer.status === 'complete' && answer.value.map(({ requestId }) => requestId)).toEqual(
      manyEvents(9).map(({ requestId }) => requestId),
    )
  })

  it('count twice where they are billed twice and the edge of a page lies between them', async () => {
    const [first, second, third, last] = manyEvents(4)
    const events = [first!, second!, third!, third!, last!]
    const { client, double } = await openLine({ workspaces: [workspace({ events })] }, { limits: { eventPageRows: 3 } })
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer.status === 'complete' && answer.value.map(({ requestId }) => requestId)).toEqual(
      events.map(({ requestId }) => requestId),
    )
    expect(double.requests.at(-1)?.query.request_id).toEqual([third!.requestId])
  })

  /** Answers one after another: pages, and what fal tells when it is asked about their requests alone. */
  const answers = (...bodies: string[]) =>
    openLine({ faults: bodies.map((text) => ({ kind: 'body', text, times: 1 }) as const) })
  const one = { ...WIRE, cost_total: 1 }
  const firstOf = (...events: object[]): string =>
    JSON.stringify({ billing_events: events, next_cursor: 'MC8y', has_more: true })

  it('are all asked about, however many pages repeat', async () => {
    const many = Array.from({ length: 6 }, (_, index) => ({ ...one, request_id: `r${index}` }))
    const { client } = await answers(firstOf(...many), bodyOf(...many), bodyOf(...many, ...many))
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer.status === 'complete' && answer.value.length).toBe(12)
  })

  it.each([
    ['others', { ...one, request_id: 'other' }],
    ['other times', { ...one, timestamp: '2026-03-02T00:00:00Z' }],
  ])('are not told by an answer that tells of %s besides', async (told, stray) => {
    const { client } = await answers(firstOf(one), bodyOf(one), bodyOf(one, one, stray))
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer).toMatchObject({ status: 'partial', reason: expect.stringContaining(`of ${told}`) })
    expect(answer.status === 'partial' && answer.value.length).toBe(1)
  })

  it('of pages that overlap count once where they were asked for by id, which is not asked twice', async () => {
    const { client, double } = await openLine(
      { workspaces: [workspace({ events: manyEvents(9) })], faults: [{ kind: 'repeat-page', rows: 1, page: 1 }] },
      { limits: { eventPageRows: 3 } },
    )
    const requestIds = manyEvents(9).map(({ requestId }) => requestId)
    const answer = await client.events(KEY, { range: FEBRUARY, requestIds }, never())
    expect(answer.status === 'complete' && answer.value.map(({ requestId }) => requestId)).toEqual(requestIds)
    expect(double.requests.filter(({ query }) => query.cursor === undefined)).toHaveLength(1)
  })

  it('are partial where pages repeat them and fal does not answer about them', async () => {
    const { client } = await openLine(
      {
        workspaces: [workspace({ events: manyEvents(9) })],
        faults: [
          { kind: 'repeat-page', rows: 1, page: 1, times: 1 },
          { kind: 'status', status: 403, page: 1 },
        ],
      },
      { limits: { eventPageRows: 3 } },
    )
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer).toMatchObject({ status: 'partial', failure: 'forbidden' })
  })

  it('count as often as the page that has most of them, not as the sum', async () => {
    const { client } = await openLine(
      { workspaces: [workspace({ events: twice })], faults: [{ kind: 'repeat-page', page: 1 }] },
      { limits: { eventPageRows: 3 } },
    )
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer.status === 'complete' && answer.value.filter(({ requestId }) => requestId === 'twin').length).toBe(2)
    expect(answer.status === 'complete' && answer.value.length).toBe(3)
  })

  it('are not identical where they differ in a field that is not known yet', async () => {
    const page = (id: number, more: object): string =>
      JSON.stringify({ billing_events: [{ ...WIRE, cost_total: 1, event_id: id }], ...more })
    const { client } = await openLine({
      faults: [
        { kind: 'body', text: page(1, { next_cursor: 'MC8y', has_more: true }), times: 1 },
        { kind: 'body', text: page(2, {}), times: 1 },
      ],
    })
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer.status === 'complete' && answer.value.length).toBe(2)
  })
})
