import { describe, expect, it } from 'vitest'
import { FEBRUARY, KEY, KEY_ID, never, openLine, SECRET, zone } from './line.ts'

// Answers of status 200 that tell of an error.
const DAYS = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const
const usageRow = { endpoint_id: 'm', app: 'a', quantity: 1, cost_total: 1 }
const series = (results: object[]) => ({ time_series: [{ bucket: '2026-02-02T00:00:00Z', results }] })
const eventRow = { request_id: 'r', endpoint_id: 'm', timestamp: '2026-02-02T00:00:00Z', cost_total: 1 }

type Line = Awaited<ReturnType<typeof openLine>>
type Asked = (client: Line['client']) => Promise<{ status: string; reason?: string }>
const ENDPOINTS: [string, Asked, object, object][] = [
  [
    'events',
    (client) => client.events(KEY, { range: FEBRUARY }, never()),
    { billing_events: [] },
    { billing_events: [eventRow] },
  ],
  ['usage', (client) => client.usage(KEY, DAYS, never()), { time_series: [] }, series([usageRow])],
  ['serverless usage', (client) => client.serverlessUsage(KEY, DAYS, never()), { time_series: [] }, series([usageRow])],
  ['invoices', (client) => client.legacyInvoices(KEY, never()), { invoices: [] }, { invoices: [{ id: 'i' }] }],
  [
    'prices',
    (client) => client.pricing(KEY, ['m'], never()),
    { prices: [] },
    { prices: [{ endpoint_id: 'm', unit_price: 1 }] },
  ],
]
const ERROR = { type: 'server_error', message: `it broke for ${KEY}` }

const answerOf = async (ask: Asked, body: object) => {
  const { client, double } = await openLine({
    legacyInvoices: {},
    faults: [{ kind: 'body', text: JSON.stringify(body) }],
  })
  return { answer: await ask(client), double }
}

describe.each(ENDPOINTS)('an answer of %s', (_, ask, empty, filled) => {
  it.each([
    ['an empty list', { error: ERROR, ...empty }],
    ['an empty list before it', { ...empty, error: ERROR }],
    ['rows', { error: ERROR, ...filled }],
  ])('with an error beside %s has failed, and says what fal says without its secrets', async (_beside, body) => {
    const { answer, double } = await answerOf(ask, body)
    expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
    expect(answer.reason).toContain('fal answered with an error in place of data; fal says: "it broke for [redacted]"')
    for (const secret of [SECRET, KEY_ID]) expect(JSON.stringify(answer)).not.toContain(secret)
    expect(double.requests).toHaveLength(1)
  })

  it.each(['it broke', { code: 5 }, {}, true, 1])('with the error %j has failed as well', async (error) => {
    const { answer } = await answerOf(ask, { error, ...empty })
    expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
  })

  it.each([null, '', false])('with the error %j is no other than without', async (error) => {
    for (const body of [empty, filled]) {
      const { answer } = await answerOf(ask, { error, ...body })
      expect(answer).toEqual((await answerOf(ask, body)).answer)
      expect(answer.status).toBe('complete')
    }
  })
})

it('an error on a later page leaves what came before, and says so', async () => {
  const { client } = await openLine({
    faults: [
      {
        kind: 'body',
        text: JSON.stringify({ billing_events: [eventRow], next_cursor: 'MS8y', has_more: true }),
        times: 1,
      },
      { kind: 'body', text: JSON.stringify({ error: ERROR, billing_events: [] }) },
    ],
  })
  const answer = await client.events(KEY, { range: FEBRUARY }, never())
  expect(answer).toMatchObject({ status: 'partial', failure: 'bad-answer', value: [{ requestId: 'r' }] })
})
