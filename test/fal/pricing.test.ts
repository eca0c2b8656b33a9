import { describe, expect, it } from 'vitest'
import type { ListedPrice } from '../../src/demo/fal-double-prices.ts'
import { formatUsd } from '../../src/units/nano-usd.ts'
import { KEY, never, openLine, SECRET } from './line.ts'

const named = (count: number): ListedPrice[] =>
  Array.from({ length: count }, (_, index) => ({ endpointId: `fal-ai/m${index}`, unitPrice: '0.05', unit: 'image' }))
const idsOf = (prices: readonly ListedPrice[]): string[] => prices.map(({ endpointId }) => endpointId)

describe('pricing', () => {
  it('reads advertised prices in the order asked for, in one question', async () => {
    const prices = [
      { endpointId: 'fal-ai/flux', unitPrice: '0.0000001', unit: 'megapixels' },
      { endpointId: 'fal-ai/kling', unitPrice: '0.28', unit: 'seconds', currency: 'EUR' },
    ]
    const { client, double } = await openLine({ prices })
    expect(await client.pricing(KEY, ['fal-ai/kling', 'fal-ai/flux', 'fal-ai/kling'], never())).toEqual({
      status: 'complete',
      value: {
        prices: [
          { endpointId: 'fal-ai/kling', unitPrice: '0.28', unit: 'seconds', currency: 'EUR' },
          { endpointId: 'fal-ai/flux', unitPrice: '0.0000001', unit: 'megapixels', currency: 'USD' },
        ],
        unknown: [],
      },
    })
    expect(double.requests).toEqual([
      {
        method: 'GET',
        path: '/models/pricing',
        query: { endpoint_id: ['fal-ai/kling', 'fal-ai/flux'] },
        workspace: 'acme',
      },
    ])
  })

  it.each([
    ['FAL-AI/Flux', 'fal-ai/flux'],
    ['fal-ai/flux', 'FAL-AI/Flux'],
  ])('knows %s where fal answers %s, and its currency in any case', async (asked, endpoint_id) => {
    const text = JSON.stringify({ prices: [{ endpoint_id, unit_price: 0.05, unit: 'image', currency: 'usd' }] })
    const { client } = await openLine({ faults: [{ kind: 'body', text }] })
    const price = { endpointId: asked, unitPrice: '0.05', unit: 'image', currency: 'USD' }
    expect(await client.pricing(KEY, [asked], never())).toEqual({
      status: 'complete',
      value: { prices: [price], unknown: [] },
    })
  })

  it('asks 50 at a time', async () => {
    const prices = named(101)
    const { client, double } = await openLine({ prices })
    const answer = await client.pricing(KEY, idsOf(prices), never())
    expect(answer.status === 'complete' && answer.value.prices.map(({ endpointId }) => endpointId)).toEqual(
      idsOf(prices),
    )
    expect(double.requests.map(({ query }) => query.endpoint_id?.length)).toEqual([50, 50, 1])
  })

  it('asks nothing where there is nothing to ask', async () => {
    const { client, double } = await openLine()
    expect(await client.pricing(KEY, [], never())).toEqual({ status: 'complete', value: { prices: [], unknown: [] } })
    expect(double.requests).toHaveLength(0)
  })

  it('halves a question that fails for its unknown models, until each of them was asked about alone', async () => {
    const prices = named(48)
    const ids = [...idsOf(prices).slice(0, 10), 'no/such', ...idsOf(prices).slice(10), 'nor/this']
    const { client, double } = await openLine({ prices })
    const answer = await client.pricing(KEY, ids, never())
    expect(answer).toMatchObject({ status: 'complete', value: { unknown: ['no/such', 'nor/this'] } })
    expect(answer.status === 'complete' && answer.value.prices.map(({ endpointId }) => endpointId)).toEqual(
      idsOf(prices),
    )
    const alone = double.requests.filter(({ query }) => query.endpoint_id?.length === 1)
    expect(alone.map(({ query }) => query.endpoint_id?.[0])).toEqual(expect.arrayContaining(['no/such', 'nor/this']))
    expect(double.requests.length).toBeLessThan(26)
  })

  it('knows none of 50 unknown models after 99 questions, and no more', async () => {
    const { client, double } = await openLine({ prices: [] })
    const ids = idsOf(named(50))
    const answer = await client.pricing(KEY, ids, never())
    expect(answer).toEqual({ status: 'complete', value: { prices: [], unknown: ids } })
    expect(double.requests).toHaveLength(99)
  })

  it.each([
    [3, 'complete'],
    [2, 'partial'],
  ])('of at most %i questions about a known and an unknown model: %s', async (pricingQuestions, status) => {
    const { client, double } = await openLine({ prices: named(1) }, { limits: { pricingQuestions } })
    const answer = await client.pricing(KEY, ['fal-ai/m0', 'no/such'], never())
    expect(answer.status).toBe(status)
    expect(double.requests).toHaveLength(pricingQuestions)
    if (answer.status === 'partial') {
      expect(answer).toMatchObject({
        failure: 'page-limit',
        value: { prices: [{ endpointId: 'fal-ai/m0' }], unknown: [] },
      })
    }
  })

  it('asks again about models that an answer leaves out', async () => {
    const text = JSON.stringify({ prices: [{ endpoint_id: 'fal-ai/m1', unit_price: 7, unit: null }] })
    const { client, double } = await openLine({ prices: named(3), faults: [{ kind: 'body', text, times: 1 }] })
    const answer = await client.pricing(KEY, ['fal-ai/m0', 'fal-ai/m1', 'no/such'], never())
    expect(answer).toEqual({
      status: 'complete',
      value: {
        prices: [
          { endpointId: 'fal-ai/m0', unitPrice: '0.05', unit: 'image', currency: 'USD' },
          { endpointId: 'fal-ai/m1', unitPrice: '7', unit: '', currency: 'USD' },
        ],
        unknown: ['no/such'],
      },
    })
    expect(double.requests.map(({ query }) => query.endpoint_id)).toEqual([
      ['fal-ai/m0', 'fal-ai/m1', 'no/such'],
      ['fal-ai/m0'],
      ['no/such'],
    ])
  })

  it('a failure says why, and keeps what was read before it', async () => {
    const text = JSON.stringify({ prices: [{ endpoint_id: 'fal-ai/m0', unit_price: 1 }] })
    const ids = ['fal-ai/m0', 'fal-ai/m1']
    const forbidden = { kind: 'status', status: 403 } as const
    const first = await openLine({ faults: [forbidden] })
    expect(await first.client.pricing(KEY, ids, never())).toMatchObject({ status: 'failed', failure: 'forbidden' })
    const later = await openLine({ faults: [{ kind: 'body', text, times: 1 }, forbidden] })
    expect(await later.client.pricing(KEY, ids, never())).toMatchObject({
      status: 'partial',
      failure: 'forbidden',
      value: { prices: [{ endpointId: 'fal-ai/m0' }], unknown: [] },
    })
  })

  it.each(['{"prices":[{"endpoint_id":"a","unit_price":"much"}]}', '{"data":[]}', '<html></html>'])(
    'refuses %s',
    async (text) => {
      const { client } = await openLine({ faults: [{ kind: 'body', text }] })
      expect(await client.pricing(KEY, ['a'], never())).toMatchObject({ status: 'failed', failure: 'bad-answer' })
    },
  )
})

describe('an estimate', () => {
  const prices = [
    { endpointId: 'fal-ai/flux', unitPrice: '0.003', unit: 'megapixels', callPrice: '0.0125' },
    { endpointId: 'fal-ai/kling', unitPrice: '0.28', unit: 'seconds' },
  ]
  const quantities = new Map([
    ['fal-ai/flux', '3'],
    ['fal-ai/kling', '2.5'],
  ])

  it.each([
    ['calls', '0.7375', 'historical_api_price', 'call_quantity'],
    ['units', '0.709', 'unit_price', 'unit_quantity'],
  ] as const)('of %s is one exact total: %s', async (kind, total, type, field) => {
    const { client, double } = await openLine({ prices })
    const answer = await client.estimate(KEY, { kind, quantities }, never())
    expect(answer.status === 'complete' && formatUsd(answer.value)).toBe(total)
    expect(double.requests).toEqual([
      {
        method: 'POST',
        path: '/models/pricing/estimate',
        query: {},
        workspace: 'acme',
        body: { estimate_type: type, endpoints: { 'fal-ai/flux': { [field]: 3 }, 'fal-ai/kling': { [field]: 2.5 } } },
      },
    ])
  })

  it.each([
    ['0.000000001', 1n],
    ['1e-9', 1n],
    ['123456.789012345', 123_456_789_012_345n],
  ])('reads a total of %s to the nano-dollar', async (total, nano) => {
    const { client } = await openLine({ faults: [{ kind: 'body', text: `{"total_cost":${total},"currency":"USD"}` }] })
    expect(await client.estimate(KEY, { kind: 'calls', quantities }, never())).toEqual({
      status: 'complete',
      value: nano,
    })
  })

  it.each([
    { kind: 'status', status: 429, times: 3 },
    { kind: 'status', status: 503, times: 3 },
    { kind: 'refuse', times: 3 },
    { kind: 'break-off', times: 3 },
  ] as const)('is asked again after %j, with the whole question', async (fault) => {
    const { client, double, slept } = await openLine({ prices, faults: [fault] })
    expect(await client.estimate(KEY, { kind: 'units', quantities }, never())).toMatchObject({ status: 'complete' })
    expect(slept).toHaveLength(3)
    expect(new Set(double.requests.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(double.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST'])
  })

  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [422, 'invalid'],
  ])('is asked once where fal answers %i', async (status, failure) => {
    const { client, double } = await openLine({ faults: [{ kind: 'status', status }] })
    const answer = await client.estimate(KEY, { kind: 'calls', quantities }, never())
    expect(answer).toMatchObject({ status: 'failed', failure })
    expect(double.requests).toHaveLength(1)
  })

  it('is JSON whatever a model is called, and however a quantity is written', async () => {
    const { client, double } = await openLine({ faults: [{ kind: 'body', text: '{"total_cost":1}' }] })
    const odd = new Map([
      ['a"b\\', '007.50'],
      ['c', '+3'],
      ['d', '1e-7'],
    ])
    expect(await client.estimate(KEY, { kind: 'units', quantities: odd }, never())).toMatchObject({
      status: 'complete',
    })
    const asked = { 'a"b\\': { unit_quantity: 7.5 }, c: { unit_quantity: 3 }, d: { unit_quantity: 1e-7 } }
    expect(double.requests[0]?.body).toEqual({ estimate_type: 'unit_price', endpoints: asked })
  })

  it('of an unknown model fails, and names it', async () => {
    const { client } = await openLine({ prices })
    const answer = await client.estimate(KEY, { kind: 'calls', quantities: new Map([['no/such', '1']]) }, never())
    expect(answer).toMatchObject({ failure: 'not-found', reason: expect.stringContaining('no/such') })
  })

  it.each(['{"total_cost":1,"currency":"EUR"}', '{"total_cost":null}', '{}'])('refuses %s', async (text) => {
    const { client } = await openLine({ faults: [{ kind: 'body', text }] })
    const answer = await client.estimate(KEY, { kind: 'calls', quantities }, never())
    expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
  })

  it('tells nothing of the key that fal quotes back', async () => {
    const faults = [{ kind: 'status', status: 403, message: `the key ${KEY} may not` }] as const
    const { client } = await openLine({ faults })
    const answers = [
      await client.estimate(KEY, { kind: 'calls', quantities }, never()),
      await client.pricing(KEY, ['a'], never()),
    ]
    expect(JSON.stringify(answers)).not.toContain(SECRET)
  })
})
